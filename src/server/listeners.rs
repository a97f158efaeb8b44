//! Opening the sockets that clients come to.

use std::net::{IpAddr, SocketAddr};

use super::binding::Quad;
use super::event::{Addresses, Event};
use super::faults::Fault;
use super::{Role, Server};
use crate::machine::{Output, Refusal, Socket, Want};
use crate::wire::uri::Transport;

/// How often a set of four sockets is tried anew when the system's choice of a port for one address
/// is taken on the other.
const ATTEMPTS: u32 = 4;

/// What is being opened, and what of it still waits.
#[derive(Debug, Default)]
pub(super) struct Opening {
    waiting: usize,
    quads: Vec<QuadPlan>,
    pub said: bool,
}

/// Four sockets on their way: they are opened one after the other, because the second address needs
/// the ports of the first.
#[derive(Debug)]
struct QuadPlan {
    primary: IpAddr,
    alternate: IpAddr,
    ports: (u16, u16),
    attempts: u32,
    open: Vec<(Socket, SocketAddr)>,
}

impl Server {
    /// Asks for every listener of the configuration.
    pub(super) fn open_listeners(&mut self) {
        let listen = self.config.listen.clone();
        for discovery in listen.discovery {
            self.opening.quads.push(QuadPlan {
                primary: discovery.primary,
                alternate: discovery.alternate,
                ports: discovery.ports,
                attempts: 0,
                open: Vec::new(),
            });
            self.open_quad(self.opening.quads.len() - 1);
        }
        for (transport, locals) in [
            (Transport::Udp, listen.udp),
            (Transport::Tcp, listen.tcp),
            (Transport::Tls, listen.tls),
            (Transport::Dtls, listen.dtls),
        ] {
            for local in locals {
                self.listen(transport, local);
            }
        }
        if self.config.faults.rules.iter().any(|rule| rule.fault == Fault::FromElsewhere) {
            let mut addresses: Vec<IpAddr> = self.config.listen.udp.iter().map(SocketAddr::ip).collect();
            addresses.extend(self.config.listen.discovery.iter().map(|discovery| discovery.primary));
            for address in addresses {
                let local = SocketAddr::new(address, 0);
                let socket = self.name(Role::Spare { local });
                self.out.push_back(Output::Open { socket, want: Want::udp(local) });
            }
        }
        self.say_listening();
    }

    fn listen(&mut self, transport: Transport, local: SocketAddr) {
        let socket = self.name(Role::Listener { transport, local, open: false });
        let want = match transport {
            Transport::Udp => Want::udp(local),
            Transport::Tcp => Want::TcpListen { local },
            Transport::Tls => Want::TlsListen { local },
            Transport::Dtls => Want::DtlsListen { local },
        };
        self.opening.waiting += 1;
        self.out.push_back(Output::Open { socket, want });
    }

    /// Asks for the next of the four sockets.
    fn open_quad(&mut self, index: usize) {
        let Some(plan) = self.opening.quads.get(index) else { return };
        let port_of = |n: usize| plan.open.get(n).map_or(0, |(_, at): &(Socket, SocketAddr)| at.port());
        let local = match plan.open.len() {
            0 => SocketAddr::new(plan.primary, plan.ports.0),
            1 => SocketAddr::new(plan.primary, plan.ports.1),
            2 => SocketAddr::new(plan.alternate, port_of(0)),
            _ => SocketAddr::new(plan.alternate, port_of(1)),
        };
        let socket = self.name(Role::Quad { index, local });
        self.opening.waiting += 1;
        self.out.push_back(Output::Open { socket, want: Want::udp(local) });
    }

    /// A listener is open.
    pub(super) fn listener_opened(&mut self, socket: Socket, actual: SocketAddr) {
        match self.roles.get_mut(&socket) {
            Some(Role::Listener { transport, local, open }) => {
                *local = actual;
                *open = true;
                let list = match transport {
                    Transport::Udp => &mut self.addresses.udp,
                    Transport::Tcp => &mut self.addresses.tcp,
                    Transport::Tls => &mut self.addresses.tls,
                    Transport::Dtls => &mut self.addresses.dtls,
                };
                list.push(actual);
            }
            Some(Role::Quad { index, local }) => {
                *local = actual;
                let index = *index;
                self.quad_opened(index, socket, actual);
            }
            _ => return,
        }
        self.opening.waiting = self.opening.waiting.saturating_sub(1);
        self.say_listening();
    }

    fn quad_opened(&mut self, index: usize, socket: Socket, actual: SocketAddr) {
        let Some(plan) = self.opening.quads.get_mut(index) else { return };
        plan.open.push((socket, actual));
        match plan.open.as_slice() {
            &[a, b, c, d] => {
                self.addresses.udp.push(a.1);
                self.addresses.discovery.push((a.1, d.1));
                self.quads.push(Quad { sockets: [[a, b], [c, d]] });
            }
            _ => self.open_quad(index),
        }
    }

    /// A listener cannot be had.
    pub(super) fn listener_refused(&mut self, socket: Socket, why: &Refusal) {
        match self.roles.remove(&socket) {
            Some(Role::Listener { transport, local, .. }) => {
                self.out.push_back(Output::Event(Event::CannotListen { transport, local, why: why.clone() }));
            }
            Some(Role::Quad { index, local }) => self.quad_refused(index, local, why),
            _ => return,
        }
        self.opening.waiting = self.opening.waiting.saturating_sub(1);
        self.say_listening();
    }

    fn quad_refused(&mut self, index: usize, local: SocketAddr, why: &Refusal) {
        let Some(plan) = self.opening.quads.get_mut(index) else { return };
        plan.attempts += 1;
        let on_alternate = plan.open.len() >= 2;
        let retry = plan.ports == (0, 0) && on_alternate && plan.attempts < ATTEMPTS;
        if retry {
            // The system's choice is taken there: begin again with another.
            let open = std::mem::take(&mut plan.open);
            for (socket, _) in open {
                self.close(socket);
            }
            self.open_quad(index);
            return;
        }
        self.out.push_back(Output::Event(Event::CannotListen { transport: Transport::Udp, local, why: why.clone() }));
        // No second address (macOS has no 127.0.0.2): go on with the first, without RFC 5780.
        let extra = plan.open.split_off(plan.open.len().min(2));
        self.addresses.udp.extend(plan.open.iter().map(|(_, at)| *at));
        for (socket, _) in extra {
            self.close(socket);
        }
    }

    fn say_listening(&mut self) {
        if self.opening.waiting == 0 && !self.opening.said {
            self.opening.said = true;
            self.out.push_back(Output::Event(Event::Listening(self.addresses.clone())));
        }
    }

    /// Where the server listens; complete once [`Event::Listening`] was said.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }
}
