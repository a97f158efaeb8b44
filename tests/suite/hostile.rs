//! A server that says what a terminal, a page or a CI system would act upon, asked for real.

use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const EVIL: &str = "\x1b[2J\x1b]0;owned\x07\r\n::error::x\n<script>alert(1)</script>|`'\"\u{202e}";

/// Answers every request with 401, EVIL in REALM, SOFTWARE and the reason phrase, until it is dropped.
struct Hostile {
    port: u16,
    over: Arc<AtomicBool>,
}

impl Hostile {
    fn start() -> Hostile {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let (port, over) = (socket.local_addr().unwrap().port(), Arc::new(AtomicBool::new(false)));
        let stop = Arc::clone(&over);
        std::thread::spawn(move || {
            let mut buffer = [0; 2048];
            while !stop.load(Ordering::Relaxed) {
                if let Ok((length, from)) = socket.recv_from(&mut buffer)
                    && length >= 20
                {
                    let _ = socket.send_to(&refusal(&buffer[..20]), from);
                }
            }
        });
        Hostile { port, over }
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

fn refusal(request: &[u8]) -> Vec<u8> {
    let mut attributes = Vec::new();
    let mut add = |kind: u16, value: &[u8]| {
        attributes.extend(kind.to_be_bytes());
        attributes.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        attributes.extend(value);
        attributes.resize(attributes.len().next_multiple_of(4), 0);
    };
    add(0x0009, &[&[0, 0, 4, 1], EVIL.as_bytes()].concat());
    add(0x0014, EVIL.as_bytes());
    add(0x0015, b"nonce");
    add(0x8022, EVIL.as_bytes());
    let mut message = vec![request[0] | 0x01, request[1] | 0x10];
    message.extend(u16::try_from(attributes.len()).unwrap().to_be_bytes());
    message.extend(&request[4..20]);
    [message, attributes].concat()
}

#[test]
fn nothing_that_a_server_says_is_acted_upon_in_any_format() {
    let server = Hostile::start();
    let url = format!("turn:127.0.0.1:{}", server.port);
    let asked = [&url, "--username", "alice", "--credential", "x", "--timing", "fast", "-v", "--no-controls"];
    let formats = ["text", "json", "jsonl", "junit", "github", "markdown", "html", "prometheus", "nagios"];
    for command in ["turn", "gather", "check"] {
        for format in formats {
            let mut args = vec![command];
            args.extend(asked.iter().filter(|arg| command != "gather" || **arg != "--no-controls"));
            args.extend(["--output", format]);
            let run =
                Command::new(env!("CARGO_BIN_EXE_rtcprobe")).args(&args).stdin(Stdio::null()).env_clear().output();
            let output = run.unwrap();
            let out = String::from_utf8(output.stdout).unwrap();
            let all = out.clone() + &String::from_utf8(output.stderr).unwrap();
            let said = all.contains("owned") || matches!(format, "prometheus" | "nagios");
            assert!(said, "{args:?}: the server was not heard\n{all}");
            let odd = all.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
            assert_eq!(odd, None, "{args:?}");
            assert!(!all.lines().any(|line| line.starts_with("::error::x")), "{args:?}");
            assert!(format != "html" || !out.contains("<script"), "{args:?}");
        }
    }
}
