//! `--config` and `--profile` from outside: what a file says, what comes before it, what is refused.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use rtcprobe::report::Report;

const PASSWORD: &str = "correct-horse-battery";
/// Nothing listens there.
const DEAD: &str = "timing = \"fast\"\n[servers.dead]\nurls = [\"stun:127.0.0.1:1\", \"turn:127.0.0.1:1\"]\n\
    username = \"alice\"\ncredential-env = \"TURN_PASSWORD\"\n";

/// A folder of its own, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("rtcprobe-config-{}-{name}", std::process::id()));
        fs::create_dir_all(path.join("rtcprobe")).unwrap();
        Folder(path)
    }

    fn with(name: &str, text: impl AsRef<[u8]>) -> Folder {
        let folder = Folder::new(name);
        folder.write("c.toml", text);
        folder
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn run(&self, args: &[&str]) -> Output {
        self.run_with(args, &[("TURN_PASSWORD", PASSWORD)])
    }

    fn run_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rtcprobe"));
        command.args(args).stdin(Stdio::null()).current_dir(&self.0).env_clear().env("XDG_CONFIG_HOME", &self.0);
        command.envs(variables.iter().copied()).output().unwrap()
    }

    fn report(&self, args: &[&str], variables: &[(&str, &str)]) -> Report {
        let output = self.run_with(&[args, &["--json"]].concat(), variables);
        let text = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!text.contains(PASSWORD) && !stderr.contains(PASSWORD));
        serde_json::from_str(&text).unwrap_or_else(|why| panic!("{args:?}: {why}: {stderr}"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Said in one line on stderr, with nothing on stdout and exit code 2, and without the password.
#[track_caller]
fn refuses(folder: &Folder, args: &[&str], because: &[&str]) {
    let output = folder.run(args);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(output.stdout.is_empty());
    assert!(stderr.starts_with("error: ") && stderr.lines().count() == 1, "{stderr}");
    assert!(!stderr.contains(PASSWORD), "{stderr}");
    for word in because {
        assert!(stderr.contains(word), "should speak of {word}: {stderr}");
    }
}

#[test]
fn refuses_an_option_of_a_file_with_the_line_where_it_stands() {
    let cases: &[(&str, &[&str])] = &[
        ("strict = true\nbudget = \"soon\"", &["c.toml, line 2: ", "'soon' for 'budget <TIME>'"]),
        ("ca-file = \"nope.pem\"\nstun = 1", &["c.toml, line 2: ", "no key stun"]),
        ("strict = true\n\nca-file = \"nope.pem\"", &["c.toml, line 3: ca-file", "nope.pem"]),
        ("expect = [\"host\", \"rtt<x\"]", &["c.toml, line 1: ", "rtt<80ms"]),
        ("ipv4 = true\ninterface = [\"nowhere0\"]", &["c.toml, line 2: interface nowhere0"]),
    ];
    for (text, because) in cases {
        let folder = Folder::with("options", text);
        refuses(&folder, &["check", "--config", "c.toml", "stun:127.0.0.1:1", "-q"], because);
    }
    // Of what was typed, the file knows nothing.
    let folder = Folder::with("typed", "ca-file = \"nope.pem\"");
    let output = folder.run(&["check", "--config", "c.toml", "--ca-file", "other.pem", "stun:127.0.0.1:1"]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.starts_with("error: --ca-file other.pem"), "{stderr}");
}

#[test]
fn refuses_what_is_wrong_in_a_file_with_its_line() {
    let server = "[servers.a]\nurls = \"turn:127.0.0.1:1\"\n";
    let cases: &[(&str, &[&str])] = &[
        ("\nbudgte = \"1s\"", &["c.toml, line 2", "budgte", "did you mean budget?"]),
        ("zzzzzz = 1", &["line 1", "there are reference, expect"]),
        ("budget = 5", &["line 1", "budget is to be a string"]),
        ("strict = \"yes\"", &["line 1", "true or false"]),
        ("expect = [\"host\",\n5]", &["line 2", "expect", "string"]),
        ("servers = 1", &["line 1", "servers is to be a table"]),
        ("expect = [\"magic\"]", &["c.toml", "expect", "magic"]),
        ("budget = \"soon\"", &["c.toml", "budget", "10s"]),
        ("a = \"correct-horse-battery", &["line 1", "not TOML"]),
        (&format!("{server}hsot = \"x\""), &["line 3", "did you mean host?"]),
        (&format!("{server}credential = \"{PASSWORD}\""), &["line 3", "copied and shared", "credential-env = "]),
        (&format!("{server}password = \"{PASSWORD}\""), &["line 3", "credential-file = "]),
        (&format!("{server}secret = \"{PASSWORD}\""), &["line 3", "secret-env = "]),
        (&format!("{server}host = \"b\""), &["line 1", "both urls and a host"]),
        ("[servers.a]\nusername = \"u\"", &["line 1", "neither urls nor a host"]),
        (&format!("{server}username = \"u\""), &["servers.a", "username without"]),
        (&format!("{server}credential-env = \"TURN_PASSWORD\""), &["servers.a", "without a username"]),
        (&format!("{server}username = \"u\"\ncredential-env = \"NOT_SET\""), &["NOT_SET", "not set"]),
        (&format!("{server}username = \"u\"\ncredential-file = \"gone.txt\""), &["gone.txt", "no such file"]),
        (&format!("{server}username = \"u\"\nsecret-env = \"TURN_PASSWORD\""), &["do not go together"]),
        (&format!("{server}secret-env = \"A\"\ncredential-env = \"B\""), &["line 4", "give one"]),
        (&format!("{server}ttl = \"never\""), &["line 3", "ttl", "10s"]),
    ];
    for (number, (text, because)) in cases.iter().enumerate() {
        refuses(&Folder::with(&format!("wrong-{number}"), text), &["check", "--config", "c.toml"], because);
    }
    // `check` tells of it among its findings.
    let because = &["servers.a", "turn:127.0.0.1:1", "credential-env"];
    refuses(&Folder::with("bare", server), &["turn", "--config", "c.toml"], because);
}

#[test]
fn refuses_files_that_are_none() {
    let folder = Folder::with("none", b"\xff\xfe");
    folder.write("big.toml", "#".repeat(65_537));
    refuses(&folder, &["nat", "--config", "c.toml"], &["c.toml", "UTF-8"]);
    refuses(&folder, &["nat", "--config", "big.toml"], &["64 KiB"]);
    refuses(&folder, &["nat", "--config", "gone.toml"], &["gone.toml", "no such file"]);
    refuses(&folder, &["nat", "--config", "-"], &["from a file only"]);
    refuses(&folder, &["nat", "--config", "c.toml", "--profile", "a"], &["--config and --profile"]);
    refuses(&folder, &["nat", "--profile", "a"], &["config.toml", "no such file"]);
}

#[test]
fn one_file_serves_every_command_that_names_servers() {
    let text = format!("expect = [\"host\"]\nbudget = \"5s\"\nreference = [\"stun:127.0.0.1:1\"]\n{DEAD}");
    let folder = Folder::with("all", text);
    for command in ["gather", "nat", "turn", "check"] {
        let report = folder.report(&[command, "--config", "c.toml"], &[("TURN_PASSWORD", PASSWORD)]);
        assert_eq!(report.expectations.len(), usize::from(command == "check"), "{command}");
        let named = report.servers.iter().any(|server| server.url.contains("127.0.0.1:1"));
        assert!(named || report.nat.is_some(), "{command}");
    }
}

#[test]
fn the_command_line_comes_before_the_environment_and_both_before_the_file() {
    let folder = Folder::with("order", format!("expect = [\"host\"]\n{DEAD}"));
    let expected = |args: &[&str], variables: &[(&str, &str)]| {
        let mut all = vec![("TURN_PASSWORD", PASSWORD)];
        all.extend_from_slice(variables);
        let report = folder.report(&[&["check", "--config", "c.toml"], args].concat(), &all);
        let user = report.servers.iter().find_map(|server| server.username.clone());
        (report.expectations[0].expect.clone(), user, report.servers[0].url.clone())
    };
    let (fact, user, url) = expected(&[], &[]);
    assert_eq!((fact.as_str(), user.as_deref()), ("host", Some("alice")));
    assert!(url.contains("127.0.0.1:1"));
    let variables = [("RTCPROBE_EXPECT", "srflx"), ("RTCPROBE_USERNAME", "bob"), ("RTCPROBE_CREDENTIAL", "x")];
    let (fact, user, _) = expected(&[], &variables);
    assert_eq!((fact.as_str(), user.as_deref()), ("srflx", Some("bob")));
    let (fact, _, url) = expected(&["--expect", "ipv6", "stun:127.0.0.1:9"], &variables[..1]);
    assert_eq!(fact, "ipv6");
    assert!(url.contains("127.0.0.1:9"), "servers of the command line take the place of the file's: {url}");
}

#[test]
fn a_profile_is_a_table_of_the_users_file() {
    let folder = Folder::new("profile");
    folder.write(
        "rtcprobe/config.toml",
        "[profile.work]\nexpect = [\"host\"]\ntiming = \"fast\"\n[profile.work.servers.a]\nurls = \"turn:127.0.0.1:1\"\n\
         username = \"u\"\ncredential-file = \"pass.txt\"\n[profile.home]\n",
    );
    folder.write("rtcprobe/pass.txt", format!("{PASSWORD}\n"));
    let report = folder.report(&["check", "--profile", "work"], &[]);
    assert_eq!(report.expectations[0].expect, "host");
    assert!(report.servers[0].url.contains("127.0.0.1:1"), "the password's file is beside the configuration");
    refuses(&folder, &["turn", "--profile", "wrok"], &["no profile wrok", "there are work, home"]);
    folder.write("rtcprobe/config.toml", "profil = 1");
    refuses(&folder, &["turn", "--profile", "work"], &["line 1", "did you mean profile?"]);
}

#[test]
fn a_replay_expects_what_the_file_expected_and_holds_no_password() {
    let folder = Folder::with("replay", format!("expect = [\"host\"]\nreference = \"stun:127.0.0.1:1\"\n{DEAD}"));
    let variables = [("TURN_PASSWORD", PASSWORD)];
    let first = folder.report(&["check", "--config", "c.toml", "--trace", "t"], &variables);
    assert!(!fs::read_to_string(folder.0.join("t")).unwrap().contains(PASSWORD));
    fs::remove_file(folder.0.join("c.toml")).unwrap();
    let again = folder.report(&["replay", "t"], &[]);
    assert_eq!(serde_json::to_value(&again).unwrap(), serde_json::to_value(&first).unwrap());
}

#[test]
fn a_demo_brings_its_own_servers() {
    let folder = Folder::with("demo", DEAD);
    refuses(&folder, &["check", "--demo", "--config", "c.toml"], &["--demo"]);
}

#[test]
fn the_example_is_understood() {
    let example = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/config/example.toml")).unwrap();
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    assert!(readme.contains(&example), "the README shows the example as it is");
    let folder = Folder::with("example", &example);
    folder.write("secret.txt", "s");
    // Stopped by what is read last, when all else was understood.
    refuses(&folder, &["check", "--config", "c.toml", "--interface", "no-such-one"], &["no-such-one"]);
}
