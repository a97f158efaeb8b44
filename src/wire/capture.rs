//! Packet captures in pcapng (draft-ietf-opsawg-pcapng), for Wireshark.
//!
//! What a program sent and received is written from its own point of view: datagrams as IP packets,
//! byte streams as TCP segments with a handshake made up around them, and what went inside TLS or
//! DTLS in clear, as exported protocol data units (`LINKTYPE_WIRESHARK_UPPER_PDU`), since there is
//! no honest TCP or UDP packet that would hold it.

use std::borrow::Cow;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use etherparse::{IpNumber, Ipv4Header, Ipv6FlowLabel, Ipv6Header, PacketBuilder, PacketBuilderStep};
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{InterfaceDescriptionBlock, InterfaceDescriptionOption};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::pcapng::{PcapNgBlock, PcapNgWriter};
use pcap_file::{DataLink, PcapError};

/// A capture that is being written.
pub struct Capture<W: Write> {
    out: PcapNgWriter<W>,
}

/// When a packet passed, between whom, and what is to be said of it.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// Since 1970-01-01, UTC.
    pub at: Duration,
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub comment: String,
}

/// The place of a segment in its stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Segment {
    pub sequence: u32,
    /// Absent in the first SYN only.
    pub acknowledged: Option<u32>,
    pub syn: bool,
    pub fin: bool,
    pub rst: bool,
}

/// What an exported protocol data unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A STUN message or ChannelData.
    Stun,
    /// Something else.
    Bytes,
}

/// The two interfaces of the file, in the order of their description.
const PACKETS: u32 = 0;
const UNITS: u32 = 1;
/// Hops that are written into made-up headers.
const TTL: u8 = 64;
const WINDOW: u16 = 65_535;
/// Bytes of one TCP segment.
const SEGMENT: usize = 32_000;
/// Nanoseconds, as a power of ten.
const RESOLUTION: u8 = 9;

impl<W: Write> Capture<W> {
    /// Begins a capture by writing what precedes the packets.
    pub fn new(out: W, program: &str) -> std::io::Result<Capture<W>> {
        let section = SectionHeaderBlock {
            options: vec![SectionHeaderOption::UserApplication(Cow::Owned(program.to_owned()))],
            ..SectionHeaderBlock::default()
        };
        let mut out = PcapNgWriter::with_section_header(out, section).map_err(io)?;
        for (name, linktype, what) in [
            ("network", DataLink::RAW, "UDP and TCP as this program sent and received them, headers made up"),
            ("inside", DataLink::WIRESHARK_UPPER_PDU, "what went through TLS and DTLS, in clear"),
        ] {
            let options = vec![
                InterfaceDescriptionOption::IfName(Cow::Borrowed(name)),
                InterfaceDescriptionOption::IfDescription(Cow::Borrowed(what)),
                InterfaceDescriptionOption::IfTsResol(RESOLUTION),
            ];
            let interface = InterfaceDescriptionBlock { linktype, snaplen: 0, options };
            out.write_block(&interface.into_block()).map_err(io)?;
        }
        Ok(Capture { out })
    }

    /// Writes a datagram.
    pub fn datagram(&mut self, envelope: &Envelope, payload: &[u8]) -> std::io::Result<()> {
        let packet =
            built(ip(envelope, IpNumber::UDP, payload.len()).udp(envelope.from.port(), envelope.to.port()), payload)?;
        self.packet(PACKETS, envelope, packet)
    }

    /// Writes a piece of a byte stream, in as many segments as it takes. Gives the bytes of sequence
    /// space that it used.
    pub fn stream(&mut self, envelope: &Envelope, segment: Segment, payload: &[u8]) -> std::io::Result<u32> {
        let mut segment = segment;
        let mut used = u32::from(segment.syn) + u32::from(segment.fin);
        let mut rest = payload;
        loop {
            let (piece, left) = rest.split_at(rest.len().min(SEGMENT));
            let length = u32::try_from(piece.len()).unwrap_or_default();
            self.packet(PACKETS, envelope, segment_packet(envelope, segment, piece)?)?;
            segment.sequence = segment.sequence.wrapping_add(length);
            used = used.wrapping_add(length);
            rest = left;
            if rest.is_empty() {
                return Ok(used);
            }
        }
    }

    /// Writes what was inside TLS or DTLS.
    pub fn inside(&mut self, envelope: &Envelope, unit: Unit, payload: &[u8]) -> std::io::Result<()> {
        let mut bytes = exported(envelope, unit);
        bytes.extend_from_slice(payload);
        self.packet(UNITS, envelope, bytes)
    }

    /// Writes an ICMP error (IPv4 or IPv6, after the envelope) about a datagram from `about.0` to
    /// `about.1`; of that datagram nothing but the addresses is known.
    pub fn unreachable(
        &mut self,
        envelope: &Envelope,
        (kind, code): (u8, u8),
        mtu: Option<u32>,
        about: (SocketAddr, SocketAddr),
    ) -> std::io::Result<()> {
        let about = Envelope { from: about.0, to: about.1, ..envelope.clone() };
        let original = built(ip(&about, IpNumber::UDP, 0).udp(about.from.port(), about.to.port()), &[])?;
        let rest = mtu.unwrap_or_default().to_be_bytes();
        let packet = match envelope.from.is_ipv4() {
            true => built(ip(envelope, IpNumber::ICMP, 0).icmpv4_raw(kind, code, rest), &original)?,
            false => built(ip(envelope, IpNumber::IPV6_ICMP, 0).icmpv6_raw(kind, code, rest), &original)?,
        };
        self.packet(PACKETS, envelope, packet)
    }

