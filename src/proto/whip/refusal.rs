//! Why a media server does not play along, each in one sentence with what to do.

use super::{Protocol, Session};
use crate::machine::web::{Response, Unanswered};
use crate::machine::{Distrust, LookupFailure, Phase, Refusal};

/// Of what a server says itself, so much is shown.
const SAID: usize = 160;

/// An answer that is neither SDP nor a redirection.
pub fn refused(session: &Session, response: &Response) -> String {
    let server = session.server();
    let protocol = session.protocol.as_str();
    let status = response.status;
    let said = said(response).map_or_else(String::new, |said| format!(" (it says: {said})"));
    let later = later(response);
    let token = session.token.is_some();
    match (status, session.protocol) {
        (401, _) if session.lost_token() => format!(
            "{server} wants a token (401): it was not sent there, because another server redirected to it; \
             use this server's address if the token is meant for it"
        ),
        (401, _) if token => {
            format!("{server} does not accept the token (401){said}; check it, and whether it has expired")
        }
        (401, _) => {
            format!("{server} wants a token (401){said}; put it into a file for --bearer-file, or into RTCPROBE_BEARER")
        }
        (403, _) if token => format!("{server} does not allow this with that token (403){said}; ask for one that may"),
        (403, _) => format!("{server} does not allow this (403){said}; it may want a token, --bearer-file"),
        (404 | 410, Protocol::Whip) => {
            format!(
                "{server} has nothing at that address ({status}){said}; check the path: it is that of a WHIP endpoint, with its room or key"
            )
        }
        (404 | 410, Protocol::Whep) => {
            format!(
                "{server} has nothing at that address ({status}){said}; check the path, and whether somebody publishes that stream"
            )
        }
        (405 | 501, _) => {
            format!("{server} takes no POST at that address ({status}){said}; it is not that of a {protocol} endpoint")
        }
        (406, _) => format!(
            "{server} cannot accept the offered codecs or directions (406){said}; see which it wants in its configuration"
        ),
        (409, Protocol::Whip) => {
            format!("{server} says that somebody publishes there already (409){said}; end that, or use another room")
        }
        (409, Protocol::Whep) => {
            format!("{server} says that nobody publishes there yet (409){said}; begin with that{later}")
        }
        (413, _) => {
            format!("{server} finds the offer too large (413){said}; allow larger bodies in the proxy before it")
        }
        (415, _) => format!(
            "{server} takes no application/sdp at that address (415){said}; it is not that of a {protocol} endpoint"
        ),
        (400 | 422, _) => format!("{server} cannot use the offer ({status}){said}; its log says why"),
        (429, _) => format!("{server} is asked too often (429){said}; wait{later}"),
        (503, _) => format!("{server} is not ready or overloaded (503){said}; try again{later}"),
        (502 | 504, _) => format!(
            "the proxy of {server} does not reach the media server behind it ({status}); start that, or correct the proxy"
        ),
        (500..=599, _) => format!("{server} failed ({status}){said}; its log says why"),
        (301..=303, _) => format!(
            "{server} redirects with {status}, which turns POST into GET; it is to redirect with 307 (RFC 9725 §4.5), or use the address that it redirects to"
        ),
        (200 | 201, _) if is_page(response) => format!(
            "{server} answers with a web page instead of SDP; this is the address of a page, not of a {protocol} endpoint"
        ),
        (200 | 201, _) if response.body.is_empty() => {
            format!("{server} answers with nothing instead of SDP ({status}); it is not a {protocol} endpoint")
        }
        (200 | 201, _) => {
            format!("{server} answers with something else than SDP ({status}){said}; it is not a {protocol} endpoint")
        }
        _ => format!("{server} answered {status}{said} to the offer; it is not a {protocol} endpoint"),
    }
}

/// ` after 5 s`, when the server says so.
fn later(response: &Response) -> String {
    let seconds = response.header("retry-after").and_then(|after| after.parse::<u32>().ok());
    seconds.map_or_else(String::new, |seconds| format!(" after {seconds} s"))
}

