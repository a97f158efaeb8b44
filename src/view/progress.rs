//! What is being waited for, on one line of stderr, while it lasts.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::escape::visible;
use super::table::width;

/// A run that is over sooner shows no progress at all.
const PATIENCE: Duration = Duration::from_millis(250);
const FRAMES: [&str; 8] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧"];

/// A line that says what is still awaited. It goes away with its owner.
pub struct Progress {
    bar: ProgressBar,
    waiting: Vec<String>,
    total: usize,
    columns: usize,
    text: Arc<Mutex<String>>,
}

impl Progress {
    /// A line for these servers, at most `columns` wide; it appears only after a quarter of a second.
    #[must_use]
    pub fn new(waiting_for: Vec<String>, columns: usize) -> Progress {
        let text = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&text);
        // The clock is the bar's own, so that nobody here has to read one.
        let line = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let elapsed = state.elapsed();
            if elapsed >= PATIENCE {
                let frame = FRAMES[(elapsed.as_millis() / 100 % 8) as usize];
                let text = shown.lock().unwrap_or_else(PoisonError::into_inner);
                let _ = write!(out, "{frame} {:.1} s  {text}", elapsed.as_secs_f64());
            }
        };
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(15));
        if let Ok(style) = ProgressStyle::with_template("{line}") {
            bar.set_style(style.with_key("line", line));
        }
        let waiting: Vec<String> = waiting_for.iter().map(|url| visible(url)).collect();
        let progress = Progress { bar, total: waiting.len(), waiting, columns, text };
        progress.describe();
        progress.bar.enable_steady_tick(Duration::from_millis(100));
        progress
    }

    /// A server's part is over.
    pub fn over(&mut self, url: &str) {
        let url = visible(url);
        if let Some(at) = self.waiting.iter().position(|waiting| *waiting == url) {
            self.waiting.remove(at);
            self.describe();
        }
    }

    /// Lets somebody else write to the terminal without the two getting mixed up.
    pub fn aside(&self, write: impl FnMut() -> io::Result<()>) -> io::Result<()> {
        self.bar.suspend(write)
    }

    fn describe(&self) {
        let room = self.columns.saturating_sub("⠋ 100.0 s  ".chars().count() + 1);
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = describe(&self.waiting, self.total, room);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Names as many as there is room for.
fn describe(waiting: &[String], total: usize, room: usize) -> String {
    if waiting.is_empty() {
        return "finishing".into();
    }
    let short = format!("waiting for {} of {total} servers", waiting.len());
    for named in (1..=waiting.len()).rev() {
        let dots = if named < waiting.len() { ", …" } else { "" };
        let text = format!("{short}: {}{dots}", waiting[..named].join(", "));
        if width(&text) <= room {
            return text;
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_many_servers_as_there_is_room_for() {
        let waiting = ["stun:a".to_string(), "stun:b".to_string()];
        assert_eq!(describe(&waiting, 3, 80), "waiting for 2 of 3 servers: stun:a, stun:b");
        assert_eq!(describe(&waiting, 3, 40), "waiting for 2 of 3 servers: stun:a, …");
        assert_eq!(describe(&waiting, 3, 10), "waiting for 2 of 3 servers");
        assert_eq!(describe(&[], 3, 80), "finishing");
    }
}
