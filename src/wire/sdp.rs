//! Descriptions as SDP (RFC 8866, RFC 8839, RFC 8829): what browsers and media servers speak.
//!
//! Of SDP only what ICE needs is understood; of media, just enough to be let in: sections are taken over from an
//! offer as they are, and nothing is ever sent in them.

use sha2::{Digest, Sha256};

use super::candidate::{Candidate, CandidateType};
use super::signal::{BadSignal, CANDIDATES, Description, Part};

/// The longest SDP that is read, in bytes.
pub const LARGEST: usize = 256 * 1024;
/// Its longest line that counts.
const LONGEST_LINE: usize = 4 * 1024;
/// Media sections that are looked at.
const SECTIONS: usize = 64;
/// Attributes of a section that are taken over into an answer.
const CODECS: usize = 256;

/// A description that was read, and what an answer to it must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sdp {
    pub description: Description,
    /// In order, those that are rejected, too.
    pub sections: Vec<Section>,
    /// Candidates beyond [`CANDIDATES`].
    pub left_out: usize,
}

/// A media section, as far as the other side must find it again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// `audio`, `video`, `application`.
    pub media: String,
    /// `UDP/TLS/RTP/SAVPF`, `UDP/DTLS/SCTP`.
    pub protocol: String,
    pub formats: Vec<String>,
    pub mid: Option<String>,
    /// It shares the transport of the first.
    pub bundled: bool,
    /// Port 0, without bundling.
    pub rejected: bool,
    /// Attributes without `a=`: what its formats mean.
    pub codecs: Vec<String>,
}

impl Section {
    /// A data channel, which needs no codec and no permission.
    #[must_use]
    pub fn data_channel(mid: &str) -> Section {
        Section {
            media: "application".into(),
            protocol: "UDP/DTLS/SCTP".into(),
            formats: vec!["webrtc-datachannel".into()],
            mid: Some(mid.into()),
            bundled: true,
            rejected: false,
            codecs: vec!["sctp-port:5000".into(), "max-message-size:262144".into()],
        }
    }

    fn is_rtp(&self) -> bool {
        self.protocol.contains("RTP")
    }
}

/// An offer of one data channel.
#[must_use]
pub fn offer(description: &Description) -> String {
    write(description, &[Section::data_channel("0")])
}

/// An answer to an offer with these sections: the first that can carry the transport does, those that are bundled
/// with it share it, the rest is rejected.
#[must_use]
pub fn answer(description: &Description, offered: &[Section]) -> String {
    if offered.is_empty() {
        return offer(description);
    }
    let first = offered.iter().position(|section| !section.rejected).unwrap_or(0);
    let taken = |(place, section): (usize, &Section)| {
        let shares = place == first || (section.bundled && offered[first].bundled);
        Section { rejected: section.rejected || !shares, ..section.clone() }
    };
    let sections: Vec<Section> = offered.iter().enumerate().map(taken).collect();
    write(description, &sections)
}

/// The SDP of these sections, all over one transport. The fingerprint is made up: no DTLS follows.
#[must_use]
pub fn write(description: &Description, sections: &[Section]) -> String {
    let mut lines = Lines(String::new());
    let digest = Sha256::digest(format!("{}:{}", description.ufrag, description.pwd).as_bytes());
    let session = digest.iter().take(7).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    lines.add("v=0");
    lines.add(&format!("o=- {session} 2 IN IP4 127.0.0.1"));
    lines.add("s=-");
    lines.add("t=0 0");
    let alive = || sections.iter().filter(|section| !section.rejected);
    let mids: Vec<&str> = alive().filter_map(|section| section.mid.as_deref()).collect();
    if !mids.is_empty() {
        lines.add(&format!("a=group:BUNDLE {}", mids.join(" ")));
    }
    lines.add("a=ice-options:trickle ice2");
    if description.lite {
        lines.add("a=ice-lite");
    }
    let fingerprint: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    let fingerprint = fingerprint.join(":");
    let mut first = true;
    for section in sections {
        let carries = first && !section.rejected;
        lines.section(description, section, carries, &fingerprint);
        first = first && !carries;
    }
    lines.0
}

struct Lines(String);

impl Lines {
    fn add(&mut self, line: &str) {
        // What came from elsewhere must not begin a line of its own.
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        self.0.push_str(&line);
        self.0.push_str("\r\n");
    }