fn is_page(response: &Response) -> bool {
    let kind = response.header("content-type").unwrap_or_default().to_ascii_lowercase();
    kind.starts_with("text/html") || response.body.trim_ascii_start().starts_with(b"<")
}

/// What the server itself says of it: a problem in JSON (RFC 9457), or one line of text.
fn said(response: &Response) -> Option<String> {
    if is_page(response) {
        return None;
    }
    let text = String::from_utf8_lossy(&response.body);
    let text = match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(json) => {
            ["detail", "error", "message", "title"].iter().find_map(|key| Some(json.get(key)?.as_str()?.to_owned()))?
        }
        Err(_) => text.into_owned(),
    };
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let short: String = line.chars().filter(|letter| !letter.is_control()).take(SAID).collect();
    Some(short.trim_end_matches('.').to_owned()).filter(|short| !short.is_empty())
}

/// Why there is no answer at all.
#[must_use]
pub fn unanswered(session: &Session, why: &Unanswered) -> String {
    let server = session.server();
    let plain = server.starts_with("http:");
    match why {
        Unanswered::NoAddress(why) => match why {
            LookupFailure::NoSuchName => format!("{server}: there is no such name in the DNS; check how it is written"),
            LookupFailure::NoRecords => {
                format!("{server}: the name has no address in the DNS; check how it is written")
            }
            LookupFailure::TimedOut => {
                format!("{server}: the DNS does not answer; check the network, or name a server with --nameserver")
            }
            LookupFailure::ServerFailed(code) => {
                format!("{server}: the DNS server failed ({code}); try another with --nameserver")
            }
            LookupFailure::Other(text) => format!("{server}: its name cannot be resolved: {text}"),
        },
        Unanswered::NoConnection(refusal) => no_connection(&server, refusal),
        Unanswered::Untrusted(why) => {
            format!(
                "{server} is not trusted: {}; give its authority with --ca-file, or go on with --insecure",
                distrust(why)
            )
        }
        Unanswered::TimedOut => {
            format!("{server} accepts connections and does not answer in time; its log may say why")
        }
        Unanswered::TooLong { body: true } => {
            format!("{server} answers more than any SDP has; it is not a media server's address")
        }
        Unanswered::TooLong { body: false } => {
            format!("{server} answers with endless headers; it is not a media server's address")
        }
        Unanswered::Broken(_) if plain => {
            format!("{server} does not answer in HTTP; if it is encrypted, write https:// in place of http://")
        }
        Unanswered::Broken(text) => format!("{server} cannot be talked to: {text}"),
    }
}

fn no_connection(server: &str, refusal: &Refusal) -> String {
    match refusal {
        Refusal::ConnectionRefused => {
            format!("{server} refuses connections; check the port, and whether the server runs")
        }
        Refusal::TimedOut { during: Phase::Connect } => {
            format!("{server} does not answer; check the address, and firewalls on the way")
        }
        Refusal::TimedOut { .. } => {
            format!("{server} lets us in and says nothing of TLS; write http:// if it is not encrypted")
        }
        Refusal::Unreachable { text, .. } => format!("{server} cannot be reached from here: {text}"),
        Refusal::Untrusted { why, .. } => format!("{server} is not trusted: {}", distrust(why)),
        Refusal::Handshake { text } => format!("{server}: TLS failed: {text}; write http:// if it is not encrypted"),
        Refusal::Bind { text }
        | Refusal::Exhausted { text }
        | Refusal::Unsupported { text }
        | Refusal::Other { text } => {
            format!("{server} cannot be connected to: {text}")
        }
    }
}

