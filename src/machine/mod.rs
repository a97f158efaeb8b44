//! The contract between thinking and doing.
//!
//! A [`Machine`] is protocol logic without a world: it is told what happened and when, and it says
//! what it wants done. It never reads a clock, opens a socket or draws a random number; time is an
//! argument, a socket is a name, chance is a seed. `drive` runs machines on tokio; the simulator
//! in `tests/suite/sim` runs the same machines on a clock that jumps.
//!
//! The loop of whoever runs a machine: call [`Machine::output`] and carry out what it says until it
//! answers [`Output::WaitUntil`] or [`Output::Done`]; then wait for the first thing to happen, hand
//! it over with [`Machine::input`], and begin again.

mod chance;
mod happened;
mod join;
pub mod script;
mod time;
mod watched;
pub mod web;

pub use chance::Chance;
pub use happened::Happened;
pub use join::Join;
pub use time::Time;
pub use watched::{Passed, Watched};

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

/// Something that happened, on its way into a machine.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// Time passed; the moment asked for by [`Output::WaitUntil`] may have come.
    Tick,
    /// A TCP connection stands and its TLS handshake goes on; [`Input::Opened`] or
    /// [`Input::Refused`] follows. Said for [`Want::Tls`] only.
    Connected { socket: Socket, local: SocketAddr },
    /// The socket can be used.
    Opened {
        socket: Socket,
        /// The address the socket is bound to. For a connected socket it is the routed source address.
        local: SocketAddr,
        /// What the TLS or DTLS handshake agreed on.
        secure: Option<&'a Secure>,
    },
    /// The socket could not be had; its name is free again.
    Refused { socket: Socket, why: &'a Refusal },
    /// A listening socket let somebody in, under a name that the driver chose.
    Accepted { listener: Socket, socket: Socket, local: SocketAddr, from: SocketAddr },
    /// A datagram, or some bytes of a stream, cut anywhere.
    Received { socket: Socket, from: SocketAddr, bytes: &'a [u8] },
    /// An ICMP error came back for something sent from `socket` to `to`.
    Unreachable { socket: Socket, to: SocketAddr, icmp: Icmp },
    /// The other side or the network ended the connection; its name is free again.
    Closed { socket: Socket, why: &'a Ending },
    /// The answer to an [`Output::Lookup`].
    Answered { lookup: Lookup, answer: &'a Result<Vec<Record>, LookupFailure> },
    /// The other side of a call says something, on another way than the sockets: a line of text whose
    /// grammar the machine knows.
    Told { text: &'a str },
    /// The user wants to stop: finish what must be finished (release allocations), then say
    /// [`Output::Done`].
    Stop,
}

/// Something that a machine wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Output<E> {
    /// Have a socket under this name.
    Open { socket: Socket, want: Want },
    /// Close it. Nothing is heard of it afterwards. A stream is closed in order (TLS says
    /// `close_notify`), after everything sent before has left.
    Close { socket: Socket },
    /// Send a datagram to `to`, or bytes down a stream (`to` is its far end).
    Send { socket: Socket, to: SocketAddr, bytes: Vec<u8> },
    /// Ask the DNS.
    Lookup { lookup: Lookup, question: Question },
    /// A result, for whoever started the machine.
    Event(E),
    /// Nothing to do until that time, or until something happens. The reason is for traces.
    WaitUntil(Time, &'static str),
    /// Nothing to do, ever again.
    Done,
}

impl<E> Output<E> {
    /// The same with another result.
    pub fn map<T>(self, of: impl FnOnce(E) -> T) -> Output<T> {
        match self {
            Output::Open { socket, want } => Output::Open { socket, want },
            Output::Close { socket } => Output::Close { socket },
            Output::Send { socket, to, bytes } => Output::Send { socket, to, bytes },
            Output::Lookup { lookup, question } => Output::Lookup { lookup, question },
            Output::Event(event) => Output::Event(of(event)),
            Output::WaitUntil(until, why) => Output::WaitUntil(until, why),
            Output::Done => Output::Done,
        }
    }
}

/// Protocol logic that is told what happens and says what to do.
pub trait Machine {
    /// What the machine reports while it runs.
    type Event;
    /// Takes note of what happened at `now`. Times never go backwards.
    fn input(&mut self, now: Time, input: Input<'_>);
    /// Says the next thing to do. Must answer `WaitUntil` or `Done` after a finite number of calls.
    fn output(&mut self, now: Time) -> Output<Self::Event>;
}

/// The name of a socket, chosen by the machine that asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Socket(pub u64);

impl Socket {
    /// Names from here on are the driver's, for connections that a listener lets in.
    pub const ACCEPTED: u64 = 1 << 63;
}

/// The name of a DNS question, chosen by the machine that asks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lookup(pub u64);

/// What kind of socket is wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum Want {
    /// A UDP socket. With `connect` it takes datagrams from that address only and learns of ICMP
    /// errors on every system; without, it takes datagrams from anywhere and learns of ICMP errors
    /// where the system can tell (Linux).
    Udp { local: SocketAddr, connect: Option<SocketAddr>, fragments: Fragments },
    /// A UDP socket on a multicast group's port that hears what is sent to the group, beside others on this machine,
    /// and sends through the interface that has the local address.
    Group { group: SocketAddr, local: IpAddr },
    /// A TCP connection. `local` is the address to bind; port 0 lets the system choose. A port that
    /// is named can be shared with other connections from it (SO_REUSEADDR, SO_REUSEPORT).
    Tcp { local: Option<SocketAddr>, to: SocketAddr },
    /// TLS over TCP.
    Tls { local: Option<SocketAddr>, to: SocketAddr, peer: Peer },
    /// DTLS over UDP.
    Dtls { local: Option<SocketAddr>, to: SocketAddr, peer: Peer },
    /// A TCP listener.
    TcpListen { local: SocketAddr },
    /// A TLS listener with the certificate that the driver was given for serving.
    TlsListen { local: SocketAddr },
    /// A DTLS listener with the certificate that the driver was given for serving.
    DtlsListen { local: SocketAddr },
}

impl Want {
    /// An unconnected UDP socket that leaves fragments to the system.
    #[must_use]
    pub fn udp(local: SocketAddr) -> Want {
        Want::Udp { local, connect: None, fragments: Fragments::System }
    }
}

/// What becomes of datagrams that are larger than the way takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fragments {
    /// As the system does by itself.
    #[default]
    System,
    /// Sent in fragments, and whoever comes next may cut them further: no DF.
    Allowed,
    /// Sent whole, with DF (IPv4), whatever was learned about the path before. What the interface
    /// cannot take comes back as [`Input::Unreachable`] without an ICMP type, with its MTU; what a
    /// router cannot take comes back with ICMP, or not at all.
    Forbidden,
}

/// Whom a TLS or DTLS client expects at the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The name for SNI and for the certificate: a DNS name in A-labels, or an IP address.
    pub name: String,
    /// What to do about a certificate that does not verify.
    pub trust: Trust,
    /// ALPN protocols to offer; empty offers none.
    pub alpn: Vec<String>,
}

/// What to do about a certificate that does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Refuse it before a single byte of STUN is sent (RFC 8489 §6.2.3). `--insecure` given to the
    /// driver turns this into `Record`.
    Verify,
    /// Go on, and record the verdict in [`Secure::trust`].
    Record,
}

/// What a TLS or DTLS handshake agreed on, and what was thought of the certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secure {
    /// `TLSv1.2`, `TLSv1.3`, `DTLSv1.2`.
    pub version: String,
    /// The IANA name of the cipher suite.
    pub cipher_suite: String,
    pub alpn: Option<String>,
    /// The chain as the server sent it, leaf first.
    pub chain: Vec<Certificate>,
    /// `Ok` when the chain leads to a trusted root, is in date, and names the peer.
    pub trust: Result<(), Distrust>,
    /// From the start of the connection attempt to the TCP connection (TLS only).
    pub connect: Option<Time>,
    /// From there to the end of the handshake.
    pub handshake: Time,
}

