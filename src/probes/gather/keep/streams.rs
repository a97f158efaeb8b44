//! Connections between ICE agents (RFC 6544): those that are opened to passive candidates of the other side, and those
//! that come in at our own.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use super::{Heard, Way};
use crate::machine::{Ending, Input, Output, Refusal, Socket, Time, Want};
use crate::report::Event;
use crate::wire::framing::packet::{self, Unpacker};

/// Connections that one listener has let in.
const ACCEPTED: usize = 16;
/// Connections that are opened, or being opened.
const OPENED: usize = 64;
/// Datagrams that wait for a connection.
const WAITING: usize = 8;
/// How long a peer that could not be reached is left alone.
const REST: Duration = Duration::from_secs(10);

type Out = VecDeque<Output<Event>>;

/// All connections of all TCP host candidates.
#[derive(Default)]
pub(in crate::probes::gather) struct Streams {
    by_socket: BTreeMap<Socket, Stream>,
    /// Peers that could not be reached, and since when.
    in_vain: BTreeMap<(Way, SocketAddr), Time>,
    /// Counts up, so that the oldest can be told.
    serial: u64,
}

struct Stream {
    way: Way,
    peer: SocketAddr,
    /// What is to be sent once it stands; `None` when it does.
    waiting: Option<VecDeque<Vec<u8>>>,
    accepted: bool,
    /// Something was sent: whoever it is, said something worth an answer.
    answered: bool,
    serial: u64,
    unpacker: Unpacker,
}

impl Streams {
    pub(in crate::probes::gather) fn holds(&self, socket: Socket) -> bool {
        self.by_socket.contains_key(&socket)
    }

    /// Somebody connects to a passive candidate.
    pub(in crate::probes::gather) fn accepted(&mut self, way: Way, socket: Socket, from: SocketAddr, out: &mut Out) {
        let of_way = || self.by_socket.iter().filter(|(_, stream)| stream.accepted && stream.way == way);
        if of_way().count() >= ACCEPTED {
            // Those who only sit there make room.
            let idle = of_way().filter(|(_, stream)| !stream.answered).min_by_key(|(_, stream)| stream.serial);
            let Some(idle) = idle.map(|(socket, _)| *socket) else {
                out.push_back(Output::Close { socket });
                return;
            };
            self.by_socket.remove(&idle);
            out.push_back(Output::Close { socket: idle });
        }
        self.insert(socket, Stream { accepted: true, ..Stream::new(way, from, None) });
    }

    /// Sends through the connection with that peer; gives back what is to be sent first when one is to be opened.
    pub(in crate::probes::gather) fn send(
        &mut self,
        now: Time,
        (way, to): (Way, SocketAddr),
        active: bool,
        bytes: Vec<u8>,
        (out, heard): (&mut Out, &mut VecDeque<Heard>),
    ) -> Option<Vec<u8>> {
        let mut streams = self.by_socket.iter_mut();
        let found = streams.find(|(_, stream)| stream.way == way && stream.peer == to);
        if let Some((socket, stream)) = found {
            match (&mut stream.waiting, packet::frame(&bytes)) {
                (None, Some(bytes)) => {
                    stream.answered = true;
                    out.push_back(Output::Send { socket: *socket, to, bytes });
                }
                (Some(waiting), Some(_)) if waiting.len() < WAITING && !waiting.contains(&bytes) => {
                    waiting.push_back(bytes);
                }
                _ => {}
            }
            return None;
        }
        let opened = self.by_socket.values().filter(|stream| !stream.accepted).count();
        let why = match self.in_vain.get(&(way, to)) {
            _ if !active => "it has not connected, or does not any more",
            // Said already.
            Some(since) if now - *since < REST => return None,
            _ if opened >= OPENED => "not tried: too many connections are open",
            _ => return Some(bytes),
        };
        heard.push_back(Heard::NoConnection { way, to, why: why.into() });
        None
    }

    /// Opens a connection, with what is to be sent first.
    pub(in crate::probes::gather) fn open(
        &mut self,
        socket: Socket,
        (way, to): (Way, SocketAddr),
        local: SocketAddr,
        first: Vec<u8>,
        out: &mut Out,
    ) {
        self.in_vain.remove(&(way, to));
        self.insert(socket, Stream::new(way, to, Some(VecDeque::from([first]))));
        out.push_back(Output::Open { socket, want: Want::Tcp { local: Some(local), to } });
    }

    /// What happened to one of the connections.
    pub(in crate::probes::gather) fn input(
        &mut self,
        now: Time,
        socket: Socket,
        input: Input<'_>,
        (out, heard): (&mut Out, &mut VecDeque<Heard>),
    ) {
        let Some(stream) = self.by_socket.get_mut(&socket) else { return };
        let (way, to) = (stream.way, stream.peer);
        let why = match input {
            Input::Opened { .. } => {
                for bytes in stream.waiting.take().into_iter().flatten().filter_map(|bytes| packet::frame(&bytes)) {
                    stream.answered = true;
                    out.push_back(Output::Send { socket, to, bytes });
                }
                return;
            }
            Input::Received { bytes, .. } => {
                stream.unpacker.push(bytes);
                loop {
                    match stream.unpacker.next_packet() {
                        Ok(Some(bytes)) => heard.push_back(Heard::Bytes { way, from: to, bytes }),
                        Ok(None) => return,
                        Err(packet::TooLong(length)) => {
                            out.push_back(Output::Close { socket });
                            break format!("it announced a packet of {length} bytes, which is none of ICE");
                        }
                    }
                }
            }
            Input::Refused { why, .. } => {
                if self.in_vain.len() < 4 * OPENED {
                    self.in_vain.insert((way, to), now);
                }
                refused(why)
            }
            Input::Closed { why, .. } => match why {
                Ending::Finished => "the other side closed it".into(),
                Ending::Reset => "the other side reset it".into(),
                Ending::Failed(text) => text.clone(),
            },
            _ => return,
        };
        self.by_socket.remove(&socket);
        heard.push_back(Heard::NoConnection { way, to, why });
    }

    pub(in crate::probes::gather) fn close(&mut self, out: &mut Out) {
        out.extend(std::mem::take(&mut self.by_socket).into_keys().map(|socket| Output::Close { socket }));
    }

    fn insert(&mut self, socket: Socket, stream: Stream) {
        self.serial += 1;
        self.by_socket.insert(socket, Stream { serial: self.serial, ..stream });
    }
}

impl Stream {
    fn new(way: Way, peer: SocketAddr, waiting: Option<VecDeque<Vec<u8>>>) -> Stream {
        let unpacker = Unpacker::new();
        Stream { way, peer, waiting, accepted: false, answered: false, serial: 0, unpacker }
    }
}

fn refused(why: &Refusal) -> String {
    match why {
        Refusal::ConnectionRefused => "refused (RST)".into(),
        Refusal::TimedOut { .. } => "no answer to the connection attempt (SYN)".into(),
        Refusal::Unreachable { text, .. }
        | Refusal::Handshake { text }
        | Refusal::Bind { text }
        | Refusal::Exhausted { text }
        | Refusal::Unsupported { text }
        | Refusal::Other { text } => text.clone(),
        Refusal::Untrusted { .. } => "not trusted".into(),
    }
}
