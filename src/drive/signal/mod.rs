//! Ways over which lines of text go to the other side and come from it: standard streams, a command, TCP.
//!
//! What a line means is nobody's business here. However much comes, only so much is held: a line has
//! [`LONGEST`] bytes at the most, and whoever says more lines than are taken waits.

mod challenge;
mod child;
mod framed;
mod pipes;
mod tcp;

pub use child::{Child, command};
pub use pipes::{input, pipes};
pub use tcp::{Listening, NoDial, Stranger, StrangerKind, dial, listen};

use std::time::Duration;

use tokio::sync::mpsc;

/// The longest line that is taken, in bytes.
pub const LONGEST: usize = 64 * 1024;
/// What comes of it, unless that takes longer.
pub async fn within<T>(patience: Duration, what: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(patience, what).await.ok()
}

/// Lines that may wait, each way.
const WAITING: usize = 64;
/// What is still to leave at the end may take so long.
const LEAVING: Duration = Duration::from_secs(1);

/// What comes over a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A line, without its end.
    Line(String),
    /// A line that is not meant for this side: what a command prints on its standard error.
    Aside(String),
    /// A line was longer than [`LONGEST`]; it is left out.
    TooLong,
    /// Nothing more comes, for this reason, where there is one besides the end.
    End(Option<String>),
}

/// A way over which lines come and go.
#[derive(Debug)]
pub struct Lines {
    outbox: Option<mpsc::Sender<String>>,
    inbox: mpsc::Receiver<Heard>,
    /// Closed when all has left.
    left: mpsc::Receiver<()>,
    ended: bool,
    task: Option<tokio::task::AbortHandle>,
}

/// The other ends of [`Lines`].
struct Ends {
    outbox: mpsc::Receiver<String>,
    inbox: mpsc::Sender<Heard>,
    /// To be dropped when everything from the outbox has left.
    leaving: mpsc::Sender<()>,
}

fn lines() -> (Lines, Ends) {
    let (say, outbox) = mpsc::channel(WAITING);
    let (inbox, hear) = mpsc::channel(WAITING);
    let (leaving, left) = mpsc::channel(1);
    let lines = Lines { outbox: Some(say), inbox: hear, left, ended: false, task: None };
    (lines, Ends { outbox, inbox, leaving })
}

impl Lines {
    /// Says a line; false when it cannot leave: the other side is gone, or has taken nothing for long.
    pub fn say(&mut self, line: String) -> bool {
        self.outbox.as_ref().is_some_and(|outbox| outbox.try_send(line).is_ok())
    }

    /// The next that comes; after the end only asides. May be dropped and asked again without losing any.
    pub async fn hear(&mut self) -> Heard {
        loop {
            let heard = match self.inbox.recv().await {
                None if self.ended => return std::future::pending().await,
                None => Heard::End(None),
                Some(heard) => heard,
            };
            if !self.ended || matches!(heard, Heard::Aside(_)) {
                self.ended |= matches!(heard, Heard::End(_));
                return heard;
            }
        }
    }

    /// The same, or nothing when nothing comes for so long.
    pub async fn hear_within(&mut self, patience: Duration) -> Option<Heard> {
        tokio::time::timeout(patience, self.hear()).await.ok()
    }

    /// Says no more, and waits a little until what was said has left.
    pub async fn finish(&mut self) {
        drop(self.outbox.take());
        let _ = tokio::time::timeout(LEAVING, self.left.recv()).await;
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Cuts bytes into lines, and holds no more than one.
#[derive(Default)]
struct Cutter {
    line: Vec<u8>,
    /// The line is too long already.
    over: bool,
}

impl Cutter {
    /// Takes in bytes; hands each line that is whole to `tell`, as long as that says so.
    fn push(&mut self, bytes: &[u8], mut tell: impl FnMut(Heard) -> bool) -> bool {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, whole) = part.strip_suffix(b"\n").map_or((part, false), |text| (text, true));
            self.over |= self.line.len() + text.len() > LONGEST;
            if self.over {
                self.line = Vec::new();
            } else {
                self.line.extend_from_slice(text);
            }
            if whole && !tell(self.cut()) {
                return false;
            }
        }
        true
    }

    /// What is there without an end.
    fn rest(&mut self) -> Option<Heard> {
        (self.over || !self.line.is_empty()).then(|| self.cut())
    }

    fn cut(&mut self) -> Heard {
        let line = std::mem::take(&mut self.line);
        match std::mem::take(&mut self.over) {
            true => Heard::TooLong,
            false => {
                let line = line.strip_suffix(b"\r").unwrap_or(&line);
                Heard::Line(String::from_utf8_lossy(line).into_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<Heard> {
        let (mut cutter, mut heard) = (Cutter::default(), Vec::new());
        for piece in pieces {
            cutter.push(piece, |line| {
                heard.push(line);
                true
            });
        }
        heard.extend(cutter.rest());
        heard
    }

    #[test]
    fn lines_are_cut_wherever_they_come_in_pieces() {
        let line = |text: &str| Heard::Line(text.into());
        assert_eq!(cut(&[b"on", b"e\r\ntw", b"o\n\nthree"]), [line("one"), line("two"), line(""), line("three")]);
        assert_eq!(cut(&[b""]), []);
        assert_eq!(cut(&[b"\xff\n"]), [line("\u{fffd}")]);
    }

    #[test]
    fn a_line_without_end_is_not_held() {
        let mut cutter = Cutter::default();
        for _ in 0..100 {
            assert!(cutter.push(&[b'x'; LONGEST / 2], |_| unreachable!()));
            assert!(cutter.line.len() <= LONGEST);
        }
        let mut heard = Vec::new();
        cutter.push(b"\nnext\n", |line| {
            heard.push(line);
            true
        });
        assert_eq!(heard, [Heard::TooLong, Heard::Line("next".into())]);
    }
}
