//! `--ice-servers`: an `RTCConfiguration`, its `iceServers` array, or what provider APIs return.

use serde_json::{Map, Value};

use super::attribute::USERNAME_LIMIT;
use super::integrity;
use super::uri::{self, Parsed};

/// A list with more servers is cut by browsers.
const MOST_SERVERS: usize = 32;

/// One entry. `Debug` does not show the credential.
#[derive(Clone, PartialEq, Eq)]
pub struct IceServer {
    pub urls: Vec<Parsed>,
    pub username: Option<String>,
    pub credential: Option<String>,
}

impl std::fmt::Debug for IceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IceServer {{ urls: {:?}, username: {:?}, credential: … }}", self.urls, self.username)
    }
}

/// A parsed configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IceServers {
    pub servers: Vec<IceServer>,
    /// `iceTransportPolicy` was `relay`.
    pub relay_only: bool,
    /// With their place; those of the URLs among them.
    pub warnings: Vec<String>,
}

/// What is wrong, where (line and column for broken JSON, `iceServers[1].urls[0]` otherwise), and
/// what to write instead. Never contains a credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadIceServers(pub String);

/// Reads JSON. Accepts `iceServers`/`ice_servers`, `urls`/`url`/`uris` (string or array),
/// `credential`/`password`, a bare array, a single server object, and the reply of the TURN REST API
/// (`username`, `password`, `ttl`, `uris`). Keys that it does not know are ignored.
pub fn parse(json: &str) -> Result<IceServers, BadIceServers> {
    // Editors and shells of Windows put a byte order mark in front.
    let json = json.trim_start_matches('\u{feff}');
    let root: Value = serde_json::from_str(json).map_err(|error| broken(json, &error))?;
    let mut found = IceServers { servers: Vec::new(), relay_only: false, warnings: Vec::new() };
    let list = match &root {
        Value::Array(list) => list,
        Value::Object(object) => {
            // Xirsys wraps its answer in `v`.
            let object = object.get("v").and_then(Value::as_object).unwrap_or(object);
            found.relay_only = read_policy(object)?;
            match object.get("iceServers").or_else(|| object.get("ice_servers")) {
                Some(Value::Array(list)) => list,
                Some(Value::Object(server)) => return found.with_single(server, "iceServers"),
                Some(other) => return bad(&format!("iceServers is {}; write a list of servers in []", kind_of(other))),
                None if URLS.iter().any(|key| object.contains_key(*key)) => return found.with_single(object, ""),
                None => return bad(&format!("there are no iceServers in it; write {EXAMPLE}")),
            }
        }
        other => return bad(&format!("it is {}; write {EXAMPLE}", kind_of(other))),
    };
    if list.is_empty() {
        return bad(&format!("the list of servers is empty; write {EXAMPLE}"));
    }
    for (index, entry) in list.iter().enumerate() {
        let place = format!("iceServers[{index}]");
        match entry {
            Value::Object(server) => found.add(server, &place)?,
            Value::String(_) => return bad(&format!("{place} is a text; write {{\"urls\": \"…\"}} around it")),
            other => {
                return bad(&format!("{place} is {}; write {{\"urls\": \"stun:stun.example.org\"}}", kind_of(other)));
            }
        }
    }
    if list.len() > MOST_SERVERS {
        let count = list.len();
        found.warnings.push(format!("there are {count} servers; browsers use no more than the first {MOST_SERVERS}"));
    }
    Ok(found)
}

/// Names of the list of URLs: WebRTC's, its old one, and that of the TURN REST API.
const URLS: [&str; 3] = ["urls", "url", "uris"];

const EXAMPLE: &str = r#"[{"urls": "stun:stun.example.org"}]"#;

impl IceServers {
    fn with_single(mut self, server: &Map<String, Value>, place: &str) -> Result<IceServers, BadIceServers> {
        self.add(server, place)?;
        Ok(self)
    }

