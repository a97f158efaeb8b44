//! As much of HTTP/1.1 as it takes to fetch a description and to make one SOAP call: requests, and
//! a reader of responses that come in pieces (RFC 9112).

use std::net::IpAddr;

/// A longer body, or a longer head, is not read.
pub const LONGEST: usize = 256 * 1024;
const LONGEST_HEAD: usize = 16 * 1024;
/// Headers that are remembered.
const HEADERS: usize = 64;

/// An `http:` URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// A name or an address, without brackets.
    pub host: String,
    pub port: u16,
    /// With query; begins with `/`.
    pub path: String,
}

impl Url {
    /// Reads `http://host[:port][/path]`.
    pub fn parse(text: &str) -> Result<Url, String> {
        let text = text.trim();
        let wrong = |why: &str| format!("\"{}\" {why}", text.chars().take(200).collect::<String>());
        let rest = match text.get(..7) {
            Some(scheme) if scheme.eq_ignore_ascii_case("http://") => &text[7..],
            _ => return Err(wrong("is no http: URL")),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = path.split('#').next().unwrap_or_default();
        if authority.contains('@') || !text.chars().all(|c| c.is_ascii_graphic()) {
            return Err(wrong("cannot be asked for"));
        }
        let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let port = port.filter(|port| !port.is_empty()).map_or(Ok(80), str::parse);
        let port = port.map_err(|_| wrong("has no readable port"))?;
        if host.is_empty() || port == 0 {
            return Err(wrong("names no host"));
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Url { host: host.to_owned(), port, path })
    }

    /// What a reference inside a document from here leads to (RFC 3986 §5, as far as routers go).
    pub fn join(&self, reference: &str) -> Result<Url, String> {
        let reference = reference.trim();
        if reference.contains("://") {
            return Url::parse(reference);
        }
        if !reference.chars().all(|c| c.is_ascii_graphic()) {
            return Err(format!("\"{}\" cannot be asked for", reference.escape_debug().take(200).collect::<String>()));
        }
        let path = match reference.strip_prefix('/') {
            Some(_) => reference.to_owned(),
            None => {
                let folder = self.path.split('?').next().and_then(|path| path.rsplit_once('/'));
                format!("{}/{reference}", folder.map_or("", |(folder, _)| folder))
            }
        };
        Ok(Url { path, ..self.clone() })
    }

    /// Whether the host is exactly that address.
    #[must_use]
    pub fn is_at(&self, address: IpAddr) -> bool {
        let host = self.host.split('%').next().unwrap_or_default();
        host.parse::<IpAddr>().is_ok_and(|host| host.to_canonical() == address.to_canonical())
    }

    fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{host}:{}", self.port)
    }

    /// A GET request.
    #[must_use]
    pub fn get(&self) -> Vec<u8> {
        let (path, host) = (&self.path, self.authority());
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").into_bytes()
    }

    /// A POST of a SOAP call (UPnP Device Architecture 2.0 §3.1.1). The action is not checked.
    #[must_use]
    pub fn call(&self, action: &str, body: &str) -> Vec<u8> {
        let (path, host) = (&self.path, self.authority());
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\
             Content-Type: text/xml; charset=\"utf-8\"\r\nSOAPAction: \"{action}\"\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// The fields of a head, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The first of that name, given in lower case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a status line and fields: status, fields, and where the body begins. Without an empty line
/// at the end the whole is the head.
#[must_use]
pub fn head(bytes: &[u8]) -> Option<(u16, Headers, usize)> {
    let bytes = &bytes[..bytes.len().min(LONGEST_HEAD)];
    let end = end_of_head(bytes).unwrap_or(bytes.len());
    let text = String::from_utf8_lossy(bytes.get(..end)?);
    let mut lines = text.lines();
    let mut first = lines.next()?.split_ascii_whitespace();
    let version = first.next()?;
    let status: u16 = first.next()?.parse().ok()?;
    if !version.to_ascii_uppercase().starts_with("HTTP/") {
        return None;
    }
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
    };
    Some((status, Headers(lines.filter_map(field).take(HEADERS).collect()), end))
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let after = |pattern: &[u8]| {
        bytes.windows(pattern.len()).position(|window| window == pattern).map(|place| place + pattern.len())
    };
    [after(b"\r\n\r\n"), after(b"\n\n")].into_iter().flatten().min()
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Headers,
    pub body: Vec<u8>,
}

/// How far a response has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    More,
    Done(Response),
    /// Says what is wrong.
    Bad(&'static str),
}

/// Reads what has come so far; `ended` when nothing more will come.
#[must_use]
pub fn read(bytes: &[u8], ended: bool) -> Progress {
    let mut rest = bytes;
    // Interim responses come first (RFC 9110 §15.2), and no honest server sends many.
    for _ in 0..4 {
        match head(rest) {
            Some((status, _, start)) if (100..200).contains(&status) && start < rest.len() => {
                rest = rest.get(start..).unwrap_or_default();
            }
            _ => return read_final(rest, ended),
        }
    }
    Progress::Bad("interim responses only")
}

fn read_final(bytes: &[u8], ended: bool) -> Progress {
    if end_of_head(&bytes[..bytes.len().min(LONGEST_HEAD)]).is_none() {
        return match (bytes.len() >= LONGEST_HEAD, ended) {
            (true, _) => Progress::Bad("the head is too long"),
            (false, true) => Progress::Bad("the answer ends in its head"),
            (false, false) => Progress::More,
        };
    }
    let Some((status, headers, start)) = head(bytes) else { return Progress::Bad("this is not HTTP") };
    let body = bytes.get(start..).unwrap_or_default();
    if (100..200).contains(&status) {
        return if ended { Progress::Bad("interim responses only") } else { Progress::More };
    }
    if body.len() > LONGEST {
        return Progress::Bad("the answer is too long");
    }
    let done = |body: &[u8]| Progress::Done(Response { status, headers: headers.clone(), body: body.to_vec() });
    if headers.get("transfer-encoding").is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked")) {
        return match (dechunk(body), ended) {
            (Chunks::Whole(body), _) | (Chunks::Part(body), true) => done(&body),
            (Chunks::Part(_), false) => Progress::More,
            (Chunks::Bad, _) => Progress::Bad("the chunks cannot be read"),
        };
    }
    let length = headers.get("content-length").and_then(|length| length.parse::<usize>().ok());
    match length {
        Some(length) if length > LONGEST => Progress::Bad("the answer is too long"),
        Some(length) => match body.get(..length) {
            Some(body) => done(body),
            // Some routers miscount; what came is all there is.
            None if ended => done(body),
            None => Progress::More,
        },
        None if ended => done(body),
        None => Progress::More,
    }
}

