//! What is to be measured and tried, beyond the steps that every check goes through.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::probes::turn::{EchoPlan, Extras, Options};
use crate::proto::schedule::Schedule;
use crate::report::RelayProtocol;

/// For everything but the measurements.
const STEPS: Duration = Duration::from_secs(40);
/// For the audit, and for each option that is tried.
const AUDIT: Duration = Duration::from_secs(15);
const OPTION: Duration = Duration::from_secs(5);
/// What `--all` asks for, if nothing else is said.
const LIFETIME: Duration = Duration::from_secs(3600);

/// How the quality of the relay is measured.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Quality")]
pub struct QualityArgs {
    /// Datagrams to send to and fro through the relay
    #[arg(long, value_name = "N", env = "RTCPROBE_ECHO", default_value_t = 50)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub echo: u32,
    /// Datagrams per second
    #[arg(long, value_name = "PPS", env = "RTCPROBE_RATE", default_value = "50", value_parser = rate)]
    pub rate: f64,
    /// Bytes of payload of each, from 24 to 1200
    #[arg(long, value_name = "BYTES", env = "RTCPROBE_SIZE", default_value_t = 160)]
    #[arg(value_parser = clap::value_parser!(u16).range(24..=1200))]
    pub size: u16,
    /// Do not measure loss, round-trip times and jitter
    #[arg(long, env = "RTCPROBE_NO_ECHO", value_parser = crate::commands::flag::parse)]
    pub no_echo: bool,
}

impl QualityArgs {
    pub fn plan(&self) -> Option<EchoPlan> {
        let plan = EchoPlan { count: self.echo, rate: self.rate, size: self.size.into() };
        (!self.no_echo).then_some(plan)
    }
}

/// What a server may support beyond a plain UDP relay.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of the protocol")]
pub struct OptionArgs {
    /// Try a relayed IPv6 address (RFC 8656 section 14.14)
    #[arg(long, env = "RTCPROBE_IPV6_RELAY", value_parser = crate::commands::flag::parse)]
    pub ipv6_relay: bool,
    /// Try an IPv4 and an IPv6 address in one allocation (RFC 8656 section 14.15)
    #[arg(long, env = "RTCPROBE_DUAL", value_parser = crate::commands::flag::parse)]
    pub dual: bool,
    /// Try relaying TCP (RFC 6062)
    #[arg(long, env = "RTCPROBE_TCP_RELAY", value_parser = crate::commands::flag::parse)]
    pub tcp_relay: bool,
    /// Try an even port with the next one reserved
    #[arg(long, env = "RTCPROBE_EVEN_PORT", value_parser = crate::commands::flag::parse)]
    pub even_port: bool,
    /// Try DONT-FRAGMENT
    #[arg(long, env = "RTCPROBE_DONT_FRAGMENT", value_parser = crate::commands::flag::parse)]
    pub dont_fragment: bool,
    /// Try to move an allocation to another port of ours (RFC 8016)
    #[arg(long, env = "RTCPROBE_MOBILITY", value_parser = crate::commands::flag::parse)]
    pub mobility: bool,
    /// Ask for an allocation of this lifetime
    #[arg(long, value_name = "TIME", env = "RTCPROBE_LIFETIME", value_parser = crate::commands::span::parse)]
    pub lifetime: Option<Duration>,
    /// Try all of these options, and whether sending one datagram to 10.255.255.254 ends all relaying
    #[arg(long, env = "RTCPROBE_ALL", value_parser = crate::commands::flag::parse)]
    pub all: bool,
    /// A peer that calls need, such as a media server: ask whether the server would relay to this address, and send it
    /// nothing; repeat for more
    #[arg(long, value_name = "ADDRESS", env = "RTCPROBE_PEER", value_delimiter = ',', value_parser = peer)]
    #[arg(help_heading = "Probing")]
    pub peer: Vec<IpAddr>,
}

