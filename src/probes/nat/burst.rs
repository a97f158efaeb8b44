//! Many ports at once: what they are called outside, in which order, and what each is then used for.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::filtering::{self, Vantage};
use super::ground::Ground;
use super::hairpin;
use super::mapping::seen;
use super::port::{Ask, Port, Said};
use crate::machine::script::{Either, Part, all as side_by_side, either};
use crate::report::nat::Method;

/// Pairs of neighbouring ports.
const PAIRS: usize = 4;
/// A pool of two addresses is seen by chance as one, by so many ports, less than once in four
/// thousand times (and the mapping test has ports of its own).
const PORTS: usize = 12;

/// Opens the ports, has one server look at all of them, and goes on with each.
pub(super) async fn run(ground: &Rc<Ground>, second: &RefCell<Option<Rc<Port>>>) {
    let Some(main) = choose(ground).await else { return };
    let ports = open(ground, main).await;
    *second.borrow_mut() = ports.first().cloned();
    ground.hands.changed();
    let own = {
        let facts = ground.facts.borrow();
        let mut servers = facts.servers.iter().enumerate();
        servers.find_map(|(index, server)| (server.address == main).then_some((index, main, server.other?)))
    };
    let vantages: Vec<Vantage> = own.map(|(_, asked, other)| filtering::vantages(asked, other)).unwrap_or_default();
    let looks = Looks { ground, main, ports: &ports };
    let mut parts: Vec<Part<'_, ()>> = Vec::new();
    for (n, port) in ports.iter().enumerate() {
        let spare = n.checked_sub(looks.pairs() * 2);
        let vantage = spare.and_then(|n| vantages.get(n / 2)).copied();
        let looks = &looks;
        parts.push(Box::pin(async move {
            let said = looks.look(port).await;
            if let Some(vantage) = vantage.filter(|_| said.is_answered()) {
                filtering::change(ground, port, vantage).await;
            }
        }));
    }
    parts.push(Box::pin(looks.hairpin()));
    if let (Some(server), Some(port)) = (own, ports.get(5)) {
        parts.push(Box::pin(filtering::control(ground, port, server)));
    }
    side_by_side(parts).await;
}

/// The server that looks at all ports: the best of those that answered in good time.
async fn choose(ground: &Rc<Ground>) -> Option<SocketAddr> {
    let first = ground.first_answer().await?;
    let wait = ground.pace.borrow().round_trip(first.ip()).unwrap_or_default() / 4;
    let until = ground.hands.now() + wait.max(Duration::from_millis(10));
    let all = ground.hands.until(|| {
        let facts = ground.facts.borrow();
        let settled = facts.servers.iter().all(|server| !server.udp || server.answered.is_some());
        settled.then_some(())
    });
    either(all, ground.hands.sleep_until(until)).await;
    ground.facts.borrow().best().map(|server| server.address)
}

/// Neighbours first, then single ones.
async fn open(ground: &Rc<Ground>, main: SocketAddr) -> Vec<Rc<Port>> {
    let mut ports = Vec::new();
    let mut neighbours = Vec::new();
    let pairs = if ground.config.tests.ports { PAIRS } else { 3 };
    for _ in 0..pairs {
        let Ok((first, second)) = ground.neighbours().await else { break };
        neighbours.push((first.local(), second.local()));
        ports.extend([Rc::new(first), Rc::new(second)]);
    }
    while ports.len() < PORTS {
        let Ok(port) = ground.port_towards(main.ip()).await else { break };
        ports.push(Rc::new(port));
    }
    let mut facts = ground.facts.borrow_mut();
    facts.sequence = ports.iter().map(|port| port.local()).collect();
    facts.neighbours = neighbours;
    facts.main = Some(main);
    drop(facts);
    ports
}

/// The first look at each port.
struct Looks<'a> {
    ground: &'a Rc<Ground>,
    main: SocketAddr,
    ports: &'a [Rc<Port>],
}

impl Looks<'_> {
    fn pairs(&self) -> usize {
        self.ground.facts.borrow().neighbours.len()
    }

    async fn look(&self, port: &Port) -> Said {
        let said = port.ask(&Ask::binding(self.main)).await;
        self.ground.tested("port", port, self.main, &said, None);
        seen(self.ground, port, self.main, &said, Method::SeveralServers);
        said
    }

    /// Two ports that do nothing else, once both are known by their public addresses.
    async fn hairpin(&self) {
        let (Some(one), Some(two)) = (self.ports.get(2), self.ports.get(7)) else { return };
        if !self.ground.config.tests.hairpinning {
            return;
        }
        let seen = |port: &Port| {
            let facts = self.ground.facts.borrow();
            let local = port.local();
            facts.sightings.iter().find(|sighting| sighting.local == local).map(|sighting| sighting.mapped)
        };
        // A port that stays unseen ends the story of its look, and with it nothing waits here for ever.
        let until = self.ground.hands.now() + self.ground.config.schedule.total();
        let known = self.ground.hands.until(|| Some((seen(one)?, seen(two)?)));
        let known = either(known, self.ground.hands.sleep_until(until)).await;
        if let Either::First((seen_one, seen_two)) = known {
            hairpin::test(self.ground, (one, seen_one), (two, seen_two)).await;
        }
    }
}
