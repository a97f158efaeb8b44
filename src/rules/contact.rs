//! One server address over one transport, and how far things went there: what `turn` and `gather`
//! report differently, for rules that care for the difference between causes only.

use std::net::SocketAddr;

use super::Diagnosis;
use super::gathered;
use super::url::Url;
use crate::report::{Cause, Clues, OtherPort, RelayProtocol, Report, StepName, StepOutcome, Tls, Turn};

#[derive(Debug, Clone)]
pub(super) struct Contact<'a> {
    pub url: Url<'a>,
    pub transport: RelayProtocol,
    pub address: Option<SocketAddr>,
    pub username: Option<&'a str>,
    pub troubles: Vec<Trouble<'a>>,
    /// The fact that shows that STUN was answered here.
    pub answered: Option<String>,
    /// The handshake and its place in the report.
    pub tls: Option<(&'a Tls, String)>,
    /// The check of `turn` and its place in the report.
    pub turn: Option<(&'a Turn, String)>,
    /// Another address of the same URL answers.
    pub spared: bool,
    /// Nobody wrote this URL, and what was made from the same host's name answers otherwise.
    pub optional: bool,
    /// Nobody wrote this URL.
    pub assumed: bool,
    /// Nobody named this port, in any way: it was looked at, and TURN answers there.
    pub unnamed: bool,
}

/// What went wrong at a step.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trouble<'a> {
    pub step: StepName,
    pub cause: Cause,
    pub code: Option<u16>,
    /// The server's own phrase.
    pub phrase: &'a str,
    /// The sentence of the report.
    pub text: &'a str,
    /// The place in the report.
    pub fact: String,
}

/// Every server address that was talked to, over each transport.
pub(super) fn contacts(report: &Report) -> Vec<Contact<'_>> {
    let mut all: Vec<Contact<'_>> = report.turn.iter().enumerate().map(|(index, turn)| checked(index, turn)).collect();
    all.extend(gathered::contacts(report));
    all.extend(report.other_ports.iter().enumerate().filter_map(|(index, port)| found(index, port)));
    let well: Vec<(&str, Option<SocketAddr>)> = all
        .iter()
        .filter(|contact| contact.answered.is_some())
        .map(|contact| (contact.url.text, contact.address))
        .collect();
    for contact in &mut all {
        contact.spared = well.iter().any(|(url, address)| *url == contact.url.text && *address != contact.address);
        contact.assumed = report.assumed.iter().any(|url| url == contact.url.text);
        // UDP is what a TURN server is there for.
        contact.optional = contact.assumed
            && !contact.is_udp()
            && (contact.refused().is_some() || contact.silent().is_some())
            && well.iter().any(|(url, _)| Url::read(url).host == contact.url.host);
    }
    all
}

fn checked(index: usize, turn: &Turn) -> Contact<'_> {
    let at = format!("/turn/{index}");
    let mut answered = turn.allocation.is_some().then(|| format!("{at}/allocation"));
    let mut troubles = Vec::new();
    for (number, step) in turn.steps.iter().enumerate() {
        let fact = format!("{at}/steps/{number}");
        let spoke = step.error_code.is_some() || (step.outcome == StepOutcome::Ok && step.name == StepName::Binding);
        if spoke && answered.is_none() {
            answered = Some(fact.clone());
        }
        if let Some(cause) = step.cause.filter(|cause| *cause != Cause::Stopped) {
            troubles.push(Trouble {
                step: step.name,
                cause,
                code: step.error_code,
                phrase: step.error_text.as_deref().unwrap_or_default(),
                text: step.detail.as_deref().unwrap_or_default(),
                fact,
            });
        }
    }
    Contact {
        url: Url::read(&turn.url),
        transport: turn.transport,
        address: turn.address.as_deref().and_then(|address| address.parse().ok()),
        username: turn.username.as_deref(),
        troubles,
        answered,
        tls: turn.tls.as_ref().map(|tls| (tls, format!("{at}/tls"))),
        turn: Some((turn, at)),
        spared: false,
        optional: false,
        assumed: false,
        unnamed: false,
    }
}

/// A port that nobody named, if TURN answers there: of the others no rule is to complain.
fn found(index: usize, port: &OtherPort) -> Option<Contact<'_>> {
    let url = port.url.as_deref().filter(|_| port.outcome == StepOutcome::Ok)?;
    Some(Contact {
        url: Url::read(url),
        transport: port.transport,
        address: port.address.parse().ok(),
        username: None,
        troubles: Vec::new(),
        answered: Some(format!("/otherPorts/{index}")),
        tls: None,
        turn: None,
        spared: false,
        optional: false,
        assumed: false,
        unnamed: true,
    })
}

