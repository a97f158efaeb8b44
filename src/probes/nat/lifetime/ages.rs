//! At which ages mappings are tried.

use std::time::Duration;

/// The first, and the step up to ten seconds.
const FIRST: Duration = Duration::from_secs(2);
/// The step after that, until it is a fortieth of the age: 30 s are found to within a second, five
/// minutes to within eight.
const STEP: Duration = Duration::from_secs(1);
const FRACTION: u32 = 40;
/// Mappings at most.
const MOST: usize = 256;

/// In rising order; the last is `longest`.
pub(super) fn up_to(longest: Duration) -> Vec<Duration> {
    let mut ages = Vec::new();
    let mut age = FIRST;
    while age < longest && ages.len() < MOST {
        ages.push(age);
        age += if age < FIRST * 5 { FIRST } else { STEP.max(age / FRACTION) };
    }
    ages.push(longest);
    ages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_dense_where_lifetimes_are() {
        let ages = up_to(Duration::from_secs(300));
        assert!(ages.is_sorted() && ages.len() < 130, "{}", ages.len());
        assert_eq!(ages.last(), Some(&Duration::from_secs(300)));
        for pair in ages.windows(2) {
            assert!(pair[1] - pair[0] <= Duration::from_secs(2).max(pair[0] / 39), "{pair:?}");
        }
        assert!(up_to(Duration::from_secs(86_400)).len() <= MOST + 1);
        assert_eq!(up_to(Duration::from_secs(1)), [Duration::from_secs(1)]);
    }
}
