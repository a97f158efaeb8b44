//! Which candidates can be had from here, and from which servers not, and why.
//!
//! Every server is asked from every local address at once. Each local address has one UDP socket
//! for its host candidate, for all STUN servers and for all TURN servers over UDP, as an ICE agent
//! has: so a server-reflexive candidate's base is a host candidate, and two servers that see
//! different ports show a NAT whose mapping depends on the destination. TCP, TLS and DTLS have a
//! connection each.

mod asking;
mod config;
pub(super) mod harvest;
pub mod keep;
mod task;
mod verdict;
mod words;

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use crate::machine::{Chance, Input, Lookup, Machine, Output, Socket, Time, Want};
use crate::report::Event;
use crate::wire::message::Message;
use asking::Asking;
pub use config::{Alternate, Config, Local, ServerSpec};
use harvest::Harvest;
use keep::{Heard, names::Names, streams::Streams};
use task::{Act, Task};

/// With schedules up to this length, silence is given up sooner where the server has answered on
/// another path.
const PROMPT: Duration = Duration::from_secs(10);

/// The machine that gathers.
pub struct Gathering {
    config: Config,
    chance: Chance,
    locals: Vec<LocalState>,
    askings: Vec<Asking>,
    tasks: Vec<Task>,
    sockets: HashMap<Socket, Owner>,
    lookups: HashMap<Lookup, usize>,
    next_name: u64,
    /// Tasks that wait for one of [`Config::connections`].
    queued: VecDeque<(usize, Want)>,
    connections: usize,
    harvest: Harvest,
    out: VecDeque<Output<Event>>,
    /// What came over what is kept, until it is asked for.
    heard: VecDeque<Heard>,
    /// The TCP listeners of the local addresses; none without [`Config::tcp`].
    listeners: Vec<LocalState>,
    streams: Streams,
    names: Names,
    /// Sockets of relays that are kept; they do not count as [`Config::connections`] any more.
    held: HashSet<Socket>,
    /// Something was said to a part that was not an input.
    stirred: bool,
    started: bool,
    stopping: bool,
    complete: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum LocalState {
    Opening,
    Open { socket: Socket, address: SocketAddr },
    Refused,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Local(usize),
    /// The TCP listener of a local address.
    Listener(usize),
    Task(usize),
}

impl Gathering {
    #[must_use]
    pub fn new(config: Config, chance: Chance) -> Gathering {
        let harvest = Harvest::new(&config);
        let locals = vec![LocalState::Opening; config.locals.len()];
        let listeners = if config.keep && config.tcp && config.host { locals.clone() } else { Vec::new() };
        Gathering {
            config,
            chance,
            locals,
            askings: Vec::new(),
            tasks: Vec::new(),
            sockets: HashMap::new(),
            lookups: HashMap::new(),
            next_name: 0,
            queued: VecDeque::new(),
            connections: 0,
            harvest,
            out: VecDeque::new(),
            heard: VecDeque::new(),
            listeners,
            streams: Streams::default(),
            names: Names::default(),
            held: HashSet::new(),
            stirred: false,
            started: false,
            stopping: false,
            complete: false,
        }
    }

    fn start(&mut self, now: Time) {
        self.started = true;
        for (index, local) in self.config.locals.iter().enumerate() {
            let socket = Socket(self.next_name);
            self.next_name += 1;
            self.sockets.insert(socket, Owner::Local(index));
            let want = Want::udp(SocketAddr::new(local.address, 0));
            self.out.push_back(Output::Open { socket, want });
        }
        self.listen();
        for (index, server) in self.config.servers.iter().enumerate() {
            let asking = Asking::new(now, index, server, &self.config, self.chance.split());
            self.askings.push(asking);
        }
        self.follow_up(now);
    }

    /// Lets everything that can go on go on.
    fn follow_up(&mut self, now: Time) {
        for index in 0..self.askings.len() {
            self.look_up(now, index);
        }
        // Tasks wait until the sockets are there: the host candidates come first, and their
        // addresses are the bases of all others.
        if !self.locals.contains(&LocalState::Opening) {
            for index in 0..self.tasks.len() {
                self.advance(now, index);
            }
        }
        self.resolve_names(now);
        self.finish(now);
    }

