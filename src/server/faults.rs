//! Misbehaviour on request: what broken, hostile or merely different servers do.

use std::net::SocketAddr;
use std::time::Duration;

use super::answer::{Answer, error_code};
use crate::wire::attribute::{self, Value};
use crate::wire::integrity::Key;
use crate::wire::message::{Class, Message, Method};

/// The faults of a server. The default has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// Every rule that fits a request is followed, in order.
    pub rules: Vec<Rule>,
    pub streams: StreamFault,
    pub personality: Personality,
    /// Relays for peers without a permission, those that are forbidden too (coturn's `server-relay`).
    pub server_relay: bool,
}

impl Faults {
    /// One fault for every request of one method.
    #[must_use]
    pub fn on(method: Method, fault: Fault) -> Faults {
        Faults::default().and(Rule::on(method, fault))
    }

    #[must_use]
    pub fn and(mut self, rule: Rule) -> Faults {
        self.rules.push(rule);
        self
    }
}

/// When a fault is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `None` is every method.
    pub on: Option<Method>,
    /// Only requests with (or without) MESSAGE-INTEGRITY.
    pub signed: Option<bool>,
    /// Which of the requests that fit so far, retransmissions counted.
    pub which: Which,
    pub fault: Fault,
}

impl Rule {
    #[must_use]
    pub fn on(method: Method, fault: Fault) -> Rule {
        Rule { on: Some(method), signed: None, which: Which::All, fault }
    }

    #[must_use]
    pub fn signed(self) -> Rule {
        Rule { signed: Some(true), ..self }
    }

    #[must_use]
    pub fn unsigned(self) -> Rule {
        Rule { signed: Some(false), ..self }
    }

    #[must_use]
    pub fn only(self, which: Which) -> Rule {
        Rule { which, ..self }
    }
}

/// Which requests, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    All,
    Nth(u32),
    First(u32),
    After(u32),
}

impl Which {
    fn includes(self, n: u32) -> bool {
        match self {
            Which::All => true,
            Which::Nth(which) => n == which,
            Which::First(many) => n <= many,
            Which::After(many) => n > many,
        }
    }
}

/// One way to misbehave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The request is not heard.
    Drop,
    /// The answer comes later.
    Delay(Duration),
    /// The answer comes twice.
    Duplicate,
    /// The answer comes from another port (UDP only).
    FromElsewhere,
    /// These flags of CHANGE-REQUEST are taken for unset; what OTHER-ADDRESS promises is not kept.
    IgnoreChange { address: bool, port: bool },
    /// A request with CHANGE-REQUEST is not heard.
    DropChange,
    /// One bit of the transaction id is turned.
    WrongTransaction,
    /// Only that many bytes of the answer are sent; on a stream the rest never comes.
    Truncate(usize),
    /// Only that many bytes of the answer are sent, then the stream is closed.
    CutAndClose(usize),
    /// These bytes are sent in place of the answer (garbage, `HTTP/1.1 400 Bad Request` …).
    Replace(Vec<u8>),
    /// The answer is sent byte by byte, that far apart (streams only).
    Trickle(Duration),
    /// The answer is signed with another key.
    WrongIntegrity,
    /// The answer is not signed.
    NoIntegrity,
    /// The answer lacks that attribute.
    Without(u16),
    /// The answer has that attribute in addition, in front.
    With(u16, Vec<u8>),
    /// An error in place of the answer, with a phrase of any bytes. 401 and 438 carry a challenge.
    Error { code: u16, phrase: Vec<u8>, signed: bool },
    /// 300 Try Alternate (RFC 8489 §10).
    Redirect { to: Vec<SocketAddr>, domain: Option<String>, signed: bool },
    /// 438 with a fresh nonce.
    StaleNonce,
    /// 401 without REALM and NONCE.
    BareChallenge,
}

/// What is wrong with every stream, before any request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StreamFault {
    #[default]
    None,
    /// Accepts and says nothing, ever.
    Silent,
    /// Closes as soon as it accepted.
    Close,
    /// Sends these bytes as soon as it accepted.
    Greeting(Vec<u8>),
    /// Sends bytes without end once it was spoken to.
    Endless,
}

/// The habits of other servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Personality {
    #[default]
    Ours,
    /// pion/turn 0.17 of webrtc-rs: bad credentials are 400 with an empty phrase, no SOFTWARE.
    Pion,
    /// node-turn: a request with an attribute that it does not know is never answered.
    NodeTurn,
    /// Knows RFC 3489 only: MAPPED-ADDRESS, SOURCE-ADDRESS, CHANGED-ADDRESS, nothing but Binding.
    Rfc3489,
}

