//! Sets a deployment up in a network of its own, and sends rtcprobe there.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

use super::deployment::{Certificate, Client, Deployment, Firewall, Gateway, Kind, Login, Manner, Nat, Over};
use super::proxy::Proxy;
use crate::certificates::{Authority, Leaf};
use crate::coturn::{Coturn, Options, PASSWORD, REALM, SECRET, USER};
use crate::dns::{Dns, Record};
use crate::evil::{self, Evil, stun_servers};
use crate::namespace::Host;
use crate::nat::{self, Filtering, Mapping};
use crate::process::{Cmd, Process};
use crate::rtcprobe::rtcprobe;
use crate::topology::{Lab, Topology};
use crate::turn::case::filter;
use crate::turn::cloud::{self, Cloud};
use crate::turn::report::{Run, start_turn};

/// What stands while rtcprobe runs.
#[derive(Default)]
struct Stage {
    coturns: Vec<Coturn>,
    processes: Vec<Process>,
    strangers: Vec<Evil>,
    proxies: Vec<Proxy>,
    bound: Vec<std::net::UdpSocket>,
    dns: Option<Dns>,
}

impl Deployment {
    /// What rtcprobe says of it.
    pub fn probe(&self) -> Run {
        let lab = Lab::new(self.topology());
        let authority = Authority::new(lab.dir());
        let cloud = self.gateway.map(|gateway| Cloud::behind(&lab, gateway.into()));
        let host = cloud.as_ref().map_or(&lab.server, |cloud| &cloud.machine);
        let mut stage = Stage::default();
        if !self.zone.is_empty() {
            let record = |[name, to]: &[String; 2]| (leaked(name), record(to));
            stage.dns = Some(Dns::start(&lab, self.zone.iter().map(record).collect()));
        }
        self.strangers(host, &authority, &mut stage);
        self.serve(host, &lab, &authority, &mut stage);
        for proxy in &self.proxies {
            stage.proxies.push(Proxy::start(host, proxy.at, proxy.to, proxy.header));
        }
        if self.stun_elsewhere {
            stage.strangers.push(stun_servers(&lab.router, vec!["198.51.100.1:3478".parse().unwrap()]));
        }
        if !self.routes.is_empty() {
            host.ip(&(self.routes.clone() + "\n"));
        }
        if !self.client_lines.is_empty() {
            lab.client.ip(&(self.client_lines.clone() + "\n"));
        }
        self.hold(&lab, &mut stage);
        filter(host, &self.input, &self.output);
        if !self.tables.is_empty() {
            host.nft(&(self.tables.clone() + "\n"));
        }
        if !self.router.is_empty() {
            lab.router.nft(&(self.router.clone() + "\n"));
        }
        let mut args = self.credentials();
        args.extend(self.args.iter().cloned());
        if !args.iter().any(|arg| arg == "--echo") {
            args.push("--no-echo".into());
        }
        if self.trusts {
            args.extend(["--ca-file".into(), authority.file()]);
        }
        args.extend(self.urls());
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        // Strangers are nobody that `check` would ask for.
        let command = if self.client == Client::Nobody { "turn" } else { "check" };
        Run::from(lab.client.exec(rtcprobe(&[&[command, "--json"], &args[..]].concat())))
    }

    fn topology(&self) -> Topology {
        Topology {
            nat: match self.nat {
                Nat::None => nat::Nat::None,
                Nat::Masquerade => nat::Nat::Masquerade,
                Nat::Random => nat::Nat::Random,
                Nat::Symmetric => nat::Nat::Of(Mapping::AddressAndPortDependent, Filtering::AddressAndPortDependent),
                Nat::FullCone => nat::Nat::Of(Mapping::EndpointIndependent, Filtering::EndpointIndependent),
                Nat::AddressDependent => nat::Nat::Of(Mapping::AddressDependent, Filtering::AddressDependent),
            },
            firewall: match self.firewall {
                Firewall::Open => nat::Firewall::Open,
                Firewall::Stateful => nat::Firewall::Stateful,
                Firewall::UdpBlocked => nat::Firewall::UdpBlocked,
                Firewall::UdpRejected => nat::Firewall::UdpRejected,
                Firewall::Tcp443Only => nat::Firewall::Tcp443Only,
                Firewall::StunPortsBlocked => nat::Firewall::StunPortsBlocked,
                Firewall::StunInspected => nat::Firewall::StunInspected,
                Firewall::AllBlocked => nat::Firewall::AllBlocked,
            },
            ipv6: self.ipv6,
            rtt: Duration::from_millis(self.rtt_ms),
            loss_percent: self.loss_percent,
            ..Topology::default()
        }
    }

