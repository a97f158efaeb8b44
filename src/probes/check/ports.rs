//! Where a TURN server does not answer, the other ports that it may be at: some STUN requests to a host that
//! was named, when its silence or its refusal is sure.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use crate::machine::script::{Either, Hands, Line, Part, Script, all, either};
use crate::machine::{Chance, Peer, Refusal, Trust, Want};
use crate::probes::explain;
use crate::probes::station::{Manner, Reply, Station};
use crate::probes::turn::Config;
use crate::probes::weather::Weather;
use crate::proto::exchange::Request;
use crate::proto::resolution::Target;
use crate::proto::schedule::Schedule;
use crate::report::{Cause, Event, OtherPort, Reference, RelayProtocol, StepName, StepOutcome, Turn};
use crate::wire::attribute::Value;
use crate::wire::message::Method;
use crate::wire::uri::{self, Host, IceUri, Query, Scheme, Transport};

/// Where TURN servers listen, likelier ports first.
const UDP: [u16; 5] = [3478, 5349, 443, 80, 3479];
const TCP: [u16; 5] = [3478, 443, 80, 5349, 3479];
const TLS: [u16; 2] = [5349, 443];
/// The web, which most networks let out.
const WEB: u16 = 443;
/// Questions in all.
const MOST: usize = 24;
/// Few copies: whoever answers here is not the one that was asked for.
const SCHEDULE: Schedule = Schedule {
    rto: Duration::from_millis(400),
    cap: Some(Duration::from_millis(400)),
    sends: 3,
    last_wait: Duration::from_millis(1000),
};
const PATIENCE: Duration = Duration::from_millis(2000);

/// What the checks have shown of the ports that were named.
#[derive(Default)]
pub(super) struct Ports {
    /// URLs that nobody has written; `None` where no other port is to be asked.
    assumed: Option<Vec<String>>,
    seen: Vec<Seen>,
    references: Vec<SocketAddr>,
}

/// A port that was named.
#[derive(Clone)]
struct Seen {
    url: IceUri,
    text: String,
    address: SocketAddr,
    answered: bool,
    /// Neither answered nor anything else came but a refusal.
    dead: bool,
}

/// A port that nobody named.
#[derive(Clone, PartialEq, Eq)]
struct Question {
    /// Whose it is; without one a connection is all that is asked for.
    host: Option<Host>,
    transport: Transport,
    address: SocketAddr,
}

impl Ports {
    pub(super) fn new(assumed: Option<Vec<String>>) -> Ports {
        Ports { assumed, ..Ports::default() }
    }

    pub(super) fn checked(&mut self, turn: &Turn) {
        let address = turn.address.as_ref().and_then(|address| address.parse().ok());
        let (Some(address), Ok(read)) = (address, uri::parse(&turn.url)) else { return };
        let said = |step: &crate::report::Step| {
            step.error_code.is_some() || step.outcome == StepOutcome::Ok && step.name == StepName::Binding
        };
        let answered = turn.allocation.is_some() || turn.steps.iter().any(said);
        let dead = !answered
            && turn.failing().is_some_and(|(_, step)| match step.cause {
                Some(Cause::Refused) => true,
                Some(Cause::NoAnswer) => is_datagram(read.uri.transport()) || step.name == StepName::Connect,
                _ => false,
            });
        self.seen.push(Seen { url: read.uri, text: turn.url.clone(), address, answered, dead });
    }

    pub(super) fn measured(&mut self, reference: &Reference) {
        if reference.outcome == StepOutcome::Timeout {
            self.references.extend(reference.address.as_ref().and_then(|address| address.parse::<SocketAddr>().ok()));
        }
    }

