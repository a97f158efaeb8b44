//! STUN messages (RFC 8489 §5): a reader that keeps everything, and a builder.

use std::fmt;

use super::attribute;
pub use super::builder::Builder;
use super::integrity::{self, Fingerprint, Integrity, Key};

/// Bytes 4 to 8 of every message since RFC 5389.
pub const MAGIC_COOKIE: u32 = 0x2112_a442;

/// The class of a message (RFC 8489 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    Request,
    Indication,
    Success,
    Error,
}

impl Class {
    /// The message type: the bits of class and method interleaved (RFC 8489 §5).
    #[must_use]
    pub fn with_method(self, method: Method) -> u16 {
        let class = match self {
            Class::Request => 0x000,
            Class::Indication => 0x010,
            Class::Success => 0x100,
            Class::Error => 0x110,
        };
        let method = method.0;
        class | (method & 0x00f) | (method & 0x070) << 1 | (method & 0xf80) << 2
    }

    fn of_type(kind: u16) -> (Class, Method) {
        let class = match kind & 0x110 {
            0x000 => Class::Request,
            0x010 => Class::Indication,
            0x100 => Class::Success,
            _ => Class::Error,
        };
        (class, Method((kind & 0x000f) | (kind & 0x00e0) >> 1 | (kind & 0x3e00) >> 2))
    }
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
        f.write_str(match *self {
            Method::BINDING => "Binding",
            Method::ALLOCATE => "Allocate",
            Method::REFRESH => "Refresh",
            Method::SEND => "Send",
            Method::DATA => "Data",
            Method::CREATE_PERMISSION => "CreatePermission",
            Method::CHANNEL_BIND => "ChannelBind",
            Method::CONNECT => "Connect",
            Method::CONNECTION_BIND => "ConnectionBind",
            Method::CONNECTION_ATTEMPT => "ConnectionAttempt",
            Method(other) => return write!(f, "method 0x{other:03x}"),
        })
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
    /// And not because the last attribute stands there without its padding.
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
        if bytes.first().is_some_and(|first| first & 0xc0 != 0) {
            return Err(Malformed::NotStun);
        }
        let Some((header, body)) = bytes.split_first_chunk::<20>() else {
            return Err(Malformed::Short(bytes.len()));
        };
        let said = usize::from(u16::from_be_bytes([header[2], header[3]]));
        if said != body.len() {
            return Err(Malformed::Length { said, there: body.len() });
        }
        let (class, method) = Class::of_type(u16::from_be_bytes([header[0], header[1]]));
        let mut transaction = TransactionId([0; 12]);
        transaction.0.copy_from_slice(&header[8..]);
        Ok(Message {
            class,
            method,
            transaction,
            cookie: header[4..8] == MAGIC_COOKIE.to_be_bytes(),
            attributes: read_attributes(bytes)?,
            raw: bytes.to_vec(),
        })
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
    ///
    /// Without integrity, what follows FINGERPRINT counts: it is how pion names its software.
    pub fn counted(&self) -> impl Iterator<Item = &Attribute> {
        let mut sha1 = false;
        let mut sha256 = false;
        self.attributes.iter().filter(move |attribute| match attribute.kind {
            attribute::FINGERPRINT => true,
            attribute::MESSAGE_INTEGRITY_SHA256 => !std::mem::replace(&mut sha256, true),
            attribute::MESSAGE_INTEGRITY => !sha256 && !std::mem::replace(&mut sha1, true),
            _ => !sha1 && !sha256,
        })
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

    /// Whether MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256 verifies with that key, computed over
    /// the bytes as received. A SHA-256 value may be cut to 16 bytes or more (RFC 8489 §14.6); how
    /// long it was is the length of `get(MESSAGE_INTEGRITY_SHA256)`.
    #[must_use]
    pub fn integrity(&self, key: &Key) -> Integrity {
        let find = |kind| self.counted().find(|attribute| attribute.kind == kind);
        let verdict = |valid, sha256| if valid { Integrity::Valid { sha256 } } else { Integrity::Invalid { sha256 } };
        if let Some(Attribute { value, at, .. }) = find(attribute::MESSAGE_INTEGRITY_SHA256) {
            let whole = matches!(value.len(), 16 | 20 | 24 | 28 | 32);
            let mac = integrity::hmac_sha256(key, &self.raw, *at, value.len());
            verdict(whole && integrity::same(mac.get(..value.len()).unwrap_or_default(), value), true)
        } else if let Some(Attribute { value, at, .. }) = find(attribute::MESSAGE_INTEGRITY) {
            let mac = integrity::hmac_sha1(key, &self.raw, *at, value.len());
            verdict(integrity::same(&mac, value), false)
        } else {
            Integrity::Absent
        }
    }

    /// The same message signed with another key, where it was signed with `old`: integrity of either
    /// kind, and a fingerprint that was right stays so. `None` when `old` did not sign it.
    #[must_use]
    pub fn signed_anew(&self, old: &Key, new: &Key) -> Option<Vec<u8>> {
        if !matches!(self.integrity(old), Integrity::Valid { .. }) {
            return None;
        }
        let fingerprint_held = matches!(self.fingerprint(), Fingerprint::Valid | Fingerprint::NotLast { valid: true });
        let mut bytes = self.raw.clone();
        for Attribute { kind, value, at } in &self.attributes {
            let (length, right): (usize, Vec<u8>) = match *kind {
                attribute::MESSAGE_INTEGRITY => {
                    if integrity::hmac_sha1(old, &self.raw, *at, value.len()) != *value {
                        continue;
                    }
                    (value.len(), integrity::hmac_sha1(new, &bytes, *at, value.len()))
                }
                attribute::MESSAGE_INTEGRITY_SHA256 => {
                    (value.len(), integrity::hmac_sha256(new, &bytes, *at, value.len()))
                }
                attribute::FINGERPRINT if fingerprint_held => {
                    (value.len(), integrity::fingerprint(&bytes, *at).to_be_bytes().to_vec())
                }
                _ => continue,
            };
            if let (Some(place), Some(right)) = (bytes.get_mut(at + 4..at + 4 + length), right.get(..length)) {
                place.copy_from_slice(right);
            }
        }
        Some(bytes)
    }

    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let Some(found) = self.attributes.iter().find(|attribute| attribute.kind == attribute::FINGERPRINT) else {
            return Fingerprint::Absent;
        };
        let valid = found.value == integrity::fingerprint(&self.raw, found.at).to_be_bytes();
        if found.at + 8 < self.raw.len() {
            Fingerprint::NotLast { valid }
        } else if valid {
            Fingerprint::Valid
        } else {
            Fingerprint::Invalid
        }
    }

