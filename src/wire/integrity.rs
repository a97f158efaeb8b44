//! Keys, MESSAGE-INTEGRITY, FINGERPRINT, USERHASH and the nonce cookie (RFC 8489 §9.2, §14.5 to §14.7).

/// An HMAC key. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Vec<u8>);

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
    pub fn long_term(username: &str, realm: &[u8], password: &str, algorithm: KeyAlgorithm, preparation: Preparation) -> Key {
        let _ = (username, realm, password, algorithm, preparation);
        todo!()
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
    NotLast { valid: bool },
}

/// SHA-256 over `username ":" realm` (RFC 8489 §14.4).
#[must_use]
pub fn userhash(username: &str, realm: &[u8], preparation: Preparation) -> [u8; 32] {
    let _ = (username, realm, preparation);
    todo!()
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
    let _ = nonce;
    todo!()
}
