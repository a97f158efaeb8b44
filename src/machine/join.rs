use std::collections::{BTreeMap, HashMap, VecDeque};

use super::{Input, Lookup, Machine, Output, Socket, Time};

/// Several machines side by side, as one: this is how everything runs at once.
///
/// Each part keeps its own names for sockets and lookups; `Join` gives them names of its own
/// towards the outside and translates both ways. Parts can be added while it runs. It is done when
/// every part is.
pub struct Join<K, M> {
    parts: BTreeMap<K, Part<M>>,
    /// Outer name → part and its own name.
    sockets: HashMap<Socket, (K, Socket)>,
    lookups: HashMap<Lookup, (K, Lookup)>,
    next: u64,
    /// Parts that may have something to say.
    awake: VecDeque<K>,
}

struct Part<M> {
    machine: M,
    /// Own name → outer name.
    sockets: HashMap<Socket, Socket>,
    /// Until when there is nothing to do; `None` when it may have something to say.
    sleeps: Option<(Time, &'static str)>,
    done: bool,
}

impl<K: Ord + Clone + std::hash::Hash, M: Machine> Join<K, M> {
    #[must_use]
    pub fn new() -> Join<K, M> {
        Join {
            parts: BTreeMap::new(),
            sockets: HashMap::new(),
            lookups: HashMap::new(),
            next: 0,
            awake: VecDeque::new(),
        }
    }

    /// Adds a machine under a name that must not be in use.
    pub fn add(&mut self, key: K, machine: M) {
        let part = Part { machine, sockets: HashMap::new(), sleeps: None, done: false };
        let before = self.parts.insert(key.clone(), part);
        debug_assert!(before.is_none(), "a part's name is used once");
        self.awake.push_back(key);
    }

    /// Reaches into a part, to tell it something that is not an [`Input`]; it is asked for its
    /// output again afterwards.
    pub fn tell<T>(&mut self, key: &K, say: impl FnOnce(&mut M) -> T) -> Option<T> {
        let part = self.parts.get_mut(key)?;
        part.sleeps = None;
        self.awake.push_back(key.clone());
        Some(say(&mut part.machine))
    }

    #[must_use]
    pub fn get(&self, key: &K) -> Option<&M> {
        self.parts.get(key).map(|part| &part.machine)
    }

    /// Every part, running or done.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &M)> {
        self.parts.iter().map(|(key, part)| (key, &part.machine))
    }

    fn give(&mut self, now: Time, key: &K, input: Input<'_>) {
        if let Some(part) = self.parts.get_mut(key) {
            if part.done {
                return;
            }
            part.machine.input(now, input);
            part.sleeps = None;
            self.awake.push_back(key.clone());
        }
    }

    /// The outer name for a part's socket; made on first use.
    fn outer_socket(&mut self, key: &K, own: Socket) -> Socket {
        let Some(part) = self.parts.get_mut(key) else { return own };
        if let Some(outer) = part.sockets.get(&own) {
            return *outer;
        }
        let outer = Socket(self.next);
        self.next += 1;
        part.sockets.insert(own, outer);
        self.sockets.insert(outer, (key.clone(), own));
        outer
    }

    fn forget_socket(&mut self, outer: Socket) {
        if let Some((key, own)) = self.sockets.remove(&outer)
            && let Some(part) = self.parts.get_mut(&key)
        {
            part.sockets.remove(&own);
        }
    }

    fn translate(&mut self, key: &K, output: Output<M::Event>) -> Output<(K, M::Event)> {
        match output {
            Output::Open { socket, want } => Output::Open { socket: self.outer_socket(key, socket), want },
            Output::Close { socket } => {
                let outer = self.outer_socket(key, socket);
                self.forget_socket(outer);
                Output::Close { socket: outer }
            }
            Output::Send { socket, to, bytes } => Output::Send { socket: self.outer_socket(key, socket), to, bytes },
            Output::Lookup { lookup, question } => {
                let outer = Lookup(self.next);
                self.next += 1;
                self.lookups.insert(outer, (key.clone(), lookup));
                Output::Lookup { lookup: outer, question }
            }
            Output::Event(event) => Output::Event((key.clone(), event)),
            Output::WaitUntil(until, why) => Output::WaitUntil(until, why),
            Output::Done => Output::Done,
        }
    }
}

impl<K: Ord + Clone + std::hash::Hash, M: Machine> Default for Join<K, M> {
    fn default() -> Self {
        Join::new()
    }
}

impl<K: Ord + Clone + std::hash::Hash, M: Machine> Machine for Join<K, M> {
    type Event = (K, M::Event);

