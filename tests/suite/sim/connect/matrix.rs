//! Every pair of NATs: what comes of it is what the forecast says.

use rtcprobe::report::connect::{Connect, ConnectPath, ConnectState, FailureReason, PairState};
use rtcprobe::report::nat::Path;
use rtcprobe::rules::forecast;

use super::super::ice::{KINDS, behaviours};
use super::call::{Call, Side};

fn path(connect: &Connect) -> ConnectPath {
    connect.selected.as_ref().map_or(ConnectPath::None, |selected| selected.path)
}

fn matrix(relays: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for one in KINDS {
        for other in KINDS {
            let expected = match forecast::outcome(behaviours(one), behaviours(other)) {
                Path::Direct => ConnectPath::Direct,
                _ if relays => ConnectPath::Relay,
                _ => ConnectPath::None,
            };
            let side = |nat| if relays { Side::behind(nat).with_relay() } else { Side::behind(nat) };
            let mut call = Call::new(3, [side(one), side(other)]);
            let connects = call.run();
            let found = connects.each_ref().map(path);
            if found != [expected; 2] {
                wrong.push(format!("{one:?} and {other:?}: {found:?}, not {expected:?}"));
            }
            if expected == ConnectPath::None {
                connects.iter().for_each(explained);
            }
            call.held_nothing();
        }
    }
    wrong
}

/// Every pair that failed says why.
fn explained(connect: &Connect) {
    assert_eq!(connect.state, ConnectState::Failed);
    for pair in &connect.pairs {
        let failure = pair.failure.as_ref().unwrap_or_else(|| panic!("{pair:#?}"));
        // Two that take a new port each time answer from elsewhere than they were asked.
        let silent = [FailureReason::NoAnswer, FailureReason::OneWay, FailureReason::WrongSource];
        assert!(silent.contains(&failure.cause), "{failure:?}");
        assert_eq!(pair.state, PairState::Failed);
    }
}

#[test]
fn without_relays_it_is_direct_or_nothing_as_forecast() {
    let wrong = matrix(false);
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn with_relays_it_is_direct_or_relayed_as_forecast() {
    let wrong = matrix(true);
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}
