use std::cmp::Reverse;

use super::url::Url;
use super::{Diagnosis, RULES, Rule, beyond};
use crate::report::{Alternative, Finding, RelayProtocol, Report, Severity};

/// Sentences of a finding that is made of several; further ones are counted.
const SENTENCES: usize = 3;
/// In the order of a conversation: without a way there is no handshake, without a handshake no login.
const AREAS: [&str; 9] = ["config", "reach", "tls", "auth", "allocate", "relay", "nat", "connect", "security"];

/// Speaks of a server where nothing else does.
const LAST_RESORT: &str = "server-misbehaves";

/// What comes before others of its weight and area.
const GRAVER: [&str; 7] = [
    "sec-cli-exposed",
    "sec-web-admin-exposed",
    "sec-multicast-peers",
    "sec-open-relay",
    "sec-relay-loopback-allowed",
    "sec-server-relay",
    "sec-wrong-password-accepted",
];

/// What comes after all others of its weight.
const LIGHTER: [&str; 7] = [
    "sec-plaintext-only",
    "sec-classic-stun-enabled",
    "sec-stun-amplification",
    "dtls-listener-off",
    "sec-known-cves",
    "sec-version-disclosed",
    "turns-udp-ineffective",
];

/// Every diagnosis that the facts of the report carry, errors first, causes before what follows from them.
#[must_use]
pub fn judge(report: &Report) -> Vec<Finding> {
    let all: Vec<(&Rule, Diagnosis)> =
        RULES.iter().flat_map(|rule| rule.check(report).into_iter().map(move |diagnosis| (*rule, diagnosis))).collect();
    let heard = all.iter().filter(|(rule, diagnosis)| !is_silenced(rule, diagnosis, &all));
    let mut findings: Vec<Finding> = merged(heard).into_iter().map(finding).collect();
    findings.sort_by_key(precedence);
    findings
}

/// What comes first: what weighs most; of these what concerns most servers, since the others may well
/// follow from it; then what concerns UDP, which is what a relay is there for; then what is nearer to the
/// beginning of a conversation.
fn precedence(finding: &Finding) -> (Reverse<Severity>, u8, Reverse<usize>, bool, usize, bool) {
    let area = Rule::find(&finding.code).map_or("", Rule::area);
    let place = AREAS.iter().position(|known| *known == area).unwrap_or(AREAS.len());
    let (graver, lighter) = (GRAVER.contains(&finding.code.as_str()), LIGHTER.contains(&finding.code.as_str()));
    // Advice about the list comes after what was seen.
    let advice = area == "config" && finding.severity == Severity::Info;
    let lighter = if advice { 2 } else { u8::from(lighter) };
    let by_udp = finding.servers.iter().any(|url| Url::read(url).transport() == RelayProtocol::Udp);
    (Reverse(finding.severity), lighter, Reverse(finding.servers.len()), !by_udp, place, !graver)
}

/// Whether a rule that knows more speaks about all these servers.
fn is_silenced(rule: &Rule, diagnosis: &Diagnosis, all: &[(&Rule, Diagnosis)]) -> bool {
    if rule.code == LAST_RESORT {
        // Advice and the NAT explain no server's failure.
        let speaks = |other: &Rule| other.code != LAST_RESORT && !["config", "nat"].contains(&other.area());
        let mut others = all.iter().filter(|(other, _)| speaks(other));
        return others.any(|(_, other)| diagnosis.servers.iter().any(|url| other.servers.contains(url)));
    }
    let mut better = all.iter().filter(|(other, _)| other.over.contains(&rule.code));
    better.any(|(_, other)| diagnosis.servers.iter().all(|url| other.servers.contains(url)))
}

/// One cause at several URLs or addresses: the same rule with the same remedy.
struct Merged<'a> {
    rule: &'a Rule,
    parts: Vec<&'a Diagnosis>,
}

fn merged<'a>(all: impl Iterator<Item = &'a (&'a Rule, Diagnosis)>) -> Vec<Merged<'a>> {
    let mut found: Vec<Merged<'a>> = Vec::new();
    for (rule, diagnosis) in all {
        let same = |known: &&mut Merged<'a>| known.rule.code == rule.code && known.parts[0].fix == diagnosis.fix;
        match found.iter_mut().find(same) {
            Some(known) => known.parts.push(diagnosis),
            None => found.push(Merged { rule, parts: vec![diagnosis] }),
        }
    }
    found
}

fn finding(merged: Merged<'_>) -> Finding {
    let Merged { rule, parts } = merged;
    let mut details: Vec<String> = Vec::new();
    let mut servers: Vec<String> = Vec::new();
    let mut evidence = Vec::new();
    for part in &parts {
        once(&mut details, plain(&part.detail));
        for url in &part.servers {
            once(&mut servers, plain(url));
        }
        for known in &part.evidence {
            let known = crate::report::Evidence { fact: known.fact.clone(), says: plain(&known.says) };
            once(&mut evidence, known);
        }
    }
    let more = details.len().saturating_sub(SENTENCES);
    details.truncate(SENTENCES);
    if more > 0 {
        details.push(format!("And {more} more of the kind."));
    }
    let weight = parts.iter().map(|part| part.at_most).max().unwrap_or(Severity::Info);
    let fix = plain(&parts[0].fix);
    // Proved for one of them, it is no suspicion for the others.
    let doubt = parts.iter().all(|part| part.suspected.is_some());
    let confirm = parts[0].suspected.as_deref().filter(|_| doubt).map(plain);
    Finding {
        code: rule.code.to_string(),
        severity: rule.severity.min(weight),
        title: rule.title.to_string(),
        detail: details.join(" "),
        evidence,
        fix: Some(fix).filter(|fix| !fix.is_empty()),
        servers,
        suspected: confirm.is_some(),
        confirm,
        alternatives: rule.like.iter().filter_map(|code| alternative(code)).collect(),
        references: rule.references(),
    }
}

fn alternative(code: &str) -> Option<Alternative> {
    let title = Rule::find(code).map(|rule| rule.title).or_else(|| beyond::find(code).map(|one| one.title))?;
    Some(Alternative { code: code.to_string(), title: title.to_string() })
}

fn once<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}

/// What servers say ends up in findings, and findings end up in tickets and terminals: controls and
/// marks of direction are spelled out here already.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}
