//! From the connection to the challenge.

use std::net::SocketAddr;
use std::time::Duration;

use super::check::Check;
use super::record::Ending;
use super::setup::stand_up;
use crate::machine::script::both;
use crate::machine::{Peer, Refusal, Secure, Trust, Want};
use crate::probes::explain::{self, Asker, Told};
use crate::probes::station::{End, Reply, Station};
use crate::proto::auth::Session;
use crate::proto::exchange::{Answer, Request};
use crate::proto::resolution::Target;
use crate::report::{Cause, Challenge, StepName};
use crate::wire::attribute::{self, Value};
use crate::wire::message::{Message, Method};
use crate::wire::uri::{Host, Transport};

/// What the challenge led to.
pub(super) enum Challenged {
    /// The session to sign with.
    Session(Box<Session>),
    /// Allocated without being asked who we are.
    Open(Box<Reply>),
    /// Go there instead (300).
    Elsewhere(SocketAddr),
    /// The 5-tuple is in use: try from another port (437).
    Taken,
    /// Nothing comes back on this connection: try another.
    Stalled,
    Failed,
}

impl Check {
    /// A connection to the server for one purpose, with no trace in the record.
    pub(super) async fn connect(&self, target: Target, trust: Trust) -> Result<Station, Refusal> {
        let setup = stand_up(&self.hands, &self.want(target, trust)).await;
        let line = setup.result?;
        if setup.attempts > 1 {
            self.weather.lost();
        }
        Ok(self.station(line, target.address))
    }

    /// The steps `connect` and `tls`. When the certificate is not trusted, the second value says so and the
    /// connection is one that ignores it.
    pub(super) async fn open(&self, target: Target) -> Option<(Station, bool)> {
        let began = self.hands.now();
        let result = self.connect(target, Trust::Verify).await;
        let took = self.hands.now() - began;
        match result {
            Ok(station) => {
                self.connected(target, station.line().secure(), took);
                Some((station, false))
            }
            Err(Refusal::Untrusted { why, secure }) => {
                self.connected_only(target, secure.connect.map_or(took, crate::machine::Time::since_start));
                self.record.secure(Some(&secure));
                let cause = explain::distrust(&why);
                let text = crate::probes::tls::distrust(&why);
                let took = secure.handshake.since_start();
                self.record.step(self.once(StepName::Tls), Ending::failed(cause, took, text));
                let ignoring = self.connect(target, Trust::Record).await.ok()?;
                Some((ignoring, true))
            }
            Err(why) => {
                let told = explain::refusal(&why, target, self.local, took);
                let name = match (target.transport, explain::in_handshake(&why)) {
                    (Transport::Tls | Transport::Dtls, true) => {
                        self.connected_only(target, Duration::ZERO);
                        StepName::Tls
                    }
                    (Transport::Dtls, false) => StepName::Tls,
                    _ => StepName::Connect,
                };
                if target.transport == Transport::Tls && explain::in_handshake(&why) {
                    self.ask_plain(target).await;
                }
                self.record.step(self.once(name), Ending::told(told, took));
                None
            }
        }
    }

    /// The step that a failure belongs to: the challenge, when that step went well already and led
    /// to this server.
    fn once(&self, name: StepName) -> StepName {
        if self.record.knows(name) { StepName::Challenge } else { name }
    }

    fn connected(&self, target: Target, secure: Option<&Secure>, took: Duration) {
        let connect = secure.and_then(|secure| secure.connect).map_or(took, crate::machine::Time::since_start);
        self.connected_only(target, connect);
        match secure {
            Some(secure) => {
                self.record.secure(Some(secure));
                let trust = match &secure.trust {
                    Ok(()) => "trusted".to_string(),
                    Err(why) => format!("not trusted: {}", crate::probes::tls::distrust(why)),
                };
                let text = format!("{} with {}, certificate {trust}", secure.version, secure.cipher_suite);
                self.record.step(StepName::Tls, Ending::ok(secure.handshake.since_start(), text));
            }
            None => self.record.step(StepName::Tls, Ending::skipped("no TLS on this transport")),
        }
    }

