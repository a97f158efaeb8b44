//! Proof that data flows, without a second machine.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::check::{Check, Held};
use super::record::Ending;
use super::station::{Data, Station};
use crate::machine::script::{all, both};
use crate::machine::{Trust, Want};
use crate::probes::explain::span;
use crate::proto::exchange::Request;
use crate::report::{Cause, Form, Proof, StepName, StepOutcome, Way};
use crate::wire::attribute::{self, Value};
use crate::wire::message::{Builder, Class, Message, Method, TransactionId};

/// The channel towards the second socket, and the one towards the second allocation.
const CHANNELS: [u16; 2] = [0x4000, 0x4001];
/// When copies of a payload are sent, and when it is given up.
const COPIES: [Duration; 3] = [Duration::ZERO, Duration::from_millis(150), Duration::from_millis(450)];
const PATIENCE: Duration = Duration::from_millis(1200);

/// What the proofs stand on: a second socket, a STUN server, a second allocation.
pub(super) struct Ground {
    /// A plain UDP socket of ours, and where the world sees it.
    witness: Option<(Station, SocketAddr)>,
    why_no_witness: String,
    stun: Option<SocketAddr>,
    second: Option<(Station, SocketAddr)>,
    why_no_second: String,
}

impl Ground {
    pub(super) async fn prepare(check: &Check, held: &Held) -> Ground {
        let (witness, second) = both(witness(check, held), second(check, held)).await;
        let stun = check.config.reference.first().copied().or_else(|| witness.as_ref().ok().map(|(s, _)| s.server()));
        let (witness, why_no_witness) = match witness {
            Ok(witness) => (Some(witness), String::new()),
            Err(why) => (None, why),
        };
        let (second, why_no_second) = match second {
            Ok(second) => (Some(second), String::new()),
            Err(why) => (None, why),
        };
        Ground { witness, why_no_witness, stun, second, why_no_second }
    }
}

/// A second socket, with its address as a STUN server sees it: the checked server where it does
/// STUN over UDP, else one of the reference servers.
async fn witness(check: &Check, held: &Held) -> Result<(Station, SocketAddr), String> {
    let local = SocketAddr::new(check.local, 0);
    let server = held.target.address;
    let mut servers = vec![server];
    servers.extend(check.config.reference.iter().filter(|reference| reference.is_ipv4() == server.is_ipv4()));
    if server.port() != 3478 {
        servers.push(SocketAddr::new(server.ip(), 3478));
    }
    for stun in servers {
        let want = Want::Udp { local, connect: None };
        let Ok(line) = check.hands.open(want).await else { return Err("no second UDP socket could be had".into()) };
        let station = check.station(line, stun).with(None);
        let reply = station.ask_briefly(Request::new(Method::BINDING)).await;
        if let Some(mapped) = reply.success().and_then(Message::mapped) {
            return Ok((station, mapped));
        }
    }
    Err("no STUN server answers over UDP from here (--stun names another)".into())
}

