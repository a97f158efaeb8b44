//! Long-term credentials (RFC 8489 §9.2).

use crate::wire::attribute::{self, PasswordAlgorithm, Value};
use crate::wire::integrity::{self, Integrity, Key, KeyAlgorithm, Preparation};
use crate::wire::message::{Builder, Message};

/// A user name and a password. `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub username: String,
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials {{ username: {:?}, password: … }}", self.username)
    }
}

/// What a server's challenge and our credentials make together: enough to sign requests and to
/// verify answers. Bound to one 5-tuple, as the nonce is (RFC 8489 §9.2.4).
#[derive(Debug, Clone)]
pub struct Session {
    username: String,
    realm: Vec<u8>,
    nonce: Vec<u8>,
    /// PASSWORD-ALGORITHMS as it came, and the one chosen from it.
    algorithms: Option<(Vec<u8>, PasswordAlgorithm)>,
    userhash: Option<[u8; 32]>,
    key: Key,
    /// Where SHA-256 was agreed on: the key that it took the place of.
    md5_key: Option<Key>,
}

/// What checking an answer gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    As(Integrity),
    /// Valid, but with the MD5 key although SHA-256 was agreed on.
    Otherwise,
}

/// Why a challenge cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadChallenge {
    #[error("the challenge has no REALM")]
    NoRealm,
    #[error("the challenge has no NONCE")]
    NoNonce,
    #[error("the server offers no password algorithm that is known here (offered: {0:?})")]
    NoAlgorithm(Vec<u16>),
    #[error("the nonce announces PASSWORD-ALGORITHMS, but the attribute is missing: something on the way removed it")]
    BidDown,
}

impl Session {
    /// Answers a challenge (401 or 438).
    pub fn answer(credentials: &Credentials, challenge: &Message) -> Result<Session, BadChallenge> {
        let realm = challenge.get(attribute::REALM).ok_or(BadChallenge::NoRealm)?;
        Session::for_realm(credentials, challenge, realm)
    }

    /// Answers a challenge as if it had named that realm: a server must refuse it (RFC 8489 §9.2.4).
    pub fn for_realm(credentials: &Credentials, challenge: &Message, realm: &[u8]) -> Result<Session, BadChallenge> {
        let realm = realm.to_vec();
        let nonce = challenge.get(attribute::NONCE).ok_or(BadChallenge::NoNonce)?.to_vec();
        let cookie = integrity::nonce_cookie(&nonce);
        let algorithms = match cookie {
            Some(cookie) if cookie.password_algorithms => Some(choose(challenge)?),
            // Without the cookie the attribute is not protected against removal, and servers that
            // send it so take the old way too.
            _ => None,
        };
        let how = match &algorithms {
            Some((_, chosen)) if chosen.number == PasswordAlgorithm::SHA256 => KeyAlgorithm::Sha256,
            _ => KeyAlgorithm::Md5,
        };
        let Credentials { username, password } = credentials;
        let userhash = cookie
            .is_some_and(|cookie| cookie.username_anonymity)
            .then(|| integrity::userhash(username, &realm, Preparation::Opaque));
        let key = Key::long_term(username, &realm, password, how, Preparation::Opaque);
        // What is sent must be what was hashed.
        let username = integrity::prepare(username, Preparation::Opaque).into_owned();
        let md5_key = (how == KeyAlgorithm::Sha256)
            .then(|| Key::long_term(&username, &realm, password, KeyAlgorithm::Md5, Preparation::Opaque));
        Ok(Session { username, realm, nonce, algorithms, userhash, key, md5_key })
    }

    /// Adds the attributes of an authenticated request, MESSAGE-INTEGRITY last.
    #[must_use]
    pub fn sign(&self, request: Builder) -> Builder {
        let named = match self.userhash {
            Some(hash) => request.with(Value::Userhash(hash)),
            None => request.with(Value::Username(self.username.clone().into_bytes())),
        };
        let request = named.with(Value::Realm(self.realm.clone())).with(Value::Nonce(self.nonce.clone()));
        match &self.algorithms {
            // RFC 8489 §9.2.5: both attributes, and MESSAGE-INTEGRITY-SHA256 only.
            Some((offered, chosen)) => request
                .with(Value::Raw(attribute::PASSWORD_ALGORITHMS, offered.clone()))
                .with(Value::PasswordAlgorithm(chosen.clone()))
                .integrity_sha256(&self.key),
            None => request.integrity(&self.key),
        }
    }

    /// Whether the answer is signed with our key. libjuice agrees on SHA-256 and then signs with the MD5
    /// key, which proves knowledge of the password as well: [`Verified::Otherwise`].
    #[must_use]
    pub fn verify(&self, answer: &Message) -> Verified {
        let integrity = answer.integrity(&self.key);
        match &self.md5_key {
            Some(key) if matches!(integrity, Integrity::Invalid { sha256: false }) => match answer.integrity(key) {
                Integrity::Valid { .. } => Verified::Otherwise,
                _ => Verified::As(integrity),
            },
            _ => Verified::As(integrity),
        }
    }

    /// The realm as text, for reports.
    #[must_use]
    pub fn realm(&self) -> String {
        String::from_utf8_lossy(&self.realm).into_owned()
    }

    /// Whether a new challenge leaves anything to be tried: the same credentials for the same realm
    /// must not be sent again (RFC 8489 §9.2.5).
    #[must_use]
    pub fn same_realm(&self, challenge: &Message) -> bool {
        challenge.get(attribute::REALM).is_none_or(|realm| realm == self.realm)
    }

    /// Takes the nonce of a 438; false when it has none, or the one that was just refused.
    pub fn renew(&mut self, stale: &Message) -> bool {
        match stale.get(attribute::NONCE) {
            Some(nonce) if nonce != self.nonce => {
                self.nonce = nonce.to_vec();
                true
            }
            _ => false,
        }
    }
}

/// Picks the algorithm: SHA-256 where it is offered (RFC 8656 §6), else MD5.
fn choose(challenge: &Message) -> Result<(Vec<u8>, PasswordAlgorithm), BadChallenge> {
    let raw = challenge.get(attribute::PASSWORD_ALGORITHMS).ok_or(BadChallenge::BidDown)?;
    let offered = challenge.password_algorithms().unwrap_or_default();
    let find = |number| offered.iter().find(|algorithm| algorithm.number == number);
    match find(PasswordAlgorithm::SHA256).or_else(|| find(PasswordAlgorithm::MD5)) {
        Some(chosen) => Ok((raw.to_vec(), chosen.clone())),
        None => Err(BadChallenge::NoAlgorithm(offered.iter().map(|a| a.number).collect())),
    }
}