/// How many requests each rule has counted.
#[derive(Debug, Default)]
pub(super) struct Tally(Vec<u32>);

impl Tally {
    /// The faults that fall on this request.
    pub fn draw(&mut self, faults: &Faults, message: &Message) -> Vec<Fault> {
        self.0.resize(faults.rules.len(), 0);
        let signed = message.has(attribute::MESSAGE_INTEGRITY) || message.has(attribute::MESSAGE_INTEGRITY_SHA256);
        let mut drawn = Vec::new();
        for (rule, count) in faults.rules.iter().zip(&mut self.0) {
            if rule.on.is_none_or(|method| method == message.method) && rule.signed.is_none_or(|want| want == signed) {
                *count += 1;
                if rule.which.includes(*count) {
                    drawn.push(rule.fault.clone());
                }
            }
        }
        drawn
    }
}

impl Fault {
    /// The error that stands in place of an answer; `true` when it is to be signed.
    pub(super) fn error(&self, message: &Message, challenge: impl FnOnce() -> Vec<Value>) -> Option<(Answer, bool)> {
        let error = |code, phrase: &[u8]| Answer::to(message, Class::Error).with(error_code(code, phrase));
        match self {
            Fault::Error { code, phrase, signed } => {
                let mut answer = error(*code, phrase);
                if matches!(code, 401 | 438) {
                    answer.values.extend(challenge());
                }
                Some((answer, *signed))
            }
            Fault::StaleNonce => {
                let mut answer = error(438, b"Stale Nonce");
                answer.values.extend(challenge());
                Some((answer, false))
            }
            Fault::BareChallenge => Some((error(401, b"Unauthorized"), false)),
            Fault::Redirect { to, domain, signed } => {
                let mut answer = error(300, b"Try Alternate");
                answer.values.extend(to.iter().map(|to| Value::AlternateServer(*to)));
                answer.values.extend(domain.iter().map(|domain| Value::AlternateDomain(domain.clone())));
                Some((answer, *signed))
            }
            _ => None,
        }
    }

    /// Spoils an answer while it is not yet bytes.
    pub(super) fn spoil(&self, answer: &mut Answer) {
        match self {
            Fault::WrongTransaction => answer.transaction.0[11] ^= 1,
            Fault::WrongIntegrity => {
                if let Some(signature) = &mut answer.signature {
                    signature.key = Key::raw(b"not the key");
                }
            }
            Fault::NoIntegrity => answer.signature = None,
            Fault::Without(kind) => answer.values.retain(|value| !is_of(value, *kind)),
            Fault::With(kind, bytes) => answer.values.insert(0, Value::Raw(*kind, bytes.clone())),
            _ => {}
        }
    }
}

/// Whether a value is an attribute of that type, among those that answers carry.
fn is_of(value: &Value, kind: u16) -> bool {
    use attribute as kinds;
    kind == match value {
        Value::MappedAddress(_) => kinds::MAPPED_ADDRESS,
        Value::XorMappedAddress(_) => kinds::XOR_MAPPED_ADDRESS,
        Value::XorRelayedAddress(_) => kinds::XOR_RELAYED_ADDRESS,
        Value::ResponseOrigin(_) => kinds::RESPONSE_ORIGIN,
        Value::OtherAddress(_) => kinds::OTHER_ADDRESS,
        Value::AlternateServer(_) => kinds::ALTERNATE_SERVER,
        Value::Realm(_) => kinds::REALM,
        Value::Nonce(_) => kinds::NONCE,
        Value::PasswordAlgorithms(_) => kinds::PASSWORD_ALGORITHMS,
        Value::UnknownAttributes(_) => kinds::UNKNOWN_ATTRIBUTES,
        Value::Lifetime(_) => kinds::LIFETIME,
        Value::AddressError(_) => kinds::ADDRESS_ERROR_CODE,
        Value::ReservationToken(_) => kinds::RESERVATION_TOKEN,
        Value::ConnectionId(_) => kinds::CONNECTION_ID,
        Value::Raw(kind, _) => *kind,
        _ => return false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_requests_from_one() {
        let hits = |which: Which| (1..=4).filter(|n| which.includes(*n)).collect::<Vec<u32>>();
        assert_eq!(hits(Which::All), [1, 2, 3, 4]);
        assert_eq!(hits(Which::Nth(2)), [2]);
        assert_eq!(hits(Which::First(2)), [1, 2]);
        assert_eq!(hits(Which::After(2)), [3, 4]);
    }
}
