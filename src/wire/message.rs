//! STUN messages (RFC 8489 §5): a reader that keeps everything, and a builder.

use std::fmt;
use std::net::SocketAddr;

use super::attribute::{self, AddressError, ErrorCode, IcmpError, PasswordAlgorithm, Value};
use super::integrity::{Fingerprint, Integrity, Key};

/// The class of a message (RFC 8489 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    Request,
    Indication,
    Success,
    Error,
}

/// The method of a message, 12 bits; any value can be carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Method(pub u16);

impl Method {
    pub const BINDING: Method = Method(0x001);
    pub const ALLOCATE: Method = Method(0x003);
    pub const REFRESH: Method = Method(0x004);
    pub const SEND: Method = Method(0x006);
    pub const DATA: Method = Method(0x007);
    pub const CREATE_PERMISSION: Method = Method(0x008);
    pub const CHANNEL_BIND: Method = Method(0x009);
    pub const CONNECT: Method = Method(0x00a);
    pub const CONNECTION_BIND: Method = Method(0x00b);
    pub const CONNECTION_ATTEMPT: Method = Method(0x00c);
}

impl fmt::Display for Method {
    /// The RFC's name (`Allocate`), or `method 0x0ab`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = f;
        todo!()
    }
}

/// 96 bits that tie an answer to its request (RFC 8489 §5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId(pub [u8; 12]);

/// An attribute as it stood in the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Attribute type.
    pub kind: u16,
    /// The value without padding.
    pub value: Vec<u8>,
    /// Where the attribute's header begins, in bytes from the start of the message.
    pub at: usize,
}

/// Why bytes are no STUN message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("{0} bytes are too few for a STUN header of 20")]
    Short(usize),
    #[error("the first two bits are not zero")]
    NotStun,
    #[error("the header says {said} bytes follow, but {there} do")]
    Length { said: usize, there: usize },
    #[error("the length {0} is not a multiple of four")]
    Unaligned(usize),
    #[error("attribute 0x{kind:04x} at byte {at} runs past the end")]
    Overrun { kind: u16, at: usize },
}

/// A received STUN message. Every attribute is kept, known or not; typed access reads leniently,
/// and what cannot be read is `None`, never a lost message.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub class: Class,
    pub method: Method,
    pub transaction: TransactionId,
    /// False when bytes 4 to 8 are not the magic cookie: an RFC 3489 message.
    pub cookie: bool,
    attributes: Vec<Attribute>,
    raw: Vec<u8>,
}

impl Message {
    /// Reads one datagram, or one frame of a stream. Tolerates a last attribute without padding,
    /// non-zero padding and any attribute value.
    pub fn decode(bytes: &[u8]) -> Result<Message, Malformed> {
        let _ = bytes;
        todo!()
    }

    /// The bytes as received.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// All attributes in order, those after MESSAGE-INTEGRITY too.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The attributes that count: those before MESSAGE-INTEGRITY (-SHA256), and the integrity and
    /// fingerprint attributes themselves (RFC 8489 §14.5 to §14.7).
    pub fn counted(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter()
    }

    /// The value of the first counted attribute of that type.
    #[must_use]
    pub fn get(&self, kind: u16) -> Option<&[u8]> {
        self.counted().find(|a| a.kind == kind).map(|a| a.value.as_slice())
    }

    #[must_use]
    pub fn has(&self, kind: u16) -> bool {
        self.get(kind).is_some()
    }

    /// The first address attribute of that type; XORed or not according to the type.
    #[must_use]
    pub fn address(&self, kind: u16) -> Option<SocketAddr> {
        let _ = kind;
        todo!()
    }

    /// All address attributes of that type (XOR-RELAYED-ADDRESS of a dual allocation,
    /// XOR-PEER-ADDRESS, ALTERNATE-SERVER).
    #[must_use]
    pub fn addresses(&self, kind: u16) -> Vec<SocketAddr> {
        let _ = kind;
        todo!()
    }

    /// XOR-MAPPED-ADDRESS; else, from servers older than RFC 5389, 0x8020 and MAPPED-ADDRESS
    /// (RFC 8489 §11, RFC 8445 §5.1.1.2).
    #[must_use]
    pub fn mapped(&self) -> Option<SocketAddr> {
        todo!()
    }

