//! Opens the door: reads the surroundings, runs, hands back the exit code.
#![allow(clippy::disallowed_methods, reason = "the one place that holds the terminal and reads its variables")]

use std::io::IsTerminal;
use std::process::ExitCode;

use rtcprobe::commands::Surroundings;
use rtcprobe::view::ui::Terminal;

fn main() -> ExitCode {
    let variable = |name: &str| std::env::var(name).ok();
    let size = terminal_size::terminal_size();
    let terminal = Terminal {
        stdin: std::io::stdin().is_terminal(),
        stdout: std::io::stdout().is_terminal(),
        stderr: std::io::stderr().is_terminal(),
        width: size.map(|(width, _)| usize::from(width.0)),
        height: size.map(|(_, height)| usize::from(height.0)),
        columns: variable("COLUMNS"),
        no_color: variable("NO_COLOR"),
        clicolor_force: variable("CLICOLOR_FORCE"),
        force_color: variable("FORCE_COLOR"),
        term: variable("TERM"),
    };
    let around = Surroundings {
        terminal,
        out: Box::new(std::io::stdout()),
        err: Box::new(std::io::stderr()),
        job_summary: variable("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()).map(Into::into),
        now: std::time::SystemTime::now(),
        variable: Box::new(variable),
    };
    ExitCode::from(rtcprobe::commands::run(std::env::args_os(), around))
}
