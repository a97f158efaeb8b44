//! User names of the TURN REST API, which carry the time at which they end.

/// When credentials end, as their user name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expiry {
    /// Seconds since 1970.
    pub at: i64,
    /// The number only makes sense as milliseconds.
    pub millis: bool,
    /// The time stands after the user id.
    pub swapped: bool,
}

/// September 2001: a smaller number by itself is a name.
const FIRST_SECOND: i64 = 1_000_000_000;
/// The year 5138 in seconds: from here on a number is milliseconds.
const FIRST_MILLISECOND: i64 = 100_000_000_000;
/// coturn compares 32-bit numbers with a sign.
pub(super) const LAST_SECOND: i64 = 2_147_483_647;

/// Reads `expiry`, `expiry:user` and `user:expiry`.
pub(super) fn expiry(username: &str) -> Option<Expiry> {
    let read = |text: &str, swapped| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number: i64 = digits.then(|| text.parse().ok())??;
        let millis = number >= FIRST_MILLISECOND;
        Some(Expiry { at: if millis { number / 1000 } else { number }, millis, swapped })
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
    fn reads_the_end_wherever_it_stands() {
        let read = |text| expiry(text).map(|expiry| (expiry.at, expiry.millis, expiry.swapped));
        assert_eq!(read("1700000000:alice"), Some((1_700_000_000, false, false)));
        assert_eq!(read("alice:1700000000"), Some((1_700_000_000, false, true)));
        assert_eq!(read("1700000000000:alice"), Some((1_700_000_000, true, false)));
        assert_eq!(read("86400:alice"), Some((86_400, false, false)));
        assert_eq!(read("alice"), None);
        assert_eq!(read("4711"), None);
    }
}
