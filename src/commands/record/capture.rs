use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::machine::{Ending, Icmp, Input, Output, Passed, Phase, Refusal, Socket, Time, Want};
use crate::wire::capture::{Capture, Envelope, Segment, Unit};
use crate::wire::framing::{Deframer, Frame};

use super::steps::Steps;

/// Everything that a machine sent and received, on its way into a pcapng file.
pub struct Packets<W: Write = BufWriter<File>> {
    capture: Capture<W>,
    /// The start of the run, since 1970.
    started: Duration,
    sockets: HashMap<Socket, Carrier>,
    steps: Steps,
    /// The first thing that went wrong; nothing is written after it.
    failed: Option<io::Error>,
}

/// What is known of a socket.
enum Carrier {
    /// Asked for; a connection does not stand yet.
    Wanted(Want),
    Udp {
        local: SocketAddr,
    },
    Tcp(Stream),
    /// Inside TLS; frames of a stream, each way.
    Tls {
        local: SocketAddr,
        to: SocketAddr,
        sent: Deframer,
        received: Deframer,
    },
    Dtls {
        local: SocketAddr,
        to: SocketAddr,
    },
}

/// A byte stream whose segments are made up.
struct Stream {
    local: SocketAddr,
    to: SocketAddr,
    /// The next sequence number of each side.
    ours: u32,
    theirs: u32,
}

impl<W: Write> Packets<W> {
    /// Begins a capture. `started` is the start of the run since 1970.
    pub fn new(out: W, started: Duration) -> io::Result<Packets<W>> {
        let program = concat!("rtcprobe ", env!("CARGO_PKG_VERSION"));
        let capture = Capture::new(out, program)?;
        Ok(Packets { capture, started, sockets: HashMap::new(), steps: Steps::default(), failed: None })
    }

    /// Takes note of what passed.
    pub fn passed<E>(&mut self, now: Time, passed: &Passed<'_, E>) {
        if self.failed.is_some() {
            return;
        }
        let noted = match passed {
            Passed::In(input) => self.came(now, input),
            Passed::Out(output) => self.left(now, output),
        };
        self.failed = noted.err();
    }

    /// Writes out what is still held back; tells what went wrong, if anything did.
    pub fn finish(&mut self) -> io::Result<()> {
        match self.failed.take() {
            Some(why) => Err(why),
            None => self.capture.flush(),
        }
    }

    fn came(&mut self, now: Time, input: &Input<'_>) -> io::Result<()> {
        match *input {
            Input::Opened { socket, local, .. } => self.opened(now, socket, local),
            Input::Refused { socket, why } => self.refused(now, socket, why),
            Input::Received { socket, from, bytes } => self.received(now, socket, from, bytes),
            Input::Unreachable { socket, to, icmp } => self.unreachable(now, socket, to, &icmp),
            Input::Closed { socket, why } => self.ended(now, socket, Some(why)),
            Input::Tick
            | Input::Connected { .. }
            | Input::Accepted { .. }
            | Input::Answered { .. }
            | Input::Told { .. }
            | Input::Stop => Ok(()),
        }
    }

    fn left<E>(&mut self, now: Time, output: &Output<E>) -> io::Result<()> {
        match output {
            Output::Open { socket, want } => {
                self.sockets.insert(*socket, Carrier::Wanted(want.clone()));
                Ok(())
            }
            Output::Send { socket, to, bytes } => self.sent(now, *socket, *to, bytes),
            Output::Close { socket } => self.ended(now, *socket, None),
            Output::Lookup { .. } | Output::Event(_) | Output::WaitUntil(..) | Output::Done => Ok(()),
        }
    }

    fn opened(&mut self, now: Time, socket: Socket, local: SocketAddr) -> io::Result<()> {
        let Some(Carrier::Wanted(want)) = self.sockets.get(&socket) else { return Ok(()) };
        let carrier = match *want {
            Want::Udp { .. } | Want::Group { .. } => Carrier::Udp { local },
            Want::Tcp { to, .. } => {
                self.sockets.insert(socket, Carrier::Tcp(Stream { local, to, ours: 1, theirs: 1 }));
                return self.handshake(now, local, to);
            }
            Want::Tls { to, .. } => Carrier::Tls { local, to, sent: Deframer::new(), received: Deframer::new() },
            Want::Dtls { to, .. } => Carrier::Dtls { local, to },
            Want::TcpListen { .. } | Want::TlsListen { .. } | Want::DtlsListen { .. } => return Ok(()),
        };
        self.sockets.insert(socket, carrier);
        Ok(())
    }

    fn handshake(&mut self, now: Time, local: SocketAddr, to: SocketAddr) -> io::Result<()> {
        let syn = Segment { syn: true, ..Segment::default() };
        let there = self.envelope(now, local, to, "step connect; handshake made up".into());
        let back = self.envelope(now, to, local, String::new());
        self.capture.stream(&there, syn, &[])?;
        self.capture.stream(&back, Segment { acknowledged: Some(1), ..syn }, &[])?;
        let done = Segment { sequence: 1, acknowledged: Some(1), ..Segment::default() };
        self.capture.stream(&Envelope { comment: String::new(), ..there }, done, &[])?;
        Ok(())
    }

