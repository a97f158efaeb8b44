//! What works: server by transport by address family, with the reason in every cell that is red.

use std::net::SocketAddr;

use super::words;
use crate::report::{Outcome, Report, Server, Turn};
use crate::view::escape::visible;
use crate::view::style::{Ink, Style};
use crate::view::table::{self, Column};

const NARROW: [Column; 3] = [
    Column { title: "What works", width: 20, right: false },
    Column { title: "IPv4", width: 28, right: false },
    Column { title: "IPv6", width: 28, right: false },
];
const WIDE: [Column; 3] = [
    Column { title: "What works", width: 32, right: false },
    Column { title: "IPv4", width: 40, right: false },
    Column { title: "IPv6", width: 40, right: false },
];

/// One URL.
struct Row<'a> {
    url: &'a str,
    host: String,
    label: String,
}

type Cell = (Ink, String);

pub fn table(report: &Report, style: &Style) -> String {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for server in &report.servers {
        if !rows.iter().any(|row| row.url == server.url) {
            rows.push(row(&server.url));
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let columns = if style.width >= 120 { &WIDE } else { &NARROW };
    let families: Vec<bool> =
        [false, true].into_iter().filter(|v6| rows.iter().any(|row| has(report, row, *v6))).collect();
    let columns: Vec<Column> = match families[..] {
        [v6] => vec![columns[0], columns[1 + usize::from(v6)]],
        _ => columns.to_vec(),
    };
    let families = if families.is_empty() { vec![false, true] } else { families };
    let titles: Vec<Cell> = columns.iter().map(|column| (Ink::Bold, column.title.to_string())).collect();
    let mut out = table::row(style, &columns, &titles);
    let mut host = "";
    for row in &rows {
        if row.host != host {
            out.push_str(&format!("  {}\n", visible(&row.host)));
            host = &row.host;
        }
        let mut cells = vec![(Ink::Plain, format!("    {}", row.label))];
        cells.extend(families.iter().map(|v6| cell(report, row, *v6)));
        out.push_str(&table::row(style, &columns, &cells));
    }
    out
}

fn row(url: &str) -> Row<'_> {
    let (scheme, rest) = url.split_once(':').unwrap_or(("", url));
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
        _ => (place, if scheme.ends_with('s') { "5349" } else { "3478" }),
    };
    let over = match (scheme.ends_with('s'), query == "transport=udp", query == "transport=tcp") {
        (true, true, _) => "dtls",
        (true, ..) => "tls",
        (false, _, true) => "tcp",
        _ => "udp",
    };
    let what = scheme.trim_end_matches('s');
    Row { url, host: host.to_string(), label: format!("{} {over:<4} {}", visible(what), visible(port)) }
}

/// Something was tried, or at least found, there.
fn has(report: &Report, row: &Row<'_>, v6: bool) -> bool {
    let server = servers(report, row).any(|server| server.resolved.iter().any(|address| is_v6(address) == Some(v6)));
    server || turns(report, row).any(|turn| turn.address.as_deref().and_then(is_v6) == Some(v6))
}

fn servers<'a>(report: &'a Report, row: &'a Row<'_>) -> impl Iterator<Item = &'a Server> {
    report.servers.iter().filter(move |server| server.url == row.url)
}

fn turns<'a>(report: &'a Report, row: &'a Row<'_>) -> impl Iterator<Item = &'a Turn> {
    report.turn.iter().filter(move |turn| turn.url == row.url)
}

fn is_v6(address: &str) -> Option<bool> {
    address.parse::<SocketAddr>().ok().map(|address| address.is_ipv6())
}

/// Of all addresses of the family the worst, and how many are like it.
fn cell(report: &Report, row: &Row<'_>, v6: bool) -> Cell {
    let of = |turn: &&Turn| turn.address.as_deref().and_then(is_v6) == Some(v6);
    let checks: Vec<&Turn> = turns(report, row).filter(of).collect();
    if let Some(worst) = checks.iter().min_by_key(|turn| rank(turn)) {
        let (ink, text) = checked(worst);
        let like = checks.iter().filter(|turn| rank(turn) == rank(worst)).count();
        return if like < checks.len() { (ink, format!("{text} ({like} of {})", checks.len())) } else { (ink, text) };
    }
    // A name that led nowhere concerns both families.
    let whole = turns(report, row).find(|turn| turn.address.is_none());
    if let Some(turn) = whole {
        return checked(turn);
    }
    let of = |server: &&Server| server.resolved.iter().any(|address| is_v6(address) == Some(v6));
    match servers(report, row).find(of).or_else(|| servers(report, row).find(|server| server.resolved.is_empty())) {
        Some(server) => asked(server),
        None => (Ink::Dim, "-".into()),
    }
}

fn rank(turn: &Turn) -> u8 {
    match turn.works {
        _ if turn.refuses_strangers() => 2,
        Some(false) => 0,
        None => 1,
        Some(true) => 3,
    }
}

fn checked(turn: &Turn) -> Cell {
    let reason = turn.failing().and_then(|(_, step)| step.cause).map_or("it failed", words::cause);
    match turn.works {
        _ if turn.refuses_strangers() => (Ink::Doubtful, "? no credentials to try".into()),
        Some(true) => {
            let rtt = turn.echo.as_ref().and_then(|echo| echo.rtt_ms).map(|rtt| rtt.p50);
            (Ink::Good, format!("✓ relay{}", rtt.map(|rtt| format!(", {}", ms(rtt))).unwrap_or_default()))
        }
        Some(false) => (Ink::Bad, format!("✗ {reason}")),
        None => (Ink::Doubtful, "? not found out".into()),
    }
}

fn asked(server: &Server) -> Cell {
    let rtt = server.rtt_ms.map(|rtt| format!(", {}", ms(rtt))).unwrap_or_default();
    match server.outcome {
        Outcome::Ok => (Ink::Good, format!("✓ answers{rtt}")),
        Outcome::Timeout => (Ink::Bad, "✗ no answer".into()),
        Outcome::Refused => (Ink::Bad, "✗ nothing listens".into()),
        Outcome::Unreachable => (Ink::Bad, "✗ unreachable".into()),
        Outcome::DnsError => (Ink::Bad, "✗ name not found".into()),
        Outcome::TlsError => (Ink::Bad, "✗ TLS fails".into()),
        Outcome::Unauthorized => (Ink::Bad, "✗ wants credentials".into()),
        Outcome::Error => (Ink::Bad, format!("✗ {}", server.cause.map_or("an error", words::cause))),
        Outcome::Skipped => (Ink::Doubtful, "? not asked".into()),
    }
}

fn ms(ms: f64) -> String {
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}
