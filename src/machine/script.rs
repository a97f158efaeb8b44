//! A machine written as a story: one `async` function in place of a table of states.
//!
//! For experiments that do one thing after another, with a few things side by side. The function
//! gets [`Hands`], through which it opens sockets, sends, waits and reports; it is still a
//! [`Machine`]: no clock, no socket, no thread of its own, and it runs in the simulator as on tokio.
//! What it waits for must come through `Hands` ([`Hands::open`], [`Line::next`], [`Hands::sleep_until`] …)
//! and be combined with [`both`], [`all`], [`any`] and [`either`]: there is no executor underneath that would
//! wake anything else.

mod combine;
mod line;

pub use combine::{Either, Part, all, any, both, either};
pub use line::{Incoming, Line};

use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::{Input, Lookup, LookupFailure, Machine, Output, Question, Record, Refusal, Secure, Socket, Time, Want};

/// Datagrams and pieces of streams that wait to be read on one socket; what comes beyond is dropped
/// (datagrams) or ends the connection (streams).
const INBOX: usize = 4096;

/// A machine made from an `async` function.
pub struct Script<E> {
    story: Pin<Box<dyn Future<Output = ()>>>,
    world: Rc<RefCell<World<E>>>,
    ended: bool,
    /// The story may be able to go on.
    awake: bool,
}

struct World<E> {
    now: Time,
    out: VecDeque<Output<E>>,
    next: u64,
    sockets: HashMap<Socket, Port>,
    answers: HashMap<Lookup, Option<Result<Vec<Record>, LookupFailure>>>,
    /// The earliest moment that somebody sleeps for.
    alarm: Option<Time>,
    stopping: bool,
    /// Raised by everything that another part of the story may be waiting for.
    changes: u64,
    accepted: HashSet<Socket>,
}

/// What the story knows of a socket.
struct Port {
    opened: Option<Result<(SocketAddr, Option<Secure>), Refusal>>,
    inbox: VecDeque<Incoming>,
    closed: bool,
    stream: bool,
}

/// The way of a story into the world. Clones are the same hands.
pub struct Hands<E>(Rc<RefCell<World<E>>>);

impl<E> Clone for Hands<E> {
    fn clone(&self) -> Hands<E> {
        Hands(Rc::clone(&self.0))
    }
}

impl<E: 'static> Script<E> {
    /// Makes a machine; nothing happens before its first output is asked for.
    pub fn new<F: Future<Output = ()> + 'static>(story: impl FnOnce(Hands<E>) -> F) -> Script<E> {
        let world = Rc::new(RefCell::new(World {
            now: Time::ZERO,
            out: VecDeque::new(),
            next: 0,
            sockets: HashMap::new(),
            answers: HashMap::new(),
            alarm: None,
            stopping: false,
            changes: 0,
            accepted: HashSet::new(),
        }));
        let story = Box::pin(story(Hands(Rc::clone(&world))));
        Script { story, world, ended: false, awake: true }
    }

    fn go_on(&mut self, now: Time) {
        self.awake = false;
        self.world.borrow_mut().now = now;
        let mut context = Context::from_waker(Waker::noop());
        while !self.ended {
            let before = {
                let mut world = self.world.borrow_mut();
                world.alarm = None;
                world.changes
            };
            self.ended = self.story.as_mut().poll(&mut context).is_ready();
            if self.world.borrow().changes == before {
                break;
            }
        }
    }
}

impl<E: 'static> Machine for Script<E> {
    type Event = E;

    fn input(&mut self, now: Time, input: Input<'_>) {
        self.awake = true;
        let mut world = self.world.borrow_mut();
        world.now = now;
        match input {
            Input::Tick => {}
            Input::Stop => world.stopping = true,
            Input::Opened { socket, local, secure } => {
                if let Some(port) = world.sockets.get_mut(&socket) {
                    port.opened = Some(Ok((local, secure.cloned())));
                }
            }
            Input::Refused { socket, why } => {
                if let Some(port) = world.sockets.get_mut(&socket) {
                    port.opened = Some(Err(why.clone()));
                    port.closed = true;
                }
            }
            Input::Received { socket, from, bytes } => {
                world.incoming(socket, Incoming::Bytes { from, bytes: bytes.to_vec(), at: now });
            }
            Input::Unreachable { socket, to, icmp } => {
                world.incoming(socket, Incoming::Unreachable { to, icmp, at: now });
            }
            Input::Closed { socket, why } => {
                world.incoming(socket, Incoming::Closed { why: why.clone(), at: now });
                if let Some(port) = world.sockets.get_mut(&socket) {
                    port.closed = true;
                }
            }
            Input::Answered { lookup, answer } => {
                if let Some(slot) = world.answers.get_mut(&lookup) {
                    *slot = Some(answer.clone());
                }
            }
            Input::Accepted { socket, .. } => {
                world.accepted.insert(socket);
            }
            Input::Connected { .. } | Input::Told { .. } => {}
        }
    }

    fn output(&mut self, now: Time) -> Output<E> {
        let due = self.world.borrow().alarm.is_some_and(|alarm| alarm <= now);
        if self.awake || due {
            self.go_on(now);
        }
        let mut world = self.world.borrow_mut();
        if let Some(output) = world.out.pop_front() {
            return output;
        }
        if self.ended {
            return Output::Done;
        }
        Output::WaitUntil(world.alarm.unwrap_or(Time::NEVER), "the story goes on")
    }
}