    fn look_up(&mut self, now: Time, index: usize) {
        let asking = &mut self.askings[index];
        asking.resolution.tick(now);
        while let Some(question) = asking.resolution.question() {
            let lookup = Lookup(self.next_name);
            self.next_name += 1;
            self.lookups.insert(lookup, index);
            asking.questions.insert(lookup, question.clone());
            self.out.push_back(Output::Lookup { lookup, question });
        }
        while let Some((family, found)) = asking.resolution.settled() {
            for plan in asking.settle(family, found, &self.config) {
                let chance = self.chance.split();
                let first = self.tasks.len();
                asking.tasks.push((family, first));
                let keep = self.config.keep.then(|| keep::relay_way(self.config.locals.len(), first));
                self.tasks.push(Task::new(now, plan, &self.config, chance, keep));
            }
        }
    }

    fn advance(&mut self, now: Time, index: usize) {
        loop {
            let local = self.locals[self.tasks[index].local()];
            let base = match local {
                LocalState::Open { address, .. } => Some(address),
                _ => None,
            };
            match self.tasks[index].next(now, base) {
                Act::Open(want) => {
                    if self.connections < self.config.connections.max(1) {
                        self.open(index, want);
                    } else {
                        self.queued.push_back((index, want));
                    }
                }
                Act::Close(socket) => {
                    self.forget(socket);
                    self.out.push_back(Output::Close { socket });
                }
                Act::Send { socket, to, bytes } => {
                    let socket = socket.or(match local {
                        LocalState::Open { socket, .. } => Some(socket),
                        _ => None,
                    });
                    if let Some(socket) = socket {
                        self.out.push_back(Output::Send { socket, to, bytes });
                    }
                }
                Act::Ended(ended) => {
                    let asking = &mut self.askings[self.tasks[index].server()];
                    let answered = asking.learn(now, &ended, &self.config, &mut self.harvest, &mut self.out);
                    self.found(Some(index));
                    // Whoever asked for a patient schedule gets it.
                    if answered && self.config.schedule.total() <= PROMPT {
                        let server = self.tasks[index].server();
                        for task in &mut self.tasks {
                            task.hurry(now, server, &ended);
                        }
                    }
                }
                Act::Note(text) => {
                    self.out.push_back(Output::Event(Event::Note { elapsed_ms: now.millis(), text }));
                }
                Act::Heard(heard) => self.heard.push_back(heard),
                Act::Wait | Act::Over => return,
            }
        }
    }

    fn open(&mut self, index: usize, want: Want) {
        let socket = Socket(self.next_name);
        self.next_name += 1;
        self.connections += 1;
        self.sockets.insert(socket, Owner::Task(index));
        self.tasks[index].named(socket);
        self.out.push_back(Output::Open { socket, want });
    }

    fn forget(&mut self, socket: Socket) {
        if let Some(Owner::Task(_)) = self.sockets.remove(&socket)
            && !self.held.remove(&socket)
        {
            self.connection_over();
        }
    }

    fn connection_over(&mut self) {
        self.connections -= 1;
        while self.connections < self.config.connections.max(1)
            && let Some((index, want)) = self.queued.pop_front()
        {
            if !self.tasks[index].is_over() {
                self.open(index, want);
            }
        }
    }

    /// Says which servers are finished, that everything is, and closes the sockets at the end.
    fn finish(&mut self, now: Time) {
        let tasks = &self.tasks;
        for asking in &mut self.askings {
            asking.conclude(now, &self.config, |task| tasks[task].is_settled(), &mut self.out);
        }
        let settled = !self.locals.iter().chain(&self.listeners).any(|state| *state == LocalState::Opening);
        if settled && !self.complete && self.askings.iter().all(Asking::is_finished) {
            self.complete = true;
            if !self.stopping {
                self.heard.extend(self.config.keep.then_some(Heard::Complete));
                self.out.push_back(Output::Event(Event::Complete { elapsed_ms: now.millis() }));
            }
        }
        if self.is_over() {
            self.streams.close(&mut self.out);
            self.names.close(&mut self.out);
            for local in self.locals.iter_mut().chain(&mut self.listeners) {
                if let LocalState::Open { socket, .. } = *local {
                    self.out.push_back(Output::Close { socket });
                    *local = LocalState::Refused;
                }
            }
        }
    }

    fn is_over(&self) -> bool {
        let kept = self.config.keep && !self.stopping;
        self.complete && !kept && self.tasks.iter().all(Task::is_over)
    }

    fn opened(&mut self, now: Time, socket: Socket, address: SocketAddr) {
        let Some(Owner::Local(index)) = self.sockets.get(&socket).copied() else { return };
        self.locals[index] = LocalState::Open { socket, address };
        self.harvest.host(now, index, address, &self.config, &mut self.out);
        self.connects(now, index);
        self.found(None);
    }

