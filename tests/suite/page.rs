//! The page for a browser: who may have it, and what it may say.

use std::time::Duration;

use rtcprobe::drive::web::{Page, Site, Visit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HTML: &str = "<!doctype html><p>hello";

fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), future).await.expect("it hangs") })
}

async fn site() -> Site {
    let page = Page { html: HTML, policy: "default-src 'none'".into() };
    Site::open("127.0.0.1:0".parse().unwrap(), page).await.unwrap()
}

/// Sends a request; hands back the connection and the head of the answer.
async fn ask(site: &Site, path: &str, headers: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(site.at()).await.unwrap();
    let at = site.at();
    let host = if headers.contains("Host:") { String::new() } else { format!("Host: {at}\r\n") };
    stream.write_all(format!("GET {path} HTTP/1.1\r\n{host}{headers}\r\n").as_bytes()).await.unwrap();
    let head = head(&mut stream).await;
    (stream, head)
}

async fn head(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => text.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(text).unwrap()
}

fn upgrade(site: &Site) -> String {
    format!(
        "Origin: http://{}\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nUser-Agent: tester/1\r\n",
        site.at()
    )
}

async fn socket(site: &Site) -> (TcpStream, String) {
    ask(site, &format!("{}socket", site.path()), &upgrade(site)).await
}

/// A text frame of a client; its mask is zero.
fn frame(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x81];
    match text.len() {
        short @ 0..=125 => bytes.push(0x80 | short as u8),
        long @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend((long as u16).to_be_bytes());
        }
        huge => {
            bytes.push(0x80 | 127);
            bytes.extend((huge as u64).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(text.as_bytes());
    bytes
}

#[test]
fn the_page_is_for_who_knows_its_address() {
    run(async {
        let site = site().await;
        let (mut stream, head) = ask(&site, &site.path(), "").await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        for line in [
            "content-security-policy: default-src 'none'; connect-src ws://127.0.0.1:",
            "no-store",
            "no-referrer",
            "nosniff",
        ] {
            assert!(head.contains(line), "{line}: {head}");
        }
        let mut body = String::new();
        stream.read_to_string(&mut body).await.unwrap();
        assert_eq!(body, HTML);
        for (path, headers, status) in [
            ("/", "", 404),
            ("/guess/", "", 404),
            (&*site.path(), "Host: evil.example\r\n", 421),
            (&*format!("{}socket", site.path()), "Origin: http://evil.example\r\n", 403),
            (&*format!("{}socket", site.path()), &*format!("Origin: http://{}\r\n", site.at()), 400),
        ] {
            let (_, head) = ask(&site, path, headers).await;
            assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{path} {headers}: {head}");
        }
    });
}

#[test]
fn the_address_for_a_command_line_works_once() {
    run(async {
        let site = site().await;
        let (_, head) = ask(&site, &site.path_once(), "").await;
        assert!(head.starts_with("HTTP/1.1 303") && head.contains(&site.path()), "{head}");
        let (_, head) = ask(&site, &site.path_once(), "").await;
        assert!(head.starts_with("HTTP/1.1 410"), "{head}");
        assert!(!site.path().contains(site.path_once().rsplit('/').next().unwrap()));
    });
}

#[test]
fn a_page_speaks_and_is_spoken_to_and_is_the_only_one() {
    run(async {
        let mut site = site().await;
        // What is said before somebody listens is kept.
        assert!(site.say("first".into()));
        let (mut stream, head) = socket(&site).await;
        // The example of RFC 6455 §1.3.
        assert!(head.starts_with("HTTP/1.1 101") && head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
        assert_eq!(site.visit().await, Visit::Came { agent: "tester/1".into() });
        let mut bytes = [0; 7];
        stream.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"\x81\x05first");
        stream.write_all(&frame("hello")).await.unwrap();
        assert_eq!(site.visit().await, Visit::Said("hello".into()));
        let (_, head) = socket(&site).await;
        assert!(head.starts_with("HTTP/1.1 409"), "{head}");
        assert_eq!(site.visit().await, Visit::Refused(409));
        drop(stream);
        assert_eq!(site.visit().await, Visit::Left);
        let (_, head) = socket(&site).await;
        assert!(head.starts_with("HTTP/1.1 409"), "another one does not take over: {head}");
    });
}

#[test]
fn a_page_that_says_too_much_at_once_is_left() {
    run(async {
        let mut site = site().await;
        let (mut stream, _) = socket(&site).await;
        assert!(matches!(site.visit().await, Visit::Came { .. }));
        stream.write_all(&frame(&"x".repeat(64 * 1024 + 1))[..4096]).await.unwrap();
        assert_eq!(site.visit().await, Visit::Left);
    });
}

#[test]
fn a_page_that_is_not_heard_waits() {
    run(async {
        let mut site = site().await;
        let (stream, _) = socket(&site).await;
        assert!(matches!(site.visit().await, Visit::Came { .. }));
        let (_reading, mut writing) = stream.into_split();
        let writer = tokio::spawn(async move {
            let text = "x".repeat(60_000);
            let mut sent = 0u32;
            while writing.write_all(&frame(&text)).await.is_ok() {
                sent += 1;
            }
            sent
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!writer.is_finished(), "it is held back, not thrown out");
        drop(site);
        // 64 messages wait here, the rest in the kernel.
        assert!(writer.await.unwrap() < 1000);
    });
}

#[test]
fn endless_headers_and_silent_visitors_keep_nobody_out() {
    run(async {
        let site = site().await;
        let mut endless = TcpStream::connect(site.at()).await.unwrap();
        let _ = endless
            .write_all(format!("GET / HTTP/1.1\r\nHost: {}\r\nX: {}", site.at(), "x".repeat(40_000)).as_bytes())
            .await;
        assert!(head(&mut endless).await.starts_with("HTTP/1.1 431"));
        // More than there is room for; they are shown out after a while.
        let mut silent = Vec::new();
        for _ in 0..20 {
            silent.push(TcpStream::connect(site.at()).await.unwrap());
        }
        let (_, head) = ask(&site, &site.path(), "").await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    });
}
