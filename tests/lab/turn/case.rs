//! A configuration of coturn and of what is around it, and what rtcprobe has to say about it.

use crate::certificates::{Authority, Leaf};
use crate::coturn::{Coturn, Options, PASSWORD, USER};
use crate::namespace::Host;
use crate::topology::{Lab, at};
use crate::turn::report::{Run, Turn, turn};

pub const UDP: &str = "turn:203.0.113.10:3478?transport=udp";
pub const TCP: &str = "turn:203.0.113.10:3478?transport=tcp";
pub const TLS: &str = "turns:203.0.113.10:5349?transport=tcp";
pub const DTLS: &str = "turns:203.0.113.10:5349?transport=udp";
pub const UDP6: &str = "turn:[2001:db8:77::10]:3478?transport=udp";
pub const TCP6: &str = "turn:[2001:db8:77::10]:3478?transport=tcp";
pub const TLS6: &str = "turns:[2001:db8:77::10]:5349?transport=tcp";
pub const DTLS6: &str = "turns:[2001:db8:77::10]:5349?transport=udp";

/// What is said of a server that has nothing wrong.
pub const FINE: &str = "";
/// Where the client has no way to send UDP to the relay, and no STUN server to reflect from.
pub const UNTESTED: &str = "relay-send:- relay-receive:-";

/// With which credentials rtcprobe comes.
pub const LOGIN: &[&str] = &["--username", USER, "--credential", PASSWORD];

/// One row of a table.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    pub name: &'static str,
    /// coturn's flags beside those of the lab; without a user, a realm or a relay address.
    pub flags: &'static [&'static str],
    pub listen: &'static [&'static str],
    pub relay: &'static [&'static str],
    pub leaf: Option<Leaf>,
    /// Whether rtcprobe trusts the lab's authority.
    pub trusts: bool,
    /// The server's packet filter, as rules of nftables.
    pub input: &'static str,
    pub output: &'static str,
    pub args: &'a [&'a str],
    /// For each URL the steps that do not go well, in order: `step:cause`, or `step:-` where the step
    /// is left out. After a failure of `connect`, `tls`, `challenge` or `allocate` there is nothing
    /// more, unless another failure is expected or `+` says that the rest is as it should be.
    pub expect: &'a [(&'a str, &'a str)],
    /// Findings that must be there, and ones that must not.
    pub finds: &'static [&'static str],
    pub finds_not: &'static [&'static str],
}

/// A coturn with nothing wrong, over UDP and TCP.
pub const GOOD: Case<'static> = Case {
    name: "good",
    flags: &["-r", "lab.test", "-a", "-u", "alice:down-the-rabbit-hole"],
    listen: &[at::SERVER],
    relay: &[at::SERVER],
    leaf: None,
    trusts: true,
    input: "",
    output: "",
    args: LOGIN,
    expect: &[(UDP, FINE), (TCP, FINE)],
    finds: &[],
    finds_not: &[],
};

/// A user with a password in a realm, for tables whose rows have flags of their own.
#[macro_export]
macro_rules! with_user {
    ($($flag:expr),*) => {
        { const FLAGS: &[&str] = &["-r", "lab.test", "-a", "-u", "alice:down-the-rabbit-hole", $($flag),*]; FLAGS }
    };
}

/// A shared secret in place of a password.
#[macro_export]
macro_rules! with_secret {
    ($($flag:expr),*) => {
        { const FLAGS: &[&str] = &["-r", "lab.test", "--use-auth-secret", "--static-auth-secret", "painting-the-roses-red", $($flag),*]; FLAGS }
    };
}