    fn refused(&mut self, now: Time, socket: Socket, why: &Refusal) -> io::Result<()> {
        let Some(Carrier::Wanted(want)) = self.sockets.remove(&socket) else { return Ok(()) };
        let (Want::Tcp { local, to } | Want::Tls { local, to, .. }) = want else { return Ok(()) };
        let local = local.unwrap_or_else(|| unspecified(to));
        let syn = Segment { syn: true, ..Segment::default() };
        let (said, answer) = match why {
            Refusal::ConnectionRefused => ("step connect; local port not known", true),
            Refusal::TimedOut { during: Phase::Connect } => {
                ("step connect, never answered; local port not known", false)
            }
            _ => return Ok(()),
        };
        let there = self.envelope(now, local, to, said.into());
        self.capture.stream(&there, syn, &[])?;
        if answer {
            let back = self.envelope(now, to, local, String::new());
            let reset = Segment { acknowledged: Some(1), rst: true, ..Segment::default() };
            self.capture.stream(&back, reset, &[])?;
        }
        Ok(())
    }

    fn sent(&mut self, now: Time, socket: Socket, to: SocketAddr, bytes: &[u8]) -> io::Result<()> {
        let at = self.started + now.since_start();
        let Packets { capture, sockets, steps, .. } = self;
        let envelope = |from, to, comment| Envelope { at, from, to, comment };
        match sockets.get_mut(&socket) {
            Some(Carrier::Udp { local }) => capture.datagram(&envelope(*local, to, steps.sent(bytes)), bytes),
            Some(Carrier::Dtls { local, to }) => {
                capture.inside(&envelope(*local, *to, steps.sent(bytes)), Unit::Stun, bytes)
            }
            Some(Carrier::Tcp(stream)) => {
                let segment =
                    Segment { sequence: stream.ours, acknowledged: Some(stream.theirs), ..Segment::default() };
                let envelope = envelope(stream.local, stream.to, steps.sent(bytes));
                stream.ours = stream.ours.wrapping_add(capture.stream(&envelope, segment, bytes)?);
                Ok(())
            }
            Some(Carrier::Tls { local, to, sent, .. }) => frames(sent, bytes, |unit, frame| {
                capture.inside(&envelope(*local, *to, steps.sent(frame)), unit, frame)
            }),
            Some(Carrier::Wanted(_)) | None => Ok(()),
        }
    }

    fn received(&mut self, now: Time, socket: Socket, from: SocketAddr, bytes: &[u8]) -> io::Result<()> {
        let at = self.started + now.since_start();
        let Packets { capture, sockets, steps, .. } = self;
        let envelope = |from, to, comment| Envelope { at, from, to, comment };
        match sockets.get_mut(&socket) {
            Some(Carrier::Udp { local }) => capture.datagram(&envelope(from, *local, steps.received(bytes)), bytes),
            Some(Carrier::Dtls { local, to }) => {
                capture.inside(&envelope(*to, *local, steps.received(bytes)), Unit::Stun, bytes)
            }
            Some(Carrier::Tcp(stream)) => {
                let segment =
                    Segment { sequence: stream.theirs, acknowledged: Some(stream.ours), ..Segment::default() };
                let envelope = envelope(stream.to, stream.local, steps.received(bytes));
                stream.theirs = stream.theirs.wrapping_add(capture.stream(&envelope, segment, bytes)?);
                Ok(())
            }
            Some(Carrier::Tls { local, to, received, .. }) => frames(received, bytes, |unit, frame| {
                capture.inside(&envelope(*to, *local, steps.received(frame)), unit, frame)
            }),
            Some(Carrier::Wanted(_)) | None => Ok(()),
        }
    }

    fn unreachable(&mut self, now: Time, socket: Socket, to: SocketAddr, icmp: &Icmp) -> io::Result<()> {
        let Some(Carrier::Udp { local }) = self.sockets.get(&socket) else { return Ok(()) };
        let local = *local;
        let (Some(kind), Some(code)) = (icmp.kind, icmp.code) else { return Ok(()) };
        if icmp.v6 != local.is_ipv6() {
            return Ok(());
        }
        let offender = SocketAddr::new(icmp.offender.unwrap_or(to.ip()), 0);
        let said = "as the system reported it; the quoted packet is made up".to_owned();
        let envelope = self.envelope(now, offender, local, said);
        self.capture.unreachable(&envelope, (kind, code), icmp.mtu, (local, to))
    }

    /// `why` when the other side ended it.
    fn ended(&mut self, now: Time, socket: Socket, why: Option<&Ending>) -> io::Result<()> {
        let Some(Carrier::Tcp(stream)) = self.sockets.remove(&socket) else { return Ok(()) };
        let (from, to, sequence, acknowledged) = match why {
            None => (stream.local, stream.to, stream.ours, stream.theirs),
            Some(_) => (stream.to, stream.local, stream.theirs, stream.ours),
        };
        let reset = matches!(why, Some(Ending::Reset));
        let segment = Segment { sequence, acknowledged: Some(acknowledged), syn: false, fin: !reset, rst: reset };
        let envelope = self.envelope(now, from, to, String::new());
        self.capture.stream(&envelope, segment, &[])?;
        Ok(())
    }

    fn envelope(&self, now: Time, from: SocketAddr, to: SocketAddr, comment: String) -> Envelope {
        Envelope { at: self.started + now.since_start(), from, to, comment }
    }
}

/// Cuts a stream into whole messages, so that each can be looked at by itself.
fn frames(stream: &mut Deframer, bytes: &[u8], mut write: impl FnMut(Unit, &[u8]) -> io::Result<()>) -> io::Result<()> {
    stream.push(bytes);
    while let Some(frame) = stream.next_frame() {
        match frame {
            Frame::Stun(frame) | Frame::ChannelData(frame) => write(Unit::Stun, &frame)?,
            Frame::Garbage(bytes) => write(Unit::Bytes, &bytes)?,
        }
    }
    Ok(())
}

fn unspecified(like: SocketAddr) -> SocketAddr {
    match like {
        SocketAddr::V4(_) => SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
        SocketAddr::V6(_) => SocketAddr::new(IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED), 0),
    }
}
