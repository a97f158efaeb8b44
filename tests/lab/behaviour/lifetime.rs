//! How long an idle mapping lives.

use std::time::Duration;

use rtcprobe::server::nat::NatConfig;

use crate::behaviour::report::{nat, side_by_side};
use crate::behaviour::servers::{Given, Servers};
use crate::site::{Gate, World};

#[test]
fn a_short_lifetime_is_found() {
    find(6, &["--lifetime=10s"], &[Given::TwoAddresses, Given::TwoPlain]);
}

#[test]
#[ignore = "most of a minute"]
fn a_lifetime_of_thirty_seconds_is_found_within_forty() {
    find(
        30,
        &["--lifetime=38s", "--timeout=60s"],
        &[Given::TwoAddresses, Given::OwnTwoAddresses, Given::TwoPlain, Given::StunAndTurnApart],
    );
}

fn find(seconds: u64, args: &[&str], given: &[Given]) {
    let world = World::new();
    let _servers = Servers::start(&world);
    let cells: Vec<_> = ["eim-eif", "eim-apdf", "apdm-apdf"]
        .iter()
        .flat_map(|kind| given.iter().map(move |given| (*kind, *given)))
        .map(|(kind, given)| {
            let lifetime = Duration::from_secs(seconds);
            let config = NatConfig { lifetime, ..kind.parse().unwrap() };
            (kind, given, world.site(Gate::user(config)))
        })
        .collect();
    let wrong = side_by_side(cells.len(), &cells, |(kind, given, site)| {
        let seen = nat(&site.client, &[args, &given.args()].concat());
        let found = seen.fact("mappingLifetimeMs").as_f64();
        let range = seen.fact("mappingLifetimeRangeMs");
        println!("{kind} {given:?}: {found:?} in {range} after {:.1} s", seen.finished.took.as_secs_f64());
        let truth = Duration::from_secs(seconds).as_secs_f64() * 1e3;
        let fits = match found {
            Some(found) => (found - truth).abs() <= 2000.0,
            // Without another server that sends to the mapping, a new one may look like the old one.
            None => *given == Given::TwoPlain && seen.why_not("mappingLifetimeMs").is_some(),
        };
        let holds = found.is_none()
            || range[0].as_f64().is_some_and(|low| low <= truth + 100.0)
                && range[1].as_f64().is_none_or(|high| high >= truth - 100.0);
        let in_time = seen.finished.took < Duration::from_secs(seconds + 10);
        let wrong = || format!("{kind} {given:?}: {found:?} {range}, {:?}\n{seen}", seen.why_not("mappingLifetimeMs"));
        (!(fits && holds && in_time)).then(wrong)
    });
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}