impl Case<'_> {
    pub fn options(&self, authority: &Authority) -> Options {
        Options {
            bare: true,
            identity: self.leaf.map(|leaf| authority.issue(leaf)),
            listen: self.listen.to_vec(),
            relay: self.relay.to_vec(),
            more: self.flags.to_vec(),
            ..Options::default()
        }
    }

    /// Runs rtcprobe and tells what is not as expected.
    pub fn probe(&self, client: &Host, more: &[&str]) -> (Run, Vec<String>) {
        let urls: Vec<_> = self.expect.iter().map(|(url, _)| *url).collect();
        let run = turn(client, &[&["--no-echo"], self.args, more, &urls].concat());
        let mut wrong = Vec::new();
        for (url, expected) in self.expect {
            let found = run.of(url);
            let about = run.report.findings.iter().filter(|finding| finding.servers.iter().any(|server| server == url));
            let codes: Vec<_> = about.map(|finding| finding.code.as_str()).collect();
            println!("{:48} {url:44} {} | {}", self.name, found.failures().join(" "), codes.join(" "));
            if let Some(why) = differs(found, expected) {
                wrong.push(format!("{}: {url}: {why}", self.name));
            }
        }
        let found = |code: &&&str| run.report.findings.iter().any(|finding| finding.code == **code);
        for missing in self.finds.iter().filter(|code| !found(code)) {
            wrong.push(format!("{}: {missing} is not found", self.name));
        }
        for false_alarm in self.finds_not.iter().filter(found) {
            wrong.push(format!("{}: {false_alarm} is found", self.name));
        }
        let fails = self.expect.iter().any(|(_, expected)| !is_well(expected));
        if run.finished.code() != Some(i32::from(fails)) {
            wrong.push(format!("{}: exit code {:?}", self.name, run.finished.code()));
        }
        (run, wrong)
    }

    /// Sets it up on the lab's server and probes it.
    pub fn run(&self, lab: &Lab, authority: &Authority) -> (Run, Vec<String>) {
        let coturn = Coturn::start(lab, self.options(authority));
        filter(&lab.server, self.input, self.output);
        let ca = authority.file();
        let trust: &[&str] = if self.trusts { &["--ca-file", &ca] } else { &[] };
        let (run, mut wrong) = self.probe(&lab.client, trust);
        unfilter(&lab.server);
        if coturn.released() < coturn.allocated() && coturn.allocations_left() > 0 {
            wrong.push(format!("{}: allocations are left: {}", self.name, coturn.allocations()));
        }
        (run, wrong)
    }
}

/// Packet filter rules of a host's own.
pub fn filter(host: &Host, input: &str, output: &str) {
    host.nft(&format!(
        "table inet case {{
            chain input {{ type filter hook input priority 0; {input}\n}}
            chain output {{ type filter hook output priority 0; {output}\n}}
            }}\n"
    ));
}

pub fn unfilter(host: &Host) {
    host.nft("delete table inet case\n");
}

/// Runs every row of a table in one lab; fails with all that is wrong.
pub fn check(lab: &Lab, cases: &[Case]) {
    let authority = Authority::new(lab.dir());
    let mut all = Vec::new();
    for case in cases {
        let (run, wrong) = case.run(lab, &authority);
        if !wrong.is_empty() {
            all.push(format!("{}\n{run}", wrong.join("\n")));
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n\n"));
}

/// To refuse strangers is what a server should do.
fn is_well(expected: &str) -> bool {
    // Who relays needs no Binding.
    let relays = |word: &str| word.starts_with("binding:") && !expected.contains("challenge:");
    expected.split_whitespace().all(|word| word.ends_with(":-") || word == "challenge:no-credentials" || relays(word))
}

/// What is wrong about a check.
fn differs(turn: &Turn, expected: &str) -> Option<String> {
    const LAST: [&str; 5] = ["resolve", "connect", "tls", "challenge", "allocate"];
    let words: Vec<_> = expected.split_whitespace().filter(|word| *word != "+").collect();
    let failing: Vec<_> = words.iter().filter(|word| !word.ends_with(":-")).map(|word| (*word).to_owned()).collect();
    let failures = turn.failures();
    if failures != failing {
        return Some(format!("{failures:?} failed, not {failing:?}"));
    }
    let fatal = failing.last().and_then(|word| word.split(':').next()).filter(|step| LAST.contains(step));
    let goes_on = expected.contains('+') || turn.works_untrusted.is_some();
    let mut ended = false;
    for step in &turn.steps {
        let name = step.name.as_str();
        let unused = match (name, turn.transport.as_str()) {
            ("connect", "udp" | "dtls") | ("tls", "udp" | "tcp") => true,
            _ => ended || words.contains(&format!("{name}:-").as_str()),
        };
        // coturn may give an allocation up that cannot send, and over TCP the connection with it.
        let given_up = ["refresh", "release"].contains(&name)
            && step.outcome == "skipped"
            && failing.iter().any(|word| word.starts_with("relay-send:"));
        if (step.outcome == "skipped") != unused
            && !given_up
            && !failing.iter().any(|word| word.starts_with(&format!("{name}:")))
        {
            return Some(format!("{name} is {}: {:?}", step.outcome, step.detail));
        }
        ended |= fatal == Some(name) && !goes_on;
    }
    let works = failing.iter().all(|word| word.starts_with("binding:"));
    if turn.works != Some(works) {
        return Some(format!("works is {:?}", turn.works));
    }
    // One of the controls is the wrong password.
    let open = failing.iter().any(|word| word.ends_with(":open-relay"));
    turn.controls.iter().find(|control| control.refused == Some(false) && !open).map(|control| format!("{control:?}"))
}
