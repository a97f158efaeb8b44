//! Proof that data flows, without a second machine.

use std::net::SocketAddr;
use std::time::Duration;

use super::check::{Check, Held};
use super::ground::{Ground, Second};
use super::record::Ending;
use crate::machine::script::{all, both};
use crate::probes::explain::span;
use crate::probes::station::{Data, Station};
use crate::proto::exchange::Request;
use crate::report::{Cause, DeniedPeer, Form, Proof, StepName, StepOutcome, Way};
use crate::wire::attribute::Value;
use crate::wire::message::{Builder, Class, Message, Method, TransactionId};

/// The channel towards the second socket, and the one towards the second allocation.
pub(super) const CHANNELS: [u16; 2] = [0x4000, 0x4001];
/// The channel to where the second socket's datagrams come from, if that is another port.
pub(super) const SEEN: u16 = 0x4002;
/// When copies of a payload are sent, in milliseconds: so many that a network that loses every third
/// datagram does not look like a closed one.
pub(super) const COPIES: [u64; 8] = [0, 100, 200, 300, 450, 600, 750, 900];
/// When it is given up.
pub(super) const PATIENCE: Duration = Duration::from_millis(1200);
/// Where something was lost before, copies go on, so often and until then.
const STUBBORN: Duration = Duration::from_millis(150);
const STUBBORN_PATIENCE: Duration = Duration::from_millis(4500);
/// The same over a stream, which may stand still for long when its segments are lost.
const STREAM_PATIENCE: Duration = Duration::from_secs(9);
/// How long data is waited for that should not come, beside a round trip.
const AFTERMATH: Duration = Duration::from_millis(60);

/// How a station sends to a peer through its allocation.
#[derive(Clone, Copy)]
pub(super) struct Exit {
    pub peer: SocketAddr,
    pub channel: Option<u16>,
}

impl Exit {
    pub(super) fn send(self, station: &Station, bytes: &[u8]) {
        match self.channel {
            Some(channel) => station.send_channel(channel, bytes),
            None => station.send(self.peer, bytes, false),
        }
    }
}

impl Check {
    /// The steps `permission` and `channel`, for the second socket or, without one, for our own
    /// address; and what else the proofs need, which may be refused.
    pub(super) async fn permissions(&self, held: &Held, ground: &Ground) {
        let own = ground.witness.as_ref().map(|(_, mapped)| *mapped).or(held.mapped);
        // What is no address of the relay's family cannot be its peer.
        let peer = own.into_iter().chain([held.target.address]).find(|peer| peer.is_ipv4() == held.relayed.is_ipv4());
        let peer = peer.unwrap_or(held.relayed);
        let main = &held.station;
        let permit = main.ask(permission(&[peer]));
        let bind = main.ask(channel(CHANNELS[0], peer));
        main.expect_channel(CHANNELS[0], peer);
        let more = async {
            let mut parts: Vec<std::pin::Pin<Box<dyn Future<Output = ()> + '_>>> = Vec::new();
            if let Some(stun) = ground.stun {
                parts.push(Box::pin(ground.permit(self, main, (stun, "stun"))));
            }
            if let Some(Second { station, relayed, .. }) = &ground.second {
                main.expect_channel(CHANNELS[1], *relayed);
                station.expect_channel(CHANNELS[1], held.relayed);
                parts.push(Box::pin(ground.permit(self, main, (*relayed, "relay"))));
                parts.push(Box::pin(async move {
                    station.ask(channel(CHANNELS[1], held.relayed)).await;
                }));
            }
            all(parts).await;
        };
        let ((permit, bind), ()) = both(both(permit, bind), more).await;
        for (name, method, reply) in
            [(StepName::Permission, "CreatePermission", permit), (StepName::Channel, "ChannelBind", bind)]
        {
            let ending = match (reply.success(), reply.error()) {
                (Some(_), _) => Ending::ok(reply.took, format!("for {}", peer.ip())),
                (None, Some((403, phrase, _))) => {
                    self.denied(peer, "own", 403, phrase);
                    let text = format!("403 {phrase}: the server's policy forbids the peer {}", peer.ip());
                    Ending::failed(Cause::PeerForbidden, reply.took, text).coded(403, phrase)
                }
                _ => Ending::told(reply.explain(method, held.target), reply.took),
            };
            self.record.step(name, ending);
        }
    }

