//! What two agents tell one another before their first check: JSON objects, one a line.
//!
//! `description` is the first line of each side; `candidate` and `complete` follow where candidates trickle
//! (RFC 8838). Fields and types that are not known are passed over, so that versions can talk to one another.

pub mod line;
pub mod pasted;

use serde::{Deserialize, Serialize};

/// The longest line that is read, in bytes.
pub const LONGEST: usize = 64 * 1024;
/// Candidates that one description may have.
pub const CANDIDATES: usize = 256;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Message {
    Description(Description),
    Candidate {
        /// A candidate line without `a=` (RFC 8839 §5.1).
        candidate: String,
        /// Whose: the generation that it belongs to (RFC 8838 §4.1).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ufrag: Option<String>,
    },
    /// No more candidates.
    Complete,
    /// The NAT in front of this side, in the words of RFC 4787 (`open`, `endpoint-independent` …): what each may be.
    Nat {
        udp: String,
        mapping: Vec<String>,
        filtering: Vec<String>,
    },
    /// What the other side sees of the connection.
    Status(Status),
    /// Nothing more will be said on this way; the path may stay in use.
    Over,
    /// The other side leaves.
    Bye,
}

/// One side.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    pub role: Part,
    pub ufrag: String,
    pub pwd: String,
    #[serde(default)]
    pub lite: bool,
    #[serde(default)]
    pub candidates: Vec<String>,
    /// These are all.
    #[serde(default)]
    pub complete: bool,
    /// Name and version of the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Sends back what it is sent over the path, as rtcprobe does.
    #[serde(default)]
    pub echo: bool,
    /// The user name fragment of the offer that this answers. Whoever carries it here fills it in: a machine says none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
}

/// Who speaks first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Offer,
    Answer,
}

/// The other side's view.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Status {
    /// As `RTCIceTransportState`.
    pub state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selected: Option<Selected>,
    /// Has done what it was to do, and stays only for the other's sake.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub done: bool,
    /// Has checked all that it knows, in vain.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exhausted: bool,
    /// Objects of `getStats`, or what else there is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stats: Vec<serde_json::Value>,
}

/// Transport addresses of a selected pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selected {
    pub local: String,
    pub remote: String,
}

impl std::fmt::Debug for Description {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Description { role, ufrag, candidates, complete, .. } = self;
        write!(f, "Description {{ {role:?}, ufrag: {ufrag:?}, pwd: …, {candidates:?}, complete: {complete} }}")
    }
}

/// Why a line says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSignal(pub String);

impl Description {
    /// That the keys are such as an ICE agent has (RFC 8839 §5.4), and that no more is listed than is read.
    pub fn check(&self) -> Result<(), BadSignal> {
        let fine = |text: &str, least| {
            (least..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
        };
        let why = match (fine(&self.ufrag, 4), fine(&self.pwd, 22)) {
            _ if self.candidates.len() > CANDIDATES => {
                format!("{} candidates; {CANDIDATES} are read at the most", self.candidates.len())
            }
            (false, _) => "its ice-ufrag is not 4 to 256 characters of the alphabet that ICE has".into(),
            (_, false) => "its ice-pwd is not 22 to 256 characters of the alphabet that ICE has".into(),
            _ => return Ok(()),
        };
        Err(BadSignal(format!("no ICE agent describes itself so: {why}")))
    }
}

impl Message {
    /// One line without its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a line; `None` for a type that is not known.
    pub fn read(line: &str) -> Result<Option<Message>, BadSignal> {
        if line.len() > LONGEST {
            return Err(BadSignal(format!("a line of {} bytes; {LONGEST} are read at the most", line.len())));
        }
        let bad = |why: serde_json::Error| BadSignal(format!("not a line of signalling: {why}"));
        let value: serde_json::Value = serde_json::from_str(line).map_err(bad)?;
        let known = ["description", "candidate", "complete", "nat", "status", "over", "bye"];
        match value.get("type").and_then(serde_json::Value::as_str) {
            Some(kind) if known.contains(&kind) => {}
            Some(_) => return Ok(None),
            None => return Err(BadSignal("an object without a type".into())),
        }
        serde_json::from_value(value).map(Some).map_err(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let description = Description {
            role: Part::Offer,
            ufrag: "abcd".into(),
            pwd: "0123456789012345678901".into(),
            lite: false,
            candidates: vec!["candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host".into()],
            complete: true,
            agent: Some("rtcprobe".into()),
            echo: true,
            answers: None,
        };
        for message in [Message::Description(description), Message::Complete, Message::Bye] {
            assert_eq!(Message::read(&message.to_line()), Ok(Some(message)));
        }
        assert!(Message::Complete.to_line().contains(r#""type":"complete""#));
    }

    #[test]
    fn what_is_not_known_is_passed_over_and_what_is_no_line_is_named() {
        assert_eq!(Message::read(r#"{"type":"poem","text":"…"}"#), Ok(None));
        assert_eq!(Message::read(r#"{"type":"complete","more":1}"#), Ok(Some(Message::Complete)));
        for line in ["", "candidate", "{}", "[1]", r#"{"type":"candidate"}"#, &"x".repeat(LONGEST + 1)] {
            assert!(Message::read(line).is_err(), "{line:.40}");
        }
    }
}
