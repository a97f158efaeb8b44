//! Keys, MESSAGE-INTEGRITY, FINGERPRINT, USERHASH and the nonce cookie (RFC 8489 §9.2, §14.5 to §14.7).

use std::borrow::Cow;

use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// An HMAC key. `Debug` does not show it.
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Key {}

/// How the key is made from user name, realm and password (RFC 8489 §18.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    Md5,
    Sha256,
}

/// How user name and password are prepared before they are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preparation {
    /// OpaqueString of RFC 8265, which RFC 8489 asks for; text that the profile refuses is taken as it is.
    #[default]
    Opaque,
    /// The bytes as given, which is what coturn does.
    None,
}

impl Key {
    /// The long-term key: a hash over `username ":" realm ":" password`. `realm` is taken as it
    /// stood in the challenge, without enclosing quotes and trailing NULs (RFC 8489 §9.2.2).
    #[must_use]
    pub fn long_term(
        username: &str,
        realm: &[u8],
        password: &str,
        algorithm: KeyAlgorithm,
        preparation: Preparation,
    ) -> Key {
        let username = prepare(username, preparation);
        let realm = prepare_realm(realm, preparation);
        let password = prepare(password, preparation);
        let parts = [username.as_bytes(), b":", &realm, b":", password.as_bytes()];
        Key(match algorithm {
            KeyAlgorithm::Md5 => digest::<Md5>(&parts),
            KeyAlgorithm::Sha256 => digest::<Sha256>(&parts),
        })
    }

    /// The short-term key: the password itself (RFC 8489 §9.1.1).
    #[must_use]
    pub fn short_term(password: &str) -> Key {
        Key(password.as_bytes().to_vec())
    }

    /// A key from elsewhere (RFC 7635's mac_key, coturn's stored HA1).
    #[must_use]
    pub fn raw(bytes: &[u8]) -> Key {
        Key(bytes.to_vec())
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

/// What checking the integrity of a message gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integrity {
    /// No integrity attribute.
    Absent,
    /// Verifies; the stronger one that is there was checked.
    Valid { sha256: bool },
    /// There, but does not verify, or is malformed.
    Invalid { sha256: bool },
}

/// What checking the FINGERPRINT gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fingerprint {
    Absent,
    Valid,
    Invalid,
    /// There, but not the last attribute (pion's SOFTWARE after FINGERPRINT).
    NotLast {
        valid: bool,
    },
}

/// A user name or password as it is sent and hashed. The USERNAME attribute must carry the same
/// bytes that went into the key (RFC 8489 §14.3).
#[must_use]
pub fn prepare(text: &str, preparation: Preparation) -> Cow<'_, str> {
    if preparation == Preparation::None || is_unchanged_by_opaque_string(text) {
        return Cow::Borrowed(text);
    }
    opaque_string(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Whether OpaqueString (RFC 8265 §4.2) refuses the text, so that strict peers cannot use it:
/// empty, control characters, unassigned or ignorable code points.
#[must_use]
pub fn is_refused_by_opaque_string(text: &str) -> bool {
    !is_unchanged_by_opaque_string(text) && opaque_string(text).is_none()
}

/// SHA-256 over `username ":" realm` (RFC 8489 §14.4).
#[must_use]
pub fn userhash(username: &str, realm: &[u8], preparation: Preparation) -> [u8; 32] {
    let username = prepare(username, preparation);
    let realm = prepare_realm(realm, preparation);
    let mut hash = Sha256::new();
    hash.update(username.as_bytes());
    hash.update(b":");
    hash.update(&realm);
    hash.finalize().into()
}

/// The security feature bits of a nonce that begins with `obMatJos2` (RFC 8489 §9.2). The RFC's
/// text and its own example disagree on the bit order, so a feature counts as set when the bit of
/// either order is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NonceCookie {
    pub bits: u32,
    pub password_algorithms: bool,
    pub username_anonymity: bool,
}