    /// All proofs, side by side; the second socket is sent to only after it has been listened from,
    /// so that nothing opens the way for it.
    pub(super) async fn prove(&self, held: &Held, ground: &Ground) -> Vec<Proof> {
        let mut parts: Vec<std::pin::Pin<Box<dyn Future<Output = Vec<Proof>> + '_>>> = Vec::new();
        if let Some((witness, mapped)) = ground.witness.as_ref().filter(|_| self.permitted()) {
            parts.push(Box::pin(async move {
                let mut inbound = self.inbound(held, witness, held.relayed).await;
                // Where mappings depend on the destination, the way back leads to another port.
                let way_back = match self.detour(held, witness, &mut inbound).await {
                    Some(seen) => Some(seen),
                    None => inbound.seen_as.clone(),
                };
                let seen = way_back.and_then(|seen| seen.parse().ok()).unwrap_or(*mapped);
                let number = self.channel_to(held, seen, *mapped).await;
                let send = self.outbound(held, witness, Exit { peer: seen, channel: None });
                let channel = self.outbound(held, witness, Exit { peer: seen, channel: Some(number) });
                let (send, channel) = both(send, channel).await;
                vec![inbound, send, channel]
            }));
        }
        if let Some(stun) = ground.stun {
            parts.push(Box::pin(async move {
                match ground.refused(Way::Reflection, stun) {
                    Some(refused) => vec![refused],
                    None => vec![self.reflection(held, stun).await],
                }
            }));
        }
        if let Some(Second { station, relayed, .. }) = &ground.second {
            parts.push(Box::pin(async move {
                match ground.refused(Way::RelayToRelay, *relayed) {
                    Some(refused) => vec![refused],
                    None => self.relay_to_relay(held, station, *relayed).await,
                }
            }));
        }
        let proofs: Vec<Proof> = all(parts).await.into_iter().flatten().collect();
        self.record.note(|turn| turn.proofs.clone_from(&proofs));
        proofs
    }

    /// Notes a peer that the server does not permit.
    pub(super) fn denied(&self, peer: SocketAddr, class: &str, error_code: u16, phrase: &str) {
        let denied =
            DeniedPeer { peer: peer.to_string(), class: class.into(), error_code, error_text: phrase.to_string() };
        self.record.note(|turn| {
            if !turn.clues.denied_peers.contains(&denied) {
                turn.clues.denied_peers.push(denied);
            }
        });
    }

    /// Whether the second socket may be sent to: without that nothing from it comes through, either.
    pub(super) fn permitted(&self) -> bool {
        self.record.went_well(StepName::Permission) || self.record.went_well(StepName::Channel)
    }

    pub(super) async fn give_back_second(&self, ground: &Ground) {
        if let Some(second) = &ground.second {
            self.give_back(&second.station).await;
        }
    }

    /// What becomes of data for an allocation that was just released: a server that lets go of it
    /// slowly (coturn: about a second) goes on relaying.
    pub(super) async fn aftermath(&self, held: &Held, ground: Option<&Ground>, rtt: Duration) -> Option<String> {
        let (witness, _) = ground?.witness.as_ref()?;
        if !self.record.proved(Way::Inbound) || self.hands.stopping() {
            return None;
        }
        let payload = payload(witness);
        let began = self.hands.now();
        for _ in 0..2 {
            witness.send_plain(held.relayed, &payload);
            let until = self.hands.now() + AFTERMATH / 2 + rtt / 2;
            if held.station.data(until, |data| data.bytes == payload).await.is_some() {
                let after = span(self.hands.now() - began);
                return Some(format!("data sent to {} is still relayed {after} later", held.relayed));
            }
        }
        Some(format!("data sent to {} is no longer relayed", held.relayed))
    }

    /// Where nothing reaches the relayed address, it may be reached at the server's own: our NAT lets in
    /// what comes from there then. Tells as whom the relay sees us.
    async fn detour(&self, held: &Held, witness: &Station, inbound: &mut Proof) -> Option<String> {
        let server = held.target.address.ip();
        if inbound.received > 0 || server == held.relayed.ip() || server.is_ipv4() != held.relayed.is_ipv4() {
            return None;
        }
        let there = SocketAddr::new(server, held.relayed.port());
        let seen = self.inbound(held, witness, there).await.seen_as?;
        inbound.detail = Some(format!("what is sent to {there} instead arrives"));
        Some(seen)
    }

    async fn inbound(&self, held: &Held, witness: &Station, to: SocketAddr) -> Proof {
        let payload = payload(witness);
        let send = || witness.send_plain(to, &payload);
        self.deliver(Way::Inbound, Form::Send, send, (&held.station, &held.station), |data| data.bytes == payload).await
    }

