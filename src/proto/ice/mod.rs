//! Interactive Connectivity Establishment (RFC 8445), one component over UDP or through relays.
//!
//! An [`Agent`] pairs local with remote candidates, checks the pairs, nominates one and keeps the
//! peer's consent (RFC 7675). It gathers nothing, opens nothing and signals nothing: whoever owns it
//! gives it candidates, hands it the datagrams that arrive and sends those that it makes. A [`Route`]
//! is the name of the place where a datagram leaves and arrives: a socket, or an allocation on a relay.
//!
//! It exists beside the agents that are crates because a diagnosis needs what they do not tell: every
//! check with its time and its answer, the state of every pair, and why one failed.
//!
//! | file | in one sentence |
//! |---|---|
//! | `agent` | The agent, its candidates, and what is due. |
//! | `incoming` | Checks of the other side, and answers to ours. |
//! | `pair` | One pair, its checks and what became of them. |
//! | `journal` | Every transaction of a pair, as it went. |
//! | `pairing` | Which candidates make a pair, and in which order pairs are checked. |
//! | `sending` | What is checked when, and how often. |
//! | `check` | The messages: requests, answers, and what is wrong with one. |
//! | `nomination` | Which pair is used, and whether the peer still consents. |

mod agent;
mod check;
mod incoming;
mod journal;
mod nomination;
mod pair;
mod pairing;
mod sending;

pub use agent::{Agent, Refused, Transmit};
pub use journal::{Entry, Journal};
pub use pair::{Failure, Pair, Spoken, State};

use std::net::SocketAddr;
use std::time::Duration;

use crate::machine::{Chance, Time};
use crate::wire::candidate::{CandidateType, TcpType};

/// Where a datagram leaves and arrives: a name that the agent's owner chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Route(pub u32);

/// Who decides on the pair (RFC 8445 §6.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    Controlling,
    Controlled,
}

/// The short-term credentials of one side (RFC 8445 §5.3).
#[derive(Clone, PartialEq, Eq)]
pub struct IceCredentials {
    pub ufrag: String,
    pub password: String,
}

impl std::fmt::Debug for IceCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IceCredentials {{ ufrag: {:?}, password: … }}", self.ufrag)
    }
}

impl IceCredentials {
    /// New ones: 48 and 144 random bits (RFC 8445 §5.3 asks for 24 and 128).
    #[must_use]
    pub fn random(chance: &mut Chance) -> IceCredentials {
        const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = |length: usize| -> String {
            (0..length)
                .map(|_| {
                    let [byte] = chance.bytes::<1>();
                    char::from(ICE_CHARS[usize::from(byte & 63)])
                })
                .collect()
        };
        IceCredentials { ufrag: text(8), password: text(24) }
    }
}

/// A candidate of this side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    pub kind: CandidateType,
    pub address: SocketAddr,
    /// Where checks are sent from: the host's address, or the relayed one.
    pub base: SocketAddr,
    pub route: Route,
    pub priority: u32,
    pub foundation: String,
    /// Over TCP, and who opens the connection (RFC 6544); `None` over UDP.
    pub tcp: Option<TcpType>,
}

/// A candidate of the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    pub kind: CandidateType,
    pub address: SocketAddr,
    pub priority: u32,
    pub foundation: String,
    pub tcp: Option<TcpType>,
}

/// How an agent behaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub role: Role,
    pub credentials: IceCredentials,
    /// Between new transactions: Ta (RFC 8445 §14.2).
    pub pace: Duration,
    /// The least wait for an answer before the first retransmission (RFC 8445 §14.3: 500 ms).
    pub rto: Duration,
    /// The waits double up to here, so that a path with loss is given many chances in a short time.
    pub longest_wait: Duration,
    /// Copies of a check.
    pub copies: u32,
    /// Pairs on the checklist at the most (RFC 8445 §6.1.2.5).
    pub pairs: usize,
    /// How long the controlling side waits for something better than a direct pair, and than a relayed one.
    pub patience: (Duration, Duration),
    /// Without any pair that may still succeed, the agent has failed after this time (RFC 8863).
    pub give_up: Duration,
    /// Types of a local and a remote candidate that may be paired; empty allows all. A peer-reflexive one counts as
    /// server-reflexive, which it would be had a server seen it.
    pub allowed: Vec<(CandidateType, CandidateType)>,
}

impl Config {
    /// What a browser's peer would expect.
    #[must_use]
    pub fn usual(role: Role, credentials: IceCredentials) -> Config {
        Config {
            role,
            credentials,
            pace: Duration::from_millis(50),
            rto: Duration::from_millis(500),
            longest_wait: Duration::from_millis(1600),
            copies: 7,
            pairs: 100,
            patience: (Duration::from_millis(100), Duration::from_millis(500)),
            give_up: Duration::from_millis(39_500),
            allowed: Vec::new(),
        }
    }
}

/// How far the agent has come, in the words of `RTCIceTransportState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Connection {
    New,
    Checking,
    /// A pair is selected and the peer consents.
    Connected,
    /// The last question for consent was not answered.
    Disconnected,
    /// No pair is left that could succeed, or consent has expired.
    Failed,
}

/// Something that happened, for whoever reports.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The state changed.
    Connection { at: Time, state: Connection },
    /// A check succeeded for the first time on this pair.
    Valid { at: Time, pair: usize },
    /// USE-CANDIDATE was sent or taken, and the pair is in use.
    Selected { at: Time, pair: usize },
    /// A 487 or a request of the same role turned this side's role.
    RoleSwitched { at: Time, role: Role },
    /// A candidate that nobody signalled showed itself (RFC 8445 §7.2.5.3.1, §7.3.1.3).
    PeerReflexive { at: Time, local: bool, address: SocketAddr },
    /// A message was not believed.
    Refused { at: Time, route: Route, from: SocketAddr, why: Refused },
}
