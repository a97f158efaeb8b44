//! Descriptions that people carry: the answer comes minutes later.

use std::time::Duration;

use rtcprobe::report::connect::{ConnectPath, ConnectState};
use rtcprobe::server::nat::{Filtering, Mapping};
use rtcprobe::wire::signal::Message;

use super::call::{Call, HOME, Side};

fn pasted(side: Side) -> Side {
    side.that(|config| {
        config.trickle = false;
        config.wait = Duration::from_secs(600);
    })
}

#[test]
fn an_answer_that_comes_minutes_later_still_connects() {
    for (nat, path) in [(HOME, ConnectPath::Direct), ((Mapping::Apdm, Filtering::Apdf), ConnectPath::Relay)] {
        let side = || pasted(Side::behind(nat).with_relay());
        let mut call = Call::new(40, [side(), side()]);
        call.delay = Duration::from_secs(150);
        // Nobody carries more than that.
        call.carry = |_, message| matches!(message, Message::Description(_)).then(|| message.to_line());
        let connects = call.run();
        for connect in &connects {
            assert_eq!(connect.state, ConnectState::Connected, "{nat:?}: {connect:#?}");
            assert_eq!(connect.selected.as_ref().unwrap().path, path, "{nat:?}");
        }
        let [one, other] = connects;
        assert!(one.connected_ms.unwrap() - one.checking_ms.unwrap() < 3_000.0, "{nat:?}");
        // One copy every two seconds to each, and not more.
        let most = other.pairs.iter().map(|pair| pair.requests_sent).max().unwrap();
        assert!((40..110).contains(&most), "{nat:?}: {most}");
        call.held_nothing();
    }
}