    fn strangers(&self, host: &Host, authority: &Authority, stage: &mut Stage) {
        for stranger in &self.strangers {
            let at = stranger.at;
            let manner = match stranger.manner {
                Manner::Silent => evil::Manner::Silent,
                Manner::Reset => evil::Manner::Reset,
                Manner::Http => evil::Manner::Http,
                Manner::Garbage => evil::Manner::Garbage,
                Manner::Stun => {
                    stage.strangers.push(stun_servers(host, vec![at]));
                    continue;
                }
                Manner::Bound => {
                    stage.bound.push(host.run(move || std::net::UdpSocket::bind(at).unwrap()));
                    continue;
                }
            };
            stage.strangers.push(match stranger.over {
                Over::Udp => Evil::udp(host, at, manner),
                Over::Tcp => Evil::tcp(host, at, manner),
                Over::Tls => Evil::tls(host, at, &authority.issue(Leaf::Good), manner),
            });
        }
    }

    fn serve(&self, host: &Host, lab: &Lab, authority: &Authority, stage: &mut Stage) {
        match self.server {
            Kind::Nothing => {}
            Kind::Serve => {
                let user = format!("{USER}:{PASSWORD}");
                let mut args = vec!["serve", "--listen", &self.listen[0], "--user", &user, "--realm", REALM];
                args.extend(self.flags.iter().map(String::as_str));
                stage.processes.push(host.spawn(rtcprobe(&args)));
                until(|| host.listening(3478) >= 2);
            }
            Kind::Coturn => {
                if let Some([name, password, realm]) = &self.stored {
                    let db = lab.dir().join("coturn.db");
                    let args = ["-a", "-u", name, "-p", password, "-r", realm, "-b", db.to_str().unwrap()];
                    host.exec(Cmd::new("turnadmin").args(args)).expect_success();
                }
                let mut more = match self.login {
                    Login::Users => words(&["-r", REALM, "-a", "-u", &format!("{USER}:{PASSWORD}")]),
                    Login::Secret => words(&["-r", REALM, "--use-auth-secret", "--static-auth-secret", SECRET]),
                    Login::Other => Vec::new(),
                };
                more.extend(self.flags.iter().map(|flag| leaked(flag)));
                let options = Options {
                    bare: true,
                    identity: self.certificate.map(|leaf| authority.issue(leaf.into())),
                    listen: self.listen.iter().map(|address| leaked(address)).collect(),
                    relay: self.relay.iter().map(|address| leaked(address)).collect(),
                    more,
                    cli: self.cli,
                    unprivileged: self.unprivileged,
                    hopeless: self.hopeless,
                    ..Options::default()
                };
                stage.coturns.push(Coturn::start_on(host, lab.dir(), options));
            }
        }
        if let Some(second) = &self.second {
            let mut more = words(&["-r", REALM, "-a", "-u", &format!("{USER}:{PASSWORD}")]);
            more.extend(second.flags.iter().map(|flag| leaked(flag)));
            let listen: Vec<_> = second.listen.iter().map(|address| leaked(address)).collect();
            let options = Options {
                bare: true,
                hopeless: true,
                identity: second.certificate.map(|leaf| authority.issue(leaf.into())),
                relay: listen.clone(),
                listen,
                more,
                name: "second",
                ..Options::default()
            };
            stage.coturns.push(Coturn::start_on(host, lab.dir(), options));
        }
    }

    /// Somebody else's allocations.
    fn hold(&self, lab: &Lab, stage: &mut Stage) {
        let args = ["--username", USER, "--credential", PASSWORD, "--echo", "1000", "--rate", "10"];
        for _ in 0..self.held {
            let url = "turn:203.0.113.10:3478?transport=udp";
            stage.processes.push(start_turn(&lab.client, &[&args[..], &[url]].concat()));
        }
        if self.held > 0 {
            until(|| stage.coturns[0].allocations() > 0);
        }
    }

