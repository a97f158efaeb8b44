//! A report out of the bytes of a file that anybody may have written.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use super::shape;
use crate::report::{Report, SCHEMA_VERSION};

/// More than any report takes, unpacked or not.
pub const LARGEST: u64 = 16 * 1024 * 1024;

/// Why a file is no report, in words that go on after its name and a colon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("it is empty; a report is what rtcprobe prints with --json")]
    Empty,
    #[error("it is larger than {} MiB; no report is", LARGEST / 1024 / 1024)]
    TooLarge,
    #[error("it cannot be unpacked: {0}")]
    NotGzip(String),
    #[error("it is not text in UTF-8")]
    NotText,
    #[error("{0}")]
    Shape(String),
    #[error("it is not JSON: {0}")]
    NotJson(String),
    #[error("it is no report of rtcprobe: it has no schemaVersion")]
    NoVersion,
    #[error("its schemaVersion is {0}, and this rtcprobe knows {SCHEMA_VERSION} at most; read it with a newer one")]
    Newer(u64),
    #[error("its schemaVersion is {0}, which was never written")]
    NeverWritten(u64),
    #[error("it is no whole report: {0}")]
    NotWhole(String),
}

/// Reads a report: JSON, the lines of `--output jsonl` that end with one, or either packed by gzip.
pub fn report(bytes: &[u8]) -> Result<Report, Unreadable> {
    let unpacked;
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
        unpacked = unpack(bytes)?;
        &unpacked[..]
    } else {
        bytes
    };
    if bytes.len() as u64 > LARGEST {
        return Err(Unreadable::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotText)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim();
    if text.is_empty() {
        return Err(Unreadable::Empty);
    }
    let lines = text.lines().next().is_some_and(|first| first.starts_with("{\"event\":"));
    let document = if lines { text.lines().next_back().unwrap_or(text) } else { text };
    shape::check(document.as_bytes()).map_err(Unreadable::Shape)?;
    if lines { last(document) } else { whole(document) }
}

fn unpack(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut unpacked = Vec::new();
    let mut from = MultiGzDecoder::new(bytes).take(LARGEST + 1);
    from.read_to_end(&mut unpacked).map_err(|why| Unreadable::NotGzip(why.to_string()))?;
    if unpacked.len() as u64 > LARGEST { Err(Unreadable::TooLarge) } else { Ok(unpacked) }
}

/// What is asked of a document before the rest of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    schema_version: Option<u64>,
}

fn whole(document: &str) -> Result<Report, Unreadable> {
    let wrong = |why: serde_json::Error| match why.classify() {
        serde_json::error::Category::Data => Unreadable::NotWhole(why.to_string()),
        _ => Unreadable::NotJson(why.to_string()),
    };
    if document.starts_with('[') {
        return Err(Unreadable::NoVersion);
    }
    let head: Head = serde_json::from_str(document).map_err(wrong)?;
    version(&head)?;
    serde_json::from_str(document).map_err(wrong)
}

/// The last line of a stream of events.
fn last(line: &str) -> Result<Report, Unreadable> {
    #[derive(Deserialize)]
    struct Line<T> {
        report: Option<T>,
    }
    let wrong = |why: serde_json::Error| Unreadable::NotWhole(why.to_string());
    let head: Line<Head> = serde_json::from_str(line).map_err(wrong)?;
    let cut_short = || Unreadable::NotWhole("the last line is not the report; the run did not end".into());
    version(&head.report.ok_or_else(cut_short)?)?;
    let line: Line<Report> = serde_json::from_str(line).map_err(wrong)?;
    line.report.ok_or_else(cut_short)
}

/// Whether this version can be read. Version 1 has only gained fields, and each of them has a value
/// for when it is not there; when a field changes its meaning, this is where an old report is
/// brought up to date.
fn version(head: &Head) -> Result<(), Unreadable> {
    match head.schema_version {
        None => Err(Unreadable::NoVersion),
        Some(0) => Err(Unreadable::NeverWritten(0)),
        Some(version) if version > u64::from(SCHEMA_VERSION) => Err(Unreadable::Newer(version)),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::report::Environment;

    fn some() -> Report {
        Report::new(
            "gather",
            "2026-11-20T12:00:00.000Z".into(),
            Environment { os: "linux".into(), arch: "x86_64".into(), interfaces: Vec::new() },
        )
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn reads_a_report_plain_packed_and_at_the_end_of_its_events() {
        let json = serde_json::to_string_pretty(&some()).unwrap();
        assert_eq!(report(json.as_bytes()), Ok(some()));
        assert_eq!(report(format!("\u{feff}{json}\n").as_bytes()), Ok(some()));
        assert_eq!(report(&packed(json.as_bytes())), Ok(some()));
        let line = format!(
            "{{\"event\":\"report\",\"elapsedMs\":1.0,\"report\":{}}}",
            serde_json::to_string(&some()).unwrap()
        );
        let lines = format!("{{\"event\":\"complete\",\"elapsedMs\":1.0}}\n{line}\n");
        assert_eq!(report(lines.as_bytes()), Ok(some()));
        assert!(matches!(report(b"{\"event\":\"complete\",\"elapsedMs\":1.0}\n"), Err(Unreadable::NotWhole(_))));
    }

    #[test]
    fn says_what_is_wrong_with_what_is_no_report() {
        let says = |bytes: &[u8], word: &str| {
            let said = report(bytes).unwrap_err().to_string();
            assert!(said.contains(word), "{said}");
        };
        says(b"", "empty");
        says(b" \n", "empty");
        says(b"\xff\xfe\x00", "UTF-8");
        says(b"hello", "not JSON");
        says(b"[]", "schemaVersion");
        says(b"{}", "schemaVersion");
        says(b"{\"schemaVersion\": 2}", "newer");
        says(b"{\"schemaVersion\": 0}", "never");
        says(b"{\"schemaVersion\": \"1\"}", "no whole report");
        says(b"{\"schemaVersion\": 1}", "tool");
        says(b"{\"schemaVersion\": 1, \"tool\": []}", "no whole report");
        says(&[0x1f, 0x8b, 8, 0], "unpacked");
        says("[".repeat(100_000).as_bytes(), "deep");
    }

    #[test]
    fn a_bomb_does_not_go_off() {
        let bomb = packed(&vec![b' '; 64 * 1024 * 1024]);
        assert!(bomb.len() < 1024 * 1024);
        assert_eq!(report(&bomb), Err(Unreadable::TooLarge));
    }
}
