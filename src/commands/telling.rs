//! What is said while a probe runs.

use std::collections::HashMap;

use crate::report::{Event, StepName};
use crate::view;
use crate::view::connect::Board;
use crate::view::escape::visible;
use crate::view::style::Style;
use crate::view::ui::Ui;

/// Tells on stderr what was learned the moment it was: progress, details under `-v`.
#[derive(Debug, Default)]
pub struct Telling {
    /// Addresses of each URL that are still being checked.
    running: HashMap<String, u32>,
    /// The pairs of a connection.
    board: Board,
}

impl Telling {
    pub fn learn(&mut self, event: &Event, ui: &mut Ui) {
        self.progress(event, ui);
        match event {
            Event::Attempt { elapsed_ms, attempt } => {
                for line in view::attempts::lines(*elapsed_ms, attempt) {
                    ui.detail(&line);
                }
            }
            Event::Note { elapsed_ms, text } => ui.detail(&format!("{elapsed_ms:7.1}  {}", visible(text))),
            _ => {}
        }
        if let Some(line) = view::turn::live::step(event, ui.verbose) {
            ui.detail(&line);
        }
        if let Some(line) = view::nat::live(event) {
            ui.detail(&line);
        }
        if let Some(line) = view::connect::live(event) {
            ui.detail(&line);
        }
    }

    fn progress(&mut self, event: &Event, ui: &mut Ui) {
        match event {
            Event::Step { url, step, .. } if step.name == StepName::Resolve => {
                *self.running.entry(url.clone()).or_default() += 1;
            }
            Event::Turn { turn, .. } => {
                if let Some(left) = self.running.get_mut(&turn.url) {
                    *left = left.saturating_sub(1);
                }
                self.over(&turn.url, ui);
            }
            Event::Server { server, .. } => self.over(&server.url, ui),
            Event::Progress { url, done, of, .. } => {
                if let Some(progress) = ui.progress() {
                    progress.measured(url, *done, *of);
                }
            }
            _ => {}
        }
        if self.board.learn(event)
            && let Some(progress) = ui.progress()
        {
            progress.learned(&self.board.line());
            let rows = self.board.rows(&Style { width: progress.columns(), color: false });
            progress.table(&rows);
        }
        if let (Some(text), Some(progress)) = (view::nat::so_far(event), ui.progress()) {
            progress.learned(&text);
        }
    }

    /// Nothing of that URL is waited for any more, unless another of its addresses is.
    fn over(&self, url: &str, ui: &mut Ui) {
        let left = self.running.get(url).copied().unwrap_or(0);
        if let (0, Some(progress)) = (left, ui.progress()) {
            progress.over(url);
        }
    }
}
