//! From trials to a range.

use std::time::Duration;

/// Trials beyond the longest life that must have found nothing.
const IN_A_ROW: usize = 3;
/// Trials that found nothing although a longer idle mapping lived, before they are more than loss.
const STRANGE: usize = 2;

/// One mapping, tried once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trial {
    /// How long it had been idle, since anything passed in either direction.
    pub least: Duration,
    /// The same, since it was made.
    pub most: Duration,
    pub alive: bool,
}

/// What all of them amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Verdict {
    /// The longest idle time that one survived.
    pub alive: Duration,
    /// The shortest after which one was gone.
    pub gone: Option<Duration>,
    /// More trials would not change it.
    pub settled: bool,
    /// Alive after the first, gone after the second, which is shorter.
    pub contradiction: Option<(Duration, Duration)>,
}

/// What came through was alive; what did not was gone or lost. So the longest life counts, and what was
/// gone earlier than that counts for nothing, unless it happens again and again.
pub(super) fn judge(trials: &[Trial]) -> Verdict {
    let alive = trials.iter().filter(|trial| trial.alive).map(|trial| trial.least).max().unwrap_or_default();
    let (beyond, before): (Vec<&Trial>, Vec<&Trial>) =
        trials.iter().filter(|trial| !trial.alive).partition(|trial| trial.least > alive);
    let early = before.iter().map(|trial| trial.most).min().filter(|_| before.len() >= STRANGE);
    Verdict {
        alive,
        gone: beyond.iter().map(|trial| trial.most).min(),
        settled: beyond.len() >= IN_A_ROW,
        contradiction: early.map(|gone| (alive, gone)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(seconds: u64, alive: bool) -> Trial {
        let age = Duration::from_secs(seconds);
        Trial { least: age, most: age + Duration::from_millis(500), alive }
    }

    #[test]
    fn brackets_the_end() {
        let verdict = judge(&[trial(28, true), trial(29, true), trial(30, false), trial(31, false), trial(32, false)]);
        assert_eq!((verdict.alive, verdict.gone), (Duration::from_secs(29), Some(Duration::from_millis(30_500))));
        assert!(verdict.settled && verdict.contradiction.is_none());
    }

    #[test]
    fn one_loss_is_no_end() {
        let verdict = judge(&[trial(10, true), trial(11, false), trial(12, true)]);
        assert_eq!((verdict.alive, verdict.gone), (Duration::from_secs(12), None));
        assert!(!verdict.settled && verdict.contradiction.is_none());
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let trials = [trial(10, false), trial(11, false), trial(40, true)];
        assert_eq!(judge(&trials).contradiction, Some((Duration::from_secs(40), Duration::from_millis(10_500))));
    }

    #[test]
    fn nothing_is_known_without_trials() {
        assert_eq!(judge(&[]), Verdict::default());
    }
}
