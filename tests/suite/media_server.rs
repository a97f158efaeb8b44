//! `rtcprobe connect --whip` and `--whep` against media servers good, odd and hostile.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rtcprobe::report::Report;
use rtcprobe::wire::attribute::Value;
use rtcprobe::wire::integrity::Key;
use rtcprobe::wire::message::{Builder, Class, Message, Method};

const UFRAG: &str = "server00";
const PWD: &str = "0123456789abcdefghijklmn";

/// A request as it came.
#[derive(Debug, Clone)]
struct Asked {
    method: String,
    path: String,
    /// In lower case, with values as they came.
    headers: Vec<(String, String)>,
    body: String,
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A media server that answers as it is told, and remembers what it was asked.
struct MediaServer {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl MediaServer {
    fn new(answer: impl Fn(&Asked, usize) -> String + Send + 'static) -> MediaServer {
        MediaServer::raw(move |asked, count, stream| drop(stream.write_all(answer(asked, count).as_bytes())))
    }

    /// `count` is how many requests of that method came before.
    fn raw(answer: impl Fn(&Asked, usize, &mut TcpStream) + Send + 'static) -> MediaServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let log = Arc::clone(&asked);
        // It ends with the process; each test has its own.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let Some(request) = read(&stream) else { continue };
                let count = log.lock().unwrap().iter().filter(|known| known.method == request.method).count();
                log.lock().unwrap().push(request.clone());
                answer(&request, count, &mut stream);
            }
        });
        MediaServer { port, asked }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/whip/secret-room?key=hush", self.port)
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn methods(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.method).collect()
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, path, headers, body: String::from_utf8(body).ok()? })
}

fn reply(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// An ICE agent that answers every check (RFC 8445 §2.5); its port.
fn lite() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut bytes = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut bytes) {
            let Ok(message) = Message::decode(&bytes[..length]) else { continue };
            let answer = Builder::new(Class::Success, Method::BINDING, message.transaction)
                .with(Value::XorMappedAddress(from))
                .integrity(&Key::short_term(PWD))
                .fingerprint();
            let _ = socket.send_to(&answer.build(), from);
        }
    });
    port
}

/// What a media server says of itself, with a candidate at that port.
fn sdp(port: u16, setup: &str, direction: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=ice-lite\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=ice-ufrag:{UFRAG}\r\na=ice-pwd:{PWD}\r\n\
         a=fingerprint:sha-256 00\r\na=setup:{setup}\r\na={direction}\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n\
         a=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host\r\n\
         m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=ice-ufrag:{UFRAG}\r\na=ice-pwd:{PWD}\r\n\
         a=fingerprint:sha-256 00\r\na=setup:{setup}\r\na={direction}\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n"
    )
}

fn made(port: u16, headers: &str) -> String {
    let headers = format!("Content-Type: application/sdp\r\nLocation: /session/1\r\n{headers}");
    reply("201 Created", &headers, &sdp(port, "passive", "recvonly"))
}

fn command(option: &str, url: &str, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtcprobe"));
    command
        .args(["connect", option, url, "--no-default-servers", "--local-address", "127.0.0.1"])
        .args(more)
        .env_clear()
        .env("RTCPROBE_BEARER", "sesame")
        .stdin(Stdio::null());
    command
}

fn run(option: &str, url: &str, more: &[&str]) -> Output {
    command(option, url, more).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A STUN server that never answers, so that gathering takes a while.
fn silent() -> (UdpSocket, String) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let uri = format!("stun:{}", socket.local_addr().unwrap());
    (socket, uri)
}

