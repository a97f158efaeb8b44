//! What is asked aside, only where the steps have failed in a way that has several causes.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::check::Check;
use super::setup::stand_up;
use crate::machine::script::{Either, Incoming, Line, either};
use crate::machine::{Ending, Refusal, Trust};
use crate::probes::explain::quoted;
use crate::probes::station::Reply;
use crate::proto::exchange::{Answer, Request};
use crate::proto::resolution::Target;
use crate::report::{Asked, Event, SecondTry, StepOutcome};
use crate::wire::message::Method;
use crate::wire::uri::{Host, Transport};

/// For a web server to answer.
const WEB: Duration = Duration::from_millis(2500);
/// Of what it says, no more is kept.
const FIRST_LINE: usize = 256;

impl Check {
    /// Whether a web server answers where STUN does not: `GET /` on a connection of its own.
    pub(super) async fn ask_web(&self, target: Target) {
        if self.record.asked_web() {
            return;
        }
        let asked = match stand_up(&self.hands, &self.want(target, Trust::Record)).await.result {
            Err(why) => failed(format!("no further connection: {}", short(&why))),
            Ok(line) => self.get(&line).await,
        };
        self.record.note(|turn| turn.clues.http = Some(asked));
    }

    async fn get(&self, line: &Line<Event>) -> Asked {
        let host = match &self.server.uri.host {
            Host::Ip(ip) => SocketAddr::new(*ip, 0).to_string().trim_end_matches(":0").to_string(),
            Host::Name(name) => name.clone(),
        };
        line.send(format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").into_bytes());
        let until = self.hands.now() + WEB;
        let mut come = Vec::new();
        loop {
            match either(line.next(), self.hands.sleep_until(until)).await {
                Either::First(Incoming::Bytes { bytes, .. }) => come.extend(bytes),
                Either::First(Incoming::Closed { why, .. }) if come.is_empty() => {
                    let how = if why == Ending::Reset { "reset" } else { "closed" };
                    return failed(format!("the connection was {how} without an answer"));
                }
                Either::First(Incoming::Unreachable { .. }) => {}
                Either::First(Incoming::Closed { .. }) | Either::Second(()) => break,
            }
            if come.len() >= FIRST_LINE || come.contains(&b'\n') {
                break;
            }
        }
        if come.is_empty() {
            return Asked { outcome: StepOutcome::Timeout, detail: None };
        }
        let end = come.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(come.len()).min(FIRST_LINE);
        let first = come.get(..end).unwrap_or_default();
        if first.starts_with(b"HTTP/") {
            let detail = Some(String::from_utf8_lossy(first).escape_debug().to_string());
            Asked { outcome: StepOutcome::Ok, detail }
        } else {
            failed(format!("no HTTP: {}", quoted(first)))
        }
    }

    /// Whether the port that does not answer TLS answers without.
    pub(super) async fn ask_plain(&self, target: Target) {
        let plain = Target { transport: Transport::Tcp, ..target };
        let asked = match stand_up(&self.hands, &self.want(plain, Trust::Record)).await.result {
            Err(why) => failed(format!("no further connection: {}", short(&why))),
            Ok(line) => {
                let station = self.station(line, target.address).with(None);
                asked(&station.ask_briefly(Request::new(Method::BINDING)).await, plain)
            }
        };
        self.record.note(|turn| turn.clues.plain = Some(asked));
    }

    /// Asks for an allocation once more, from another port, after a refusal with 508: what is always refused
    /// is no lack that comes and goes, and the faster answer of two is not slow because of what got lost.
    pub(super) async fn ask_again(&self, target: Target, mut first: Reply) -> Reply {
        let Some((first_code, ..)) = first.error() else { return first };
        let Ok(station) = self.connect(target, Trust::Record).await else { return first };
        let station = Rc::new(station);
        let reply = self.allocate_on(&station, self.allocate()).await;
        if reply.success().is_some() {
            self.give_back(&station).await;
        }
        self.tried_again(first_code, first.took, &reply);
        if reply.error().is_some_and(|(code, ..)| code == first_code) {
            first.took = first.took.min(reply.took);
        }
        first
    }

    /// Notes what came of a second Allocate request, after the first was refused with that code.
    pub(super) fn tried_again(&self, first_code: u16, first: Duration, reply: &Reply) {
        let millis = |time: Duration| crate::machine::Time::from(time).millis();
        let second = SecondTry {
            first_code,
            first_ms: millis(first),
            outcome: outcome(reply),
            error_code: reply.error().map(|(code, ..)| code),
            duration_ms: millis(reply.took),
        };
        self.record.note(|turn| turn.clues.second_try = Some(second));
    }
}

fn asked(reply: &Reply, target: Target) -> Asked {
    let outcome = outcome(reply);
    // Whatever STUN says, it is STUN.
    if outcome == StepOutcome::Ok || reply.error().is_some() {
        return Asked { outcome: StepOutcome::Ok, detail: None };
    }
    Asked { outcome, detail: Some(reply.explain("Binding", target).text) }
}

fn outcome(reply: &Reply) -> StepOutcome {
    match (&reply.end, reply.success()) {
        (_, Some(_)) => StepOutcome::Ok,
        (crate::probes::station::End::Answer(Answer::Silence), _) => StepOutcome::Timeout,
        _ => StepOutcome::Failed,
    }
}

fn failed(detail: String) -> Asked {
    Asked { outcome: StepOutcome::Failed, detail: Some(detail) }
}

fn short(why: &Refusal) -> String {
    match why {
        Refusal::ConnectionRefused => "refused".into(),
        Refusal::TimedOut { .. } => "not answered".into(),
        Refusal::Handshake { text } | Refusal::Unreachable { text, .. } => text.clone(),
        other => format!("{other:?}").chars().take(80).collect(),
    }
}
