//! What the driver can say about the layers below: fragments, shared ports.

use std::net::TcpListener;

use rtcprobe::drive::{Ended, Options};
use rtcprobe::machine::{Fragments, Input, Refusal, Socket, Unreachability, Want};

use super::drive::{at, perform};

fn sized(local: &str, fragments: Fragments) -> Want {
    Want::Udp { local: at(local), connect: None, fragments }
}

#[test]
#[cfg(target_os = "linux")]
fn what_the_interface_cannot_take_whole_comes_back_with_its_mtu() {
    // The loopback takes 65,536 bytes, and a UDP datagram over IPv6 can be larger by 39.
    let (mut received, mut too_large) = (None, None);
    let want = sized("[::1]:0", Fragments::Forbidden);
    let (ended, _) = perform(&Options::default(), want, |strings, _, input| {
        match input {
            Input::Opened { socket, local, .. } => {
                strings.send(socket, local, vec![0; 1200]);
                strings.send(socket, local, vec![0; 65_520]);
            }
            Input::Received { bytes, .. } => received = Some(bytes.len()),
            Input::Unreachable { icmp, .. } => {
                assert_eq!((icmp.meaning, icmp.kind), (Unreachability::TooLarge, None));
                too_large = Some(icmp.mtu);
            }
            other => panic!("{other:?}"),
        }
        strings.done = received.is_some() && too_large.is_some();
    });
    assert_eq!((ended, received, too_large), (Ended::Done, Some(1200), Some(Some(65_536))));
}

#[test]
fn what_may_be_cut_arrives() {
    for host in ["127.0.0.1:0", "[::1]:0"] {
        let (_, said) =
            perform(&Options::default(), sized(host, Fragments::Allowed), |strings, _, input| match input {
                Input::Opened { socket, local, .. } => strings.send(socket, local, vec![7; 60_000]),
                Input::Received { bytes, .. } => {
                    strings.say(bytes.len().to_string());
                    strings.done = true;
                }
                other => panic!("{other:?}"),
            });
        assert_eq!(said, ["60000"], "{host}");
    }
}

#[test]
fn several_connections_leave_from_one_port_that_was_named() {
    let listeners: Vec<TcpListener> = (0..2).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let to: Vec<_> = listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
    // Free a moment ago; whoever takes it meanwhile makes the second attempt necessary.
    for _ in 0..5 {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let local = at(&format!("127.0.0.1:{port}"));
        let want = |n: usize| Want::Tcp { local: Some(local), to: to[n] };
        let (_, said) = perform(&Options::default(), want(0), |strings, _, input| match input {
            Input::Opened { socket: Socket(1), local, .. } => {
                strings.say(local.to_string());
                strings.open(2, want(1));
            }
            Input::Opened { local, .. } => {
                strings.say(local.to_string());
                strings.done = true;
            }
            Input::Refused { why: Refusal::Bind { .. }, .. } => strings.done = true,
            other => panic!("{other:?}"),
        });
        if said.len() == 2 {
            assert_eq!(said, [local.to_string(), local.to_string()]);
            return;
        }
    }
    panic!("no port could be shared");
}
