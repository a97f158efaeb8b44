//! Servers that send clients elsewhere, and names that stand for several.

use crate::certificates::{Authority, Leaf};
use crate::coturn::Coturn;
use crate::dns::{Dns, Record};
use crate::topology::{Lab, at};
use crate::turn::case::{Case, FINE, GOOD, TCP, UDP, check};
use crate::turn::report::turn;
use crate::{turn::case::LOGIN, with_user};

#[test]
fn a_detour_to_a_good_server_is_taken() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let there = Case { listen: &[at::SERVER_2], relay: &[at::SERVER_2], ..GOOD };
    let mut options = there.options(&authority);
    options.name = "alternate";
    let _there = Coturn::start(&lab, options);
    let case = Case {
        name: "alternate-server",
        flags: with_user!("--alternate-server", "203.0.113.11:3478"),
        expect: &[(UDP, FINE), (TCP, FINE)],
        ..GOOD
    };
    let (run, wrong) = case.run(&lab, &authority);
    assert!(wrong.is_empty(), "{wrong:#?}\n{run}");
    for url in [UDP, TCP] {
        assert!(run.of(url).allocation.as_ref().unwrap().relayed.starts_with(at::SERVER_2), "{run}");
    }
}

#[test]
fn detours_that_lead_nowhere_are_told() {
    check(
        &Lab::usual(),
        &[
            Case {
                name: "alternate-server is dead",
                flags: with_user!("--alternate-server", "203.0.113.66:3478"),
                expect: &[(UDP, "challenge:no-answer"), (TCP, "challenge:no-answer")],
                finds: &["alloc-redirected-300"],
                finds_not: &["stun-only-no-turn", "server-silent"],
                ..GOOD
            },
            Case {
                name: "alternate-server refuses",
                flags: with_user!("--alternate-server", "203.0.113.77:3478"),
                expect: &[(UDP, "challenge:refused"), (TCP, "challenge:refused")],
                finds: &["alloc-redirected-300"],
                finds_not: &["stun-only-no-turn", "server-not-running"],
                ..GOOD
            },
            Case {
                name: "alternate-server is itself, which coturn sees",
                flags: with_user!("--alternate-server", "203.0.113.10:3478"),
                expect: &[(UDP, FINE), (TCP, FINE)],
                ..GOOD
            },
        ],
    );
}

#[test]
fn a_detour_in_a_circle_is_told() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let there = Case {
        flags: with_user!("--alternate-server", "203.0.113.10:3478"),
        listen: &[at::SERVER_2],
        relay: &[at::SERVER_2],
        ..GOOD
    };
    let mut options = there.options(&authority);
    options.name = "alternate";
    let _there = Coturn::start(&lab, options);
    let case = Case {
        name: "alternate-server in a circle",
        flags: with_user!("--alternate-server", "203.0.113.11:3478"),
        expect: &[(UDP, "challenge:redirected"), (TCP, "challenge:redirected")],
        ..GOOD
    };
    let (run, wrong) = case.run(&lab, &authority);
    assert!(wrong.is_empty(), "{wrong:#?}\n{run}");
}

#[test]
fn every_address_of_a_name_is_checked() {
    let lab = Lab::usual();
    let zone = vec![
        ("turn.lab.test", Record::Address(at::SERVER)),
        ("turn.lab.test", Record::Address(at::BLACKHOLE)),
        ("turn.lab.test", Record::Address(at::BLACKHOLE6)),
    ];
    let _dns = Dns::start(&lab, zone);
    let authority = Authority::new(lab.dir());
    let case = Case { leaf: Some(Leaf::Good), ..GOOD };
    let _coturn = Coturn::start(&lab, case.options(&authority));
    let url = "turn:turn.lab.test:3478?transport=tcp";
    let run = turn(&lab.client, &[LOGIN, &["--no-echo", url]].concat());
    run.expect_code(1);
    let mut found = run.sketch();
    found.sort();
    println!("one name, three addresses: {found:#?}");
    assert_eq!(
        found,
        [
            format!("{url} 203.0.113.10:3478 ok"),
            format!("{url} 203.0.113.66:3478 connect:no-answer"),
            format!("{url} [2001:db8:77::66]:3478 connect:no-answer"),
        ]
    );
    let nowhere = turn(&lab.client, &[LOGIN, &["--no-echo", "turn:nowhere.lab.test:3478?transport=udp"]].concat());
    assert!(nowhere.sketch()[0].ends_with("resolve:no-such-name"), "{nowhere}");
    nowhere.expect_code(1);
}
