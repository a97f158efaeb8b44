//! Connections of the simulated network: TCP, TLS and DTLS.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use rtcprobe::machine::{Certificate, Ending, Input, Phase, Refusal, Secure, Socket};
use rtcprobe::server::nat::Protocol;

use super::world::{CONNECT_TIMEOUT, Connection, End, Kind, Link, Own, Told, What, World};

impl World {
    pub(super) fn close(&mut self, host: usize, socket: Socket) {
        if let Some(Own::End { connection, side }) = self.hosts[host].sockets.remove(&socket) {
            self.connections[connection].ends[side].socket = None;
            let what = What::Finish { connection, side: 1 - side, why: Ending::Finished };
            self.toward(connection, 1 - side, what);
        }
    }

    /// To one end of a connection, in order.
    pub(super) fn toward(&mut self, connection: usize, side: usize, what: What) {
        let again = self.sent_again();
        let end = &mut self.connections[connection].ends[side];
        end.last = end.last.max(self.now + self.link.latency + again);
        let at = end.last;
        self.later(at, what);
    }

    pub(super) fn pieces(&mut self, mut bytes: Vec<u8>) -> VecDeque<Vec<u8>> {
        let mut pieces = VecDeque::new();
        while self.link.cut && bytes.len() > 1 && self.chance.below(2) == 0 {
            let rest = bytes.split_off(1 + self.chance.below(bytes.len() as u64 - 1) as usize);
            pieces.push_back(std::mem::replace(&mut bytes, rest));
        }
        pieces.push_back(bytes);
        pieces
    }

    pub(super) fn connect(
        &mut self,
        host: usize,
        socket: Socket,
        local: Option<SocketAddr>,
        to: SocketAddr,
        kind: Kind,
    ) {
        let any = SocketAddr::new(if to.is_ipv4() { [0; 4].into() } else { [0; 16].into() }, 0);
        let Some(local) = self.local(host, local.unwrap_or(any)) else {
            let why = Refusal::Unreachable { icmp: None, text: "network is unreachable".into() };
            return self.tell(Duration::ZERO, host, Told::Refused(socket, why));
        };
        self.trace.push(format!("{} {local} > {to}: connect {kind:?}", self.now));
        let protocol = if kind == Kind::Dtls { Protocol::Udp } else { Protocol::Tcp };
        let way = self.leave(host, protocol, local, to);
        let reached = way.and_then(|(from, to)| Some((from, self.arrive(protocol, from, to)?)));
        // Until it is accepted the socket stands for nothing that could be sent through.
        let connection = self.connections.len();
        self.hosts[host].sockets.insert(socket, Own::End { connection, side: 0 });
        let Some((from, (far, far_local))) = reached else {
            let during = if kind == Kind::Dtls { Phase::Handshake } else { Phase::Connect };
            let end = End { host, socket: Some(socket), local, peer: to, last: self.now };
            self.connections.push(Connection { kind, ends: [end, End { socket: None, ..end }] });
            return self.tell(CONNECT_TIMEOUT, host, Told::Refused(socket, Refusal::TimedOut { during }));
        };
        let near = End { host, socket: Some(socket), local, peer: to, last: self.now };
        let other = End { host: far, socket: None, local: far_local, peer: from, last: self.now };
        self.connections.push(Connection { kind, ends: [near, other] });
        let (latency, round_trip) = (self.link.latency, self.link.latency * 2);
        let listener = self.hosts[far].sockets.values().find_map(|own| match own {
            Own::Listener { local, kind: far }
                if *local == far_local && (*far == Kind::Dtls) == (kind == Kind::Dtls) =>
            {
                Some(*far)
            }
            _ => None,
        });
        let Some((connect_again, handshake_again)) = self.struggle(kind) else {
            let during = if kind == Kind::Tcp { Phase::Connect } else { Phase::Halfway };
            return self.tell(CONNECT_TIMEOUT, host, Told::Refused(socket, Refusal::TimedOut { during }));
        };
        let handshake = handshake_again
            + match kind {
                Kind::Tcp => Duration::ZERO,
                Kind::Tls => round_trip * self.link.tls_round_trips,
                Kind::Dtls => round_trip,
            };
        match listener {
            None => self.tell(round_trip, host, Told::Refused(socket, Refusal::ConnectionRefused)),
            Some(far) if far != kind => {
                let text = "the other end does not speak TLS".into();
                self.tell(round_trip * 2, host, Told::Refused(socket, Refusal::Handshake { text }));
            }
            Some(_) => {
                let connect = round_trip + connect_again;
                if kind == Kind::Tls {
                    self.tell(connect, host, Told::Connected(socket, local));
                }
                let secure = (kind != Kind::Tcp).then(|| secure(kind, connect, handshake, &self.link));
                let accepted = self.now + connect_again + handshake + latency;
                self.later(accepted, What::Accept { connection, listener: far_local });
                self.tell(connect + handshake, host, Told::Opened(socket, local, secure));
            }
        }
    }

