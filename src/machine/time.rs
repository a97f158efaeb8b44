use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment: the time since the start of the run. Starts at [`Time::ZERO`], prints and compares.
///
/// Kept as whole nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
pub struct Time(Duration);

impl Time {
    pub const ZERO: Time = Time(Duration::ZERO);
    /// Later than anything that will be waited for.
    pub const NEVER: Time = Time(Duration::MAX);

    #[must_use]
    pub const fn from_millis(millis: u64) -> Time {
        Time(Duration::from_millis(millis))
    }

    #[must_use]
    pub const fn since_start(self) -> Duration {
        self.0
    }

    /// Milliseconds with fractions, rounded to microseconds, as reports carry them.
    #[must_use]
    pub fn millis(self) -> f64 {
        (self.0.as_secs_f64() * 1e6).round() / 1e3
    }

    /// The time from `earlier` to here; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Time) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl From<u64> for Time {
    fn from(nanoseconds: u64) -> Time {
        Time(Duration::from_nanos(nanoseconds))
    }
}

impl From<Time> for u64 {
    fn from(time: Time) -> u64 {
        u64::try_from(time.0.as_nanos()).unwrap_or(u64::MAX)
    }
}

impl From<Duration> for Time {
    fn from(since_start: Duration) -> Time {
        Time(since_start)
    }
}

impl Add<Duration> for Time {
    type Output = Time;
    fn add(self, later: Duration) -> Time {
        Time(self.0.saturating_add(later))
    }
}

impl Sub<Time> for Time {
    type Output = Duration;
    fn sub(self, earlier: Time) -> Duration {
        self.since(earlier)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ms", self.millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_milliseconds_with_fractions() {
        assert_eq!(Time::from(Duration::from_micros(1_234_567)).millis(), 1234.567);
    }

    #[test]
    fn never_overflows() {
        assert_eq!(Time::NEVER + Duration::from_secs(1), Time::NEVER);
        assert_eq!(Time::ZERO - Time::NEVER, Duration::ZERO);
    }
}