impl<'a> Contact<'a> {
    /// What was asked aside, and its place in the report.
    pub(super) fn clues(&self) -> Option<(&'a Clues, String)> {
        self.turn.as_ref().map(|(turn, at)| (&turn.clues, format!("{at}/clues")))
    }

    /// The trouble of that cause.
    pub(super) fn cause(&self, cause: Cause) -> Option<&Trouble<'a>> {
        self.troubles.iter().find(|trouble| trouble.cause == cause)
    }

    /// The trouble of that cause at that step.
    pub(super) fn at(&self, step: StepName, cause: Cause) -> Option<&Trouble<'a>> {
        self.troubles.iter().find(|trouble| trouble.step == step && trouble.cause == cause)
    }

    /// Nothing came back at all, not even a TCP connection.
    pub(super) fn silent(&self) -> Option<&Trouble<'a>> {
        let trouble = self.cause(Cause::NoAnswer).filter(|_| self.answered.is_none())?;
        (self.is_datagram() || trouble.step == StepName::Connect).then_some(trouble)
    }

    /// TCP RST or ICMP port unreachable.
    pub(super) fn refused(&self) -> Option<&Trouble<'a>> {
        self.cause(Cause::Refused).filter(|_| self.answered.is_none())
    }

    /// The connection stands, and nothing comes over it.
    pub(super) fn mute(&self) -> Option<&Trouble<'a>> {
        let trouble = self.cause(Cause::NoAnswer).filter(|_| self.answered.is_none() && !self.is_datagram())?;
        (trouble.step != StepName::Connect).then_some(trouble)
    }

    pub(super) fn is_datagram(&self) -> bool {
        matches!(self.transport, RelayProtocol::Udp | RelayProtocol::Dtls)
    }

    /// Over UDP, the way that browsers do it.
    pub(super) fn is_udp(&self) -> bool {
        self.transport == RelayProtocol::Udp
    }

    pub(super) fn is_secure(&self) -> bool {
        matches!(self.transport, RelayProtocol::Tls | RelayProtocol::Dtls)
    }

    /// `203.0.113.9:3478`, or the host where it did not resolve.
    pub(super) fn place(&self) -> String {
        self.address.map_or_else(|| self.url.host.to_string(), |address| address.to_string())
    }

    /// `203.0.113.9`, or the host.
    pub(super) fn ip(&self) -> String {
        self.address.map_or_else(|| self.url.host.to_string(), |address| address.ip().to_string())
    }

    pub(super) fn port(&self) -> u16 {
        let usual = if self.is_secure() { 5349 } else { 3478 };
        self.address.map(|address| address.port()).or(self.url.port).unwrap_or(usual)
    }

    /// The transport's name in sentences.
    pub(super) fn over(&self) -> &'static str {
        match self.transport {
            RelayProtocol::Udp => "UDP",
            RelayProtocol::Tcp => "TCP",
            RelayProtocol::Tls => "TLS",
            RelayProtocol::Dtls => "DTLS",
        }
    }

    /// The protocol that a firewall sees: `udp` or `tcp`.
    pub(super) fn carrier(&self) -> &'static str {
        if self.is_datagram() { "udp" } else { "tcp" }
    }
}

/// The contacts with the same machine, this one included.
pub(super) fn same_place<'c, 'a>(all: &'c [Contact<'a>], one: &Contact<'a>) -> Vec<&'c Contact<'a>> {
    let ip = |contact: &Contact<'_>| contact.address.map(|address| address.ip());
    all.iter().filter(|other| ip(other).is_some() && ip(other) == ip(one)).collect()
}

/// A diagnosis for every trouble of that cause.
pub(super) fn each(
    report: &Report,
    cause: Cause,
    say: impl Fn(&Contact<'_>, &Trouble<'_>) -> Option<Diagnosis>,
) -> Vec<Diagnosis> {
    contacts(report).iter().filter_map(|contact| say(contact, contact.cause(cause)?)).collect()
}

/// Where the report says which user name was used.
pub(super) fn user_name(report: &Report, contact: &Contact<'_>) -> Option<String> {
    match &contact.turn {
        Some((_, at)) => Some(format!("{at}/username")),
        None => {
            let place = report.servers.iter().position(|server| server.url == contact.url.text)?;
            Some(format!("/servers/{place}/username"))
        }
    }
}