    fn credentials(&self) -> Vec<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let named = |name: String, password: String| vec!["--username".into(), name, "--credential".into(), password];
        let rest = |name: String| {
            let password = STANDARD.encode(sha1(&name));
            named(name, password)
        };
        let soon = format!("{}:{USER}", now + 3600);
        let secret = |secret: &str| vec!["--secret".to_string(), secret.to_string()];
        match (self.client, self.login) {
            (Client::Right, Login::Secret) | (Client::Secret, _) => secret(SECRET),
            (Client::Right | Client::User, _) => named(USER.into(), PASSWORD.into()),
            (Client::Nobody, _) => vec!["--anonymous".into()],
            (Client::WrongPassword, _) => named(USER.into(), "not-it".into()),
            (Client::UnknownUser, _) => named("hatter".into(), PASSWORD.into()),
            (Client::WrongSecret, _) => secret("not-it"),
            (Client::Expired, _) => rest(format!("{}:{USER}", now - 60)),
            // The low half, which coturn reads, is not by chance in the future.
            (Client::Milliseconds, _) => rest("1700000000000:alice".into()),
            (Client::After2038, _) => rest("2147483700:alice".into()),
            (Client::TimeToLive, _) => rest("86400:alice".into()),
            (Client::NoTime, _) => rest(USER.into()),
            (Client::TimeAfterName, _) => rest(format!("{USER}:{}", now + 3600)),
            (Client::TimeAlone, _) => rest((now + 3600).to_string()),
            (Client::Hex, _) => {
                let hex = sha1(&soon).iter().map(|byte| format!("{byte:02x}")).collect();
                named(soon, hex)
            }
            (Client::Unpadded, _) => {
                let password = STANDARD_NO_PAD.encode(sha1(&soon));
                named(soon, password)
            }
            (Client::Sha256, _) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
                mac.update(soon.as_bytes());
                let password = STANDARD.encode(mac.finalize().into_bytes());
                named(soon, password)
            }
            (Client::LongLived, _) => rest(format!("{}:{USER}", now + 365 * 86_400)),
            (Client::OddName, _) => named("mad hatter".into(), PASSWORD.into()),
            (Client::Stored, _) => {
                let [name, password, _] = self.stored.clone().unwrap();
                named(name, password)
            }
        }
    }
}

fn sha1(name: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(name.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn record(to: &str) -> Record {
    match to {
        "silence" => Record::Silence,
        "servfail" => Record::ServFail,
        "nothing" => Record::Nothing,
        address => Record::Address(leaked(address)),
    }
}

/// The lab's own tables are written in literals; what a fixture says lives as long as the tests.
fn leaked(text: &str) -> &'static str {
    text.to_owned().leak()
}

fn words(words: &[&str]) -> Vec<&'static str> {
    words.iter().map(|word| leaked(word)).collect()
}

fn until(done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(10), "what the deployment needs does not come");
        thread::sleep(Duration::from_millis(10));
    }
}

impl From<Gateway> for cloud::Gateway {
    fn from(gateway: Gateway) -> cloud::Gateway {
        match gateway {
            Gateway::Plain => cloud::Gateway::Plain,
            Gateway::Hairpin => cloud::Gateway::Hairpin,
            Gateway::OnlyTurn => cloud::Gateway::OnlyTurn,
            Gateway::OtherSource => cloud::Gateway::OtherSource,
            Gateway::OtherPorts => cloud::Gateway::OtherPorts,
            Gateway::Masquerading => cloud::Gateway::Masquerading,
        }
    }
}

impl From<Certificate> for Leaf {
    fn from(certificate: Certificate) -> Leaf {
        match certificate {
            Certificate::Good => Leaf::Good,
            Certificate::Expired => Leaf::Expired,
            Certificate::NotYetValid => Leaf::NotYetValid,
            Certificate::WrongName => Leaf::WrongName,
            Certificate::SelfSigned => Leaf::SelfSigned,
            Certificate::NoIntermediate => Leaf::NoIntermediate,
            Certificate::Intermediate => Leaf::Intermediate,
            Certificate::WithRoot => Leaf::WithRoot,
            Certificate::OtherKey => Leaf::OtherKey,
            Certificate::Wildcard => Leaf::Wildcard,
            Certificate::HighWildcard => Leaf::HighWildcard,
            Certificate::NoNames => Leaf::NoNames,
            Certificate::OldIntermediate => Leaf::OldIntermediate,
        }
    }
}
