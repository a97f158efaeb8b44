//! What is being waited for, on one line of stderr, while it lasts; below it a table where there is one.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::escape::visible;
use super::table::width;

/// A run that is over sooner shows no progress at all.
const PATIENCE: Duration = Duration::from_millis(250);
const TICK: Duration = Duration::from_millis(100);
const FRAMES: [&str; 8] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧"];
/// Before the text: frame and time. Behind it: what the terminal echoes for Ctrl-C.
const MARGIN: usize = 14;

/// Where the conversation goes, shared between whoever speaks and the line.
pub type Conversation = Arc<Mutex<Box<dyn Write + Send>>>;

/// A line that says what is still awaited. It goes away with its owner.
pub struct Progress {
    waiting: Vec<String>,
    /// How far long measurements have come, by server.
    measured: HashMap<String, (u64, u64)>,
    /// The latest that was learned, where that is shown.
    learned: String,
    total: usize,
    columns: usize,
    line: Arc<Mutex<Line>>,
    end: Option<Sender<()>>,
    ticking: Option<JoinHandle<()>>,
}

struct Line {
    out: Conversation,
    text: String,
    /// Drawn below the text.
    rows: Vec<String>,
    /// Lines on the screen below the first.
    below: usize,
    /// How often it was drawn: the clock is the ticking, so that nobody here has to read one.
    ticks: u32,
    shown: bool,
}

impl Progress {
    /// A line for these servers, at most `columns` wide; it appears only after a quarter of a second.
    #[must_use]
    pub fn new(waiting_for: &[String], columns: usize, out: Conversation) -> Progress {
        let line = Arc::new(Mutex::new(Line::new(out)));
        let (end, ended) = mpsc::channel();
        let ticked = Arc::clone(&line);
        let ticking = thread::spawn(move || {
            let mut patience = PATIENCE;
            while ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                locked(&ticked).tick();
                patience = TICK;
            }
        });
        let waiting: Vec<String> = waiting_for.iter().map(|url| visible(url)).collect();
        let progress = Progress {
            total: waiting.len(),
            waiting,
            measured: HashMap::new(),
            learned: String::new(),
            columns,
            line,
            end: Some(end),
            ticking: Some(ticking),
        };
        progress.describe();
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

    /// A server's measurement has come that far.
    pub fn measured(&mut self, url: &str, done: u64, of: u64) {
        self.measured.insert(visible(url), (done, of));
        self.describe();
    }

    /// What is known by now.
    pub fn learned(&mut self, text: &str) {
        self.learned = visible(text);
        self.describe();
    }

    /// How a table stands; rows that are wider than the screen are cut.
    pub fn table(&mut self, rows: &[String]) {
        let cut = |row: &String| {
            let mut cut = String::new();
            for c in row.chars() {
                if width(&cut) + width(&c.to_string()) >= self.columns {
                    break;
                }
                cut.push(c);
            }
            cut
        };
        locked(&self.line).rows = rows.iter().map(cut).collect();
    }

    /// The columns of the screen.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Lets somebody else write to the terminal without the two getting mixed up.
    pub fn aside(&self, mut write: impl FnMut() -> io::Result<()>) -> io::Result<()> {
        let mut line = locked(&self.line);
        line.hide();
        write()
    }

    fn describe(&self) {
        let named = |url: &String| match self.measured.get(url) {
            Some((done, of)) => format!("{url} ({done}/{of})"),
            None => url.clone(),
        };
        let waiting: Vec<String> = self.waiting.iter().map(named).collect();
        let room = self.columns.saturating_sub(MARGIN);
        let mut text = describe(&waiting, self.total, room);
        if !self.learned.is_empty() && width(&text) + 3 + width(&self.learned) <= room {
            text = format!("{text} · {}", self.learned);
        }
        locked(&self.line).text = text;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(ticking) = self.ticking.take() {
            let _ = ticking.join();
        }
        locked(&self.line).hide();
    }
}

impl Line {
    fn new(out: Conversation) -> Line {
        Line { out, text: String::new(), rows: Vec::new(), below: 0, ticks: 0, shown: false }
    }

    fn tick(&mut self) {
        let elapsed = PATIENCE + TICK * self.ticks;
        let frame = FRAMES[self.ticks as usize % FRAMES.len()];
        let mut text = format!("{}{frame} {:.1} s  {}", self.away(), elapsed.as_secs_f64(), self.text);
        for row in &self.rows {
            text.push_str("\r\n");
            text.push_str(row);
        }
        self.write(&text);
        self.below = self.rows.len();
        self.ticks += 1;
        self.shown = true;
    }

    fn hide(&mut self) {
        if self.shown {
            let away = self.away();
            self.write(&away);
            self.below = 0;
            self.shown = false;
        }
    }

    /// What takes everything off the screen that was drawn.
    fn away(&self) -> String {
        match self.below {
            0 => "\r\x1b[2K".into(),
            below => format!("\r\x1b[{below}A\x1b[J"),
        }
    }

    fn write(&self, text: &str) {
        let mut out = locked(&self.out);
        // Who closed stderr does not want to see it.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

/// What a panic of another thread left behind is still good enough to draw.
pub fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Names as many as there is room for.
fn describe(waiting: &[String], total: usize, room: usize) -> String {
    if waiting.is_empty() {
        return "finishing".into();
    }
    let short = match (waiting.len(), total) {
        (1, 1) => "waiting for".to_string(),
        (waiting, total) => format!("waiting for {waiting} of {total} servers:"),
    };
    for named in (1..=waiting.len()).rev() {
        let dots = if named < waiting.len() { ", …" } else { "" };
        let text = format!("{short} {}{dots}", waiting[..named].join(", "));
        if width(&text) <= room {
            return text;
        }
    }
    format!("waiting for {} of {total} servers", waiting.len())
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
        assert_eq!(describe(&waiting[..1], 1, 80), "waiting for stun:a");
        assert_eq!(describe(&[], 3, 80), "finishing");
    }

    #[test]
    fn leaves_nothing_behind() {
        let mut line = Line::new(Arc::new(Mutex::new(Box::new(Vec::new()))));
        line.hide();
        assert!(!line.shown);
        line.tick();
        assert!(line.shown);
        line.hide();
        assert!(!line.shown);
    }
}