    fn connected_only(&self, target: Target, took: Duration) {
        let ending = match target.transport {
            Transport::Udp | Transport::Dtls => Ending::skipped("UDP has no connection"),
            Transport::Tcp | Transport::Tls => Ending::ok(took, ""),
        };
        self.record.step(StepName::Connect, ending);
    }

    pub(super) fn want(&self, target: Target, trust: Trust) -> Want {
        let local = SocketAddr::new(self.local, 0);
        let to = target.address;
        let name = match &self.server.uri.host {
            Host::Ip(ip) => ip.to_string(),
            Host::Name(name) => name.clone(),
        };
        let peer = Peer { name, trust, alpn: Vec::new() };
        match target.transport {
            // Unconnected: an answer from another address is to be seen.
            Transport::Udp => Want::udp(local),
            Transport::Tcp => Want::Tcp { local: Some(local), to },
            Transport::Tls => Want::Tls { local: Some(local), to, peer },
            Transport::Dtls => Want::Dtls { local: Some(local), to, peer },
        }
    }

    /// The steps `binding` and `challenge`, at once. With `again` there is another try for a stream that
    /// carries nothing.
    pub(super) async fn challenge(&self, station: &Station, target: Target, again: bool) -> Challenged {
        let binding = station.ask_bare(Request::new(Method::BINDING));
        let allocate = station.ask_bare(self.allocate());
        let (mut binding, mut bare) = both(binding, allocate).await;
        if !station.line().is_stream() && binding.is_silence() != bare.is_silence() {
            // Four copies of one of them may be lost on a bad line.
            let (silent, request) = if bare.is_silence() {
                (&mut bare, self.allocate())
            } else {
                (&mut binding, Request::new(Method::BINDING))
            };
            let again = station.ask_bare_again(request).await;
            if !again.is_silence() {
                *silent = again;
            }
        }
        let stalled = self.may_stall(station) && (binding.is_silence() || bare.is_silence());
        if again && (stalled || self.is_broken_off(&binding) || self.is_broken_off(&bare)) {
            return Challenged::Stalled;
        }
        let told =
            |reply: &Reply| reply.seen.answered || matches!(&reply.end, End::Garbage(b) if b.starts_with(b"HTTP/"));
        if station.line().is_stream() && !told(&binding) && !told(&bare) {
            self.ask_web(target).await;
        }
        self.record.strays(binding.seen.strays.iter().chain(&bare.seen.strays));
        let bound = self.bound(&binding, target);
        if let Some(software) = bare.seen.software.clone().or(binding.seen.software.clone()) {
            self.record.note(|turn| turn.software = Some(software));
        }
        self.understand(bare, target, bound)
    }

    /// True when the Binding request was answered.
    fn bound(&self, reply: &Reply, target: Target) -> bool {
        let mapped = reply.success().and_then(Message::mapped);
        let ending = match (reply.success(), mapped) {
            (Some(message), Some(mapped)) => {
                let address = |kind| message.address(kind).map(|address| address.to_string());
                self.record.note(|turn| {
                    turn.mapped = Some(mapped.to_string());
                    turn.response_origin = address(attribute::RESPONSE_ORIGIN);
                    turn.clues.other_address = address(attribute::OTHER_ADDRESS);
                    turn.clues.mapped_plain = address(attribute::MAPPED_ADDRESS);
                });
                Ending::ok(reply.took, format!("the server sees us as {mapped}"))
            }
            (Some(_), None) => Ending::failed(
                Cause::ProtocolError,
                reply.took,
                "the Binding success has no address in it (XOR-MAPPED-ADDRESS)",
            ),
            _ => Ending::told(reply.explain("Binding", target), reply.took),
        };
        let answered = ending.is_ok();
        self.record.step(StepName::Binding, ending);
        answered
    }