    fn section(&mut self, description: &Description, section: &Section, carries: bool, fingerprint: &str) {
        let Section { media, protocol, formats, .. } = section;
        let (address, port) = match carries {
            true => default_candidate(&description.candidates),
            false => ("IN IP4 0.0.0.0".to_owned(), if section.rejected { 0 } else { 9 }),
        };
        self.add(&format!("m={media} {port} {protocol} {}", formats.join(" ")));
        self.add(&format!("c={address}"));
        if let Some(mid) = &section.mid {
            self.add(&format!("a=mid:{mid}"));
        }
        if section.rejected {
            return;
        }
        self.add(&format!("a=ice-ufrag:{}", description.ufrag));
        self.add(&format!("a=ice-pwd:{}", description.pwd));
        self.add(&format!("a=fingerprint:sha-256 {fingerprint}"));
        self.add(match description.role {
            Part::Offer => "a=setup:actpass",
            Part::Answer => "a=setup:active",
        });
        if section.is_rtp() {
            let directions = ["sendrecv", "sendonly", "recvonly", "inactive"];
            if !section.codecs.iter().any(|codec| directions.contains(&codec.as_str())) {
                self.add("a=inactive");
            }
            self.add("a=rtcp-mux");
        }
        section.codecs.iter().for_each(|codec| self.add(&format!("a={codec}")));
        if carries {
            description.candidates.iter().for_each(|candidate| self.add(&format!("a={candidate}")));
            if description.complete {
                self.add("a=end-of-candidates");
            }
        }
    }
}

/// Address and port for who knows no ICE: those most likely to be reached (RFC 8839 §4.2.1.2); a placeholder while
/// nothing is known.
fn default_candidate(lines: &[String]) -> (String, u16) {
    let usable = lines.iter().filter_map(|line| line.parse::<Candidate>().ok()).filter(|candidate| {
        candidate.component == 1
            && candidate.transport == "udp"
            && candidate.address.parse::<std::net::IpAddr>().is_ok()
    });
    let rank = |candidate: &Candidate| match candidate.kind {
        CandidateType::Relay => 0,
        CandidateType::Srflx => 1,
        CandidateType::Prflx | CandidateType::Host => 2,
    };
    match usable.min_by_key(rank) {
        None => ("IN IP4 0.0.0.0".into(), 9),
        Some(Candidate { address, port, .. }) => {
            let family = if address.contains(':') { "IP6" } else { "IP4" };
            (format!("IN {family} {address}"), port)
        }
    }
}

/// Attributes of the session or of a section that ICE needs.
#[derive(Default)]
struct Ice {
    ufrag: Option<String>,
    pwd: Option<String>,
    candidates: Vec<String>,
    left_out: usize,
    complete: bool,
    trickle: bool,
    lite: bool,
    setup: Option<String>,
}

/// Reads SDP with any line ends.
pub fn read(text: &str) -> Result<Sdp, BadSignal> {
    if text.len() > LARGEST {
        return bad(format!("the SDP has {} KiB; {} are read at the most", text.len() / 1024, LARGEST / 1024));
    }
    let mut session = Ice::default();
    let mut bundle: Vec<String> = Vec::new();
    let mut sections: Vec<(Section, u16, Ice)> = Vec::new();
    for line in text.split(['\n', '\r']).map(str::trim).filter(|line| line.len() <= LONGEST_LINE) {
        if let Some(rest) = line.strip_prefix("m=") {
            if sections.len() >= SECTIONS {
                break;
            }
            let (section, port) = media(rest);
            sections.push((section, port, Ice::default()));
        } else if let Some(attribute) = line.strip_prefix("a=") {
            match sections.last_mut() {
                Some((section, port, ice)) => {
                    ice.take(attribute);
                    section.take(attribute, port);
                }
                None => {
                    session.take(attribute);
                    if let Some(mids) = attribute.strip_prefix("group:BUNDLE") {
                        bundle = mids.split_whitespace().map(str::to_owned).collect();
                    }
                }
            }
        }
    }
    if sections.is_empty() {
        return bad("the SDP has no media section (a line that begins with m=); copy all of it, from v=0 on");
    }
    for (section, port, _) in &mut sections {
        section.bundled = section.mid.as_ref().is_some_and(|mid| bundle.contains(mid));
        section.rejected = *port == 0;
    }
    let ice = choose(&session, &sections, bundle.first())?;
    let description = describe(&session, ice)?;
    let left_out = ice.left_out;
    Ok(Sdp { description, sections: sections.into_iter().map(|(section, ..)| section).collect(), left_out })
}

