//! Mapping of TCP connections.

use std::time::Duration;

use rtcprobe::report::nat::Behaviour;

use super::{good_server, plain_server, stage};

#[test]
fn tcp_mapping_is_told_from_one_local_port() {
    for (kind, expected) in [
        ("none", Behaviour::None),
        ("eim-apdf", Behaviour::EndpointIndependent),
        ("adm-apdf", Behaviour::AddressDependent),
        ("apdm-eif", Behaviour::AddressAndPortDependent),
    ] {
        let told = stage(1, kind, good_server()).run();
        assert_eq!(told.nat.tcp_mapping, Some(expected), "{kind}: {:#?}", told.nat.tests);
        let locals: Vec<_> =
            told.nat.tests.iter().filter(|test| test.name == "mapping-tcp").map(|test| &test.local).collect();
        assert!(locals.len() == 4 && locals.iter().all(|local| *local == locals[0]), "{locals:?}");
    }
}

#[test]
fn one_address_does_not_tell() {
    let told = stage(1, "eim-apdf", plain_server()).run();
    assert_eq!(told.nat.tcp_mapping, None);
    assert_eq!(told.unknown["/nat/tcpMapping"], "needs-server-at-another-address");
}

#[test]
fn silence_over_tcp_does_not_lengthen_the_run() {
    let run = |tcp: bool| {
        let mut stage = stage(1, "eim-apdf", good_server());
        stage.config.tests.tcp = tcp;
        stage.world.silent.insert("198.51.100.2".parse().unwrap());
        stage.run()
    };
    let (with, without) = (run(true), run(false));
    assert_eq!(with.nat.tcp_mapping, None);
    assert!(with.at <= without.at + Duration::from_millis(50), "{} against {}", with.at, without.at);
}
