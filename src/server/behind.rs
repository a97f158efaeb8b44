//! A machine with a NAT between it and the clients on this host.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use super::nat::{Nat, Protocol};
use crate::machine::{Input, Machine, Output, Phase, Refusal, Socket, Time, Want};

/// Puts a simulated NAT in front of a machine (the server) that runs on real loopback sockets.
///
/// Every other loopback address is the inside of the NAT: the machine sees what comes from there
/// under the NAT's public addresses, and what it sends to those goes through the NAT's filter to
/// the real client. The machine's own addresses are outside, beside it. Nothing ever leaves
/// loopback: what is addressed elsewhere is dropped, as it would be by a NAT that has no such
/// mapping.
///
/// A client cannot hairpin: what it sends to the NAT's public address never comes here.
pub struct Behind<M> {
    machine: M,
    nat: Nat,
    /// Sockets of the machine: what they translate, their local address.
    sockets: HashMap<Socket, Own>,
    /// The machine's own addresses.
    own: HashSet<(Protocol, SocketAddr)>,
    /// Connections for which the NAT had no port left.
    unwelcome: Vec<Socket>,
}

struct Own {
    protocol: Protocol,
    /// Once it is open.
    local: Option<SocketAddr>,
    /// For a connection: the client as it is, and as the machine sees it.
    peer: Option<(SocketAddr, SocketAddr)>,
}

impl<M: Machine> Behind<M> {
    #[must_use]
    pub fn new(machine: M, nat: Nat) -> Behind<M> {
        Behind { machine, nat, sockets: HashMap::new(), own: HashSet::new(), unwelcome: Vec::new() }
    }

    /// The machine on the outside of the NAT.
    #[must_use]
    pub fn machine(&self) -> &M {
        &self.machine
    }

    #[must_use]
    pub fn nat(&self) -> &Nat {
        &self.nat
    }

    /// The source that the machine sees; `None` drops the packet.
    fn inwards(&mut self, now: Time, socket: Socket, from: SocketAddr) -> Option<SocketAddr> {
        let own = self.sockets.get(&socket)?;
        if let Some((real, public)) = own.peer {
            return (real == from).then_some(public);
        }
        if !self.is_inside(own.protocol, from) {
            return Some(from);
        }
        self.nat.outbound(now, own.protocol, from, own.local?)
    }

    /// The real address for what the machine sends to `to`; `None` drops it.
    fn outwards(&mut self, now: Time, socket: Socket, to: SocketAddr) -> Option<SocketAddr> {
        let own = self.sockets.get(&socket)?;
        if let Some((real, _)) = own.peer {
            return Some(real);
        }
        if self.own.contains(&(own.protocol, to)) {
            return Some(to);
        }
        let real = self.nat.inbound(now, own.protocol, own.local?, to)?;
        real.ip().to_canonical().is_loopback().then_some(real)
    }

    fn is_inside(&self, protocol: Protocol, address: SocketAddr) -> bool {
        address.ip().to_canonical().is_loopback() && !self.own.contains(&(protocol, address))
    }

    fn forget(&mut self, socket: Socket) {
        if let Some(Own { protocol, local: Some(local), peer: None }) = self.sockets.remove(&socket) {
            self.own.remove(&(protocol, local));
        }
    }

    /// Looks at a socket the machine wants. `None` when it must not be had.
    fn want(&mut self, now: Time, socket: Socket, want: Want) -> Option<Want> {
        let (protocol, outgoing) = match &want {
            Want::Udp { connect, .. } => (Protocol::Udp, *connect),
            Want::Dtls { to, .. } => (Protocol::Udp, Some(*to)),
            Want::DtlsListen { .. } | Want::Group { .. } => (Protocol::Udp, None),
            Want::Tcp { to, .. } | Want::Tls { to, .. } => (Protocol::Tcp, Some(*to)),
            Want::TcpListen { .. } | Want::TlsListen { .. } => (Protocol::Tcp, None),
        };
        self.sockets.insert(socket, Own { protocol, local: None, peer: None });
        let Some(to) = outgoing else { return Some(want) };
        let Want::Tcp { local, .. } = want else { return None };
        if self.own.contains(&(protocol, to)) {
            return Some(Want::Tcp { local, to });
        }
        // The source port is the system's to choose, so a filter can only look at the address.
        let from = SocketAddr::new(local?.ip(), 0);
        let real = self.nat.inbound(now, protocol, from, to).filter(|real| real.ip().to_canonical().is_loopback())?;
        if let Some(own) = self.sockets.get_mut(&socket) {
            own.peer = Some((real, to));
        }
        Some(Want::Tcp { local, to: real })
    }
}

impl<M: Machine> Machine for Behind<M> {
    type Event = M::Event;

