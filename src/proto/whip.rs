//! A session with a media server over HTTP: WHIP (RFC 9725) to publish, WHEP (draft-ietf-wish-whep) to watch.
//!
//! Says what is to be asked next and makes out what was answered; whoever holds it does the asking.

mod refusal;

use url::Url;

use refusal::refused;
pub use refusal::unanswered;

use crate::machine::web::{Request, Response};
use crate::wire::link::{self, Linked};
use crate::wire::sdpfrag::Fragment;

/// Redirections that are followed, of one session.
const HOPS: u8 = 5;
const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Whip,
    Whep,
}

impl Protocol {
    /// `WHIP`, `WHEP`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Whip => "WHIP",
            Protocol::Whep => "WHEP",
        }
    }
}

/// Reads the address of an endpoint.
pub fn endpoint(text: &str) -> Result<Url, String> {
    const WRITE: &str = "write it as https://media.example.org/whip/room";
    let url = Url::parse(text.trim()).map_err(|why| format!("it is no address of a media server ({why}); {WRITE}"))?;
    match url.scheme() {
        "http" | "https" => {}
        other => return Err(format!("{other:.20}: is not spoken by media servers; {WRITE}")),
    }
    // Whoever can see the command line would see them, too.
    if !url.username().is_empty() || url.password().is_some() {
        return Err("credentials do not belong into the address; put a token into a file for --bearer-file".into());
    }
    Ok(url)
}

/// A server, without the path, which may be a secret itself.
#[must_use]
pub fn shown(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// What came of offering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// The session is there; this is the server's answer.
    Answered(String),
    /// The server offers in its turn, and waits for an answer.
    Offered(String),
    /// Another server is to be asked; so far nothing was offered.
    Elsewhere,
}

/// What came of telling candidates, or the answer to an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Patched {
    Taken,
    /// Not by this server: why, as a sentence.
    Unwanted(String),
}

/// One session. `Debug` does not show its secrets.
pub struct Session {
    protocol: Protocol,
    endpoint: Url,
    token: Option<String>,
    /// Where the token was meant for.
    home: url::Origin,
    hops: u8,
    /// The session at the server, once it has one.
    place: Option<Url>,
    etag: Option<String>,
    trickles: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let there = self.place.is_some();
        write!(f, "Session {{ {:?} {}, there: {there} }}", self.protocol, shown(&self.endpoint))
    }
}

impl Session {
    #[must_use]
    pub fn new(protocol: Protocol, endpoint: Url, token: Option<String>) -> Session {
        let home = endpoint.origin();
        Session { protocol, endpoint, token, home, hops: 0, place: None, etag: None, trickles: false }
    }

    /// The server that is spoken to, for people.
    #[must_use]
    pub fn server(&self) -> String {
        shown(&self.endpoint)
    }

    /// Asks for ICE servers before anything is gathered. Servers that do not give them here say something else, or
    /// nothing, and no conclusion follows from it.
    #[must_use]
    pub fn options(&self) -> Request {
        let mut request = self.request("OPTIONS", self.endpoint.clone(), "");
        // Without it the request is one of those that browsers send ahead, which are to be answered briefly.
        request.headers.push(("access-control-request-method", "POST".into()));
        request.headers.push(("access-control-request-headers", "content-type, link".into()));
        request
    }

    /// The ICE servers that an answer names.
    #[must_use]
    pub fn servers(response: &Response) -> Linked {
        link::ice_servers(response.all("link"))
    }

    /// Follows a redirection of [`Session::options`]; false when there is none.
    pub fn moved(&mut self, response: &Response) -> Result<bool, String> {
        if !matches!(response.status, 307 | 308) {
            return Ok(false);
        }
        let (server, protocol) = (self.server(), self.protocol.as_str());
        let to = response.header("location").and_then(|place| self.endpoint.join(place).ok());
        let Some(to) = to.filter(|to| matches!(to.scheme(), "http" | "https")) else {
            return Err(format!("{server} redirects ({}) to nowhere; its configuration is wrong", response.status));
        };
        self.hops += 1;
        if self.hops > HOPS {
            return Err(format!("{server} redirects in circles; look for the address that {protocol} is served at"));
        }
        if self.endpoint.scheme() == "https" && to.scheme() == "http" {
            return Err(format!(
                "{server} redirects to {} without encryption, which was not followed; use that address if it is meant",
                shown(&to)
            ));
        }
        self.endpoint = to;
        Ok(true)
    }

    /// Offers.
    #[must_use]
    pub fn offer(&self, sdp: &str) -> Request {
        let mut request = self.request("POST", self.endpoint.clone(), sdp);
        request.headers.push(("content-type", SDP.into()));
        request.headers.push(("accept", SDP.into()));
        request
    }

