//! What two NATs let through, against what two agents found.

use super::outcome;
use crate::report::connect::{Connect, ConnectPath, PathForecast, SideNat};
use crate::report::nat::{Behaviour, Path, Udp};

/// What should have worked, as far as the NATs of both sides are known; `None` when this side's was not looked at, or
/// there is no other side to compare it with.
///
/// Where a behaviour is not known, everything that it may be is tried, and the outcome is known only if that makes no
/// difference.
#[must_use]
pub fn path(connect: &Connect) -> Option<PathForecast> {
    connect.remote.ufrag.as_ref()?;
    let here = connect.local.nat.as_ref()?;
    let there = connect.remote.nat.as_ref();
    let got = connect.selected.as_ref().map_or(ConnectPath::None, |selected| selected.path);
    let expected = expected(here, there);
    Some(PathForecast { expected, got, detail: sentence(here, there, expected, got) })
}

fn expected(here: &SideNat, there: Option<&SideNat>) -> Option<ConnectPath> {
    let sides = [Some(here), there];
    if sides.iter().flatten().any(|side| side.udp == Udp::Blocked) {
        return Some(ConnectPath::Relay);
    }
    if here.udp == Udp::Unknown {
        return None;
    }
    let nothing = SideNat { udp: Udp::Unknown, mapping: Vec::new(), filtering: Vec::new() };
    let there = may_be(there.unwrap_or(&nothing));
    let mut outcomes = may_be(here).into_iter().flat_map(|own| there.iter().map(move |other| outcome(own, *other)));
    let first = outcomes.next()?;
    let same = outcomes.all(|outcome| outcome == first);
    match first {
        Path::Direct if same => Some(ConnectPath::Direct),
        Path::Relay if same => Some(ConnectPath::Relay),
        _ => None,
    }
}

/// Every pair of behaviours that fits what is known.
fn may_be(side: &SideNat) -> Vec<(Behaviour, Behaviour)> {
    use Behaviour::{AddressAndPortDependent, AddressDependent, EndpointIndependent};
    let dependent = [EndpointIndependent, AddressDependent, AddressAndPortDependent];
    let open = [&[Behaviour::None], &dependent[..]].concat();
    let mappings = if side.mapping.is_empty() { &open } else { &side.mapping };
    let of = |mapping: &Behaviour| {
        // Without a NAT a firewall may still filter as one.
        let filterings = match (&side.filtering[..], mapping) {
            ([], Behaviour::None) => open.clone(),
            ([], _) => dependent.to_vec(),
            (known, _) => known.to_vec(),
        };
        filterings.into_iter().map(|filtering| (*mapping, filtering)).collect::<Vec<_>>()
    };
    mappings.iter().flat_map(of).collect()
}

fn words(mapping: &[Behaviour]) -> String {
    let words: Vec<&str> = mapping.iter().map(|mapping| mapping.as_str()).collect();
    if words.is_empty() { "unknown".into() } else { words.join(" or ") }
}

fn sentence(here: &SideNat, there: Option<&SideNat>, expected: Option<ConnectPath>, got: ConnectPath) -> String {
    use ConnectPath::{Direct, None as Nothing, Relay};
    let mapping = words(&here.mapping);
    let both = match there {
        Some(side) => format!("mapping {mapping} here, {} there", words(&side.mapping)),
        None => format!("mapping {mapping} here"),
    };
    match (expected, got) {
        (Some(Direct), Direct) => format!("the NATs let a direct path through ({both}), and there is one"),
        (Some(Direct), Relay) => {
            format!("the NATs let a direct path through ({both}), but no direct pair worked")
        }
        (Some(Direct), Nothing) => format!("the NATs let a direct path through ({both}), but no pair worked"),
        (Some(Relay), Relay) => format!("the NATs need a relay ({both}), and one is used"),
        (Some(Relay), Nothing) => format!("the NATs need a relay ({both}), and none worked"),
        (Some(Relay), Direct) => {
            format!("the NATs need a relay ({both}); a direct path was found all the same, as within one network")
        }
        (Some(Nothing) | None, _) => match there {
            None => format!("not known: the other side does not tell of its NAT ({both})"),
            Some(_) => format!("not known: mapping and filtering are known in part only ({both})"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::nat::Behaviour::{
        AddressAndPortDependent as Apd, EndpointIndependent as Ei, None as No, Unknown,
    };

    fn side((mapping, filtering): (Behaviour, Behaviour)) -> SideNat {
        let known = |behaviour: Behaviour| Some(behaviour).filter(|known| *known != Unknown).into_iter().collect();
        SideNat { udp: Udp::Open, mapping: known(mapping), filtering: known(filtering) }
    }

    fn between(own: (Behaviour, Behaviour), other: Option<(Behaviour, Behaviour)>) -> Option<ConnectPath> {
        expected(&side(own), other.map(side).as_ref())
    }

    #[test]
    fn what_makes_no_difference_need_not_be_known() {
        assert_eq!(between((Ei, Unknown), Some((Ei, Unknown))), Some(ConnectPath::Direct));
        assert_eq!(between((Apd, Apd), Some((Apd, Apd))), Some(ConnectPath::Relay));
        assert_eq!(between((Ei, Ei), None), Some(ConnectPath::Direct));
        assert_eq!(between((No, Unknown), Some((Ei, Ei))), Some(ConnectPath::Direct));
        for (own, other) in
            [((Apd, Apd), Some((Ei, Unknown))), ((Ei, Apd), None), ((Unknown, Unknown), Some((Apd, Apd)))]
        {
            assert_eq!(between(own, other), None, "{own:?} {other:?}");
        }
    }

    #[test]
    fn without_udp_only_a_relay_is_left() {
        let blocked = SideNat { udp: Udp::Blocked, mapping: Vec::new(), filtering: Vec::new() };
        assert_eq!(expected(&side((Ei, Ei)), Some(&blocked)), Some(ConnectPath::Relay));
        assert_eq!(expected(&blocked, None), Some(ConnectPath::Relay));
    }
}
