//! The map in `src/lib.rs` is the law; these tests are the police.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Files that may be longer than a sitting, each with its reason. Empty is best.
const LONG: &[(&str, &str)] = &[
    ("src/probes/gather/task.rs", "one server's whole story, with the transports side by side"),
    ("src/server/allocation.rs", "everything that a TURN allocation can be asked"),
];

const LINES: usize = 400;

struct Room {
    floor: u8,
    leans_on: Vec<String>,
}

#[test]
fn every_arrow_of_the_map_goes_down() {
    let map = map();
    for (name, room) in &map {
        for below in &room.leans_on {
            let there = map.get(below).unwrap_or_else(|| panic!("{name} leans on {below}, which is not on the map"));
            assert!(there.floor < room.floor, "{name} leans on {below}, which is not below it");
        }
    }
}

#[test]
fn every_room_is_on_the_map_and_exists() {
    let map = map();
    for name in map.keys() {
        let path = if name.ends_with(".rs") {
            root().join("src").join(name)
        } else {
            root().join("src").join(name).join("mod.rs")
        };
        assert!(path.is_file(), "the map names {name}, but {} is missing", path.display());
    }
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "lib.rs" || map.contains_key(&name), "src/{name} is not on the map in src/lib.rs");
    }
}

#[test]
fn every_path_follows_the_map() {
    let map = map();
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let parts: Vec<&str> = path.split('/').collect();
        let own = parts[1];
        if own == "lib.rs" {
            continue;
        }
        let room = &map[own];
        // src/room/file.rs is the module room::file, src/room/mod.rs the module room.
        let depth = parts.len() - 1 - usize::from(path.ends_with("/mod.rs"));
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start();
            let at = format!("{path}:{}", number + 1);
            let door = if own == "main.rs" { "rtcprobe::" } else { "crate::" };
            for (start, _) in line.match_indices(door) {
                let before = line[..start].chars().next_back();
                if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$' || c == ':') {
                    continue;
                }
                let target: String =
                    line[start + door.len()..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if target.is_empty() {
                    wrong.push(format!("{at}: import from one room at a time, without braces after `{door}`"));
                } else if target != own && !room.leans_on.contains(&target) {
                    wrong.push(format!("{at}: {own} does not lean on {target}"));
                }
            }
            let supers = line.match_indices("super::super::").map(|(at, _)| supers(&line[at..])).max().unwrap_or(0);
            if supers >= depth && own != "main.rs" {
                wrong.push(format!("{at}: `super::super` may leave the room; write crate::{own}::…"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_file_is_read_at_one_sitting() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count();
        if lines >= LINES && !LONG.iter().any(|(long, _)| *long == path) {
            wrong.push(format!("{path} has {lines} lines before its tests; the limit is {LINES}"));
        }
    }
    for (path, _) in LONG {
        assert!(root().join(path).is_file(), "{path} is excused for its length but is not there");
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_file_is_named_for_what_it_holds() {
    let vague = ["util", "utils", "helper", "helpers", "common", "manager", "handler", "misc"];
    for path in project_files() {
        let stem = path.file_stem().unwrap().to_string_lossy().to_lowercase();
        assert!(!vague.contains(&stem.as_str()), "{} says nothing about what is in it", path.display());
    }
}

#[test]
fn nothing_speaks_of_the_machine_it_was_written_on() {
    let private: Vec<String> = ["work", "root", "home"].iter().map(|folder| format!("/{folder}/")).collect();
    for path in project_files() {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for (number, line) in text.lines().enumerate() {
            for word in &private {
                assert!(!line.contains(word.as_str()), "{}:{}: {word}", path.display(), number + 1);
            }
        }
    }
}

/// The table in the documentation of `src/lib.rs`.
fn map() -> BTreeMap<String, Room> {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let mut map = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let cells: Vec<&str> = line.trim_end_matches('|').split('|').map(str::trim).collect();
        let [floor, name, sentence, leans_on] = cells[..] else { panic!("four cells: {line}") };
        let Ok(floor) = floor.parse() else { continue };
        assert!(sentence.ends_with('.'), "a sentence: {sentence}");
        let leans_on = leans_on.split(", ").filter(|name| *name != "nothing").map(String::from).collect();
        map.insert(name.trim_matches('`').to_string(), Room { floor, leans_on });
    }
    assert!(map.len() >= 9, "the map in src/lib.rs was not understood");
    map
}

/// Every Rust file under `src`, by its path from the root, with its text.
fn sources() -> Vec<(String, String)> {
    let inside =
        |path: &PathBuf| path.extension().is_some_and(|end| end == "rs") && path.starts_with(root().join("src"));
    let read = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        (name, fs::read_to_string(path).unwrap())
    };
    project_files().into_iter().filter(inside).map(read).collect()
}

fn project_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && name != ".git" {
                    folders.push(path);
                }
            } else if name != ".git" {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// How many times `super::` stands at the start.
fn supers(mut text: &str) -> usize {
    let mut count = 0;
    while let Some(rest) = text.strip_prefix("super::") {
        text = rest;
        count += 1;
    }
    count
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
