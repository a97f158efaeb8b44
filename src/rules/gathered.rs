//! The contacts of a gathering.

use std::net::SocketAddr;

use super::contact::{Contact, Trouble};
use super::url::Url;
use crate::report::{Attempt, Cause, Outcome, Report, Server, StepName};

pub(super) fn contacts(report: &Report) -> Vec<Contact<'_>> {
    let attempts: &[Attempt] = report.gather.as_ref().map_or(&[], |gather| &gather.attempts);
    let mut all: Vec<Contact<'_>> = Vec::new();
    for (index, server) in report.servers.iter().enumerate() {
        // A check step by step knows more about the same server.
        if report.turn.iter().any(|turn| turn.url == server.url) {
            continue;
        }
        let at = format!("/servers/{index}");
        let mut addresses: Vec<&str> = Vec::new();
        for attempt in attempts.iter().filter(|attempt| belongs(attempt, server)) {
            addresses.extend(attempt.server.as_deref().filter(|address| !addresses.contains(address)));
        }
        if addresses.is_empty() {
            all.push(whole(server, &at));
            continue;
        }
        let last = addresses.len() - 1;
        for (place, address) in addresses.iter().enumerate() {
            let of: Vec<(usize, &Attempt)> = attempts
                .iter()
                .enumerate()
                .filter(|(_, attempt)| belongs(attempt, server) && attempt.server.as_deref() == Some(address))
                .collect();
            // The server's entry speaks of the address that counted in the end.
            all.push(one(server, &at, address, &of, place == last));
        }
    }
    all
}

fn belongs(attempt: &Attempt, server: &Server) -> bool {
    let Some(address) = attempt.server.as_ref() else { return false };
    attempt.url == server.url && (server.resolved.is_empty() || server.resolved.contains(address))
}

/// A server that no attempt was made at.
fn whole<'a>(server: &'a Server, at: &str) -> Contact<'a> {
    let mut contact = bare(server, server.resolved.last().map(String::as_str));
    let text = server.error.as_deref().unwrap_or_default();
    // What it gave it answered, and which of its answers is missing only attempts would tell.
    if !server.gave.is_empty() {
        contact.answered = Some(format!("{at}/gave"));
    } else if server.outcome == Outcome::Ok {
        contact.answered = Some(format!("{at}/outcome"));
    } else if let Some(cause) = server.cause.filter(|cause| !is_our_own(*cause)) {
        let step = StepName::Resolve;
        let fact = format!("{at}/outcome");
        contact.troubles.push(Trouble { step, cause, code: None, phrase: "", text, fact });
    }
    contact.tls = server.tls.as_ref().map(|tls| (tls, format!("{at}/tls")));
    contact
}

fn one<'a>(
    server: &'a Server,
    at: &str,
    address: &'a str,
    attempts: &[(usize, &'a Attempt)],
    counts: bool,
) -> Contact<'a> {
    let mut contact = bare(server, Some(address));
    contact.tls = server.tls.as_ref().filter(|_| counts).map(|tls| (tls, format!("{at}/tls")));
    let spoke = |attempt: &Attempt| attempt.outcome == Outcome::Ok || attempt.error_code.is_some();
    contact.answered =
        attempts.iter().find(|(_, attempt)| spoke(attempt)).map(|(number, _)| format!("/gather/attempts/{number}"));
    for request in ["binding", "allocate"] {
        let of = || attempts.iter().filter(|(_, attempt)| attempt.request == request);
        // From one of our addresses it went well: what went wrong from another is not the server's.
        if let Some((number, attempt)) = of().find(|(_, attempt)| attempt.outcome == Outcome::Ok) {
            // Well, and remarkable all the same: an open relay.
            contact.troubles.extend(trouble(server, attempt, *number));
            continue;
        }
        let told = of().find(|(_, attempt)| attempt.error_code.is_some()).or_else(|| of().next());
        contact.troubles.extend(told.and_then(|(number, attempt)| trouble(server, attempt, *number)));
    }
    contact
}

fn bare<'a>(server: &'a Server, address: Option<&str>) -> Contact<'a> {
    let url = Url::read(&server.url);
    Contact {
        url,
        transport: url.transport(),
        address: address.and_then(|address| address.parse::<SocketAddr>().ok()),
        username: server.username.as_deref(),
        troubles: Vec::new(),
        answered: None,
        tls: None,
        turn: None,
        spared: false,
        optional: false,
        assumed: false,
        unnamed: false,
    }
}

fn trouble<'a>(server: &'a Server, attempt: &'a Attempt, number: usize) -> Option<Trouble<'a>> {
    let text = attempt.detail.as_deref().or(server.error.as_deref()).unwrap_or_default();
    // A run that was cut short has not listened long enough to speak of silence.
    if text.contains("when the run was stopped") && attempt.copies < 3 {
        return None;
    }
    let cause = attempt.cause.filter(|cause| !is_our_own(*cause))?;
    let step = attempt.step?;
    Some(Trouble {
        step,
        cause,
        code: attempt.error_code,
        phrase: attempt.error_text.as_deref().unwrap_or_default(),
        text,
        fact: format!("/gather/attempts/{number}"),
    })
}

/// Says nothing about the server.
fn is_our_own(cause: Cause) -> bool {
    matches!(cause, Cause::CannotAsk | Cause::Stopped)
}
