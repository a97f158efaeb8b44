//! Long-term credentials from the server's side (RFC 8489 §9.2.4).

use std::net::SocketAddr;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::answer::{Problem, Signature};
use super::config::{CookieBits, Security};
use super::faults::Personality;
use super::{Route, Server};
use crate::machine::Time;
use crate::wire::attribute::{self, PasswordAlgorithm, Value};
use crate::wire::integrity::{Integrity, Key, KeyAlgorithm, Preparation, userhash};
use crate::wire::message::Message;

/// Who sent a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Identity {
    /// `None` when the server asks nobody.
    pub user: Option<String>,
    pub signature: Option<Signature>,
}

/// A refusal, and how it is to be signed: after the credentials proved right, errors are signed too.
pub(super) struct Denied {
    pub problem: Problem,
    pub signature: Option<Signature>,
}

impl From<Problem> for Denied {
    fn from(problem: Problem) -> Denied {
        Denied { problem, signature: None }
    }
}

/// Makes nonces and knows its own again, without keeping any: the time of issue and a MAC over it
/// and the client's address (RFC 8489 §9.2.4 wants a nonce tied to the client).
pub(super) struct Nonces {
    pub secret: [u8; 32],
}

/// `obMatJos2` and four characters for the feature bits (RFC 8489 §9.2).
const COOKIE: &str = "obMatJos2";

impl Nonces {
    fn issue(&self, now: Time, client: SocketAddr, security: Security) -> Vec<u8> {
        let micros = u64::try_from(now.since_start().as_micros()).unwrap_or(u64::MAX);
        let body = format!("{}{micros:016x}", cookie(security));
        let mac = self.mac(&body, client);
        format!("{body}{mac}").into_bytes()
    }

    /// When this nonce was issued, if it was by this server and for that client.
    fn issued(&self, nonce: &[u8], client: SocketAddr, security: Security) -> Option<Time> {
        let text = std::str::from_utf8(nonce).ok()?;
        let body = text.get(..text.len().checked_sub(16)?)?;
        let time = body.strip_prefix(cookie(security).as_str())?;
        let micros = u64::from_str_radix(time, 16).ok()?;
        (text == format!("{body}{}", self.mac(body, client))).then(|| Time::from(Duration::from_micros(micros)))
    }

