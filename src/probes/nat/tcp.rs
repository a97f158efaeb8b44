//! How TCP connections from one local port are seen (RFC 5382 §4.1): a NAT may treat them otherwise
//! than UDP (RFC 7857 §5).

use std::net::SocketAddr;
use std::rc::Rc;

use super::beside;
use super::facts::Sighting;
use super::ground::Ground;
use super::pace::millis;
use crate::machine::script::{Incoming, Part, all as side_by_side, either};
use crate::machine::{Refusal, Want};
use crate::report::nat::{Behaviour, Method, NatTest, TestOutcome};
use crate::wire::attribute::{self, Value};
use crate::wire::framing::{Deframer, Frame};
use crate::wire::message::{Builder, Class, Message, Method as StunMethod, TransactionId};

/// Places that are connected to.
const PLACES: usize = 8;

/// Connects from one port to every address and port that may answer STUN over TCP, all at once.
pub(super) async fn measure(ground: &Rc<Ground>) {
    if !ground.config.tests.tcp {
        return;
    }
    let reference = beside::reference(ground).await;
    let Some(number) = ground.number() else {
        ground.facts.borrow_mut().more.unknown.push(("tcpMapping", "not-supported-by-system".into()));
        return;
    };
    let local = SocketAddr::new(ground.place.address, number);
    let mut places = places(ground);
    places.truncate(PLACES);
    let parts = places.iter().map(|to| Box::pin(see(ground, local, *to)) as Part<'_, Option<Sighting>>).collect();
    // As long as silence over UDP is waited for, and no longer.
    let patience = beside::window(ground, reference);
    let seen = either(side_by_side(parts), ground.hands.sleep(patience)).await;
    drop(seen);
    let mut facts = ground.facts.borrow_mut();
    match judge(&facts.more.tcp) {
        Ok(behaviour) => facts.more.tcp_mapping = Some(behaviour),
        Err(why) => facts.more.unknown.push(("tcpMapping", why.into())),
    }
}

/// Every server's address, and those of RFC 5780 servers in their four combinations.
fn places(ground: &Ground) -> Vec<SocketAddr> {
    let facts = ground.facts.borrow();
    let mut places: Vec<SocketAddr> = Vec::new();
    let mut add = |place: SocketAddr| {
        if !places.contains(&place) {
            places.push(place);
        }
    };
    for server in &facts.servers {
        let secure = |spec: &usize| ground.config.servers.get(*spec).is_some_and(|spec| spec.uri.scheme.is_secure());
        if !server.udp && server.specs.iter().all(secure) {
            continue;
        }
        add(server.address);
    }
    for server in &facts.servers {
        if let Some(other) = server.other {
            add(SocketAddr::new(other.ip(), server.address.port()));
            add(SocketAddr::new(server.address.ip(), other.port()));
            add(other);
        }
    }
    places
}

/// One connection, and how it is seen.
async fn see(ground: &Rc<Ground>, local: SocketAddr, to: SocketAddr) -> Option<Sighting> {
    let began = ground.hands.now();
    let (outcome, mapped, plain, detail) = match ask(ground, local, to).await {
        Ok((mapped, plain)) => (TestOutcome::Answered, Some(mapped), plain, None),
        Err((outcome, why)) => (outcome, None, None, Some(why)),
    };
    ground.test(NatTest {
        name: "mapping-tcp".into(),
        server: to.to_string(),
        local: Some(local.to_string()),
        mapped: mapped.map(|mapped| mapped.to_string()),
        from: None,
        outcome,
        sent: 1,
        elapsed_ms: millis(ground.hands.now() - began),
        detail,
    });
    let sighting = Sighting { local, to, mapped: mapped?, plain, by: Method::SeveralServers };
    ground.facts.borrow_mut().more.tcp.push(sighting);
    Some(sighting)
}

async fn ask(
    ground: &Rc<Ground>,
    local: SocketAddr,
    to: SocketAddr,
) -> Result<(SocketAddr, Option<SocketAddr>), (TestOutcome, String)> {
    let refused = |why: Refusal| match why {
        Refusal::ConnectionRefused => (TestOutcome::Refused, "the connection was refused".to_string()),
        Refusal::TimedOut { .. } => (TestOutcome::Silent, "no connection came about".to_string()),
        Refusal::Unreachable { text, .. } => (TestOutcome::Unreachable, text),
        Refusal::Bind { text } | Refusal::Exhausted { text } | Refusal::Other { text } => (TestOutcome::Skipped, text),
        _ => (TestOutcome::Skipped, "no connection could be had".to_string()),
    };
    let line = ground.hands.open(Want::Tcp { local: Some(local), to }).await.map_err(refused)?;
    let id = TransactionId(ground.random());
    let mut request = Builder::new(Class::Request, StunMethod::BINDING, id);
    if let Some(software) = &ground.config.software {
        request = request.with(Value::Software(software.clone()));
    }
    line.send(request.build());
    let mut stream = Deframer::new();
    loop {
        match line.next().await {
            Incoming::Bytes { bytes, .. } => stream.push(&bytes),
            Incoming::Closed { .. } => return Err((TestOutcome::Refused, "the connection was closed".into())),
            Incoming::Unreachable { .. } => {}
        }
        while let Some(frame) = stream.next_frame() {
            let message = match frame {
                Frame::Stun(bytes) => Message::decode(&bytes).ok(),
                Frame::ChannelData(_) => None,
                Frame::Garbage(_) => return Err((TestOutcome::Refused, "what answers is no STUN".into())),
            };
            let Some(message) = message.filter(|message| message.transaction == id) else { continue };
            return match (message.mapped(), message.error()) {
                (Some(mapped), _) => Ok((mapped, message.address(attribute::MAPPED_ADDRESS))),
                (None, Some(error)) => Err((TestOutcome::Refused, format!("{} {}", error.code, error.reason))),
                (None, None) => Err((TestOutcome::Refused, "an answer without an address".into())),
            };
        }
    }
}

/// What the sightings from one port amount to, or why they amount to nothing.
fn judge(seen: &[Sighting]) -> Result<Behaviour, &'static str> {
    let pairs = || seen.iter().enumerate().flat_map(|(n, one)| seen.iter().skip(n + 1).map(move |other| (one, other)));
    let hosts = || pairs().filter(|(one, other)| one.to.ip() != other.to.ip());
    let ports = || pairs().filter(|(one, other)| one.to.ip() == other.to.ip());
    let same = |(one, other): (&Sighting, &Sighting)| one.mapped == other.mapped;
    if !seen.is_empty() && seen.iter().all(|one| one.mapped == one.local) {
        return Ok(Behaviour::None);
    }
    if ports().any(|pair| !same(pair)) {
        return Ok(Behaviour::AddressAndPortDependent);
    }
    if hosts().next().is_none() {
        return Err("needs-server-at-another-address");
    }
    if hosts().all(same) {
        return Ok(Behaviour::EndpointIndependent);
    }
    if ports().next().is_some() {
        return Ok(Behaviour::AddressDependent);
    }
    // It depends on the destination, and on what of it takes two ports to tell.
    Err("needs-server-at-another-port")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(all: &[(&str, &str)]) -> Vec<Sighting> {
        let sighting = |(to, mapped): &(&str, &str)| Sighting {
            local: "10.0.0.2:5000".parse().unwrap(),
            to: to.parse().unwrap(),
            mapped: mapped.parse().unwrap(),
            plain: None,
            by: Method::SeveralServers,
        };
        all.iter().map(sighting).collect()
    }

    #[test]
    fn says_only_what_the_places_can_show() {
        let (a1, a2, b1) = ("192.0.2.1:1", "192.0.2.1:2", "192.0.2.2:1");
        let (x, y, z) = ("203.0.113.7:10", "203.0.113.7:11", "203.0.113.7:12");
        assert_eq!(judge(&seen(&[(a1, x), (b1, x)])), Ok(Behaviour::EndpointIndependent));
        assert_eq!(judge(&seen(&[(a1, x), (a2, x), (b1, y)])), Ok(Behaviour::AddressDependent));
        assert_eq!(judge(&seen(&[(a1, x), (a2, y), (b1, z)])), Ok(Behaviour::AddressAndPortDependent));
        assert_eq!(judge(&seen(&[(a1, x), (a2, y)])), Ok(Behaviour::AddressAndPortDependent));
        assert_eq!(judge(&seen(&[(a1, "10.0.0.2:5000")])), Ok(Behaviour::None));
        for too_little in [&[][..], &[(a1, x)], &[(a1, x), (a2, x)], &[(a1, x), (b1, y)]] {
            assert!(judge(&seen(too_little)).is_err(), "{too_little:?}");
        }
    }
}
