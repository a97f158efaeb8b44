//! Who may come in: the checks on a request before anything is answered.

use std::net::{IpAddr, SocketAddr};

use hyper::header::{HeaderName, ORIGIN};
use hyper::{Method, Request, StatusCode};
use subtle::ConstantTimeEq;

/// What somebody comes for, and may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Page,
    Socket,
    /// Opens once, and leads to the page.
    Ticket,
}

/// The words that open the doors, and where they are.
#[derive(Debug)]
pub struct Doors {
    pub at: SocketAddr,
    pub token: String,
    pub ticket: String,
}

/// Why somebody is turned away.
pub type Refused = (StatusCode, &'static str);

impl Doors {
    /// Which door a request opens. `Host` has to be an address of ours: a page elsewhere whose name was made to
    /// point here (DNS rebinding) sends that name.
    pub fn open<B>(&self, request: &Request<B>) -> Result<Door, Refused> {
        let host = header(request, &hyper::header::HOST);
        if !self.is_ours(host) {
            return Err((StatusCode::MISDIRECTED_REQUEST, "open the page at the address that rtcprobe printed\n"));
        }
        if request.method() != Method::GET {
            return Err((StatusCode::METHOD_NOT_ALLOWED, "only GET\n"));
        }
        let path = request.uri().path();
        let mut parts = path.trim_start_matches('/').splitn(2, '/');
        let (first, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if path == "/favicon.ico" {
            return Err((StatusCode::NOT_FOUND, ""));
        }
        if first == "open" && same(rest, &self.ticket) {
            return Ok(Door::Ticket);
        }
        if !same(first, &self.token) {
            return Err((StatusCode::NOT_FOUND, "nothing here: use the whole address that rtcprobe printed\n"));
        }
        match rest {
            "" => Ok(Door::Page),
            "socket" if header(request, &ORIGIN) == format!("http://{host}") => Ok(Door::Socket),
            "socket" => Err((StatusCode::FORBIDDEN, "only the page itself may speak here\n")),
            _ => Err((StatusCode::NOT_FOUND, "nothing here\n")),
        }
    }

    /// Whether `Host` names this server by an address.
    fn is_ours(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            // The colons of IPv6 are in brackets.
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
            _ => (host, Some(80)),
        };
        if port != Some(self.at.port()) {
            return false;
        }
        let own = self.at.ip();
        if name.eq_ignore_ascii_case("localhost") {
            return own.is_loopback() || own.is_unspecified();
        }
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        bare.parse::<IpAddr>().is_ok_and(|address| own.is_unspecified() || address == own)
    }
}

/// The value of a header that stands there once, as text.
pub fn header<'a, B>(request: &'a Request<B>, name: &HeaderName) -> &'a str {
    let mut values = request.headers().get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().unwrap_or_default(),
        _ => "",
    }
}

/// Without telling by the time it takes how much of it was right.
fn same(said: &str, word: &str) -> bool {
    !word.is_empty() && bool::from(said.as_bytes().ct_eq(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(at: &str) -> Doors {
        Doors { at: at.parse().unwrap(), token: "tok".into(), ticket: "tick".into() }
    }

    fn knock(at: &str, method: &str, path: &str, host: &str, origin: Option<&str>) -> Result<Door, u16> {
        let mut request = Request::builder().method(method).uri(path).header("host", host);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        doors(at).open(&request.body(()).unwrap()).map_err(|(status, _)| status.as_u16())
    }

    #[test]
    fn only_the_whole_address_opens() {
        let at = "127.0.0.1:8080";
        let open = |path| knock(at, "GET", path, "127.0.0.1:8080", Some("http://127.0.0.1:8080"));
        assert_eq!(open("/tok/"), Ok(Door::Page));
        assert_eq!(open("/tok"), Ok(Door::Page));
        assert_eq!(open("/tok/socket"), Ok(Door::Socket));
        assert_eq!(open("/open/tick"), Ok(Door::Ticket));
        for path in ["/", "/to/", "/tok2/", "/tok/x", "/open/", "/open/tok", "/favicon.ico", "//tok/x"] {
            assert_eq!(open(path), Err(404), "{path}");
        }
        assert_eq!(knock(at, "POST", "/tok/", "127.0.0.1:8080", None), Err(405));
    }

    #[test]
    fn names_that_were_made_to_point_here_open_nothing() {
        let at = "127.0.0.1:8080";
        for host in [
            "evil.example:8080",
            "evil.example",
            "127.0.0.1",
            "127.0.0.1:80",
            "",
            "localhost.evil:8080",
            "192.0.2.1:8080",
        ] {
            assert_eq!(knock(at, "GET", "/tok/", host, None), Err(421), "{host}");
        }
        assert_eq!(knock(at, "GET", "/tok/", "LOCALHOST:8080", None), Ok(Door::Page));
        assert_eq!(knock("[::1]:8080", "GET", "/tok/", "[::1]:8080", None), Ok(Door::Page));
        assert_eq!(knock("0.0.0.0:8080", "GET", "/tok/", "192.0.2.1:8080", None), Ok(Door::Page));
        assert_eq!(knock("0.0.0.0:8080", "GET", "/tok/", "me.example:8080", None), Err(421));
        assert_eq!(knock("192.0.2.1:80", "GET", "/tok/", "192.0.2.1", None), Ok(Door::Page));
    }

    #[test]
    fn other_pages_may_not_speak() {
        let speak = |origin| knock("127.0.0.1:8080", "GET", "/tok/socket", "127.0.0.1:8080", origin);
        for origin in [
            None,
            Some("http://evil.example"),
            Some("https://127.0.0.1:8080"),
            Some("http://localhost:8080"),
            Some("null"),
        ] {
            assert_eq!(speak(origin), Err(403), "{origin:?}");
        }
    }
}