/// Reads the nonce cookie; `None` without one, or with one that cannot be read.
#[must_use]
pub fn nonce_cookie(nonce: &[u8]) -> Option<NonceCookie> {
    let features = nonce.strip_prefix(b"obMatJos2")?.get(..4)?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(features).ok()?;
    let &[high, middle, low] = decoded.as_slice() else { return None };
    let bits = u32::from_be_bytes([0, high, middle, low]);
    Some(NonceCookie {
        bits,
        password_algorithms: bits & (1 << 23 | 1) != 0,
        username_anonymity: bits & (1 << 22 | 2) != 0,
    })
}

/// HMAC-SHA1 over a message up to the attribute at `end`, with the header's length set as if that
/// attribute, `value` bytes long, were the last (RFC 8489 §14.5).
pub(super) fn hmac_sha1(key: &Key, message: &[u8], end: usize, value: usize) -> Vec<u8> {
    hmac::<Hmac<Sha1>>(&key.0, |mac| covered(message, end, value, |part| mac.update(part)))
}

/// The same with HMAC-SHA256 (RFC 8489 §14.6).
pub(super) fn hmac_sha256(key: &Key, message: &[u8], end: usize, value: usize) -> Vec<u8> {
    hmac::<Hmac<Sha256>>(&key.0, |mac| covered(message, end, value, |part| mac.update(part)))
}

/// The value of the FINGERPRINT that stands at `end` of a message (RFC 8489 §14.7).
pub(super) fn fingerprint(message: &[u8], end: usize) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    covered(message, end, 4, |part| crc.update(part));
    crc.finalize() ^ 0x5354_554e
}

/// HMAC-SHA1 over bytes that are no STUN message.
pub(super) fn hmac_sha1_of(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    hmac::<Hmac<Sha1>>(key, |mac| mac.update(bytes))
}

/// Compares in constant time. Values of unlike length, and empty ones, are never the same.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    !one.is_empty() && bool::from(one.ct_eq(other))
}

/// Hands over the bytes that an integrity attribute at `end` covers, the header's length patched.
fn covered(message: &[u8], end: usize, value: usize, mut update: impl FnMut(&[u8])) {
    let length = (end + 4 + value).saturating_sub(20);
    update(&message[..2]);
    update(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    update(&message[4..end]);
}

fn hmac<M: Mac + KeyInit>(key: &[u8], feed: impl FnOnce(&mut M)) -> Vec<u8> {
    // HMAC takes keys of any length; were it to refuse one, `same` never holds for nothing.
    let Ok(mut mac) = M::new_from_slice(key) else { return Vec::new() };
    feed(&mut mac);
    mac.finalize().into_bytes().to_vec()
}

fn digest<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut digest = D::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().to_vec()
}

/// OpaqueString by way of stun-rs, whose short-term key is just that.
fn opaque_string(text: &str) -> Option<String> {
    let key = stun_rs::HMACKey::new_short_term(text).ok()?;
    String::from_utf8(key.as_bytes().to_vec()).ok()
}

