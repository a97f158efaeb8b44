//! Other sides that say nonsense, too much, or what is not true.

use std::time::{Duration, Instant};

use super::caller::call;
use super::meeting::meet_with;
use super::place::Place;
use crate::behaviour::report::side_by_side;
use crate::rtcprobe::rtcprobe;
use crate::site::Gate;

/// A description that nobody stands behind.
const DESCRIPTION: &str = r#"{"type":"description","role":"answer","ufrag":"abcd","pwd":"0123456789012345678901"}"#;

#[test]
fn nonsense_ends_with_one_sentence_and_little_memory() {
    let place = Place::new();
    let site = place.world.site(Gate::called("none"));
    let flood = format!(
        "echo '{DESCRIPTION}'; i=0; while [ $i -lt 60000 ]; do i=$((i+1)); echo \
         '{{\"type\":\"candidate\",\"candidate\":\"candidate:'$i' 1 udp '$i' 198.51.100.77 '$i' typ host\"}}'; done; sleep 3"
    );
    let cases = [
        ("nothing", "true", 2..=3),
        ("words", "echo hello; sleep 3", 2..=3),
        ("no description", r#"echo '{"type":"complete"}'; sleep 3"#, 1..=3),
        ("bytes", "head -c 100000 /dev/urandom; sleep 3", 2..=3),
        ("an endless line", "tr '\\0' x < /dev/zero", 1..=3),
        ("endless lines", r#"yes '{"type":"poem"}'"#, 1..=3),
        ("a flood of candidates", flood.as_str(), 1..=1),
        ("nobody there", &format!("echo '{DESCRIPTION}'; echo '{{\"type\":\"complete\"}}'; sleep 20"), 1..=1),
    ];
    side_by_side(4, &cases, |(name, command, code)| {
        let args = ["connect", "--no-default-servers", "--no-progress", "--timeout", "5s", "--exec", command];
        let began = Instant::now();
        let (finished, memory, files) = site.client.spawn(rtcprobe(&args)).finish_watched();
        let said = finished.stderr.lines().next().unwrap_or_default().to_owned();
        println!("{name}: {:?} after {:.1?}, {memory} KiB, {files} files: {said}", finished.code(), began.elapsed());
        assert!(finished.code().is_some_and(|found| code.contains(&found)), "{name}: {finished}");
        assert!(!finished.stderr.contains("panicked"), "{finished}");
        assert!(began.elapsed() < Duration::from_secs(15), "{name}: {finished}");
        assert!(memory < 96 * 1024, "{name}: {memory} KiB");
    });
}

#[test]
fn a_side_with_another_password_is_told_from_one_that_is_not_there() {
    let place = Place::new();
    let [a, b] = [(); 2].map(|()| place.world.site(Gate::called("none")));
    let args = ["--no-default-servers", "--timeout", "5s"];
    let (offer, offered) = call(&place, &a.client, true, &args);
    let (answer, answered) = call(&place, &b.client, false, &args);
    let spoil = |mut message: serde_json::Value| {
        if message["type"] == "description" {
            message["pwd"] = "0123456789012345678901".into();
        }
        message
    };
    meet_with(offer, answer, |_| true, spoil);
    for report in [offered, answered] {
        let connect = report.connect();
        let causes: Vec<_> =
            connect["pairs"].as_array().unwrap().iter().map(|pair| &pair["failure"]["cause"]).collect();
        assert!(causes.iter().any(|cause| **cause == "wrong-credentials"), "{connect:#}");
        assert!(!connect["refused"].as_array().unwrap().is_empty(), "{connect:#}");
    }
}
