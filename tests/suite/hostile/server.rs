//! The server that means harm: over UDP and over TLS, until it is dropped.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rcgen::{CertificateParams, DnType, KeyPair, SanType};
use tokio_rustls::rustls;

use super::{EVIL, WORSE};

const PAUSE: Duration = Duration::from_millis(50);

/// What it does beside saying evil things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// 401 to everything.
    Refuses,
    /// Answers Binding requests, challenges, and refuses who comes with a password.
    Answers,
}

pub struct Hostile {
    pub udp: u16,
    pub tls: u16,
    /// The file with its certificate, which signs itself.
    pub authority: String,
    over: Arc<AtomicBool>,
}

impl Hostile {
    pub fn start(manner: Manner) -> Hostile {
        let over = Arc::new(AtomicBool::new(false));
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PAUSE)).unwrap();
        let udp = socket.local_addr().unwrap().port();
        let stop = Arc::clone(&over);
        thread::spawn(move || {
            let mut buffer = [0; 2048];
            while !stop.load(Ordering::Relaxed) {
                if let Ok((length, from)) = socket.recv_from(&mut buffer)
                    && length >= 20
                {
                    let _ = socket.send_to(&answer(manner, &buffer[..length], from), from);
                }
            }
        });
        let (config, pem) = secure();
        let authority = std::env::temp_dir().join(format!("rtcprobe-hostile-{}-{udp}.pem", std::process::id()));
        std::fs::write(&authority, pem).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let tls = listener.local_addr().unwrap().port();
        let stop = Arc::clone(&over);
        thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, from)) => {
                        let (config, stop) = (Arc::clone(&config), Arc::clone(&stop));
                        thread::spawn(move || converse(manner, &config, stream, from, &stop));
                    }
                    Err(_) => thread::sleep(Duration::from_millis(5)),
                }
            }
        });
        Hostile { udp, tls, authority: authority.to_str().unwrap().into(), over }
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = std::fs::remove_file(&self.authority);
    }
}

/// TLS with evil names wherever a certificate can have some.
fn secure() -> (Arc<rustls::ServerConfig>, String) {
    let mut params = CertificateParams::new([]).unwrap();
    params.subject_alt_names = vec![
        SanType::DnsName(EVIL.try_into().unwrap()),
        SanType::DnsName("::error::x".try_into().unwrap()),
        SanType::URI(EVIL.try_into().unwrap()),
    ];
    for kind in [DnType::CommonName, DnType::OrganizationName, DnType::CountryName] {
        params.distinguished_name.push(kind, format!("{EVIL}{WORSE}"));
    }
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap())
        .unwrap();
    (Arc::new(config), certificate.pem())
}

fn converse(
    manner: Manner,
    config: &Arc<rustls::ServerConfig>,
    stream: TcpStream,
    from: SocketAddr,
    over: &AtomicBool,
) {
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(PAUSE)).unwrap();
    let mut tls = rustls::StreamOwned::new(rustls::ServerConnection::new(Arc::clone(config)).unwrap(), stream);
    let mut heard = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let mut bytes = [0; 2048];
        match tls.read(&mut bytes) {
            Ok(0) => return,
            Ok(length) => heard.extend(&bytes[..length]),
            Err(why) if matches!(why.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => continue,
            Err(_) => return,
        }
        while heard.len() >= 20 {
            let length = 20 + usize::from(u16::from_be_bytes([heard[2], heard[3]]));
            if heard.len() < length {
                break;
            }
            let request: Vec<u8> = heard.drain(..length).collect();
            if tls.write_all(&answer(manner, &request, from)).and_then(|()| tls.flush()).is_err() {
                return;
            }
        }
    }
}

/// An answer with evil in every text that STUN has.
fn answer(manner: Manner, request: &[u8], from: SocketAddr) -> Vec<u8> {
    let mut attributes = Vec::new();
    let mut add = |kind: u16, value: &[u8]| {
        attributes.extend(kind.to_be_bytes());
        attributes.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        attributes.extend(value);
        attributes.resize(attributes.len().next_multiple_of(4), 0);
    };
    let evil = format!("{EVIL}{WORSE}");
    let binding = request[..2] == [0, 1];
    let with_password = request.windows(2).any(|pair| pair == [0x00, 0x08]) && request.len() > 60;
    let success = binding && manner == Manner::Answers;
    if success {
        let SocketAddr::V4(from) = from else { return Vec::new() };
        let port = from.port() ^ 0x2112;
        let ip = u32::from(*from.ip()) ^ 0x2112_a442;
        add(0x0020, &[&[0, 1][..], &port.to_be_bytes(), &ip.to_be_bytes()].concat());
    } else {
        let code = if with_password && manner == Manner::Answers { [0, 0, 5, 8] } else { [0, 0, 4, 1] };
        add(0x0009, &[&code, evil.as_bytes()].concat());
        add(0x0014, evil.as_bytes());
        add(0x0015, b"nonce");
    }
    add(0x8022, evil.as_bytes());
    let mut message = vec![request[0] | 0x01, request[1] | if success { 0 } else { 0x10 }];
    message.extend(u16::try_from(attributes.len()).unwrap().to_be_bytes());
    message.extend(&request[4..20]);
    [message, attributes].concat()
}
