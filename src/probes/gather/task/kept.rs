//! After the result: what it gave is held for whoever uses it.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Act, State, Talk, Task};
use crate::machine::{Socket, Time};
use crate::probes::gather::keep::Way;
use crate::probes::gather::keep::relay::Relay;
use crate::proto::allocation::Todo;
use crate::wire::channel_data::ChannelData;
use crate::wire::message::{Builder, Class, Method, TransactionId};

/// How long a path to a server may be silent (RFC 8445 §11).
const KEEPALIVE: Duration = Duration::from_secs(15);

/// What is held.
pub(super) struct Kept {
    /// For an allocation.
    relay: Option<Relay>,
    /// When the NAT is to be reminded of the path to the server; never on a stream.
    remind_at: Time,
}

impl Task {
    /// Holds what was found, under that name.
    pub(super) fn keep(&mut self, now: Time, way: Way) {
        let relay = matches!(self.talk, Some(Talk::Allocation(_))).then(|| Relay::new(way));
        if relay.is_none() {
            self.talk = None;
        }
        let remind_at = if self.is_stream() { Time::NEVER } else { now + KEEPALIVE };
        self.kept = Some(Kept { relay, remind_at });
        self.state = State::Kept;
    }

    pub(in crate::probes::gather) fn is_kept(&self) -> bool {
        self.state == State::Kept
    }

    /// A connection, or another socket that is nobody else's.
    pub(in crate::probes::gather) fn own_socket(&self) -> Option<Socket> {
        self.own
    }

    /// A conversation with that address goes on.
    pub(in crate::probes::gather) fn speaks_to(&self, to: SocketAddr) -> bool {
        self.target.address == to && matches!(self.state, State::Talking | State::Kept | State::Leaving)
    }

    /// Gives back what it holds.
    pub(in crate::probes::gather) fn let_go(&mut self) {
        if self.state != State::Kept {
            return;
        }
        self.kept = None;
        self.state = State::Leaving;
        match &mut self.talk {
            Some(Talk::Allocation(allocation)) => allocation.release(),
            _ => self.leave(),
        }
    }

    pub(in crate::probes::gather) fn relay(&mut self, to: SocketAddr, bytes: Vec<u8>) {
        if let (Some(Talk::Allocation(allocation)), Some(Kept { relay: Some(relay), .. })) =
            (&mut self.talk, &mut self.kept)
        {
            relay.send(allocation, to, bytes);
        }
    }

    pub(in crate::probes::gather) fn permit(&mut self, to: SocketAddr) {
        if let Some(Kept { relay: Some(relay), .. }) = &mut self.kept {
            relay.permit(to);
        }
    }

    pub(in crate::probes::gather) fn settle(&mut self, peer: SocketAddr) {
        if let (Some(Talk::Allocation(allocation)), Some(Kept { relay: Some(relay), .. })) =
            (&mut self.talk, &mut self.kept)
        {
            relay.settle(allocation, peer);
        }
    }

    /// The next thing to do about what is held; `None` when the state has changed.
    pub(super) fn hold(&mut self, now: Time) -> Option<Act> {
        let (to, socket) = (self.target.address, self.own);
        let Some(kept) = &mut self.kept else {
            self.leave();
            return None;
        };
        if now >= kept.remind_at {
            kept.remind_at = now + KEEPALIVE;
            let id = TransactionId(self.chance.bytes());
            let bytes = Builder::new(Class::Indication, Method::BINDING, id).fingerprint().build();
            return Some(Act::Send { socket, to, bytes });
        }
        let (Some(Talk::Allocation(allocation)), Some(relay)) = (&mut self.talk, &mut kept.relay) else {
            return Some(Act::Wait);
        };
        loop {
            if let Some(heard) = relay.heard() {
                return Some(Act::Heard(heard));
            }
            relay.flush(allocation);
            match allocation.next(now) {
                Todo::Send(bytes) => {
                    if kept.remind_at != Time::NEVER {
                        kept.remind_at = now + KEEPALIVE;
                    }
                    return Some(Act::Send { socket, to, bytes });
                }
                Todo::Event(event) => {
                    if relay.learned(allocation, event) {
                        self.acts.extend(std::iter::from_fn(|| relay.heard()).map(Act::Heard));
                        self.let_go();
                        return None;
                    }
                }
                Todo::Wait(_) => return Some(Act::Wait),
                Todo::Over => {
                    self.leave();
                    return None;
                }
            }
        }
    }

    pub(super) fn hold_until(&self) -> Time {
        let remind = self.kept.as_ref().map_or(Time::NEVER, |kept| kept.remind_at);
        match &self.talk {
            Some(Talk::Allocation(allocation)) => remind.min(allocation.wake()),
            _ => remind,
        }
    }

    /// The connection is gone.
    pub(super) fn lost(&mut self, why: String) {
        if let Some(Kept { relay: Some(mut relay), .. }) = self.kept.take() {
            relay.lost(why);
            self.acts.extend(std::iter::from_fn(|| relay.heard()).map(Act::Heard));
        }
        if let Some(Talk::Allocation(allocation)) = &mut self.talk {
            allocation.cut();
        }
        self.leave();
    }

    /// A ChannelData message; true when it came from where this task has an allocation, whatever the channel.
    pub(in crate::probes::gather) fn channel(&mut self, from: SocketAddr, message: ChannelData<'_>) -> bool {
        match &mut self.talk {
            Some(Talk::Allocation(allocation)) if self.state == State::Kept && from == self.target.address => {
                allocation.receive_channel(from, message);
                true
            }
            _ => false,
        }
    }
}
