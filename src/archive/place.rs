//! Which entries of two reports are about the same thing.

/// A URL without its port: what stays the same when a server of a demonstration or a test moves.
pub fn without_port(url: &str) -> String {
    let (rest, query) = url.split_once('?').map_or((url, ""), |(rest, query)| (rest, query));
    let host = match rest.rsplit_once(':') {
        // `turn:host` has no port, and the colons of a bare IPv6 address are none either.
        Some((host, port)) if host.contains(':') && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => rest,
    };
    format!("{host}?{query}")
}

/// Pairs of what is the same in both, by the first key that tells; what has no counterpart stays
/// alone. The first key pairs in order, further ones only where nothing else has the same.
pub fn pairs<'a, T>(
    before: &'a [T],
    after: &'a [T],
    keys: &[&dyn Fn(&T) -> String],
) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let mut partner: Vec<Option<usize>> = vec![None; before.len()];
    let mut taken = vec![false; after.len()];
    for (nth, key) in keys.iter().enumerate() {
        let theirs: Vec<String> = after.iter().map(key).collect();
        let ours: Vec<String> = before.iter().map(key).collect();
        for (place, wanted) in ours.iter().enumerate() {
            if partner[place].is_some() {
                continue;
            }
            let free = |at: &usize| !taken[*at] && theirs[*at] == *wanted;
            let found: Vec<usize> = (0..after.len()).filter(free).collect();
            let same_here = (0..before.len()).filter(|at| partner[*at].is_none() && ours[*at] == *wanted).count();
            match found[..] {
                [first, ..] if nth == 0 || (found.len() == 1 && same_here == 1) => {
                    partner[place] = Some(first);
                    taken[first] = true;
                }
                _ => {}
            }
        }
    }
    let mut pairs: Vec<_> =
        before.iter().zip(&partner).map(|(item, at)| (Some(item), at.and_then(|at| after.get(at)))).collect();
    pairs.extend(after.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(item, _)| (None, Some(item))));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_moved_to_another_port_is_the_same() {
        assert_eq!(without_port("turn:a.example:3478?transport=udp"), without_port("turn:a.example:1?transport=udp"));
        assert_ne!(
            without_port("turn:a.example:3478?transport=udp"),
            without_port("turn:a.example:3478?transport=tcp")
        );
        assert_eq!(without_port("stun:a.example"), "stun:a.example?");
        assert_eq!(without_port("stun:[2001:db8::1]:3478"), "stun:[2001:db8::1]?");
        assert_eq!(without_port("stun:[2001:db8::1]"), "stun:[2001:db8::1]?");
    }

    #[test]
    fn pairs_by_the_first_key_that_tells() {
        let (before, after) = (["a1", "b1", "c1", "c2"], ["b2", "a1", "c3", "c4"]);
        let exact = |text: &&str| (*text).to_string();
        let letter = |text: &&str| text[..1].to_string();
        let pairs = pairs(&before, &after, &[&exact, &letter]);
        assert_eq!(
            pairs,
            [
                (Some(&"a1"), Some(&"a1")),
                (Some(&"b1"), Some(&"b2")),
                (Some(&"c1"), None),
                (Some(&"c2"), None),
                (None, Some(&"c3")),
                (None, Some(&"c4")),
            ]
        );
    }
}
