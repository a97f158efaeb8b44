//! The forecast, drawn: rows for the other side's mapping, columns for its filtering.

use super::words;
use crate::report::nat::{Behaviour, Path, Reach};
use crate::view::style::{Ink, Style};
use crate::view::table::{self, Column, wrap};

const COLUMNS: [Column; 4] = [
    Column { title: "Forecast by the other side's NAT", width: 34, right: false },
    Column { title: "lets in all", width: 11, right: false },
    Column { title: "by address", width: 10, right: false },
    Column { title: "by address, port", width: 16, right: false },
];

/// As wide as the grid.
const NARROW: usize = 77;

/// How the rows are called, and what people know them as.
const ROWS: [(Behaviour, &str); 4] = [
    (Behaviour::None, "no NAT"),
    (Behaviour::EndpointIndependent, "endpoint-independent (home router)"),
    (Behaviour::AddressDependent, "address-dependent (symmetric)"),
    (Behaviour::AddressAndPortDependent, "address- and port-dep. (symmetric)"),
];

const FILTERINGS: [Behaviour; 3] =
    [Behaviour::EndpointIndependent, Behaviour::AddressDependent, Behaviour::AddressAndPortDependent];

/// The grid; on a screen that is too narrow for it a line for each kind of NAT.
#[must_use]
pub fn grid(direct: &[Reach], style: &Style) -> String {
    if direct.is_empty() {
        return String::new();
    }
    if style.width < NARROW {
        return style.paint(Ink::Dim, COLUMNS[0].title) + "\n" + &lines(direct, style);
    }
    let mut out = table::headings(style, &COLUMNS);
    for (mapping, name) in ROWS {
        let mut cells = vec![(Ink::Plain, name.to_string())];
        let filterings: &[Behaviour] = if mapping == Behaviour::None { &[Behaviour::None] } else { &FILTERINGS };
        for filtering in filterings {
            cells.push(cell(direct, mapping, *filtering));
        }
        out.push_str(&table::row(style, &COLUMNS, &cells));
    }
    out
}

fn lines(direct: &[Reach], style: &Style) -> String {
    let mut out = String::new();
    for reach in direct {
        let (ink, word) = drawn(reach.outcome);
        let text = match reach.mapping {
            Behaviour::None => format!("without NAT: {word}"),
            mapping => format!(
                "{} mapping, {} filtering: {word}",
                words::behaviour(mapping),
                words::behaviour(reach.filtering)
            ),
        };
        wrap(style.width, 2, &text).iter().for_each(|line| out.push_str(&(style.paint(ink, line) + "\n")));
    }
    out
}

fn cell(direct: &[Reach], mapping: Behaviour, filtering: Behaviour) -> (Ink, String) {
    let outcome = direct.iter().find(|reach| (reach.mapping, reach.filtering) == (mapping, filtering));
    let (ink, word) = drawn(outcome.map_or(Path::Unknown, |reach| reach.outcome));
    (ink, word.to_string())
}

fn drawn(path: Path) -> (Ink, &'static str) {
    let ink = match path {
        Path::Direct => Ink::Good,
        Path::Relay => Ink::Doubtful,
        Path::DirectIfLucky | Path::Unknown => Ink::Plain,
    };
    (ink, words::path(path))
}
