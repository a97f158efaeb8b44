//! What every part of a study stands on: hands, chance, pace, and the facts so far.

use std::cell::RefCell;
use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use super::facts::{Facts, ServerFacts};
use super::pace::{Pace, millis};
use super::port::{Port, Said};
use super::{Config, Place};
use crate::machine::script::Hands;
use crate::machine::{Chance, Fragments, Refusal, Want};
use crate::report::Event;
use crate::report::nat::{NatTest, TestOutcome};

/// Ports that are tried before it is said that none can be had.
const ATTEMPTS: u32 = 16;

/// Port numbers fall into so many classes, by pairs of neighbours.
const CLASSES: u16 = 16;
/// The first of them are for ports that talk to anybody, the others for filtering tests.
const GENERAL: u16 = 8;

/// The surroundings of one study: one local address, one family.
pub(super) struct Ground {
    pub hands: Hands<Event>,
    pub config: Rc<Config>,
    pub place: Place,
    pub pace: RefCell<Pace>,
    pub facts: RefCell<Facts>,
    chance: RefCell<Chance>,
    used: RefCell<HashSet<u16>>,
}

impl Ground {
    pub(super) fn new(hands: &Hands<Event>, config: &Rc<Config>, place: &Place, chance: Chance) -> Rc<Ground> {
        Rc::new(Ground {
            hands: hands.clone(),
            config: Rc::clone(config),
            place: place.clone(),
            pace: RefCell::default(),
            facts: RefCell::default(),
            chance: RefCell::new(chance),
            used: RefCell::default(),
        })
    }

    pub(super) fn random<const N: usize>(&self) -> [u8; N] {
        self.chance.borrow_mut().bytes()
    }

    pub(super) fn chance(&self) -> Chance {
        self.chance.borrow_mut().split()
    }

    /// A socket on a port that was not used before, drawn from the two ranges of RFC 5780 §4.1 in turn.
    pub(super) async fn port(self: &Rc<Ground>) -> Result<Port, Refusal> {
        self.port_with(Fragments::System).await
    }

    /// The same, with fragments as they are wanted.
    pub(super) async fn port_with(self: &Rc<Ground>, fragments: Fragments) -> Result<Port, Refusal> {
        let mut attempts = 0;
        loop {
            let number = self.number();
            match self.open(number, fragments).await {
                Err(Refusal::Bind { .. }) if attempts < ATTEMPTS => attempts += 1,
                other => return other,
            }
        }
    }

    /// Two sockets on neighbouring ports, the first one even (RFC 4787 §4.2.3).
    pub(super) async fn neighbours(self: &Rc<Ground>) -> Result<(Port, Port), Refusal> {
        let mut attempts = 0;
        loop {
            let even = self.number() & !1;
            self.used.borrow_mut().extend([even, even + 1]);
            let pair = match self.open(even, Fragments::System).await {
                Ok(first) => self.open(even + 1, Fragments::System).await.map(|second| (first, second)),
                Err(why) => Err(why),
            };
            match pair {
                Err(Refusal::Bind { .. }) if attempts < ATTEMPTS => attempts += 1,
                other => return other,
            }
        }
    }

    /// Waits until a server has answered over UDP, and gives the first one's address; `None` when all
    /// have been given up.
    pub(super) async fn first_answer(&self) -> Option<SocketAddr> {
        self.server(|_| true).await
    }

    /// The same for a server that is of use.
    pub(super) async fn server(&self, wanted: impl Fn(&ServerFacts) -> bool) -> Option<SocketAddr> {
        self.hands
            .until(|| {
                let facts = self.facts.borrow();
                let mut servers = facts.servers.iter().filter(|server| server.udp && wanted(server));
                match servers.clone().find(|server| server.answered == Some(true)) {
                    Some(server) => Some(Some(server.address)),
                    None => servers.all(|server| server.answered.is_some()).then_some(None),
                }
            })
            .await
    }

    /// A socket for a filtering test: it talks to one address only, and so did every port of its class,
    /// in this run and in the runs before, whose mappings the NAT may still remember (RFC 5780 §4.1).
    /// With numbers from anywhere, forty runs behind one NAT made one false verdict.
    pub(super) async fn port_towards(self: &Rc<Ground>, talked: IpAddr) -> Result<Port, Refusal> {
        let sum: u16 = match talked {
            IpAddr::V4(ip) => ip.octets().iter().map(|octet| u16::from(*octet)).sum(),
            IpAddr::V6(ip) => ip.octets().iter().map(|octet| u16::from(*octet)).sum(),
        };
        let class = GENERAL + sum % (CLASSES - GENERAL);
        let mut attempts = 0;
        loop {
            match self.open(self.draw(class), Fragments::System).await {
                Err(Refusal::Bind { .. }) if attempts < ATTEMPTS => attempts += 1,
                other => return other,
            }
        }
    }

    async fn open(self: &Rc<Ground>, number: u16, fragments: Fragments) -> Result<Port, Refusal> {
        // Unconnected: an answer from another address is to be seen.
        let want = Want::Udp { local: SocketAddr::new(self.place.address, number), connect: None, fragments };
        let line = self.hands.open(want).await?;
        Ok(Port::new(Rc::clone(self), line))
    }

    /// A port number that was not used before.
    pub(super) fn number(&self) -> u16 {
        let class = self.chance.borrow_mut().below(GENERAL.into());
        self.draw(u16::try_from(class).unwrap_or(0))
    }

    /// A number of that class, from the two ranges of RFC 5780 §4.1 in turn.
    fn draw(&self, class: u16) -> u16 {
        let mut used = self.used.borrow_mut();
        let low = if used.len().is_multiple_of(2) { 32768 } else { 49152 };
        let mut chance = self.chance.borrow_mut();
        let mut number = low;
        // There are more numbers than will be needed; if not, one that was used is refused or stale.
        for _ in 0..1000 {
            let place = u16::try_from(chance.below((16384 / (2 * CLASSES)).into())).unwrap_or(0);
            let odd = u16::try_from(chance.below(2)).unwrap_or(0);
            number = low + (place * CLASSES + class) * 2 + odd;
            if used.insert(number) {
                break;
            }
        }
        number
    }

    /// Writes a test down and tells it.
    pub(super) fn tested(&self, name: &str, port: &Port, to: SocketAddr, said: &Said, detail: Option<String>) {
        self.test(NatTest {
            name: name.into(),
            server: to.to_string(),
            local: Some(port.local().to_string()),
            mapped: said.mapped().map(|mapped| mapped.to_string()),
            from: said.from.filter(|from| *from != to).map(|from| from.to_string()),
            outcome: said.outcome,
            sent: said.sent,
            elapsed_ms: millis(said.took),
            detail: detail.or_else(|| match (said.outcome, said.error()) {
                (TestOutcome::Refused, Some((code, reason))) => Some(format!("{code} {reason}").trim().to_string()),
                _ => None,
            }),
        });
    }

    pub(super) fn test(&self, test: NatTest) {
        self.facts.borrow_mut().tests.push(test.clone());
        self.hands.tell(Event::NatTest { elapsed_ms: self.hands.now().millis(), test });
    }

    pub(super) fn note(&self, text: impl Into<String>) {
        self.hands.tell(Event::Note { elapsed_ms: self.hands.now().millis(), text: text.into() });
    }
}