    fn input(&mut self, now: Time, input: Input<'_>) {
        let input = match input {
            Input::Opened { socket, local, secure } => {
                if let Some(own) = self.sockets.get_mut(&socket) {
                    own.local = Some(local);
                    if own.peer.is_none() {
                        self.own.insert((own.protocol, local));
                    }
                }
                Input::Opened { socket, local, secure }
            }
            Input::Accepted { listener, socket, local, from } => {
                let Some(protocol) = self.sockets.get(&listener).map(|own| own.protocol) else { return };
                let inside = self.is_inside(protocol, from);
                let public = if inside { self.nat.outbound(now, protocol, from, local) } else { Some(from) };
                let Some(public) = public else { return self.unwelcome.push(socket) };
                self.sockets.insert(socket, Own { protocol, local: Some(local), peer: Some((from, public)) });
                Input::Accepted { listener, socket, local, from: public }
            }
            Input::Received { socket, from, bytes } => {
                let Some(from) = self.inwards(now, socket, from) else { return };
                Input::Received { socket, from, bytes }
            }
            Input::Unreachable { socket, to, icmp } => {
                let Some(own) = self.sockets.get(&socket) else { return };
                let Some(local) = own.local else { return };
                let to = match self.is_inside(own.protocol, to) {
                    true => self.nat.source(now, own.protocol, to, local),
                    false => Some(to),
                };
                let Some(to) = to else { return };
                Input::Unreachable { socket, to, icmp }
            }
            Input::Refused { socket, .. } | Input::Closed { socket, .. } => {
                self.forget(socket);
                input
            }
            other => other,
        };
        self.machine.input(now, input);
    }

    fn output(&mut self, now: Time) -> Output<M::Event> {
        if let Some(socket) = self.unwelcome.pop() {
            return Output::Close { socket };
        }
        loop {
            match self.machine.output(now) {
                Output::Open { socket, want } => match self.want(now, socket, want) {
                    Some(want) => return Output::Open { socket, want },
                    None => {
                        self.forget(socket);
                        let why = Refusal::TimedOut { during: Phase::Connect };
                        self.machine.input(now, Input::Refused { socket, why: &why });
                    }
                },
                Output::Send { socket, to, bytes } => {
                    if let Some(to) = self.outwards(now, socket, to) {
                        return Output::Send { socket, to, bytes };
                    }
                }
                Output::Close { socket } => {
                    self.forget(socket);
                    return Output::Close { socket };
                }
                other => return other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Chance;
    use crate::server::nat::NatConfig;

    /// Opens one UDP socket and echoes what it hears to whom it is told, else to the sender.
    #[derive(Default)]
    struct Echo {
        asked: bool,
        out: Vec<(SocketAddr, Vec<u8>)>,
        heard: Vec<SocketAddr>,
        to: Option<SocketAddr>,
    }

    impl Machine for Echo {
        type Event = ();
        fn input(&mut self, _now: Time, input: Input<'_>) {
            if let Input::Received { from, bytes, .. } = input {
                self.heard.push(from);
                self.out.push((self.to.unwrap_or(from), bytes.to_vec()));
            }
        }
        fn output(&mut self, _now: Time) -> Output<()> {
            if !self.asked {
                self.asked = true;
                let local = "127.0.0.1:0".parse().unwrap();
                return Output::Open { socket: Socket(0), want: Want::udp(local) };
            }
            match self.out.pop() {
                Some((to, bytes)) => Output::Send { socket: Socket(0), to, bytes },
                None => Output::WaitUntil(Time::NEVER, "anything"),
            }
        }
    }

    fn behind(kind: &str, to: Option<&str>) -> Behind<Echo> {
        let config: NatConfig = kind.parse().unwrap();
        let echo = Echo { to: to.map(|to| to.parse().unwrap()), ..Echo::default() };
        let mut behind = Behind::new(echo, Nat::new(config, Chance::from_seed([1; 32])));
        assert!(matches!(behind.output(Time::ZERO), Output::Open { .. }));
        let local = "127.0.0.1:3478".parse().unwrap();
        behind.input(Time::ZERO, Input::Opened { socket: Socket(0), local, secure: None });
        behind
    }

    fn hear(behind: &mut Behind<Echo>, from: &str) -> Output<()> {
        let from = from.parse().unwrap();
        behind.input(Time::ZERO, Input::Received { socket: Socket(0), from, bytes: b"x" });
        behind.output(Time::ZERO)
    }

    #[test]
    fn shows_a_client_under_the_public_address_and_answers_the_real_one() {
        let mut behind = behind("port-restricted-cone", None);
        let sent = hear(&mut behind, "127.0.0.1:5000");
        assert_eq!(behind.machine().heard, ["203.0.113.7:5000".parse::<SocketAddr>().unwrap()]);
        let to = "127.0.0.1:5000".parse().unwrap();
        assert_eq!(sent, Output::Send { socket: Socket(0), to, bytes: b"x".to_vec() });
    }

    #[test]
    fn changes_nothing_without_a_nat() {
        let mut behind = behind("none", None);
        assert!(matches!(hear(&mut behind, "127.0.0.1:5000"), Output::Send { .. }));
        assert_eq!(behind.machine().heard, ["127.0.0.1:5000".parse::<SocketAddr>().unwrap()]);
    }

    #[test]
    fn lets_nothing_out_of_the_host() {
        for to in ["203.0.113.7:9", "203.0.113.8:9", "192.0.2.1:9", "10.0.0.1:9", "127.0.0.1:9"] {
            let mut behind = behind("full-cone", Some(to));
            assert!(matches!(hear(&mut behind, "127.0.0.1:5000"), Output::WaitUntil(..)), "{to}");
        }
        let mut behind = behind("none", Some("192.0.2.1:9"));
        assert!(matches!(hear(&mut behind, "127.0.0.1:5000"), Output::WaitUntil(..)));
    }

    #[test]
    fn leaves_the_machines_own_addresses_alone() {
        let mut behind = behind("symmetric", None);
        assert!(matches!(hear(&mut behind, "127.0.0.1:3478"), Output::Send { .. }));
        assert_eq!(behind.machine().heard, ["127.0.0.1:3478".parse::<SocketAddr>().unwrap()]);
    }
}
