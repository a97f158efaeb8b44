//! TLS and DTLS: good, bad and odd certificates, and servers that are none.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, KeyPair, date_time_ymd};
use rtcprobe::drive::{Ended, Options};
use rtcprobe::machine::{Distrust, Ending, Input, Peer, Phase, Refusal, Socket, Trust, Want};

use super::drive::{at, perform};

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Tls,
    #[cfg(feature = "dtls")]
    Dtls,
}

const KINDS: &[Kind] = &[
    Kind::Tls,
    #[cfg(feature = "dtls")]
    Kind::Dtls,
];

impl Kind {
    fn client(self, to: SocketAddr, name: &str, trust: Trust) -> Want {
        let peer = Peer { name: name.to_owned(), trust, alpn: Vec::new() };
        match self {
            Kind::Tls => Want::Tls { local: None, to, peer },
            #[cfg(feature = "dtls")]
            Kind::Dtls => Want::Dtls { local: None, to, peer },
        }
    }

    fn listener(self, local: &str) -> Want {
        match self {
            Kind::Tls => Want::TlsListen { local: at(local) },
            #[cfg(feature = "dtls")]
            Kind::Dtls => Want::DtlsListen { local: at(local) },
        }
    }
}

/// A certificate with its key.
struct Made {
    certificate: Certificate,
    key: KeyPair,
}

fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

