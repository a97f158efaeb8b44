//! Proof that data flows, without a second machine.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::check::{Check, Held};
use super::record::Ending;
use crate::machine::script::{all, both};
use crate::machine::{Trust, Want};
use crate::probes::explain::span;
use crate::probes::station::{Data, Station};
use crate::proto::exchange::Request;
use crate::report::{Cause, Form, Proof, StepName, StepOutcome, Way};
use crate::wire::attribute::{self, Value};
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
/// How long data is waited for that should not come, beside a round trip.
const AFTERMATH: Duration = Duration::from_millis(60);

/// What the proofs stand on: a second socket, a STUN server, a second allocation.
pub(super) struct Ground {
    /// A plain UDP socket of ours, and where the world sees it.
    pub witness: Option<(Station, SocketAddr)>,
    pub why_no_witness: String,
    pub stun: Option<SocketAddr>,
    pub second: Option<Second>,
    pub why_no_second: String,
    /// Peers beside the second socket that the server does not permit, and what it said.
    refused: RefCell<Vec<(SocketAddr, String)>>,
}

/// A second allocation with the same credentials.
pub(super) struct Second {
    pub station: Rc<Station>,
    pub relayed: SocketAddr,
    pub lifetime: Duration,
}

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

impl Ground {
    pub(super) async fn prepare(check: &Check, held: &Held) -> Ground {
        let (witness, second) = both(witness(check, held), second(check, held)).await;
        let mut reference = check.config.reference.iter().copied();
        let stun = reference.find(|stun| stun.is_ipv4() == held.relayed.is_ipv4());
        let stun = stun.or_else(|| witness.as_ref().ok().map(|(station, _)| station.server()));
        let (witness, why_no_witness) = match witness {
            Ok(witness) => (Some(witness), String::new()),
            Err(why) => (None, why),
        };
        let (second, why_no_second) = match second {
            Ok(second) => (Some(second), String::new()),
            Err(why) => (None, why),
        };
        Ground { witness, why_no_witness, stun, second, why_no_second, refused: RefCell::default() }
    }

    async fn permit(&self, station: &Station, peer: SocketAddr) {
        let reply = station.ask(permission(&[peer])).await;
        if let Some((code, phrase, _)) = reply.error() {
            let said = format!("{code} {phrase}").trim_end().to_string();
            self.refused.borrow_mut().push((peer, said));
        }
    }

    /// A proof that is not tried, because the server does not permit the peer.
    fn refused(&self, way: Way, peer: SocketAddr) -> Option<Proof> {
        let said = self.refused.borrow().iter().find(|(refused, _)| *refused == peer)?.1.clone();
        let detail = Some(format!("{said} to CreatePermission for {peer}"));
        let outcome = StepOutcome::Failed;
        Some(Proof { way, form: Form::Send, outcome, sent: 0, received: 0, rtt_ms: None, seen_as: None, detail })
    }
}

/// A second socket, with its address as a STUN server sees it: the checked server where it does
/// STUN over UDP, else one of the reference servers.
async fn witness(check: &Check, held: &Held) -> Result<(Station, SocketAddr), String> {
    let relayed = held.relayed;
    // The relay's family, which need not be the one that the server is reached by.
    let same = |other: bool| other == relayed.is_ipv4();
    let local = check.config.locals.iter().find(|local| same(local.is_ipv4()));
    let Some(local) = local.map(|local| SocketAddr::new(*local, 0)) else {
        let family = if relayed.is_ipv4() { "IPv4" } else { "IPv6" };
        return Err(format!("the relay has an {family} address, and there is no usable one here"));
    };
    let server = held.target.address;
    // A relay of another family most likely is on the server itself.
    let host = if same(server.is_ipv4()) { server.ip() } else { relayed.ip() };
    let mut servers = vec![SocketAddr::new(host, server.port())];
    servers.extend(check.config.reference.iter().filter(|reference| same(reference.is_ipv4())));
    if server.port() != 3478 {
        servers.push(SocketAddr::new(host, 3478));
    }
    for stun in servers {
        let want = Want::udp(local);
        let Ok(line) = check.hands.open(want).await else { return Err("no second UDP socket could be had".into()) };
        let station = check.station(line, stun).with(None);
        let reply = station.ask_briefly(Request::new(Method::BINDING)).await;
        if let Some(mapped) = reply.success().and_then(Message::mapped) {
            return Ok((station, mapped));
        }
    }
    Err("no STUN server answers over UDP from here (--stun names another)".into())
}

async fn second(check: &Check, held: &Held) -> Result<Second, String> {
    let station = check.connect(held.target, Trust::Record).await.map_err(|_| "no second connection".to_string())?;
    let station = Rc::new(station);
    let reply = check.allocate_on(&station, check.allocate()).await;
    match (reply.success(), reply.error()) {
        (Some(message), _) => match message.address(attribute::XOR_RELAYED_ADDRESS) {
            Some(relayed) => {
                let lifetime = Duration::from_secs(message.lifetime().unwrap_or(600).into());
                Ok(Second { station, relayed, lifetime })
            }
            None => Err("the second allocation has no address".into()),
        },
        (None, Some((code, phrase, _))) => Err(format!("the second allocation was refused: {code} {phrase}")),
        _ => Err("the second allocation was not answered".into()),
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
                parts.push(Box::pin(ground.permit(main, stun)));
            }
            if let Some(Second { station, relayed, .. }) = &ground.second {
                main.expect_channel(CHANNELS[1], *relayed);
                station.expect_channel(CHANNELS[1], held.relayed);
                parts.push(Box::pin(ground.permit(main, *relayed)));
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
        self.deliver(Way::Inbound, Form::Send, send, &held.station, |data| data.bytes == payload).await
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
        self.deliver(Way::Outbound, form, send, witness, |data| data.bytes == payload).await
    }

    async fn reflection(&self, held: &Held, stun: SocketAddr) -> Proof {
        let id = TransactionId(held.station.random());
        let request = Builder::new(Class::Request, Method::BINDING, id).build();
        let answer = std::cell::Cell::new(None);
        let send = || held.station.send(stun, &request, false);
        let mut proof = self
            .deliver(Way::Reflection, Form::Send, send, &held.station, |data| {
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
        let first = self.deliver(Way::RelayToRelay, Form::Send, send, second, |data| data.bytes == there);
        let send = || second.send_channel(CHANNELS[1], &back);
        let other = self.deliver(Way::RelayToRelay, Form::Channel, send, &held.station, |data| data.bytes == back);
        let (first, other) = both(first, other).await;
        vec![first, other]
    }

    /// Sends copies until one arrives.
    async fn deliver(
        &self,
        way: Way,
        form: Form,
        send: impl Fn(),
        receiver: &Station,
        mut wanted: impl FnMut(&Data) -> bool,
    ) -> Proof {
        let began = self.hands.now();
        let mut sent = 0;
        let mut arrived = None;
        for (index, after) in COPIES.iter().enumerate() {
            self.hands.sleep_until(began + Duration::from_millis(*after)).await;
            send();
            sent += 1;
            let until = began + COPIES.get(index + 1).map_or(PATIENCE, |after| Duration::from_millis(*after));
            arrived = receiver.data(until, &mut wanted).await;
            if arrived.is_some() {
                break;
            }
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