fn is_unchanged_by_opaque_string(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

fn prepare_realm(realm: &[u8], preparation: Preparation) -> Vec<u8> {
    let mut realm = realm;
    while let [rest @ .., 0] = realm {
        realm = rest;
    }
    if let [b'"', inside @ .., b'"'] = realm {
        realm = inside;
    }
    match std::str::from_utf8(realm) {
        Ok(text) => prepare(text, preparation).as_bytes().to_vec(),
        Err(_) => realm.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn long_term(username: &str, realm: &[u8], password: &str, algorithm: KeyAlgorithm) -> String {
        hex(Key::long_term(username, realm, password, algorithm, Preparation::Opaque).bytes())
    }

    #[test]
    fn keys_are_hashes_over_user_realm_and_password() {
        assert_eq!(long_term("user", b"realm", "pass", KeyAlgorithm::Md5), "8493fbc53ba582fb4c044c456bdc40eb");
        assert_eq!(
            long_term("user", b"realm", "pass", KeyAlgorithm::Sha256),
            "07e934117abd40836e7c6329b54731b2b2d2a5f9a71f544922d75e0730d8251b"
        );
        assert_eq!(
            long_term("マトリックス", b"example.org", "TheMatrIX", KeyAlgorithm::Md5),
            "e8ca7ad59d5eb0518e312911d2dab2a9"
        );
    }

    #[test]
    fn quotes_and_trailing_nuls_of_the_realm_do_not_enter_the_key() {
        for realm in [&b"\"realm\""[..], b"realm\0\0", b"\"realm\"\0"] {
            assert_eq!(long_term("user", realm, "pass", KeyAlgorithm::Md5), "8493fbc53ba582fb4c044c456bdc40eb");
        }
    }

    #[test]
    fn keys_are_those_of_stun_rs_where_it_makes_one() {
        for (realm, password) in [("réalm", "pässwörd"), ("réalm", "e\u{301}\u{a0}x"), ("a", "Ⅸª")] {
            for (ours, theirs) in
                [(KeyAlgorithm::Md5, stun_rs::AlgorithmId::MD5), (KeyAlgorithm::Sha256, stun_rs::AlgorithmId::SHA256)]
            {
                let theirs = stun_rs::Algorithm::from(theirs);
                let key = stun_rs::HMACKey::new_long_term("alice", realm, password, theirs).unwrap();
                assert_eq!(long_term("alice", realm.as_bytes(), password, ours), hex(key.as_bytes()));
            }
        }
    }

    #[test]
    fn opaque_string_normalises_and_what_it_refuses_is_taken_as_it_is() {
        assert_eq!(prepare("e\u{301}", Preparation::Opaque), "é");
        assert_eq!(prepare("a\u{a0}b", Preparation::Opaque), "a b");
        assert_eq!(prepare("e\u{301}", Preparation::None), "e\u{301}");
        for refused in ["", "a\u{200b}b", "The\u{ad}M", "a\nb"] {
            assert_eq!(prepare(refused, Preparation::Opaque), refused);
            assert!(is_refused_by_opaque_string(refused), "{refused:?}");
        }
        assert!(!is_refused_by_opaque_string("pass word"));
        let key = Key::long_term("u", b"\xff\xfe", "p", KeyAlgorithm::Md5, Preparation::Opaque);
        assert_eq!(key.bytes(), digest::<Md5>(&[b"u:\xff\xfe:p"]));
    }

    #[test]
    fn userhash_is_the_one_of_rfc_8489_b_1() {
        let hash = userhash("マトリックス", b"example.org", Preparation::Opaque);
        assert_eq!(hex(&hash), "4a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704");
    }

    #[test]
    fn reads_nonce_cookies_in_both_bit_orders() {
        let read = |nonce: &[u8]| nonce_cookie(nonce).map(|c| (c.password_algorithms, c.username_anonymity));
        assert_eq!(read(b"obMatJos2gAAAxyz"), Some((true, false)));
        assert_eq!(read(b"obMatJos2QAAA"), Some((false, true)));
        assert_eq!(read(b"obMatJos2AAABrest"), Some((true, false)));
        assert_eq!(read(b"obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"), Some((false, true)));
        assert_eq!(read(b"obMatJos2wAAA"), Some((true, true)));
        assert_eq!(read(b"obMatJos2AAAA"), Some((false, false)));
        for none in [&b"obMatJos2"[..], b"obMatJos2AAA", b"obMatJos2!!!!", b"obMatJos2AA==", b"", b"obmatJos2AAAA"] {
            assert_eq!(nonce_cookie(none), None, "{none:?}");
        }
    }

    #[test]
    fn keys_do_not_show_themselves() {
        assert_eq!(format!("{:?}", Key::short_term("secret")), "Key(…)");
    }
}
