//! What the NATs let through, as both sides know it of one another.

use std::time::Duration;

use rtcprobe::probes::connect::Config;
use rtcprobe::probes::nat::{self, Place, ServerSpec, Tests};
use rtcprobe::report::connect::ConnectPath;
use rtcprobe::report::nat::{Behaviour, Udp};
use rtcprobe::rules::forecast;
use rtcprobe::server::nat::{Filtering, Mapping};
use rtcprobe::wire::uri;

use super::call::{Call, HOME, SECOND, SERVER, Side};

const SYMMETRIC: (Mapping, Filtering) = (Mapping::Apdm, Filtering::Apdf);

/// The same, with a look at the NAT beside it.
fn looking(side: Side) -> Side {
    side.with_relay().that(|config: &mut Config| {
        let server =
            |address: &str| ServerSpec { uri: uri::parse(&format!("stun:{address}")).unwrap().uri, credentials: None };
        let place = Place { interface: None, address: config.gather.locals[0].address, gateway: None, mtu: None };
        config.nat = Some(nat::Config {
            servers: [SERVER, SECOND].map(server).to_vec(),
            places: vec![place],
            schedule: config.gather.schedule,
            tests: Tests { hairpinning: false, ports: false, tcp: false, fragments: false, path_mtu: false },
            ports: None,
            lifetime: None,
            gateway: false,
            software: None,
            unix_time: 0,
            trace: false,
        });
    })
}

#[test]
fn two_symmetric_nats_need_the_relay_that_they_use() {
    let mut call = Call::new(31, [looking(Side::behind(SYMMETRIC)), looking(Side::behind(SYMMETRIC))]);
    let [one, other] = call.run();
    for connect in [&one, &other] {
        for nat in [connect.local.nat.as_ref(), connect.remote.nat.as_ref()] {
            let nat = nat.expect("looked at, and told");
            let dependent = [Behaviour::AddressDependent, Behaviour::AddressAndPortDependent];
            assert_eq!((nat.udp, &nat.mapping[..]), (Udp::Open, &dependent[..]), "{connect:#?}");
        }
        let path = forecast::path(connect).expect("something to compare");
        assert_eq!(path.got, ConnectPath::Relay);
        // Whether their filtering is any better, two plain servers cannot tell.
        assert!([None, Some(ConnectPath::Relay)].contains(&path.expected), "{path:?}");
    }
    call.held_nothing();
}

#[test]
fn a_direct_path_waits_for_no_forecast() {
    let mut call = Call::new(32, [looking(Side::behind(HOME)), looking(Side::behind(HOME))]);
    let [one, _] = call.run();
    assert_eq!(one.selected.map(|selected| selected.path), Some(ConnectPath::Direct));
    assert!(call.took() < Duration::from_secs(1), "{:?}", call.took());
    call.held_nothing();
}