    /// The machine, the first time that it is asked for, if there is anything to ask.
    pub(super) fn begin(&mut self, config: &Config, chance: &mut Chance) -> Option<Script<Event>> {
        let assumed = self.assumed.take()?;
        let mut questions = self.questions(&assumed);
        questions.retain(|question| local(config, question.address).is_some());
        if questions.is_empty() {
            return None;
        }
        let (config, mut chance) = (config.clone(), chance.split());
        Some(Script::new(move |hands| async move {
            let text = format!("looking at {} ports that nobody named", questions.len());
            hands.tell(Event::Note { elapsed_ms: hands.now().millis(), text });
            let parts = questions.iter().map(|question| {
                let asking = Asking { hands: &hands, config: &config, question };
                let chance = chance.split();
                Box::pin(async move { asking.tell(chance).await }) as Part<'_, ()>
            });
            either(all(parts.collect()), hands.stopped()).await;
        }))
    }

    fn questions(&self, assumed: &[String]) -> Vec<Question> {
        let mut questions: Vec<Question> = Vec::new();
        for dead in self.seen.iter().filter(|seen| seen.dead && !self.is_spared(seen, assumed)) {
            let ip = dead.address.ip();
            let transport = dead.url.transport();
            let known = |transport: Transport, port: u16| {
                let place = SocketAddr::new(ip, port);
                self.seen.iter().any(|seen| seen.address == place && seen.url.transport() == transport)
            };
            for (transport, port) in around(transport, dead.address.port()) {
                let address = SocketAddr::new(ip, port);
                let question = Question { host: Some(dead.url.host.clone()), transport, address };
                if !known(transport, port) && !questions.contains(&question) {
                    questions.push(question);
                }
            }
        }
        // Whether anything but the web gets out of this network, somebody else shows, too.
        let streams = self.seen.iter().any(|seen| seen.answered && !is_datagram(seen.url.transport()));
        if !questions.is_empty() && !streams {
            for reference in &self.references {
                let address = SocketAddr::new(reference.ip(), WEB);
                if !questions.iter().any(|other| other.address == address) {
                    questions.push(Question { host: None, transport: Transport::Tcp, address });
                }
            }
        }
        questions.truncate(MOST);
        questions
    }

    /// Nobody misses it, or the right port is known already.
    fn is_spared(&self, dead: &Seen, assumed: &[String]) -> bool {
        let assumed = |seen: &Seen| assumed.contains(&seen.text);
        self.seen.iter().filter(|seen| seen.answered).any(|other| {
            let same_way = other.url.transport() == dead.url.transport() && other.address.ip() == dead.address.ip();
            other.text == dead.text || same_way || assumed(dead) && other.url.host == dead.url.host
        })
    }
}

/// Where to look when nobody is at that port: the same way elsewhere, and another way at the same place.
fn around(transport: Transport, port: u16) -> Vec<(Transport, u16)> {
    let ports: (&[u16], &[(Transport, u16)]) = match transport {
        Transport::Udp => (&UDP, &[(Transport::Tcp, port), (Transport::Tcp, WEB)]),
        Transport::Tcp => (&TCP, &[(Transport::Udp, port)]),
        Transport::Tls => (&TLS, &[(Transport::Tcp, 3478), (Transport::Udp, 3478)]),
        Transport::Dtls => (&[], &[]),
    };
    let same = ports.0.iter().map(|port| (transport, *port));
    same.chain(ports.1.iter().copied()).collect()
}

fn is_datagram(transport: Transport) -> bool {
    matches!(transport, Transport::Udp | Transport::Dtls)
}

fn local(config: &Config, address: SocketAddr) -> Option<IpAddr> {
    config.locals.iter().copied().find(|local| local.is_ipv4() == address.is_ipv4())
}

struct Asking<'a> {
    hands: &'a Hands<Event>,
    config: &'a Config,
    question: &'a Question,
}

