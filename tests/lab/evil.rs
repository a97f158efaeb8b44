//! Servers that do not do what they should, and a STUN server that does, at many addresses.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket2::SockRef;
use tokio_rustls::rustls;

use crate::certificates::Identity;
use crate::namespace::Host;

/// What a server does to who talks to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Listens.
    Silent,
    /// Breaks the connection off before a word is said; within TLS, at the first word.
    Reset,
    /// Speaks HTTP.
    Http,
    /// Announces a long message, sends a part of it, closes.
    Truncated,
    /// Sends one byte of an answer each 50 ms, for ever.
    Dripping,
    /// Sends without end: headers of STUN messages that nobody asked for.
    Endless,
    /// Sends bytes that are no STUN message.
    Garbage,
}

/// A running server; stops when dropped.
pub struct Evil(Arc<State>);

#[derive(Default)]
struct State {
    over: AtomicBool,
    heard: Mutex<Vec<u8>>,
    connections: AtomicUsize,
    datagrams: AtomicUsize,
}

impl State {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

impl Drop for Evil {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}

impl Evil {
    /// What it was told, inside TLS if there is TLS.
    pub fn heard(&self) -> Vec<u8> {
        self.0.heard.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.0.connections.load(Ordering::Relaxed)
    }

    pub fn datagrams(&self) -> usize {
        self.0.datagrams.load(Ordering::Relaxed)
    }

    pub fn udp(host: &Host, address: SocketAddr, manner: Manner) -> Evil {
        let socket = host.run(move || UdpSocket::bind(address).unwrap());
        socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let state = Arc::<State>::default();
        let evil = Evil(Arc::clone(&state));
        thread::spawn(move || {
            let mut bytes = [0; 2048];
            while !state.is_over() {
                let Ok((length, from)) = socket.recv_from(&mut bytes) else { continue };
                state.heard.lock().unwrap().extend(&bytes[..length]);
                state.datagrams.fetch_add(1, Ordering::Relaxed);
                let copies = if manner == Manner::Endless { 1000 } else { 1 };
                for _ in 0..copies {
                    if let Some(answer) = manner.answer() {
                        let _ = socket.send_to(&answer, from);
                    }
                }
            }
        });
        evil
    }

    pub fn tcp(host: &Host, address: SocketAddr, manner: Manner) -> Evil {
        Evil::accept(host, address, move |state, stream| {
            if manner == Manner::Reset {
                // Closing with a zero linger time is an RST.
                SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
                return;
            }
            state.converse(stream, manner);
        })
    }