    /// Reads one entry, in the order of the W3C's algorithm: URLs first, credentials after.
    fn add(&mut self, entry: &Map<String, Value>, place: &str) -> Result<(), BadIceServers> {
        let whole = if place.is_empty() { "the server" } else { place };
        let Some((key, urls)) = URLS.iter().find_map(|key| Some((*key, entry.get(*key)?))) else {
            return bad(&format!(r#"{whole} has no urls; write "urls": "turn:turn.example.org""#));
        };
        let path = if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
        if key == "url" {
            self.warnings.push(format!("{path} is an old name that browsers no longer read; write urls"));
        }
        let texts: Vec<(String, &Value)> = match urls {
            Value::Array(list) if list.is_empty() => {
                return bad(&format!(r#"{path} is empty; write "{key}": ["turn:turn.example.org"]"#));
            }
            Value::Array(list) => list.iter().enumerate().map(|(i, url)| (format!("{path}[{i}]"), url)).collect(),
            one => vec![(path, one)],
        };
        let urls = texts.iter().map(|(path, text)| self.read_url(path, text)).collect::<Result<Vec<_>, _>>()?;
        let username = read_text(entry, &["username"], place)?;
        let credential = read_text(entry, &["credential", "password"], place)?;
        if urls.iter().any(|url| url.uri.scheme.is_turn()) {
            self.check_credentials(username.as_deref(), credential.as_deref(), whole)?;
        }
        self.servers.push(IceServer { urls, username, credential });
        Ok(())
    }

    fn read_url(&mut self, path: &str, text: &Value) -> Result<Parsed, BadIceServers> {
        let Value::String(text) = text else {
            return bad(&format!("{path} is {}; write a text like \"turn:turn.example.org\"", kind_of(text)));
        };
        let parsed = uri::parse(text).map_err(|error| BadIceServers(format!("{path}: {error}")))?;
        self.warnings.extend(parsed.warnings.iter().map(|warning| format!("{path}: {warning}")));
        Ok(parsed)
    }

    fn check_credentials(
        &mut self,
        username: Option<&str>,
        credential: Option<&str>,
        place: &str,
    ) -> Result<(), BadIceServers> {
        for (name, value) in [("username", username), ("credential", credential)] {
            match value {
                None => return bad(&format!(r#"{place} is a TURN server without a {name}; add "{name}": "…""#)),
                Some("") => return bad(&format!("{place} is a TURN server with an empty {name}; browsers refuse it")),
                Some(value) if integrity::is_refused_by_opaque_string(value) => self.warnings.push(format!(
                    "the {name} of {place} holds characters that RFC 8265 does not allow; browsers may refuse it"
                )),
                Some(_) => {}
            }
        }
        match username {
            Some(name) if name.len() >= USERNAME_LIMIT => bad(&format!(
                "the username of {place} is {} bytes long; TURN allows no more than {}",
                name.len(),
                USERNAME_LIMIT - 1
            )),
            _ => Ok(()),
        }
    }
}

fn bad<T>(message: &str) -> Result<T, BadIceServers> {
    Err(BadIceServers(message.to_owned()))
}

/// Where JSON is broken, and what JavaScript allows there and JSON does not.
fn broken(json: &str, error: &serde_json::Error) -> BadIceServers {
    if json.trim().is_empty() {
        return BadIceServers(format!("there is no JSON, the text is empty; write {EXAMPLE}"));
    }
    let (line, column) = (error.line(), error.column());
    let there = json.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let there = there.as_bytes().get(column.saturating_sub(1)).copied().unwrap_or_default();
    let advice = match there {
        b'\'' => "; JSON wants double quotes (\") around names and texts".to_owned(),
        b'/' => "; there are no comments in JSON".to_owned(),
        letter if letter.is_ascii_alphabetic() => "; JSON wants names and texts in double quotes (\")".to_owned(),
        _ => String::new(),
    };
    // The error's own words name what was expected, and never repeat what was found.
    BadIceServers(format!("this is no JSON: {error}{advice}"))
}

/// `iceTransportPolicy`: whether it is `relay`.
fn read_policy(object: &Map<String, Value>) -> Result<bool, BadIceServers> {
    match object.get("iceTransportPolicy").map(Value::as_str) {
        None | Some(Some("all")) => Ok(false),
        Some(Some("relay")) => Ok(true),
        Some(_) => bad(r#"iceTransportPolicy is neither "all" nor "relay""#),
    }
}

/// The first of those keys that is there; `null` is as good as absent.
fn read_text(entry: &Map<String, Value>, keys: &[&str], place: &str) -> Result<Option<String>, BadIceServers> {
    let dot = if place.is_empty() { "" } else { "." };
    match keys.iter().find_map(|key| Some((key, entry.get(*key).filter(|value| !value.is_null())?))) {
        None => Ok(None),
        Some((_, Value::String(text))) => Ok(Some(text.clone())),
        Some((key, other)) => bad(&format!("{place}{dot}{key} is {}; write a text in double quotes", kind_of(other))),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> IceServers {
        parse(json).unwrap_or_else(|error| panic!("{json}: {error}"))
    }

    fn urls(servers: &IceServers) -> Vec<String> {
        servers.servers.iter().flat_map(|server| &server.urls).map(|url| url.uri.to_string()).collect()
    }

    #[test]
    fn reads_what_browsers_and_providers_write() {
        let turn = "turn:t.example:3478?transport=udp";
        for json in [
            r#"{"iceServers": [{"urls": ["turn:t.example"], "username": "u", "credential": "p"}]}"#,
            r#"{"iceServers": [{"urls": "turn:t.example", "username": "u", "credential": "p"}], "bundlePolicy": "x"}"#,
            r#"{"iceServers": {"urls": ["turn:t.example"], "username": "u", "credential": "p"}}"#,
            r#"{"v": {"iceServers": {"urls": ["turn:t.example"], "username": "u", "credential": "p"}}, "s": "ok"}"#,
            r#"{"ice_servers": [{"url": "turn:x.example", "urls": "turn:t.example", "username": "u", "credential": "p"}]}"#,
            r#"[{"urls": "turn:t.example", "username": "u", "credential": "p", "credentialType": "password"}]"#,
            r#"{"urls": "turn:t.example", "username": "u", "credential": "p"}"#,
            r#"{"username": "u", "password": "p", "ttl": 86400, "uris": ["turn:t.example"]}"#,
        ] {
            let servers = read(json);
            assert_eq!(urls(&servers), [turn], "{json}");
            assert_eq!(servers.servers[0].username.as_deref(), Some("u"));
            assert_eq!(servers.servers[0].credential.as_deref(), Some("p"));
            assert!(!servers.relay_only && servers.warnings.is_empty(), "{json}: {:?}", servers.warnings);
        }
    }

    #[test]
    fn the_policy_is_read() {
        assert!(read(r#"{"iceServers": [{"urls": "stun:a"}], "iceTransportPolicy": "relay"}"#).relay_only);
        assert!(!read(r#"{"iceServers": [{"urls": "stun:a"}], "iceTransportPolicy": "all"}"#).relay_only);
        assert_eq!(urls(&read("\u{feff}[{\"urls\": \"stun:a\"}]")), ["stun:a:3478"]);
    }

    #[test]
    fn stun_needs_no_credentials_and_may_have_them() {
        let servers = read(r#"[{"urls": "stun:a"}, {"urls": "stun:b", "username": "u", "credential": null}]"#);
        assert_eq!(urls(&servers), ["stun:a:3478", "stun:b:3478"]);
        assert_eq!(servers.servers[1].credential, None);
    }

    #[test]
    fn what_browsers_see_otherwise_is_a_warning() {
        for (json, part) in [
            (r#"[{"url": "stun:a"}]"#, "iceServers[0].url is an old name"),
            (r#"[{"urls": ["stun:a", "STUN:b"]}]"#, "iceServers[0].urls[1]: browsers refuse"),
            (
                r#"[{"urls": "turn:a", "username": "a\u200bb", "credential": "p"}]"#,
                "the username of iceServers[0] holds characters",
            ),
        ] {
            let warnings = read(json).warnings;
            assert!(warnings.len() == 1 && warnings[0].contains(part), "{json}: {warnings:?}");
        }
        let many = format!("[{}]", vec![r#"{"urls": "stun:a"}"#; 33].join(","));
        assert!(read(&many).warnings[0].contains("33 servers"));
    }

    #[test]
    fn errors_point_at_the_place() {
        let long = format!(r#"[{{"urls": "turn:a", "username": "{}", "credential": "p"}}]"#, "u".repeat(509));
        for (json, part) in [
            ("", "the text is empty"),
            ("{\n  \"iceServers\": [,]\n}", "at line 2 column 18"),
            ("[{urls: \"stun:a\"}]", "double quotes"),
            ("[{'urls': 'stun:a'}]", "double quotes"),
            ("[{\"urls\": \"stun:a\"},]", "trailing comma"),
            ("// x\n[]", "no comments"),
            ("\"stun:a\"", "it is a text"),
            ("5", "it is a number"),
            ("{}", "no iceServers"),
            ("[]", "the list of servers is empty"),
            (r#"{"iceServers": []}"#, "the list of servers is empty"),
            (r#"{"iceServers": "stun:a"}"#, "iceServers is a text"),
            (r#"["stun:a"]"#, "iceServers[0] is a text"),
            ("[null]", "iceServers[0] is null"),
            ("[{}]", "iceServers[0] has no urls"),
            (r#"[{"urls": []}]"#, "iceServers[0].urls is empty"),
            (r#"[{"urls": 5}]"#, "iceServers[0].urls is a number"),
            (r#"[{"urls": "stun:a"}, {"urls": ["stun://b"]}]"#, "iceServers[1].urls[0]: there is no //"),
            (r#"[{"urls": "stun:a"}, {"urls": "turn:b"}]"#, "iceServers[1] is a TURN server without a username"),
            (r#"[{"urls": "turn:b", "username": "u"}]"#, "iceServers[0] is a TURN server without a credential"),
            (r#"[{"urls": "turn:b", "username": "u", "credential": ""}]"#, "an empty credential"),
            (r#"[{"urls": "turn:b", "username": 5, "credential": "p"}]"#, "iceServers[0].username is a number"),
            (r#"{"urls": "turn:b", "password": {}}"#, "password is an object"),
            (r#"{"urls": "turn:b"}"#, "the server is a TURN server without a username"),
            (r#"{"urls": "x"}"#, "urls: the scheme is missing"),
            (r#"{"iceServers": [{"urls": "stun:a"}], "iceTransportPolicy": "none"}"#, "iceTransportPolicy"),
            (long.as_str(), "509 bytes"),
        ] {
            let error = parse(json).unwrap_err().to_string();
            assert!(error.contains(part), "{json}: {error}");
        }
    }

    #[test]
    fn credentials_are_never_shown() {
        for json in [
            r#"[{"urls": "turn:b", "credential": "s3cret"}]"#,
            r#"[{"urls": "turn:alice:s3cret@b", "username": "u", "credential": "s3cret"}]"#,
            r#"[{"urls": "turn:b", "username": "u", "credential": ["s3cret"]}]"#,
            r#"[{"urls": "turn:b", "username": "u", "credential": "s3cret}]"#,
            r#"[{"urls": "turn:b", "username": "u", "credential": s3cret}]"#,
            r#"[{"urls": "turn:b", "username": "u", "credential": "s3cret\q"}]"#,
        ] {
            let error = parse(json).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{json}: {error}");
        }
        let servers = read(r#"[{"urls": "turn:b", "username": "u", "credential": "s3cret"}]"#);
        assert!(!format!("{servers:?}").contains("s3cret"));
    }
}