fn distrust(why: &Distrust) -> String {
    match why {
        Distrust::Expired { .. } => "its certificate has expired".into(),
        Distrust::NotYetValid { .. } => "its certificate is not valid yet".into(),
        Distrust::WrongName { wanted, names } => {
            let names: Vec<String> = names.iter().take(5).map(|name| name.escape_debug().to_string()).collect();
            format!("its certificate is for {}, not for {wanted}", names.join(", "))
        }
        Distrust::NoNames { wanted } => format!("its certificate names no host, so it is not for {wanted}"),
        Distrust::SelfSigned => "its certificate is signed by itself".into(),
        Distrust::UnknownIssuer { issuer, .. } => {
            format!("the issuer of its certificate ({}) is not known", issuer.escape_debug())
        }
        Distrust::Revoked => "its certificate was revoked".into(),
        Distrust::Other(text) => format!("its certificate was not accepted ({})", text.escape_debug()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(protocol: Protocol, token: bool, status: u16, kind: &str, body: &str) -> String {
        let url = super::super::endpoint("https://media.example/whip/secret-room?key=hush").unwrap();
        let session = Session::new(protocol, url, token.then(|| "hush".into()));
        let headers = vec![("content-type".into(), kind.into()), ("retry-after".into(), "7".into())];
        refused(&session, &Response { status, headers, body: body.into() })
    }

    #[test]
    fn each_refusal_says_what_to_do() {
        let cases = [
            (Protocol::Whip, false, 401, "--bearer-file"),
            (Protocol::Whip, true, 401, "expired"),
            (Protocol::Whip, false, 403, "--bearer-file"),
            (Protocol::Whip, true, 403, "may"),
            (Protocol::Whip, false, 404, "path"),
            (Protocol::Whep, false, 404, "publishes"),
            (Protocol::Whip, false, 405, "not that of a WHIP endpoint"),
            (Protocol::Whep, false, 406, "codecs"),
            (Protocol::Whip, false, 409, "another room"),
            (Protocol::Whep, false, 409, "after 7 s"),
            (Protocol::Whep, false, 415, "not that of a WHEP endpoint"),
            (Protocol::Whip, false, 422, "log"),
            (Protocol::Whip, false, 429, "after 7 s"),
            (Protocol::Whip, false, 500, "log"),
            (Protocol::Whip, false, 502, "proxy"),
            (Protocol::Whip, false, 503, "after 7 s"),
            (Protocol::Whip, false, 302, "307"),
            (Protocol::Whip, false, 418, "418"),
        ];
        for (protocol, token, status, hint) in cases {
            let text = sentence(protocol, token, status, "text/plain", "");
            assert!(text.contains(hint) && text.contains("https://media.example "), "{status}: {text}");
            assert!(!text.contains("hush") && !text.contains("secret-room"), "{text}");
        }
    }

    #[test]
    fn a_page_in_place_of_sdp_is_called_one() {
        let page = sentence(Protocol::Whip, false, 200, "text/html; charset=utf-8", "<!doctype html>");
        assert!(page.contains("a web page instead of SDP"), "{page}");
        assert!(sentence(Protocol::Whip, false, 201, "", "  <html>").contains("a web page"));
        assert!(sentence(Protocol::Whip, false, 201, "", "").contains("nothing"));
        assert!(sentence(Protocol::Whip, false, 200, "application/json", "{}").contains("something else"));
    }

    #[test]
    fn what_the_server_says_is_handed_on_in_short() {
        let said = |kind: &str, body: &str| sentence(Protocol::Whip, false, 400, kind, body);
        assert!(said("application/json", r#"{"error":"no such codec."}"#).contains("(it says: no such codec)"));
        assert!(said("application/problem+json", r#"{"title":"t","detail":"d"}"#).contains("(it says: d)"));
        assert!(said("text/plain", "bad\x1b[31m offer\nmore").contains("(it says: bad[31m offer)"));
        assert!(!said("text/html", "<h1>Bad</h1>").contains("it says"));
        assert!(said("text/plain", &"x".repeat(10_000)).len() < 400);
    }
}