    /// Behind a TLS handshake, if the client wants to go through with it.
    pub fn tls(host: &Host, address: SocketAddr, identity: &Identity, manner: Manner) -> Evil {
        use rustls::pki_types::pem::PemObject;
        use rustls::pki_types::{CertificateDer, PrivateKeyDer};
        let chain = CertificateDer::pem_file_iter(&identity.chain).unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(&identity.key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let config = Arc::new(config);
        Evil::accept(host, address, move |state, stream| {
            let tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            state.converse(rustls::StreamOwned::new(tls, stream), manner);
        })
    }

    fn accept(host: &Host, address: SocketAddr, serve: impl Fn(&State, TcpStream) + Send + Sync + 'static) -> Evil {
        let listener = host.run(move || TcpListener::bind(address).unwrap());
        let state = Arc::<State>::default();
        let evil = Evil(Arc::clone(&state));
        let serve = Arc::new(serve);
        thread::spawn(move || {
            while !state.is_over() {
                if !readable(&listener) {
                    continue;
                }
                let Ok((stream, _)) = listener.accept() else { continue };
                state.connections.fetch_add(1, Ordering::Relaxed);
                stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
                stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
                let (state, serve) = (Arc::clone(&state), Arc::clone(&serve));
                thread::spawn(move || serve(&state, stream));
            }
        });
        evil
    }
}

impl State {
    fn converse(&self, mut stream: impl Read + Write, manner: Manner) {
        use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
        let mut bytes = [0; 2048];
        let mut spoken_to = false;
        while !self.is_over() {
            match stream.read(&mut bytes) {
                Ok(0) => return,
                Ok(length) => {
                    self.heard.lock().unwrap().extend(&bytes[..length]);
                    if !spoken_to && let Some(answer) = manner.answer() {
                        let _ = stream.write_all(&answer).and_then(|()| stream.flush());
                    }
                    spoken_to = true;
                    if matches!(manner, Manner::Reset | Manner::Truncated | Manner::Http) {
                        return;
                    }
                }
                Err(e) if matches!(e.kind(), Interrupted | TimedOut | WouldBlock) => {}
                Err(_) => return,
            }
            if spoken_to {
                let sent = match manner {
                    Manner::Dripping => stream.write_all(&[0]).and_then(|()| stream.flush()),
                    Manner::Endless => (0..1000).try_for_each(|_| stream.write_all(&STRANGER)),
                    _ => Ok(()),
                };
                if sent.is_err() {
                    return;
                }
            }
        }
    }
}

/// A Binding success response to somebody else.
const STRANGER: [u8; 20] = *b"\x01\x01\0\0\x21\x12\xa4\x42no transact.";

impl Manner {
    fn answer(self) -> Option<Vec<u8>> {
        match self {
            Manner::Silent | Manner::Reset => None,
            Manner::Http => {
                Some(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec())
            }
            // An Allocate error response of 1000 bytes, of which 26 come.
            Manner::Truncated => Some([b"\x01\x13\x03\xe8\x21\x12\xa4\x42".as_slice(), &[7; 18]].concat()),
            Manner::Dripping => Some(b"\x01\x13\x03\xe8\x21\x12\xa4\x42".to_vec()),
            Manner::Endless => Some(STRANGER.to_vec()),
            Manner::Garbage => Some((0..=255).rev().collect()),
        }
    }
}

fn readable(listener: &TcpListener) -> bool {
    matches!(poll(&mut [PollFd::new(listener.as_fd(), PollFlags::POLLIN)], PollTimeout::from(50_u8)), Ok(1..))
}

/// A well-behaved STUN server at each of these addresses.
pub fn stun_servers(host: &Host, addresses: Vec<SocketAddr>) -> Evil {
    let sockets: Vec<_> = host.run(move || addresses.iter().map(|a| UdpSocket::bind(a).unwrap()).collect());
    let state = Arc::<State>::default();
    let evil = Evil(Arc::clone(&state));
    thread::spawn(move || {
        while !state.is_over() {
            let mut waiting: Vec<_> =
                sockets.iter().map(|socket| PollFd::new(socket.as_fd(), PollFlags::POLLIN)).collect();
            let _ = poll(&mut waiting, PollTimeout::from(50_u8));
            let ready: Vec<_> = waiting.iter().map(|fd| fd.any() == Some(true)).collect();
            for (socket, _) in sockets.iter().zip(ready).filter(|(_, ready)| *ready) {
                let mut request = [0; 512];
                let Ok((20.., from)) = socket.recv_from(&mut request) else { continue };
                let _ = socket.send_to(&binding_success(&request, from), from);
            }
        }
    });
    evil
}

/// A success response with XOR-MAPPED-ADDRESS (RFC 8489 §14.2), and MAPPED-ADDRESS for old clients.
fn binding_success(request: &[u8], from: SocketAddr) -> Vec<u8> {
    let IpAddr::V4(ip) = from.ip() else { panic!("an IPv4 server") };
    let mut answer = vec![1, 1, 0, 24];
    answer.extend(&request[4..20]);
    for (attribute, port, ip) in
        [(0x01, from.port(), ip.to_bits()), (0x20, from.port() ^ 0x2112, ip.to_bits() ^ 0x2112_a442)]
    {
        answer.extend([0, attribute, 0, 8, 0, 1]);
        answer.extend(port.to_be_bytes());
        answer.extend(ip.to_be_bytes());
    }
    answer
}
