//! What the router says of itself, asked over PCP, NAT-PMP and UPnP; and of nobody but the default
//! gateway.
//!
//! NAT-PMP and UPnP tell the external address for the asking. PCP tells it only with a mapping, so
//! one is made, for a port that nobody uses, when nothing else gave an address, and removed at once.

mod upnp;

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use super::ground::Ground;
use super::pace::millis;
use crate::machine::script::{Incoming, Line, both, either};
use crate::machine::{Fragments, Time, Unreachability, Want};
use crate::report::Event;
use crate::report::nat::{Gateway, NatTest, TestOutcome};
use crate::wire::gateway::{nat_pmp, pcp};

/// Copies of a datagram to a router next door (RFC 6886 §3.1 begins with 250 ms and doubles).
const COPIES: [u64; 4] = [0, 250, 750, 1750];
const PATIENCE: Duration = Duration::from_millis(2750);
/// Seconds that the mapping asked of PCP would live, were it not removed; servers may raise it
/// (RFC 6887 §15).
const LIFETIME: u32 = 30;

/// What one protocol gave.
struct Asked {
    protocol: &'static str,
    outcome: TestOutcome,
    external: Option<IpAddr>,
    sent: u32,
    detail: String,
}

/// Asks the default gateway of the place, when that is wanted.
pub(super) async fn ask(ground: &Rc<Ground>) {
    if !ground.config.gateway {
        return;
    }
    let Some(gateway) = ground.place.gateway else {
        return unknown(ground, "no-default-gateway");
    };
    let (announced, others) =
        both(announce(ground, gateway), both(ask_nat_pmp(ground, gateway), upnp::ask(ground, gateway))).await;
    let mut all = vec![others.0, others.1];
    let mapped = match announced {
        // Whoever answers ANNOUNCE speaks PCP; the mapping is made only where it is needed.
        asked if asked.outcome == TestOutcome::Answered && all.iter().all(|asked| asked.external.is_none()) => {
            map(ground, gateway).await
        }
        asked => asked,
    };
    all.insert(0, mapped);
    let answered: Vec<&Asked> = all.iter().filter(|asked| asked.outcome == TestOutcome::Answered).collect();
    let best = answered.iter().find(|asked| asked.external.is_some()).or(answered.first());
    let Some(best) = best else {
        return unknown(ground, "gateway-silent");
    };
    let mut facts = ground.facts.borrow_mut();
    if let Some(other) = answered.iter().find(|asked| asked.external.is_some() && asked.external != best.external) {
        facts.contradictions.push(format!(
            "the router says that its external address is {} over {}, and {} over {}",
            said(best.external),
            best.protocol,
            said(other.external),
            other.protocol
        ));
    }
    facts.more.gateway = Some(Gateway {
        address: gateway.ip().to_string(),
        external: best.external.map(|external| external.to_string()),
        protocol: best.protocol.to_owned(),
    });
}

fn said(external: Option<IpAddr>) -> String {
    external.map_or_else(|| "nothing".into(), |external| external.to_string())
}

fn unknown(ground: &Ground, why: &'static str) {
    let mut facts = ground.facts.borrow_mut();
    facts.more.unknown.push(("doubleNat", why.into()));
    facts.more.unknown.push(("gateway", why.into()));
}

impl Asked {
    fn new(protocol: &'static str, outcome: TestOutcome, sent: u32, detail: impl Into<String>) -> Asked {
        Asked { protocol, outcome, external: None, sent, detail: detail.into() }
    }

    fn address(protocol: &'static str, external: IpAddr, sent: u32) -> Asked {
        let detail = format!("its external address is {external}");
        Asked { external: Some(external), ..Asked::new(protocol, TestOutcome::Answered, sent, detail) }
    }

    /// Writes it down as a test.
    fn tested(self, ground: &Ground, gateway: SocketAddr, began: Time) -> Asked {
        ground.test(NatTest {
            name: format!("gateway-{}", self.protocol),
            server: gateway.to_string(),
            local: None,
            mapped: None,
            from: None,
            outcome: self.outcome,
            sent: self.sent,
            elapsed_ms: millis(ground.hands.now() - began),
            detail: Some(self.detail.clone()),
        });
        self
    }
}

/// How an exchange of datagrams ended.
enum Exchanged<T> {
    Answer(T, u32),
    Unreachable(Unreachability, u32),
    Silence(u32),
}

/// Sends copies until something comes that can be read.
async fn exchange<T>(
    ground: &Ground,
    line: &Line<Event>,
    request: &[u8],
    read: impl Fn(&[u8]) -> Option<T>,
) -> Exchanged<T> {
    let began = ground.hands.now();
    let mut sent = 0;
    for (index, after) in COPIES.iter().enumerate() {
        ground.hands.sleep_until(began + Duration::from_millis(*after)).await;
        line.send(request.to_vec());
        sent += 1;
        let until = began + COPIES.get(index + 1).map_or(PATIENCE, |after| Duration::from_millis(*after));
        loop {
            match either(line.next(), ground.hands.sleep_until(until)).await {
                crate::machine::script::Either::First(Incoming::Bytes { bytes, .. }) => {
                    if let Some(answer) = read(&bytes) {
                        return Exchanged::Answer(answer, sent);
                    }
                }
                crate::machine::script::Either::First(Incoming::Unreachable { icmp, .. }) => {
                    return Exchanged::Unreachable(icmp.meaning, sent);
                }
                _ => break,
            }
        }
    }
    Exchanged::Silence(sent)
}

/// A socket towards the router: what comes from anybody else is not heard.
async fn line(ground: &Ground, to: SocketAddr) -> Option<Line<Event>> {
    let local = SocketAddr::new(ground.place.address, 0);
    ground.hands.open(Want::Udp { local, connect: Some(to), fragments: Fragments::System }).await.ok()
}

