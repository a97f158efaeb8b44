//! What the conversation with a server brings.

use std::net::SocketAddr;

use super::{Act, PORTS, State, Talk, Task};
use crate::machine::Time;
use crate::probes::explain::{self, Asker};
use crate::probes::gather::harvest::Find;
use crate::probes::gather::verdict::{self, Verdict};
use crate::proto::allocation::{Event, Failure, Todo};
use crate::proto::exchange::{Answer, Next};
use crate::report::{CandidateKind, Cause};
use crate::wire::uri::Transport;

impl Task {
    /// Goes on with the conversation; `None` when the state has changed.
    pub(super) fn talk(&mut self, now: Time) -> Option<Act> {
        let to = self.target.address;
        let socket = self.own;
        match &mut self.talk {
            Some(Talk::Binding(exchange)) => match exchange.next(now) {
                Next::Send(bytes) => Some(Act::Send { socket, to, bytes }),
                Next::Wait(_) => Some(Act::Wait),
                Next::Ended(answer) => {
                    if self.state == State::Leaving {
                        self.leave();
                    } else {
                        self.bound(now, &answer);
                    }
                    None
                }
            },
            Some(Talk::Allocation(allocation)) => match allocation.next(now) {
                Todo::Send(bytes) => Some(Act::Send { socket, to, bytes }),
                Todo::Wait(_) => Some(Act::Wait),
                Todo::Event(event) => {
                    self.learned(now, event);
                    None
                }
                Todo::Over => {
                    self.leave();
                    None
                }
            },
            None => {
                self.leave();
                None
            }
        }
    }

    pub(super) fn bound(&mut self, now: Time, answer: &Answer) {
        let seen = self.seen(now);
        let mapped = match answer {
            Answer::Success { message, .. } => message.mapped(),
            _ => None,
        };
        let verdict = verdict::binding(answer, &seen, self.scene(), mapped);
        let finds = mapped
            .filter(|mapped| explain::is_possible(*mapped))
            .and_then(|mapped| self.reflexive(mapped))
            .into_iter()
            .collect();
        self.leg_over(now, verdict, finds);
    }

    pub(super) fn learned(&mut self, now: Time, event: Event) {
        match event {
            Event::Allocated(grant) => {
                let verdict = if grant.unauthenticated {
                    self.remarks.push("the server asked for no credentials: it is an open relay".into());
                    Verdict::remarkable(Cause::OpenRelay)
                } else {
                    Verdict::ok()
                };
                let mut finds = Vec::new();
                let mapped = grant.mapped.filter(|mapped| explain::is_possible(*mapped));
                if let (Transport::Udp, false, Some(mapped)) = (self.target.transport, self.wants_own, mapped) {
                    finds.extend(self.reflexive(mapped));
                }
                finds.extend(grant.relayed.iter().map(|relayed| Find {
                    kind: CandidateKind::Relay,
                    address: *relayed,
                    base: *relayed,
                    related: grant.mapped,
                    ..self.find(*relayed)
                }));
                self.leg_over(now, verdict, finds);
            }
            Event::Failed(Failure::Answer(answer)) => self.not_allocated(now, &answer),
            Event::Failed(Failure::Unusable(text)) => self.leg_over(now, Verdict::broken(text), Vec::new()),
            Event::Released(false) => {
                let server = self.target.address;
                let text = format!("{server} did not confirm the release of the allocation; it ends by itself");
                self.acts.push_back(Act::Note(text));
            }
            _ => {}
        }
    }

    fn not_allocated(&mut self, now: Time, answer: &Answer) {
        if let Answer::Failure { error, message, integrity } = answer {
            if error.code == 437 && self.ports + 1 < PORTS {
                self.ports += 1;
                self.wants_own = true;
                self.remarks.push(format!("437 {}: tried again from a fresh port", error.reason));
                self.again();
                return;
            }
            if error.code == 440 && self.target.address.is_ipv6() && !self.wants_v6 {
                self.wants_v6 = true;
                self.remarks.push("440: it has no IPv4 relay, so an IPv6 one was asked for".into());
                self.again();
                return;
            }
            if error.code == 300 && self.redirect(message, *integrity) {
                return;
            }
        }
        let seen = self.seen(now);
        let realm = match &self.talk {
            Some(Talk::Allocation(allocation)) => allocation.realm(),
            _ => None,
        };
        let asker = Asker {
            credentials: self.plan.credentials.as_ref(),
            realm: realm.as_deref(),
            unix_time: self.unix_time,
            round_trip: None,
        };
        let verdict = verdict::allocate(answer, &seen, self.scene(), now - self.opened_at, asker);
        self.leg_over(now, verdict, Vec::new());
    }

    fn find(&self, address: SocketAddr) -> Find {
        Find {
            kind: CandidateKind::Srflx,
            address,
            base: address,
            related: None,
            server: self.plan.server,
            local: self.plan.local,
            server_address: self.target.address,
            transport: self.target.transport,
            url: self.plan.url.clone(),
        }
    }

    fn reflexive(&self, mapped: SocketAddr) -> Option<Find> {
        let base = self.base?;
        Some(Find { base, related: Some(base), ..self.find(mapped) })
    }
}
