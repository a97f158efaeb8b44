//! Time-limited credentials of the TURN REST API (draft-uberti-behave-turn-rest-00), coturn's
//! `use-auth-secret`.

use base64::Engine as _;

use super::integrity;

/// The smallest number that stands for a time by itself: September 2001. `1234` is a user name.
const FIRST_SECOND: u64 = 1_000_000_000;

/// From here on a number is milliseconds: as seconds it would be the year 5138.
const FIRST_MILLISECOND: u64 = 100_000_000_000;

/// `username` is `expiry[:user]` with `expiry` in seconds since 1970; the credential is
/// base64(HMAC-SHA1(secret, username)), and that text is the password as it stands.
#[must_use]
pub fn credential(secret: &str, username: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(integrity::hmac_sha1_of(secret.as_bytes(), username.as_bytes()))
}

/// The user name for credentials that end at `expiry` (seconds since 1970).
#[must_use]
pub fn username(expiry: u64, user_id: Option<&str>) -> String {
    match user_id {
        Some(user_id) => format!("{expiry}:{user_id}"),
        None => expiry.to_string(),
    }
}

/// What a user name says about its own expiry, if it is of that kind: `1700000000:alice`,
/// `1700000000`, `alice:1700000000` (swapped), or milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// Seconds since 1970.
    pub at: u64,
    /// The time stands after the user id, where the draft does not put it. coturn reads it there
    /// all the same (memory); other servers need not.
    pub swapped: bool,
    /// The number only makes sense as milliseconds.
    pub millis: bool,
}

/// Reads a user name. Before a colon any number is a time, so that a time to live that was taken
/// for a time (`86400:alice`) shows as 1970; elsewhere only one that is plausible.
#[must_use]
pub fn expiry(username: &str) -> Option<Expiry> {
    let read = |text: &str, swapped: bool| {
        let number: u64 = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
        let millis = number >= FIRST_MILLISECOND;
        Some(Expiry { at: if millis { number / 1000 } else { number }, swapped, millis })
    };
    let plausible = |expiry: &Expiry| expiry.at >= FIRST_SECOND;
    match username.split_once(':') {
        None => read(username, false).filter(plausible),
        Some((before, after)) => read(before, false).or_else(|| read(after, true).filter(plausible)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_what_coturn_computes() {
        assert_eq!(credential("north", "1700000000:alice"), "Cd/49soE35ICqcJF/bCTn8Z4OyE=");
    }

    #[test]
    fn user_names_carry_their_end() {
        assert_eq!(username(1_700_000_000, Some("alice")), "1700000000:alice");
        assert_eq!(username(1_700_000_000, None), "1700000000");
        assert_eq!(expiry(&username(5, Some("a"))), Some(Expiry { at: 5, swapped: false, millis: false }));
    }

    #[test]
    fn reads_the_end_wherever_it_stands() {
        let read = |text| expiry(text).map(|expiry| (expiry.at, expiry.swapped, expiry.millis));
        assert_eq!(read("1700000000:alice"), Some((1_700_000_000, false, false)));
        assert_eq!(read("1700000000:alice:x"), Some((1_700_000_000, false, false)));
        assert_eq!(read("1700000000"), Some((1_700_000_000, false, false)));
        assert_eq!(read("1700000000:"), Some((1_700_000_000, false, false)));
        assert_eq!(read("alice:1700000000"), Some((1_700_000_000, true, false)));
        assert_eq!(read("1700000000000:alice"), Some((1_700_000_000, false, true)));
        assert_eq!(read("86400:alice"), Some((86400, false, false)));
    }

    #[test]
    fn other_names_have_no_end() {
        for name in ["alice", "1234", "alice:1234", "", ":", "+1700000000", "17000000x0", "99999999999999999999999"] {
            assert_eq!(expiry(name), None, "{name}");
        }
    }
}