    /// What came of it; an error is a sentence for people.
    pub fn offered(&mut self, response: &Response) -> Result<Posted, String> {
        if self.moved(response)? {
            return Ok(Posted::Elsewhere);
        }
        let body = String::from_utf8_lossy(&response.body);
        let is_sdp = body.trim_start().starts_with("v=0");
        // A counter-offer comes with 406, and has a session already.
        let counter = response.status == 406 && is_sdp && self.protocol == Protocol::Whep;
        let made = matches!(response.status, 200 | 201);
        if !(counter || made && is_sdp) {
            // Whatever was made there is to be ended all the same.
            if made {
                self.settle(response);
            }
            return Err(refused(self, response));
        }
        self.settle(response);
        // An answer has decided who begins with DTLS (RFC 8842 §5.3).
        match counter || body.lines().any(|line| line.trim_end() == "a=setup:actpass") {
            true => Ok(Posted::Offered(body.into_owned())),
            false => Ok(Posted::Answered(body.into_owned())),
        }
    }

    fn settle(&mut self, response: &Response) {
        let place = response.header("location").and_then(|place| self.endpoint.join(place).ok());
        self.place = place.filter(|place| matches!(place.scheme(), "http" | "https"));
        self.etag = response.header("etag").map(str::to_owned);
        let patches = response.all("accept-patch").any(|types| types.to_ascii_lowercase().contains(FRAGMENT));
        self.trickles = self.place.is_some() && (patches || self.etag.is_some());
    }

    /// Whether the server said that it takes candidates one by one.
    #[must_use]
    pub fn trickles(&self) -> bool {
        self.trickles
    }

