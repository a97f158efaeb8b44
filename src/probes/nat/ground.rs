//! What every part of a study stands on: hands, chance, pace, and the facts so far.

use std::cell::RefCell;
use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

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
/// The two ranges of RFC 5780 §4.1.
const RANGES: [(u16, u16); 2] = [(32768, 49151), (49152, 65535)];

/// How many ports a range has to have for a study, with the lifetime of mappings up to this long or
/// without: some of each class, and more than are used, since what is taken is passed over.
#[must_use]
pub fn ports_needed(lifetime: Option<Duration>) -> usize {
    let without = 4 * 2 * usize::from(CLASSES);
    // Half of the classes are for ports that talk to anybody.
    without + lifetime.map_or(0, |longest| super::lifetime::sockets(longest) * 2)
}

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
            let Some(number) = self.number() else { return Err(self.none_left()) };
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
            let Some(number) = self.number() else { return Err(self.none_left()) };
            let even = number & !1;
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
            let Some(number) = self.draw(class) else { return Err(self.none_left()) };
            match self.open(number, Fragments::System).await {
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

    /// A port number that was not used before, while there is one.
    pub(super) fn number(&self) -> Option<u16> {
        let first = self.chance.borrow_mut().below(GENERAL.into());
        let first = u16::try_from(first).unwrap_or(0);
        (0..GENERAL).find_map(|further| self.draw((first + further) % GENERAL))
    }

    /// A number of that class, from the range that was asked for, or from the usual ones in turn.
    fn draw(&self, class: u16) -> Option<u16> {
        let mut used = self.used.borrow_mut();
        let (first, last) = self.config.ports.unwrap_or(RANGES[used.len() % RANGES.len()]);
        let set = 2 * CLASSES;
        let sets = u64::from(last / set - first / set) + 1;
        let mut chance = self.chance.borrow_mut();
        let mut number = |set_number: u64, odd: u64| {
            let place = u16::try_from(u64::from(first / set) + set_number).unwrap_or(0);
            let number = place * set + class * 2 + u16::from(odd == 1);
            // Neighbours are both in the range, or neither is wanted.
            let inside = number & !1 >= first && number | 1 <= last;
            (inside && used.insert(number)).then_some(number)
        };
        let (start, odd) = (chance.below(sets), chance.below(2));
        let places = (0..sets).map(|step| (start + step) % sets);
        places.flat_map(|place| [(place, odd), (place, 1 - odd)]).find_map(|(place, odd)| number(place, odd))
    }

    fn none_left(&self) -> Refusal {
        Refusal::Bind { text: format!("{}: every port that may be used has been", self.place.address) }
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
