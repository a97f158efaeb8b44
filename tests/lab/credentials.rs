//! Who is let in, what is let go of, and what is kept quiet.

use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use nix::sys::signal::Signal;
use sha1::Sha1;

use crate::certificates::{Authority, Leaf};
use crate::coturn::{Coturn, Options, PASSWORD, SECRET, USER};
use crate::rtcprobe::{Run, gather, rtcprobe, start_gather};
use crate::topology::Lab;

const TURN: &str = "turn:203.0.113.10:3478?transport=udp";
const LOGIN: [&str; 5] = ["--username", USER, "--credential", PASSWORD, TURN];

fn expect_unauthorized(run: &Run) {
    run.expect_outcome(TURN, "unauthorized");
    let [error] = run.report.gather.errors.as_slice() else { panic!("one error\n{run}") };
    // coturn's phrase, which Chromium does not show.
    assert_eq!((error.error_code, error.error_text.trim_end()), (401, "Unauthorized"), "{run}");
    assert_eq!(error.address.as_deref(), Some("10.0.0.2"), "{run}");
    assert!(error.url.starts_with("turn:203.0.113.10"), "{run}");
    assert_eq!(error.port, Some(run.host("10.0.0.2").port), "{run}");
    assert!(!run.candidates().iter().any(|c| c.kind == "relay"), "{run}");
    // The mapped address came all the same: a browser has it too.
    run.only("srflx", None);
    run.expect_code(1);
    assert_eq!(run.report.verdict, "fail", "{run}");
}

#[test]
fn a_wrong_password_is_told_in_the_servers_words() {
    let lab = Lab::usual();
    let _coturn = Coturn::usual(&lab);
    expect_unauthorized(&gather(&lab.client, &[TURN, "--username", USER, "--credential", "no"]));
}

#[test]
fn an_unknown_user_is_told_in_the_servers_words() {
    let lab = Lab::usual();
    let _coturn = Coturn::usual(&lab);
    expect_unauthorized(&gather(&lab.client, &[TURN, "--username", "hatter", "--credential", PASSWORD]));
}

#[test]
fn credentials_are_made_from_a_shared_secret() {
    let lab = Lab::usual();
    let _coturn = Coturn::start(&lab, Options { rest: true, ..Options::default() });
    let run = gather(&lab.client, &[TURN, "--secret", SECRET]);
    run.expect_code(0);
    run.only("relay", Some("udp"));
    let (expiry, _) = {
        let name = run.server(TURN).username.clone().unwrap();
        let (expiry, user) = name.split_once(':').map_or((name.as_str(), ""), |parts| parts);
        (expiry.parse::<u64>().unwrap_or_else(|_| panic!("{name}")), user.to_owned())
    };
    assert!(expiry > 1_600_000_000, "{run}");
    assert!(!run.to_string().contains(&rest_password(&run.server(TURN).username.clone().unwrap())), "{run}");
    expect_unauthorized(&gather(&lab.client, &[TURN, "--secret", "not-it"]));
}

#[test]
fn expired_time_limited_credentials_are_refused() {
    let lab = Lab::usual();
    let _coturn = Coturn::start(&lab, Options { rest: true, ..Options::default() });
    let username = "1000000000:alice";
    let run = gather(&lab.client, &[TURN, "--username", username, "--credential", &rest_password(username)]);
    expect_unauthorized(&run);
    assert_eq!(run.report.codes(), ["auth-rest-expired"], "{run}");
}

