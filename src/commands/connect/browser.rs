mod mirror;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::means::{Aside, Begun, Means, Ours, Theirs, Watch};
use crate::commands::stop::Stop;
use crate::drive::web::{self, Page, Site, Visit};
use crate::probes::gather::ServerSpec;
use crate::report::Event;
use crate::view::escape::visible;
use crate::wire::signal::{Message, Part};
use mirror::Mirror;

const HTML: &str = include_str!("page.html");
/// For what the browser says of the end.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Messages that are no signalling, of which so many are looked at.
const OTHERS: u32 = 1000;

/// A browser as the other side: a page that makes an RTCPeerConnection.
pub struct Browser {
    wanted: Wanted,
    /// Those that the user named.
    servers: Vec<ServerSpec>,
    site: Option<Site>,
    events: Option<mpsc::UnboundedReceiver<Event>>,
}

/// How the page is to be had.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub bind: SocketAddr,
    /// The system's browser is to show it.
    pub open: bool,
    /// The browser offers, and so decides.
    pub offers: bool,
    /// How long somebody may take to open it.
    pub wait: Duration,
    pub relay_only: bool,
}

impl Browser {
    pub fn new(wanted: Wanted) -> Browser {
        Browser { wanted, servers: Vec::new(), site: None, events: None }
    }
}

/// Reads where to serve the page: an address, a port, or both.
pub fn bind(text: &str) -> Result<SocketAddr, String> {
    let here = IpAddr::from(Ipv4Addr::LOCALHOST);
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    None.or_else(|| text.parse().ok())
        .or_else(|| Some(SocketAddr::new(bare.parse().ok()?, 0)))
        .or_else(|| Some(SocketAddr::new(here, text.trim_start_matches(':').parse().ok()?)))
        .ok_or_else(|| "write an address, a port or both, such as 192.0.2.1, 8080 or [::1]:8080".into())
}

impl Means for Browser {
    fn signalling(&self) -> &'static str {
        "browser"
    }

    fn part(&self) -> Part {
        if self.wanted.offers { Part::Answer } else { Part::Offer }
    }

    fn watch(&mut self) -> Option<Watch> {
        let (watch, events) = mpsc::unbounded_channel();
        self.events = Some(events);
        Some(watch)
    }

    fn given(&mut self, servers: &[ServerSpec]) {
        self.servers = servers.to_vec();
    }

    async fn begin(&mut self, aside: &Aside<'_>) -> Result<Begun, Stop> {
        let policy = policy();
        let mut site = Site::open(self.wanted.bind, Page { html: HTML, policy })
            .await
            .map_err(|why| Stop::CannotRun(why.to_string()))?;
        invite(&site, &self.wanted, aside);
        let agent = loop {
            match site.visit_within(self.wanted.wait).await {
                Some(Visit::Came { agent }) => break agent,
                Some(visit) => turned_away(&visit, aside),
                None => {
                    return Err(Stop::CannotRun(format!(
                        "nobody opened the page within {} s; open the address that is printed, or wait longer with --wait",
                        self.wanted.wait.as_secs()
                    )));
                }
            }
        };
        aside.detail(&format!("the page is open: {}", visible(&agent)));
        site.say(hello(self.part(), &self.servers, self.wanted.relay_only).to_string());
        self.site = Some(site);
        Ok(Begun::default())
    }

    async fn carry(&mut self, mut ours: Ours, theirs: &Theirs, aside: &Aside<'_>) -> Result<(), Stop> {
        let (Some(site), Some(events)) = (&mut self.site, &mut self.events) else { return Ok(()) };
        let mut mirror = Mirror::default();
        let mut others = 0;
        let mut left = false;
        loop {
            tokio::select! {
                message = ours.recv() => match message {
                    // Nothing is waiting any more; the page hears of the end below.
                    None => break,
                    Some(Message::Bye | Message::Status(_)) => {}
                    Some(message) if left || site.say(message.to_line()) => {}
                    Some(_) => {
                        theirs.over().await;
                        return Err(Stop::CannotRun("the page does not listen; open it in another browser".into()));
                    }
                },
                Some(event) = events.recv() => {
                    mirror.learn(&event);
                    while let Ok(event) = events.try_recv() {
                        mirror.learn(&event);
                    }
                    if !left && site.has_room() {
                        site.say(mirror.view().to_string());
                    }
                }
                visit = site.visit(), if !left => match visit {
                    Visit::Said(text) => heard(&text, &mut others, theirs, aside).await,
                    Visit::Left => {
                        left = true;
                        aside.say("the page was closed");
                        theirs.over().await;
                    }
                    visit => turned_away(&visit, aside),
                },
            }
        }
        if !left {
            while let Ok(event) = events.try_recv() {
                mirror.learn(&event);
            }
            site.say(mirror.view().to_string());
            site.say(json!({"type": "bye"}).to_string());
            while let Some(Visit::Said(_)) = site.visit_within(LAST_WORDS).await {}
        }
        Ok(())
    }
}

