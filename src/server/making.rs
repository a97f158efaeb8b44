//! Opening the relay sockets of an allocation, one after the other.

use std::net::{IpAddr, SocketAddr};

use super::allocation::{Relay, Reservation};
use super::answer::Problem;
use super::auth::{Denied, Identity};
use super::faults::Fault;
use super::{Due, FiveTuple, Role, Route, Server};
use crate::machine::{Output, Socket, Time, Want};
use crate::wire::attribute::{AddressError, Family, Value};
use crate::wire::message::Message;

/// How often a port is tried for before 508.
const ATTEMPTS: u32 = 16;

/// An allocation whose sockets are being opened, one after the other.
pub(super) struct Making {
    pub route: Route,
    pub message: Message,
    pub identity: Identity,
    pub faults: Vec<Fault>,
    /// What is still to be had.
    pub families: Vec<Family>,
    pub relays: Vec<Relay>,
    pub tcp: bool,
    /// EVEN-PORT; `true` reserves the next one too.
    pub even: Option<bool>,
    /// The reserved port, or that it is being opened.
    pub pair: Option<Option<Relay>>,
    pub attempts: u32,
    pub refused_families: Vec<AddressError>,
}

impl Server {
    pub(super) fn relay_address(&self, family: Family) -> Option<IpAddr> {
        self.config.relay.iter().copied().find(|address| Family::of(SocketAddr::new(*address, 0)) == family)
    }

    /// Asks for a relay socket, on that port or any.
    pub(super) fn open_relay(&mut self, tuple: FiveTuple, port: Option<u16>) {
        let Some(making) = self.making.get(&tuple) else { return };
        let tcp = making.tcp;
        let family = making.families.first().copied();
        let Some(address) = family.and_then(|family| self.relay_address(family)) else { return };
        let port = port.or_else(|| {
            let range = self.config.relay_ports.as_ref()?;
            let span = u64::from(range.end().checked_sub(*range.start())?) + 1;
            Some(range.start() + u16::try_from(self.chance.below(span)).unwrap_or(0))
        });
        let local = SocketAddr::new(address, port.unwrap_or(0));
        let want = if tcp { Want::TcpListen { local } } else { Want::udp(local) };
        let socket = self.name(Role::Relay(tuple));
        self.out.push_back(Output::Open { socket, want });
    }

    pub(super) fn relay_opened(&mut self, now: Time, tuple: FiveTuple, socket: Socket, local: SocketAddr) {
        let Some(making) = self.making.get_mut(&tuple) else { return };
        let relay = Relay { socket, local };
        if making.pair == Some(None) {
            making.pair = Some(Some(relay));
        } else if making.even.is_some() && local.port() % 2 == 1 {
            // The port beside it is even; most likely it is free.
            making.attempts += 1;
            let attempts = making.attempts;
            self.close(socket);
            return if attempts > ATTEMPTS {
                self.fail_making(now, tuple);
            } else {
                self.open_relay(tuple, local.port().checked_sub(1));
            };
        } else {
            making.relays.push(relay);
            if making.even == Some(true) {
                making.pair = Some(None);
                return self.open_relay(tuple, local.port().checked_add(1));
            }
        }
        making.families.remove(0);
        if making.families.is_empty() {
            self.made(now, tuple);
        } else {
            self.open_relay(tuple, None);
        }
    }

    pub(super) fn relay_refused(&mut self, now: Time, tuple: FiveTuple) {
        let Some(making) = self.making.get_mut(&tuple) else { return };
        making.attempts += 1;
        let attempts = making.attempts;
        if making.pair.take().is_some()
            && let Some(relay) = making.relays.pop()
        {
            self.close(relay.socket);
        }
        if attempts > ATTEMPTS {
            self.fail_making(now, tuple);
        } else {
            self.open_relay(tuple, None);
        }
    }

    fn fail_making(&mut self, now: Time, tuple: FiveTuple) {
        let Some(making) = self.abandon(tuple) else { return };
        let problem = Problem::new(508, "Insufficient Capacity");
        let denied = Denied { problem, signature: making.identity.signature };
        let answer = self.refusal(now, &making.route, &making.message, denied);
        self.reply(now, &making.route, answer, &making.faults);
    }

    /// Gives up an allocation that is being made.
    pub(super) fn abandon(&mut self, tuple: FiveTuple) -> Option<Making> {
        let making = self.making.remove(&tuple)?;
        for relay in making.relays.iter().copied().chain(making.pair.flatten()) {
            self.close(relay.socket);
        }
        let opening = self.roles.iter().filter(|(_, role)| matches!(role, Role::Relay(of) if *of == tuple));
        let opening: Vec<Socket> = opening.map(|(socket, _)| *socket).collect();
        for socket in opening {
            self.close(socket);
        }
        Some(making)
    }

    /// Every socket is there.
    fn made(&mut self, now: Time, tuple: FiveTuple) {
        let Some(making) = self.making.remove(&tuple) else { return };
        let mut extra = Vec::new();
        if let Some(Some(pair)) = making.pair {
            let token = self.chance.bytes();
            self.roles.insert(pair.socket, Role::Reserved);
            self.reservations.insert(token, Reservation { relay: pair });
            self.dues.insert((now + self.config.lifetimes.reservation, Due::Reservation(token)));
            extra.push(Value::ReservationToken(token));
        }
        extra.extend(making.refused_families.into_iter().map(Value::AddressError));
        let answer =
            self.establish(now, making.route, &making.message, making.identity, making.relays, making.tcp, extra);
        self.reply(now, &making.route, answer, &making.faults);
    }
}