/// The TURN REST API's password for a user name that begins with its time of expiry.
fn rest_password(username: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(username.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[test]
fn every_allocation_is_given_back() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let coturn = Coturn::with_identity(&lab, authority.issue(Leaf::Good));
    let ca = authority.file();
    let more = [
        "turn:203.0.113.10:3478?transport=tcp",
        "turns:203.0.113.10:5349?transport=tcp",
        "turns:203.0.113.10:5349?transport=udp",
        // Makes the run a failure.
        "stun:203.0.113.77",
        "--ca-file",
        &ca,
    ];
    let run = gather(&lab.client, &[&LOGIN[..], &more].concat());
    run.expect_code(1);
    assert_eq!(coturn.allocated(), 4, "{run}\n{}", coturn.log());
    // In so many words, not by the closing of a connection.
    assert_eq!(coturn.released(), 4, "{run}\n{}", coturn.log());
    assert_eq!(coturn.allocations_left(), 0, "{run}\n{}", coturn.log());
}

#[test]
fn a_user_with_a_quota_of_one_can_gather_again_and_again() {
    let lab = Lab::usual();
    let coturn = Coturn::start(&lab, Options { user_quota: Some(1), ..Options::default() });
    for _ in 0..3 {
        gather(&lab.client, &LOGIN).expect_code(0).only("relay", Some("udp"));
        // coturn counts an allocation until its next tick.
        assert_eq!(coturn.allocations_left(), 0, "{}", coturn.log());
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_quota_that_is_used_up_is_told() {
    let lab = Lab::usual();
    let _coturn = Coturn::start(&lab, Options { user_quota: Some(1), ..Options::default() });
    let run = gather(&lab.client, &[&LOGIN[..], &["turn:203.0.113.10:3478?transport=tcp"]].concat());
    run.expect_code(1);
    let [error] = run.report.gather.errors.as_slice() else { panic!("one error\n{run}") };
    assert_eq!((error.error_code, error.error_text.trim_end()), (486, "Allocation Quota Reached"), "{run}");
    assert_eq!(run.report.codes(), ["alloc-quota-reached"], "{run}");
}

#[test]
fn an_interrupt_gives_back_allocations_and_prints_what_was_found() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        interrupt_with(signal);
    }
}

fn interrupt_with(signal: Signal) {
    let lab = Lab::usual();
    let coturn = Coturn::usual(&lab);
    // The silent server keeps the run going.
    let running = start_gather(&lab.client, &[&LOGIN[..], &["stun:203.0.113.66"]].concat());
    while coturn.allocated() == 0 {
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(Duration::from_millis(300));
    running.signal(signal);
    let run: Run = running.finish().into();
    run.expect_code(130);
    assert!(run.report.interrupted && run.report.gather.complete_ms.is_none(), "{run}");
    assert!(run.report.unknown.contains_key("/gather/completeMs"), "{run}");
    assert!(run.finished.took < Duration::from_secs(4), "{run}");
    run.only("relay", Some("udp"));
    run.only("srflx", None);
    assert_eq!(coturn.allocations_left(), 0, "{run}\n{}", coturn.log());
}

#[test]
fn an_interrupt_right_after_the_start_leaves_nothing_behind() {
    let lab = Lab::usual();
    let coturn = Coturn::usual(&lab);
    for delay in [5, 10, 15, 20, 30, 45] {
        let running = start_gather(&lab.client, &[&LOGIN[..], &["stun:203.0.113.66"]].concat());
        thread::sleep(Duration::from_millis(delay));
        running.signal(Signal::SIGINT);
        let finished = running.finish();
        assert!(finished.code() == Some(130) || finished.code().is_none(), "{delay} ms: {finished}");
        assert_eq!(coturn.allocations_left(), 0, "{delay} ms: {finished}\n{}", coturn.log());
    }
}

#[test]
fn secrets_are_never_printed() {
    let lab = Lab::usual();
    let _coturn = Coturn::usual(&lab);
    for verbosity in ["-v", "-vv", "-vvv"] {
        for how in [&["--json"][..], &["--output", "jsonl"], &[]] {
            let args = [&["gather", verbosity], how, &LOGIN[..]].concat();
            let run = lab.client.exec(rtcprobe(&args));
            assert!(!(run.stdout.clone() + &run.stderr).contains(PASSWORD), "{args:?}");
        }
        let args = ["gather", verbosity, TURN, "--secret", SECRET];
        let run = lab.client.exec(rtcprobe(&args));
        assert!(!(run.stdout.clone() + &run.stderr).contains(SECRET), "{args:?}");
    }
}