    /// Hands everything on to the file.
    pub fn flush(&mut self) -> std::io::Result<()> {
        self.out.get_mut().flush()
    }

    fn packet(&mut self, interface_id: u32, envelope: &Envelope, bytes: Vec<u8>) -> std::io::Result<()> {
        let options = match envelope.comment.is_empty() {
            true => Vec::new(),
            false => vec![EnhancedPacketOption::Comment(Cow::Borrowed(&envelope.comment))],
        };
        let original_len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let block = EnhancedPacketBlock {
            interface_id,
            timestamp: envelope.at,
            original_len,
            data: Cow::Owned(bytes),
            options,
        };
        self.out.write_block(&block.into_block()).map_err(io)?;
        Ok(())
    }
}

type IpStep = PacketBuilderStep<etherparse::IpHeaders>;

fn ip(envelope: &Envelope, protocol: IpNumber, payload: usize) -> IpStep {
    PacketBuilder::ip(match (envelope.from.ip(), envelope.to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let length = u16::try_from(payload).unwrap_or_default();
            let header = Ipv4Header::new(length, TTL, protocol, from.octets(), to.octets()).unwrap_or_default();
            etherparse::IpHeaders::Ipv4(header, etherparse::Ipv4Extensions::default())
        }
        (from, to) => etherparse::IpHeaders::Ipv6(
            Ipv6Header {
                traffic_class: 0,
                flow_label: Ipv6FlowLabel::ZERO,
                payload_length: 0,
                next_header: protocol,
                hop_limit: TTL,
                source: v6(from),
                destination: v6(to),
            },
            etherparse::Ipv6Extensions::default(),
        ),
    })
}

fn v6(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

fn segment_packet(envelope: &Envelope, segment: Segment, payload: &[u8]) -> std::io::Result<Vec<u8>> {
    let step = ip(envelope, IpNumber::TCP, payload.len());
    let mut step = step.tcp(envelope.from.port(), envelope.to.port(), segment.sequence, WINDOW);
    if let Some(acknowledged) = segment.acknowledged {
        step = step.ack(acknowledged);
    }
    for (wanted, flag) in [
        (segment.syn, PacketBuilderStep::syn as fn(_) -> _),
        (segment.fin, PacketBuilderStep::fin),
        (segment.rst, PacketBuilderStep::rst),
        (!payload.is_empty(), PacketBuilderStep::psh),
    ] {
        if wanted {
            step = flag(step);
        }
    }
    built(step, payload)
}

/// The headers of a packet, and how they are put before a payload.
trait Build {
    fn write(self, payload: &[u8], into: &mut Vec<u8>) -> Result<(), String>;
}

macro_rules! build {
    ($($header:ty)*) => {$(
        impl Build for PacketBuilderStep<$header> {
            fn write(self, payload: &[u8], into: &mut Vec<u8>) -> Result<(), String> {
                PacketBuilderStep::<$header>::write(self, into, payload).map_err(|why| why.to_string())
            }
        }
    )*};
}

build!(etherparse::UdpHeader etherparse::TcpHeader etherparse::Icmpv4Header etherparse::Icmpv6Header);

fn built(step: impl Build, payload: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(payload.len() + 60);
    step.write(payload, &mut bytes).map_err(std::io::Error::other)?;
    Ok(bytes)
}

/// The tags before an exported unit (Wireshark, `wsutil/exported_pdu_tlvs.h`).
fn exported(envelope: &Envelope, unit: Unit) -> Vec<u8> {
    const DISSECTOR: u16 = 12;
    const PORT_TYPE: u16 = 24;
    const SOURCE_PORT: u16 = 25;
    const DESTINATION_PORT: u16 = 26;
    const END: u16 = 0;
    const UDP: u32 = 3;
    // Whole messages each, so the name for datagrams fits streams as well.
    let dissector: &[u8] = match unit {
        Unit::Stun => b"stun-udp",
        Unit::Bytes => b"data",
    };
    let mut bytes = Vec::new();
    let mut tag = |kind: u16, value: &[u8]| {
        let padding = value.len().next_multiple_of(4) - value.len();
        let length = u16::try_from(value.len() + padding).unwrap_or_default();
        bytes.extend_from_slice(&kind.to_be_bytes());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(value);
        bytes.extend(std::iter::repeat_n(0, padding));
    };
    tag(DISSECTOR, dissector);
    for (address, v4, v6) in [(envelope.from.ip(), 20, 22), (envelope.to.ip(), 21, 23)] {
        match address {
            IpAddr::V4(address) => tag(v4, &address.octets()),
            IpAddr::V6(address) => tag(v6, &address.octets()),
        }
    }
    tag(PORT_TYPE, &UDP.to_be_bytes());
    tag(SOURCE_PORT, &u32::from(envelope.from.port()).to_be_bytes());
    tag(DESTINATION_PORT, &u32::from(envelope.to.port()).to_be_bytes());
    tag(END, &[]);
    bytes
}

fn io(why: PcapError) -> std::io::Error {
    match why {
        PcapError::IoError(why) => why,
        why => std::io::Error::other(why.to_string()),
    }
}
