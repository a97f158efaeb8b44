//! Whether something on the way rewrites addresses inside packets (RFC 5780 §3.6): it shows where an
//! answer says the same address twice, once in the clear and once masked.

use super::facts::Sighting;

/// `None` where no answer says it twice; the error is a contradiction.
pub(super) fn judge<'a>(seen: impl Iterator<Item = &'a Sighting>) -> Result<Option<bool>, &'static str> {
    let twice: Vec<_> = seen.filter_map(|one| Some((one, one.plain?))).collect();
    let rewritten = twice.iter().filter(|(one, plain)| *plain != one.mapped).count();
    // Back to what it was before the NAT: nobody but an ALG knows that address.
    if twice.iter().any(|(one, plain)| *plain == one.local && one.mapped != one.local) {
        return Ok(Some(true));
    }
    match (twice.len(), rewritten) {
        (0, _) => Ok(None),
        (_, 0) => Ok(Some(false)),
        (all, some) if all == some => Ok(Some(true)),
        _ => Err("MAPPED-ADDRESS and XOR-MAPPED-ADDRESS differ in some answers and agree in others"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::nat::Method;

    fn seen(mapped: &str, plain: Option<&str>) -> Sighting {
        Sighting {
            local: "10.0.0.2:5000".parse().unwrap(),
            to: "192.0.2.1:3478".parse().unwrap(),
            mapped: mapped.parse().unwrap(),
            plain: plain.map(|plain| plain.parse().unwrap()),
            by: Method::SeveralServers,
        }
    }

    #[test]
    fn is_told_by_what_is_said_twice() {
        let public = "203.0.113.7:5000";
        let honest = seen(public, Some(public));
        let rewritten = seen(public, Some("10.0.0.2:5000"));
        let strange = seen(public, Some("192.0.2.9:1"));
        assert_eq!(judge([&honest, &seen(public, None)].into_iter()), Ok(Some(false)));
        assert_eq!(judge([&honest, &rewritten].into_iter()), Ok(Some(true)));
        assert_eq!(judge([&strange].into_iter()), Ok(Some(true)));
        assert!(judge([&strange, &honest].into_iter()).is_err());
        assert_eq!(judge([&seen(public, None)].into_iter()), Ok(None));
        assert_eq!(judge([&seen("10.0.0.2:5000", Some("10.0.0.2:5000"))].into_iter()), Ok(Some(false)), "no NAT");
    }
}