fn at_port(gateway: SocketAddr, port: u16) -> SocketAddr {
    let mut to = gateway;
    to.set_port(port);
    to
}

fn not_answered<T>(protocol: &'static str, ended: &Exchanged<T>) -> Asked {
    match ended {
        Exchanged::Unreachable(Unreachability::Port, sent) => {
            Asked::new(protocol, TestOutcome::Unreachable, *sent, "nothing listens on the port")
        }
        Exchanged::Unreachable(_, sent) => {
            Asked::new(protocol, TestOutcome::Unreachable, *sent, "it cannot be reached")
        }
        Exchanged::Silence(sent) | Exchanged::Answer(_, sent) => {
            Asked::new(protocol, TestOutcome::Silent, *sent, "no answer")
        }
    }
}

fn no_socket(protocol: &'static str) -> Asked {
    Asked::new(protocol, TestOutcome::Skipped, 0, "no socket could be had")
}

async fn ask_nat_pmp(ground: &Rc<Ground>, gateway: SocketAddr) -> Asked {
    const NAME: &str = "nat-pmp";
    let (to, began) = (at_port(gateway, nat_pmp::PORT), ground.hands.now());
    if to.is_ipv6() {
        return Asked::new(NAME, TestOutcome::Skipped, 0, "NAT-PMP is for IPv4");
    }
    let Some(line) = line(ground, to).await else { return no_socket(NAME) };
    let ended = exchange(ground, &line, &nat_pmp::EXTERNAL_ADDRESS_REQUEST, nat_pmp::read).await;
    let asked = match &ended {
        Exchanged::Answer(nat_pmp::Answer::Address { address, .. }, sent) if !address.is_unspecified() => {
            Asked::address(NAME, IpAddr::V4(*address), *sent)
        }
        Exchanged::Answer(nat_pmp::Answer::Address { .. }, sent) => {
            Asked::new(NAME, TestOutcome::Answered, *sent, "it has no external address")
        }
        Exchanged::Answer(nat_pmp::Answer::Refused { code }, sent) => {
            Asked::new(NAME, TestOutcome::Refused, *sent, format!("{code}: {}", nat_pmp::result(*code)))
        }
        Exchanged::Answer(nat_pmp::Answer::OtherVersion { version }, sent) => {
            Asked::new(NAME, TestOutcome::Refused, *sent, format!("it speaks version {version} only"))
        }
        other => not_answered(NAME, other),
    };
    asked.tested(ground, to, began)
}

/// Whether it speaks PCP at all.
async fn announce(ground: &Rc<Ground>, gateway: SocketAddr) -> Asked {
    const NAME: &str = "pcp";
    let (to, began) = (at_port(gateway, pcp::PORT), ground.hands.now());
    let Some(line) = line(ground, to).await else { return no_socket(NAME) };
    let ended = exchange(ground, &line, &pcp::announce(ground.place.address), pcp::read_announce).await;
    let asked = match &ended {
        Exchanged::Answer(pcp::Answer::Announced { .. }, sent) => {
            Asked::new(NAME, TestOutcome::Answered, *sent, "it speaks PCP")
        }
        Exchanged::Answer(answer, sent) => refused(NAME, answer, *sent),
        other => not_answered(NAME, other),
    };
    asked.tested(ground, to, began)
}

fn refused(protocol: &'static str, answer: &pcp::Answer, sent: u32) -> Asked {
    let detail = match answer {
        pcp::Answer::Refused { code, .. } => format!("{code} {}", pcp::result(*code)),
        pcp::Answer::OtherVersion { version: 0 } => "it speaks NAT-PMP, not PCP".into(),
        pcp::Answer::OtherVersion { version } => format!("it speaks version {version} only"),
        pcp::Answer::Announced { .. } | pcp::Answer::Mapped { .. } => "an answer to another question".into(),
    };
    Asked::new(protocol, TestOutcome::Refused, sent, detail)
}

/// Makes a mapping, and takes it back.
async fn map(ground: &Rc<Ground>, gateway: SocketAddr) -> Asked {
    const NAME: &str = "pcp";
    let (to, began) = (at_port(gateway, pcp::PORT), ground.hands.now());
    let Some(line) = line(ground, to).await else { return no_socket(NAME) };
    // The port is this very socket's, so that nobody else's is ever opened.
    let map = pcp::Map { nonce: ground.random(), local: line.local() };
    let ended = exchange(ground, &line, &map.request(LIFETIME), |bytes| map.read(bytes)).await;
    let asked = match &ended {
        Exchanged::Answer(pcp::Answer::Mapped { external, .. }, sent) => Asked::address(NAME, external.ip(), *sent),
        Exchanged::Answer(answer, sent) => refused(NAME, answer, *sent),
        other => not_answered(NAME, other),
    };
    // Silence may mean that only the answer was lost.
    if asked.outcome == TestOutcome::Refused {
        return asked.tested(ground, to, began);
    }
    let removed =
        |bytes: &[u8]| map.read(bytes).filter(|answer| matches!(answer, pcp::Answer::Mapped { lifetime: 0, .. }));
    let ended = exchange(ground, &line, &map.request(0), removed).await;
    let detail = match (&ended, asked.external) {
        (Exchanged::Answer(..), _) => format!("{}; the mapping made to learn it was removed", asked.detail),
        (_, Some(_)) => {
            format!("{}; the mapping made to learn it ends by itself, its removal was not confirmed", asked.detail)
        }
        _ => asked.detail.clone(),
    };
    Asked { detail, ..asked }.tested(ground, to, began)
}
