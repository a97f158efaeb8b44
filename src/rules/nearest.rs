/// The name that a word may be a slip of: the one that takes the fewest changes of letters, if they are few;
/// else the only one that has the word in it.
#[must_use]
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Whoever writes that much means no name at all.
    let word: String = word.chars().take(100).collect::<String>().to_lowercase();
    let names: Vec<&str> = names.into_iter().collect();
    let close = names.iter().map(|name| (changes(&word, name), *name)).min_by_key(|(changes, _)| *changes);
    let few = (word.chars().count() / 3).clamp(1, 5);
    if let Some((_, name)) = close.filter(|(changes, _)| *changes <= few) {
        return Some(name);
    }
    let mut within = names.iter().filter(|name| word.len() >= 3 && name.contains(&word));
    within.next().filter(|_| within.next().is_none()).copied()
}

/// Letters to be added, removed, replaced or swapped with their neighbour.
fn changes(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut least = (rows[i][j] + usize::from(a != b)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let names = ["auth-rest-expired", "tls-cert-expired", "relay", "server-not-running"];
        assert_eq!(nearest("auth-rest-expierd", names), Some("auth-rest-expired"));
        assert_eq!(nearest("AUTH-REST-EXPIRED", names), Some("auth-rest-expired"));
        assert_eq!(nearest("realy", names), Some("relay"));
        assert_eq!(nearest("not-running", names), Some("server-not-running"));
        assert_eq!(nearest("expired", names), None, "two have it");
        assert_eq!(nearest("quantum", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(nearest(&"x".repeat(100_000), names), None);
    }
}
