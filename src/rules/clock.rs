//! The report's own clock: rules do not know what time it is.

/// Seconds since 1970 of an RFC 3339 time in UTC.
pub(super) fn seconds(time: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| time.get(range).and_then(|digits| digits.parse::<i64>().ok());
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    Some(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Days since 1970 in the Gregorian calendar, with years that begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// `40 seconds`, `3 hours`, `12 days`.
pub(super) fn span(seconds: i64) -> String {
    let (number, word) = match seconds.abs() {
        seconds @ 0..120 => (seconds, "second"),
        seconds @ 120..7200 => (seconds / 60, "minute"),
        seconds @ 7200..172_800 => (seconds / 3600, "hour"),
        seconds => (seconds / 86_400, "day"),
    };
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

/// `2026-11-20` of an RFC 3339 time.
pub(super) fn date(time: &str) -> &str {
    time.split('T').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_seconds_since_1970() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2000-02-29T12:00:01.500Z"), Some(951_825_601));
        assert_eq!(seconds("2038-01-19T03:14:07Z"), Some(2_147_483_647));
        assert_eq!(seconds("yesterday"), None);
    }

    #[test]
    fn says_spans_in_the_unit_that_fits() {
        assert_eq!(span(1), "1 second");
        assert_eq!(span(7199), "119 minutes");
        assert_eq!(span(-90_000), "25 hours");
        assert_eq!(span(200_000), "2 days");
    }
}
