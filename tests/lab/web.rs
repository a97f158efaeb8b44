//! rtcprobe connects with browsers and with a media server of other people.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::ChildStdout;

use serde_json::Value;

use crate::coturn::{Coturn, PASSWORD, USER};
use crate::namespace::Host;
use crate::process::{Cmd, Process};
use crate::rtcprobe::rtcprobe;
use crate::topology::Lab;

/// The media server: WHIP and WHEP over aiortc.
const MEDIA_SERVER: &str = include_str!("media_server.py");

/// The browsers that are known to these tests.
#[derive(Clone, Copy, PartialEq)]
enum Browser {
    Chromium,
    Firefox,
}

impl Browser {
    fn open(self, lab: &Lab, url: &str) -> Process {
        let profile =
            lab.dir().join(format!("profile-{}", if self == Browser::Firefox { "firefox" } else { "chromium" }));
        fs::create_dir_all(&profile).unwrap();
        let shown = profile.display();
        let cmd = match self {
            Browser::Chromium => Cmd::new("chromium")
                .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"])
                .args(["--disable-background-networking", "--disable-extensions", "--disable-component-update"])
                .arg(format!("--user-data-dir={shown}")),
            Browser::Firefox => {
                Cmd::new("firefox-esr").args(["--headless", "--no-remote", "--profile"]).arg(profile.clone())
            }
        };
        lab.client.spawn(cmd.arg(url).env("HOME", lab.dir()))
    }
}

/// A run whose conversation can be listened to; its report is in a file.
struct Run {
    process: Process,
    said: BufReader<ChildStdout>,
    report: std::path::PathBuf,
}

impl Run {
    fn start(host: &Host, lab: &Lab, args: &[&str]) -> Run {
        let report = lab.dir().join("report.json");
        let cmd = rtcprobe(&[&["connect", "--json", "--no-default-servers"], args].concat());
        let words = cmd.words();
        let shell = Cmd::new("sh")
            .args(["-c", "exec \"$@\" 2>&1 >\"$REPORT\"", "sh"])
            .args(words)
            .env("REPORT", report.as_os_str());
        let (process, _stdin, stdout) = host.spawn_open(shell);
        Run { process, said: BufReader::new(stdout), report }
    }

    /// The address of the page.
    fn url(&mut self) -> String {
        let mut line = String::new();
        while self.said.read_line(&mut line).unwrap() > 0 {
            if let Some(url) = line.split_whitespace().find(|word| word.starts_with("http://")) {
                return url.to_owned();
            }
            line.clear();
        }
        panic!("no address was printed");
    }

    fn report(mut self) -> Value {
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        let finished = self.process.finish();
        let text = fs::read_to_string(&self.report).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|why| panic!("{why}\n{finished}\n{said}"))
    }
}

fn connects(browser: Browser, more: &[&str]) -> Value {
    let lab = Lab::usual();
    let _coturn = Coturn::usual(&lab);
    let mut run = Run::start(&lab.client, &lab, &[&["browser", "-4"], more].concat());
    let page = browser.open(&lab, &run.url());
    let report = run.report();
    drop(page);
    let connect = &report["connect"];
    assert_eq!(connect["signalling"], "browser");
    assert!(connect["connectedMs"].is_number(), "{connect:#}");
    let view = &connect["otherView"];
    let name = if browser == Browser::Firefox { "Firefox" } else { "Chrome" };
    assert!(view["agent"].as_str().unwrap().starts_with(name), "{view:#}");
    assert!(["connected", "completed"].contains(&view["iceState"].as_str().unwrap()), "{view:#}");
    let kinds: Vec<&str> = view["stats"].as_array().unwrap().iter().filter_map(|one| one["type"].as_str()).collect();
    assert!(kinds.contains(&"candidate-pair") && kinds.contains(&"remote-candidate"), "{kinds:?}");
    report
}

fn connects_in_every_way(browser: Browser) {
    for offers in [&[][..], &["--browser-offers"]] {
        let report = connects(browser, offers);
        assert_eq!(report["connect"]["selected"]["path"], "direct", "{offers:?}");
    }
    let turn = ["turn:203.0.113.10", "--username", USER, "--credential", PASSWORD, "--policy", "relay"];
    let report = connects(browser, &turn);
    assert_eq!(report["connect"]["selected"]["path"], "relay");
    assert!(!report.to_string().contains(PASSWORD), "the password is nobody's");
}

#[test]
#[ignore = "needs Chromium"]
fn chromium_connects_directly_and_through_relays_in_either_role() {
    connects_in_every_way(Browser::Chromium);
}

#[test]
#[ignore = "needs Firefox"]
fn firefox_connects_directly_and_through_relays_in_either_role() {
    connects_in_every_way(Browser::Firefox);
}

#[test]
#[ignore = "needs python3-aiortc and python3-aiohttp"]
fn a_media_server_of_other_people_connects_over_whip_and_whep() {
    for (option, path, environment) in [
        ("--whip", "whip", ("TRICKLE", "yes")),
        ("--whip", "whip", ("TRICKLE", "no")),
        ("--whip", "whip", ("LINK", "<stun:203.0.113.10>; rel=\"ice-server\"")),
        ("--whep", "whep", ("TRICKLE", "yes")),
        ("--whep", "whep", ("COUNTER", "406")),
        ("--whep", "whep", ("COUNTER", "201")),
    ] {
        let lab = Lab::usual();
        let _coturn = Coturn::usual(&lab);
        let (name, value) = environment;
        let python = Cmd::new("python3").args(["-c", MEDIA_SERVER, "203.0.113.11"]).env(name, value);
        let (_server, _stdin, stdout) = lab.server.spawn_open(python.env("BEARER", "sesame"));
        let mut log = BufReader::new(stdout);
        let mut line = String::new();
        log.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "IS python3-aiortc INSTALLED?");
        let url = format!("http://203.0.113.11:8099/{path}");
        let cmd =
            rtcprobe(&["connect", option, &url, "--json", "--no-default-servers"]).env("RTCPROBE_BEARER", "sesame");
        let finished = lab.client.exec(cmd);
        let report: Value = serde_json::from_str(&finished.stdout).unwrap_or_else(|why| panic!("{why}: {finished}"));
        let connect = &report["connect"];
        assert_eq!(finished.code(), Some(0), "{option} {environment:?}: {finished}");
        assert_eq!(connect["selected"]["path"], "direct", "{option} {environment:?}: {connect:#}");
        let srflx = connect["local"]["candidates"].as_array().unwrap().iter().any(|one| one["type"] == "srflx");
        assert_eq!(srflx, name == "LINK", "ICE servers come from its links: {connect:#}");
        while line != "deleted\n" {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "the session was not ended");
        }
    }
}
