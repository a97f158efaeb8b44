//! This side: the interfaces, how the world sees them, and the NAT in between.

use crate::report::{Candidate, CandidateKind, Outcome, RelayProtocol, Report, Turn};
use crate::view::escape::visible;
use crate::view::style::{Ink, Style};
use crate::view::table::{self, Column, wrap};

const COLUMNS: [Column; 3] = [
    Column { title: "", width: 20, right: false },
    Column { title: "", width: 16, right: false },
    Column { title: "", width: 0, right: false },
];

pub fn table(report: &Report, style: &Style) -> String {
    let Some(gather) = &report.gather else { return String::new() };
    let of = |kind| gather.candidates.iter().filter(move |candidate| candidate.kind == kind);
    let mut out = String::new();
    for host in of(CandidateKind::Host) {
        let same = |other: &&Candidate| {
            other.related_address.as_deref() == Some(&host.address) && other.interface == host.interface
        };
        let mut seen: Vec<String> = Vec::new();
        for candidate in of(CandidateKind::Srflx).filter(same) {
            let address = visible(&candidate.address);
            if !seen.contains(&address) {
                seen.push(address);
            }
        }
        let mine = |local: &Option<String>| {
            let local = local.as_deref().and_then(|local| local.rsplit_once(':'));
            local.is_some_and(|(ip, _)| ip.trim_matches(['[', ']']) == host.address)
        };
        let attempts: Vec<_> =
            gather.attempts.iter().filter(|attempt| attempt.request == "binding" && mine(&attempt.local)).collect();
        let answered = attempts.iter().filter(|attempt| attempt.outcome == Outcome::Ok).count();
        let (ink, fate) = match (seen.is_empty(), answered, attempts.len()) {
            (_, _, 0) => continue,
            (false, ..) => (Ink::Plain, format!("seen as {}", seen.join(" and "))),
            (true, 0, _) if attempts.iter().all(|attempt| attempt.outcome == Outcome::Unreachable) => {
                (Ink::Dim, "no way to the servers from this address".into())
            }
            (true, 0, _) if report.turn.iter().any(|turn| relays_to(turn, &host.address)) => {
                (Ink::Doubtful, "? no server answers STUN over UDP; TURN works".into())
            }
            (true, 0, _) => (Ink::Bad, "✗ no server answers over UDP".into()),
            (true, ..) => (Ink::Plain, "seen as it is: no NAT".into()),
        };
        let interface = host.interface.as_deref().map(visible).unwrap_or_default();
        let cells = [(Ink::Plain, format!("  {interface}")), (Ink::Plain, visible(&host.address)), (ink, fate)];
        out.push_str(&table::row(style, &COLUMNS, &cells));
    }
    for line in nat(report, style) {
        out.push_str(&(line + "\n"));
    }
    if out.is_empty() { out } else { style.paint(Ink::Bold, "From here") + "\n" + &out }
}

/// Over UDP, from that address.
fn relays_to(turn: &Turn, address: &str) -> bool {
    let local = turn.local.as_deref().and_then(|local| local.rsplit_once(':'));
    let ours = local.is_some_and(|(ip, _)| ip.trim_matches(['[', ']']) == address);
    ours && turn.transport == RelayProtocol::Udp && turn.allocation.is_some()
}

/// What the NAT is and what it means; where it was to be looked at and was not, why.
fn nat(report: &Report, style: &Style) -> Vec<String> {
    let text = match (&report.nat, report.unknown.get("/nat").map(String::as_str)) {
        (Some(nat), _) => crate::view::nat::sentence(nat),
        (None, Some("no-binding-answer")) => {
            "The NAT was not looked at: that takes a server that works over UDP and answers STUN.".into()
        }
        (None, Some("no-time-left")) => "The NAT was not looked at: the time was up (--budget).".into(),
        (None, Some("port-range-too-small")) => {
            "The NAT was not looked at: that takes more ports than --port-range has.".into()
        }
        (None, _) => return Vec::new(),
    };
    wrap(style.width, 2, &visible(&text))
}
