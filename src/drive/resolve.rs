//! The DNS, and the names that are not asked of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};

use super::Options;
use super::arrivals::News;
use super::shared::Shared;
use crate::machine::{Lookup, LookupFailure, Question, Record, RecordKind};

/// For one attempt.
const ATTEMPT: Duration = Duration::from_millis(2400);
/// For all of them.
const BUDGET: Duration = Duration::from_secs(5);

type Answer = Result<Vec<Record>, LookupFailure>;

/// Answers a question and tells the machine.
pub async fn answer(shared: Arc<Shared>, lookup: Lookup, question: Question) {
    let answer = match without_dns(&shared, &question) {
        Some(answer) => answer,
        None => ask(&shared, &question).await,
    };
    let at = shared.arrivals.clock.now();
    shared.arrivals.tell(at, News::Answered { lookup, answer });
}

/// The addresses of a host, those of both families in turns.
pub async fn addresses(shared: &Shared, host: &str) -> Result<Vec<IpAddr>, LookupFailure> {
    let of = async |kind| {
        let question = Question { name: host.to_owned(), kind };
        match without_dns(shared, &question) {
            Some(answer) => answer,
            None => ask(shared, &question).await,
        }
    };
    let (four, six) = tokio::join!(of(RecordKind::A), of(RecordKind::Aaaa));
    let why = match (&four, &six) {
        (Err(LookupFailure::NoRecords), Err(why)) | (Err(why), _) => why.clone(),
        _ => LookupFailure::NoRecords,
    };
    let listed = |answer: Answer| {
        answer.unwrap_or_default().into_iter().filter_map(|record| match record {
            Record::Address(address) => Some(address),
            _ => None,
        })
    };
    let (mut four, mut six) = (listed(four), listed(six));
    let mut found = Vec::new();
    loop {
        let pair = [six.next(), four.next()];
        found.extend(pair.iter().flatten());
        if pair == [None, None] {
            break;
        }
    }
    if found.is_empty() { Err(why) } else { Ok(found) }
}

/// What a run keeps for its lookups; made on first use.
#[derive(Default)]
pub struct Resolver {
    hosts: OnceLock<Vec<(String, IpAddr)>>,
    dns: OnceLock<Result<TokioResolver, LookupFailure>>,
}

/// Addresses, names of the demo, the hosts file, and `localhost` (RFC 6761 §6.3).
fn without_dns(shared: &Shared, question: &Question) -> Option<Answer> {
    let name = question.name.trim_end_matches('.');
    if let Ok(address) = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return Some(of_kind(question.kind, [address]));
    }
    if let Some(answer) = in_options(&shared.options, question.kind, name) {
        return Some(answer);
    }
    if let Some(answer) = in_hosts_file(shared.resolver.hosts(), question.kind, name) {
        return Some(answer);
    }
    let is_local = |suffix: &str| ends_with(name, suffix).is_some();
    is_local("localhost").then(|| of_kind(question.kind, [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]))
}

/// Names of [`Options::hosts`]. What stands below them does not exist.
fn in_options(options: &Options, kind: RecordKind, name: &str) -> Option<Answer> {
    let under = options.hosts.iter().filter_map(|(host, _)| ends_with(name, host));
    match under.max()? {
        Depth::Below => Some(Err(LookupFailure::NoSuchName)),
        Depth::Itself => {
            let same = options.hosts.iter().filter(|(host, _)| host.eq_ignore_ascii_case(name));
            Some(of_kind(kind, same.map(|(_, address)| *address)))
        }
    }
}

fn in_hosts_file(hosts: &[(String, IpAddr)], kind: RecordKind, name: &str) -> Option<Answer> {
    let same = hosts.iter().filter(|(host, _)| host.eq_ignore_ascii_case(name));
    let found: Vec<IpAddr> = same.map(|(_, address)| *address).collect();
    (!found.is_empty()).then(|| of_kind(kind, found))
}

