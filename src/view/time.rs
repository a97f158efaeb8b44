//! Times as the report writes them.

/// Seconds since 1970 of a time in RFC 3339, in UTC.
#[must_use]
pub fn unix(text: &str) -> Option<f64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let number = |text: &str| text.parse::<u32>().ok().map(f64::from);
    let mut date = date.splitn(3, '-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut time = time.splitn(3, ':');
    let (hour, minute) = (number(time.next()?)?, number(time.next()?)?);
    let second: f64 = time.next()?.parse().ok()?;
    let in_range = (1.0..=12.0).contains(&month) && (1.0..=31.0).contains(&day) && year <= 9999.0;
    (in_range && (0.0..61.0).contains(&second) && hour < 24.0 && minute < 60.0)
        .then(|| days(year, month, day) * 86400.0 + hour * 3600.0 + minute * 60.0 + second)
}

/// Days since 1970; the year begins in March, so that a leap day is its last.
fn days(year: f64, month: f64, day: f64) -> f64 {
    let (year, month) = if month > 2.0 { (year, month - 3.0) } else { (year - 1.0, month + 9.0) };
    let leap = (year / 4.0).floor() - (year / 100.0).floor() + (year / 400.0).floor();
    year * 365.0 + leap + ((153.0 * month + 2.0) / 5.0).floor() + day - 1.0 - 719_468.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_seconds_since_1970() {
        assert_eq!(unix("1970-01-01T00:00:00Z"), Some(0.0));
        assert_eq!(unix("2026-11-20T12:00:00.500Z"), Some(1_795_176_000.5));
        assert_eq!(unix("2024-02-29T23:59:59Z"), Some(1_709_251_199.0));
        for wrong in [
            "",
            "Z",
            "2026-11-20",
            "2026-13-20T00:00:00Z",
            "2026-11-20T00:00:00",
            "x-y-zTa:b:cZ",
            "1e9-01-01T00:00:00Z",
        ] {
            assert_eq!(unix(wrong), None, "{wrong}");
        }
    }
}