impl Asking<'_> {
    async fn tell(&self, chance: Chance) {
        let Some(port) = self.ask(chance).await else { return };
        self.hands.tell(Event::OtherPort { elapsed_ms: self.hands.now().millis(), port });
    }

    async fn ask(&self, chance: Chance) -> Option<OtherPort> {
        let Question { host, transport, address } = self.question;
        let mut port = OtherPort {
            url: host.as_ref().map(|host| url(host, *transport, address.port())),
            address: address.to_string(),
            transport: match transport {
                Transport::Udp => RelayProtocol::Udp,
                Transport::Tcp => RelayProtocol::Tcp,
                Transport::Tls => RelayProtocol::Tls,
                Transport::Dtls => RelayProtocol::Dtls,
            },
            outcome: StepOutcome::Timeout,
            connected: false,
            cause: Some(Cause::NoAnswer),
            error_code: None,
        };
        let local = local(self.config, *address)?;
        match either(self.hands.open(self.want(local)), self.hands.sleep(PATIENCE)).await {
            Either::Second(()) => {}
            Either::First(Err(why)) => {
                let target = Target { transport: *transport, address: *address, from_srv: false };
                port.connected = matches!(why, Refusal::Handshake { .. });
                port.cause = Some(explain::refusal(&why, target, local, Duration::ZERO).cause);
                port.outcome = outcome(port.cause);
            }
            Either::First(Ok(line)) => {
                port.connected = !is_datagram(*transport);
                if host.is_none() {
                    (port.outcome, port.cause) = (StepOutcome::Ok, None);
                } else {
                    self.allocate(line, &mut port, chance).await;
                }
            }
        }
        Some(port)
    }

    /// An Allocate request without credentials: whatever TURN says to it, it is TURN.
    async fn allocate(&self, line: Line<Event>, port: &mut OtherPort, chance: Chance) {
        let Question { transport, address, .. } = self.question;
        let weather = Rc::new(Weather::default());
        let manner = Manner { schedule: SCHEDULE, trace: self.config.trace, weather };
        let station = Station::new(self.hands, line, *address, manner, None, chance);
        let reply = station.ask_bare(Request::new(Method::ALLOCATE).with(Value::RequestedTransport(17))).await;
        port.error_code = reply.error().map(|(code, ..)| code);
        if reply.success().is_some() {
            // An open relay.
            station.ask_briefly(Request::new(Method::REFRESH).with(Value::Lifetime(0))).await;
        }
        let target = Target { transport: *transport, address: *address, from_srv: false };
        port.cause = match is_turn(&reply) {
            true => None,
            false => Some(reply.explain("Allocate", target).cause),
        };
        port.outcome = outcome(port.cause);
    }

    fn want(&self, local: IpAddr) -> Want {
        let Question { host, transport, address } = self.question;
        let (local, to) = (SocketAddr::new(local, 0), *address);
        let name = match host {
            Some(Host::Name(name)) => name.clone(),
            _ => to.ip().to_string(),
        };
        let peer = Peer { name, trust: Trust::Record, alpn: Vec::new() };
        match transport {
            Transport::Udp => Want::udp(local),
            Transport::Tcp => Want::Tcp { local: Some(local), to },
            Transport::Tls => Want::Tls { local: Some(local), to, peer },
            Transport::Dtls => Want::Dtls { local: Some(local), to, peer },
        }
    }
}

fn is_turn(reply: &Reply) -> bool {
    reply.success().is_some() || reply.error().is_some()
}

fn outcome(cause: Option<Cause>) -> StepOutcome {
    match cause {
        None => StepOutcome::Ok,
        Some(Cause::NoAnswer | Cause::HandshakeTimeout) => StepOutcome::Timeout,
        Some(_) => StepOutcome::Failed,
    }
}

/// As the report writes it.
fn url(host: &Host, transport: Transport, port: u16) -> String {
    let secure = matches!(transport, Transport::Tls | Transport::Dtls);
    let query = if is_datagram(transport) { Query::Udp } else { Query::Tcp };
    let scheme = if secure { Scheme::Turns } else { Scheme::Turn };
    IceUri { scheme, host: host.clone(), port: Some(port), query: Some(query) }.to_string()
}
