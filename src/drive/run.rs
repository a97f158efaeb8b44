//! The loop that runs a machine.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::arrivals::{Arrival, Arrivals, Key, News, Teller};
use super::clock::Clock;
use super::ear::Ear;
use super::shared::Shared;
use super::signals::Signals;
use super::stream::{AFTERWARDS, Outbox, Writer, outbox};
use super::udp::Udp;
use super::{CannotRun, Ended, Options, listen, multicast, resolve, tcp, tls, udp};
use crate::machine::{Input, Lookup, Machine, Output, Question, Refusal, Socket, Time, Want};

/// For a machine that was told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// Runs a future on a runtime of its own, on this thread.
pub fn block_on<F: Future>(future: F) -> Result<F::Output, CannotRun> {
    super::limits::enough_descriptors(super::LEAST_DESCRIPTORS)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let runtime = runtime.map_err(|error| CannotRun::Other(super::refusals::plain(&error)))?;
    let output = runtime.block_on(future);
    // A blocked thread (a certificate store on a dead network drive) keeps nobody here.
    runtime.shutdown_background();
    Ok(output)
}

/// Runs a machine until it is done, interrupted (Ctrl-C, SIGTERM) or `limit` has passed. Each event
/// is handed to `learn` the moment it comes.
pub async fn run<M: Machine>(
    machine: &mut M,
    options: &Options,
    limit: Option<Duration>,
    learn: impl FnMut(Time, M::Event),
) -> Result<Ended, CannotRun> {
    run_told(machine, options, limit, &mut Ear::deaf(), learn).await
}

/// The same for a machine that somebody talks to ([`Input::Told`]).
pub async fn run_told<M: Machine>(
    machine: &mut M,
    options: &Options,
    limit: Option<Duration>,
    ear: &mut Ear,
    learn: impl FnMut(Time, M::Event),
) -> Result<Ended, CannotRun> {
    let clock = Clock::start();
    let (arrivals, inbox) = Arrivals::new(clock);
    let (shared, all_left) = Shared::new(options.clone(), arrivals)?;
    let _end = EndOfRun(Arc::clone(&shared));
    let mut driver = Driver {
        machine,
        learn,
        ear,
        clock,
        now: Time::ZERO,
        inbox,
        returned: VecDeque::new(),
        sockets: HashMap::new(),
        names: HashMap::new(),
        accepted: Socket::ACCEPTED,
        just_closed: false,
        shared,
    };
    let (ended, patience) = driver.drive(limit).await;
    driver.finish(all_left, patience).await;
    Ok(ended)
}

/// Ends the tasks of a run, however it ends.
struct EndOfRun(Arc<Shared>);

impl Drop for EndOfRun {
    fn drop(&mut self) {
        self.0.nothing_new();
        self.0.end();
    }
}

struct Driver<'a, M, L> {
    machine: &'a mut M,
    learn: L,
    ear: &'a mut Ear,
    clock: Clock,
    /// The latest time that the machine was told.
    now: Time,
    inbox: mpsc::UnboundedReceiver<Arrival>,
    /// Like the inbox, for what sending itself brought up.
    returned: VecDeque<Arrival>,
    sockets: HashMap<Socket, Entry>,
    names: HashMap<Key, Socket>,
    /// The next name for a connection that is let in.
    accepted: u64,
    just_closed: bool,
    shared: Arc<Shared>,
}

/// A socket of the machine.
struct Entry {
    key: Key,
    hand: Hand,
    task: Option<AbortHandle>,
    opened: bool,
}

/// What the loop holds of a socket.
pub enum Hand {
    Udp(Arc<Udp>),
    Connection(Writer),
    Listener,
}

/// The machine was told to stop.
struct Stopping {
    ended: Ended,
    /// When it is cut off.
    until: Time,
}

/// A socket for datagrams that was asked for.
fn datagrams(shared: &Shared, mut teller: Teller, opened: Result<Udp, Refusal>) -> (Hand, Option<AbortHandle>) {
    match opened {
        Ok(udp) => {
            let udp = Arc::new(udp);
            teller.opened(teller.now(), udp.local, None);
            let task = shared.spawn(udp::read(Arc::clone(&udp), teller));
            (Hand::Udp(udp), Some(task))
        }
        Err(why) => {
            teller.refused(why);
            (Hand::Listener, None)
        }
    }
}