    fn mac(&self, body: &str, client: SocketAddr) -> String {
        // A key of 32 bytes is always fine for HMAC; without one there is no nonce that fits.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else { return String::new() };
        mac.update(body.as_bytes());
        mac.update(client.to_string().as_bytes());
        mac.finalize().into_bytes().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The beginning of every nonce. Feature bits stand in base64, six to a character.
fn cookie(security: Security) -> String {
    let Security::Rfc8489 { userhash, cookie } = security else { return String::new() };
    let (most, least) = if userhash { (0xc0_00_00_u32, 0x00_00_03_u32) } else { (0x80_00_00, 0x00_00_01) };
    let bits = match cookie {
        CookieBits::MostSignificantFirst => most,
        CookieBits::LeastSignificantFirst => least,
        CookieBits::Both => most | least,
    };
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = [18, 12, 6, 0].map(|shift| char::from(DIGITS[(bits >> shift & 0x3f) as usize]));
    COOKIE.chars().chain(digits).collect()
}

impl Server {
    /// REALM, NONCE and, in RFC 8489, PASSWORD-ALGORITHMS.
    pub(super) fn challenge_values(&self, now: Time, client: SocketAddr) -> Vec<Value> {
        let security = self.config.security;
        let mut values = vec![
            Value::Realm(self.config.realm.clone().into_bytes()),
            Value::Nonce(self.nonces.issue(now, client, security)),
        ];
        if matches!(security, Security::Rfc8489 { .. }) {
            values.push(Value::PasswordAlgorithms(algorithms()));
        }
        values
    }

    /// Finds out who sent a request, in the order of RFC 8489 §9.2.4.
    pub(super) fn authenticate(&self, now: Time, route: &Route, message: &Message) -> Result<Identity, Denied> {
        if self.config.users.is_open() {
            return Ok(Identity::default());
        }
        if !message.has(attribute::MESSAGE_INTEGRITY) && !message.has(attribute::MESSAGE_INTEGRITY_SHA256) {
            return Err(Problem::challenge(401, "Unauthorized").into());
        }
        let named = message.has(attribute::USERNAME) || message.has(attribute::USERHASH);
        let nonce = message.get(attribute::NONCE);
        let (true, true, Some(nonce)) = (named, message.has(attribute::REALM), nonce) else {
            return Err(Problem::new(400, "Bad Request").into());
        };
        let algorithm = self.agreed_algorithm(message)?;
        let wrong = || self.wrong_credentials();
        let realm = self.config.realm.as_bytes();
        let unix_time = self.unix_time(now);
        let user = self.user_named_by(message).ok_or_else(wrong)?;
        let password = self.config.users.password(&user, unix_time).ok_or_else(wrong)?;
        let key = Key::long_term(&user, realm, &password, algorithm, Preparation::Opaque);
        let sha256 = match message.integrity(&key) {
            Integrity::Valid { sha256 } => sha256,
            Integrity::Absent | Integrity::Invalid { .. } => return Err(wrong().into()),
        };
        let signature = Some(Signature { key, sha256 });
        let security = self.config.security;
        let clients = [Some(route.client), self.control_client(message)];
        let issued = clients.into_iter().flatten().find_map(|client| self.nonces.issued(nonce, client, security));
        let fresh = issued.is_some_and(|issued| now.since(issued) < self.config.nonce_lifetime);
        if !fresh {
            return Err(Denied { problem: Problem::challenge(438, "Stale Nonce"), signature });
        }
        Ok(Identity { user: Some(user), signature })
    }

    /// PASSWORD-ALGORITHM and PASSWORD-ALGORITHMS must both be there, the list unchanged, or neither.
    fn agreed_algorithm(&self, message: &Message) -> Result<KeyAlgorithm, Problem> {
        let bad = || Problem::new(400, "Bad Request");
        let one = message.get(attribute::PASSWORD_ALGORITHM);
        let list = message.password_algorithms();
        if self.config.security == Security::Rfc5389 {
            return Ok(KeyAlgorithm::Md5);
        }
        match (one, list) {
            (None, None) => Ok(KeyAlgorithm::Md5),
            (Some([0, 1, 0, 0, ..]), Some(list)) if list == algorithms() => Ok(KeyAlgorithm::Md5),
            (Some([0, 2, 0, 0, ..]), Some(list)) if list == algorithms() => Ok(KeyAlgorithm::Sha256),
            _ => Err(bad()),
        }
    }

    /// USERNAME, or the user whose hash is USERHASH.
    fn user_named_by(&self, message: &Message) -> Option<String> {
        if let Some(name) = message.get(attribute::USERNAME) {
            return String::from_utf8(name.to_vec()).ok();
        }
        let hash = message.get(attribute::USERHASH)?;
        let realm = self.config.realm.as_bytes();
        let mut names = self.config.users.names();
        names.find(|name| userhash(name, realm, Preparation::Opaque) == hash).map(String::from)
    }

    fn wrong_credentials(&self) -> Problem {
        match self.config.faults.personality {
            Personality::Pion => Problem::new(400, ""),
            _ => Problem::challenge(401, "Unauthorized"),
        }
    }

    fn unix_time(&self, now: Time) -> u64 {
        self.config.unix_time_at_start.saturating_add(now.since_start().as_secs())
    }
}

fn algorithms() -> Vec<PasswordAlgorithm> {
    [PasswordAlgorithm::SHA256, PasswordAlgorithm::MD5]
        .map(|number| PasswordAlgorithm { number, parameters: Vec::new() })
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_nonces_for_the_client_they_were_made_for() {
        let nonces = Nonces { secret: [3; 32] };
        let (one, other) = ("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
        for security in [Security::Rfc5389, Security::Rfc8489 { userhash: true, cookie: CookieBits::Both }] {
            let nonce = nonces.issue(Time::from_millis(1234), one, security);
            assert_eq!(nonces.issued(&nonce, one, security), Some(Time::from_millis(1234)));
            assert_eq!(nonces.issued(&nonce, other, security), None);
            assert_eq!(nonces.issued(b"\xff", one, security), None);
            assert_eq!(nonces.issued(&[b'a'; 40], one, security), None);
        }
    }

    #[test]
    fn writes_the_feature_bits_in_either_order() {
        let of = |userhash, cookie_bits| cookie(Security::Rfc8489 { userhash, cookie: cookie_bits });
        assert_eq!(of(false, CookieBits::MostSignificantFirst), "obMatJos2gAAA");
        assert_eq!(of(true, CookieBits::MostSignificantFirst), "obMatJos2wAAA");
        assert_eq!(of(true, CookieBits::LeastSignificantFirst), "obMatJos2AAAD");
        assert_eq!(of(true, CookieBits::Both), "obMatJos2wAAD");
    }
}
