//! Lines to the other side and back: over TCP between sides that know a token, and over a command's streams.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rtcprobe::drive::block_on;
use rtcprobe::drive::signal::{self, Heard, LONGEST, Lines, Listening, NoDial, Stranger, StrangerKind};

const TOKEN: &str = "a token that both sides know";
const LONG: Duration = Duration::from_secs(30);

async fn listen() -> (Listening, SocketAddr) {
    let listening = signal::listen("127.0.0.1:0", TOKEN).await.unwrap();
    let at = listening.local().unwrap();
    (listening, at)
}

/// Waits for somebody who knows the token; says who did not.
async fn let_in(listening: &mut Listening) -> (Lines, Vec<StrangerKind>) {
    let mut strangers = Vec::new();
    loop {
        match listening.next().await {
            Ok((lines, _)) => return (lines, strangers),
            Err(Stranger { kind, .. }) => strangers.push(kind),
        }
    }
}

/// Both ends of a connection.
async fn pair() -> (Lines, Lines) {
    let (mut listening, at) = listen().await;
    let at = at.to_string();
    let (dialled, (let_in, _)) = tokio::join!(signal::dial(&at, TOKEN, LONG), let_in(&mut listening));
    (dialled.unwrap(), let_in)
}

fn line(text: &str) -> Heard {
    Heard::Line(text.into())
}

#[test]
fn two_sides_with_one_token_hear_one_another() {
    block_on(async {
        let (mut dials, mut listens) = pair().await;
        let long = "x".repeat(LONGEST / 2);
        for text in ["one", "", "zwei, ä", &long] {
            assert!(dials.say(text.into()) && listens.say(text.into()));
            assert_eq!(dials.hear().await, line(text));
            assert_eq!(listens.hear().await, line(text));
        }
        dials.say("last".into());
        dials.finish().await;
        assert_eq!(listens.hear().await, line("last"));
        assert_eq!(listens.hear().await, Heard::End(None));
    })
    .unwrap();
}

#[test]
fn another_token_is_refused_in_words_on_both_sides() {
    block_on(async {
        let (mut listening, at) = listen().await;
        let at = at.to_string();
        let (refused, right, (_, strangers)) = tokio::join!(
            signal::dial(&at, "another token", LONG),
            async {
                let stranger = signal::dial(&at, "another token", LONG).await;
                assert_eq!(stranger.unwrap_err(), NoDial::WrongToken);
                signal::dial(&at, TOKEN, LONG).await
            },
            let_in(&mut listening)
        );
        assert_eq!(refused.unwrap_err(), NoDial::WrongToken);
        assert!(right.is_ok());
        assert!(strangers.contains(&StrangerKind::WrongToken) && !strangers.contains(&StrangerKind::Foreign));
    })
    .unwrap();
}

#[test]
fn who_says_nothing_or_nonsense_keeps_nobody_out() {
    block_on(async {
        let (mut listening, at) = listen().await;
        let mut silent: Vec<TcpStream> = (0..80).map(|_| TcpStream::connect(at).unwrap()).collect();
        let mut loud = TcpStream::connect(at).unwrap();
        let _ = loud.write_all(&[b'x'; 100_000]);
        let mut web = TcpStream::connect(at).unwrap();
        web.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let at = at.to_string();
        let (dialled, (_, strangers)) = tokio::join!(signal::dial(&at, TOKEN, LONG), let_in(&mut listening));
        assert!(dialled.is_ok(), "{dialled:?}");
        assert!(!strangers.contains(&StrangerKind::WrongToken));
        // The token itself is never on the wire, and neither is anything that was made with it.
        silent[79].set_read_timeout(Some(LONG)).unwrap();
        let mut greeting = [0; 55];
        silent[79].read_exact(&mut greeting).unwrap();
        assert!(greeting.starts_with(b"rtcprobe-signalling 1 ") && greeting.ends_with(b"\n"));
    })
    .unwrap();
}

