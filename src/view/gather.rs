//! Gathering, for people: a row for each candidate and each error the moment it is known.

use super::escape::visible;
use super::style::{Ink, Style};
use super::table::{self, Column, flow};
use crate::report::{Candidate, CandidateKind, Event, IceError, Protocol, RelayProtocol, Report, TcpKind};

const COLUMNS: [Column; 9] = [
    Column { title: "ms", width: 6, right: true },
    Column { title: "type", width: 5, right: false },
    Column { title: "proto", width: 5, right: false },
    Column { title: "address", width: 21, right: false },
    Column { title: "priority", width: 13, right: false },
    Column { title: "foundation", width: 10, right: false },
    Column { title: "iface", width: 8, right: false },
    Column { title: "via", width: 4, right: false },
    Column { title: "server", width: 0, right: false },
];

/// Columns of a narrow screen; the rest of a candidate stands on a second line.
const NARROW: usize = 7;
/// From here on most of what there is to say about a candidate stands on one line.
const WIDE: usize = 140;
/// Where the second line begins: under the address.
const INDENT: usize = 22;
/// Where it begins on a wide one: under the server.
const WIDE_INDENT: usize = 88;

/// The whole answer: what a live run would have shown, in the same order.
#[must_use]
pub fn text(report: &Report, style: &Style) -> String {
    let mut out = opening(report.demo.as_deref(), style);
    let gather = report.gather.as_ref();
    let candidates = gather.map_or(&[][..], |gather| &gather.candidates);
    let errors = gather.map_or(&[][..], |gather| &gather.errors);
    let mut rows: Vec<(f64, String)> = Vec::new();
    rows.extend(candidates.iter().map(|candidate| (candidate.elapsed_ms, candidate_row(candidate, style))));
    rows.extend(errors.iter().map(|error| (error.elapsed_ms, error_row(error, style))));
    rows.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    rows.iter().for_each(|(_, row)| out.push_str(row));
    if let Some(complete) = gather.and_then(|gather| gather.complete_ms) {
        out.push_str(&end_row(complete, style));
    }
    out.push_str(&super::servers::closing(report, style));
    out
}

/// What stands above the first row.
#[must_use]
pub fn opening(demo: Option<&str>, style: &Style) -> String {
    super::demo::notice(demo, style) + &table::headings(style, columns(style))
}

/// What an event adds to the answer; most add nothing.
#[must_use]
pub fn live(event: &Event, style: &Style) -> String {
    match event {
        Event::Candidate { candidate, .. } => candidate_row(candidate, style),
        Event::Error { error, .. } => error_row(error, style),
        Event::Complete { elapsed_ms } => end_row(*elapsed_ms, style),
        _ => String::new(),
    }
}

fn candidate_row(candidate: &Candidate, style: &Style) -> String {
    let via = candidate.relay_protocol.map_or("", relay_protocol);
    let protocol = match (candidate.protocol, candidate.tcp_type) {
        (Protocol::Udp, _) => "udp",
        (Protocol::Tcp, None) => "tcp",
        (Protocol::Tcp, Some(TcpKind::Active)) => "tcp-a",
        (Protocol::Tcp, Some(TcpKind::Passive)) => "tcp-p",
        (Protocol::Tcp, Some(TcpKind::So)) => "tcp-s",
    };
    let p = candidate.priority;
    let url = candidate.url.as_deref().map(visible).unwrap_or_default();
    let base = related(candidate);
    let mut cells = vec![
        (Ink::Dim, elapsed(candidate.elapsed_ms)),
        (Ink::Bold, kind(candidate.kind).into()),
        (Ink::Plain, protocol.into()),
        (Ink::Good, transport_address(&candidate.address, candidate.port)),
        (Ink::Plain, format!("{}|{}|{}", p >> 24, p >> 8 & 0xffff, p & 0xff)),
        (Ink::Plain, visible(&candidate.foundation)),
        (Ink::Plain, candidate.interface.as_deref().map(visible).unwrap_or_default()),
    ];
    if style.width >= WIDE {
        let mut second = flow(style.width, WIDE_INDENT, &[url, base]);
        let first = if second.is_empty() { String::new() } else { second.remove(0) };
        cells.push((Ink::Plain, via.into()));
        cells.push((Ink::Dim, first.trim_start().into()));
        return table::row(style, columns(style), &cells) + &lines(second, Ink::Dim, style);
    }
    let over = if via.is_empty() { String::new() } else { format!("over {via}") };
    let second = flow(style.width, INDENT.min(style.width / 3), &[url, over, base]);
    table::row(style, columns(style), &cells) + &lines(second, Ink::Dim, style)
}

fn error_row(error: &IceError, style: &Style) -> String {
    let from = match (&error.address, error.port) {
        (Some(address), Some(port)) => format!("from {}", transport_address(address, port)),
        (Some(address), None) => format!("from {}", visible(address)),
        _ => String::new(),
    };
    let cells = [
        (Ink::Dim, elapsed(error.elapsed_ms)),
        (Ink::Bad, "error".into()),
        (Ink::Bad, error.error_code.to_string()),
        (Ink::Plain, visible(&error.url)),
    ];
    let indent = INDENT.min(style.width / 3);
    let text = flow(style.width, indent, &[visible(&error.error_text), from]);
    table::row(style, &COLUMNS, &cells) + &lines(text, Ink::Bad, style)
}

fn end_row(elapsed_ms: f64, style: &Style) -> String {
    let cells = [(Ink::Dim, elapsed(elapsed_ms)), (Ink::Dim, "end".into())];
    table::row(style, &COLUMNS, &cells)
}

/// Milliseconds, with tenths as long as they matter.
fn elapsed(ms: f64) -> String {
    if ms < 1000.0 { format!("{ms:.1}") } else { format!("{ms:.0}") }
}

fn columns(style: &Style) -> &'static [Column] {
    if style.width >= WIDE { &COLUMNS } else { &COLUMNS[..NARROW] }
}

fn lines(lines: Vec<String>, ink: Ink, style: &Style) -> String {
    lines.into_iter().map(|line| style.paint(ink, &line) + "\n").collect()
}

/// `base 10.0.0.2:50000` of a srflx candidate, `mapped 198.51.100.7:46154` of a relay candidate
/// (RFC 8839 §5.1: raddr and rport).
fn related(candidate: &Candidate) -> String {
    let (Some(address), Some(port)) = (&candidate.related_address, candidate.related_port) else {
        return String::new();
    };
    let word = if candidate.kind == CandidateKind::Relay { "mapped" } else { "base" };
    format!("{word} {}", transport_address(address, port))
}

fn transport_address(address: &str, port: u16) -> String {
    let address = visible(address);
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

fn kind(kind: CandidateKind) -> &'static str {
    match kind {
        CandidateKind::Host => "host",
        CandidateKind::Srflx => "srflx",
        CandidateKind::Prflx => "prflx",
        CandidateKind::Relay => "relay",
    }
}

fn relay_protocol(protocol: RelayProtocol) -> &'static str {
    match protocol {
        RelayProtocol::Udp => "udp",
        RelayProtocol::Tcp => "tcp",
        RelayProtocol::Tls => "tls",
        RelayProtocol::Dtls => "dtls",
    }
}
