mod course;

use std::time::Duration;

use super::means::{Aside, Begun, Means, Ours, Theirs};
use crate::commands::keys;
use crate::commands::stop::{Stop, usage};
use crate::drive::{self, web};
use crate::machine::web::{Request, Response, Unanswered};
use crate::probes::gather::ServerSpec;
use crate::proto::whip::{self, Protocol, Session, unanswered};
use crate::view::escape::visible;
use crate::wire::link::Linked;
use crate::wire::media::{self, Direction};
use crate::wire::sdp::Section;
use crate::wire::signal::Part;
use course::Course;

/// For an answer to a request.
const PATIENCE: Duration = Duration::from_secs(10);
/// For one that a run which is over waits for.
const BRIEFLY: Duration = Duration::from_secs(3);

/// A media server as the other side: WHIP (RFC 9725) or WHEP.
pub struct Whip {
    protocol: Protocol,
    session: Session,
    client: web::Client,
    sections: Vec<Section>,
    /// ICE servers that are known already.
    known: Vec<ServerSpec>,
    /// The token would travel in the open.
    open: bool,
}

impl Whip {
    /// Reads the address; sends nothing.
    pub fn new(protocol: Protocol, url: &str, token: Option<String>, options: &drive::Options) -> Result<Whip, Stop> {
        let option = format!("--{}", protocol.as_str().to_ascii_lowercase());
        let url = whip::endpoint(url).or_else(|why| usage(format!("{option}: {why}")))?;
        if token.as_ref().is_some_and(|token| token.is_empty() || token.bytes().any(|byte| !byte.is_ascii_graphic())) {
            return usage(format!("{option}: the token is empty or has characters that HTTP does not allow in one"));
        }
        let open = url.scheme() == "http" && token.is_some() && !is_here(&url);
        let direction = match protocol {
            Protocol::Whip => Direction::Send,
            Protocol::Whep => Direction::Receive,
        };
        let client = web::Client::new(options).map_err(|why| Stop::CannotRun(why.to_string()))?;
        let session = Session::new(protocol, url, token);
        Ok(Whip { protocol, session, client, sections: media::sections(direction), known: Vec::new(), open })
    }

    async fn ask(&self, request: &Request, aside: &Aside<'_>) -> Result<Response, Unanswered> {
        let answer = self.client.ask(request, PATIENCE).await;
        let came = match &answer {
            Ok(response) => response.status.to_string(),
            Err(_) => "no answer".into(),
        };
        aside.detail(&format!("{} {}: {came}", request.method, whip::shown(&request.url)));
        answer
    }

    fn stop(&self, why: &Unanswered) -> Stop {
        Stop::CannotRun(visible(&unanswered(&self.session, why)))
    }
}

fn is_here(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl Means for Whip {
    fn signalling(&self) -> &'static str {
        match self.protocol {
            Protocol::Whip => "whip",
            Protocol::Whep => "whep",
        }
    }

    fn part(&self) -> Part {
        Part::Offer
    }

    fn may_name_servers(&self) -> bool {
        true
    }

    fn given(&mut self, servers: &[ServerSpec]) {
        self.known = servers.to_vec();
    }

    async fn begin(&mut self, aside: &Aside<'_>) -> Result<Begun, Stop> {
        if self.open {
            aside.warn("the token travels without encryption; write https:// where the server speaks it");
        }
        loop {
            let request = self.session.options();
            match self.ask(&request, aside).await {
                Ok(response) => {
                    let moved = self.session.moved(&response).map_err(|why| Stop::CannotRun(visible(&why)))?;
                    if !moved {
                        let servers = named(Session::servers(&response), &self.known, aside);
                        self.known.extend(servers.iter().cloned());
                        return Ok(Begun { servers });
                    }
                }
                // Whoever has no answer to this question may have one to the next.
                Err(Unanswered::TimedOut | Unanswered::Broken(_) | Unanswered::TooLong { .. }) => {
                    return Ok(Begun::default());
                }
                Err(why) => return Err(self.stop(&why)),
            }
        }
    }

    async fn carry(&mut self, ours: Ours, theirs: &Theirs, aside: &Aside<'_>) -> Result<(), Stop> {
        let went = Course::new(self, ours, theirs, aside).run().await;
        // Whatever went wrong, what was made there is taken away again.
        if let Some(request) = self.session.end() {
            match web::within(BRIEFLY, self.ask(&request, aside)).await {
                Some(Ok(response)) if matches!(response.status, 200..=299 | 404 | 410) => {}
                Some(Ok(response)) => aside.warn(&format!(
                    "{} did not end the session ({}); it ends there when nothing comes any more",
                    self.session.server(),
                    response.status
                )),
                Some(Err(_)) | None => aside.warn(&format!(
                    "{} was not told that the session is over; it ends there when nothing comes any more",
                    self.session.server()
                )),
            }
        }
        theirs.over().await;
        went
    }
}

/// The ICE servers that a media server names, and that nobody named before.
fn named(linked: Linked, given: &[ServerSpec], aside: &Aside<'_>) -> Vec<ServerSpec> {
    for why in &linked.unusable {
        aside.warn(&format!("the media server names an ICE server that cannot be used: {}", visible(why)));
    }
    let mut found: Vec<ServerSpec> = Vec::new();
    for server in linked.servers {
        for parsed in server.urls {
            let uri = parsed.uri;
            let credentials = match (server.username.clone(), server.credential.clone()) {
                _ if !uri.scheme.is_turn() => None,
                (Some(username), Some(password)) => {
                    match keys::checked(username, password, &format!("the media server's {uri}")) {
                        Ok(credentials) => Some(credentials),
                        Err(why) => {
                            aside.warn(&why.sentence());
                            continue;
                        }
                    }
                }
                _ => {
                    aside.warn(&format!("the media server names {uri} without credentials, so it is not asked"));
                    continue;
                }
            };
            let spec = ServerSpec { uri, credentials };
            if !given.iter().chain(&found).any(|known| known.uri == spec.uri) {
                found.push(spec);
            }
        }
    }
    if !found.is_empty() {
        let names: Vec<String> = found.iter().map(|server| server.uri.to_string()).collect();
        aside.say(&format!("the media server names {}", names.join(", ")));
    }
    found
}
