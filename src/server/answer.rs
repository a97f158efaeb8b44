//! An answer before it is bytes, so that faults can still change it.

use std::net::SocketAddr;

use super::{Route, faults::Fault};
use crate::machine::Socket;
use crate::wire::attribute::{self, Value};
use crate::wire::integrity::{Fingerprint, Key};
use crate::wire::message::{Builder, Class, Message, Method, TransactionId};

/// A response on its way out.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub class: Class,
    pub method: Method,
    pub transaction: TransactionId,
    /// The bytes in place of the magic cookie, for an RFC 3489 client.
    pub classic: Option<[u8; 4]>,
    pub values: Vec<Value>,
    pub signature: Option<Signature>,
    pub fingerprint: bool,
    /// From where it leaves, when not from where the request came in (CHANGE-REQUEST).
    pub from: Option<Socket>,
    /// Where it goes, when not to where the request came from (RESPONSE-PORT).
    pub to: Option<SocketAddr>,
}

/// With what, and how, answers to an authenticated request are signed.
#[derive(Debug, Clone)]
pub(super) struct Signature {
    pub key: Key,
    pub sha256: bool,
}

/// Why a request is refused.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub code: u16,
    pub reason: String,
    pub values: Vec<Value>,
    /// An answer with REALM and NONCE.
    pub challenge: bool,
}

impl Problem {
    pub fn new(code: u16, reason: &str) -> Problem {
        Problem { code, reason: reason.into(), values: Vec::new(), challenge: false }
    }

    pub fn challenge(code: u16, reason: &str) -> Problem {
        Problem { challenge: true, ..Problem::new(code, reason) }
    }

    pub fn with(mut self, value: Value) -> Problem {
        self.values.push(value);
        self
    }
}

impl Answer {
    /// An answer without attributes to that request.
    pub fn to(message: &Message, class: Class) -> Answer {
        let classic = (!message.cookie).then(|| message.raw().get(4..8)?.try_into().ok()).flatten();
        Answer {
            class,
            method: message.method,
            transaction: message.transaction,
            classic,
            values: Vec::new(),
            signature: None,
            // Agreed on by using it (RFC 8489 §7).
            fingerprint: message.fingerprint() != Fingerprint::Absent,
            from: None,
            to: None,
        }
    }

    pub fn with(mut self, value: Value) -> Answer {
        self.values.push(value);
        self
    }

    pub fn signed(mut self, signature: Option<Signature>) -> Answer {
        self.signature = signature;
        self
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut builder = Builder::new(self.class, self.method, self.transaction);
        if let Some(instead) = self.classic {
            builder = builder.without_cookie(instead);
        }
        for value in &self.values {
            builder = builder.with(value.clone());
        }
        if let Some(Signature { key, sha256 }) = &self.signature {
            builder = if *sha256 { builder.integrity_sha256(key) } else { builder.integrity(key) };
        }
        if self.fingerprint {
            builder = builder.fingerprint();
        }
        builder.build()
    }
}

/// ERROR-CODE with a phrase of any bytes (RFC 8489 §14.8).
pub(super) fn error_code(code: u16, phrase: &[u8]) -> Value {
    let class = u8::try_from(code / 100).unwrap_or(7) & 0x07;
    let number = u8::try_from(code % 100).unwrap_or(0);
    Value::Raw(attribute::ERROR_CODE, [&[0, 0, class, number], phrase].concat())
}

/// What to do about a request.
pub(super) enum Step {
    Answer(Answer),
    /// Something must happen first; the answer comes by another way.
    Later,
    /// Nothing is said.
    Silence,
}

/// A request while it is worked on.
pub(super) struct Asked<'a> {
    pub route: Route,
    pub message: &'a Message,
    /// Faults that fell on this request.
    pub faults: Vec<Fault>,
}
