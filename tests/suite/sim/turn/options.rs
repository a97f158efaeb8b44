//! Options of the protocol, from servers that have them and from servers that have not.

use rtcprobe::probes::turn::Options;
use rtcprobe::report::{StepName, StepOutcome};
use rtcprobe::server::faults::{Fault, Faults, Rule};
use rtcprobe::server::{Config, Limits, Network};
use rtcprobe::wire::attribute;
use rtcprobe::wire::message::Method;

use super::{Stage, failure, good_server, option, stage, step};

fn everything(mut stage: Stage) -> Stage {
    stage.config.options = Options {
        ipv6_relay: true,
        dual: true,
        tcp_relay: true,
        even_port: true,
        dont_fragment: true,
        mobility: true,
        lifetime: Some(1200),
    };
    stage
}

#[test]
fn what_the_server_has_is_found_and_used() {
    let turn = everything(stage(1, good_server())).over_tcp().run();
    assert_eq!((turn.works, failure(&turn)), (Some(true), None));
    for name in ["ipv6-relay", "dual-allocation", "tcp-relay", "even-port", "reservation-token", "dont-fragment"] {
        assert_eq!(option(&turn, name).supported, Some(true), "{:?}", option(&turn, name));
    }
    assert_eq!(option(&turn, "mobility").supported, Some(false));
    assert_eq!(option(&turn, "lifetime").detail.unwrap(), "asked for 1200 s, granted 1200 s");
    let tcp = step(&turn, StepName::TcpRelay);
    assert_eq!(tcp.outcome, StepOutcome::Ok);
    assert!(tcp.detail.unwrap().starts_with("bytes go both ways"));
    assert!(step(&turn, StepName::Ipv6Relay).detail.unwrap().contains("data to itself arrives"));
    assert_eq!(step(&turn, StepName::Mobility).outcome, StepOutcome::Skipped);
}

#[test]
fn what_the_server_has_not_is_no_failure() {
    let config = Config {
        relay: vec!["198.51.100.1".parse().unwrap()],
        dont_fragment: false,
        tcp_relay: false,
        ..good_server()
    };
    let turn = everything(stage(1, config)).over_tcp().run();
    assert_eq!((turn.works, failure(&turn)), (Some(true), None));
    for (name, code) in [("ipv6-relay", 440), ("tcp-relay", 442), ("dont-fragment", 420)] {
        let option = option(&turn, name);
        assert_eq!((option.supported, option.error_code), (Some(false), Some(code)), "{option:?}");
    }
    let dual = option(&turn, "dual-allocation");
    assert_eq!((dual.supported, dual.error_code), (Some(true), Some(440)), "ADDRESS-ERROR-CODE: understood");
}

#[test]
fn tcp_relays_are_not_asked_for_over_udp() {
    let turn = everything(stage(1, good_server())).run();
    assert_eq!(option(&turn, "tcp-relay").supported, None);
    assert_eq!(step(&turn, StepName::TcpRelay).outcome, StepOutcome::Skipped);
}

#[test]
fn a_server_that_forbids_its_own_address_grants_without_proof() {
    let own = ["198.51.100.1", "2001:db8::1"].map(|ip| Network { address: ip.parse().unwrap(), prefix: 32 });
    let turn = everything(stage(1, Config { forbidden_peers: own.to_vec(), ..good_server() })).over_tcp().run();
    assert_eq!(failure(&turn), None);
    assert!(option(&turn, "tcp-relay").detail.unwrap().contains("403"));
    assert!(option(&turn, "dont-fragment").detail.unwrap().contains("403"));
}

#[test]
fn a_quota_leaves_the_options_open() {
    let one = Limits { allocations_per_user: 1, ..Limits::default() };
    let turn = everything(stage(1, Config { limits: one, ..good_server() })).over_tcp().run();
    assert_eq!((turn.works, failure(&turn)), (Some(true), None));
    let open = turn.options.iter().filter(|option| option.supported.is_none()).count();
    assert!(open >= 5, "{:#?}", turn.options);
}

#[test]
fn an_ipv4_address_for_ipv6_is_named() {
    let mut config = good_server();
    let wrong = vec![0, 1, 0x21 ^ 0x10, 0x12 ^ 0x10, 0x21 ^ 192, 0x12, 0xa4 ^ 2, 0x42 ^ 1];
    let rule = Rule::on(Method::ALLOCATE, Fault::With(attribute::XOR_RELAYED_ADDRESS, wrong)).signed();
    config.faults = Faults::default().and(rule);
    let mut stage = stage(1, config);
    stage.config.options.ipv6_relay = true;
    let turn = stage.run();
    assert_eq!(option(&turn, "ipv6-relay").supported, Some(false));
    assert!(step(&turn, StepName::Ipv6Relay).detail.unwrap().contains("the server gave the IPv4 address 192.0.2.1"));
}
