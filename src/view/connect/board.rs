//! The pairs while they are being checked.

use std::collections::BTreeMap;

use super::{pairs, words};
use crate::report::Event;
use crate::report::connect::{ConnectState, Pair, PairState};
use crate::view::style::Style;
use crate::view::table;

/// Rows that are shown at once.
const ROWS: usize = 8;

/// What is known of the pairs by now.
#[derive(Debug, Clone, Default)]
pub struct Board {
    state: ConnectState,
    pairs: BTreeMap<u32, Pair>,
}

impl Board {
    /// Takes in an event; true when there is something new to show.
    pub fn learn(&mut self, event: &Event) -> bool {
        match event {
            Event::Connection { state, .. } => self.state = *state,
            Event::Pair { index, pair, .. } => {
                self.pairs.insert(*index, (**pair).clone());
            }
            _ => return false,
        }
        true
    }

    /// One line: how it stands.
    #[must_use]
    pub fn line(&self) -> String {
        let count = |state| self.pairs.values().filter(|pair| pair.state == state).count();
        if self.pairs.is_empty() {
            return words::state(self.state).to_string();
        }
        let (works, failed) = (count(PairState::Succeeded), count(PairState::Failed));
        format!("{}: {} pairs, {works} work, {failed} failed", words::state(self.state), self.pairs.len())
    }

    /// The table, a few rows of it.
    #[must_use]
    pub fn rows(&self, style: &Style) -> Vec<String> {
        if self.pairs.is_empty() {
            return Vec::new();
        }
        let mut order: Vec<&Pair> = self.pairs.values().collect();
        order.sort_by_key(|pair| pairs::rank(pair));
        let mut text = table::headings(style, &pairs::COLUMNS);
        order.iter().take(ROWS).for_each(|pair| text.push_str(&pairs::row(pair, style)));
        let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
        if order.len() > ROWS {
            lines.push(format!("and {} more", order.len() - ROWS));
        }
        lines
    }
}
