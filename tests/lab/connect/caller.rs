//! `rtcprobe connect` as one side of a meeting, and its report.

use std::path::PathBuf;

use serde_json::Value;

use super::meeting::Talker;
use super::place::Place;
use crate::namespace::Host;
use crate::rtcprobe::rtcprobe;

/// rtcprobe on a host, which is told of the other side by lines; where its report will be.
pub fn call(place: &Place, host: &Host, offer: bool, args: &[&str]) -> (Talker, Report) {
    let part = if offer { "offer" } else { "answer" };
    let file = place.world.dir().join(format!("{}-{part}.json", place.next()));
    let cmd = rtcprobe(&[&["connect", part, "-", "--no-progress"], args].concat());
    let cmd = cmd.arg("--output").arg(format!("json={}", file.display()));
    let talker = Talker { leaves: true, ..Talker::program(host, &format!("rtcprobe {part}"), cmd) };
    (talker, Report { file })
}

/// The report of a run.
pub struct Report {
    file: PathBuf,
}

impl Report {
    /// What it says of the connection, once the run is over.
    pub fn connect(&self) -> Value {
        self.whole()["connect"].take()
    }

    pub fn whole(&self) -> Value {
        let text = std::fs::read_to_string(&self.file).unwrap_or_else(|e| panic!("no report: {e}"));
        serde_json::from_str(&text).unwrap()
    }

    /// `direct`, `relay` or `none`.
    pub fn path(&self) -> String {
        self.connect()["selected"]["path"].as_str().unwrap_or("none").to_owned()
    }
}
