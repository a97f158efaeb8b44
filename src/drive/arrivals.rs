//! The way from the sockets to the loop.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::AbortHandle;

use super::clock::Clock;
use super::run::Hand;
use crate::machine::{Ending, Icmp, Lookup, LookupFailure, Record, Refusal, Secure, Time};

/// How many bytes of one socket may wait for the machine, overhead included. A datagram of the
/// largest size fits; whoever sends faster than the machine reads waits in the kernel, which drops
/// datagrams and slows streams.
const WAITING: usize = 256 * 1024;
/// What one arrival costs besides its bytes.
const OVERHEAD: usize = 256;

/// One use of a socket's name. Names may be used again, keys are not, so that what is still on its
/// way from a closed socket is recognised as stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub u64);

/// Something that happened, and when.
pub struct Arrival {
    pub at: Time,
    pub news: News,
    /// Gives the room in the queue back when the machine has seen it.
    pub _permit: Option<OwnedSemaphorePermit>,
}

pub enum News {
    Connected { key: Key, local: SocketAddr },
    Opened { key: Key, local: SocketAddr, secure: Option<Box<Secure>> },
    Refused { key: Key, why: Refusal },
    Accepted { listener: Key, key: Key, hand: Hand, task: AbortHandle, local: SocketAddr, from: SocketAddr },
    Received { key: Key, from: SocketAddr, bytes: Vec<u8> },
    Unreachable { key: Key, to: SocketAddr, icmp: Icmp },
    Closed { key: Key, why: Ending },
    Answered { lookup: Lookup, answer: Result<Vec<Record>, LookupFailure> },
}

/// The sending end, for everybody.
#[derive(Clone)]
pub struct Arrivals {
    pub clock: Clock,
    sender: mpsc::UnboundedSender<Arrival>,
}

impl Arrivals {
    pub fn new(clock: Clock) -> (Arrivals, mpsc::UnboundedReceiver<Arrival>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Arrivals { clock, sender }, receiver)
    }

    pub fn tell(&self, at: Time, news: News) {
        // Without a receiver the run is over and nobody wants to know.
        let _ = self.sender.send(Arrival { at, news, _permit: None });
    }
}

/// The sending end of one socket. If it is dropped before it said how things ended, because a task
/// panicked, it says so.
pub struct Teller {
    pub key: Key,
    pub arrivals: Arrivals,
    room: Arc<Semaphore>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Opening,
    Open,
    Over,
}

impl Teller {
    pub fn new(key: Key, arrivals: Arrivals) -> Teller {
        Teller { key, arrivals, room: Arc::new(Semaphore::new(WAITING)), stage: Stage::Opening }
    }

    pub fn now(&self) -> Time {
        self.arrivals.clock.now()
    }

    pub fn connected(&self, local: SocketAddr) {
        self.arrivals.tell(self.now(), News::Connected { key: self.key, local });
    }

    pub fn opened(&mut self, at: Time, local: SocketAddr, secure: Option<Box<Secure>>) {
        self.stage = Stage::Open;
        self.arrivals.tell(at, News::Opened { key: self.key, local, secure });
    }

    /// Takes note that the socket was opened and announced by somebody else.
    pub fn is_open(&mut self) {
        self.stage = Stage::Open;
    }

    pub fn refused(mut self, why: Refusal) {
        self.stage = Stage::Over;
        self.arrivals.tell(self.now(), News::Refused { key: self.key, why });
    }

    pub fn closed(mut self, why: Ending) {
        self.stage = Stage::Over;
        self.arrivals.tell(self.now(), News::Closed { key: self.key, why });
    }

    /// Leaves without a word: the machine asked for the end.
    pub fn silent(mut self) {
        self.stage = Stage::Over;
    }

    /// Hands bytes over as soon as there is room for them.
    pub async fn received(&self, at: Time, from: SocketAddr, bytes: Vec<u8>) {
        let size = bytes.len();
        self.with_room(at, size, News::Received { key: self.key, from, bytes }).await;
    }

    /// Hands an error over as soon as there is room for it.
    pub async fn unreachable(&self, at: Time, to: SocketAddr, icmp: Icmp) {
        self.with_room(at, 0, News::Unreachable { key: self.key, to, icmp }).await;
    }

    /// Hands a newcomer over as soon as there is room.
    pub async fn accepted(&self, key: Key, hand: Hand, task: AbortHandle, local: SocketAddr, from: SocketAddr) {
        let at = self.now();
        self.with_room(at, 0, News::Accepted { listener: self.key, key, hand, task, local, from }).await;
    }

    async fn with_room(&self, at: Time, size: usize, news: News) {
        let cost = u32::try_from((size + OVERHEAD).min(WAITING)).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        let permit = Arc::clone(&self.room).acquire_many_owned(cost).await.ok();
        let _ = self.arrivals.sender.send(Arrival { at, news, _permit: permit });
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        let why = "a fault in rtcprobe itself";
        let key = self.key;
        match self.stage {
            Stage::Opening => {
                self.arrivals.tell(self.now(), News::Refused { key, why: Refusal::Other { text: why.to_owned() } });
            }
            Stage::Open => self.arrivals.tell(self.now(), News::Closed { key, why: Ending::Failed(why.to_owned()) }),
            Stage::Over => {}
        }
    }
}