    /// What loss costs a connection: the system sends the SYN again after 1 and 3 s, segments of the
    /// handshake after 0.2, 0.6, 1.4 and 3 s. Of a DTLS handshake six datagrams must get through, and what
    /// of it is lost stays lost. `None` when the system's time is over first.
    fn struggle(&mut self, kind: Kind) -> Option<(Duration, Duration)> {
        let survives = |world: &mut World, both: i32| !world.happens(1.0 - (1.0 - world.link.loss).powi(both));
        if kind == Kind::Dtls {
            return survives(self, 6).then_some((Duration::ZERO, Duration::ZERO));
        }
        let connect = [0, 1000, 3000].into_iter().find(|_| survives(self, 2))?;
        let mut handshake = 0;
        for _ in 0..if kind == Kind::Tls { self.link.tls_round_trips } else { 0 } {
            handshake += [0, 200, 600, 1400, 3000].into_iter().find(|_| survives(self, 2))?;
        }
        Some((Duration::from_millis(connect), Duration::from_millis(handshake)))
    }

    /// How much later a segment arrives that is lost and sent again by the system.
    fn sent_again(&mut self) -> Duration {
        let lost = (0..6).take_while(|_| self.happens(self.link.loss)).count() as u32;
        Duration::from_millis(200 * (2_u64.pow(lost) - 1))
    }

    pub(super) fn accept(&mut self, connection: usize, listener: SocketAddr) {
        let Connection { kind, ends } = &self.connections[connection];
        let (kind, End { host, local, peer, .. }) = (*kind, ends[1]);
        let mut sockets = self.hosts[host].sockets.iter();
        let found = sockets.find(|(_, own)| **own == Own::Listener { local: listener, kind }).map(|(name, _)| *name);
        let Some(listener) = found else {
            let what = What::Finish { connection, side: 0, why: Ending::Reset };
            return self.toward(connection, 0, what);
        };
        let socket = Socket(self.hosts[host].next_accepted);
        self.hosts[host].next_accepted += 1;
        self.hosts[host].sockets.insert(socket, Own::End { connection, side: 1 });
        self.connections[connection].ends[1].socket = Some(socket);
        self.give(host, Input::Accepted { listener, socket, local, from: peer });
    }

    pub(super) fn segment_arrives(&mut self, connection: usize, side: usize, bytes: &[u8]) {
        let End { host, socket, peer, .. } = self.connections[connection].ends[side];
        match socket {
            Some(socket) => self.give(host, Input::Received { socket, from: peer, bytes }),
            // Nobody there any more: RST.
            None if self.connections[connection].kind != Kind::Dtls => {
                let what = What::Finish { connection, side: 1 - side, why: Ending::Reset };
                self.toward(connection, 1 - side, what);
            }
            None => {}
        }
    }
}

fn secure(kind: Kind, connect: Duration, handshake: Duration, link: &Link) -> Secure {
    let version = match kind {
        Kind::Dtls => "DTLSv1.2",
        _ if link.tls_round_trips == 1 => "TLSv1.3",
        _ => "TLSv1.2",
    };
    Secure {
        version: version.into(),
        cipher_suite: "TLS_SIMULATED".into(),
        alpn: None,
        chain: vec![Certificate {
            subject: "CN=simulated".into(),
            issuer: "CN=simulated root".into(),
            names: vec!["simulated".into()],
            not_before: 0,
            not_after: 4_102_444_800,
            self_signed: false,
            names_issuer: false,
            fingerprint: "00".repeat(32),
            key: "ECDSA P-256".into(),
        }],
        trust: Ok(()),
        connect: (kind == Kind::Tls).then(|| connect.into()),
        handshake: handshake.into(),
    }
}
