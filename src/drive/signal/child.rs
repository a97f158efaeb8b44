//! A command of the user's, whose standard input and output are the way to the other side.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Ends, Lines, lines, pipes};

/// How often to look whether it has ended.
const LOOK: Duration = Duration::from_millis(20);

/// A command that runs; it ends with this.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    /// It leads a process group of its own.
    group: bool,
    reaped: bool,
}

/// Runs a command in a shell. What it prints on its standard error comes as asides.
pub fn command(text: &str) -> Result<(Child, Lines), String> {
    let group = is_alone();
    let mut shell = shell(text);
    #[cfg(unix)]
    if group {
        std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    }
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = shell.spawn().map_err(|why| format!("the shell cannot be started: {why}"))?;
    let (lines, Ends { outbox, inbox, leaving }) = lines();
    if let Some(stderr) = process.stderr.take() {
        pipes::read(stderr, inbox.clone(), true);
    }
    if let Some(stdout) = process.stdout.take() {
        pipes::read(stdout, inbox, false);
    }
    if let Some(stdin) = process.stdin.take() {
        pipes::write(stdin, outbox, leaving);
    }
    Ok((Child { process, group, reaped: false }, lines))
}

/// Nobody sits at a terminal: then the command may be in a group of its own, so that all that it starts ends with
/// it. At a terminal ssh could not ask for a password there.
fn is_alone() -> bool {
    cfg!(unix) && std::fs::File::open("/dev/tty").is_err()
}

fn shell(text: &str) -> Command {
    #[cfg(unix)]
    {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(text);
        shell
    }
    #[cfg(not(unix))]
    {
        let mut shell = Command::new("cmd");
        shell.arg("/C").arg(text);
        shell
    }
}

impl Child {
    /// Waits for its end, so long; then ends it. How it ended, when that was not in order.
    pub async fn end(mut self, patience: Duration) -> Option<String> {
        let mut waited = Duration::ZERO;
        loop {
            match self.process.try_wait() {
                Ok(Some(status)) => {
                    self.reaped = true;
                    return (!status.success()).then(|| told(status));
                }
                Ok(None) if waited < patience => {
                    tokio::time::sleep(LOOK).await;
                    waited += LOOK;
                }
                _ => return Some("did not end by itself and was stopped".into()),
            }
        }
    }

    #[cfg(unix)]
    fn signal(&self, signal: nix::sys::signal::Signal) {
        let Ok(id) = i32::try_from(self.process.id()) else { return };
        let id = nix::unistd::Pid::from_raw(id);
        let _ = if self.group { nix::sys::signal::killpg(id, signal) } else { nix::sys::signal::kill(id, signal) };
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.reaped && !self.group {
            return;
        }
        #[cfg(unix)]
        {
            // What it leaves behind in its group goes, too.
            use nix::sys::signal::Signal;
            self.signal(Signal::SIGTERM);
            for _ in 0..25 {
                if self.reaped || matches!(self.process.try_wait(), Ok(Some(_))) {
                    return;
                }
                std::thread::sleep(LOOK);
            }
            self.signal(Signal::SIGKILL);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn told(status: std::process::ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was ended by signal {signal}");
    }
    match status.code() {
        // As shells say it.
        Some(127) => "ended with exit code 127 (no such command)".into(),
        Some(code) => format!("ended with exit code {code}"),
        None => "ended".into(),
    }
}
