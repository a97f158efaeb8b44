//! What the proofs stand on.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::check::{Check, Held};
use super::judge::is_private;
use super::proofs::permission;
use crate::machine::script::{Part, any, both};
use crate::machine::{Trust, Want};
use crate::probes::station::Station;
use crate::proto::exchange::Request;
use crate::report::{Form, Proof, StepOutcome, Way};
use crate::wire::attribute;
use crate::wire::message::{Message, Method};

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

impl Ground {
    pub(super) async fn prepare(check: &Check, held: &Held) -> Ground {
        let (witness, second) = both(witness(check, held), second(check, held)).await;
        let stun = check.references.of_family(&check.hands, held.relayed.is_ipv4()).await.first().copied();
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

    pub(super) async fn permit(&self, check: &Check, station: &Station, (peer, class): (SocketAddr, &str)) {
        let reply = station.ask(permission(&[peer])).await;
        if let Some((code, phrase, _)) = reply.error() {
            let said = format!("{code} {phrase}").trim_end().to_string();
            self.refused.borrow_mut().push((peer, said));
            check.denied(peer, class, code, phrase);
        }
    }

    /// A proof that is not tried, because the server does not permit the peer.
    pub(super) fn refused(&self, way: Way, peer: SocketAddr) -> Option<Proof> {
        let said = self.refused.borrow().iter().find(|(refused, _)| *refused == peer)?.1.clone();
        let detail = Some(format!("{said} to CreatePermission for {peer}"));
        let outcome = StepOutcome::Failed;
        Some(Proof { way, form: Form::Send, outcome, sent: 0, received: 0, rtt_ms: None, seen_as: None, detail })
    }
}

type Witness = Result<(Station, SocketAddr), String>;

/// A second socket, with its address as a STUN server sees it: the checked server where it does
/// STUN over UDP, else one of the reference servers.
async fn witness(check: &Check, held: &Held) -> Witness {
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
    let mut asked: Vec<Part<'_, Witness>> = vec![Box::pin(seen_by(check, local, SocketAddr::new(host, server.port())))];
    if server.port() != 3478 {
        asked.push(Box::pin(seen_by(check, local, SocketAddr::new(host, 3478))));
    }
    asked.push(Box::pin(async move {
        let references = check.references.of_family(&check.hands, relayed.is_ipv4()).await;
        first(references.into_iter().map(|stun| Box::pin(seen_by(check, local, stun)) as Part<'_, Witness>).collect())
            .await
    }));
    // Whoever answers first: where UDP to the checked server is silent, nobody waits for that.
    first(asked).await
}

/// The first that succeeds; one that sees us where we are not, only if no other does.
async fn first(mut asked: Vec<Part<'_, Witness>>) -> Witness {
    let mut doubtful = None;
    while !asked.is_empty() {
        match any(&mut asked).await {
            Ok((station, mapped)) if is_behind_a_proxy(&station, mapped) => doubtful = Some((station, mapped)),
            Ok(witness) => return Ok(witness),
            Err(_) => {}
        }
    }
    doubtful.ok_or_else(|| "no STUN server answers over UDP from here (--stun names another)".into())
}

/// A server of the Internet sees us at a private address that is not ours: it is its own side's.
fn is_behind_a_proxy(station: &Station, mapped: SocketAddr) -> bool {
    is_private(mapped.ip()) && !is_private(station.server().ip()) && mapped.ip() != station.local().ip()
}

async fn seen_by(check: &Check, local: SocketAddr, stun: SocketAddr) -> Witness {
    let opened = check.hands.open(Want::udp(local)).await;
    let line = opened.map_err(|_| "no second UDP socket could be had".to_string())?;
    let station = check.station(line, stun).with(None);
    let mut reply = station.ask_briefly(Request::new(Method::BINDING)).await;
    if reply.is_silence() && check.weather.is_lossy() {
        reply = station.ask_bare_again(Request::new(Method::BINDING)).await;
    }
    let mapped = reply.success().and_then(Message::mapped);
    mapped.map(|mapped| (station, mapped)).ok_or_else(|| format!("{stun} does not answer"))
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
