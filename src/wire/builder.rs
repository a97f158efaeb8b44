//! Writing STUN messages.

use super::attribute::{self, Value};
use super::integrity::{self, Key};
use super::message::{Class, MAGIC_COOKIE, Method, TransactionId};
use super::value::{self, Mask};

/// Builds a message; attributes stand in the order of the calls. An attribute that would make the
/// message longer than 65535 bytes and a header is left out.
///
/// ```
/// # use rtcprobe::wire::{attribute::Value, integrity::Key, message::{Builder, Class, Method, TransactionId}};
/// # let (id, key) = (TransactionId([0; 12]), Key::short_term("secret"));
/// let bytes = Builder::new(Class::Request, Method::ALLOCATE, id)
///     .with(Value::RequestedTransport(17))
///     .with(Value::Username("alice".into()))
///     .integrity(&key)
///     .build();
/// # assert_eq!(bytes.len(), 20 + 8 + 12 + 24);
/// ```
#[derive(Debug, Clone)]
pub struct Builder {
    bytes: Vec<u8>,
}

impl Builder {
    #[must_use]
    pub fn new(class: Class, method: Method, transaction: TransactionId) -> Builder {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend(class.with_method(method).to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(MAGIC_COOKIE.to_be_bytes());
        bytes.extend(transaction.0);
        Builder { bytes }
    }

    /// An RFC 3489 message: the same transaction id, but these bytes in place of the magic cookie.
    /// XORed addresses that follow are masked with them.
    #[must_use]
    pub fn without_cookie(mut self, instead: [u8; 4]) -> Builder {
        self.bytes[4..8].copy_from_slice(&instead);
        self
    }

    #[must_use]
    pub fn with(mut self, value: Value) -> Builder {
        let mut mask = Mask::default();
        mask.copy_from_slice(&self.bytes[4..20]);
        let (kind, value) = value::encode(value, &mask);
        self.append(kind, &value);
        self
    }

    /// Appends MESSAGE-INTEGRITY (HMAC-SHA1).
    #[must_use]
    pub fn integrity(mut self, key: &Key) -> Builder {
        let mac = integrity::hmac_sha1(key, &self.bytes, self.bytes.len(), 20);
        self.append(attribute::MESSAGE_INTEGRITY, &mac);
        self
    }

    /// Appends MESSAGE-INTEGRITY-SHA256, 32 bytes.
    #[must_use]
    pub fn integrity_sha256(mut self, key: &Key) -> Builder {
        let mac = integrity::hmac_sha256(key, &self.bytes, self.bytes.len(), 32);
        self.append(attribute::MESSAGE_INTEGRITY_SHA256, &mac);
        self
    }

    /// Appends FINGERPRINT; must be the last.
    #[must_use]
    pub fn fingerprint(mut self) -> Builder {
        let crc = integrity::fingerprint(&self.bytes, self.bytes.len());
        self.append(attribute::FINGERPRINT, &crc.to_be_bytes());
        self
    }

    #[must_use]
    pub fn build(self) -> Vec<u8> {
        self.bytes
    }

    fn append(&mut self, kind: u16, value: &[u8]) {
        let length = (self.bytes.len() + 4 + value.len()).next_multiple_of(4) - 20;
        let (Ok(said), Ok(length)) = (u16::try_from(value.len()), u16::try_from(length)) else { return };
        self.bytes.extend(kind.to_be_bytes());
        self.bytes.extend(said.to_be_bytes());
        self.bytes.extend(value);
        self.bytes.resize(20 + usize::from(length), 0);
        self.bytes[2..4].copy_from_slice(&length.to_be_bytes());
    }
}