    /// Whether there is a session that can be told something, and has to be ended.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.place.is_some()
    }

    /// Tells candidates.
    #[must_use]
    pub fn candidates(&self, fragment: &str) -> Option<Request> {
        self.patch(FRAGMENT, fragment)
    }

    /// Begins anew with other credentials; whichever session it was is not asked (RFC 9725 §4.3.4).
    #[must_use]
    pub fn restart(&self, fragment: &str) -> Option<Request> {
        let mut request = self.patch(FRAGMENT, fragment)?;
        request.headers.retain(|(name, _)| *name != "if-match");
        request.headers.push(("if-match", "*".into()));
        Some(request)
    }

    /// What the server says of itself then.
    pub fn restarted(&mut self, response: &Response) -> Result<Fragment, String> {
        let server = self.server();
        if response.status != 200 {
            return Err(format!("{server} answered {} to it", response.status));
        }
        self.etag = response.header("etag").map(str::to_owned).or(self.etag.take());
        match Fragment::read(&String::from_utf8_lossy(&response.body)) {
            Ok(fragment) if !fragment.ufrag.is_empty() => Ok(fragment),
            Ok(_) => Err(format!("{server} gives no new credentials")),
            Err(why) => Err(format!("what {server} answers cannot be used: {why}")),
        }
    }

    /// Answers the server's offer.
    #[must_use]
    pub fn answer(&self, sdp: &str) -> Option<Request> {
        self.patch(SDP, sdp)
    }

    fn patch(&self, kind: &str, body: &str) -> Option<Request> {
        let mut request = self.request("PATCH", self.place.clone()?, body);
        request.headers.push(("content-type", kind.into()));
        if let Some(etag) = &self.etag {
            request.headers.push(("if-match", etag.clone()));
        }
        Some(request)
    }

    /// What came of it.
    pub fn patched(&mut self, response: &Response) -> Patched {
        match response.status {
            200..=299 => {
                if let Some(etag) = response.header("etag") {
                    self.etag = Some(etag.to_owned());
                }
                Patched::Taken
            }
            405 | 501 => Patched::Unwanted(format!("{} takes no PATCH ({})", self.server(), response.status)),
            412 | 428 => Patched::Unwanted(format!(
                "{} does not accept the ETag that it gave ({})",
                self.server(),
                response.status
            )),
            status => Patched::Unwanted(format!("{} answered {status} to PATCH", self.server())),
        }
    }

    /// Ends the session; nothing when there is none, or it was ended.
    pub fn end(&mut self) -> Option<Request> {
        let place = self.place.take()?;
        Some(self.request("DELETE", place, ""))
    }

    fn request(&self, method: &'static str, url: Url, body: &str) -> Request {
        let mut headers = vec![("user-agent", concat!("rtcprobe/", env!("CARGO_PKG_VERSION")).to_owned())];
        if let Some(token) = self.token.as_ref().filter(|_| self.may_have_token(&url)) {
            headers.push(("authorization", format!("Bearer {token}")));
        }
        Request { method, url, headers, body: body.to_owned() }
    }

    /// Not whoever is redirected to; a session may be elsewhere (RFC 9725 §4.2), but not in the open.
    fn may_have_token(&self, url: &Url) -> bool {
        let at_home = self.endpoint.origin() == self.home;
        let is_session = *url != self.endpoint;
        url.origin() == self.home || (is_session && at_home && url.scheme() == "https")
    }

    /// The token stays behind after a redirection to another server.
    fn lost_token(&self) -> bool {
        self.token.is_some() && self.endpoint.origin() != self.home
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\na=setup:passive\r\n";

    fn session(protocol: Protocol) -> Session {
        let url = endpoint("https://media.example/whip/secret-room").unwrap();
        Session::new(protocol, url, Some("hush".into()))
    }

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Response { status, headers, body: body.as_bytes().to_vec() }
    }

    fn token(request: &Request) -> bool {
        request.headers.iter().any(|(name, value)| *name == "authorization" && value == "Bearer hush")
    }

    #[test]
    fn a_session_is_made_told_and_ended() {
        let mut session = session(Protocol::Whip);
        assert!(session.end().is_none() && session.candidates("").is_none());
        let made = response(201, &[("location", "../session/7"), ("etag", "\"x\"")], ANSWER);
        assert_eq!(session.offered(&made), Ok(Posted::Answered(ANSWER.into())));
        assert!(session.trickles());
        let patch = session.candidates("a=…").unwrap();
        assert_eq!((patch.method, patch.url.as_str()), ("PATCH", "https://media.example/session/7"));
        assert!(patch.headers.contains(&("if-match", "\"x\"".into())) && token(&patch));
        assert_eq!(session.patched(&response(204, &[], "")), Patched::Taken);
        let end = session.end().unwrap();
        assert_eq!((end.method, end.url.as_str()), ("DELETE", "https://media.example/session/7"));
        assert!(!end.headers.iter().any(|(name, _)| *name == "if-match") && token(&end));
        assert!(session.end().is_none(), "ended once");
    }

    #[test]
    fn an_offer_in_place_of_an_answer_is_seen() {
        let offer = ANSWER.replace("passive", "actpass");
        let mut whep = session(Protocol::Whep);
        assert_eq!(whep.offered(&response(201, &[("location", "/s")], &offer)), Ok(Posted::Offered(offer.clone())));
        let mut whep = session(Protocol::Whep);
        assert_eq!(whep.offered(&response(406, &[("location", "/s")], &offer)), Ok(Posted::Offered(offer.clone())));
        assert_eq!(whep.answer("v=0").unwrap().headers.last(), Some(&("content-type", SDP.into())));
        assert!(session(Protocol::Whip).offered(&response(406, &[], &offer)).unwrap_err().contains("406"));
    }

    #[test]
    fn redirections_are_followed_to_a_limit_and_the_token_is_not_carried_along() {
        let mut session = session(Protocol::Whip);
        let there = response(307, &[("location", "/other")], "");
        assert_eq!(session.offered(&there), Ok(Posted::Elsewhere));
        assert!(token(&session.offer("v=0")));
        let away = response(308, &[("location", "https://b.example/x")], "");
        assert_eq!(session.offered(&away), Ok(Posted::Elsewhere));
        assert!(!token(&session.offer("v=0")) && !token(&session.options()));
        assert!(session.offered(&response(401, &[], "")).unwrap_err().contains("redirect"));
        let made = response(201, &[("location", "/s")], ANSWER);
        assert!(session.offered(&made).is_ok() && !token(&session.end().unwrap()));
        let plain = response(307, &[("location", "http://b.example/x")], "");
        assert!(session.offered(&plain).unwrap_err().contains("without encryption"));
        for _ in 0..4 {
            let _ = session.offered(&there);
        }
        assert!(session.offered(&there).unwrap_err().contains("circles"));
        assert!(session.offered(&response(307, &[], "")).unwrap_err().contains("nowhere"));
        assert!(session.offered(&response(302, &[("location", "/x")], "")).unwrap_err().contains("307"));
    }

    #[test]
    fn a_session_elsewhere_gets_the_token_only_under_encryption() {
        for (place, gets) in [("https://node7.example/s", true), ("http://node7.example/s", false)] {
            let mut session = session(Protocol::Whip);
            session.offered(&response(201, &[("location", place)], ANSWER)).unwrap();
            assert_eq!(token(&session.candidates("").unwrap()), gets, "{place}");
            assert_eq!(token(&session.end().unwrap()), gets, "{place}");
        }
    }

    #[test]
    fn addresses_that_are_none_say_what_to_write() {
        for text in ["", "media.example", "rtmp://a.example/x", "https://u:p@a.example/x", "https://"] {
            let why = endpoint(text).unwrap_err();
            assert!(why.contains("https://") || why.contains("--bearer-file"), "{text}: {why}");
        }
        assert_eq!(shown(&endpoint("https://a.example/secret?key=hush").unwrap()), "https://a.example");
    }

    #[test]
    fn nothing_secret_is_shown() {
        let shown = format!("{:?} {:?}", session(Protocol::Whip), session(Protocol::Whip).offer("v=0"));
        assert!(!shown.contains("hush") && !shown.contains("secret-room"), "{shown}");
    }
}