/// A certificate, read leniently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    pub subject: String,
    pub issuer: String,
    /// DNS names and IP addresses of the subjectAltName extension, as text.
    pub names: Vec<String>,
    /// Validity in seconds since 1970, UTC.
    pub not_before: i64,
    pub not_after: i64,
    pub self_signed: bool,
    /// It says where its issuer's certificate is to be had (RFC 5280 §4.2.2.1), as those of public authorities do.
    #[serde(default)]
    pub names_issuer: bool,
    /// SHA-256 over the DER form, in lower-case hex.
    pub fingerprint: String,
    /// `RSA 2048`, `ECDSA P-256`, `Ed25519` …
    pub key: String,
}

/// Why a certificate was not trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Distrust {
    /// Out of date since (seconds since 1970).
    Expired {
        not_after: i64,
    },
    /// In date only from (seconds since 1970).
    NotYetValid {
        not_before: i64,
    },
    /// The names in the certificate do not include the one asked for.
    WrongName {
        wanted: String,
        names: Vec<String>,
    },
    /// No subjectAltName at all.
    NoNames {
        wanted: String,
    },
    /// Signed by itself and not among the trusted roots.
    SelfSigned,
    /// The chain ends at an issuer that is not trusted; `incomplete` when an intermediate
    /// certificate seems not to have been sent.
    UnknownIssuer {
        issuer: String,
        incomplete: bool,
    },
    Revoked,
    /// Anything else, in the verifier's words.
    Other(String),
}

