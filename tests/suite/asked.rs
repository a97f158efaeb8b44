//! A command from outside, with an environment of its own.

use std::process::{Command, Output, Stdio};

use rtcprobe::report::Report;

/// A subcommand, and what it gets beside its arguments wherever it is no demonstration.
pub struct Asked {
    pub command: &'static str,
    pub beside: &'static [&'static str],
}

impl Asked {
    pub fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rtcprobe"));
        command.arg(self.command).args(args);
        if !args.iter().any(|arg| arg.starts_with("--demo")) {
            command.args(self.beside);
        }
        command.stdin(Stdio::null()).env_clear().env("PATH", "/nonexistent").output().unwrap()
    }

    #[track_caller]
    pub fn report(&self, args: &[&str], code: i32) -> Report {
        let output = self.run(&[args, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}{}", stdout(&output), stderr(&output));
        serde_json::from_str(&stdout(&output)).unwrap()
    }

    /// Said in one line on stderr, with nothing on stdout and exit code 2.
    #[track_caller]
    pub fn refuses(&self, args: &[&str], because: &[&str]) {
        let output = self.run(args);
        let stderr = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert_eq!(stdout(&output), "", "{args:?}");
        assert!(stderr.starts_with("error: ") && stderr.lines().count() == 1, "{args:?}: {stderr}");
        for word in because {
            assert!(stderr.contains(word), "{args:?} should speak of {word}: {stderr}");
        }
    }
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
