//! Servers that lie: exposed, not believed.

use crate::behaviour::report::{nat, side_by_side};
use crate::liar::{LIES, Liar, Lie};
use crate::site::{Gate, World};

const ADDRESSES: [&str; 2] = ["203.0.113.40", "203.0.113.41"];

#[test]
fn an_honest_server_of_a_strangers_hand_is_enough() {
    let world = World::new();
    let _server = Liar::start(&world.server, ADDRESSES, Lie::None);
    let kinds = ["eim-eif", "eim-adf", "eim-apdf", "adm-adf", "apdm-apdf"];
    let sites = kinds.map(|kind| (kind, world.site(Gate::called(kind))));
    side_by_side(5, &sites, |(kind, site)| {
        let seen = nat(&site.client, &["stun:203.0.113.40"]);
        assert_eq!(seen.kind(), *kind, "{seen}");
    });
}

#[test]
fn no_lie_makes_a_verdict_false() {
    let world = World::new();
    let kinds = ["none", "eim-eif", "eim-adf", "eim-apdf", "adm-adf", "apdm-eif", "apdm-apdf"];
    let sites = kinds.map(|kind| (kind, world.site(Gate::called(kind))));
    let mut wrong = Vec::new();
    for lie in LIES {
        let _server = Liar::start(&world.server, ADDRESSES, lie);
        let seen = side_by_side(7, &sites, |(kind, site)| (*kind, nat(&site.client, &["stun:203.0.113.40"])));
        for (kind, seen) in seen {
            println!("{lie:?} {kind}: {}", seen.kind());
            let (mapping, filtering) = if kind == "none" { ("none", "none") } else { kind.split_once('-').unwrap() };
            let said = seen.kind();
            let (m, f) = said.split_once('-').unwrap();
            let false_words = [(m, mapping), (f, filtering)].iter().any(|(said, is)| *said != "?" && said != is);
            if false_words || !seen.unexplained().is_empty() {
                wrong.push(format!("{lie:?} {kind}: {said}, unexplained {:?}\n{seen}", seen.unexplained()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}
