//! The grammar against the RFCs' vectors, the registry, strangers' messages and chance.

mod arbitrary;
mod gateway;
mod registry;
mod second_opinion;
mod signalling;
mod strangers;
mod vectors;

use std::path::PathBuf;

use rtcprobe::wire::message::Message;

fn fixtures(room: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(room)
}

/// The bytes of `fixtures/wire/NAME.hex`.
fn packet(name: &str) -> Vec<u8> {
    let path = fixtures("wire").join(format!("{name}.hex"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let digits: Vec<u8> = text
        .lines()
        .map(|line| line.split('#').next().unwrap())
        .flat_map(str::chars)
        .filter(|c| !c.is_whitespace())
        .map(|c| u8::try_from(c.to_digit(16).unwrap_or_else(|| panic!("{name}: {c}"))).unwrap())
        .collect();
    assert!(digits.len().is_multiple_of(2), "{name} ends in half a byte");
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Every packet with its name, in the order of the names.
fn packets() -> Vec<(String, Vec<u8>)> {
    let mut names: Vec<String> = std::fs::read_dir(fixtures("wire"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "hex"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert!(names.len() > 25, "the fixtures are there");
    names.into_iter().map(|name| (name.clone(), packet(&name))).collect()
}

fn message(name: &str) -> Message {
    Message::decode(&packet(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}
