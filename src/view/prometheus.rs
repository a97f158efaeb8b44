//! The text format of Prometheus, for the textfile collector of node_exporter. What was not
//! measured has no sample.

use std::collections::HashSet;
use std::path::Path;

use super::escape::visible;
use super::tables::name;
use super::time;
use crate::report::connect::PairState;
use crate::report::{Report, Severity, StepOutcome, Verdict};

/// A sample's labels and value.
type Sample = (Vec<(&'static str, String)>, f64);

/// Every metric with its help and type; families in a fixed order, one after the other. `file` is where
/// the text goes: its name without its ending is the label `run`, so that several files may lie side by
/// side in one folder, where no sample may stand twice.
#[must_use]
pub fn text(report: &Report, file: Option<&Path>) -> String {
    let mut own = vec![("command", report.command.clone())];
    own.extend(file.and_then(Path::file_stem).map(|run| ("run", run.to_string_lossy().into_owned())));
    let mut out = Families { text: String::new(), own };
    run(report, &mut out);
    servers(report, &mut out);
    stations(report, &mut out);
    quality(report, &mut out);
    behaviour(report, &mut out);
    connection(report, &mut out);
    out.text
}

fn run(report: &Report, out: &mut Families) {
    let info = vec![("version", report.tool.version.clone())];
    out.add("rtcprobe_run_info", "What ran.", vec![(info, 1.0)]);
    let one = |value: f64| vec![(Vec::new(), value)];
    let started = time::unix(&report.started_at).map(one).unwrap_or_default();
    out.add("rtcprobe_run_timestamp_seconds", "When the run began, in Unix time.", started);
    out.add("rtcprobe_run_duration_seconds", "How long the run took.", one(report.duration_ms / 1e3));
    out.add(
        "rtcprobe_run_interrupted",
        "Whether the run was interrupted.",
        one(f64::from(u8::from(report.interrupted))),
    );
    let verdict =
        |verdict: Verdict| (vec![("verdict", name(&verdict))], f64::from(u8::from(report.verdict == verdict)));
    let verdicts = [Verdict::Pass, Verdict::Warn, Verdict::Fail].map(verdict).to_vec();
    out.add("rtcprobe_verdict", "What the run amounts to: 1 for the verdict that holds.", verdicts);
    let count = |severity: Severity| {
        let count = report.findings.iter().filter(|finding| finding.severity == severity).count();
        (vec![("severity", name(&severity))], count as f64)
    };
    let counts = [Severity::Error, Severity::Warning, Severity::Info].map(count).to_vec();
    out.add("rtcprobe_findings", "Findings by severity.", counts);
    let findings = report
        .findings
        .iter()
        .map(|finding| (vec![("code", finding.code.clone()), ("severity", name(&finding.severity))], 1.0));
    out.add("rtcprobe_finding_info", "Each finding that holds.", findings.collect());
    let expectations = report.expectations.iter().filter_map(|expectation| {
        Some((vec![("expect", expectation.expect.clone())], f64::from(u8::from(expectation.met?))))
    });
    out.add("rtcprobe_expectation_met", "Whether an expectation came true.", expectations.collect());
}

fn servers(report: &Report, out: &mut Families) {
    let at = |server: &crate::report::Server| {
        vec![("url", server.url.clone()), ("address", server.resolved.last().cloned().unwrap_or_default())]
    };
    let asked = report.servers.iter().filter(|server| server.outcome != crate::report::Outcome::Skipped);
    let ok = asked.map(|server| (at(server), f64::from(u8::from(server.outcome == crate::report::Outcome::Ok))));
    out.add("rtcprobe_server_ok", "Whether a server gave all that was wanted of it.", ok.collect());
    let rtt = report.servers.iter().filter_map(|server| Some((at(server), server.rtt_ms? / 1e3)));
    let help = "Round-trip time of the first request that was answered without retransmission.";
    out.add("rtcprobe_server_round_trip_time_seconds", help, rtt.collect());
    let mut kinds: Vec<Sample> = Vec::new();
    for candidate in report.gather.iter().flat_map(|gather| &gather.candidates) {
        let labels = vec![("type", name(&candidate.kind)), ("protocol", name(&candidate.protocol))];
        match kinds.iter_mut().find(|(there, _)| *there == labels) {
            Some((_, count)) => *count += 1.0,
            None => kinds.push((labels, 1.0)),
        }
    }
    out.add("rtcprobe_candidates", "Candidates that were gathered.", kinds);
    let certificates = report
        .servers
        .iter()
        .filter_map(|server| Some((at(server), time::unix(server.tls.as_ref()?.not_after.as_ref()?)?)));
    let help = "When the server's certificate ends, in Unix time.";
    out.add("rtcprobe_certificate_not_after_timestamp_seconds", help, certificates.collect());
}

fn at(turn: &crate::report::Turn) -> Vec<(&'static str, String)> {
    vec![("url", turn.url.clone()), ("address", turn.address.clone().unwrap_or_default())]
}

fn stations(report: &Report, out: &mut Families) {
    let works = report.turn.iter().filter_map(|turn| Some((at(turn), f64::from(u8::from(turn.works?)))));
    out.add("rtcprobe_turn_works", "Whether every step that a browser needs works.", works.collect());
    let steps = || report.turn.iter().flat_map(|turn| turn.steps.iter().map(move |step| (turn, step)));
    let label = |turn: &crate::report::Turn, step: &crate::report::Step| {
        let mut labels = at(turn);
        labels.push(("step", step.name.as_str().into()));
        labels
    };
    let done = steps().filter(|(_, step)| step.outcome != StepOutcome::Skipped);
    let ok = done.map(|(turn, step)| (label(turn, step), f64::from(u8::from(step.outcome == StepOutcome::Ok))));
    out.add("rtcprobe_turn_step_ok", "Whether a step went well; skipped ones have no sample.", ok.collect());
    let took = steps().filter_map(|(turn, step)| Some((label(turn, step), step.duration_ms? / 1e3)));
    out.add("rtcprobe_turn_step_duration_seconds", "How long a step took.", took.collect());
}

fn quality(report: &Report, out: &mut Families) {
    let echoes = || report.turn.iter().filter_map(|turn| Some((turn, turn.echo.as_ref()?)));
    let sent = echoes().map(|(turn, echo)| (at(turn), echo.sent as f64));
    out.add("rtcprobe_turn_relay_datagrams_sent", "Datagrams that were sent through the relay.", sent.collect());
    let received = echoes().map(|(turn, echo)| (at(turn), echo.received as f64));
    out.add("rtcprobe_turn_relay_datagrams_received", "Datagrams that came through the relay.", received.collect());
    let loss = echoes().filter(|(_, echo)| echo.sent > 0).map(|(turn, echo)| (at(turn), echo.loss_ratio));
    out.add("rtcprobe_turn_relay_loss_ratio", "Share of the datagrams that was lost, from 0 to 1.", loss.collect());
    let rtt = echoes().filter_map(|(turn, echo)| Some((turn, echo.rtt_ms.as_ref()?))).flat_map(|(turn, rtt)| {
        let of = [
            ("min", rtt.min),
            ("mean", rtt.mean),
            ("p50", rtt.p50),
            ("p95", rtt.p95),
            ("p99", rtt.p99),
            ("max", rtt.max),
        ];
        of.map(|(stat, value)| {
            let mut labels = at(turn);
            labels.push(("stat", stat.into()));
            (labels, value / 1e3)
        })
    });
    let help = "Round-trip time through the relay: minimum, mean, percentiles, maximum.";
    out.add("rtcprobe_turn_relay_round_trip_time_seconds", help, rtt.collect());
    let jitter = echoes().filter_map(|(turn, echo)| Some((at(turn), echo.jitter_ms? / 1e3)));
    out.add("rtcprobe_turn_relay_jitter_seconds", "Interarrival jitter (RFC 3550).", jitter.collect());
}

fn behaviour(report: &Report, out: &mut Families) {
    let Some(nat) = &report.nat else { return };
    let labels = vec![
        ("mapping", name(&nat.mapping)),
        ("filtering", name(&nat.filtering)),
        ("legacy_type", name(&nat.legacy_type)),
        ("udp", name(&nat.udp)),
    ];
    out.add("rtcprobe_nat_behavior_info", "How the NAT behaves, in the words of RFC 4787.", vec![(labels, 1.0)]);
    let yes = |fact: Option<bool>| fact.map(|yes| vec![(Vec::new(), f64::from(u8::from(yes)))]).unwrap_or_default();
    out.add("rtcprobe_nat_present", "Whether addresses or ports are rewritten.", yes(nat.nat));
    out.add("rtcprobe_nat_hairpinning", "Whether packets to an own public address come back.", yes(nat.hairpinning));
    let lifetime = nat.mapping_lifetime_ms.map(|ms| vec![(Vec::new(), ms / 1e3)]).unwrap_or_default();
    out.add("rtcprobe_nat_mapping_lifetime_seconds", "How long an idle mapping lives.", lifetime);
}

fn connection(report: &Report, out: &mut Families) {
    let Some(connect) = &report.connect else { return };
    let one = |value: Option<f64>| value.map(|value| vec![(Vec::new(), value)]).unwrap_or_default();
    let selected = connect.selected.as_ref();
    out.add(
        "rtcprobe_connect_connected",
        "Whether a pair was selected.",
        one(Some(f64::from(u8::from(selected.is_some())))),
    );
    let took = connect.connected_ms.zip(connect.checking_ms).map(|(connected, checking)| (connected - checking) / 1e3);
    out.add("rtcprobe_connect_duration_seconds", "From the first possible check to the selected pair.", one(took));
    let labels = selected.map(|selected| {
        let labels = vec![
            ("local_type", name(&selected.local_type)),
            ("remote_type", name(&selected.remote_type)),
            ("protocol", name(&selected.protocol)),
            ("path", name(&selected.path)),
        ];
        vec![(labels, 1.0)]
    });
    out.add("rtcprobe_connect_selected_info", "The pair in use.", labels.unwrap_or_default());
    let states =
        [PairState::Frozen, PairState::Waiting, PairState::InProgress, PairState::Succeeded, PairState::Failed];
    let count = |state: PairState| {
        let count = connect.pairs.iter().filter(|pair| pair.state == state).count();
        (vec![("state", name(&state))], count as f64)
    };
    out.add("rtcprobe_connect_pairs", "Pairs of candidates by state.", states.map(count).to_vec());
    let Some(echo) = &connect.echo else { return };
    let stats =
        [("min", echo.rtt_min_ms), ("p50", echo.rtt_median_ms), ("p95", echo.rtt_p95_ms), ("max", echo.rtt_max_ms)];
    let stats = stats.iter().filter_map(|(stat, value)| Some((vec![("stat", (*stat).into())], (*value)? / 1e3)));
    out.add("rtcprobe_connect_round_trip_time_seconds", "Round-trip time over the selected pair.", stats.collect());
    let loss = echo.loss.filter(|_| echo.echoed);
    out.add("rtcprobe_connect_loss_ratio", "Share of the packets that did not come back, from 0 to 1.", one(loss));
    let jitter = echo.jitter_ms.map(|ms| ms / 1e3);
    out.add("rtcprobe_connect_jitter_seconds", "Interarrival jitter (RFC 3550).", one(jitter));
}

/// Metric families, written one after the other.
struct Families {
    text: String,
    /// Labels of every sample.
    own: Vec<(&'static str, String)>,
}

impl Families {
    /// A family that has no sample is left out; of samples with the same labels the first counts.
    fn add(&mut self, family: &str, help: &str, samples: Vec<Sample>) {
        let mut written: HashSet<String> = HashSet::new();
        for (labels, value) in samples.into_iter().filter(|(_, value)| value.is_finite()) {
            let labels = self.own.iter().chain(&labels).map(|(label, text)| format!("{label}=\"{}\"", escaped(text)));
            let labels = labels.collect::<Vec<_>>().join(",");
            if written.is_empty() {
                self.text.push_str(&format!("# HELP {family} {help}\n# TYPE {family} gauge\n"));
            }
            if written.insert(labels.clone()) {
                // Nanoseconds; what is finer comes from dividing.
                let value = (value * 1e9).round() / 1e9;
                self.text.push_str(&format!("{family}{{{labels}}} {value}\n"));
            }
        }
    }
}

/// A label's value: nothing ends it early, and nothing in it is invisible.
fn escaped(text: &str) -> String {
    visible(text).replace('\\', "\\\\").replace('"', "\\\"")
}
