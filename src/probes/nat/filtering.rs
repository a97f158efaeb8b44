//! Filtering by a server with two addresses (RFC 5780 §4.4), and whether that server can be believed.

use std::net::SocketAddr;
use std::rc::Rc;

use super::facts::{Control, Filter, Proof};
use super::ground::Ground;
use super::mapping::{explored, seen};
use super::port::{Ask, Port, Said};
use crate::machine::script::{Part, all as side_by_side, both};
use crate::report::nat::{Method, TestOutcome};
use crate::wire::attribute::Value;

/// Servers with a second address that are asked, beside the main one.
const SERVERS: usize = 1;

/// Where a server can answer from when it is asked to change address, port or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Vantage {
    pub name: &'static str,
    /// Whom to ask.
    pub asked: SocketAddr,
    pub from: SocketAddr,
}

/// The vantage points of a server that names another address.
pub(super) fn vantages(asked: SocketAddr, other: SocketAddr) -> Vec<Vantage> {
    let mut vantages = Vec::new();
    if other.ip() != asked.ip() {
        vantages.push(Vantage { name: "filtering-2", asked, from: other });
    }
    if other.port() != asked.port() {
        let from = SocketAddr::new(asked.ip(), other.port());
        vantages.push(Vantage { name: "filtering-3", asked, from });
    }
    vantages
}

/// The test on a port that is fresh (RFC 5780 §3.2): it has never sent to the vantage point's address,
/// and only sends to the server that is asked.
pub(super) async fn test(ground: &Rc<Ground>, port: &Port, vantage: Vantage) {
    let first = port.ask(&Ask::binding(vantage.asked)).await;
    seen(ground, port, vantage.asked, &first, Method::SeveralServers);
    if first.is_answered() {
        change(ground, port, vantage).await;
    }
}

/// The second half, on a port that has a mapping towards the server.
pub(super) async fn change(ground: &Rc<Ground>, port: &Port, vantage: Vantage) {
    let said = port.ask(&Ask::change(vantage.asked, vantage.from).patiently()).await;
    ground.tested(vantage.name, port, vantage.asked, &said, detail(&said, vantage));
    let doubt = ground.pace.borrow().doubt(said.sent);
    let arrived = match said.outcome {
        TestOutcome::Answered => true,
        TestOutcome::Silent => false,
        _ => return expose(ground, &said, vantage),
    };
    let Vantage { asked: talked, from: vantage, .. } = vantage;
    let filter = Filter { method: Method::Rfc5780, talked, vantage, arrived, doubt };
    ground.facts.borrow_mut().filters.push(filter);
}

fn detail(said: &Said, vantage: Vantage) -> Option<String> {
    let Vantage { asked, from, .. } = vantage;
    match (said.outcome, said.from) {
        (TestOutcome::Answered, _) => Some(format!("{asked} was asked to answer from {from}, and that got in")),
        (TestOutcome::Silent, _) => Some(format!("{asked} was asked to answer from {from}, and nothing got in")),
        (TestOutcome::WrongSource, Some(source)) => Some(format!("the answer came from {source}, not from {from}")),
        _ => None,
    }
}

/// A server that cannot do what it says.
fn expose(ground: &Ground, said: &Said, vantage: Vantage) {
    let Vantage { asked, from, .. } = vantage;
    let text = match (said.outcome, said.from) {
        (TestOutcome::WrongSource, Some(source)) if source == asked => {
            format!("{asked} has another address, but ignores CHANGE-REQUEST")
        }
        (TestOutcome::WrongSource, Some(source)) => {
            format!("{asked} was asked to answer from {from}, and answered from {source}")
        }
        (TestOutcome::Refused, _) => {
            let (code, reason) = said.error().unwrap_or_default();
            format!("{asked} has another address, but refuses CHANGE-REQUEST: {code} {reason}")
        }
        _ => return,
    };
    let mut facts = ground.facts.borrow_mut();
    facts.disbelieve(text);
    facts.controls.push(Control { vantage: from, proof: Proof::Refuted });
}

