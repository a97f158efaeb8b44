//! What is asked of a web server, and what it answers: data between those who know why and those who know how.

use super::{Distrust, LookupFailure, Refusal};

/// A request.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    pub method: &'static str,
    /// `http` or `https`.
    pub url: url::Url,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

/// Neither the values of headers nor the address are shown: either may hold a token.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        let host = self.url.host_str().unwrap_or_default();
        write!(f, "Request {{ {} {host}, {names:?}, {} bytes }}", self.method, self.body.len())
    }
}

/// An answer, whole.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Response {
    pub status: u16,
    /// Names in lower case, values as text; what is no text is left out.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        write!(f, "Response {{ {}, {names:?}, {} bytes }}", self.status, self.body.len())
    }
}

impl Response {
    /// The first header of that name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every header of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswered {
    /// The name of the server has no address.
    NoAddress(LookupFailure),
    /// No connection to any of its addresses; of the last one, why.
    NoConnection(Refusal),
    /// Its certificate is not trusted.
    Untrusted(Distrust),
    /// Nothing, or not all of it, came in time.
    TimedOut,
    /// The answer is longer than is read: of the headers, or of the body.
    TooLong { body: bool },
    /// It is not HTTP, or the connection ended in the middle of it; in the words of the library.
    Broken(String),
}
