//! Standard streams and a command, over which both sides speak JSON lines.

use std::io::Write;
use std::time::Duration;

use super::means::{Aside, Begun, Means, Ours, Theirs};
use super::talk::{End, converse};
use crate::commands::stop::{Stop, usage};
use crate::drive::signal::{self, Child, Heard, Lines};
use crate::wire::signal::Part;

/// A command has so long to end when it has been told that all is over.
const LEAVING: Duration = Duration::from_secs(3);

/// Standard input and output.
pub struct Pipe {
    part: Part,
    lines: Lines,
}

impl Pipe {
    pub fn new(part: Part, out: Box<dyn Write + Send>) -> Pipe {
        Pipe { part, lines: signal::pipes(out) }
    }
}

impl Means for Pipe {
    fn signalling(&self) -> &'static str {
        "pipe"
    }

    fn part(&self) -> Part {
        self.part
    }

    async fn carry(&mut self, ours: Ours, theirs: &Theirs, aside: &Aside<'_>) -> Result<(), Stop> {
        match converse(&mut self.lines, ours, theirs, aside).await? {
            End::Theirs(why) if !theirs.described() => {
                let why = why.map_or_else(String::new, |why| format!(" ({why})"));
                usage(format!(
                    "standard input ended{why} before the other side had described itself; with - both sides speak \
                     JSON lines, so join it with another `rtcprobe connect`, or leave out the - to paste"
                ))
            }
            _ => Ok(()),
        }
    }
}

/// A command.
pub struct Exec {
    command: String,
    running: Option<(Child, Lines)>,
}

impl Exec {
    pub fn new(command: String) -> Exec {
        Exec { command, running: None }
    }
}

impl Means for Exec {
    fn signalling(&self) -> &'static str {
        "exec"
    }

    fn part(&self) -> Part {
        Part::Offer
    }

    async fn begin(&mut self, _aside: &Aside<'_>) -> Result<Begun, Stop> {
        let running = signal::command(&self.command);
        self.running = Some(running.map_err(|why| Stop::CannotRun(format!("--exec: {why}")))?);
        Ok(Begun::default())
    }

    async fn carry(&mut self, ours: Ours, theirs: &Theirs, aside: &Aside<'_>) -> Result<(), Stop> {
        let Some((child, mut lines)) = self.running.take() else { return Ok(()) };
        let conversed = converse(&mut lines, ours, theirs, aside).await;
        // Its last words are often why it ends.
        let last_words = async {
            loop {
                if let Heard::Aside(line) = lines.hear().await {
                    aside.heard(&line);
                }
            }
        };
        let ended = tokio::select! { ended = child.end(LEAVING) => ended, () = last_words => None };
        match (conversed?, ended) {
            (End::Theirs(_), ended) if !theirs.described() => {
                let how = ended.unwrap_or_else(|| "ended".into());
                Err(Stop::CannotRun(format!(
                    "the command of --exec {how} before the other side had described itself; over there, \
                     `rtcprobe connect answer -` must run, with rtcprobe in the PATH"
                )))
            }
            (_, Some(how)) => {
                aside.detail(&format!("the command of --exec {how}"));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
