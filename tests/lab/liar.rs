//! STUN servers with two addresses that are not what they say, and one that is. Written by hand, so that
//! neither rtcprobe's own words nor another server's habits decide what a truth is.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::AsFd;
use std::thread::{self, JoinHandle};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::namespace::Host;

/// What is untrue of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// Nothing: RFC 5780 as it stands.
    None,
    /// Names no other address, and ignores what it does not know: as the best-known public servers.
    NoOther,
    /// Names an address of a private network.
    OtherPrivate,
    /// Names an address where nobody answers.
    OtherDead,
    /// Names its own address with the other port, and changes only the port.
    OtherSelf,
    /// Names its other address but answers from where it was asked, whatever it was told to change.
    IgnoresChange,
    /// Told to change both, it changes the port alone.
    ChangesPortOnly,
    /// Answers from another port than the one asked.
    Elsewhere,
    /// As [`Lie::IgnoresChange`], saying in RESPONSE-ORIGIN that it did change.
    FalseOrigin,
    /// Answers every question twice, the second time from its other address.
    AnswersTwice,
}

pub const LIES: [Lie; 9] = [
    Lie::NoOther,
    Lie::OtherPrivate,
    Lie::OtherDead,
    Lie::OtherSelf,
    Lie::IgnoresChange,
    Lie::ChangesPortOnly,
    Lie::Elsewhere,
    Lie::FalseOrigin,
    Lie::AnswersTwice,
];

/// A server at work; stops when dropped.
pub struct Liar {
    stop: Option<std::io::PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

const PORTS: [u16; 2] = [3478, 3479];

impl Liar {
    /// Two addresses, two ports of each.
    pub fn start(host: &Host, addresses: [&str; 2], lie: Lie) -> Liar {
        let addresses = addresses.map(|address| address.parse::<Ipv4Addr>().unwrap());
        let ends = addresses.map(|address| PORTS.map(|port| SocketAddrV4::new(address, port)));
        let bind = move || ends.map(|address| address.map(|end| UdpSocket::bind(end).unwrap()));
        let sockets = host.run(bind);
        let (over, stop) = std::io::pipe().unwrap();
        let thread = thread::spawn(move || serve(&over, &sockets, ends, lie));
        Liar { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().unwrap().join();
    }
}

fn serve(over: &impl AsFd, sockets: &[[UdpSocket; 2]; 2], ends: [[SocketAddrV4; 2]; 2], lie: Lie) {
    loop {
        let all = sockets.as_flattened();
        let mut ready: Vec<PollFd> = all.iter().map(|socket| PollFd::new(socket.as_fd(), PollFlags::POLLIN)).collect();
        ready.push(PollFd::new(over.as_fd(), PollFlags::POLLIN));
        let _ = poll(&mut ready, PollTimeout::NONE);
        if ready[4].any() == Some(true) {
            return;
        }
        for (n, socket) in all.iter().enumerate().filter(|(n, _)| ready[*n].any() == Some(true)) {
            let (at, port) = (n / 2, n % 2);
            let mut request = [0; 2048];
            let Ok((length, SocketAddr::V4(client))) = socket.recv_from(&mut request) else { continue };
            let request = &request[..length];
            if length < 20 || request[..2] != [0, 1] || (lie == Lie::OtherDead && at == 1) {
                continue;
            }
            let (change_address, change_port) = change(request);
            let honest = (if change_address { 1 - at } else { at }, if change_port { 1 - port } else { port });
            let (from, claims) = match lie {
                Lie::NoOther | Lie::IgnoresChange | Lie::OtherPrivate => ((at, port), (at, port)),
                Lie::OtherSelf => ((at, honest.1), (at, honest.1)),
                Lie::ChangesPortOnly => ((at, honest.1), honest),
                Lie::FalseOrigin => ((at, port), honest),
                Lie::Elsewhere => ((honest.0, 1 - honest.1), (honest.0, 1 - honest.1)),
                Lie::None | Lie::OtherDead | Lie::AnswersTwice => (honest, honest),
            };
            let other = match lie {
                Lie::NoOther => None,
                Lie::OtherPrivate => Some(SocketAddrV4::new(Ipv4Addr::new(10, 99, 99, 99), PORTS[1])),
                Lie::OtherSelf => Some(ends[at][1 - port]),
                _ => Some(ends[1 - at][1 - port]),
            };
            let answer = answer(request, client, other, ends[claims.0][claims.1]);
            let _ = sockets[from.0][from.1].send_to(&answer, client);
            if lie == Lie::AnswersTwice {
                let _ = sockets[1 - from.0][1 - from.1].send_to(&answer, client);
            }
        }
    }
}

/// What CHANGE-REQUEST asks for: another address, another port.
fn change(request: &[u8]) -> (bool, bool) {
    let mut rest = &request[20..];
    while rest.len() >= 8 {
        if rest[..4] == [0, 3, 0, 4] {
            return (rest[7] & 4 != 0, rest[7] & 2 != 0);
        }
        let length = usize::from(u16::from_be_bytes([rest[2], rest[3]])).next_multiple_of(4);
        rest = rest.get(4 + length..).unwrap_or_default();
    }
    (false, false)
}

fn answer(request: &[u8], client: SocketAddrV4, other: Option<SocketAddrV4>, origin: SocketAddrV4) -> Vec<u8> {
    const XOR_MAPPED: u16 = 0x0020;
    const MAPPED: u16 = 0x0001;
    const ORIGIN: u16 = 0x802b;
    const OTHER: u16 = 0x802c;
    let mut attributes = Vec::new();
    let mut put = |kind: u16, end: SocketAddrV4| {
        attributes.write_all(&kind.to_be_bytes()).unwrap();
        attributes.write_all(&[0, 8, 0, 1]).unwrap();
        attributes.write_all(&end.port().to_be_bytes()).unwrap();
        attributes.write_all(&end.ip().octets()).unwrap();
    };
    let hidden = Ipv4Addr::from(u32::from(*client.ip()) ^ 0x2112_a442);
    put(XOR_MAPPED, SocketAddrV4::new(hidden, client.port() ^ 0x2112));
    put(MAPPED, client);
    put(ORIGIN, origin);
    if let Some(other) = other {
        put(OTHER, other);
    }
    let length = u16::try_from(attributes.len()).unwrap().to_be_bytes();
    [&[1, 1][..], &length, &request[4..20], &attributes].concat()
}
