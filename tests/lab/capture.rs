//! What really goes over the wire at a host: tcpdump, and the STUN messages in its file.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::namespace::Host;
use crate::packet::Packet;
use crate::process::{Cmd, Process};

/// A capture that runs.
pub struct Capture {
    file: PathBuf,
    tcpdump: Process,
}

/// A STUN message as it was captured. Encrypted ones are not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub udp: bool,
    pub from: SocketAddr,
    pub to: SocketAddr,
    /// Method and class, such as 0x0103 for an Allocate success response.
    pub kind: u16,
    pub transaction: Vec<u8>,
    /// The LIFETIME attribute.
    pub lifetime: Option<u32>,
}

impl Capture {
    /// Captures what passes a device of a host on a port.
    pub fn start(host: &Host, dir: &Path, device: &str, port: u16) -> Capture {
        let file = dir.join("capture.pcap");
        let _ = fs::remove_file(&file);
        let tcpdump = Cmd::new("tcpdump")
            .args(["-Z", "root", "-i", device, "-U", "--immediate-mode", "-s", "512", "-w"])
            .arg(&file)
            .args(["port", &port.to_string()]);
        let mut tcpdump = host.spawn(tcpdump);
        let began = Instant::now();
        // It writes the file's header when it has begun to listen.
        while fs::metadata(&file).map_or(0, |file| file.len()) < 24 {
            assert!(tcpdump.running() && began.elapsed() < Duration::from_secs(10), "tcpdump does not listen");
            thread::sleep(Duration::from_millis(5));
        }
        Capture { file, tcpdump }
    }

    /// Ends it: every message in order.
    pub fn messages(self) -> Vec<Message> {
        self.tcpdump.signal(Signal::SIGINT);
        let finished = self.tcpdump.finish();
        assert!(finished.stderr.contains("0 packets dropped by kernel"), "{finished}");
        let bytes = fs::read(&self.file).unwrap();
        let mut messages = Vec::new();
        let mut rest = &bytes[24..];
        while rest.len() >= 16 {
            let length = usize::try_from(u32::from_ne_bytes(rest[8..12].try_into().unwrap())).unwrap();
            messages.extend(read_frame(&rest[16..16 + length]));
            rest = &rest[16 + length..];
        }
        messages
    }
}

/// The STUN messages in an Ethernet frame, several when a TCP segment has them.
fn read_frame(frame: &[u8]) -> Vec<Message> {
    let ip = frame.get(14..).filter(|_| frame[12..14] == [8, 0]);
    let Some(packet) = ip.and_then(|ip| Packet::parse(ip.to_vec())) else { return Vec::new() };
    let Some((protocol, from, to)) = packet.flow() else { return Vec::new() };
    let udp = protocol == rtcprobe::server::nat::Protocol::Udp;
    let header = if udp { 8 } else { usize::from(packet.payload()[12] >> 4) * 4 };
    let mut payload = packet.payload().get(header..).unwrap_or_default();
    let mut messages = Vec::new();
    while payload.len() >= 20 && payload[4..8] == [0x21, 0x12, 0xa4, 0x42] {
        let word = |at: usize| u16::from_be_bytes([payload[at], payload[at + 1]]);
        let end = (20 + usize::from(word(2))).min(payload.len());
        let lifetime = lifetime(&payload[20..end]);
        messages.push(Message { udp, from, to, kind: word(0), transaction: payload[8..20].to_vec(), lifetime });
        payload = &payload[end..];
    }
    messages
}

fn lifetime(mut attributes: &[u8]) -> Option<u32> {
    while attributes.len() >= 4 {
        let length = usize::from(u16::from_be_bytes([attributes[2], attributes[3]]));
        if attributes[..2] == [0, 0x0d] {
            return attributes.get(4..8).map(|value| u32::from_be_bytes(value.try_into().unwrap()));
        }
        attributes = attributes.get(4 + length.next_multiple_of(4)..)?;
    }
    None
}
