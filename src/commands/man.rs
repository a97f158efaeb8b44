use std::path::{Path, PathBuf};

use clap::Args;

use super::stop::Stop;
use crate::view::ui::Ui;

/// Print the manual page, or write all of them into a folder
#[derive(Debug, Clone, Args)]
pub struct ManArgs {
    /// Write rtcprobe.1, a page for each command and one for the findings into this folder
    #[arg(long, value_name = "DIR", env = "RTCPROBE_OUT")]
    pub out: Option<PathBuf>,
}

pub fn run(args: &ManArgs, ui: &mut Ui) -> Result<u8, Stop> {
    match &args.out {
        None => ui.answer(&page(super::command())?),
        Some(folder) => write_all(folder)?,
    }
    Ok(super::exit::OK)
}

fn write_all(folder: &Path) -> Result<(), Stop> {
    let write = |name: String, page: String| {
        let path = folder.join(name);
        std::fs::write(&path, page).map_err(|why| Stop::CannotRun(format!("cannot write {}: {why}", path.display())))
    };
    std::fs::create_dir_all(folder)
        .map_err(|why| Stop::CannotRun(format!("cannot make the folder {}: {why}", folder.display())))?;
    let mut command = super::command();
    command.build();
    for sub in command.get_subcommands() {
        let name = format!("rtcprobe-{}", sub.get_name());
        let title: &'static str = Box::leak(name.clone().into_boxed_str());
        write(format!("{name}.1"), page(sub.clone().name(title))?)?;
    }
    write("rtcprobe-findings.1".into(), crate::view::explain::man())?;
    write("rtcprobe.1".into(), page(super::command())?)
}

fn page(command: clap::Command) -> Result<String, Stop> {
    let mut page = Vec::new();
    let drawn = clap_mangen::Man::new(command).render(&mut page);
    drawn.map_err(|why| Stop::CannotRun(format!("cannot draw the manual page: {why}")))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
