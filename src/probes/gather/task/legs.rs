//! One server address after the other: how each is begun, left for another, and ended.

use std::net::SocketAddr;

use super::{Act, Ask, Ended, REDIRECTIONS, State, Talk, Task};
use crate::machine::{Fragments, Peer, Time, Trust, Want};
use crate::probes::gather::Alternate;
use crate::probes::gather::harvest::Find;
use crate::probes::gather::verdict::{self, Verdict};
use crate::proto::allocation::{Allocation, Wish};
use crate::proto::exchange::{Exchange, Request, Route};
use crate::report::Outcome;
use crate::wire::attribute;
use crate::wire::framing::Deframer;
use crate::wire::integrity::Integrity;
use crate::wire::message::{Message, Method};
use crate::wire::uri::Transport;

impl Task {
    pub(super) fn begin(&mut self, now: Time, base: Option<SocketAddr>) {
        self.began = now;
        self.secure = None;
        self.deframer = Deframer::new();
        let to = self.target.address;
        let local = SocketAddr::new(self.local_ip, 0);
        let peer = || Peer { name: self.name.clone(), trust: Trust::Verify, alpn: Vec::new() };
        let want = match self.target.transport {
            Transport::Udp if self.wants_own => Want::Udp { local, connect: Some(to), fragments: Fragments::System },
            Transport::Udp => {
                self.base = base;
                self.opened_at = now;
                if base.is_some() {
                    self.start_talk();
                } else {
                    let verdict = verdict::no_socket(self.local_ip);
                    self.position = self.plan.targets.len();
                    self.leg_over(now, verdict, Vec::new());
                }
                return;
            }
            Transport::Tcp => Want::Tcp { local: Some(local), to },
            Transport::Tls => Want::Tls { local: Some(local), to, peer: peer() },
            Transport::Dtls => Want::Dtls { local: Some(local), to, peer: peer() },
        };
        self.base = None;
        self.state = State::Opening;
        self.acts.push_back(Act::Open(want));
    }

    pub(super) fn start_talk(&mut self) {
        let route = Route { server: self.target.address, stream: self.is_stream(), schedule: self.schedule };
        self.talk = Some(match self.plan.ask {
            Ask::Binding => {
                // No SOFTWARE here: RFC 3489 servers stay silent at an attribute that they do not know.
                let request = Request::new(Method::BINDING);
                let credentials = self.plan.credentials.clone();
                Talk::Binding(Box::new(Exchange::new(request, route, credentials, None, &mut self.chance)))
            }
            Ask::Allocate => {
                let family = self.wants_v6.then_some(attribute::Family::V6);
                let wish = Wish { software: self.software.clone(), family, ..Wish::default() };
                let credentials = self.plan.credentials.clone();
                Talk::Allocation(Box::new(Allocation::new(route, credentials, wish, self.chance.split())))
            }
        });
        self.state = State::Talking;
    }

    /// Follows 300 Try Alternate where that is safe (RFC 8489 §10); false ends in failure.
    pub(super) fn redirect(&mut self, message: &Message, integrity: Integrity) -> bool {
        let signed = matches!(integrity, Integrity::Valid { .. });
        let allowed = match self.alternate {
            Alternate::Follow => true,
            Alternate::Signed => signed,
            Alternate::Ignore => false,
        };
        let here = self.target.address;
        let alternates = message.addresses(attribute::ALTERNATE_SERVER);
        let Some(next) = alternates.into_iter().find(|next| next.is_ipv4() == here.is_ipv4()) else {
            self.remarks.push("300 Try Alternate names no server of this address family".into());
            return false;
        };
        if !allowed {
            self.remarks.push(format!("300 Try Alternate to {next} was not followed"));
            return false;
        }
        if self.visited.contains(&next) || self.visited.len() > REDIRECTIONS {
            self.remarks.push(format!("300 Try Alternate leads in a circle: {here} sends to {next}"));
            return false;
        }
        let how = if signed { "" } else { ", unsigned" };
        self.remarks.push(format!("{here} sent us to {next} (300 Try Alternate{how})"));
        self.visited.push(next);
        self.target.address = next;
        if let Some(domain) = message.text(attribute::ALTERNATE_DOMAIN) {
            self.name = domain;
        }
        self.again();
        true
    }

    /// Starts again with the current target.
    pub(super) fn again(&mut self) {
        self.talk = None;
        self.impatient_at = None;
        self.close_own();
        self.state = State::Ready;
    }

    /// One server address is done with; on to the next, or the end.
    pub(super) fn leg_over(&mut self, now: Time, verdict: Verdict, finds: Vec<Find>) {
        let seen = self.seen(now);
        let mut verdict = verdict;
        if verdict.outcome == Outcome::Timeout && !self.remarks.is_empty() && !seen.answered {
            // What came was no answer; but it is not nothing.
            let text = verdict.detail.take().unwrap_or_default();
            verdict.detail = Some(format!("{text}, only {}", self.remarks[0]));
        }
        let found = verdict.outcome == Outcome::Ok && !finds.is_empty();
        let next = verdict.next_address.then(|| self.plan.targets.get(self.position).copied()).flatten();
        self.acts.push_back(Act::Ended(Box::new(Ended {
            ask: self.plan.ask,
            local: self.plan.local,
            target: self.target,
            base: self.base,
            began: self.began,
            verdict,
            seen,
            secure: self.secure.clone(),
            finds,
            remarks: std::mem::take(&mut self.remarks),
        })));
        if let Some(target) = next {
            self.position += 1;
            self.target = target;
            self.visited = vec![target.address];
            self.again();
            return;
        }
        self.settled = true;
        if let Some(way) = self.keep.filter(|_| found && self.is_usable()) {
            self.keep(now, way);
            return;
        }
        if let Some(Talk::Allocation(allocation)) = &mut self.talk {
            allocation.release();
        }
        self.state = State::Leaving;
    }

    /// What it finds can be used by others: a relay, or the port of the local socket in front of a NAT. Nobody
    /// listens at the mapped port of a connection.
    fn is_usable(&self) -> bool {
        self.plan.ask == Ask::Allocate || (self.target.transport == Transport::Udp && !self.wants_own)
    }

    pub(super) fn leave(&mut self) {
        self.talk = None;
        self.close_own();
        self.state = State::Over;
    }

    pub(super) fn close_own(&mut self) {
        if let Some(socket) = self.own.take() {
            self.acts.push_back(Act::Close(socket));
        }
    }
}
