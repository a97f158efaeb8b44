use clap::Args;
use clap_complete::Shell;

use super::stop::Stop;
use crate::view::ui::Ui;

/// Print completions for a shell
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

pub fn run(args: &CompletionsArgs, ui: &mut Ui) -> Result<u8, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "rtcprobe", &mut script);
    ui.answer(&String::from_utf8_lossy(&script));
    Ok(super::exit::OK)
}
