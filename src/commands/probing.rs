use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::locals::{self, Wish};
use super::stop::Stop;
use crate::drive;
use crate::proto::schedule::Schedule;
use crate::wire::uri::IceUri;

/// Where to probe from, and how patiently; shared by every command that sends something.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Probing")]
pub struct ProbeArgs {
    /// Use this interface only; repeat for more, or all for every one that is up
    #[arg(long, value_name = "NAME", env = "RTCPROBE_INTERFACE", value_delimiter = ',')]
    pub interface: Vec<String>,
    /// Use this local address only; repeat for more
    #[arg(long, value_name = "ADDRESS", env = "RTCPROBE_LOCAL_ADDRESS", value_delimiter = ',')]
    pub local_address: Vec<IpAddr>,
    /// Use IPv4 only
    #[arg(short = '4', long, env = "RTCPROBE_IPV4", value_parser = super::flag::parse, conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// Use IPv6 only
    #[arg(short = '6', long, env = "RTCPROBE_IPV6", value_parser = super::flag::parse)]
    pub ipv6: bool,
    /// Local UDP ports to use, such as 50000-50199; to look at a NAT takes 128 of them, and more with --lifetime
    #[arg(long, value_name = "A-B", env = "RTCPROBE_PORT_RANGE", value_parser = port_range)]
    pub port_range: Option<(u16, u16)>,
    /// Resolve names with this DNS server instead of the system's; port 53 when none is given
    #[arg(long, value_name = "ADDRESS", env = "RTCPROBE_NAMESERVER", value_parser = nameserver)]
    pub nameserver: Option<SocketAddr>,
    /// Trust the certificates in this PEM file instead of the system's
    #[arg(long, value_name = "FILE", env = "RTCPROBE_CA_FILE")]
    pub ca_file: Option<PathBuf>,
    /// Go on with certificates that do not verify, and say so in the result
    #[arg(long, env = "RTCPROBE_INSECURE", value_parser = super::flag::parse)]
    pub insecure: bool,
    /// Ask for this name in TLS and expect it in the certificate, instead of the server's host name
    #[arg(long, value_name = "NAME", env = "RTCPROBE_SNI", value_parser = sni)]
    pub sni: Option<String>,
    /// Stop asking after this time and report what is known by then [default: 10s, or as long as --timing takes;
    /// turn: 40s and what is to be measured]
    #[arg(long, value_name = "TIME", env = "RTCPROBE_TIMEOUT", value_parser = super::span::parse)]
    pub timeout: Option<Duration>,
    /// How often to repeat a request that is not answered, and when to give up: prompt (4 copies, 4.5 s),
    /// rfc8489 (7, 39.5 s), chrome (9, 39.75 s), firefox (7, 7.9 s), fast (3, 0.7 s), or RTO,COPIES,WAIT
    ///
    /// RTO is the wait after the first copy, doubled after each further one; WAIT the one after the last,
    /// as in 250ms,5,1s.
    #[arg(long, value_name = "TIMING", env = "RTCPROBE_TIMING", default_value = "prompt")]
    pub timing: Timing,
    #[command(flatten)]
    pub record: super::record::RecordArgs,
}

/// Retransmission over UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing(Schedule);

impl Timing {
    pub fn schedule(self) -> Schedule {
        self.0
    }
}

impl std::str::FromStr for Timing {
    type Err = String;
    fn from_str(text: &str) -> Result<Timing, String> {
        text.parse().map(Timing)
    }
}

impl ProbeArgs {
    /// Which local addresses are wanted for these servers.
    pub fn wish<'a>(&self, mut servers: impl Iterator<Item = &'a IceUri>) -> Wish {
        Wish {
            interfaces: self.interface.clone(),
            addresses: self.local_address.clone(),
            ipv4: self.ipv4,
            ipv6: self.ipv6,
            loopback: servers.any(locals::is_here),
        }
    }

    /// How the world is to be touched.
    pub fn options(&self) -> Result<drive::Options, Stop> {
        // Bound to the device as well, so that the routing table has no say. With several interfaces
        // the local address alone decides.
        let device = match &self.interface[..] {
            [one] if one != "all" => Some(one.clone()),
            _ => None,
        };
        Ok(drive::Options {
            authorities: self.ca_file.as_deref().map(authorities).transpose()?,
            insecure: self.insecure,
            sni: self.sni.clone(),
            nameserver: self.nameserver,
            device,
            port_range: self.port_range,
            ..drive::Options::default()
        })
    }
}

/// More than the trust stores of whole systems.
const CERTIFICATES: u64 = 4 * 1024 * 1024;

/// What is in a file of certificates; read once, since it may be a pipe.
fn authorities(path: &Path) -> Result<Vec<u8>, Stop> {
    let wrong = |why: &str| Stop::Usage(format!("--ca-file {}: {why}", path.display()));
    match std::fs::File::open(path).and_then(|file| super::servers::read_up_to(file, CERTIFICATES)) {
        Ok(Some(pem)) => drive::check_authorities(&pem).map_err(|why| wrong(&why)).map(|()| pem),
        Ok(None) => Err(wrong("it is larger than 4 MiB")),
        Err(why) => Err(wrong(&format!("it cannot be read: {why}"))),
    }
}

fn sni(text: &str) -> Result<String, String> {
    match drive::is_server_name(text) {
        true => Ok(text.to_string()),
        false => Err("write a host name of letters, digits, hyphens and dots, such as turn.example.org".into()),
    }
}

fn port_range(text: &str) -> Result<(u16, u16), String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if 0 < first && first <= last => Ok((first, last)),
        _ => Err("write two ports from 1 to 65535, the lower one first, such as 50000-50100".into()),
    }
}

fn nameserver(text: &str) -> Result<SocketAddr, String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = text.parse().or_else(|_| bare.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53)));
    if address.as_ref().is_ok_and(|address| address.port() == 0) {
        return Err("port 0 cannot be reached; a DNS server listens on port 53 if nothing else is known".into());
    }
    address.map_err(|_| "write an IP address with or without a port, such as 9.9.9.9 or [2620:fe::fe]:53".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_port_ranges() {
        assert_eq!(port_range("50000-50100"), Ok((50000, 50100)));
        assert_eq!(port_range("50000"), Ok((50000, 50000)));
        for text in ["", "-", "2-1", "0-1", "1-65536", "a-b"] {
            assert!(port_range(text).is_err(), "{text}");
        }
    }

    #[test]
    fn reads_name_servers_with_and_without_a_port() {
        assert_eq!(nameserver("9.9.9.9"), Ok("9.9.9.9:53".parse().unwrap()));
        assert_eq!(nameserver("127.0.0.1:5353"), Ok("127.0.0.1:5353".parse().unwrap()));
        assert_eq!(nameserver("2620:fe::fe"), Ok("[2620:fe::fe]:53".parse().unwrap()));
        assert_eq!(nameserver("[2620:fe::fe]"), Ok("[2620:fe::fe]:53".parse().unwrap()));
        assert!(nameserver("dns.example").is_err());
        assert!(nameserver("1.1.1.1:0").is_err() && nameserver("[2620:fe::fe]:0").is_err());
    }

    #[test]
    fn asks_in_tls_for_names_only() {
        for name in ["turn.example.org", "turn.example.org.", "a_b.example", "192.0.2.1"] {
            assert!(sni(name).is_ok(), "{name}");
        }
        for name in ["", "a b", "-", "..", &"x".repeat(300)] {
            assert!(sni(name).unwrap_err().contains("turn.example.org"), "{name}");
        }
    }
}