/// Whether the server's answers from elsewhere get in where no filter has a reason to drop them: on a
/// port that has sent to all its places. Without this, a server that promises and does not deliver looks
/// like a filter.
pub(super) async fn control(ground: &Rc<Ground>, port: &Port, server: (usize, SocketAddr, SocketAddr)) {
    let (index, asked, other) = server;
    explored(ground, index).await;
    let plain = port.ask(&Ask::binding(asked)).await;
    let Some(mapped) = plain.mapped() else { return };
    seen(ground, port, asked, &plain, Method::SeveralServers);
    // Takes CHANGE-REQUEST at all: a change of nothing is answered as ever.
    let nothing = Ask::binding(asked).with(Value::ChangeRequest { ip: false, port: false });
    let tolerated = async {
        let said = port.ask(&nothing.patiently()).await;
        ground.tested("control-attribute", port, asked, &said, None);
        said.is_answered()
    };
    let mut parts: Vec<Part<'_, Option<(Vantage, Proof)>>> = Vec::new();
    for vantage in vantages(asked, other) {
        parts.push(Box::pin(async move {
            let opened = port.ask(&Ask::binding(vantage.from)).await;
            let there = opened.mapped()?;
            Some((vantage, punched(ground, port, vantage, mapped, there).await))
        }));
    }
    let (tolerated, punched) = both(tolerated, side_by_side(parts)).await;
    let mut facts = ground.facts.borrow_mut();
    for (vantage, proof) in punched.into_iter().flatten() {
        let proof = if proof == Proof::Plausible && !tolerated { Proof::Refuted } else { proof };
        if proof == Proof::Refuted {
            let text = format!("{asked} does not answer from {} when it is asked to", vantage.from);
            facts.disbelieve(text);
        }
        facts.controls.push(Control { vantage: vantage.from, proof });
    }
    drop(facts);
    ground.hands.changed();
}

/// Asks for an answer from a place that this port has sent to. Where that place sees another mapping,
/// the answer is directed there (RESPONSE-PORT), if the server can do that.
async fn punched(ground: &Rc<Ground>, port: &Port, vantage: Vantage, mapped: SocketAddr, there: SocketAddr) -> Proof {
    let ask = Ask::change(vantage.asked, vantage.from).patiently();
    let direct = mapped == there;
    if !direct && mapped.ip() != there.ip() {
        return Proof::Plausible;
    }
    let ask = if direct { ask } else { ask.with(Value::ResponsePort(there.port())) };
    let said = port.ask(&ask).await;
    ground.tested("control-answer", port, vantage.asked, &said, None);
    match said.outcome {
        TestOutcome::Answered => Proof::Proven,
        _ if direct => Proof::Refuted,
        _ => Proof::Plausible,
    }
}

/// All tests and the control on ports of their own, for a server that the opening burst did not go to.
pub(super) async fn elsewhere(ground: &Rc<Ground>, index: usize) {
    let know = || {
        let facts = ground.facts.borrow();
        let server = facts.servers.get(index)?;
        let settled = !server.udp || server.answered.is_some();
        let wanted = server.other.filter(|_| server.answered == Some(true));
        (settled && (wanted.is_none() || facts.main.is_some())).then(|| (server.address, wanted, facts.main))
    };
    let (asked, other, main) = ground.hands.until(know).await;
    let Some(other) = other.filter(|_| main != Some(asked)) else { return };
    if ground.facts.borrow().controls_begun >= SERVERS {
        return;
    }
    ground.facts.borrow_mut().controls_begun += 1;
    let server = (index, asked, other);
    let mut parts: Vec<Part<'_, ()>> = vec![Box::pin(async move {
        if let Ok(port) = ground.port().await {
            control(ground, &port, server).await;
        }
    })];
    for vantage in vantages(asked, other) {
        parts.push(Box::pin(async move {
            if let Ok(port) = ground.port_towards(asked.ip()).await {
                test(ground, &port, vantage).await;
            }
        }));
    }
    side_by_side(parts).await;
}
