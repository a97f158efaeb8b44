//! Two sides that speak JSON lines, whatever carries them.

use super::means::{Aside, Ours, Theirs};
use crate::commands::stop::{Stop, usage};
use crate::drive::signal::{Heard, Lines};
use crate::view::escape::visible;
use crate::wire::signal::{LONGEST, Message};

/// Lines that are shown of what the other side prints besides.
const SHOWN: u32 = 100;
/// What it says that is no line of signalling counts against it.
const NONSENSE: u32 = 10_000;

/// Who ended a conversation.
pub enum End {
    /// This side: the run is over.
    Ours,
    /// The other side's lines have ended, for this reason, where one is known.
    Theirs(Option<String>),
}

/// Carries lines to and fro until this side has nothing to say any more.
pub async fn converse(lines: &mut Lines, mut ours: Ours, theirs: &Theirs, aside: &Aside<'_>) -> Result<End, Stop> {
    let mut hearing = Hearing { theirs, aside, own: None, besides: 0 };
    let mut end = End::Ours;
    let mut trouble = Ok(());
    loop {
        tokio::select! {
            message = ours.recv() => match message {
                Some(message) => {
                    if let Message::Description(description) = &message {
                        hearing.own = Some(description.ufrag.clone());
                    }
                    lines.say(message.to_line());
                }
                None => break,
            },
            heard = lines.hear(), if trouble.is_ok() => match heard {
                Heard::End(why) => {
                    theirs.over().await;
                    end = End::Theirs(why);
                }
                heard => {
                    trouble = hearing.take(heard).await;
                    if trouble.is_err() {
                        theirs.say(Message::Bye).await;
                    }
                }
            },
        }
    }
    lines.finish().await;
    trouble.map(|()| end)
}

struct Hearing<'a, 'u> {
    theirs: &'a Theirs,
    aside: &'a Aside<'u>,
    /// The user name fragment of this side.
    own: Option<String>,
    /// Lines that were no signalling.
    besides: u32,
}

impl Hearing<'_, '_> {
    async fn take(&mut self, heard: Heard) -> Result<(), Stop> {
        let line = match heard {
            Heard::Line(line) => line,
            Heard::Aside(line) => return self.show(&line),
            Heard::TooLong => return self.show(&format!("(a line of more than {} KiB)", LONGEST / 1024)),
            Heard::End(_) => return Ok(()),
        };
        match Message::read(&line) {
            Ok(Some(message)) => {
                if let Message::Description(description) = &message {
                    self.check(description)?;
                }
                self.theirs.say(message).await;
                Ok(())
            }
            // Of a version that knows more.
            Ok(None) => Ok(()),
            // Greetings of shells and hosts.
            Err(_) if line.trim().is_empty() => Ok(()),
            Err(_) => self.show(&line),
        }
    }

    fn check(&self, description: &crate::wire::signal::Description) -> Result<(), Stop> {
        if self.own.as_ref() == Some(&description.ufrag) {
            return usage(
                "what this side says comes back to it: the other side must be another `rtcprobe connect`, such as \
                 `rtcprobe connect answer -`",
            );
        }
        description.check().or_else(|why| usage(format!("the other side cannot be understood: {}", visible(&why.0))))
    }

    fn show(&mut self, line: &str) -> Result<(), Stop> {
        self.besides += 1;
        match self.besides {
            ..=SHOWN => self.aside.heard(line),
            NONSENSE if !self.theirs.described() => {
                return usage(
                    "the other side prints thousands of lines that no `rtcprobe connect` would; see what is run there",
                );
            }
            101 => self.aside.say("other side: … (the rest is not shown)"),
            _ => {}
        }
        Ok(())
    }
}