/// Why a socket could not be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// TCP RST, or ICMP port unreachable on a connected socket.
    ConnectionRefused,
    /// No SYN-ACK, or no handshake message, in the driver's time.
    TimedOut { during: Phase },
    /// The kernel or a router said that there is no way; `icmp` when a router said so.
    Unreachable { icmp: Option<Icmp>, text: String },
    /// The certificate was not trusted.
    Untrusted { why: Distrust, secure: Box<Secure> },
    /// The TLS or DTLS handshake failed for another reason: an alert, garbage, end of stream.
    Handshake { text: String },
    /// The local address could not be bound.
    Bind { text: String },
    /// This machine ran out of something: file descriptors, ports, memory.
    Exhausted { text: String },
    /// Not compiled in, or not possible on this system.
    Unsupported { text: String },
    /// Anything else, in the system's words.
    Other { text: String },
}

/// The part of setting up a connection in which something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    Connect,
    /// Nothing of the handshake was answered.
    Handshake,
    /// Some of the handshake was answered (told of DTLS only).
    Halfway,
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// End of stream, or close_notify.
    Finished,
    /// TCP RST.
    Reset,
    /// Anything else, in the system's words.
    Failed(String),
}

/// An ICMP or ICMPv6 error, as far as the system tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Icmp {
    /// ICMP type; `None` where the system says only "refused" or "unreachable".
    pub kind: Option<u8>,
    pub code: Option<u8>,
    pub v6: bool,
    /// The router or host that sent it, where the system tells.
    pub offender: Option<IpAddr>,
    /// The next-hop MTU of "fragmentation needed" and "packet too big".
    pub mtu: Option<u32>,
    /// What it amounts to.
    pub meaning: Unreachability,
}

/// What an ICMP error amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unreachability {
    /// Nothing listens on the port (ICMP 3/3, ICMPv6 1/4).
    Port,
    /// The host cannot be reached (3/1, 1/3).
    Host,
    /// No route (3/0, 1/0).
    Network,
    /// A firewall says so (3/9, 3/10, 3/13, 1/1, 1/5, 1/6).
    Prohibited,
    /// The datagram was too large (3/4, 2/0).
    TooLarge,
    Other,
}

impl Unreachability {
    /// Of a type and a code (RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1, RFC 4443 §3).
    #[must_use]
    pub fn of(v6: bool, kind: u8, code: u8) -> Unreachability {
        match (v6, kind, code) {
            (false, 3, 3) | (true, 1, 4) => Unreachability::Port,
            (false, 3, 0 | 6 | 11) | (true, 1, 0 | 2) => Unreachability::Network,
            (false, 3, 1 | 7 | 12) | (true, 1, 3) => Unreachability::Host,
            (false, 3, 9 | 10 | 13) | (true, 1, 1 | 5 | 6) => Unreachability::Prohibited,
            (false, 3, 4) | (true, 2, _) => Unreachability::TooLarge,
            _ => Unreachability::Other,
        }
    }
}

/// A question to the DNS.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    /// A domain name in A-labels, without a trailing dot.
    pub name: String,
    pub kind: RecordKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordKind {
    A,
    Aaaa,
    Srv,
    Naptr,
}

/// A DNS record, in no particular order (RFC 2782 and RFC 3403 leave ordering to the client).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    Address(IpAddr),
    Srv { priority: u16, weight: u16, port: u16, target: String },
    Naptr { order: u16, preference: u16, flags: String, services: String, regexp: String, replacement: String },
}

/// Why the DNS gave no record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LookupFailure {
    /// The name does not exist (NXDOMAIN).
    NoSuchName,
    /// The name exists, but has no record of this kind (NODATA).
    NoRecords,
    /// The DNS server failed (SERVFAIL, REFUSED …), in its words.
    ServerFailed(String),
    /// No DNS server answered.
    TimedOut,
    /// Anything else.
    Other(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_types_and_codes() {
        assert_eq!(Unreachability::of(false, 3, 3), Unreachability::Port);
        assert_eq!(Unreachability::of(true, 1, 4), Unreachability::Port);
        assert_eq!(Unreachability::of(false, 3, 13), Unreachability::Prohibited);
        assert_eq!(Unreachability::of(true, 1, 1), Unreachability::Prohibited);
        assert_eq!(Unreachability::of(true, 2, 0), Unreachability::TooLarge);
        assert_eq!(Unreachability::of(false, 3, 4), Unreachability::TooLarge);
        assert_eq!(Unreachability::of(false, 11, 0), Unreachability::Other);
        assert_eq!(Unreachability::of(true, 3, 3), Unreachability::Other);
    }
}