#[test]
fn a_session_is_made_used_and_ended() {
    let ice = lite();
    let server = MediaServer::new(move |asked, _| match (asked.method.as_str(), asked.path.as_str()) {
        ("OPTIONS", _) => reply("204 No Content", "Link: <stun:127.0.0.1:9>; rel=\"ice-server\"\r\n", ""),
        ("POST", "/elsewhere") => made(ice, "ETag: \"one\"\r\n"),
        ("POST", _) => reply("307 Temporary Redirect", "Location: /elsewhere\r\n", ""),
        _ => reply("204 No Content", "", ""),
    });
    let output = run("--whip", &server.url(), &["--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: Report = serde_json::from_slice(&output.stdout).unwrap();
    let connect = report.connect.unwrap();
    assert_eq!(connect.signalling, "whip");
    assert!(connect.connected_ms.is_some() && connect.remote.lite && connect.remote.complete);
    assert!(
        report.servers.iter().any(|server| server.url.contains("127.0.0.1:9")),
        "the server that was named is asked"
    );
    let asked = server.asked();
    assert_eq!(server.methods().first().map(String::as_str), Some("OPTIONS"));
    assert_eq!(server.methods().last().map(String::as_str), Some("DELETE"));
    assert_eq!(asked.last().unwrap().path, "/session/1");
    let posts: Vec<&Asked> = asked.iter().filter(|asked| asked.method == "POST").collect();
    assert_eq!(posts.iter().map(|post| &*post.path).collect::<Vec<_>>(), ["/whip/secret-room?key=hush", "/elsewhere"]);
    let offer = &posts[1].body;
    assert_eq!(posts[1].header("content-type"), Some("application/sdp"));
    for line in [
        "a=group:BUNDLE 0 1",
        "m=audio ",
        "m=video ",
        "a=sendonly",
        "a=setup:actpass",
        "a=fingerprint:sha-256 ",
        "a=rtcp-mux",
    ] {
        assert!(offer.contains(line), "{line}: {offer}");
    }
    assert!(asked.iter().all(|asked| asked.header("authorization") == Some("Bearer sesame")), "{asked:?}");
    let all = format!("{}{}", stderr(&output), String::from_utf8_lossy(&output.stdout));
    for secret in ["sesame", "secret-room", "hush"] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
}

#[test]
fn candidates_follow_one_by_one_where_the_server_takes_them() {
    let ice = lite();
    let (_silent, stun) = silent();
    let server = MediaServer::new(move |asked, _| match asked.method.as_str() {
        "POST" => made(ice, "ETag: \"one\"\r\n"),
        _ => reply("204 No Content", "", ""),
    });
    let output = run("--whip", &server.url(), &[&stun, "--timing=fast", "--duration=1500ms"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let asked = server.asked();
    let post = asked.iter().position(|asked| asked.method == "POST").unwrap();
    assert!(!asked[post].body.contains("end-of-candidates"), "it did not wait");
    let patch = asked.iter().rfind(|asked| asked.method == "PATCH").unwrap();
    assert_eq!(patch.header("content-type"), Some("application/trickle-ice-sdpfrag"));
    assert_eq!(patch.header("if-match"), Some("\"one\""));
    assert!(patch.body.contains("a=mid:0") && patch.body.contains("a=end-of-candidates"), "{}", patch.body);
    let ufrag = asked[post].body.lines().find(|line| line.starts_with("a=ice-ufrag:")).unwrap();
    assert!(patch.body.contains(ufrag), "of the same session");
}

#[test]
fn a_server_that_takes_no_patch_gets_all_candidates_at_once() {
    for status in ["405 Method Not Allowed", "501 Not Implemented"] {
        let ice = lite();
        let (_silent, stun) = silent();
        let server = MediaServer::new(move |asked, _| match asked.method.as_str() {
            "POST" => made(ice, ""),
            "PATCH" => reply(status, "", ""),
            _ => reply("200 OK", "", ""),
        });
        let output = run("--whip", &server.url(), &[&stun, "--timing=fast"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(server.methods(), ["OPTIONS", "POST", "PATCH", "DELETE", "POST", "DELETE"]);
        assert!(server.asked()[4].body.contains("a=end-of-candidates"));
        assert!(stderr(&output).contains("all candidates at once"), "{}", stderr(&output));
    }
}

#[test]
fn all_candidates_go_at_once_when_that_is_wanted() {
    let ice = lite();
    let (_silent, stun) = silent();
    let server = MediaServer::new(move |asked, _| match asked.method.as_str() {
        "POST" => made(ice, ""),
        _ => reply("200 OK", "", ""),
    });
    let output = run("--whip", &server.url(), &[&stun, "--timing=fast", "--no-trickle"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(server.methods(), ["OPTIONS", "POST", "DELETE"]);
    assert!(server.asked()[1].body.contains("a=end-of-candidates"));
}

#[test]
fn a_server_that_offers_in_its_turn_gets_an_answer() {
    for status in ["406 Not Acceptable", "201 Created"] {
        let ice = lite();
        let server = MediaServer::new(move |asked, _| match asked.method.as_str() {
            "POST" => {
                let headers = "Content-Type: application/sdp\r\nLocation: /session/1\r\nETag: \"one\"\r\n";
                reply(status, headers, &sdp(ice, "actpass", "sendonly"))
            }
            _ => reply("204 No Content", "", ""),
        });
        let output = run("--whep", &server.url(), &["--json"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let report: Report = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report.connect.unwrap().signalling, "whep");
        let asked = server.asked();
        assert!(asked[1].body.contains("a=recvonly"), "{}", asked[1].body);
        assert_eq!(asked[2].header("content-type"), Some("application/sdp"));
        assert!(asked[2].body.contains("a=setup:active"), "{}", asked[2].body);
        assert_eq!(asked.last().unwrap().method, "DELETE");
    }
}

#[test]
fn a_token_is_not_carried_to_another_server() {
    let other = MediaServer::new(|_, _| reply("401 Unauthorized", "", ""));
    let there = format!("Location: http://127.0.0.1:{}/whip\r\n", other.port);
    let server = MediaServer::new(move |asked, _| match asked.method.as_str() {
        "OPTIONS" => reply("200 OK", "", ""),
        _ => reply("308 Permanent Redirect", &there, ""),
    });
    let output = run("--whip", &server.url(), &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("it was not sent there"), "{}", stderr(&output));
    assert!(other.asked().iter().all(|asked| asked.header("authorization").is_none()));
    assert!(server.asked().iter().all(|asked| asked.header("authorization").is_some()));
}

#[test]
fn refusals_are_one_sentence_with_what_to_do() {
    let cases: [(&str, &str, &str, &str); 7] = [
        ("401 Unauthorized", "", "", "does not accept the token"),
        ("403 Forbidden", "Content-Type: application/json\r\n", r#"{"error": "read only"}"#, "(it says: read only)"),
        ("404 Not Found", "", "", "check the path"),
        ("415 Unsupported Media Type", "", "", "not that of a WHIP endpoint"),
        ("422 Unprocessable Content", "", "", "its log says why"),
        ("429 Too Many Requests", "Retry-After: 7\r\n", "", "wait after 7 s"),
        ("200 OK", "Content-Type: text/html\r\n", "<!doctype html><h1>hello</h1>", "a web page instead of SDP"),
    ];
    for (status, headers, body, says) in cases {
        let answer = reply(status, headers, body);
        let server = MediaServer::new(move |asked, _| match asked.method.as_str() {
            "OPTIONS" => reply("405 Method Not Allowed", "", ""),
            _ => answer.clone(),
        });
        let output = run("--whip", &server.url(), &[]);
        assert_eq!(output.status.code(), Some(3), "{status}");
        let text = stderr(&output);
        assert!(
            text.contains(says) && text.lines().last().unwrap().starts_with("error: http://127.0.0.1:"),
            "{status}: {text}"
        );
        assert!(!text.contains("secret-room") && !text.contains("sesame"), "{text}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn what_is_no_media_server_ends_in_a_sentence() {
    type Answer = fn(&mut TcpStream);
    let cases: [(&str, Answer); 5] = [
        ("more than any SDP", |stream| {
            let _ = stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Type: application/sdp\r\n\r\n");
            while stream.write_all(&[b'x'; 65536]).is_ok() {}
        }),
        ("endless headers", |stream| {
            let _ = stream.write_all(b"HTTP/1.1 201 Created\r\n");
            while stream.write_all(format!("X: {}\r\n", "x".repeat(1000)).as_bytes()).is_ok() {}
        }),
        ("write https:// in place of http://", |stream| drop(stream.write_all(b"\x15\x03\x01\x00\x02\x02\x46"))),
        ("", |_| {}),
        ("cannot be used", |stream| {
            let body = format!("v=0\r\n{}", "m=audio 0 x 1\r\n".repeat(5000));
            drop(stream.write_all(reply("201 Created", "Location: /session/1\r\n", &body).as_bytes()));
        }),
    ];
    for (says, answer) in cases {
        let server = MediaServer::raw(move |asked, _, stream| match asked.method.as_str() {
            "POST" => answer(stream),
            _ => drop(stream.write_all(reply("200 OK", "", "").as_bytes())),
        });
        let output = run("--whip", &server.url(), &[]);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(3), "{says}: {text}");
        assert!(text.contains(says) && text.contains("error: "), "{says}: {text}");
    }
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let server = MediaServer::raw(|asked, _, stream| match asked.method.as_str() {
        "POST" => {
            // It never ends its answer.
            let _ = stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\nv=0\r\n");
            std::thread::sleep(Duration::from_secs(120));
        }
        _ => drop(stream.write_all(reply("200 OK", "", "").as_bytes())),
    });
    let output = run("--whip", &server.url(), &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("does not answer in time"), "{}", stderr(&output));
}

#[test]
fn a_session_is_ended_when_it_fails_and_when_it_is_interrupted() {
    let dead = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = dead.local_addr().unwrap().port();
    let start = |more: &[&str]| -> (MediaServer, Child) {
        let server = MediaServer::new(move |asked, _| match asked.method.as_str() {
            "POST" => made(port, "ETag: \"one\"\r\n"),
            _ => reply("200 OK", "", ""),
        });
        let child = command("--whip", &server.url(), more).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        (server, child)
    };
    let (server, mut child) = start(&["--wait=1s"]);
    assert_eq!(child.wait().unwrap().code(), Some(1), "nobody answers the checks");
    assert_eq!(server.methods().last().map(String::as_str), Some("DELETE"));

    let (server, mut child) = start(&["--wait=60s"]);
    while !server.methods().iter().any(|method| method == "POST") {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(200));
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(server.methods().last().map(String::as_str), Some("DELETE"), "{:?}", server.methods());
}

fn interrupt(child: &Child) {
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
}

#[test]
fn what_is_wrong_on_the_command_line_is_said_before_anything_is_sent() {
    for (args, says) in [
        (&["--whip", "media.example.org/whip"][..], "write it as https://"),
        (&["--whip", "https://user:pass@media.example.org/whip"], "--bearer-file"),
        (&["--whep", "rtsp://media.example.org/x"], "is not spoken by media servers"),
        (&["--whip", "https://media.example.org/x", "--bearer", "sesame"], "others on this machine"),
        (&["--whip", "https://media.example.org/x", "--bearer-file", "no-such-file"], "there is no such file"),
    ] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_rtcprobe")).arg("connect").args(args).env_clear().output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(says), "{args:?}: {}", stderr(&output));
        assert!(!stderr(&output).contains("pass@"), "{}", stderr(&output));
    }
}