    fn input(&mut self, now: Time, input: Input<'_>) {
        match input {
            Input::Tick => {
                let due = |part: &Part<M>| !part.done && part.sleeps.is_some_and(|(until, _)| until <= now);
                let keys: Vec<K> =
                    self.parts.iter().filter(|(_, part)| due(part)).map(|(key, _)| key.clone()).collect();
                for key in keys {
                    self.give(now, &key, Input::Tick);
                }
            }
            // To everybody: whoever it is not for does not understand it.
            Input::Told { .. } | Input::Stop => {
                let keys: Vec<K> = self.parts.keys().cloned().collect();
                for key in keys {
                    self.give(now, &key, input);
                }
            }
            Input::Answered { lookup, answer } => {
                if let Some((key, own)) = self.lookups.remove(&lookup) {
                    self.give(now, &key, Input::Answered { lookup: own, answer });
                }
            }
            Input::Accepted { listener, socket, local, from } => {
                let Some((key, own)) = self.sockets.get(&listener).cloned() else { return };
                // The driver chose this name; it is unique, so the part may use it as it is.
                self.sockets.insert(socket, (key.clone(), socket));
                if let Some(part) = self.parts.get_mut(&key) {
                    part.sockets.insert(socket, socket);
                }
                self.give(now, &key, Input::Accepted { listener: own, socket, local, from });
            }
            Input::Connected { socket, .. }
            | Input::Opened { socket, .. }
            | Input::Received { socket, .. }
            | Input::Unreachable { socket, .. }
            | Input::Refused { socket, .. }
            | Input::Closed { socket, .. } => {
                let Some((key, own)) = self.sockets.get(&socket).cloned() else { return };
                if matches!(input, Input::Refused { .. } | Input::Closed { .. }) {
                    self.forget_socket(socket);
                }
                self.give(now, &key, rename(input, own));
            }
        }
    }

    fn output(&mut self, now: Time) -> Output<(K, M::Event)> {
        while let Some(key) = self.awake.front().cloned() {
            let Some(part) = self.parts.get_mut(&key).filter(|part| !part.done && part.sleeps.is_none()) else {
                self.awake.pop_front();
                continue;
            };
            match part.machine.output(now) {
                Output::WaitUntil(until, why) => part.sleeps = Some((until, why)),
                Output::Done => part.done = true,
                output => return self.translate(&key, output),
            }
            self.awake.pop_front();
        }
        let running = self.parts.values().filter(|part| !part.done);
        match running.filter_map(|part| part.sleeps).min_by_key(|(until, _)| *until) {
            Some((until, why)) => Output::WaitUntil(until, why),
            None => Output::Done,
        }
    }
}

fn rename(input: Input<'_>, socket: Socket) -> Input<'_> {
    match input {
        Input::Connected { local, .. } => Input::Connected { socket, local },
        Input::Opened { local, secure, .. } => Input::Opened { socket, local, secure },
        Input::Refused { why, .. } => Input::Refused { socket, why },
        Input::Received { from, bytes, .. } => Input::Received { socket, from, bytes },
        Input::Unreachable { to, icmp, .. } => Input::Unreachable { socket, to, icmp },
        Input::Closed { why, .. } => Input::Closed { socket, why },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::machine::Want;

    /// Opens socket 7, sends once, reports what it hears, then is done.
    struct Parrot {
        to: SocketAddr,
        state: u8,
        heard: Option<Vec<u8>>,
    }

    fn parrot() -> Parrot {
        Parrot { to: "127.0.0.1:9".parse().unwrap(), state: 0, heard: None }
    }

    impl Machine for Parrot {
        type Event = Vec<u8>;
        fn input(&mut self, _now: Time, input: Input<'_>) {
            match input {
                Input::Opened { socket: Socket(7), .. } => self.state = 2,
                Input::Received { socket: Socket(7), bytes, .. } => self.heard = Some(bytes.to_vec()),
                _ => {}
            }
        }
        fn output(&mut self, _now: Time) -> Output<Vec<u8>> {
            if let Some(heard) = self.heard.take() {
                self.state = 4;
                return Output::Event(heard);
            }
            match self.state {
                0 => {
                    self.state = 1;
                    Output::Open { socket: Socket(7), want: Want::udp(self.to) }
                }
                2 => {
                    self.state = 3;
                    Output::Send { socket: Socket(7), to: self.to, bytes: vec![1] }
                }
                4 => Output::Done,
                _ => Output::WaitUntil(Time::NEVER, "an answer"),
            }
        }
    }

    #[test]
    fn keeps_the_sockets_of_its_parts_apart() {
        let mut join = Join::new();
        join.add('a', parrot());
        join.add('b', parrot());
        let now = Time::ZERO;
        let mut opened = Vec::new();
        while let Output::Open { socket, .. } = join.output(now) {
            opened.push(socket);
        }
        assert_eq!(opened.len(), 2);
        assert_ne!(opened[0], opened[1]);
        let local = "127.0.0.1:1".parse().unwrap();
        for socket in &opened {
            join.input(now, Input::Opened { socket: *socket, local, secure: None });
        }
        while let Output::Send { .. } = join.output(now) {}
        for (socket, byte) in opened.iter().zip([10, 20]) {
            join.input(now, Input::Received { socket: *socket, from: local, bytes: &[byte] });
        }
        let mut heard = Vec::new();
        while let Output::Event(event) = join.output(now) {
            heard.push(event);
        }
        assert_eq!(join.output(now), Output::Done);
        assert_eq!(heard, [('a', vec![10]), ('b', vec![20])]);
    }
}