impl OptionArgs {
    pub fn options(&self) -> Options {
        let lifetime = self.lifetime.or(self.all.then_some(LIFETIME));
        Options {
            ipv6_relay: self.all || self.ipv6_relay,
            dual: self.all || self.dual,
            tcp_relay: self.all || self.tcp_relay,
            even_port: self.all || self.even_port,
            dont_fragment: self.all || self.dont_fragment,
            mobility: self.all || self.mobility,
            // Not nothing: that would be a release.
            lifetime: lifetime.map(|time| u32::try_from(time.as_secs()).unwrap_or(u32::MAX).max(1)),
        }
    }
}

impl OptionArgs {
    /// What is looked at more closely; a datagram into the server's network takes consent.
    pub fn extras(&self, closely: bool) -> Extras {
        Extras { relay_mtu: closely, burst: closely, poison: self.all }
    }
}

/// A transport that must work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Required {
    Udp,
    Tcp,
    Tls,
    Dtls,
}

impl Required {
    pub fn protocol(self) -> RelayProtocol {
        match self {
            Required::Udp => RelayProtocol::Udp,
            Required::Tcp => RelayProtocol::Tcp,
            Required::Tls => RelayProtocol::Tls,
            Required::Dtls => RelayProtocol::Dtls,
        }
    }
}

/// Long enough for what is to be done, if nothing else is said.
pub fn limit(schedule: &Schedule, echo: Option<&EchoPlan>, options: Options, audit: bool) -> Duration {
    let Options { ipv6_relay, dual, tcp_relay, even_port, dont_fragment, mobility, lifetime } = options;
    let tried = [ipv6_relay, dual, tcp_relay, even_port, dont_fragment, mobility, lifetime.is_some()];
    let tried = tried.into_iter().map(u32::from).sum::<u32>();
    let echo = echo.map_or(0.0, |plan| f64::from(plan.count) / plan.rate);
    let echo = Duration::try_from_secs_f64(echo).unwrap_or(Duration::MAX);
    // Two steps that are not answered, and something in between.
    let steps = STEPS.max(schedule.total() * 3);
    steps.saturating_add(echo).saturating_add(OPTION * tried).saturating_add(AUDIT * u32::from(audit))
}

/// An address, with or without a port: a permission is for all of them (RFC 8656 section 9).
fn peer(text: &str) -> Result<IpAddr, String> {
    let text = text.trim();
    let address = text.parse().or_else(|_| text.parse().map(|address: SocketAddr| address.ip()));
    address.map_err(|_| "write the peer's IP address, such as 10.0.0.7; a permission is for an address".into())
}

fn rate(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(rate) if (0.1..=1000.0).contains(&rate) => Ok(rate),
        _ => Err("write a number of datagrams per second from 0.1 to 1000".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_time_for_what_is_to_be_measured() {
        let plan = EchoPlan { count: 500, rate: 10.0, size: 160 };
        assert_eq!(limit(&Schedule::PROMPT, None, Options::default(), false), STEPS);
        assert_eq!(limit(&Schedule::PROMPT, Some(&plan), Options::default(), false), STEPS + Duration::from_secs(50));
        assert!(limit(&Schedule::RFC8489, None, Options::default(), false) > Duration::from_secs(79));
        let options = Options { dual: true, mobility: true, ..Options::default() };
        assert_eq!(limit(&Schedule::PROMPT, None, options, true), STEPS + AUDIT + OPTION * 2);
    }

    #[test]
    fn peers_are_addresses() {
        for text in ["10.0.0.7", "10.0.0.7:4443", "2001:db8::7", "[2001:db8::7]:4443"] {
            assert!(peer(text).unwrap().to_string().ends_with('7'), "{text}");
        }
        for text in ["", "media.example.org", "10.0.0.0/8", "10.0.0.7:x"] {
            assert!(peer(text).is_err(), "{text}");
        }
    }

    #[test]
    fn refuses_rates_that_are_none() {
        assert_eq!(rate("50"), Ok(50.0));
        for text in ["", "0", "-1", "nan", "inf", "1e9", "fast"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }
}
