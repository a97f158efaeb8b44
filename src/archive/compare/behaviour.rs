//! NAT behaviour: what lets fewer calls through than before is worse.

use super::{Comparison, Meaning};
use crate::report::nat::{Behaviour, Nat, Path, Pooling, Udp};

const AREA: &str = "nat";

pub fn compare(before: &Nat, after: &Nat, out: &mut Comparison) {
    match (before.udp, after.udp) {
        (Udp::Blocked, Udp::Open) => out.add(Meaning::Better, AREA, "UDP gets through now"),
        (Udp::Open, Udp::Blocked) => out.add(Meaning::Worse, AREA, "UDP is blocked now"),
        _ => {}
    }
    ranked("mapping", before.mapping, after.mapping, out);
    ranked("filtering", before.filtering, after.filtering, out);
    for (what, good, one, other) in [
        ("hairpinning", true, before.hairpinning, after.hairpinning),
        ("fragments pass", true, before.fragments, after.fragments),
        ("something rewrites addresses inside packets", false, before.alg, after.alg),
        ("more than one NAT", false, before.double_nat, after.double_nat),
        ("the provider's NAT", false, before.carrier_grade_nat, after.carrier_grade_nat),
        ("the behaviour repeats", true, before.deterministic, after.deterministic),
    ] {
        if let (Some(one), Some(other)) = (one, other)
            && one != other
        {
            out.turned(AREA, other == good, format!("{what}: {} before, {} now", yes(one), yes(other)));
        }
    }
    match (before.address_pooling, after.address_pooling) {
        (Some(Pooling::Paired), Some(Pooling::Arbitrary)) => {
            out.add(Meaning::Worse, AREA, "one host gets several public addresses now");
        }
        (Some(Pooling::Arbitrary), Some(Pooling::Paired)) => {
            out.add(Meaning::Better, AREA, "one host keeps one public address now");
        }
        _ => {}
    }
    lifetime(before, after, out);
    reach(before, after, out);
    for (what, one, other) in
        [("a NAT", before.nat, after.nat), ("ports are kept", before.port_preservation, after.port_preservation)]
    {
        if let (Some(one), Some(other)) = (one, other)
            && one != other
        {
            out.add(Meaning::Other, AREA, format!("{what}: {} before, {} now", yes(one), yes(other)));
        }
    }
    if before.public_addresses != after.public_addresses
        && !before.public_addresses.is_empty()
        && !after.public_addresses.is_empty()
    {
        let (one, other) = (before.public_addresses.join(", "), after.public_addresses.join(", "));
        out.add(Meaning::Other, AREA, format!("public addresses: {one} before, {other} now"));
    }
}

/// The less a mapping or a filter depends on the other side, the better.
fn ranked(what: &str, before: Behaviour, after: Behaviour, out: &mut Comparison) {
    let rank = |behaviour| match behaviour {
        Behaviour::None => Some(0),
        Behaviour::EndpointIndependent => Some(1),
        Behaviour::AddressDependent => Some(2),
        Behaviour::AddressAndPortDependent => Some(3),
        Behaviour::Unknown => None,
    };
    let text = || format!("{what}: {} before, {} now", before.as_str(), after.as_str());
    match (rank(before), rank(after)) {
        (Some(one), Some(other)) if one != other => out.turned(AREA, other < one, text()),
        (Some(_), None) | (None, Some(_)) => out.add(Meaning::Other, AREA, text()),
        _ => {}
    }
}

fn yes(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// Only ranges that do not overlap differ.
fn lifetime(before: &Nat, after: &Nat, out: &mut Comparison) {
    let (Some(one), Some(other)) = (before.mapping_lifetime_range_ms, after.mapping_lifetime_range_ms) else { return };
    let longer = |(alive, _): (f64, Option<f64>), (_, gone): (f64, Option<f64>)| gone.is_some_and(|gone| alive >= gone);
    let words = |(alive, gone): (f64, Option<f64>)| match gone {
        Some(gone) => format!("{:.0} to {:.0} s", alive / 1e3, gone / 1e3),
        None => format!("more than {:.0} s", alive / 1e3),
    };
    let text = format!("an idle mapping lives {} before, {} now", words(one), words(other));
    if longer(other, one) {
        out.add(Meaning::Better, AREA, text);
    } else if longer(one, other) {
        out.add(Meaning::Worse, AREA, text);
    }
}

fn reach(before: &Nat, after: &Nat, out: &mut Comparison) {
    let rank = |path| match path {
        Path::Direct => Some(2),
        Path::DirectIfLucky => Some(1),
        Path::Relay => Some(0),
        Path::Unknown => None,
    };
    let (mut better, mut worse) = (0, 0);
    for one in &before.direct {
        let same = after.direct.iter().find(|other| (other.mapping, other.filtering) == (one.mapping, one.filtering));
        match same.map(|other| (rank(one.outcome), rank(other.outcome))) {
            Some((Some(was), Some(is))) if is > was => better += 1,
            Some((Some(was), Some(is))) if is < was => worse += 1,
            _ => {}
        }
    }
    let all = before.direct.len();
    if worse > 0 {
        let text = format!("a direct path is harder to make with {worse} of {all} kinds of NAT on the other side");
        out.add(Meaning::Worse, AREA, text);
    }
    if better > 0 {
        let text = format!("a direct path is easier to make with {better} of {all} kinds of NAT on the other side");
        out.add(Meaning::Better, AREA, text);
    }
}
