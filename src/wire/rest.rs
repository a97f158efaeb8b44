//! Time-limited credentials of the TURN REST API (draft-uberti-behave-turn-rest-00), coturn's
//! `use-auth-secret`.

/// `username` is `expiry[:user]` with `expiry` in seconds since 1970; the credential is
/// base64(HMAC-SHA1(secret, username)).
#[must_use]
pub fn credential(secret: &str, username: &str) -> String {
    let _ = (secret, username);
    todo!()
}

/// The user name for credentials that end at `expiry` (seconds since 1970).
#[must_use]
pub fn username(expiry: u64, user_id: Option<&str>) -> String {
    let _ = (expiry, user_id);
    todo!()
}

/// What a user name says about its own expiry, if it is of that kind: `1700000000:alice`,
/// `1700000000`, `alice:1700000000` (swapped), or milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// Seconds since 1970.
    pub at: u64,
    /// The time stands after the user id, where coturn does not look.
    pub swapped: bool,
    /// The number only makes sense as milliseconds.
    pub millis: bool,
}

#[must_use]
pub fn expiry(username: &str) -> Option<Expiry> {
    let _ = username;
    todo!()
}