    /// What stun-rs, a strict reader, objects to in this message: a second opinion on what other
    /// strict implementations may stumble over. `None` when it reads all of it.
    #[must_use]
    pub fn objection(&self) -> Option<String> {
        if !self.cookie {
            return Some("no magic cookie".to_owned());
        }
        let lenient = stun_rs::DecoderContextBuilder::default().with_unknown_data().not_ignore().build();
        let decoder = stun_rs::MessageDecoderBuilder::default().with_context(lenient).build();
        decoder.decode(&self.raw).err().map(|error| error.to_string())
    }
}

fn read_attributes(bytes: &[u8]) -> Result<Vec<Attribute>, Malformed> {
    let mut attributes = Vec::new();
    let mut at = 20;
    while at < bytes.len() {
        let Some((&[k0, k1, l0, l1], rest)) = bytes[at..].split_first_chunk::<4>() else {
            return Err(Malformed::Unaligned(bytes.len() - 20));
        };
        let kind = u16::from_be_bytes([k0, k1]);
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let Some(value) = rest.get(..length) else {
            return Err(Malformed::Overrun { kind, at });
        };
        attributes.push(Attribute { kind, value: value.to_vec(), at });
        let end = at + 4 + length;
        let next = end.next_multiple_of(4);
        // Where padding is begun it must be whole; only leaving it out altogether is tolerated.
        if next > bytes.len() && end < bytes.len() {
            return Err(Malformed::Unaligned(bytes.len() - 20));
        }
        at = next;
    }
    Ok(attributes)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::attribute::Value;

    const ID: TransactionId = TransactionId(*b"rtcprobe-id!");

    fn builder() -> Builder {
        Builder::new(Class::Success, Method::BINDING, ID)
    }

    /// Appends an attribute as it is, without padding, and sets the length.
    fn append(bytes: &mut Vec<u8>, kind: u16, value: &[u8]) {
        bytes.extend(kind.to_be_bytes());
        bytes.extend((value.len() as u16).to_be_bytes());
        bytes.extend(value);
        let length = (bytes.len() - 20) as u16;
        bytes[2..4].copy_from_slice(&length.to_be_bytes());
    }

    #[test]
    fn types_are_those_of_the_registry() {
        for (kind, class, method) in [
            (0x0001, Class::Request, Method::BINDING),
            (0x0011, Class::Indication, Method::BINDING),
            (0x0101, Class::Success, Method::BINDING),
            (0x0111, Class::Error, Method::BINDING),
            (0x0113, Class::Error, Method::ALLOCATE),
            (0x0016, Class::Indication, Method::SEND),
            (0x0017, Class::Indication, Method::DATA),
            (0x0119, Class::Error, Method::CHANNEL_BIND),
            (0x001c, Class::Indication, Method::CONNECTION_ATTEMPT),
            (0x0310, Class::Error, Method(0x080)),
            (0x3eef, Class::Request, Method(0xfff)),
            (0x3fff, Class::Error, Method(0xfff)),
        ] {
            assert_eq!(class.with_method(method), kind, "{kind:04x}");
            assert_eq!(Class::of_type(kind), (class, method), "{kind:04x}");
        }
        assert_eq!(Method::CREATE_PERMISSION.to_string(), "CreatePermission");
        assert_eq!(Method(0xab).to_string(), "method 0x0ab");
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let good = builder().with(Value::Lifetime(600)).build();
        assert_eq!(Message::decode(&[]), Err(Malformed::Short(0)));
        assert_eq!(Message::decode(&good[..19]), Err(Malformed::Short(19)));
        assert_eq!(Message::decode(&[0x40; 28]), Err(Malformed::NotStun));
        assert_eq!(Message::decode(&good[..24]), Err(Malformed::Length { said: 8, there: 4 }));
        let long = [&good[..], &[0; 4]].concat();
        assert_eq!(Message::decode(&long), Err(Malformed::Length { said: 8, there: 12 }));
        let mut overrun = good.clone();
        overrun[23] = 5;
        assert_eq!(Message::decode(&overrun), Err(Malformed::Overrun { kind: attribute::LIFETIME, at: 20 }));
        let mut unaligned = [&good[..], &[0; 2]].concat();
        unaligned[3] = 10;
        assert_eq!(Message::decode(&unaligned), Err(Malformed::Unaligned(10)));
        let mut half_padded = builder().with(Value::Software("a".into())).build();
        half_padded.pop();
        half_padded[3] = 7;
        assert_eq!(Message::decode(&half_padded), Err(Malformed::Unaligned(7)));
    }

    #[test]
    fn the_last_attribute_may_lack_its_padding() {
        let mut bytes = builder().with(Value::Lifetime(1)).build();
        append(&mut bytes, attribute::SOFTWARE, b"abcde");
        let message = Message::decode(&bytes).unwrap();
        assert_eq!(message.text(attribute::SOFTWARE).unwrap(), "abcde");
        assert_eq!(message.attributes()[1].at, 28);
        assert_eq!(message.raw(), bytes);
        assert!(message.objection().is_some());
    }

    #[test]
    fn what_follows_integrity_is_listed_and_does_not_count() {
        let key = Key::short_term("secret");
        let late = Value::XorRelayedAddress("192.0.2.1:1".parse().unwrap());
        let bytes =
            builder().with(Value::Lifetime(1)).integrity(&key).with(late.clone()).integrity_sha256(&key).fingerprint();
        let message = Message::decode(&bytes.build()).unwrap();
        assert_eq!(message.attributes().len(), 5);
        assert_eq!(message.address(attribute::XOR_RELAYED_ADDRESS), None);
        assert!(message.has(attribute::MESSAGE_INTEGRITY) && message.has(attribute::FINGERPRINT));
        assert_eq!(message.integrity(&key), Integrity::Valid { sha256: true });
        assert_eq!(message.integrity(&Key::short_term("other")), Integrity::Invalid { sha256: true });
        assert_eq!(message.fingerprint(), Fingerprint::Valid);

        let after_sha256 = builder().integrity_sha256(&key).integrity(&key).with(late).build();
        let message = Message::decode(&after_sha256).unwrap();
        assert!(!message.has(attribute::MESSAGE_INTEGRITY));
        assert_eq!(message.counted().count(), 1);
    }

    #[test]
    fn integrity_covers_the_message_up_to_itself() {
        let key = Key::raw(&[1, 2, 3]);
        let bytes = builder().with(Value::Software("odd".into())).integrity(&key).fingerprint().build();
        let message = Message::decode(&bytes).unwrap();
        assert_eq!(message.integrity(&key), Integrity::Valid { sha256: false });
        for at in [0, 8, 24, 27, 40] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let message = Message::decode(&changed).unwrap();
            assert_ne!(message.integrity(&key), Integrity::Valid { sha256: false }, "byte {at}");
            assert_eq!(message.fingerprint(), Fingerprint::Invalid, "byte {at}");
        }
        assert_eq!(Message::decode(&builder().build()).unwrap().integrity(&key), Integrity::Absent);
        let short = builder().with(Value::Raw(attribute::MESSAGE_INTEGRITY, vec![0; 19])).build();
        assert_eq!(Message::decode(&short).unwrap().integrity(&key), Integrity::Invalid { sha256: false });
    }

    #[test]
    fn a_sha256_value_may_be_cut_to_sixteen_bytes() {
        let key = Key::short_term("secret");
        for (length, valid) in [(0, false), (12, false), (16, true), (18, false), (20, true), (28, true), (32, true)] {
            let mut bytes = builder().with(Value::Lifetime(1)).build();
            let mac = integrity::hmac_sha256(&key, &bytes, bytes.len(), length);
            append(&mut bytes, attribute::MESSAGE_INTEGRITY_SHA256, &mac[..length]);
            let found = Message::decode(&bytes).unwrap().integrity(&key);
            assert_eq!(found == Integrity::Valid { sha256: true }, valid, "{length}");
            assert_eq!(found == Integrity::Invalid { sha256: true }, !valid, "{length}");
        }
    }

    #[test]
    fn a_fingerprint_that_is_not_last_is_told_apart() {
        let bytes = builder().fingerprint().with(Value::Software("pion".into())).build();
        let message = Message::decode(&bytes).unwrap();
        assert_eq!(message.fingerprint(), Fingerprint::NotLast { valid: true });
        assert_eq!(message.text(attribute::SOFTWARE).unwrap(), "pion");
        assert_eq!(Message::decode(&builder().build()).unwrap().fingerprint(), Fingerprint::Absent);
    }

    #[test]
    fn what_no_length_can_hold_is_left_out() {
        let bytes =
            builder().with(Value::Data(vec![0; 65_000])).with(Value::Data(vec![0; 1000])).with(Value::Lifetime(1));
        let message = Message::decode(&bytes.build()).unwrap();
        assert_eq!(message.attributes().len(), 2);
        assert_eq!(message.lifetime(), Some(1));
    }
}
