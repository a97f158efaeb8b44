//! Every kind of NAT with every kind of servers.

use crate::behaviour::report::{Seen, nat, side_by_side};
use crate::behaviour::servers::{ALL, Given, Servers};
use crate::nat::{Firewall, Nat};
use crate::nats::{NINE, kernel};
use crate::site::{Gate, Site, World};

/// How many sites at a time: each waits far more than it works.
const AT_A_TIME: usize = 6;

#[test]
fn nine_nats_in_user_space_are_found_with_every_kind_of_servers() {
    check(&NINE.map(|kind| (kind, Gate::called(kind))));
}

#[test]
fn the_kernels_nats_are_found_with_every_kind_of_servers() {
    let mut nats: Vec<_> = NINE.iter().map(|kind| (*kind, Gate::Kernel(kernel(kind), Firewall::Open))).collect();
    nats.push(("eim-apdf", Gate::Kernel(Nat::Masquerade, Firewall::Open)));
    nats.push(("apdm-apdf", Gate::Kernel(Nat::Random, Firewall::Open)));
    check(&nats);
}

fn check(nats: &[(&'static str, Gate)]) {
    let world = World::new();
    let _servers = Servers::start(&world);
    let sites: Vec<_> = nats.iter().map(|(kind, gate)| (*kind, gate, world.site(gate.clone()))).collect();
    let wrong = side_by_side(AT_A_TIME, &sites, |(kind, gate, site)| {
        ALL.iter().filter_map(|given| judge(kind, gate, site, *given)).collect::<Vec<_>>()
    });
    let wrong = wrong.concat();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// What is wrong about a run.
fn judge(kind: &str, gate: &Gate, site: &Site, given: Given) -> Option<String> {
    let seen = nat(&site.client, &given.args());
    let expected = given.can_know(kind);
    println!("{kind:9} {given:16?} {:9} {:4.0} ms", seen.kind(), seen.finished.took.as_secs_f64() * 1e3);
    let mut wrong = Vec::new();
    if seen.kind() != expected {
        wrong.push(format!("{} is not {expected}", seen.kind()));
    }
    if seen.word("udp") != "open" || seen.fact("nat") != true {
        wrong.push(format!("udp {}, nat {}", seen.word("udp"), seen.fact("nat")));
    }
    wrong.extend(seen.unexplained().iter().map(|name| format!("{name} is unknown for no reason")));
    wrong.extend(hairpinning(kind, gate, &seen));
    if seen.finished.code() != Some(0) {
        wrong.push(format!("exit code {:?}", seen.finished.code()));
    }
    (!wrong.is_empty()).then(|| format!("{kind} {gate:?} {given:?}: {}\n{seen}", wrong.join(", ")))
}

/// These NATs in user space hairpin, the kernel's do not. Where mappings and filters depend on the other
/// side, a packet to oneself comes by a mapping that the filter may not have heard of: then nobody can
/// tell, and says so.
fn hairpinning(kind: &str, gate: &Gate, seen: &Seen) -> Option<String> {
    let found = seen.fact("hairpinning").as_bool();
    let knows = kind.starts_with("eim") && !seen.kind().starts_with('?');
    let fits = match (found, gate) {
        (Some(true), gate) => matches!(gate, Gate::User(..)),
        (Some(false), Gate::Kernel(..)) => true,
        (Some(false), Gate::User(..)) => !kind.starts_with("eim") && !kind.ends_with("eif"),
        (None, _) => !knows && seen.why_not("hairpinning").is_some(),
    };
    (!fits).then(|| format!("hairpinning {found:?} for {:?}", seen.why_not("hairpinning")))
}
