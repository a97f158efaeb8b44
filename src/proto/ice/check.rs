//! Connectivity checks as messages (RFC 8445 §7).

use std::net::SocketAddr;

use super::agent::Refused;
use super::{IceCredentials, Role};
use crate::wire::attribute::{self as a, ErrorCode, Value};
use crate::wire::integrity::{Integrity, Key};
use crate::wire::message::{Builder, Class, Message, Method, TransactionId};

/// What a request says besides being one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub transaction: TransactionId,
    pub priority: u32,
    pub use_candidate: bool,
    /// The role that the other side believes to have, and its tie-breaker.
    pub role: Option<(Role, u64)>,
}

/// A check, or a question for consent, which is the same on the wire.
pub(super) fn request(
    transaction: TransactionId,
    own: &IceCredentials,
    peer: &IceCredentials,
    (role, tie_breaker): (Role, u64),
    priority: u32,
    nominate: bool,
) -> Vec<u8> {
    let username = format!("{}:{}", peer.ufrag, own.ufrag);
    let mut request = Builder::new(Class::Request, Method::BINDING, transaction)
        .with(Value::Username(username.into_bytes()))
        .with(Value::Priority(priority))
        .with(match role {
            Role::Controlling => Value::IceControlling(tie_breaker),
            Role::Controlled => Value::IceControlled(tie_breaker),
        });
    if nominate {
        request = request.with(Value::UseCandidate);
    }
    request.integrity(&Key::short_term(&peer.password)).fingerprint().build()
}

/// The answer to a check that came from `from`.
pub(super) fn success(transaction: TransactionId, own: &IceCredentials, from: SocketAddr) -> Vec<u8> {
    Builder::new(Class::Success, Method::BINDING, transaction)
        .with(Value::XorMappedAddress(from))
        .integrity(&Key::short_term(&own.password))
        .fingerprint()
        .build()
}

/// 487 Role Conflict, which is signed.
pub(super) fn role_conflict(transaction: TransactionId, own: &IceCredentials) -> Vec<u8> {
    error(transaction, 487, "Role Conflict").integrity(&Key::short_term(&own.password)).fingerprint().build()
}

/// The answer to a request that is not believed, or not understood; unsigned (RFC 8489 §9.1.3).
pub(super) fn refusal(transaction: TransactionId, why: &Refused) -> Option<Vec<u8>> {
    let answer = match why {
        Refused::NoIntegrity => error(transaction, 400, "Bad Request"),
        Refused::WrongIntegrity | Refused::WrongUsername => error(transaction, 401, "Unauthorized"),
        Refused::Unknown(kinds) => {
            error(transaction, 420, "Unknown Attribute").with(Value::UnknownAttributes(kinds.clone()))
        }
        Refused::NoStun | Refused::UnknownTransaction | Refused::OtherMethod | Refused::WrongSource { .. } => {
            return None;
        }
    };
    Some(answer.fingerprint().build())
}

fn error(transaction: TransactionId, code: u16, reason: &str) -> Builder {
    Builder::new(Class::Error, Method::BINDING, transaction)
        .with(Value::ErrorCode(ErrorCode { code, reason: reason.into() }))
}

/// Whether a request names this side: what follows the colon is the other side's business (RFC 8445 §7.3).
pub(super) fn is_for(message: &Message, own: &IceCredentials) -> bool {
    let username = message.get(a::USERNAME).unwrap_or_default();
    username.split(|byte| *byte == b':').next().unwrap_or_default() == own.ufrag.as_bytes()
}

/// Reads a request that is to be answered, or says why it is not believed.
pub(super) fn read_request(message: &Message, own: &IceCredentials) -> Result<Asked, Refused> {
    match message.integrity(&Key::short_term(&own.password)) {
        Integrity::Absent => return Err(Refused::NoIntegrity),
        Integrity::Invalid { .. } => return Err(Refused::WrongIntegrity),
        Integrity::Valid { .. } => {}
    }
    if !is_for(message, own) {
        return Err(Refused::WrongUsername);
    }
    let unknown: Vec<u16> = message.counted().map(|attribute| attribute.kind).filter(|kind| !is_known(*kind)).collect();
    if !unknown.is_empty() {
        return Err(Refused::Unknown(unknown));
    }
    let tie_breaker = |role, kind| message.tie_breaker(kind).map(|tie_breaker| (role, tie_breaker));
    Ok(Asked {
        transaction: message.transaction,
        priority: message.priority().unwrap_or(0),
        use_candidate: message.has(a::USE_CANDIDATE),
        role: tie_breaker(Role::Controlling, a::ICE_CONTROLLING)
            .or_else(|| tie_breaker(Role::Controlled, a::ICE_CONTROLLED)),
    })
}

/// Attributes of a check that must be understood, and are.
fn is_known(kind: u16) -> bool {
    const COMPREHENSION_OPTIONAL: u16 = 0x8000;
    kind >= COMPREHENSION_OPTIONAL
        || matches!(
            kind,
            a::USERNAME | a::MESSAGE_INTEGRITY | a::MESSAGE_INTEGRITY_SHA256 | a::PRIORITY | a::USE_CANDIDATE
        )
}

/// Whether an answer is signed by the peer.
pub(super) fn is_signed(message: &Message, peer: &IceCredentials) -> bool {
    matches!(message.integrity(&Key::short_term(&peer.password)), Integrity::Valid { .. })
}
