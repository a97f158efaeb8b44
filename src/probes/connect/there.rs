//! The other side: what it said of itself, as far as it can be believed and used.

use std::net::{IpAddr, SocketAddr};

use super::Config;
use super::here::kind_of;
use crate::machine::Time;
use crate::proto::ice::Remote;
use crate::report::connect::{SideNat, UnusedCandidate};
use crate::report::{Candidate, Protocol, TcpKind};
use crate::wire::candidate::{self, TcpType};
use crate::wire::signal::{CANDIDATES, Description, Status};

/// Candidates that could not be used are listed up to here.
const UNUSED: usize = 64;
/// So much of a stranger's line is shown.
const SHOWN: usize = 200;

/// The other side.
#[derive(Debug, Default)]
pub(super) struct There {
    /// What it said first, in this generation.
    pub description: Option<Description>,
    pub candidates: Vec<Candidate>,
    /// Names that are being resolved, and the lines that they stand in.
    pub hidden: Vec<(String, String)>,
    pub unused: Vec<UnusedCandidate>,
    /// Candidates that could not be used, beyond those that are listed.
    pub unlisted: u32,
    pub trickle: bool,
    pub complete: bool,
    pub status: Option<Status>,
    pub nat: Option<SideNat>,
    pub bye: bool,
    /// Whatever it may still have to say, it cannot.
    pub hushed: bool,
}

impl There {
    /// Takes in a candidate line; gives it for the agent if it can be used.
    pub fn take(&mut self, now: Time, line: &str, config: &Config) -> Option<Remote> {
        let read = match self.candidates.len() < CANDIDATES {
            true => read(line, None, config),
            false => Err(format!("there are {CANDIDATES} already")),
        };
        self.put(now, line, read)
    }

    /// The same for a candidate with a name, once it is known what came of that.
    pub fn unveiled(
        &mut self,
        now: Time,
        line: &str,
        address: &Result<IpAddr, String>,
        config: &Config,
    ) -> Option<Remote> {
        let why = |why: &String| format!("its name was not resolved: {why}");
        self.put(now, line, address.as_ref().map_err(why).and_then(|ip| read(line, Some(*ip), config)))
    }

    /// Candidates whose names are not resolved yet.
    pub fn still_hidden(&self) -> impl Iterator<Item = UnusedCandidate> {
        let reason = "its name was not resolved before the end";
        self.hidden.iter().map(move |(_, line)| UnusedCandidate { candidate: shown(line), reason: reason.into() })
    }

    fn put(
        &mut self,
        now: Time,
        line: &str,
        read: Result<(candidate::Candidate, SocketAddr), String>,
    ) -> Option<Remote> {
        match read {
            Ok((candidate, address)) => {
                let remote = remote(&candidate, address);
                self.candidates.push(reported(now, &candidate));
                Some(remote)
            }
            Err(reason) => {
                self.leave_out(line, reason);
                None
            }
        }
    }

    fn leave_out(&mut self, line: &str, reason: String) {
        if self.unused.len() < UNUSED {
            self.unused.push(UnusedCandidate { candidate: shown(line), reason });
        } else {
            self.unlisted = self.unlisted.saturating_add(1);
        }
    }
}

/// A stranger's line as it can be shown.
fn shown(line: &str) -> String {
    line.chars().take(SHOWN).flat_map(char::escape_debug).collect()
}

/// Reads a candidate that checks can be sent to; `known` is the address that its name stands for.
fn read(line: &str, known: Option<IpAddr>, config: &Config) -> Result<(candidate::Candidate, SocketAddr), String> {
    let candidate: candidate::Candidate = line.parse().map_err(|bad: candidate::BadCandidate| bad.0)?;
    if candidate.component != 1 {
        return Err(format!("it is for component {}, and only the first is used", candidate.component));
    }
    let Some(ip) = known.or(candidate.address.parse().ok()) else {
        return Err("its name is for multicast DNS, which is not asked".into());
    };
    let nobody = match ip {
        IpAddr::V4(v4) => v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unspecified() || v6.is_multicast() || v6.to_ipv4_mapped().is_some(),
    };
    if nobody {
        return Err("its address is not that of one host".into());
    }
    if candidate.transport == "tcp" && !config.tcp {
        return Err("candidates over TCP are not wanted".into());
    }
    if candidate.port == 0 && candidate.tcp_type != Some(TcpType::Active) {
        return Err("its port is 0".into());
    }
    let address = SocketAddr::new(ip, candidate.port);
    Ok((candidate, address))
}

fn remote(candidate: &candidate::Candidate, address: SocketAddr) -> Remote {
    Remote {
        kind: candidate.kind,
        address,
        priority: candidate.priority,
        foundation: candidate.foundation.clone(),
        tcp: (candidate.transport == "tcp").then(|| candidate.tcp_type.unwrap_or(TcpType::Passive)),
    }
}

fn reported(now: Time, candidate: &candidate::Candidate) -> Candidate {
    Candidate {
        elapsed_ms: now.millis(),
        candidate: candidate.to_string(),
        component: "rtp".into(),
        foundation: candidate.foundation.clone(),
        protocol: if candidate.transport == "tcp" { Protocol::Tcp } else { Protocol::Udp },
        address: candidate.address.clone(),
        port: candidate.port,
        priority: candidate.priority,
        kind: kind_of(candidate.kind),
        tcp_type: candidate.tcp_type.map(|kind| match kind {
            TcpType::Active => TcpKind::Active,
            TcpType::Passive => TcpKind::Passive,
            TcpType::So => TcpKind::So,
        }),
        related_address: candidate.related.as_ref().map(|(address, _)| address.clone()),
        related_port: candidate.related.as_ref().map(|(_, port)| *port),
        relay_protocol: None,
        url: None,
        interface: None,
    }
}
