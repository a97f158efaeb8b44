//! The part of the report that is about NATs, as the contract has it: names are checked here, not
//! shared.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::namespace::Host;
use crate::process::{Finished, Process};
use crate::rtcprobe::rtcprobe;

/// Runs `rtcprobe nat --json` with these arguments on a host.
pub fn nat(host: &Host, args: &[&str]) -> Seen {
    start_nat(host, args).finish().into()
}

pub fn start_nat(host: &Host, args: &[&str]) -> Process {
    host.spawn(rtcprobe(&[&["nat", "--json"], args].concat()))
}

/// A finished run and its report.
#[derive(Debug)]
pub struct Seen {
    pub finished: Finished,
    report: Value,
}

impl From<Finished> for Seen {
    fn from(finished: Finished) -> Seen {
        match serde_json::from_str(&finished.stdout) {
            Ok(report) => Seen { finished, report },
            Err(e) => panic!("no report: {e}\n{finished}"),
        }
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.finished.fmt(f)
    }
}

impl Seen {
    /// A fact about the NAT; null when it is not known.
    pub fn fact(&self, name: &str) -> &Value {
        self.report["nat"].get(name).unwrap_or_else(|| panic!("no /nat/{name}\n{self}"))
    }

    /// A fact that is a word.
    pub fn word(&self, name: &str) -> &str {
        self.fact(name).as_str().unwrap_or("null")
    }

    /// Why a fact is not known.
    pub fn why_not(&self, name: &str) -> Option<&str> {
        self.report["unknown"][format!("/nat/{name}")].as_str()
    }

    /// `eim-adf` and the like; `?` for what is unknown.
    pub fn kind(&self) -> String {
        format!("{}-{}", short(self.word("mapping"), 'm'), short(self.word("filtering"), 'f'))
    }

    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.report["durationMs"].as_f64().unwrap() / 1e3)
    }

    /// What is unknown has a reason.
    pub fn unexplained(&self) -> Vec<&'static str> {
        let unknown = |name: &&str| matches!(self.word(name), "unknown") && self.why_not(name).is_none();
        ["udp", "mapping", "filtering"].into_iter().filter(unknown).collect()
    }
}

fn short(word: &str, axis: char) -> String {
    match word {
        "endpoint-independent" => format!("ei{axis}"),
        "address-dependent" => format!("ad{axis}"),
        "address-and-port-dependent" => format!("apd{axis}"),
        "none" => "none".into(),
        "unknown" => "?".into(),
        other => panic!("{other} is no behaviour"),
    }
}

/// Does something with each of many, a few at a time; the results in order.
pub fn side_by_side<T: Sync, R: Send>(at_a_time: usize, all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..at_a_time {
            scope.spawn(|| {
                while let Some((n, one)) = {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    all.get(n).map(|one| (n, one))
                } {
                    let result = work(one);
                    done.lock().unwrap().push((n, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, result)| result).collect()
}