    fn understand(&self, bare: Reply, target: Target, bound: bool) -> Challenged {
        let took = bare.took;
        let fail = |ending: Ending| {
            self.record.step(StepName::Challenge, ending);
            Challenged::Failed
        };
        if bare.success().is_some() {
            fail(Ending::failed(
                Cause::OpenRelay,
                took,
                "the server allocated without asking for credentials: it is an open relay for everybody",
            ));
            return Challenged::Open(Box::new(bare));
        }
        let Some((code, phrase, message)) = bare.error() else {
            let mut told = bare.explain("Allocate", target);
            // coturn's way to ignore a request on a connection is to close it.
            if bound && matches!(told.cause, Cause::NoAnswer | Cause::ConnectionClosed) {
                told = Told::new(
                    Cause::StunOnly,
                    "Binding is answered, Allocate is not: the server does STUN only, or drops what it does not know",
                );
            }
            return fail(Ending::told(told, took));
        };
        self.note_challenge(code, message);
        match code {
            401 => {}
            300 => {
                let alternates = message.addresses(attribute::ALTERNATE_SERVER);
                let same = alternates.into_iter().find(|next| next.is_ipv4() == target.address.is_ipv4());
                return match same {
                    Some(next) => Challenged::Elsewhere(next),
                    None => fail(
                        Ending::failed(Cause::Redirected, took, "300 Try Alternate without a server of this family")
                            .coded(code, phrase),
                    ),
                };
            }
            437 => return Challenged::Taken,
            _ => return fail(Ending::told(bare.explain("Allocate", target), took)),
        }
        let Some(credentials) = &self.server.credentials else {
            let text = "401: the server wants credentials, and none were given";
            return fail(Ending::failed(Cause::NoCredentials, took, text).coded(code, phrase));
        };
        match Session::answer(credentials, message) {
            Ok(session) => {
                let realm = session.realm();
                let text = match realm.as_str() {
                    "" => "401 with an empty realm, which several clients cannot answer".to_string(),
                    realm => format!("401 with realm {:?}", realm.escape_debug().to_string()),
                };
                self.record.step(StepName::Challenge, Ending::ok(took, text).coded(code, phrase));
                Challenged::Session(Box::new(session))
            }
            Err(bad) => fail(Ending::failed(Cause::BadChallenge, took, bad.to_string()).coded(code, phrase)),
        }
    }

    fn note_challenge(&self, code: u16, message: &Message) {
        let offered = message.password_algorithms().unwrap_or_default();
        let name = |number| match number {
            1 => "MD5".to_string(),
            2 => "SHA-256".to_string(),
            other => format!("0x{other:04x}"),
        };
        let challenge = Challenge {
            error_code: Some(code),
            realm: message.text(attribute::REALM),
            nonce_length: message.get(attribute::NONCE).and_then(|nonce| u32::try_from(nonce.len()).ok()),
            password_algorithms: offered.iter().map(|algorithm| name(algorithm.number)).collect(),
            third_party: message.text(attribute::THIRD_PARTY_AUTHORIZATION),
        };
        self.record.note(|turn| turn.challenge = Some(challenge));
    }

    /// An Allocate request for a UDP relay.
    pub(super) fn allocate(&self) -> Request {
        self.software(Request::new(Method::ALLOCATE).with(Value::RequestedTransport(17)))
    }

    pub(super) fn software(&self, request: Request) -> Request {
        if self.config.send_software {
            request.with(Value::Software(concat!("rtcprobe ", env!("CARGO_PKG_VERSION")).to_string()))
        } else {
            request
        }
    }

    /// Why a signed Allocate request was not answered with success.
    pub(super) fn not_allocated(&self, station: &Station, reply: &Reply, target: Target) -> Ending {
        let told = match &reply.end {
            End::Answer(Answer::Failure { error, message, .. }) => {
                let realm = station.session().map(|session| session.realm());
                let asker = Asker {
                    credentials: self.server.credentials.as_ref(),
                    realm: realm.as_deref(),
                    unix_time: Some(self.config.unix_time),
                    round_trip: self.record.took(StepName::Challenge),
                };
                explain::allocate_error(error, message, &reply.seen, reply.took, asker)
            }
            _ => reply.explain("Allocate", target),
        };
        Ending::told(told, reply.took)
    }
}