/// Says where the page is, and who can have it.
fn invite(site: &Site, wanted: &Wanted, aside: &Aside<'_>) {
    let at = site.at();
    let shown = if at.ip().is_unspecified() { SocketAddr::new(reachable(at), at.port()) } else { at };
    aside.say(&format!("open http://{shown}{} in a browser", site.path()));
    if !at.ip().is_loopback() {
        aside.warn(
            "the page can be had from the network: whoever learns its address can take the browser's place and see the \
             credentials of the TURN servers, and nothing of it is encrypted; without --bind only this machine has it",
        );
    }
    if wanted.open
        && let Err(why) = web::show(&format!("http://{shown}{}", site.path_once()))
    {
        aside.warn(&format!("--open: {why}; open the address yourself"));
    }
}

/// The address that others are most likely to reach.
fn reachable(at: SocketAddr) -> IpAddr {
    let somewhere: SocketAddr = match at {
        SocketAddr::V4(_) => SocketAddr::new([192, 0, 2, 1].into(), 9),
        SocketAddr::V6(_) => SocketAddr::new([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into(), 9),
    };
    crate::drive::source_address(somewhere).unwrap_or(at.ip())
}

fn turned_away(visit: &Visit, aside: &Aside<'_>) {
    match visit {
        Visit::Refused(409) => {
            aside.warn("another page asked for this run and was turned away: there is one for each run");
        }
        Visit::Refused(421) => {
            aside.warn("the page was asked for by a name; it is only had by the address that is printed");
        }
        Visit::Refused(status) => aside.detail(&format!("somebody was turned away from the page ({status})")),
        Visit::Came { .. } | Visit::Said(_) | Visit::Left => {}
    }
}

/// What the page said: signalling, or something for people.
async fn heard(text: &str, others: &mut u32, theirs: &Theirs, aside: &Aside<'_>) {
    match Message::read(text) {
        Ok(Some(message)) => drop(theirs.say(message).await),
        _ if *others >= OTHERS => {}
        Ok(None) => {
            *others += 1;
            let value: Value = serde_json::from_str(text).unwrap_or_default();
            let part = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let code = value.get("code").and_then(Value::as_u64).unwrap_or_default();
            aside.detail(&visible(&format!("the browser: {} {code} {}", part("url"), part("text"))));
        }
        Err(why) => {
            *others += 1;
            aside.detail(&format!("the page said what is not understood: {}", visible(&why.to_string())));
        }
    }
}

/// What the page is told first: its part, and the ICE servers, which have credentials.
fn hello(own: Part, servers: &[ServerSpec], relay_only: bool) -> Value {
    let servers: Vec<Value> = servers
        .iter()
        .map(|server| match &server.credentials {
            Some(known) => {
                json!({"urls": server.uri.to_string(), "username": known.username, "credential": known.password})
            }
            None => json!({"urls": server.uri.to_string()}),
        })
        .collect();
    json!({
        "type": "hello",
        "agent": concat!("rtcprobe ", env!("CARGO_PKG_VERSION")),
        "part": if own == Part::Offer { "answer" } else { "offer" },
        "iceServers": servers,
        "iceTransportPolicy": if relay_only { "relay" } else { "all" },
    })
}

/// Nothing but what is in the page itself.
fn policy() -> String {
    let hash = |tag: &str| {
        let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
        let inside =
            HTML.split_once(&open).and_then(|(_, rest)| rest.split_once(&close)).map_or("", |(inside, _)| inside);
        STANDARD.encode(Sha256::digest(inside))
    };
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        hash("script"),
        hash("style")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_one_file_and_asks_nobody_else() {
        assert_eq!((HTML.matches("<script>").count(), HTML.matches("<style>").count()), (1, 1));
        assert!(
            policy().matches("sha256-").count() == 2 && !policy().contains("sha256-47DEQpj8HBSa"),
            "something is in them"
        );
        for outside in
            ["http://", "https://", "src=\"", "@import", "url(", "innerHTML", "insertAdjacentHTML", "eval(", "style=\""]
        {
            assert!(!HTML.contains(outside), "{outside}");
        }
    }

    #[test]
    fn an_address_a_port_or_both_say_where() {
        for (text, at) in [
            ("8080", "127.0.0.1:8080"),
            (":8080", "127.0.0.1:8080"),
            ("0.0.0.0", "0.0.0.0:0"),
            ("::1", "[::1]:0"),
            ("[::1]", "[::1]:0"),
            ("[::1]:80", "[::1]:80"),
            ("192.0.2.1:80", "192.0.2.1:80"),
        ] {
            assert_eq!(bind(text), Ok(at.parse().unwrap()), "{text}");
        }
        for text in ["", "example.org", "70000", "1.2.3.4:x"] {
            assert!(bind(text).is_err(), "{text}");
        }
    }
}
