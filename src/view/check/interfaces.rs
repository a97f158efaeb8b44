//! What works from other interfaces, with the reason in every cell that is red.

use super::words;
use crate::report::{Report, Vantage};
use crate::view::escape::visible;
use crate::view::style::{Ink, Style};
use crate::view::table::{self, Column};

const COLUMNS: [Column; 3] = [
    Column { title: "From other interfaces", width: 32, right: false },
    Column { title: "from", width: 16, right: false },
    Column { title: "", width: 0, right: false },
];

pub fn table(report: &Report, style: &Style) -> String {
    let mut out = String::new();
    let mut interface = "";
    for vantage in &report.vantages {
        if vantage.interface != interface {
            out.push_str(&format!("  {}\n", visible(&vantage.interface)));
            interface = &vantage.interface;
        }
        let (ink, text) = fate(vantage);
        let place = vantage.address.clone().unwrap_or_else(|| vantage.url.clone());
        let label = format!("    {:<4} {}", words::transport(vantage.transport), visible(&place));
        let cells = [(Ink::Plain, label), (Ink::Plain, visible(&vantage.local)), (ink, text)];
        out.push_str(&table::row(style, &COLUMNS, &cells));
    }
    if out.is_empty() { out } else { style.paint(Ink::Bold, COLUMNS[0].title) + "\n" + &out }
}

fn fate(vantage: &Vantage) -> (Ink, String) {
    let reason = vantage.cause.map_or("it failed", words::cause);
    match vantage.works {
        Some(true) => (Ink::Good, "✓ relay".into()),
        Some(false) => (Ink::Bad, format!("✗ {reason}")),
        None => (Ink::Doubtful, "? not found out".into()),
    }
}