    /// The channel that is bound to the second socket, once it was heard.
    async fn channel_to(&self, held: &Held, seen: SocketAddr, mapped: SocketAddr) -> u16 {
        if seen == mapped {
            return CHANNELS[0];
        }
        held.station.expect_channel(SEEN, seen);
        let bound = held.station.ask(channel(SEEN, seen)).await.success().is_some();
        if bound { SEEN } else { CHANNELS[0] }
    }

    async fn outbound(&self, held: &Held, witness: &Station, exit: Exit) -> Proof {
        let payload = payload(witness);
        let form = if exit.channel.is_some() { Form::Channel } else { Form::Send };
        let send = || exit.send(&held.station, &payload);
        self.deliver(Way::Outbound, form, send, (&held.station, witness), |data| data.bytes == payload).await
    }

    async fn reflection(&self, held: &Held, stun: SocketAddr) -> Proof {
        let id = TransactionId(held.station.random());
        let request = Builder::new(Class::Request, Method::BINDING, id).build();
        let answer = std::cell::Cell::new(None);
        let send = || held.station.send(stun, &request, false);
        let mut proof = self
            .deliver(Way::Reflection, Form::Send, send, (&held.station, &held.station), |data| {
                let message = Message::decode(&data.bytes).ok().filter(|message| message.transaction == id);
                answer.set(message.as_ref().and_then(Message::mapped));
                message.is_some()
            })
            .await;
        proof.seen_as = answer.get().map(|address| address.to_string());
        proof.detail = Some(format!("by the STUN server {stun}"));
        proof
    }

    async fn relay_to_relay(&self, held: &Held, second: &Station, relayed: SocketAddr) -> Vec<Proof> {
        let (there, back) = (payload(second), payload(second));
        let send = || held.station.send(relayed, &there, false);
        let first =
            self.deliver(Way::RelayToRelay, Form::Send, send, (&held.station, second), |data| data.bytes == there);
        let send = || second.send_channel(CHANNELS[1], &back);
        let other =
            self.deliver(Way::RelayToRelay, Form::Channel, send, (second, &held.station), |data| data.bytes == back);
        let (first, other) = both(first, other).await;
        vec![first, other]
    }

    /// Sends copies until one arrives.
    pub(super) async fn deliver(
        &self,
        way: Way,
        form: Form,
        send: impl Fn(),
        (anchor, receiver): (&Station, &Station),
        mut wanted: impl FnMut(&Data) -> bool,
    ) -> Proof {
        let began = self.hands.now();
        let mut sent = 0;
        let mut arrived = None;
        for after in COPIES.iter().skip(1).map(|after| Duration::from_millis(*after)).chain([PATIENCE]) {
            send();
            sent += 1;
            arrived = receiver.data(began + after, &mut wanted).await;
            if arrived.is_some() {
                break;
            }
        }
        let stream = anchor.line().is_stream();
        if arrived.is_none() && stream {
            // A stream keeps its order: once this is answered, nothing that was sent before is on the way
            // any more; and an answer that takes long tells that something was lost.
            anchor.ask(self.prolong()).await;
            arrived = receiver.data(self.hands.now() + STUBBORN, &mut wanted).await;
        }
        let patience = if stream { STREAM_PATIENCE } else { STUBBORN_PATIENCE };
        while arrived.is_none() && self.weather.is_lossy() && self.hands.now() < began + patience {
            send();
            sent += 1;
            arrived = receiver.data(self.hands.now() + STUBBORN, &mut wanted).await;
        }
        if arrived.is_some() && sent > 1 {
            self.weather.lost();
        }
        let form = arrived.as_ref().and_then(|data| data.form).unwrap_or(form);
        let took = |data: &Data| crate::machine::Time::from(data.at - began).millis();
        Proof {
            way,
            form,
            outcome: if arrived.is_some() { StepOutcome::Ok } else { StepOutcome::Timeout },
            sent,
            received: u32::from(arrived.is_some()),
            rtt_ms: arrived.as_ref().filter(|_| sent == 1).map(took),
            seen_as: arrived.map(|data| data.peer.to_string()),
            detail: None,
        }
    }
}

/// Bytes that are neither STUN nor ChannelData and that nobody else sends.
pub(super) fn payload(station: &Station) -> Vec<u8> {
    let mut payload = b"rtcprobe".to_vec();
    payload.extend(station.random::<16>());
    payload
}

pub(super) fn permission(peers: &[SocketAddr]) -> Request {
    peers
        .iter()
        .fold(Request::new(Method::CREATE_PERMISSION), |request, peer| request.with(Value::XorPeerAddress(*peer)))
}

pub(super) fn channel(number: u16, peer: SocketAddr) -> Request {
    Request::new(Method::CHANNEL_BIND).with(Value::ChannelNumber(number)).with(Value::XorPeerAddress(peer))
}
