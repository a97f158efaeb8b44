//! `--pcap`, `--trace` and `rtcprobe replay` from outside.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pcap_file::pcapng::{Block, PcapNgReader};

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("rtcprobe-record-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rtcprobe")).args(args).env_clear().output().unwrap()
}

#[track_caller]
fn replays(folder: &Folder, args: &[&str]) {
    let trace = folder.file("run.trace");
    let first = run(&[args, &["--json", "--trace", &trace]].concat());
    let again = run(&["replay", &trace, "--json"]);
    let stderr = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(again.status.code(), first.status.code(), "{args:?}: {stderr}");
    assert!(!first.stdout.is_empty() && first.stdout == again.stdout, "{args:?}: {stderr}");
    assert_eq!(stderr, "", "{args:?}");
}

#[test]
fn a_replay_gives_the_same_report_behind_every_nat() {
    let folder = Folder::new("nats");
    for mapping in ["eim", "adm", "apdm"] {
        for filtering in ["eif", "adf", "apdf"] {
            let demo = format!("--demo={mapping}-{filtering}");
            replays(&folder, &["gather", &demo]);
            replays(&folder, &["check", &demo, "--no-echo"]);
        }
    }
    replays(&folder, &["gather", "--demo=none"]);
}

#[test]
fn a_replay_gives_the_same_report_of_what_fails() {
    let folder = Folder::new("failures");
    let keys = ["--username", "u", "--credential", "p"];
    replays(&folder, &[&["turn", "turn:127.0.0.1:1", "turn:127.0.0.1:1?transport=tcp"], &keys[..]].concat());
    replays(&folder, &["gather", "stun:127.0.0.1:1", "stun:name.invalid", "--nameserver", "127.0.0.1:1"]);
}

#[test]
fn a_replay_prints_what_the_run_printed() {
    let folder = Folder::new("text");
    let trace = folder.file("run.trace");
    let first = run(&["gather", "--demo", "--trace", &trace]);
    let again = run(&["replay", &trace]);
    assert_eq!(String::from_utf8_lossy(&again.stdout), String::from_utf8_lossy(&first.stdout));
    assert_eq!(again.status.code(), Some(0));
}

#[test]
fn no_password_is_in_what_is_recorded() {
    let folder = Folder::new("secrets");
    let (trace, pcap) = (folder.file("run.trace"), folder.file("run.pcapng"));
    let secret = "correct-horse-battery";
    let keys = ["--username", "alice", "--credential", secret];
    let files = ["--trace", &trace, "--pcap", &pcap];
    let refused = ["turn:127.0.0.1:1?transport=tcp"];
    run(&[&["turn"], &refused[..], &keys[..], &files[..]].concat());
    run(&["turn", "--demo", "--no-echo", "--trace", &folder.file("demo.trace")]);
    for file in [&trace, &pcap, &folder.file("demo.trace")] {
        let bytes = fs::read(file).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!holds(secret) && !holds("correct"), "{file}");
        assert!(!bytes.is_empty(), "{file}");
    }
    assert!(fs::read_to_string(&trace).unwrap().contains("stand-in-1"));
}

#[test]
fn packets_are_written_with_the_step_that_they_belong_to() {
    let folder = Folder::new("pcap");
    let pcap = folder.file("run.pcapng");
    assert_eq!(run(&["turn", "--demo", "--no-echo", "--pcap", &pcap]).status.code(), Some(0));
    let mut reader = PcapNgReader::new(fs::File::open(&pcap).unwrap()).unwrap();
    let (mut comments, mut interfaces, mut last) = (String::new(), [0, 0], std::time::Duration::ZERO);
    while let Some(block) = reader.next_block() {
        if let Block::EnhancedPacket(packet) = block.unwrap() {
            interfaces[packet.interface_id as usize] += 1;
            assert!(packet.timestamp >= last, "time goes on");
            last = packet.timestamp;
            comments.push_str(&format!("{:?}\n", packet.options));
        }
    }
    assert!(interfaces[0] > 20 && interfaces[1] > 20, "outside and inside TLS and DTLS: {interfaces:?}");
    for step in ["binding", "challenge", "allocate", "permission", "channel", "relay-send", "release"] {
        assert!(comments.contains(&format!("step {step}")), "{step}");
    }
}

#[test]
fn says_what_is_wrong_with_a_trace() {
    let folder = Folder::new("wrong");
    let write = |name: &str, text: &str| {
        fs::write(folder.file(name), text).unwrap();
        folder.file(name)
    };
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let newer = r#"{"trace":{"version":99,"rtcprobe":"9.0\u001b[31m","command":"gather","options":[],"started":0}}"#;
    let header = r#"{"trace":{"version":1,"rtcprobe":"0.1.0","command":"gather","options":[],"started":0}}"#;
    let other = header.replace("gather", "serve");
    let option = header.replace("[]", r#"["--no-such-option"]"#);
    for (file, because) in [
        (folder.file("absent"), "no such file"),
        (write("empty", ""), "not a trace"),
        (write("text", "hello\nworld\n"), "not a trace"),
        (write("deep", &deep), "not a trace"),
        (write("newer", &format!("{newer}\n")), "version 99"),
        (write("short", &format!("{header}\n")), "seed"),
        (write("other", &format!("{other}\n")), "sends nothing"),
        (write("option", &format!("{option}\n")), "--no-such-option"),
        (write("broken", &format!("{header}\nnonsense\n")), "line 2"),
    ] {
        let output = run(&["replay", &file]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{file}: {stderr}");
        assert!(stderr.contains(because) && stderr.lines().count() == 1, "{file}: {stderr}");
        assert!(!stderr.contains('\u{1b}'), "{stderr:?}");
    }
}

#[test]
fn a_trace_that_was_cut_off_is_replayed_as_far_as_it_goes() {
    let folder = Folder::new("cut");
    let trace = folder.file("run.trace");
    run(&["turn", "--demo", "--no-echo", "--trace", &trace]);
    let text = fs::read_to_string(&trace).unwrap();
    for part in [2, 1] {
        let cut = folder.file("cut.trace");
        fs::write(&cut, &text[..text.len() / 6 * part]).unwrap();
        let output = run(&["replay", &cut, "--json"]);
        assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("\"interrupted\": true"));
    }
}

#[test]
fn a_run_that_would_go_another_way_is_judged_from_its_report() {
    let folder = Folder::new("other-way");
    let trace = folder.file("run.trace");
    run(&["turn", "--demo", "--no-echo", "--trace", &trace]);
    let text = fs::read_to_string(&trace).unwrap();
    let seed = text.lines().find(|line| line.contains("\"seed\"")).unwrap();
    let other = seed.replace("\"value\":[", "\"value\":[1,").replacen("1,", "", 0);
    let numbers: Vec<&str> = other.split(',').collect();
    let shortened = [&numbers[..2], &numbers[3..]].concat().join(",");
    fs::write(&trace, text.replace(seed, &shortened)).unwrap();
    let output = run(&["replay", &trace, "--json"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("would have asked something else"), "{stderr}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"verdict\": \"pass\""));
}

#[test]
fn says_where_a_recording_cannot_be_written() {
    for option in ["--pcap", "--trace"] {
        let output = run(&["gather", "--demo", option, "/nonexistent/folder/file"]);
        assert_eq!(output.status.code(), Some(2));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(option) && stderr.contains("no such folder"), "{stderr}");
        assert!(output.stdout.is_empty());
    }
    assert!(Path::new("/dev/full").exists());
    let output = run(&["gather", "--demo", "--trace", "/dev/full"]);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
}
