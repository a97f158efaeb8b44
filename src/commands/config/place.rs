use std::path::PathBuf;

use super::Variable;
use crate::commands::stop::{Stop, usage};

/// The user's configuration file.
pub fn of_the_user(variable: Variable<'_>) -> Result<PathBuf, Stop> {
    let folder = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let below_home = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".config" };
    let found = match cfg!(windows) {
        true => folder("APPDATA"),
        false => folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(below_home))),
    };
    match found {
        Some(folder) => Ok(folder.join("rtcprobe").join("config.toml")),
        None if cfg!(windows) => {
            usage("--profile: APPDATA is not set, so nobody knows where profiles are; use --config")
        }
        None => usage(
            "--profile: neither XDG_CONFIG_HOME nor HOME is set, so nobody knows where profiles are; use --config",
        ),
    }
}
