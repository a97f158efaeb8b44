use std::fs::File;
use std::io::ErrorKind;

use crate::archive::read::{self, LARGEST, Unreadable};
use crate::commands::servers::read_up_to;
use crate::commands::stop::{Stop, usage};
use crate::report::Report;

/// The report in a file, or on standard input when it is called `-`.
pub fn read(file: &str) -> Result<Report, Stop> {
    let name = if file == "-" { "standard input" } else { file };
    let bytes = match file {
        "-" => read_up_to(std::io::stdin(), LARGEST),
        file => File::open(file).and_then(|file| read_up_to(file, LARGEST)),
    };
    let bytes = match bytes {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return usage(format!("{name}: {}", Unreadable::TooLarge)),
        Err(why) if why.kind() == ErrorKind::NotFound => return usage(format!("{name}: there is no such file")),
        Err(why) => return usage(format!("{name}: it cannot be read: {why}")),
    };
    read::report(&bytes).or_else(|why| usage(format!("{name}: {why}")))
}