enum Chunks {
    Whole(Vec<u8>),
    Part(Vec<u8>),
    Bad,
}

fn dechunk(mut rest: &[u8]) -> Chunks {
    let mut body = Vec::new();
    loop {
        let Some(line) = rest.iter().position(|byte| *byte == b'\n') else {
            return if rest.len() > 128 { Chunks::Bad } else { Chunks::Part(body) };
        };
        let size = std::str::from_utf8(&rest[..line]).ok().and_then(|line| line.split(';').next());
        let Some(size) = size.and_then(|size| usize::from_str_radix(size.trim(), 16).ok()) else { return Chunks::Bad };
        if size > LONGEST {
            return Chunks::Bad;
        }
        if size == 0 {
            return Chunks::Whole(body);
        }
        rest = &rest[line + 1..];
        body.extend(&rest[..size.min(rest.len())]);
        rest = match rest.get(size..) {
            Some(after) => after.strip_prefix(b"\r\n").or_else(|| after.strip_prefix(b"\n")).unwrap_or(after),
            None => return Chunks::Part(body),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn reads_urls() {
        assert_eq!(url("HTTP://10.0.0.1").path, "/");
        assert_eq!(url("http://[fe80::1%25eth0]:49152/a?b#c").path, "/a?b");
        assert!(url("http://[fe80::1%25eth0]:49152/").is_at("fe80::1".parse().unwrap()));
        assert!(url("http://10.0.0.1:80/").is_at("10.0.0.1".parse().unwrap()));
        assert!(!url("http://10.0.0.1.evil.example/").is_at("10.0.0.1".parse().unwrap()));
        for bad in ["", "https://10.0.0.1/", "http://", "http://u@10.0.0.1/", "http://a:b/", "http://a/\r\nX: y", "ftp"]
        {
            assert!(Url::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn follows_references() {
        let here = url("http://10.0.0.1:5000/upnp/root.xml?x");
        assert_eq!(here.join("/ctl/IPConn").unwrap().path, "/ctl/IPConn");
        assert_eq!(here.join("ctl").unwrap().path, "/upnp/ctl");
        assert_eq!(here.join("http://10.0.0.2/x").unwrap().host, "10.0.0.2");
        assert!(here.join("a\r\nb").is_err());
    }

    fn body(text: &str, ended: bool) -> Option<String> {
        match read(text.as_bytes(), ended) {
            Progress::Done(response) => Some(String::from_utf8(response.body).unwrap()),
            _ => None,
        }
    }

    #[test]
    fn knows_when_a_response_is_whole() {
        assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", false).as_deref(), Some("ab"));
        assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", false), None);
        assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", true).as_deref(), Some("ab"));
        assert_eq!(body("HTTP/1.0 200 OK\r\n\r\nab", false), None);
        assert_eq!(body("HTTP/1.0 200 OK\r\n\r\nab", true).as_deref(), Some("ab"));
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n";
        assert_eq!(body(chunked, false).as_deref(), Some("abcde"));
        for end in 1..chunked.len() - 4 {
            assert_eq!(read(&chunked.as_bytes()[..end], false), Progress::More, "{end}");
        }
        assert_eq!(
            body("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", false).as_deref(),
            Some("x")
        );
    }

    #[test]
    fn gives_up_on_what_never_ends() {
        assert!(matches!(read(&vec![b'x'; LONGEST_HEAD], false), Progress::Bad(_)));
        let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(LONGEST + 1));
        assert!(matches!(read(endless.as_bytes(), false), Progress::Bad(_)));
        let huge = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n";
        assert!(matches!(read(huge.as_bytes(), false), Progress::Bad(_)));
        assert!(matches!(read(b"SSH-2.0-x\r\n\r\n", false), Progress::Bad(_)));
        assert!(matches!(read(&b"HTTP/1.1 100 C\r\n\r\n".repeat(400), true), Progress::Bad(_)));
    }
}
