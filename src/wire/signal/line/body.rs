//! The body of a line: flags and fields one behind the other.

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::wire::candidate::{Candidate, CandidateType, TcpType};
use crate::wire::signal::{CANDIDATES, Description, LONGEST, Part};

/// Flags of a body.
mod has {
    pub const ANSWER: u8 = 1;
    pub const LITE: u8 = 2;
    pub const COMPLETE: u8 = 4;
    pub const ECHO: u8 = 8;
    pub const AGENT: u8 = 16;
    pub const ANSWERS: u8 = 32;
    /// User name fragment and password are of the alphabet and the length of base64, and written in three quarters.
    pub const PACKED: u8 = 64;
    pub const DEFLATED: u8 = 128;
}

/// Flags of a candidate; the two lowest bits are its type, the next but one its family.
mod of {
    pub const TCP: u8 = 4;
    pub const V6: u8 = 8;
    pub const NAME: u8 = 16;
    pub const RELATED: u8 = 32;
    pub const MORE: u8 = 64;
    /// The line as it is, as it would not come out the same otherwise.
    pub const RAW: u8 = 128;
}

/// Further flags of a candidate, beside the TCP type in the two lowest bits.
mod more {
    pub const COMPONENT: u8 = 4;
    /// The foundation is no number.
    pub const FOUNDATION: u8 = 8;
    pub const EXTENSIONS: u8 = 16;
}

/// Writes a description.
pub fn pack(description: &Description) -> Vec<u8> {
    let Description { role, ufrag, pwd, lite, candidates, complete, agent, echo, answers } = description;
    let mut out = Vec::new();
    let mut flags = 0;
    for (set, flag) in
        [(*role == Part::Answer, has::ANSWER), (*lite, has::LITE), (*complete, has::COMPLETE), (*echo, has::ECHO)]
    {
        flags |= if set { flag } else { 0 };
    }
    match (packed(ufrag), packed(pwd)) {
        (Some(ufrag), Some(pwd)) => {
            flags |= has::PACKED;
            bytes(&mut out, &ufrag);
            bytes(&mut out, &pwd);
        }
        _ => {
            bytes(&mut out, ufrag.as_bytes());
            bytes(&mut out, pwd.as_bytes());
        }
    }
    for (text, flag) in [(agent, has::AGENT), (answers, has::ANSWERS)] {
        if let Some(text) = text {
            flags |= flag;
            bytes(&mut out, text.as_bytes());
        }
    }
    number(&mut out, candidates.len());
    candidates.iter().for_each(|line| candidate(&mut out, line));
    if let Some(shorter) = deflated(&out) {
        flags |= has::DEFLATED;
        out = shorter;
    }
    out.insert(0, flags);
    out
}

/// Reads one; nothing where it cannot be one.
pub fn unpack(body: &[u8]) -> Option<Description> {
    let (flags, rest) = body.split_first()?;
    let inflated;
    let rest = match flags & has::DEFLATED {
        0 => rest,
        _ => {
            inflated = inflate(rest)?;
            &inflated[..]
        }
    };
    let is = |flag| flags & flag != 0;
    let mut reader = Reader(rest);
    let mut key = || match is(has::PACKED) {
        true => reader.bytes().map(|bytes| STANDARD_NO_PAD.encode(bytes)),
        false => reader.text(),
    };
    let (ufrag, pwd) = (key()?, key()?);
    let agent = if is(has::AGENT) { Some(reader.text()?) } else { None };
    let answers = if is(has::ANSWERS) { Some(reader.text()?) } else { None };
    let count = reader.number().filter(|count| *count <= CANDIDATES)?;
    let mut candidates = Vec::new();
    for _ in 0..count {
        candidates.push(reader.candidate()?);
    }
    let role = if is(has::ANSWER) { Part::Answer } else { Part::Offer };
    let (lite, complete, echo) = (is(has::LITE), is(has::COMPLETE), is(has::ECHO));
    Some(Description { role, ufrag, pwd, lite, candidates, complete, agent, echo, answers })
}

/// As bytes, where the text is what base64 makes of them.
fn packed(text: &str) -> Option<Vec<u8>> {
    let bytes = text.len().is_multiple_of(4).then(|| STANDARD_NO_PAD.decode(text).ok())??;
    (STANDARD_NO_PAD.encode(&bytes) == text).then_some(bytes)
}

fn candidate(out: &mut Vec<u8>, line: &str) {
    let start = out.len();
    let fields = line.parse::<Candidate>().ok().filter(|candidate| candidate.to_string() == line);
    if fields.and_then(|candidate| fields_of(out, &candidate)).is_none() {
        out.truncate(start);
        out.push(of::RAW);
        bytes(out, line.as_bytes());
    }
}