fn authority(name: &str) -> Made {
    let mut params = params(&[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    self_signed(&params)
}

fn self_signed(params: &CertificateParams) -> Made {
    let key = KeyPair::generate().unwrap();
    Made { certificate: params.clone().self_signed(&key).unwrap(), key }
}

fn signed(params: CertificateParams, by: &Made) -> Made {
    let key = KeyPair::generate().unwrap();
    Made { certificate: params.signed_by(&key, &by.certificate, &by.key).unwrap(), key }
}

/// Serves with `leaf` (and the certificates of `others` after it), trusts `roots`.
fn options(leaf: &Made, others: &[&Made], roots: &[&Made]) -> Options {
    let mut chain = leaf.certificate.pem();
    chain.extend(others.iter().map(|other| other.certificate.pem()));
    Options {
        authorities: (!roots.is_empty())
            .then(|| roots.iter().map(|root| root.certificate.pem()).collect::<String>().into_bytes()),
        serve_certificate: Some((chain.into_bytes(), leaf.key.serialize_pem().into_bytes())),
        ..Options::default()
    }
}

/// A file of its own for every call.
fn file(content: &str) -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("drive-{}-{}.pem", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// Connects to its own listener as `name` and echoes; tells `ok VERSION`, `ok but DISTRUST` or why not.
fn meet(kind: Kind, options: &Options, name: &str, trust: Trust) -> String {
    meet_at(kind, "127.0.0.1:0", options, name, trust)
}

fn meet_at(kind: Kind, host: &str, options: &Options, name: &str, trust: Trust) -> String {
    let mut server = None;
    let mut agreed = String::new();
    let (ended, said) = perform(options, kind.listener(host), |strings, _, input| match input {
        Input::Opened { socket: Socket(1), local, .. } => {
            server = Some(local);
            strings.open(2, kind.client(local, name, trust));
        }
        Input::Connected { socket: Socket(2), .. } => assert_eq!(kind, Kind::Tls),
        Input::Opened { socket: Socket(2), secure: Some(secure), .. } => {
            assert_eq!(secure.connect.is_some(), kind == Kind::Tls);
            assert!(!secure.chain.is_empty());
            assert!(secure.cipher_suite.starts_with("TLS_"), "{}", secure.cipher_suite);
            agreed = match &secure.trust {
                Ok(()) => format!("ok {}", secure.version),
                Err(why) => format!("ok but {why:?}"),
            };
            strings.send(Socket(2), server.unwrap(), *b"ping");
        }
        Input::Accepted { socket, local, .. } => {
            assert!(socket.0 >= Socket::ACCEPTED);
            assert_eq!(Some(local), server);
        }
        Input::Received { socket: Socket(2), bytes, .. } => {
            assert_eq!(bytes, b"ping");
            strings.close(2);
        }
        Input::Received { socket, from, bytes } => strings.send(socket, from, bytes),
        Input::Closed { socket, why } => {
            assert!(socket.0 >= Socket::ACCEPTED);
            // A refused client ends the connection as well, and says why below.
            if !agreed.is_empty() {
                assert_eq!(*why, Ending::Finished);
                strings.say(agreed.as_str());
                strings.done = true;
            }
        }
        Input::Refused { socket: Socket(2), why } => {
            strings.say(match why {
                Refusal::Untrusted { why, .. } => format!("{why:?}"),
                why => format!("{why:?}"),
            });
            strings.done = true;
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(ended, Ended::Done, "{kind:?} {said:?}");
    said.concat()
}

#[test]
fn trusts_a_chain_to_a_given_root() {
    let root = authority("root");
    let mut intermediate = params(&[]);
    intermediate.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    intermediate.distinguished_name.push(rcgen::DnType::CommonName, "intermediate");
    let intermediate = signed(intermediate, &root);
    let leaf = signed(params(&["turn.example", "127.0.0.1", "::1"]), &intermediate);
    let complete = options(&leaf, &[&intermediate], &[&root]);
    let incomplete = options(&leaf, &[], &[&root]);
    for &kind in KINDS {
        let version = if kind == Kind::Tls { "ok TLSv1.3" } else { "ok DTLSv1.2" };
        assert_eq!(meet(kind, &complete, "turn.example", Trust::Verify), version);
        assert_eq!(meet(kind, &complete, "127.0.0.1", Trust::Verify), version);
        assert_eq!(meet_at(kind, "[::1]:0", &complete, "::1", Trust::Verify), version);
        let told = meet(kind, &incomplete, "turn.example", Trust::Verify);
        assert_eq!(told, r#"UnknownIssuer { issuer: "CN=intermediate", incomplete: true }"#);
    }
}

#[test]
fn tells_what_is_wrong_with_a_certificate() {
    let root = authority("root");
    let names = ["turn.example"];
    let mut expired = params(&names);
    expired.not_before = date_time_ymd(2019, 1, 1);
    expired.not_after = date_time_ymd(2020, 1, 1);
    let mut early = params(&names);
    early.not_before = date_time_ymd(2090, 1, 1);
    early.not_after = date_time_ymd(2091, 1, 1);
    let stranger = authority("stranger");
    let wrong_name = Distrust::WrongName { wanted: "other.example".to_owned(), names: vec!["turn.example".to_owned()] };
    let unknown = Distrust::UnknownIssuer { issuer: "CN=stranger".to_owned(), incomplete: true };
    let cases = [
        (signed(expired, &root), "turn.example", Distrust::Expired { not_after: 1_577_836_800 }),
        (signed(early, &root), "turn.example", Distrust::NotYetValid { not_before: 3_786_912_000 }),
        (signed(params(&names), &root), "other.example", wrong_name),
        (signed(params(&[]), &root), "turn.example", Distrust::NoNames { wanted: "turn.example".to_owned() }),
        (self_signed(&params(&names)), "turn.example", Distrust::SelfSigned),
        (signed(params(&names), &stranger), "turn.example", unknown),
    ];
    for &kind in KINDS {
        for (leaf, name, why) in &cases {
            let mut options = options(leaf, &[], &[&root]);
            assert_eq!(meet(kind, &options, name, Trust::Verify), format!("{why:?}"), "{kind:?}");
            assert_eq!(meet(kind, &options, name, Trust::Record), format!("ok but {why:?}"), "{kind:?}");
            options.insecure = true;
            assert_eq!(meet(kind, &options, name, Trust::Verify), format!("ok but {why:?}"), "{kind:?}");
        }
    }
}

#[test]
fn trusts_a_self_signed_certificate_that_was_given() {
    // As `openssl req -x509` makes them: an authority that serves.
    let mut params = params(&["turn.example"]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let leaf = self_signed(&params);
    params.not_before = date_time_ymd(2019, 1, 1);
    params.not_after = date_time_ymd(2020, 1, 1);
    let expired = self_signed(&params);
    let unrelated = authority("unrelated");
    for &kind in KINDS {
        assert!(meet(kind, &options(&leaf, &[], &[&leaf]), "turn.example", Trust::Verify).starts_with("ok "));
        let told = meet(kind, &options(&leaf, &[], &[&leaf]), "other.example", Trust::Verify);
        assert!(told.starts_with("WrongName"), "{told}");
        let told = meet(kind, &options(&expired, &[], &[&expired]), "turn.example", Trust::Verify);
        assert!(told.starts_with("Expired"), "{told}");
        let told = meet(kind, &options(&leaf, &[], &[&unrelated]), "turn.example", Trust::Verify);
        assert_eq!(told, "SelfSigned");
    }
}

#[test]
fn judges_by_the_systems_roots_without_others() {
    let leaf = self_signed(&params(&["turn.example"]));
    for &kind in KINDS {
        let told = meet(kind, &options(&leaf, &[], &[]), "turn.example", Trust::Verify);
        // A machine without any root says so instead.
        assert!(told == "SelfSigned" || told.contains("trust store"), "{told}");
    }
}

#[test]
fn asks_for_the_name_that_the_user_gave() {
    let root = authority("root");
    let leaf = signed(params(&["turn.example"]), &root);
    let options = Options { sni: Some("turn.example".to_owned()), ..options(&leaf, &[], &[&root]) };
    for &kind in KINDS {
        assert!(meet(kind, &options, "203.0.113.9", Trust::Verify).starts_with("ok "));
    }
}

#[test]
fn says_why_it_cannot_trust_what_was_given() {
    let options = Options { authorities: Some(b"rubbish".to_vec()), ..Options::default() };
    let error = super::drive::start(&options).unwrap_err().to_string();
    assert!(error.contains("no certificate in it"), "{error}");
}

#[test]
fn carries_long_streams_over_tls() {
    let leaf = self_signed(&params(&["turn.example"]));
    let options = options(&leaf, &[], &[&leaf]);
    let bytes: Vec<u8> = (0..600_000_u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
    let (mut server, mut heard) = (None, Vec::new());
    perform(&options, Kind::Tls.listener("127.0.0.1:0"), |strings, _, input| match input {
        Input::Opened { socket: Socket(1), local, .. } => {
            server = Some(local);
            strings.open(2, Kind::Tls.client(local, "turn.example", Trust::Verify));
        }
        Input::Opened { socket, .. } => bytes.chunks(7000).for_each(|part| strings.send(socket, server.unwrap(), part)),
        Input::Received { socket: Socket(2), bytes: part, .. } => {
            heard.extend_from_slice(part);
            strings.done = heard.len() == bytes.len();
        }
        Input::Received { socket, from, bytes } => strings.send(socket, from, bytes),
        Input::Connected { .. } | Input::Accepted { .. } => {}
        other => panic!("{other:?}"),
    });
    assert!(heard == bytes);
}

#[test]
fn says_goodbye_before_the_end() {
    let leaf = self_signed(&params(&["turn.example"]));
    for &kind in KINDS {
        let mut server = None;
        let (_, said) =
            perform(&options(&leaf, &[], &[&leaf]), kind.listener("127.0.0.1:0"), |strings, _, input| match input {
                Input::Opened { socket: Socket(1), local, .. } => {
                    server = Some(local);
                    strings.open(2, kind.client(local, "turn.example", Trust::Verify));
                }
                Input::Opened { socket, .. } => {
                    strings.send(socket, server.unwrap(), *b"last words");
                    strings.close(2);
                }
                Input::Received { bytes, .. } => strings.say(String::from_utf8_lossy(bytes)),
                Input::Closed { why, .. } => {
                    strings.say(format!("{why:?}"));
                    strings.done = true;
                }
                _ => {}
            });
        assert_eq!(said, ["last words", "Finished"], "{kind:?}");
    }
}

/// What becomes of a client whose server does `serve` with the connection.
fn odd_server(serve: impl FnOnce(std::net::TcpStream) + Send + 'static) -> Refusal {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || serve(listener.accept().unwrap().0));
    let options = Options { connect_timeout: Some(Duration::from_millis(300)), ..Options::default() };
    let mut refusal = None;
    perform(&options, Kind::Tls.client(to, "turn.example", Trust::Verify), |strings, _, input| match input {
        Input::Connected { .. } => {}
        Input::Refused { socket: Socket(1), why } => {
            refusal = Some(why.clone());
            strings.done = true;
        }
        other => panic!("{other:?}"),
    });
    server.join().unwrap();
    refusal.unwrap()
}

#[test]
fn says_in_plain_words_why_a_handshake_failed() {
    let handshake = |text: &str| Refusal::Handshake { text: text.to_owned() };
    let garbage = odd_server(|mut stream| stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap());
    assert_eq!(garbage, handshake("what the server sent is not TLS"));
    let alert = odd_server(|mut stream| {
        stream.write_all(&[21, 3, 3, 0, 2, 2, 40]).unwrap();
        let _ = stream.read(&mut [0; 4096]);
    });
    assert_eq!(alert, handshake("the server ended the handshake: handshake_failure (40)"));
    let end = odd_server(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
    });
    assert_eq!(end, handshake("the server closed the connection during the handshake"));
    let reset = odd_server(|stream| socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap());
    assert_eq!(reset, handshake("the server reset the connection during the handshake"));
    let silence = odd_server(|mut stream| {
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    assert_eq!(silence, Refusal::TimedOut { during: Phase::Handshake });
}

#[test]
fn a_listener_needs_a_certificate() {
    for &kind in KINDS {
        let (_, said) = perform(&Options::default(), kind.listener("127.0.0.1:0"), |strings, _, input| match input {
            Input::Refused { why: Refusal::Other { text }, .. } => {
                strings.say(text.as_str());
                strings.done = true;
            }
            other => panic!("{other:?}"),
        });
        assert_eq!(said, ["there is no certificate to serve with"]);
    }
}

/// What becomes of a DTLS client at that address.
#[cfg(feature = "dtls")]
fn dtls_client(to: SocketAddr, options: &Options) -> Refusal {
    let mut refusal = None;
    perform(options, Kind::Dtls.client(to, "turn.example", Trust::Verify), |strings, _, input| match input {
        Input::Refused { socket: Socket(1), why } => {
            refusal = Some(why.clone());
            strings.done = true;
        }
        other => panic!("{other:?}"),
    });
    refusal.unwrap()
}

#[test]
#[cfg(feature = "dtls")]
fn tells_a_closed_port_from_silence_over_dtls() {
    let begin = std::time::Instant::now();
    let dead = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(dtls_client(dead, &Options::default()), Refusal::ConnectionRefused);
    assert!(begin.elapsed() < Duration::from_secs(4));
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let options = Options { connect_timeout: Some(Duration::from_millis(200)), ..Options::default() };
    let to = silent.local_addr().unwrap();
    assert_eq!(dtls_client(to, &options), Refusal::TimedOut { during: Phase::Handshake });
}

#[test]
#[cfg(feature = "dtls")]
fn says_in_plain_words_why_a_dtls_handshake_failed() {
    for (answer, text) in [
        (&b"what is this?"[..], "what the server sent is not DTLS"),
        (
            &[21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 70],
            "the server ended the handshake: protocol_version (70)",
        ),
    ] {
        let server = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = server.local_addr().unwrap();
        let serving = std::thread::spawn(move || {
            let (_, from) = server.recv_from(&mut [0; 4096]).unwrap();
            server.send_to(answer, from).unwrap();
            server
        });
        let options = Options { connect_timeout: Some(Duration::from_millis(500)), ..Options::default() };
        assert_eq!(dtls_client(to, &options), Refusal::Handshake { text: text.to_owned() });
        drop(serving.join());
    }
}

/// OpenSSL's server, on a free port, with an RSA or ECDSA certificate made by OpenSSL.
struct OpenSsl(std::process::Child, SocketAddr, PathBuf);

impl OpenSsl {
    /// `None` where there is no OpenSSL.
    fn serve(arguments: &[&str], key: &[&str]) -> Option<OpenSsl> {
        use std::process::{Command, Stdio};
        let (key_file, certificate) = (file(""), file(""));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=turn.example"])
            .args(["-addext", "subjectAltName=DNS:turn.example"])
            .args(key)
            .arg("-keyout")
            .arg(&key_file)
            .arg("-out")
            .arg(&certificate)
            .stderr(Stdio::null())
            .status();
        if !made.is_ok_and(|status| status.success()) {
            return None;
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new("openssl")
            .args(["s_server", "-accept", &port.to_string(), "-quiet"])
            .args(arguments)
            .arg("-key")
            .arg(&key_file)
            .arg("-cert")
            .arg(&certificate)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Some(OpenSsl(child.unwrap(), port, certificate))
    }

    /// Connects, and hears what OpenSSL is told to say; tells version, cipher suite and key.
    fn greet(&mut self, kind: Kind, options: &Options) -> String {
        let to = self.1;
        let mut stdin = self.0.stdin.take().unwrap();
        let want = kind.client(to, "turn.example", Trust::Verify);
        let mut agreed = String::new();
        let (_, said) = perform(options, want.clone(), |strings, now, input| match input {
            Input::Connected { .. } => {}
            Input::Opened { socket, secure: Some(secure), .. } => {
                assert_eq!(secure.trust, Ok(()));
                agreed = format!("{} {} {}", secure.version, secure.cipher_suite, secure.chain[0].key);
                strings.send(socket, to, *b"hello\n");
                stdin.write_all(b"good day\n").unwrap();
            }
            Input::Received { bytes, .. } => {
                assert_eq!(bytes, b"good day\n");
                strings.say(agreed.as_str());
                strings.done = true;
            }
            // It takes a moment to start.
            Input::Refused { why: Refusal::ConnectionRefused, .. } => strings.wake = now + Duration::from_millis(50),
            Input::Tick => strings.open(1, want.clone()),
            other => panic!("{other:?}"),
        });
        said.concat()
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn talks_to_openssl() {
    let rsa = ["-newkey", "rsa:2048"];
    let ecdsa = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let cases: &[(Kind, &[&str], &[&str], &str)] = &[
        (Kind::Tls, &["-tls1_3"], &rsa, "TLSv1.3 TLS_AES_256_GCM_SHA384 RSA 2048"),
        (Kind::Tls, &["-tls1_2"], &ecdsa, "TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 ECDSA P-256"),
        #[cfg(feature = "dtls")]
        (Kind::Dtls, &["-dtls1_2"], &rsa, "DTLSv1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 RSA 2048"),
        #[cfg(feature = "dtls")]
        (Kind::Dtls, &["-dtls1_2"], &ecdsa, "DTLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 ECDSA P-256"),
    ];
    for (kind, arguments, key, expected) in cases {
        let Some(mut server) = OpenSsl::serve(arguments, key) else {
            eprintln!("skipped: openssl is not installed");
            return;
        };
        let options = Options { authorities: Some(std::fs::read(&server.2).unwrap()), ..Options::default() };
        assert_eq!(server.greet(*kind, &options), *expected, "{kind:?} {arguments:?}");
    }
}
