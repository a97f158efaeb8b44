//! Opens an address with the system's browser.

use std::process::{Command, Stdio};

/// Asks the system to show it; the address can be seen by other users of the machine meanwhile. An error says what
/// could not be started.
pub fn show(address: &str) -> Result<(), String> {
    let program = match () {
        () if cfg!(target_os = "macos") => "open",
        () if cfg!(windows) => "explorer",
        () => "xdg-open",
    };
    let mut command = Command::new(program);
    command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.spawn() {
        // It hands over to a browser that runs, or becomes one.
        Ok(_) => Ok(()),
        Err(why) => Err(format!("{program} cannot be started: {}", super::super::refusals::plain(&why))),
    }
}
