use std::time::Duration;

/// Reads `10s`, `1m 30s`, `500ms`, or a bare number of seconds, for options that take a time.
pub fn parse(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if text.parse::<f64>().is_ok_and(|seconds| seconds <= 0.0) || text.starts_with('-') {
        return Err("it must be more than nothing, such as 10s".into());
    }
    let span = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => humantime::parse_duration(text).ok(),
    };
    match span {
        Some(span) if span.is_zero() => Err("it must be more than nothing, such as 10s".into()),
        Some(span) if span <= LONGEST => Ok(span),
        Some(_) => Err("it is longer than a year".into()),
        None => Err("write a number with a unit, such as 10s, 500ms or 2m".into()),
    }
}

const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seconds_with_and_without_a_unit() {
        assert_eq!(parse("10"), Ok(Duration::from_secs(10)));
        assert_eq!(parse("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(parse("1m 30s"), Ok(Duration::from_secs(90)));
    }

    #[test]
    fn refuses_what_is_no_time_to_wait() {
        for text in ["", "soon", "0", "0s", "-1", "-1s", "nan", "inf", "1e300", "900y"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