/// Names and addresses of a hosts file: an address, then its names, `#` begins a comment.
fn parse_hosts(text: &str) -> Vec<(String, IpAddr)> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut fields = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
        // Addresses with a zone are of no use without their interface.
        let Some(Ok(address)) = fields.next().map(str::parse) else { continue };
        found.extend(fields.map(|name| (name.trim_end_matches('.').to_owned(), address)));
    }
    found
}

fn hosts_file() -> PathBuf {
    if cfg!(windows) {
        let root = std::env::var_os("SystemRoot").unwrap_or_else(|| "C:\\Windows".into());
        PathBuf::from(root).join("System32\\drivers\\etc\\hosts")
    } else {
        PathBuf::from("/etc/hosts")
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    Below,
    Itself,
}

/// Whether a name is a domain or stands below it.
fn ends_with(name: &str, domain: &str) -> Option<Depth> {
    let begin = name.len().checked_sub(domain.len())?;
    let (rest, end) = name.split_at_checked(begin)?;
    if !end.eq_ignore_ascii_case(domain) {
        return None;
    }
    match rest.as_bytes().last() {
        None => Some(Depth::Itself),
        Some(b'.') => Some(Depth::Below),
        Some(_) => None,
    }
}

/// Those addresses that a question of this kind asks for.
fn of_kind(kind: RecordKind, addresses: impl IntoIterator<Item = IpAddr>) -> Answer {
    let wanted = |address: &IpAddr| match kind {
        RecordKind::A => address.is_ipv4(),
        RecordKind::Aaaa => address.is_ipv6(),
        RecordKind::Srv | RecordKind::Naptr => false,
    };
    let found: Vec<Record> = addresses.into_iter().filter(wanted).map(Record::Address).collect();
    if found.is_empty() { Err(LookupFailure::NoRecords) } else { Ok(found) }
}

async fn ask(shared: &Shared, question: &Question) -> Answer {
    let dns = shared.resolver.dns(&shared.options)?;
    let unusable = |why: &dyn std::fmt::Display| LookupFailure::Other(format!("not a domain name: {why}"));
    let mut name = Name::from_ascii(&question.name).map_err(|why| unusable(&why))?;
    if question.name.contains('.') {
        // Only names without a dot are looked for in the search domains.
        name.set_fqdn(true);
    }
    let kind = match question.kind {
        RecordKind::A => RecordType::A,
        RecordKind::Aaaa => RecordType::AAAA,
        RecordKind::Srv => RecordType::SRV,
        RecordKind::Naptr => RecordType::NAPTR,
    };
    match tokio::time::timeout(BUDGET, dns.lookup(name, kind)).await {
        Err(_) => Err(LookupFailure::TimedOut),
        Ok(Err(why)) => Err(failure(&why)),
        Ok(Ok(answers)) => {
            let records = answers.answers().iter().filter(|record| record.record_type() == kind);
            let records: Vec<Record> = records.filter_map(|found| record(&found.data)).collect();
            if records.is_empty() { Err(LookupFailure::NoRecords) } else { Ok(records) }
        }
    }
}

impl Resolver {
    fn hosts(&self) -> &[(String, IpAddr)] {
        let read = || std::fs::read(hosts_file()).unwrap_or_default();
        self.hosts.get_or_init(|| parse_hosts(&String::from_utf8_lossy(&read())))
    }

    fn dns(&self, options: &Options) -> Result<TokioResolver, LookupFailure> {
        self.dns.get_or_init(|| make(options).map_err(|why| LookupFailure::Other(cannot(&why)))).clone()
    }
}

fn cannot(why: &NetError) -> String {
    let why = match why {
        NetError::Io(error) => super::refusals::plain(error),
        other => other.to_string(),
    };
    if cfg!(unix) {
        format!("cannot use /etc/resolv.conf: {why}")
    } else {
        format!("cannot use the system's DNS: {why}")
    }
}

fn make(options: &Options) -> Result<TokioResolver, NetError> {
    let mut builder = match options.nameserver {
        None => TokioResolver::builder_tokio()?,
        Some(server) => {
            let (mut udp, mut tcp) = (ConnectionConfig::udp(), ConnectionConfig::tcp());
            udp.port = server.port();
            tcp.port = server.port();
            let server = NameServerConfig::new(server.ip(), true, vec![udp, tcp]);
            let config = ResolverConfig::from_parts(None, vec![], vec![server]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    let settings = builder.options_mut();
    settings.timeout = ATTEMPT;
    // One more after the first.
    settings.attempts = 1;
    // Every lookup is a measurement.
    settings.cache_size = 0;
    // Looked at already.
    settings.use_hosts_file = ResolveHosts::Never;
    builder.build()
}

fn record(data: &RData) -> Option<Record> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match data {
        RData::A(address) => Some(Record::Address(address.0.into())),
        RData::AAAA(address) => Some(Record::Address(address.0.into())),
        RData::SRV(srv) => Some(Record::Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: domain(&srv.target),
        }),
        RData::NAPTR(naptr) => Some(Record::Naptr {
            order: naptr.order,
            preference: naptr.preference,
            flags: text(&naptr.flags),
            services: text(&naptr.services),
            regexp: text(&naptr.regexp),
            replacement: domain(&naptr.replacement),
        }),
        _ => None,
    }
}

/// A name without its trailing dot; the root stays a dot (RFC 2782: no service here).
fn domain(name: &Name) -> String {
    let text = name.to_ascii();
    match text.strip_suffix('.') {
        Some("") | None => text,
        Some(bare) => bare.to_owned(),
    }
}

fn failure(why: &NetError) -> LookupFailure {
    match why {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => LookupFailure::NoSuchName,
            ResponseCode::NoError => LookupFailure::NoRecords,
            code => LookupFailure::ServerFailed(code_name(code)),
        },
        NetError::Dns(DnsError::ResponseCode(ResponseCode::NXDomain)) => LookupFailure::NoSuchName,
        NetError::Dns(DnsError::ResponseCode(code)) => LookupFailure::ServerFailed(code_name(*code)),
        NetError::Timeout => LookupFailure::TimedOut,
        NetError::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => LookupFailure::TimedOut,
        NetError::Io(error) => LookupFailure::Other(super::refusals::plain(error)),
        other => LookupFailure::Other(other.to_string()),
    }
}

/// The name that RFC 1035 and `dig` give a response code.
fn code_name(code: ResponseCode) -> String {
    match code {
        ResponseCode::FormErr => "FORMERR".to_owned(),
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::NotImp => "NOTIMP".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        other => other.to_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        let host = |name: &str, address: &str| (name.to_owned(), address.parse().unwrap());
        Options { hosts: vec![host("demo.test", "127.0.0.1"), host("demo.test", "127.0.0.2")], ..Options::default() }
    }

    #[test]
    fn knows_the_names_it_was_given() {
        let both = ["127.0.0.1", "127.0.0.2"].map(|address| Record::Address(address.parse().unwrap()));
        assert_eq!(in_options(&options(), RecordKind::A, "Demo.Test"), Some(Ok(both.to_vec())));
        assert_eq!(in_options(&options(), RecordKind::Aaaa, "demo.test"), Some(Err(LookupFailure::NoRecords)));
        let below = in_options(&options(), RecordKind::Srv, "_stun._udp.demo.test");
        assert_eq!(below, Some(Err(LookupFailure::NoSuchName)));
        assert_eq!(in_options(&options(), RecordKind::A, "nodemo.test"), None);
    }

    #[test]
    fn reads_a_hosts_file() {
        let hosts = parse_hosts("127.0.0.1 localhost\n# 192.0.2.9 nobody\n192.0.2.1\ta.example A # b\nfe80::1%lo x\n");
        let names: Vec<&str> = hosts.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["localhost", "a.example", "A"]);
        assert_eq!(in_hosts_file(&hosts, RecordKind::Aaaa, "A.example"), Some(Err(LookupFailure::NoRecords)));
        assert_eq!(in_hosts_file(&hosts, RecordKind::A, "b.example"), None);
    }

    #[test]
    fn names_the_root_as_the_root() {
        assert_eq!(domain(&Name::root()), ".");
        assert_eq!(domain(&Name::from_ascii("a.example.").unwrap()), "a.example");
    }
}