/// A second allocation with the same credentials.
async fn second(check: &Check, held: &Held) -> Result<(Station, SocketAddr), String> {
    let station = check.connect(held.target, Trust::Record).await.map_err(|_| "no second connection".to_string())?;
    let reply = station.ask(check.allocate()).await;
    match (reply.success(), reply.error()) {
        (Some(message), _) => match message.address(attribute::XOR_RELAYED_ADDRESS) {
            Some(relayed) => Ok((station, relayed)),
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
        let peer = ground.witness.as_ref().map(|(_, mapped)| *mapped).or(held.mapped).unwrap_or(held.target.address);
        let main = &held.station;
        let permit = main.ask(permission(&[peer]));
        let bind = main.ask(channel(CHANNELS[0], peer));
        main.expect_channel(CHANNELS[0], peer);
        let more = async {
            let mut parts: Vec<std::pin::Pin<Box<dyn Future<Output = ()> + '_>>> = Vec::new();
            if let Some(stun) = ground.stun {
                parts.push(Box::pin(async move {
                    main.ask(permission(&[stun])).await;
                }));
            }
            if let Some((station, relayed)) = &ground.second {
                main.expect_channel(CHANNELS[1], *relayed);
                station.expect_channel(CHANNELS[1], held.relayed);
                parts.push(Box::pin(async move {
                    main.ask(permission(&[*relayed])).await;
                }));
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
                _ => Ending::told(main.explain(&reply, method, held.target), reply.took),
            };
            self.record.step(name, ending);
        }
    }

    /// All proofs, side by side; the second socket is sent to only after it has been listened from,
    /// so that nothing opens the way for it.
    pub(super) async fn prove(&self, held: &Held, ground: &Ground) -> Vec<Proof> {
        let mut parts: Vec<std::pin::Pin<Box<dyn Future<Output = Vec<Proof>> + '_>>> = Vec::new();
        if let Some((witness, mapped)) = &ground.witness {
            parts.push(Box::pin(async move {
                let inbound = self.inbound(held, witness).await;
                let send = self.outbound(held, witness, *mapped, Form::Send);
                let channel = self.outbound(held, witness, *mapped, Form::Channel);
                let (send, channel) = both(send, channel).await;
                vec![inbound, send, channel]
            }));
        }
        if let Some(stun) = ground.stun {
            parts.push(Box::pin(async move { vec![self.reflection(held, stun).await] }));
        }
        if let Some((station, relayed)) = &ground.second {
            parts.push(Box::pin(async move { self.relay_to_relay(held, station, *relayed).await }));
        }
        let proofs: Vec<Proof> = all(parts).await.into_iter().flatten().collect();
        self.record.note(|turn| turn.proofs.clone_from(&proofs));
        if let Some((station, _)) = &ground.second {
            station.ask_briefly(Request::new(Method::REFRESH).with(Value::Lifetime(0))).await;
        }
        proofs
    }

    async fn inbound(&self, held: &Held, witness: &Station) -> Proof {
        let payload = payload(witness);
        let send = || witness.send_plain(held.relayed, &payload);
        self.deliver(Way::Inbound, Form::Send, send, &held.station, |data| data.bytes == payload).await
    }

    async fn outbound(&self, held: &Held, witness: &Station, mapped: SocketAddr, form: Form) -> Proof {
        let payload = payload(witness);
        let send = || match form {
            Form::Send => held.station.send(mapped, &payload, false),
            Form::Channel => held.station.send_channel(CHANNELS[0], &payload),
        };
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
            self.hands.sleep_until(began + *after).await;
            send();
            sent += 1;
            let until = began + COPIES.get(index + 1).copied().unwrap_or(PATIENCE);
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

    /// The steps `relay-send` and `relay-receive`, from all proofs together.
    pub(super) fn judge(&self, held: &Held, ground: &Ground, proofs: &[Proof]) {
        let best = |way: Way| proofs.iter().filter(|proof| proof.way == way).max_by_key(|proof| proof.received);
        let works = |way: Way| best(way).is_some_and(|proof| proof.received > 0);
        let took = Duration::ZERO;
        let relayed = held.relayed;
        let reflected =
            best(Way::Reflection).and_then(|proof| proof.seen_as.as_deref()).and_then(|seen| seen.parse().ok());
        let seen = reflected.or_else(|| {
            let proof = best(Way::Outbound)?;
            proof.seen_as.as_deref()?.parse().ok()
        });
        let wrong = address_cause(held.target.address.ip(), relayed, seen);
        let send = if works(Way::Outbound) || works(Way::Reflection) {
            let how = seen.map_or(String::new(), |seen: SocketAddr| format!("the world sees {seen}"));
            Ending::ok(took, how)
        } else if ground.witness.is_none() && ground.stun.is_none() {
            Ending::skipped(format!("not testable from here: {}", ground.why_no_witness))
        } else if works(Way::RelayToRelay) {
            let text = format!(
                "nothing that the relay {relayed} sends reaches the outside, only its own server: outgoing UDP is blocked there, or no answer finds back"
            );
            Ending::failed(wrong.as_ref().map_or(Cause::RelayEgressBlocked, |(cause, _)| *cause), PATIENCE, text)
        } else if !self.record.went_well(StepName::Permission) {
            Ending::skipped("no permission for a peer")
        } else {
            let text = format!("nothing that was sent through the relay {relayed} arrived, {}", attempts(proofs));
            Ending::failed(wrong.as_ref().map_or(Cause::RelayEgressBlocked, |(cause, _)| *cause), PATIENCE, text)
        };
        self.record.step(StepName::RelaySend, send);
        let receive = match (works(Way::Inbound), best(Way::Inbound)) {
            (true, _) => match wrong {
                Some((Cause::RelayAddressPrivate, text)) => Ending::failed(Cause::RelayAddressPrivate, took, text),
                _ => Ending::ok(took, format!("unasked data reaches {relayed}")),
            },
            (false, Some(_)) => {
                let (cause, text) = wrong.unwrap_or_else(|| {
                    let text = format!(
                        "nothing sent to {relayed} arrives ({} copies, {}): the relay ports are closed from outside, or not forwarded to the server",
                        COPIES.len(),
                        span(PATIENCE)
                    );
                    (Cause::RelayPortsUnreachable, text)
                });
                Ending::failed(cause, PATIENCE, text)
            }
            (false, None) => match wrong {
                Some((cause, text)) => Ending::failed(cause, took, text),
                None => Ending::skipped(format!("not testable from here: {}", ground.why_no_witness)),
            },
        };
        self.record.step(StepName::RelayReceive, receive);
        if !ground.why_no_second.is_empty() {
            let text = ground.why_no_second.clone();
            let elapsed_ms = self.hands.now().millis();
            self.hands.tell(crate::report::Event::Note { elapsed_ms, text });
        }
    }
}

/// What is wrong with the relayed address itself.
fn address_cause(server: IpAddr, relayed: SocketAddr, seen: Option<SocketAddr>) -> Option<(Cause, String)> {
    if is_private(relayed.ip()) && !is_private(server) {
        let text = format!(
            "the relayed address {relayed} is private, but the server is reached at {server}: nobody outside can send there"
        );
        return Some((Cause::RelayAddressPrivate, text));
    }
    let seen = seen?;
    if seen.ip() != relayed.ip() {
        let text = format!("the server hands out {relayed}, but the world sees its packets come from {seen}");
        return Some((Cause::RelayAddressWrong, text));
    }
    (seen.port() != relayed.port()).then(|| {
        let text =
            format!("the server hands out {relayed}, but the world sees its packets come from port {}", seen.port());
        (Cause::RelayPortRewritten, text)
    })
}

/// Not reachable from the Internet: RFC 1918, shared (RFC 6598), link-local, loopback, unique local.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

fn attempts(proofs: &[Proof]) -> String {
    let ways = proofs.iter().map(|proof| match proof.way {
        Way::Inbound => "to it",
        Way::Outbound => "from it to a second socket",
        Way::Reflection => "from it to a STUN server",
        Way::RelayToRelay => "from it to a second relay",
    });
    let mut ways: Vec<&str> = ways.collect();
    ways.dedup();
    format!("tried {}", ways.join(", "))
}

/// Bytes that are neither STUN nor ChannelData and that nobody else sends.
fn payload(station: &Station) -> Vec<u8> {
    let mut payload = b"rtcprobe".to_vec();
    payload.extend(station.random::<16>());
    payload
}

fn permission(peers: &[SocketAddr]) -> Request {
    peers
        .iter()
        .fold(Request::new(Method::CREATE_PERMISSION), |request, peer| request.with(Value::XorPeerAddress(*peer)))
}

fn channel(number: u16, peer: SocketAddr) -> Request {
    Request::new(Method::CHANNEL_BIND).with(Value::ChannelNumber(number)).with(Value::XorPeerAddress(peer))
}
