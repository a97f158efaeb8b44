//! Reports of connections that fire a rule.

use rtcprobe::report::Report;
use rtcprobe::report::connect::{Connect, ConnectState, FailureReason, Pair, PairFailure, PairState};
use rtcprobe::rules::judge;

use super::super::view;

/// A report that is kept as a fixture.
fn kept(name: &str) -> Report {
    view::reports().into_iter().find(|(known, _)| known == name).unwrap().1
}

fn changed(name: &str, change: impl FnOnce(&mut Connect)) -> Report {
    let mut report = kept(name);
    change(report.connect.as_mut().unwrap());
    report
}

/// Every pair failed for that reason.
fn all_failed(cause: FailureReason, code: Option<u16>, detail: &str) -> Report {
    changed("connect-failed", |connect| {
        for pair in &mut connect.pairs {
            pair.failure = Some(PairFailure { cause, code, detail: detail.into(), icmp: None });
        }
    })
}

fn failing(cause: FailureReason, code: Option<u16>, detail: &str) -> impl Fn(&mut Pair) {
    move |pair| {
        pair.state = PairState::Failed;
        pair.failure = Some(PairFailure { cause, code, detail: detail.into(), icmp: None });
    }
}

pub fn all() -> Vec<(&'static str, Report)> {
    let conflict = all_failed(FailureReason::RoleConflict, Some(487), "487 Role Conflict to each of 3 checks");
    let elsewhere = changed("connect-direct", |connect| {
        failing(FailureReason::WrongSource, None, "192.0.2.45:40022 answered what was sent to 10.0.5.4:40022")(
            &mut connect.pairs[1],
        );
    });
    let lossy = changed("connect-direct", |connect| {
        let echo = connect.echo.as_mut().unwrap();
        (echo.received, echo.loss, echo.loss_out, echo.loss_in) = (440, Some(0.12), Some(0.1), Some(0.02));
    });
    let restored = changed("connect-cut", |connect| {
        connect.state = ConnectState::Connected;
        connect.cuts.truncate(1);
    });
    vec![
        ("ice-no-path", kept("connect-failed")),
        ("ice-no-path", all_failed(FailureReason::NoAnswer, None, "no answer to 7 copies of the check in 8.7 s")),
        ("ice-no-candidate", changed("connect-failed", |connect| connect.pairs.clear())),
        ("ice-other-side-silent", Report { interrupted: false, ..kept("connect-no-answer") }),
        ("ice-wrong-credentials", kept("connect-wrong-credentials")),
        ("ice-relay-denies-peer", kept("connect-failed")),
        ("ice-direct-path-missed", kept("connect-relay")),
        ("ice-one-way", kept("connect-relay")),
        ("ice-answers-from-elsewhere", elsewhere),
        ("ice-role-conflict", conflict),
        ("ice-path-lost", kept("connect-cut")),
        ("ice-path-lost", restored),
        ("path-lossy", lossy),
        ("mdns-candidate-unresolvable", kept("connect-cut")),
    ]
}

#[test]
fn a_good_connection_stays_silent() {
    assert_eq!(judge(&kept("connect-direct")), Vec::new());
}

#[test]
fn whoever_interrupts_is_told_of_no_trouble() {
    assert_eq!(judge(&kept("connect-no-answer")), Vec::new());
    assert!(
        !judge(&Report { interrupted: true, ..kept("connect-failed") }).iter().any(|found| found.code == "ice-no-path")
    );
}
