//! The file format of a trace: one JSON object a line.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};

use serde::{Deserialize, Serialize};

use crate::machine::{Happened, Output, Time};
use crate::report::Report;

/// The version of the format; raised when a line changes its meaning.
pub const VERSION: u32 = 1;
/// Of one line, in bytes: a report of a thousand servers, or a datagram and then some.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;
/// Of a whole trace, in bytes.
const LARGEST: u64 = 512 * 1024 * 1024;

/// One line of a trace.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// The first line.
    Trace(Header),
    /// Something that the command learned about its surroundings before it asked anybody.
    Fact { name: String, value: serde_json::Value },
    /// A machine begins.
    Run,
    /// What happened to it.
    In(Time, Happened),
    /// What it was asked for, when, and what it answered, in short.
    Out(Vec<(Time, String)>),
    /// It ended so.
    Ended(Ending),
    /// What came of it all.
    Report(Box<Report>),
}

/// What was run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    pub version: u32,
    /// The version of rtcprobe.
    pub rtcprobe: String,
    pub command: String,
    /// Its options, but for servers, keys and output.
    pub options: Vec<String>,
    /// The start of the run in nanoseconds since 1970, UTC.
    pub started: u64,
}

/// How a machine's run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    Done,
    Interrupted,
    TimedOut,
}

/// A trace that was read.
#[derive(Debug, Clone)]
pub struct Trace {
    pub header: Header,
    pub lines: VecDeque<Line>,
}

impl Trace {
    /// Reads a trace. Says in words what is wrong with one that cannot be read; one that stops
    /// in the middle is taken as far as it goes.
    pub fn read(from: impl Read) -> Result<Trace, String> {
        let mut reader = BufReader::new(from.take(LARGEST + 1));
        let mut lines = VecDeque::new();
        let mut number = 0_u64;
        let mut total = 0_u64;
        loop {
            let mut text = Vec::new();
            let length = (&mut reader).take(LONGEST_LINE + 1).read_until(b'\n', &mut text);
            let length = length.map_err(|why| format!("it cannot be read: {why}"))?;
            number += 1;
            total += u64::try_from(length).unwrap_or(u64::MAX);
            if total > LARGEST || text.len() as u64 > LONGEST_LINE {
                return Err(format!("line {number} goes beyond what a trace may hold"));
            }
            if length == 0 {
                break;
            }
            match serde_json::from_slice::<Line>(&text) {
                Ok(line) => lines.push_back(line),
                // Cut off while it was written.
                Err(_) if number > 1 && !text.ends_with(b"\n") => break,
                Err(_) if number == 1 => return Err("it is not a trace; --trace writes one".into()),
                Err(why) => return Err(format!("line {number} cannot be read: {why}")),
            }
        }
        match lines.pop_front() {
            Some(Line::Trace(header)) if header.version == VERSION => Ok(Trace { header, lines }),
            Some(Line::Trace(header)) => Err(format!(
                "it was written by rtcprobe {} in a format (version {}) that this one does not know (version {VERSION})",
                crate::view::escape::visible(&header.rtcprobe),
                header.version
            )),
            _ => Err("it is not a trace; --trace writes one".into()),
        }
    }
}

/// An output in short, so that a replay can tell whether the machine does the same again. Of what is
/// sent, the header and the length: what follows may be signed with a stand-in.
pub fn digest<E>(output: &Output<E>) -> String {
    let text = match output {
        Output::Event(_) => return "e".into(),
        Output::WaitUntil(..) => return "w".into(),
        Output::Done => return "d".into(),
        Output::Open { socket, want } => format!("open {} {want:?}", socket.0),
        Output::Close { socket } => format!("close {}", socket.0),
        Output::Lookup { lookup, question } => format!("lookup {} {question:?}", lookup.0),
        Output::Send { socket, to, bytes } => {
            format!("send {} {to} {} {:?}", socket.0, bytes.len(), bytes.get(..20.min(bytes.len())))
        }
    };
    format!("{:08x}", crc32fast::hash(text.as_bytes()))
}