    #[must_use]
    pub fn error(&self) -> Option<ErrorCode> {
        todo!()
    }

    /// UNKNOWN-ATTRIBUTES of a 420.
    #[must_use]
    pub fn unknown_attributes(&self) -> Vec<u16> {
        todo!()
    }

    /// Comprehension-required attributes in this message that rtcprobe does not know. The reserved
    /// ones of RFC 3489 (0x0002, 0x0004, 0x0005, 0x0007, 0x000B) are not counted.
    #[must_use]
    pub fn not_understood(&self) -> Vec<u16> {
        todo!()
    }

    /// SOFTWARE, REALM and the like as text: lossy UTF-8, trailing NULs cut. May hold control
    /// characters; escaping is the view's job.
    #[must_use]
    pub fn text(&self, kind: u16) -> Option<String> {
        let _ = kind;
        todo!()
    }

    /// LIFETIME in seconds.
    #[must_use]
    pub fn lifetime(&self) -> Option<u32> {
        todo!()
    }

    #[must_use]
    pub fn channel(&self) -> Option<u16> {
        todo!()
    }

    #[must_use]
    pub fn connection_id(&self) -> Option<u32> {
        todo!()
    }

    /// PASSWORD-ALGORITHMS in the server's order (RFC 8489 §14.11); `None` when absent or unreadable.
    #[must_use]
    pub fn password_algorithms(&self) -> Option<Vec<PasswordAlgorithm>> {
        todo!()
    }

    /// ADDRESS-ERROR-CODE (RFC 8656 §18.12), one for each family that was refused.
    #[must_use]
    pub fn address_errors(&self) -> Vec<AddressError> {
        todo!()
    }

    /// ICMP of a Data indication (RFC 8656 §18.13).
    #[must_use]
    pub fn icmp(&self) -> Option<IcmpError> {
        todo!()
    }

    /// Whether MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256 verifies with that key, computed over
    /// the bytes as received.
    #[must_use]
    pub fn integrity(&self, key: &Key) -> Integrity {
        let _ = key;
        todo!()
    }

    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        todo!()
    }
}

/// Builds a message; attributes stand in the order of the calls.
///
/// ```ignore
/// let bytes = Builder::new(Class::Request, Method::ALLOCATE, id)
///     .with(Value::RequestedTransport(17))
///     .with(Value::Username("alice".into()))
///     .integrity(&key)
///     .build();
/// ```
#[derive(Debug, Clone)]
pub struct Builder {
    bytes: Vec<u8>,
}

impl Builder {
    #[must_use]
    pub fn new(class: Class, method: Method, transaction: TransactionId) -> Builder {
        let _ = (class, method, transaction);
        todo!()
    }

    /// An RFC 3489 message: the same transaction id, but these bytes in place of the magic cookie.
    #[must_use]
    pub fn without_cookie(self, instead: [u8; 4]) -> Builder {
        let _ = instead;
        todo!()
    }

    #[must_use]
    pub fn with(self, value: Value) -> Builder {
        let _ = value;
        todo!()
    }

    /// Appends MESSAGE-INTEGRITY (HMAC-SHA1).
    #[must_use]
    pub fn integrity(self, key: &Key) -> Builder {
        let _ = key;
        todo!()
    }

    /// Appends MESSAGE-INTEGRITY-SHA256, 32 bytes.
    #[must_use]
    pub fn integrity_sha256(self, key: &Key) -> Builder {
        let _ = key;
        todo!()
    }

    /// Appends FINGERPRINT; must be the last.
    #[must_use]
    pub fn fingerprint(self) -> Builder {
        todo!()
    }

    #[must_use]
    pub fn build(self) -> Vec<u8> {
        self.bytes
    }
}

/// Whether the first bytes of a datagram may be STUN: two zero bits (RFC 7983 §7 tells the rest).
#[must_use]
pub fn looks_like_stun(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first & 0xc0 == 0)
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.attributes.iter().map(|a| attribute::name(a.kind).to_string()).collect();
        write!(f, "{} {:?} {:?} [{}]", self.method, self.class, self.transaction, names.join(", "))
    }
}
