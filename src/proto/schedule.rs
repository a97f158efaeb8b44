//! When a request is sent again over UDP or DTLS, and when it is given up (RFC 8489 §6.2.1).

use std::time::Duration;

/// Retransmission times: `rto`, doubled up to `cap`, `sends` copies in all; given up `last_wait`
/// after the last copy. On a stream there is one copy, given up after [`Schedule::total`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    pub rto: Duration,
    pub cap: Option<Duration>,
    pub sends: u32,
    pub last_wait: Duration,
}

impl Schedule {
    /// RFC 8489 §6.2.1 shortened to what a person waits for: 4 copies at 0, 0.5, 1.5 and 3.5 s,
    /// given up at 4.5 s.
    pub const PROMPT: Schedule =
        Schedule { rto: Duration::from_millis(500), cap: None, sends: 4, last_wait: Duration::from_millis(1000) };
    /// RFC 8489 §6.2.1: Rc = 7, Rm = 16; given up at 39.5 s.
    pub const RFC8489: Schedule =
        Schedule { rto: Duration::from_millis(500), cap: None, sends: 7, last_wait: Duration::from_millis(8000) };
    /// libwebrtc: 250 ms doubling to 8 s, 9 copies, given up at 39.75 s.
    pub const CHROME: Schedule = Schedule {
        rto: Duration::from_millis(250),
        cap: Some(Duration::from_millis(8000)),
        sends: 9,
        last_wait: Duration::from_millis(8000),
    };
    /// nICEr: 100 ms doubling, 7 copies, given up 1.6 s after the last.
    pub const FIREFOX: Schedule =
        Schedule { rto: Duration::from_millis(100), cap: None, sends: 7, last_wait: Duration::from_millis(1600) };
    /// For networks known to be quick: 3 copies at 0, 100 and 300 ms, given up at 700 ms.
    pub const FAST: Schedule =
        Schedule { rto: Duration::from_millis(100), cap: None, sends: 3, last_wait: Duration::from_millis(400) };

    /// For the first words to a server, where two requests are on their way at once: one copy more in the
    /// same time, so that a network that loses every third exchange does not look dead.
    #[must_use]
    pub fn opening(self) -> Schedule {
        if self == Schedule::PROMPT { Schedule { cap: Some(self.rto * 2), sends: 5, ..self } } else { self }
    }

    /// For a server that has answered before: what it does not answer now was lost, so hardly more time is
    /// filled with many more copies.
    #[must_use]
    pub fn steadier(self) -> Schedule {
        let rto = Duration::from_millis(400);
        let steadier = Schedule { rto, cap: Some(rto), sends: 12, last_wait: Duration::from_millis(600) };
        if self == Schedule::PROMPT { steadier } else { self }
    }

    /// For a stream that has carried answers before: what is lost there the system sends again by itself,
    /// later and later.
    #[must_use]
    pub fn on_stream(self) -> Schedule {
        Schedule { last_wait: self.last_wait.saturating_add(Duration::from_secs(8)), ..self }
    }

    /// From the first copy to giving up.
    #[must_use]
    pub fn total(&self) -> Duration {
        (0..self.sends.saturating_sub(1)).map(|n| self.gap(n)).sum::<Duration>() + self.last_wait
    }

    /// The wait after copy `n` (from 0) before copy `n + 1`.
    #[must_use]
    pub fn gap(&self, n: u32) -> Duration {
        let gap = self.rto.saturating_mul(1_u32.checked_shl(n).unwrap_or(u32::MAX));
        self.cap.map_or(gap, |cap| gap.min(cap))
    }
}

impl std::str::FromStr for Schedule {
    type Err = String;

    /// A name, or `RTO,COPIES,WAIT` such as `250ms,5,1s`: the wait after the first copy (doubled after
    /// each), how many copies, and the wait after the last.
    fn from_str(text: &str) -> Result<Schedule, String> {
        match text {
            "prompt" => return Ok(Schedule::PROMPT),
            "rfc8489" => return Ok(Schedule::RFC8489),
            "chrome" => return Ok(Schedule::CHROME),
            "firefox" => return Ok(Schedule::FIREFOX),
            "fast" => return Ok(Schedule::FAST),
            _ => {}
        }
        let wrong = || {
            format!(
                "\"{text}\" is no timing: write prompt, rfc8489, chrome, firefox, fast, or RTO,COPIES,WAIT as in 250ms,5,1s"
            )
        };
        let mut parts = text.split(',');
        let (Some(rto), Some(copies), Some(wait), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let duration = |text: &str| humantime::parse_duration(text.trim()).map_err(|_| wrong());
        let (rto, last_wait) = (duration(rto)?, duration(wait)?);
        let sends: u32 = copies.trim().parse().map_err(|_| wrong())?;
        let sane = Duration::from_millis(1)..=Duration::from_secs(60);
        if !sane.contains(&rto) || !sane.contains(&last_wait) || !(1..=16).contains(&sends) {
            return Err(format!("\"{text}\": write waits from 1ms to 60s, and from 1 to 16 copies"));
        }
        Ok(Schedule { rto, cap: None, sends, last_wait })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_up_when_the_rfc_says() {
        assert_eq!(Schedule::RFC8489.total(), Duration::from_millis(39_500));
        assert_eq!(Schedule::CHROME.total(), Duration::from_millis(39_750));
        assert_eq!(Schedule::PROMPT.total(), Duration::from_millis(4_500));
        assert_eq!(Schedule::PROMPT.opening().total(), Schedule::PROMPT.total());
        assert_eq!(Schedule::PROMPT.steadier().total(), Duration::from_millis(5_000));
        assert_eq!(Schedule::CHROME.steadier(), Schedule::CHROME, "who chose a schedule gets it");
    }

    #[test]
    fn reads_names_and_numbers() {
        assert_eq!("chrome".parse(), Ok(Schedule::CHROME));
        let own: Schedule = "250ms,5,1s".parse().unwrap();
        assert_eq!(own.total(), Duration::from_millis(250 + 500 + 1000 + 2000 + 1000));
        for bad in ["", "slow", "250ms,5", "250ms,0,1s", "0ms,3,1s", "1s,99,1s", "1s,2,1s,4"] {
            assert!(bad.parse::<Schedule>().is_err(), "{bad}");
        }
    }
}