/// The section whose transport is used: the first of the bundle, or else the first that is not rejected.
fn choose<'a>(
    session: &Ice,
    sections: &'a [(Section, u16, Ice)],
    first: Option<&String>,
) -> Result<&'a Ice, BadSignal> {
    let alive = || sections.iter().filter(|(section, ..)| !section.rejected);
    let has_keys =
        |ice: &Ice| (ice.ufrag.is_some() || session.ufrag.is_some()) && (ice.pwd.is_some() || session.pwd.is_some());
    let tagged = alive().find(|(section, _, ice)| first.is_some() && section.mid.as_ref() == first && has_keys(ice));
    if alive().next().is_none() {
        return bad("every section of the SDP is rejected (port 0), so there is nothing to connect to");
    }
    match tagged.or_else(|| alive().find(|(_, _, ice)| has_keys(ice))) {
        Some((_, _, ice)) => Ok(ice),
        None => bad("the SDP has no a=ice-ufrag and a=ice-pwd, so it is not one of an ICE agent; copy all of what \
             RTCPeerConnection.localDescription.sdp holds"),
    }
}

fn describe(session: &Ice, ice: &Ice) -> Result<Description, BadSignal> {
    let of = |own: &Option<String>, all: &Option<String>| own.clone().or_else(|| all.clone()).unwrap_or_default();
    let trickle = session.trickle || ice.trickle;
    let setup = ice.setup.as_deref().or(session.setup.as_deref());
    let description = Description {
        role: match setup {
            Some("active" | "passive") => Part::Answer,
            _ => Part::Offer,
        },
        ufrag: of(&ice.ufrag, &session.ufrag),
        pwd: of(&ice.pwd, &session.pwd),
        lite: session.lite || ice.lite,
        candidates: ice.candidates.clone(),
        // Without trickling, these are all (RFC 8838 §4.1).
        complete: ice.complete || session.complete || !trickle,
        agent: None,
        echo: false,
        answers: None,
    };
    description.check()?;
    Ok(description)
}

impl Ice {
    fn take(&mut self, attribute: &str) {
        let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        let value = value.trim();
        match name {
            "ice-ufrag" => self.ufrag = Some(value.to_owned()),
            "ice-pwd" => self.pwd = Some(value.to_owned()),
            "ice-lite" => self.lite = true,
            "ice-options" => self.trickle |= value.split_whitespace().any(|option| option == "trickle"),
            "end-of-candidates" => self.complete = true,
            "setup" => self.setup = Some(value.to_owned()),
            "candidate" if self.candidates.len() >= CANDIDATES => self.left_out += 1,
            "candidate" => self.candidates.push(format!("candidate:{value}")),
            _ => {}
        }
    }
}

impl Section {
    fn take(&mut self, attribute: &str, port: &mut u16) {
        let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        match name {
            "mid" => self.mid = Some(value.trim().to_owned()),
            // Port 0, and yet not rejected (RFC 8843 §6).
            "bundle-only" => *port = (*port).max(9),
            "rtpmap" | "fmtp" | "sctp-port" | "sctpmap" | "max-message-size" if self.codecs.len() < CODECS => {
                self.codecs.push(attribute.to_owned());
            }
            _ => {}
        }
    }
}

/// `audio 9 UDP/TLS/RTP/SAVPF 111 63`, and its port.
fn media(rest: &str) -> (Section, u16) {
    let mut words = rest.split_whitespace().map(str::to_owned);
    let media = words.next().unwrap_or_default();
    // A port may come with a count.
    let port = words.next().unwrap_or_default();
    let port = port.split('/').next().and_then(|port| port.parse().ok()).unwrap_or(9);
    let protocol = words.next().unwrap_or_default();
    let formats = words.take(CODECS).collect();
    (Section { media, protocol, formats, ..Section::default() }, port)
}

fn bad<T>(why: impl Into<String>) -> Result<T, BadSignal> {
    Err(BadSignal(why.into()))
}