#[test]
fn dialling_says_who_is_there_instead() {
    block_on(async {
        let web = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = web.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = web.accept().unwrap();
            stream.write_all(b"220 mail.example.org ESMTP\r\n").unwrap();
        });
        let Err(NoDial::Foreign(why)) = signal::dial(&at, TOKEN, LONG).await else { panic!() };
        assert!(why.contains("something else"), "{why}");
        server.join().unwrap();
        // Nobody listens there any more.
        let gone = signal::dial(&at, TOKEN, Duration::from_millis(700)).await;
        let Err(NoDial::Nobody(why)) = gone else { panic!("{gone:?}") };
        assert!(why.contains("refused"), "{why}");
    })
    .unwrap();
}

#[test]
fn dialling_goes_on_until_somebody_listens() {
    block_on(async {
        let (listening, at) = listen().await;
        drop(listening);
        let at = at.to_string();
        let late = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let mut listening = signal::listen(&at, TOKEN).await.unwrap();
            let_in(&mut listening).await
        };
        let (dialled, _) = tokio::join!(signal::dial(&at, TOKEN, LONG), late);
        assert!(dialled.is_ok());
    })
    .unwrap();
}

#[test]
fn a_place_to_listen_at_is_a_port_or_an_address_with_one() {
    block_on(async {
        for at in ["0", ":0", "127.0.0.1:0", "localhost:0"] {
            let listening = signal::listen(at, TOKEN).await.unwrap_or_else(|why| panic!("{at}: {why}"));
            assert!(listening.local().is_some_and(|local| local.port() > 0));
        }
        for at in ["", "host", "1.2.3.4", "70000", "127.0.0.1:port"] {
            let why = signal::listen(at, TOKEN).await.err().unwrap_or_else(|| panic!("{at} is none"));
            assert!(why.contains("write a port"), "{at}: {why}");
        }
    })
    .unwrap();
}

/// Everything until the end.
async fn all(lines: &mut Lines) -> Vec<Heard> {
    let mut heard = Vec::new();
    loop {
        let next = lines.hear().await;
        heard.push(next);
        if matches!(heard.last(), Some(Heard::End(_))) {
            return heard;
        }
    }
}

#[test]
fn a_command_is_spoken_with_and_its_errors_are_asides() {
    block_on(async {
        let (child, mut lines) = signal::command("echo motd; read a; echo \"got $a\"; echo oops >&2; exit 3").unwrap();
        assert!(lines.say("hello".into()));
        let mut heard = all(&mut lines).await;
        if !heard.contains(&Heard::Aside("oops".into())) {
            heard.push(lines.hear().await);
        }
        let said: Vec<&Heard> = heard.iter().filter(|heard| matches!(heard, Heard::Line(_))).collect();
        assert_eq!(said, [&line("motd"), &line("got hello")]);
        assert!(heard.contains(&Heard::Aside("oops".into())), "{heard:?}");
        assert_eq!(child.end(LONG).await, Some("ended with exit code 3".into()));
    })
    .unwrap();
}

#[test]
fn a_command_with_a_line_without_end_does_not_fill_the_memory() {
    block_on(async {
        let (child, mut lines) = signal::command("head -c 50000000 /dev/zero | tr '\\0' x; echo; echo end").unwrap();
        assert_eq!(all(&mut lines).await, [Heard::TooLong, line("end"), Heard::End(None)]);
        assert_eq!(child.end(LONG).await, None);
    })
    .unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn a_command_ends_with_the_run_and_leaves_no_corpse() {
    let id = block_on(async {
        let (child, mut lines) = signal::command("echo $$; trap '' TERM; while :; do sleep 1; done").unwrap();
        let Heard::Line(id) = lines.hear().await else { panic!() };
        assert!(std::path::Path::new("/proc").join(&id).exists());
        assert_eq!(child.end(Duration::from_millis(50)).await, Some("did not end by itself and was stopped".into()));
        id
    })
    .unwrap();
    assert!(!std::path::Path::new("/proc").join(id).exists());
}

#[test]
fn what_is_said_to_nobody_is_not_kept() {
    block_on(async {
        let (_child, mut lines) = signal::command("exec sleep 30").unwrap();
        let taken = (0..100_000).take_while(|_| lines.say("x".repeat(1000))).count();
        assert!(taken < 1000, "{taken} lines of a kilobyte are held");
    })
    .unwrap();
}
