//! Two sides that hide their addresses behind names of multicast DNS, as browsers do.

use rtcprobe::report::connect::{ConnectPath, ConnectState};
use rtcprobe::wire::signal::Message;

use super::super::keep::Responder;
use super::call::{Call, Side};

const ADDRESSES: [&str; 2] = ["198.51.100.1", "198.51.100.2"];
const NAMES: [&str; 2] = ["a-1.local", "b-1.local"];

/// Puts a name in the place of the address.
fn hide(side: usize, message: Message) -> Option<String> {
    let hidden = |line: &String| line.replacen(ADDRESSES[side], NAMES[side], 1);
    Some(match message {
        Message::Description(mut description) => {
            description.candidates = description.candidates.iter().map(hidden).collect();
            Message::Description(description).to_line()
        }
        Message::Candidate { candidate, ufrag } => {
            Message::Candidate { candidate: hidden(&candidate), ufrag }.to_line()
        }
        other => other.to_line(),
    })
}

fn call() -> Call {
    let side = || Side { uris: Vec::new(), ..Side::open() }.that(|config| config.mdns = true);
    let mut call = Call::new(3, [side(), side()]);
    call.carry = hide;
    call
}

#[test]
fn names_are_resolved_and_the_sides_connect() {
    let mut call = call();
    for (n, own) in ["198.51.100.101", "198.51.100.102"].into_iter().enumerate() {
        let host = call.world.host("responder", &[own]);
        call.world.start(host, Responder::new(NAMES[n], ADDRESSES[n], own));
    }
    for connect in call.run() {
        assert_eq!(connect.state, ConnectState::Connected, "{connect:#?}");
        assert_eq!(connect.selected.map(|selected| selected.path), Some(ConnectPath::Direct));
        assert!(connect.remote.unused.is_empty(), "{:?}", connect.remote.unused);
        assert!(connect.remote.complete);
    }
}

#[test]
fn names_that_nobody_answers_for_are_left_out_and_it_is_said_why() {
    let mut call = call();
    for connect in call.run() {
        assert_eq!(connect.state, ConnectState::Failed, "{connect:#?}");
        let [unused] = &connect.remote.unused[..] else { panic!("{:?}", connect.remote.unused) };
        assert!(unused.candidate.contains(".local "), "{unused:?}");
        assert_eq!(unused.reason, "its name was not resolved: no answer by multicast (mDNS) in 5 s");
    }
}
