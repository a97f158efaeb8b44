//! Why what is not known is not.

use std::collections::BTreeMap;

use crate::probes::nat::facts::Facts;
use crate::probes::nat::ground::Ground;
use crate::report::nat::{Behaviour, LegacyType, Nat, Pooling, Udp};

/// Facts of [`Nat`], as they are called in JSON, and why they are not known.
pub(super) type Reasons = BTreeMap<&'static str, String>;

/// All of them.
pub(super) fn reasons(nat: &Nat, facts: &Facts, ground: &Ground) -> Reasons {
    let mut reasons = Reasons::new();
    let reached = nat.udp == Udp::Open;
    let general = match (reached, ground.hands.stopping()) {
        (_, true) => "interrupted",
        (false, _) if nat.udp == Udp::Blocked => "udp-blocked",
        (false, _) => "no-server-answered",
        (true, false) => "",
    };
    let no_nat = nat.nat == Some(false);
    let mut say = |fact: &'static str, missing: bool, own: &str| {
        if missing {
            let why = if general.is_empty() { own } else { general };
            reasons.entry(fact).or_insert_with(|| why.to_string());
        }
    };
    for (fact, why) in &facts.more.unknown {
        say(fact, true, why);
    }
    say("udp", nat.udp == Udp::Unknown, "no-server-answered");
    say("nat", nat.nat.is_none(), "no-binding-answer");
    say("mapping", nat.mapping == Behaviour::Unknown, &why_mapping(nat));
    say("mappingMethod", nat.mapping_method.is_none(), if no_nat { "no-nat" } else { "not-known" });
    say("mappingConfidence", nat.mapping_confidence.is_none(), if no_nat { "no-nat" } else { "not-known" });
    say("filtering", nat.filtering == Behaviour::Unknown, &why_filtering(nat, facts));
    say("filteringMethod", nat.filtering_method.is_none(), "not-known");
    say("filteringConfidence", nat.filtering_confidence.is_none(), "not-known");
    say("firewall", nat.firewall.is_none(), &why_filtering(nat, facts));
    say("legacyType", nat.legacy_type == LegacyType::Unknown, "not-known");
    let dropped = if facts.hairpin.is_some() { "cannot-open-filter" } else { "not-tested" };
    say("hairpinning", nat.hairpinning.is_none(), if no_nat { "no-nat" } else { dropped });
    let source = if nat.hairpinning == Some(false) { "no-hairpinning" } else { dropped };
    say("hairpinningSource", nat.hairpinning_source.is_none(), if no_nat { "no-nat" } else { source });
    let ports = if no_nat { "no-nat" } else { "too-few-ports" };
    say("portPreservation", nat.port_preservation.is_none(), ports);
    say("portAllocation", nat.port_allocation.is_none(), ports);
    say("portDelta", nat.port_delta.is_none(), if no_nat { "no-nat" } else { "not-constant" });
    say("portParity", nat.port_parity.is_none(), ports);
    say("portContiguity", nat.port_contiguity.is_none(), ports);
    say("addressPooling", nat.address_pooling.is_none(), ports);
    say("deterministic", nat.deterministic.is_none(), "not-seen-twice");
    say("alg", nat.alg.is_none(), "not-told-by-server");
    say("fragments", nat.fragments.is_none(), "not-tested");
    say("pathMtu", nat.path_mtu.is_none(), "not-tested");
    let lifetime = if ground.config.lifetime.is_some() { "not-found-out" } else { "not-asked" };
    say("pathMtuBlackHole", nat.path_mtu_black_hole.is_none(), "not-tested");
    say("mappingLifetimeMs", nat.mapping_lifetime_ms.is_none(), lifetime);
    say("mappingLifetimeRangeMs", nat.mapping_lifetime_range_ms.is_none(), lifetime);
    say("mappingRefreshInbound", nat.mapping_refresh_inbound.is_none(), lifetime);
    let gateway = if ground.config.gateway { "gateway-silent" } else { "not-asked" };
    say("gateway", nat.gateway.is_none(), gateway);
    say("doubleNat", nat.double_nat.is_none(), gateway);
    say("carrierGradeNat", nat.carrier_grade_nat.is_none(), "no-shared-address-seen");
    say("tcpMapping", nat.tcp_mapping.is_none(), "not-tested");
    reasons
}

fn why_mapping(nat: &Nat) -> String {
    use Behaviour::{AddressDependent, EndpointIndependent};
    if nat.deterministic == Some(false) || nat.address_pooling == Some(Pooling::Arbitrary) && no_hint(nat) {
        return "contradiction".into();
    }
    match nat.mapping_possible.as_slice() {
        [EndpointIndependent, _] => "needs-server-at-another-address".into(),
        [AddressDependent, _] => "needs-server-at-another-port".into(),
        _ => "needs-another-server".into(),
    }
}

fn no_hint(nat: &Nat) -> bool {
    nat.mapping_possible.is_empty() && !nat.contradictions.is_empty()
}

fn why_filtering(nat: &Nat, facts: &Facts) -> String {
    use Behaviour::{AddressDependent, EndpointIndependent};
    match nat.filtering_possible.as_slice() {
        [EndpointIndependent, _] => "needs-server-at-another-address".into(),
        [AddressDependent, _] => "needs-vantage-at-another-port".into(),
        _ if !facts.filters.is_empty() || !facts.controls.is_empty() => "server-does-not-do-what-it-says".into(),
        _ => "needs-turn-or-rfc5780-server".into(),
    }
}