impl<E> World<E> {
    fn incoming(&mut self, socket: Socket, incoming: Incoming) {
        let Some(port) = self.sockets.get_mut(&socket) else { return };
        if port.inbox.len() < INBOX {
            port.inbox.push_back(incoming);
        } else if port.stream && !port.closed {
            port.closed = true;
            self.out.push_back(Output::Close { socket });
        }
    }
}

impl<E: 'static> Hands<E> {
    /// The time of whatever happened last.
    #[must_use]
    pub fn now(&self) -> Time {
        self.0.borrow().now
    }

    /// Reports something.
    pub fn tell(&self, event: E) {
        self.0.borrow_mut().out.push_back(Output::Event(event));
    }

    /// Whether the user wants to stop: release what is held, and end.
    #[must_use]
    pub fn stopping(&self) -> bool {
        self.0.borrow().stopping
    }

    /// Waits until the user wants to stop.
    pub async fn stopped(&self) {
        poll_fn(|_| if self.stopping() { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    /// Lets other parts of the story look again at what they share.
    pub fn changed(&self) {
        self.0.borrow_mut().changes += 1;
    }

    /// Waits for a condition that another part of the story brings about (and calls
    /// [`Hands::changed`]).
    pub async fn until<T>(&self, mut ready: impl FnMut() -> Option<T>) -> T {
        poll_fn(|_| ready().map_or(Poll::Pending, Poll::Ready)).await
    }

    /// Waits until that time.
    pub async fn sleep_until(&self, until: Time) {
        poll_fn(|_| {
            let mut world = self.0.borrow_mut();
            if world.now >= until {
                return Poll::Ready(());
            }
            world.alarm = Some(world.alarm.map_or(until, |alarm| alarm.min(until)));
            Poll::Pending
        })
        .await;
    }

    /// Waits that long.
    pub async fn sleep(&self, time: std::time::Duration) {
        self.sleep_until(self.now() + time).await;
    }

    /// Opens a socket; it closes when the [`Line`] is dropped.
    pub async fn open(&self, want: Want) -> Result<Line<E>, Refusal> {
        let (to, stream) = match &want {
            Want::Udp { connect, .. } => (*connect, false),
            Want::Tcp { to, .. } | Want::Tls { to, .. } => (Some(*to), true),
            Want::Dtls { to, .. } => (Some(*to), false),
            Want::Group { .. } => (None, false),
            Want::TcpListen { .. } | Want::TlsListen { .. } | Want::DtlsListen { .. } => (None, true),
        };
        let socket = {
            let mut world = self.0.borrow_mut();
            let socket = Socket(world.next);
            world.next += 1;
            let port = Port { opened: None, inbox: VecDeque::new(), closed: false, stream };
            world.sockets.insert(socket, port);
            world.out.push_back(Output::Open { socket, want });
            socket
        };
        // Closes the socket if the story loses interest while it opens.
        let mut line = Line::new(self.clone(), socket, to, stream);
        let opened = poll_fn(|_| {
            let mut world = self.0.borrow_mut();
            let opened = world.sockets.get_mut(&socket).and_then(|port| port.opened.take());
            opened.map_or(Poll::Pending, Poll::Ready)
        })
        .await;
        let (local, secure) = opened?;
        line.opened(local, secure);
        Ok(line)
    }

    /// Asks the DNS.
    pub async fn lookup(&self, question: Question) -> Result<Vec<Record>, LookupFailure> {
        let lookup = {
            let mut world = self.0.borrow_mut();
            let lookup = Lookup(world.next);
            world.next += 1;
            world.answers.insert(lookup, None);
            world.out.push_back(Output::Lookup { lookup, question });
            lookup
        };
        poll_fn(|_| {
            let mut world = self.0.borrow_mut();
            match world.answers.get(&lookup) {
                Some(Some(_)) => match world.answers.remove(&lookup) {
                    Some(Some(answer)) => Poll::Ready(answer),
                    _ => Poll::Pending,
                },
                _ => Poll::Pending,
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests;
