//! Names of candidates that hide their addresses, resolved by multicast (RFC 6762).
//!
//! Every question leaves from two sockets of each local address: from port 5353, where everybody's answers are heard, and
//! from a port of our own, for those who answer to where the question came from (§6.7) when 5353 cannot be had.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use super::Heard;
use crate::machine::{Chance, Input, Output, Refusal, Socket, Time, Want};
use crate::probes::explain;
use crate::report::Event;
use crate::wire::mdns::{self, Answer};

/// When each question is asked, and when it is given up.
const ROUNDS: [Duration; 3] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(3)];
const END: Duration = Duration::from_secs(5);
/// Names that are asked for at once, and altogether.
const NAMES: usize = 32;
const EVER: u32 = 256;
/// Local addresses that are asked from.
const LOCALS: usize = 8;

type Out = VecDeque<Output<Event>>;

#[derive(Default)]
pub(in crate::probes::gather) struct Names {
    mouths: BTreeMap<Socket, Mouth>,
    asked: Vec<Asked>,
    ever: u32,
    /// Why port 5353 cannot be had.
    deaf: Option<String>,
}

/// A socket that asks and hears.
struct Mouth {
    local: IpAddr,
    group: bool,
    open: bool,
}

struct Asked {
    name: String,
    id: u16,
    /// Since the first question.
    began: Option<Time>,
    rounds: usize,
}

impl Names {
    pub(in crate::probes::gather) fn holds(&self, socket: Socket) -> bool {
        self.mouths.contains_key(&socket)
    }

    /// Asks for a name; what comes of it comes as [`Heard::Resolved`].
    pub(in crate::probes::gather) fn ask(&mut self, name: String, chance: &mut Chance, heard: &mut VecDeque<Heard>) {
        if self.asked.iter().any(|asked| asked.name == name) {
            return;
        }
        let why = if !mdns::is_name(&name) {
            "it is no name of multicast DNS, which has one label and .local"
        } else if self.asked.len() >= NAMES || self.ever >= EVER {
            "not asked for: there are too many such names"
        } else {
            self.ever += 1;
            let id = u16::from_be_bytes(chance.bytes());
            self.asked.push(Asked { name, id, began: None, rounds: 0 });
            return;
        };
        heard.push_back(Heard::Resolved { name, address: Err(why.into()) });
    }

    /// Opens the sockets, once there is something to ask.
    pub(in crate::probes::gather) fn open(
        &mut self,
        locals: impl Iterator<Item = IpAddr>,
        mut name: impl FnMut() -> Socket,
        out: &mut Out,
    ) {
        if !self.mouths.is_empty() || self.asked.is_empty() {
            return;
        }
        for local in locals.take(LOCALS) {
            let groups = mdns::GROUPS.into_iter().find(|group| group.is_ipv4() == local.is_ipv4());
            let wants =
                [groups.map(|group| (true, Want::Group { group, local })), Some((false, Want::udp((local, 0).into())))];
            for (group, want) in wants.into_iter().flatten() {
                let socket = name();
                self.mouths.insert(socket, Mouth { local, group, open: false });
                out.push_back(Output::Open { socket, want });
            }
        }
    }

    /// Asks what is due, and gives up what was asked for too long.
    pub(in crate::probes::gather) fn advance(&mut self, now: Time, out: &mut Out, heard: &mut VecDeque<Heard>) {
        let opening = self.mouths.values().any(|mouth| !mouth.open);
        for asked in self.asked.iter_mut().filter(|_| !opening) {
            let began = *asked.began.get_or_insert(now);
            while ROUNDS.get(asked.rounds).is_some_and(|after| began + *after <= now) {
                asked.rounds += 1;
                for (socket, mouth) in &self.mouths {
                    ask(*socket, mouth, asked, out);
                }
            }
        }
        let silent = match (&self.deaf, self.mouths.is_empty()) {
            (_, true) => "no socket could be had to ask by multicast".to_string(),
            (None, false) => format!("no answer by multicast (mDNS) in {} s", END.as_secs()),
            (Some(why), false) => format!(
                "no answer (mDNS) in {} s; answers that go to everybody are not heard, as port {} cannot be had: {why}",
                END.as_secs(),
                mdns::PORT
            ),
        };
        let hopeless = self.mouths.is_empty();
        self.asked.retain_mut(|asked| {
            let over = hopeless || asked.began.is_some_and(|began| began + END <= now);
            if over {
                let name = std::mem::take(&mut asked.name);
                heard.push_back(Heard::Resolved { name, address: Err(silent.clone()) });
            }
            !over
        });
    }

    pub(in crate::probes::gather) fn wake(&self) -> Time {
        let due = |asked: &Asked| {
            let after = ROUNDS.get(asked.rounds).copied().unwrap_or(END);
            asked.began.map_or(Time::NEVER, |began| began + after)
        };
        self.asked.iter().map(due).min().unwrap_or(Time::NEVER)
    }

    /// What happened to one of the sockets.
    pub(in crate::probes::gather) fn input(&mut self, socket: Socket, input: Input<'_>, heard: &mut VecDeque<Heard>) {
        match input {
            Input::Opened { .. } => {
                if let Some(mouth) = self.mouths.get_mut(&socket) {
                    mouth.open = true;
                }
            }
            Input::Refused { why, .. } => {
                let group = self.mouths.remove(&socket).is_some_and(|mouth| mouth.group);
                let why = match why {
                    Refusal::Bind { text } | Refusal::Exhausted { text } | Refusal::Other { text } => text.clone(),
                    other => format!("{other:?}"),
                };
                self.deaf = self.deaf.take().or(group.then_some(why));
            }
            Input::Received { from, bytes, .. } if from.port() == mdns::PORT => {
                if let (Some(mouth), Some(answer)) = (self.mouths.get(&socket), Answer::read(bytes)) {
                    let to_all = mouth.group;
                    self.answered(&answer, to_all, heard);
                }
            }
            _ => {}
        }
    }

    /// What comes to everybody has no id (RFC 6762 §18.1); what comes to us alone has the question's.
    fn answered(&mut self, answer: &Answer, to_all: bool, heard: &mut VecDeque<Heard>) {
        let family = |ip: &IpAddr| self.mouths.values().any(|mouth| mouth.local.is_ipv4() == ip.is_ipv4());
        self.asked.retain_mut(|asked| {
            if !to_all && answer.id != asked.id {
                return true;
            }
            let Some(ip) = answer.addresses(&asked.name).find(|ip| is_usable(*ip) && family(ip)) else { return true };
            heard.push_back(Heard::Resolved { name: std::mem::take(&mut asked.name), address: Ok(ip) });
            false
        });
    }

    pub(in crate::probes::gather) fn close(&mut self, out: &mut Out) {
        self.asked.clear();
        out.extend(std::mem::take(&mut self.mouths).into_keys().map(|socket| Output::Close { socket }));
    }
}

/// A host can have it, and it means the same everywhere on the link: IPv6 link-local addresses lack their interface.
fn is_usable(ip: IpAddr) -> bool {
    let link_local = matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    explain::is_possible((ip, mdns::PORT).into()) && !link_local
}

/// One message for each family: two questions in one are not understood everywhere.
fn ask(socket: Socket, mouth: &Mouth, asked: &Asked, out: &mut Out) {
    let Some(to) = mdns::GROUPS.into_iter().find(|group| group.is_ipv4() == mouth.local.is_ipv4()) else { return };
    let id = if mouth.group { 0 } else { asked.id };
    for v6 in [false, true] {
        out.extend(mdns::question(&asked.name, v6, id).map(|bytes| Output::Send { socket, to, bytes }));
    }
}
