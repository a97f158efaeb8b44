//! Files that are compared byte by byte, and rewritten with `BLESS=1 cargo test`.

use std::fs;
use std::path::Path;

/// Compares a text with a file; with `BLESS=1` rewrites the file instead.
pub fn compare(path: &Path, text: &str) {
    if std::env::var("BLESS").is_ok_and(|value| value == "1") {
        if fs::read_to_string(path).ok().as_deref() != Some(text) {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        return;
    }
    let there = fs::read_to_string(path).unwrap_or_default();
    if there != text {
        let first = there.lines().zip(text.lines()).position(|(a, b)| a != b).unwrap_or(0);
        panic!(
            "{} is not what it should be from line {} on; BLESS=1 cargo test rewrites it\n--- there\n{}\n--- should be\n{}",
            path.display(),
            first + 1,
            there.lines().skip(first).take(5).collect::<Vec<_>>().join("\n"),
            text.lines().skip(first).take(5).collect::<Vec<_>>().join("\n"),
        );
    }
}