    /// A datagram on a local socket, which all that share it may have asked for.
    fn received(&mut self, now: Time, local: usize, from: SocketAddr, bytes: &[u8]) {
        let message = Message::decode(bytes).ok();
        let mut shared = self.tasks.iter_mut().filter(|task| task.shares(local));
        let known = message.is_some_and(|message| shared.any(|task| task.message(now, from, &message)));
        if !known && !self.peer_said(local, from, bytes) {
            for task in self.tasks.iter_mut().filter(|task| task.shares(local)) {
                task.noise(now, from, bytes.len());
            }
        }
    }

    fn stop(&mut self, now: Time) {
        self.stopping = true;
        self.queued.clear();
        for local in self.locals.iter_mut().chain(&mut self.listeners) {
            if *local == LocalState::Opening {
                *local = LocalState::Refused;
            }
        }
        for asking in &mut self.askings {
            asking.stop(now);
        }
        for task in &mut self.tasks {
            task.let_go();
            task.stop(now);
        }
    }
}

impl Machine for Gathering {
    type Event = Event;

    fn input(&mut self, now: Time, input: Input<'_>) {
        if self.is_kept_apart(now, input) {
            return self.follow_up(now);
        }
        let owner = |socket| self.sockets.get(&socket).copied();
        match input {
            Input::Tick => {}
            Input::Stop => self.stop(now),
            Input::Opened { socket, local, secure } => match owner(socket) {
                Some(Owner::Local(_)) => self.opened(now, socket, local),
                Some(Owner::Task(index)) => self.tasks[index].opened(now, local, secure),
                Some(Owner::Listener(_)) | None => {}
            },
            Input::Connected { socket, local } => {
                if let Some(Owner::Task(index)) = owner(socket) {
                    self.tasks[index].connected(local);
                }
            }
            Input::Refused { socket, why } => match owner(socket) {
                Some(Owner::Local(index)) => {
                    self.locals[index] = LocalState::Refused;
                    let text = words::no_local_socket("UDP socket", &self.config.locals[index], why);
                    self.out.push_back(Output::Event(Event::Note { elapsed_ms: now.millis(), text }));
                }
                Some(Owner::Task(index)) => {
                    self.tasks[index].refused(now, why);
                    self.forget(socket);
                }
                Some(Owner::Listener(_)) | None => {}
            },
            Input::Received { socket, from, bytes } => match owner(socket) {
                Some(Owner::Local(index)) => self.received(now, index, from, bytes),
                Some(Owner::Task(index)) => self.tasks[index].received(now, from, bytes),
                Some(Owner::Listener(_)) | None => {}
            },
            Input::Unreachable { socket, to, icmp } => match owner(socket) {
                Some(Owner::Local(index)) => {
                    for task in self.tasks.iter_mut().filter(|task| task.shares(index)) {
                        task.unreachable(now, to, icmp);
                    }
                    self.peer_unreachable(index, to, icmp);
                }
                Some(Owner::Task(index)) => self.tasks[index].unreachable(now, to, icmp),
                Some(Owner::Listener(_)) | None => {}
            },
            Input::Closed { socket, why } => {
                if let Some(Owner::Task(index)) = owner(socket) {
                    self.tasks[index].closed(now, why);
                    self.forget(socket);
                }
            }
            Input::Answered { lookup, answer } => {
                if let Some(index) = self.lookups.remove(&lookup) {
                    self.askings[index].answered(now, lookup, answer.clone());
                }
            }
            Input::Accepted { .. } | Input::Told { .. } => {}
        }
        self.follow_up(now);
    }

    fn output(&mut self, now: Time) -> Output<Event> {
        if !self.started {
            self.start(now);
        }
        if self.out.is_empty() && std::mem::take(&mut self.stirred) {
            self.follow_up(now);
        }
        if let Some(output) = self.out.pop_front() {
            return output;
        }
        if self.is_over() {
            return Output::Done;
        }
        let tasks = self.tasks.iter().map(Task::wake);
        let names = self.askings.iter().map(|asking| asking.resolution.wake()).filter(|wake| *wake > now);
        let wake = tasks.chain(names).chain([self.names.wake()]).min().unwrap_or(Time::NEVER);
        Output::WaitUntil(wake, "answers of servers")
    }
}
