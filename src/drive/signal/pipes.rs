//! Standard input and output, and those of a command: threads, as they can block for ever.

use std::io::{Read, Write};
use std::thread;

use tokio::sync::mpsc;

use super::{Cutter, Ends, Heard, Lines, lines};

/// Lines that come from standard input, and nothing to say.
#[must_use]
pub fn input() -> Lines {
    let (mut lines, ends) = lines();
    lines.outbox = None;
    read(std::io::stdin(), ends.inbox, false);
    lines
}

/// Lines from standard input, and to `out`.
#[must_use]
pub fn pipes(out: Box<dyn Write + Send>) -> Lines {
    let (lines, Ends { outbox, inbox, leaving }) = lines();
    read(std::io::stdin(), inbox, false);
    write(out, outbox, leaving);
    lines
}

/// Reads to the end on a thread of its own. What does not count as said is an aside, and its end none.
pub(super) fn read(mut from: impl Read + Send + 'static, inbox: mpsc::Sender<Heard>, aside: bool) {
    thread::spawn(move || {
        let mut cutter = Cutter::default();
        let mut piece = [0; 4096];
        let tell = |heard| match heard {
            Heard::Line(line) if aside => inbox.blocking_send(Heard::Aside(line)).is_ok(),
            heard => inbox.blocking_send(heard).is_ok(),
        };
        let end = loop {
            match from.read(&mut piece) {
                Ok(0) => break None,
                Ok(count) => {
                    if !cutter.push(&piece[..count], tell) {
                        return;
                    }
                }
                Err(why) if why.kind() == std::io::ErrorKind::Interrupted => {}
                Err(why) => break Some(why.to_string()),
            }
        };
        cutter.rest().map(tell);
        if !aside {
            let _ = inbox.blocking_send(Heard::End(end));
        }
    });
}

/// Writes each line at once, on a thread of its own.
pub(super) fn write(
    mut to: impl Write + Send + 'static,
    mut outbox: mpsc::Receiver<String>,
    leaving: mpsc::Sender<()>,
) {
    thread::spawn(move || {
        while let Some(line) = outbox.blocking_recv() {
            // Who does not read any more has left, which is heard elsewhere.
            if writeln!(to, "{line}").and_then(|()| to.flush()).is_err() {
                break;
            }
        }
        drop(leaving);
    });
}