fn fields_of(out: &mut Vec<u8>, candidate: &Candidate) -> Option<()> {
    let Candidate { foundation, component, transport, priority, address, port, kind, .. } = candidate;
    let number_of = foundation.parse::<u32>().ok().filter(|number| number.to_string() == *foundation);
    let tcp_type = match candidate.tcp_type {
        None => 0,
        Some(TcpType::Active) => 1,
        Some(TcpType::Passive) => 2,
        Some(TcpType::So) => 3,
    };
    let mut further = tcp_type;
    for (set, flag) in [
        (*component != 1, more::COMPONENT),
        (number_of.is_none(), more::FOUNDATION),
        (!candidate.extensions.is_empty(), more::EXTENSIONS),
    ] {
        further |= if set { flag } else { 0 };
    }
    let mut flags = match kind {
        CandidateType::Host => 0,
        CandidateType::Srflx => 1,
        CandidateType::Prflx => 2,
        CandidateType::Relay => 3,
    };
    let address = written(address);
    flags |= address.0 | if transport == "tcp" { of::TCP } else { 0 };
    flags |= if candidate.related.is_some() { of::RELATED } else { 0 };
    flags |= if further != 0 { of::MORE } else { 0 };
    out.push(flags);
    if further != 0 {
        out.push(further);
    }
    match number_of {
        Some(number) => out.extend_from_slice(&number.to_be_bytes()),
        None => bytes(out, foundation.as_bytes()),
    }
    if *component != 1 {
        out.push(u8::try_from(component.checked_sub(1)?).ok()?);
    }
    out.extend_from_slice(&priority.to_be_bytes());
    out.extend_from_slice(&address.1);
    out.extend_from_slice(&port.to_be_bytes());
    if let Some((address, port)) = &candidate.related {
        let address = written(address);
        out.push(address.0);
        out.extend_from_slice(&address.1);
        out.extend_from_slice(&port.to_be_bytes());
    }
    if !candidate.extensions.is_empty() {
        number(out, candidate.extensions.len());
        for (name, value) in &candidate.extensions {
            bytes(out, name.as_bytes());
            bytes(out, value.as_bytes());
        }
    }
    Some(())
}

/// The family of an address, and its bytes.
fn written(address: &str) -> (u8, Vec<u8>) {
    match address.parse::<IpAddr>().ok().filter(|ip| ip.to_string() == address) {
        Some(IpAddr::V4(ip)) => (0, ip.octets().to_vec()),
        Some(IpAddr::V6(ip)) => (of::V6, ip.octets().to_vec()),
        None => {
            let mut out = Vec::new();
            bytes(&mut out, address.as_bytes());
            (of::NAME, out)
        }
    }
}

/// A number in groups of seven bits, the lowest first.
pub fn number(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    number(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn deflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    flate2::read::DeflateEncoder::new(bytes, flate2::Compression::best()).read_to_end(&mut out).ok()?;
    (out.len() < bytes.len()).then_some(out)
}

fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let most = LONGEST as u64 + 1;
    flate2::read::DeflateDecoder::new(bytes).take(most).read_to_end(&mut out).ok()?;
    (out.len() <= LONGEST).then_some(out)
}

/// What is left to read.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub fn number(&mut self) -> Option<usize> {
        let mut number = 0;
        for shift in [0, 7, 14] {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length)
    }

    fn text(&mut self) -> Option<String> {
        self.bytes().and_then(|bytes| String::from_utf8(bytes.to_vec()).ok())
    }

    fn address(&mut self, family: u8) -> Option<String> {
        match family & (of::V6 | of::NAME) {
            0 => self.array().map(|octets: [u8; 4]| Ipv4Addr::from(octets).to_string()),
            of::V6 => self.array().map(|octets: [u8; 16]| Ipv6Addr::from(octets).to_string()),
            of::NAME => self.text(),
            _ => None,
        }
    }

    fn candidate(&mut self) -> Option<String> {
        let flags = self.byte()?;
        if flags & of::RAW != 0 {
            return self.text();
        }
        let further = if flags & of::MORE != 0 { self.byte()? } else { 0 };
        let has = |flag| further & flag != 0;
        let foundation = match has(more::FOUNDATION) {
            true => self.text()?,
            false => u32::from_be_bytes(self.array()?).to_string(),
        };
        let component = if has(more::COMPONENT) { u16::from(self.byte()?) + 1 } else { 1 };
        let priority = u32::from_be_bytes(self.array()?);
        let address = self.address(flags)?;
        let port = u16::from_be_bytes(self.array()?);
        let related = match flags & of::RELATED {
            0 => None,
            _ => {
                let family = self.byte()?;
                Some((self.address(family)?, u16::from_be_bytes(self.array()?)))
            }
        };
        let mut extensions = Vec::new();
        if has(more::EXTENSIONS) {
            for _ in 0..self.number()? {
                extensions.push((self.text()?, self.text()?));
            }
        }
        let kinds = [CandidateType::Host, CandidateType::Srflx, CandidateType::Prflx, CandidateType::Relay];
        let tcp_types = [None, Some(TcpType::Active), Some(TcpType::Passive), Some(TcpType::So)];
        let candidate = Candidate {
            foundation,
            component,
            transport: if flags & of::TCP != 0 { "tcp" } else { "udp" }.into(),
            priority,
            address,
            port,
            kind: kinds[usize::from(flags & 3)],
            related,
            tcp_type: tcp_types[usize::from(further & 3)],
            extensions,
        };
        Some(candidate.to_string())
    }
}
