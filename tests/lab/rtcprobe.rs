//! rtcprobe itself, and its report as the contract has it: names are checked here, not shared.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::namespace::Host;
use crate::process::{Cmd, Finished, Process};

/// `rtcprobe` with these arguments, without the settings of who runs the tests.
pub fn rtcprobe(args: &[&str]) -> Cmd {
    Cmd::new("env")
        .args(["-u", "RTCPROBE_CONFIG", "-u", "RTCPROBE_PROFILE", "HOME=/nonexistent", "XDG_CONFIG_HOME=/nonexistent"])
        .arg(env!("CARGO_BIN_EXE_rtcprobe"))
        .args(args.iter().copied())
}

/// Runs `rtcprobe gather --json` with these arguments on a host.
pub fn gather(host: &Host, args: &[&str]) -> Run {
    start_gather(host, args).finish().into()
}

/// Starts it.
pub fn start_gather(host: &Host, args: &[&str]) -> Process {
    host.spawn(rtcprobe(&[&["gather", "--json"], args].concat()))
}

/// A finished run and its report, or the part of it that matters.
pub struct Run<R = Report> {
    pub finished: Finished,
    pub report: R,
}

impl<R: DeserializeOwned> From<Finished> for Run<R> {
    fn from(finished: Finished) -> Run<R> {
        match serde_json::from_str(&finished.stdout) {
            Ok(report) => Run { finished, report },
            Err(e) => panic!("no report: {e}\n{finished}"),
        }
    }
}

impl<R> std::fmt::Display for Run<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.finished.fmt(f)
    }
}

impl<R> Run<R> {
    pub fn code(&self) -> Option<i32> {
        self.finished.code()
    }

    pub fn expect_code(&self, code: i32) -> &Run<R> {
        assert_eq!(self.code(), Some(code), "exit code\n{self}");
        self
    }
}

impl Run {
    /// The candidates, each as `type/protocol address raddr relayProtocol`, sorted: no ports, no times.
    pub fn set(&self) -> Vec<String> {
        let mut set: Vec<_> = self.candidates().iter().map(Candidate::sketch).collect();
        set.sort();
        set
    }

    pub fn candidates(&self) -> &[Candidate] {
        &self.report.gather.candidates
    }

    /// The only candidate of this type (and transport to its server, for relays).
    pub fn only(&self, kind: &str, relay_protocol: Option<&str>) -> &Candidate {
        let is_it =
            |c: &&Candidate| c.kind == kind && (kind != "relay" || c.relay_protocol.as_deref() == relay_protocol);
        let mut found = self.candidates().iter().filter(is_it);
        match (found.next(), found.next()) {
            (Some(one), None) => one,
            (None, _) => panic!("no {kind} candidate over {relay_protocol:?}\n{self}"),
            _ => panic!("several {kind} candidates over {relay_protocol:?}\n{self}"),
        }
    }

    /// The host candidate of this address.
    pub fn host(&self, address: &str) -> &Candidate {
        let mut found = self.candidates().iter().filter(|c| c.kind == "host" && c.address == address);
        found.next().unwrap_or_else(|| panic!("no host candidate at {address}\n{self}"))
    }

    /// What came of the server of this URL, however short it is written.
    pub fn server(&self, url: &str) -> &Server {
        let url = canonical(url);
        let found: Vec<_> = self.report.servers.iter().filter(|server| server.url == url).collect();
        assert_eq!(found.len(), 1, "servers at {url}\n{self}");
        found[0]
    }

    /// Asserts what came of the server of this URL.
    pub fn expect_outcome(&self, url: &str, outcome: &str) -> &Server {
        let server = self.server(url);
        assert_eq!(server.outcome, outcome, "{url}\n{self}");
        server
    }
}

/// A URL as reports have it: with its port, and its transport when it is a TURN server's.
fn canonical(url: &str) -> String {
    let (rest, transport) = url.split_once('?').map_or((url, None), |(rest, query)| (rest, Some(query)));
    let (scheme, host) = rest.split_once(':').unwrap();
    let secure = scheme.ends_with('s');
    let has_port = host.rsplit_once(':').is_some_and(|(host, _)| !host.contains(':') || host.ends_with(']'));
    let port = match (has_port, secure) {
        (true, _) => "",
        (false, false) => ":3478",
        (false, true) => ":5349",
    };
    let transport = match (scheme, transport) {
        ("stun" | "stuns", _) => String::new(),
        (_, Some(transport)) => format!("?{transport}"),
        ("turns", None) => "?transport=tcp".into(),
        (_, None) => "?transport=udp".into(),
    };
    format!("{scheme}:{host}{port}{transport}")
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub schema_version: u32,
    pub command: String,
    pub duration_ms: f64,
    pub verdict: String,
    #[serde(default)]
    pub interrupted: bool,
    pub servers: Vec<Server>,
    pub gather: Gather,
    pub unknown: BTreeMap<String, String>,
    pub findings: Vec<Finding>,
}

#[derive(Debug, Deserialize)]
pub struct Finding {
    pub code: String,
}

impl Report {
    /// The codes of the findings, errors first.
    pub fn codes(&self) -> Vec<&str> {
        self.findings.iter().map(|finding| finding.code.as_str()).collect()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Server {
    pub url: String,
    pub username: Option<String>,
    pub resolved: Vec<String>,
    pub outcome: String,
    pub rtt_ms: Option<f64>,
    pub software: Option<String>,
    pub error: Option<String>,
    pub tls: Option<Tls>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tls {
    pub version: Option<String>,
    pub trusted: bool,
    pub distrust: Option<String>,
    pub not_after: Option<String>,
    pub subject_alt_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gather {
    pub candidates: Vec<Candidate>,
    pub errors: Vec<IceError>,
    pub complete_ms: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    pub elapsed_ms: f64,
    pub candidate: String,
    pub component: String,
    pub foundation: String,
    pub protocol: String,
    pub address: String,
    pub port: u16,
    pub priority: u32,
    #[serde(rename = "type")]
    pub kind: String,
    pub tcp_type: Option<String>,
    pub related_address: Option<String>,
    pub related_port: Option<u16>,
    pub relay_protocol: Option<String>,
    pub url: Option<String>,
    pub interface: Option<String>,
}

impl Candidate {
    pub fn sketch(&self) -> String {
        let related = self.related_address.as_deref().unwrap_or("-");
        let relay = self.relay_protocol.as_deref().unwrap_or("-");
        format!("{}/{} {} {related} {relay}", self.kind, self.protocol, self.address)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IceError {
    pub elapsed_ms: f64,
    pub url: String,
    pub address: Option<String>,
    pub port: Option<u16>,
    pub error_code: u16,
    pub error_text: String,
}
