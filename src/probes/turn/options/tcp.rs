//! TCP relays (RFC 6062): two of them on the same server, one calling the other.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::{PATIENCE, Tried, relayed, tried};
use crate::machine::script::{Either, Incoming, both, either};
use crate::machine::{Time, Trust};
use crate::probes::station::Station;
use crate::probes::turn::check::Check;
use crate::probes::turn::proofs::{payload, permission};
use crate::probes::turn::record::Ending;
use crate::proto::exchange::Request;
use crate::proto::resolution::Target;
use crate::report::{Cause, OptionTried, StepName};
use crate::wire::attribute::{self, Value};
use crate::wire::message::{Class, Message, Method};
use crate::wire::uri::Transport;

const NAME: &str = "tcp-relay";
/// REQUESTED-TRANSPORT TCP.
const TCP: u8 = 6;
/// How long the far allocation may take to be told of a connection.
const ATTEMPT: Duration = Duration::from_secs(2);

/// A TCP allocation.
struct Relay {
    station: Rc<Station>,
    relayed: SocketAddr,
}

impl Check {
    /// Allocates two TCP relays, connects one to the other and sends bytes both ways.
    pub(super) async fn tcp_relay(&self, target: Target) -> Tried {
        if matches!(target.transport, Transport::Udp | Transport::Dtls) {
            let why = "asked for over TCP or TLS only (RFC 6062 §4.1)";
            self.record.step(StepName::TcpRelay, Ending::skipped(why));
            let detail = Some(why.into());
            return vec![OptionTried {
                name: NAME.into(),
                supported: None,
                error_code: None,
                error_text: None,
                detail,
            }];
        }
        let Some((station, reply)) = self.ask_for(target, self.allocate_tcp()).await else {
            return vec![self.no_connection(NAME, Some(StepName::TcpRelay))];
        };
        let Some(first) = relayed(&reply) else {
            return self.not_had(NAME, Some(StepName::TcpRelay), &reply, target);
        };
        let caller = Relay { station, relayed: first };
        let ending = match self.ask_for(target, self.allocate_tcp()).await {
            Some((station, second)) => match relayed(&second) {
                Some(relayed) => {
                    let called = Relay { station, relayed };
                    let ending = self.call(target, &caller, &called).await;
                    self.give_back(&called.station).await;
                    ending
                }
                None => untried(first, &format!("no second one: {}", second.explain("Allocate", target).text)),
            },
            None => untried(first, "no further connection to the server could be had"),
        };
        self.give_back(&caller.station).await;
        let option = tried(NAME, Some(true), &reply, ending.detail.clone());
        self.record.step(StepName::TcpRelay, ending);
        vec![option]
    }

    /// An Allocate request for a TCP relay.
    pub(in crate::probes::turn) fn allocate_tcp(&self) -> Request {
        self.software(Request::new(Method::ALLOCATE).with(Value::RequestedTransport(TCP)))
    }

    async fn call(&self, target: Target, caller: &Relay, called: &Relay) -> Ending {
        let began = self.hands.now();
        let here = caller.station.ask(permission(&[called.relayed]));
        let there = called.station.ask(permission(&[caller.relayed]));
        let (here, there) = both(here, there).await;
        for reply in [&here, &there] {
            if let Some((403, phrase, _)) = reply.error() {
                let text = format!("the server forbids its own address as a peer (403 {phrase})");
                return untried(caller.relayed, &text);
            }
            if reply.success().is_none() {
                return untried(caller.relayed, &reply.explain("CreatePermission", target).text);
            }
        }
        let connect = Request::new(Method::CONNECT).with(Value::XorPeerAddress(called.relayed));
        let connect = caller.station.ask(connect);
        let attempt = self.attempt(called);
        let (connect, attempt) = both(connect, attempt).await;
        if let Some((403, phrase, _)) = connect.error() {
            let text = format!("the server forbids its own address as a peer (403 {phrase})");
            return untried(caller.relayed, &text);
        }
        let Some(near) = connect.success().and_then(Message::connection_id) else {
            let mut told = connect.explain("Connect", target);
            told.text =
                format!("{} was granted, but cannot connect to {}: {}", caller.relayed, called.relayed, told.text);
            return Ending::told(told, connect.took);
        };
        let Some((far, peer)) = attempt else {
            let text = format!(
                "the server connected to {}, but did not tell of the connection there (ConnectionAttempt)",
                called.relayed
            );
            return Ending::failed(Cause::ProtocolError, self.hands.now() - began, text);
        };
        let (near, far) = both(self.claim(target, caller, near), self.claim(target, called, far)).await;
        let (near, far) = match (near, far) {
            (Ok(near), Ok(far)) => (near, far),
            (Err(why), _) | (_, Err(why)) => return why,
        };
        let (there, back) = both(self.bytes(&near, &far), self.bytes(&far, &near)).await;
        let took = self.hands.now() - began;
        let way = format!("{} (seen as {peer}) to {}", caller.relayed, called.relayed);
        match (there, back) {
            (true, true) => Ending::ok(took, format!("bytes go both ways, {way}")),
            _ => {
                let text = format!("connected, {way}, but the bytes that were sent do not arrive");
                Ending::failed(Cause::PayloadDamaged, took, text)
            }
        }
    }

    /// The connection that the called allocation is told of, and who calls.
    async fn attempt(&self, called: &Relay) -> Option<(u32, SocketAddr)> {
        let wanted =
            |message: &Message| message.class == Class::Indication && message.method == Method::CONNECTION_ATTEMPT;
        let message = called.station.message(self.hands.now() + ATTEMPT, wanted).await?;
        Some((message.connection_id()?, message.address(attribute::XOR_PEER_ADDRESS)?))
    }

    /// The data connection for a peer's: from the answer on it carries bytes as they are.
    async fn claim(&self, target: Target, relay: &Relay, id: u32) -> Result<Station, Ending> {
        let Ok(station) = self.connect(target, Trust::Record).await else {
            return Err(Ending::failed(Cause::OtherError, Duration::ZERO, "no data connection to the server"));
        };
        // coturn closes a connection whose first request is not signed, and takes the nonce of the other.
        if let Some(session) = relay.station.session() {
            station.sign_with(session);
        }
        let reply = station.ask(Request::new(Method::CONNECTION_BIND).with(Value::ConnectionId(id))).await;
        match reply.success() {
            Some(_) => Ok(station),
            None => Err(Ending::told(reply.explain("ConnectionBind", target), reply.took)),
        }
    }

    /// Whether bytes that one sends come to the other as they are.
    async fn bytes(&self, from: &Station, to: &Station) -> bool {
        let sent = payload(from);
        from.send_plain(from.server(), &sent);
        let until = self.hands.now() + PATIENCE * 2;
        let mut come = Vec::new();
        while come.len() < sent.len() {
            match self.some_bytes(to, until).await {
                Some(bytes) => come.extend(bytes),
                None => break,
            }
        }
        come == sent
    }

    async fn some_bytes(&self, station: &Station, until: Time) -> Option<Vec<u8>> {
        match either(station.line().next(), self.hands.sleep_until(until)).await {
            Either::First(Incoming::Bytes { bytes, .. }) => Some(bytes),
            _ => None,
        }
    }
}

/// Granted, and no data could be sent to show that it works.
fn untried(relayed: SocketAddr, why: &str) -> Ending {
    Ending::ok(Duration::ZERO, format!("{relayed} was granted; no data was sent: {why}"))
}