impl<M: Machine, L: FnMut(Time, M::Event)> Driver<'_, M, L> {
    /// Says how it ended, and how long to wait for what is still to leave.
    async fn drive(&mut self, limit: Option<Duration>) -> (Ended, Duration) {
        let mut signals = Signals::listen();
        let limit = limit.map_or(Time::NEVER, Time::from);
        let mut stopping: Option<Stopping> = None;
        let mut ticked = false;
        loop {
            let Some(until) = self.carry_out().await else {
                return (stopping.map_or(Ended::Done, |stopping| stopping.ended), AFTERWARDS);
            };
            let now = self.clock.now();
            let end = stopping.as_ref().map_or(limit, |stopping| stopping.until);
            if now >= end {
                match stopping {
                    Some(stopping) => return (stopping.ended, AFTERWARDS / 4),
                    None => stopping = Some(self.stop(Ended::TimedOut)),
                }
                continue;
            }
            // Neither a flood keeps the time from the machine, nor a machine in a hurry the news.
            if now >= until && !ticked {
                ticked = true;
                self.tick();
                continue;
            }
            ticked = false;
            if let Some(arrival) = self.returned.pop_front().or_else(|| self.inbox.try_recv().ok()) {
                self.give(arrival);
                continue;
            }
            tokio::select! {
                biased;
                () = signals.next() => match stopping {
                    Some(stopping) => return (stopping.ended, Duration::ZERO),
                    None => stopping = Some(self.stop(Ended::Interrupted)),
                },
                Some(arrival) = self.inbox.recv() => self.give(arrival),
                text = self.ear.next() => self.told(&text),
                () = sleep(self.clock, until.min(end)) => {}
            }
        }
    }

    fn stop(&mut self, ended: Ended) -> Stopping {
        self.now = self.now.max(self.clock.now());
        self.machine.input(self.now, Input::Stop);
        Stopping { ended, until: self.now + GRACE }
    }

    fn told(&mut self, text: &str) {
        self.now = self.now.max(self.clock.now());
        self.machine.input(self.now, Input::Told { text });
    }

    fn tick(&mut self) {
        self.now = self.now.max(self.clock.now());
        self.machine.input(self.now, Input::Tick);
    }

    /// Does what the machine says until it waits; `None` when it is done.
    async fn carry_out(&mut self) -> Option<Time> {
        loop {
            // With more news waiting, this is still their time: it must not overtake them.
            if self.inbox.is_empty() && self.returned.is_empty() {
                self.now = self.now.max(self.clock.now());
            }
            match self.machine.output(self.now) {
                Output::Open { socket, want } => self.open(socket, want).await,
                Output::Close { socket } => self.close(socket),
                Output::Send { socket, to, bytes } => self.send(socket, to, bytes).await,
                Output::Lookup { lookup, question } => self.look_up(lookup, question),
                Output::Event(event) => (self.learn)(self.now, event),
                Output::WaitUntil(until, _) => return Some(until),
                Output::Done => return None,
            }
        }
    }

    async fn open(&mut self, socket: Socket, want: Want) {
        debug_assert!(!self.sockets.contains_key(&socket), "a name is used for one socket at a time");
        self.close(socket);
        if std::mem::take(&mut self.just_closed) {
            // The tasks of closed sockets let go of their ports.
            tokio::task::yield_now().await;
        }
        let key = self.shared.key();
        let teller = self.shared.teller(key);
        self.names.insert(key, socket);
        let shared = Arc::clone(&self.shared);
        let (hand, task) = match want {
            Want::Udp { local, connect, fragments } => {
                datagrams(&shared, teller, Udp::open(&shared, local, connect, fragments))
            }
            Want::Group { group, local } => datagrams(&shared, teller, multicast::open(&shared, group, local)),
            Want::Tcp { local, to } => self.connection(|outbox| tcp::client(shared, teller, outbox, local, to)),
            Want::Tls { local, to, peer } => {
                self.connection(|outbox| tls::client(shared, teller, outbox, local, to, peer))
            }
            #[cfg(feature = "dtls")]
            Want::Dtls { local, to, peer } => {
                self.connection(|outbox| super::dtls::client(shared, teller, outbox, local, to, peer))
            }
            Want::TcpListen { local } => self.listener(listen::tcp(shared, teller, local)),
            Want::TlsListen { local } => self.listener(listen::tls(shared, teller, local)),
            #[cfg(feature = "dtls")]
            Want::DtlsListen { local } => self.listener(super::dtls::listen(shared, teller, local)),
            #[cfg(not(feature = "dtls"))]
            Want::Dtls { .. } | Want::DtlsListen { .. } => {
                teller.refused(Refusal::Unsupported { text: "this build has no DTLS".to_owned() });
                (Hand::Listener, None)
            }
        };
        self.sockets.insert(socket, Entry { key, hand, task, opened: false });
    }

    fn connection<T>(&self, task: impl FnOnce(Outbox) -> T) -> (Hand, Option<AbortHandle>)
    where
        T: Future<Output = ()> + Send + 'static,
    {
        let (writer, outbox) = outbox(self.shared.leaving());
        (Hand::Connection(writer), Some(self.shared.spawn(task(outbox))))
    }

    fn listener(&self, task: impl Future<Output = ()> + Send + 'static) -> (Hand, Option<AbortHandle>) {
        (Hand::Listener, Some(self.shared.spawn(task)))
    }

    fn close(&mut self, socket: Socket) {
        let Some(entry) = self.sockets.remove(&socket) else {
            return;
        };
        self.names.remove(&entry.key);
        self.just_closed = true;
        entry.close();
    }

    async fn send(&mut self, socket: Socket, to: std::net::SocketAddr, bytes: Vec<u8>) {
        let Some(entry) = self.sockets.get(&socket) else { return };
        let key = entry.key;
        match &entry.hand {
            Hand::Udp(udp) => {
                let mut returned = Vec::new();
                Arc::clone(udp).send(to, &bytes, &mut returned).await;
                for entry in returned {
                    let news = News::Unreachable { key, to: entry.to.unwrap_or(to), icmp: entry.icmp };
                    self.returned.push_back(Arrival { at: self.clock.now(), news, _permit: None });
                }
            }
            Hand::Connection(writer) => {
                if let Err(why) = writer.send(bytes) {
                    if let Some(task) = &entry.task {
                        task.abort();
                    }
                    let news = News::Closed { key, why };
                    self.returned.push_back(Arrival { at: self.clock.now(), news, _permit: None });
                }
            }
            Hand::Listener => {}
        }
    }

    fn look_up(&mut self, lookup: Lookup, question: Question) {
        self.shared.spawn(resolve::answer(Arc::clone(&self.shared), lookup, question));
    }

    /// Hands over what happened, unless it is about a socket that the machine has closed.
    fn give(&mut self, arrival: Arrival) {
        self.now = self.now.max(arrival.at);
        let now = self.now;
        match arrival.news {
            News::Connected { key, local } => {
                let Some(socket) = self.name(key) else { return };
                self.machine.input(now, Input::Connected { socket, local });
            }
            News::Opened { key, local, secure } => {
                let Some(socket) = self.name(key) else { return };
                if let Some(entry) = self.sockets.get_mut(&socket) {
                    entry.opened = true;
                }
                self.machine.input(now, Input::Opened { socket, local, secure: secure.as_deref() });
            }
            News::Refused { key, why } => {
                let Some(socket) = self.forget(key) else { return };
                self.machine.input(now, Input::Refused { socket, why: &why });
            }
            News::Accepted { listener, key, hand, task, local, from } => {
                let Some(listener) = self.name(listener) else {
                    task.abort();
                    return;
                };
                let socket = Socket(self.accepted);
                self.accepted += 1;
                self.names.insert(key, socket);
                self.sockets.insert(socket, Entry { key, hand, task: Some(task), opened: true });
                self.machine.input(now, Input::Accepted { listener, socket, local, from });
            }
            News::Received { key, from, bytes } => {
                let Some(socket) = self.name(key) else { return };
                self.machine.input(now, Input::Received { socket, from, bytes: &bytes });
            }
            News::Unreachable { key, to, icmp } => {
                let Some(socket) = self.name(key) else { return };
                self.machine.input(now, Input::Unreachable { socket, to, icmp });
            }
            News::Closed { key, why } => {
                let Some(socket) = self.forget(key) else { return };
                self.machine.input(now, Input::Closed { socket, why: &why });
            }
            News::Answered { lookup, answer } => {
                self.machine.input(now, Input::Answered { lookup, answer: &answer });
            }
        }
    }

    fn name(&self, key: Key) -> Option<Socket> {
        self.names.get(&key).copied()
    }

    fn forget(&mut self, key: Key) -> Option<Socket> {
        let socket = self.names.remove(&key)?;
        self.sockets.remove(&socket);
        Some(socket)
    }

    /// Closes everything in order and waits until what was sent has left.
    #[allow(clippy::iter_over_hash_type, reason = "no machine sees in which order its sockets end")]
    async fn finish(mut self, mut all_left: mpsc::Receiver<()>, patience: Duration) {
        self.shared.nothing_new();
        for (_, entry) in self.sockets.drain() {
            entry.close();
        }
        let _ = tokio::time::timeout(patience, all_left.recv()).await;
    }
}

impl Entry {
    fn close(self) {
        match self.hand {
            // Dropping the writer closes the connection in order.
            Hand::Connection(_) if self.opened => {}
            _ => {
                if let Some(task) = self.task {
                    task.abort();
                }
            }
        }
    }
}

async fn sleep(clock: Clock, until: Time) {
    match clock.at(until) {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}
