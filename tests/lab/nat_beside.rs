//! What `rtcprobe nat` finds beside mapping and filtering, on real networks: path MTU, fragments, TCP
//! mapping, the lifetime of conntrack's mappings, the router's own word.

use std::net::UdpSocket;
use std::time::Instant;

use serde_json::Value;

use crate::coturn::{Coturn, Options};
use crate::nat::Nat;
use crate::rtcprobe::rtcprobe;
use crate::topology::{Lab, Topology, at};

/// `rtcprobe nat --json` against coturn with two addresses: what it says of the NAT.
fn nat(lab: &Lab, more: &[&str]) -> Value {
    let args = [&["nat", "--json", "-4", "--stun", at::SERVER][..], more].concat();
    let finished = lab.client.exec(rtcprobe(&args));
    let report: Value = serde_json::from_str(&finished.stdout).unwrap_or_else(|e| panic!("{e}\n{finished}"));
    report["nat"].clone()
}

fn coturn(lab: &Lab) -> Coturn {
    Coturn::start(
        lab,
        Options { listen: vec![at::SERVER, at::SERVER_2], relay: vec![at::SERVER], ..Options::default() },
    )
}

fn behind(nat: Nat) -> Lab {
    Lab::new(Topology { nat, ipv6: false, ..Topology::default() })
}

#[test]
fn the_path_mtu_is_found_by_icmp_and_in_a_black_hole() {
    let lab = behind(Nat::Masquerade);
    let _coturn = coturn(&lab);
    assert_eq!(nat(&lab, &[])["pathMtu"].as_u64(), Some(1500));
    lab.router.ip("link set wan0 mtu 1280\n");
    let told = nat(&lab, &[]);
    assert_eq!((told["pathMtu"].as_u64(), told["pathMtuBlackHole"].as_bool()), (Some(1280), Some(false)), "{told:#}");
    lab.router.nft(
        "table ip hole { chain output { type filter hook output priority filter;
            icmp type destination-unreachable icmp code 4 drop
        }
        }\n",
    );
    // What the client has learned of the path is not to help it.
    lab.client.ip("route flush cache\n");
    let told = nat(&lab, &[]);
    assert_eq!((told["pathMtu"].as_u64(), told["pathMtuBlackHole"].as_bool()), (Some(1280), Some(true)), "{told:#}");
}

#[test]
fn fragments_pass_until_they_are_dropped() {
    let lab = behind(Nat::Masquerade);
    let _coturn = coturn(&lab);
    let told = nat(&lab, &[]);
    assert_eq!(told["fragments"].as_bool(), Some(true), "{told:#}");
    // Before conntrack puts them together.
    lab.router.nft(
        "table ip scissors { chain early { type filter hook prerouting priority -500;
            iifname lan0 ip frag-off & 0x3fff != 0 drop
        }
        }\n",
    );
    let told = nat(&lab, &[]);
    assert_eq!(told["fragments"].as_bool(), Some(false), "{told:#}");
}

#[test]
fn tcp_is_mapped_as_the_router_does_it() {
    for (kind, expected) in
        [(Nat::None, "none"), (Nat::Masquerade, "endpoint-independent"), (Nat::Random, "address-and-port-dependent")]
    {
        let lab = behind(kind);
        let _coturn = coturn(&lab);
        let told = nat(&lab, &[]);
        assert_eq!(told["tcpMapping"].as_str(), Some(expected), "{kind:?}\n{told:#}");
    }
}

#[test]
fn the_lifetime_of_conntrack_is_found_while_it_passes() {
    let lab = behind(Nat::Masquerade);
    let _coturn = coturn(&lab);
    for name in ["nf_conntrack_udp_timeout", "nf_conntrack_udp_timeout_stream"] {
        lab.router.sysctl(&format!("netfilter/{name}"), "15");
    }
    let began = Instant::now();
    let told = nat(&lab, &["--lifetime=120s"]);
    let took = began.elapsed();
    println!("15 s found as {} in {took:?}", told["mappingLifetimeRangeMs"]);
    let (alive, gone) = (told["mappingLifetimeRangeMs"][0].as_f64(), told["mappingLifetimeRangeMs"][1].as_f64());
    assert!(alive.is_some_and(|alive| (12_900.0..15_200.0).contains(&alive)), "{told:#}");
    // conntrack looks for what is over now and then.
    assert!(gone.is_some_and(|gone| (14_900.0..18_000.0).contains(&gone)), "{told:#}");
    assert_eq!(told["mappingLifetimeMethod"].as_str(), Some("response-port"));
    assert_eq!(told["mappingRefreshInbound"].as_bool(), Some(true), "conntrack refreshes both ways\n{told:#}");
}

#[test]
fn the_router_is_asked_for_its_address_when_that_is_wanted() {
    let lab = behind(Nat::Masquerade);
    let _coturn = coturn(&lab);
    let silent = nat(&lab, &["--gateway"]);
    assert_eq!(silent["gateway"], Value::Null);
    let socket = lab.router.run(|| UdpSocket::bind("10.0.0.1:5351").unwrap());
    let router = socket.try_clone().unwrap();
    std::thread::spawn(move || {
        let mut request = [0; 64];
        // Ends with the socket.
        while let Ok((length, from)) = router.recv_from(&mut request) {
            if request[..length] == [0, 0] {
                let _ = router.send_to(&[0, 128, 0, 0, 0, 0, 0, 1, 100, 64, 0, 7], from);
            } else if length == 1 {
                return;
            }
        }
    });
    let told = nat(&lab, &["--gateway"]);
    assert_eq!(told["gateway"]["external"].as_str(), Some("100.64.0.7"), "{told:#}");
    assert_eq!((told["gateway"]["protocol"].as_str(), told["doubleNat"].as_bool()), (Some("nat-pmp"), Some(true)));
    lab.client.run(|| UdpSocket::bind("0.0.0.0:0").unwrap().send_to(b"!", "10.0.0.1:5351").unwrap());
}
