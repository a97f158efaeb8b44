//! The record of a check while it grows.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::Duration;

use crate::machine::script::Hands;
use crate::machine::{Secure, Time};
use crate::probes::explain::Told;
use crate::probes::tls;
use crate::proto::resolution::Target;
use crate::proto::transaction::Stray;
use crate::report::{Cause, Clues, Event, IcmpError, RelayProtocol, Step, StepName, StepOutcome, Turn, Way};
use crate::wire::uri::Transport;

/// What every check goes through, in order.
pub(super) const STEPS: [StepName; 12] = [
    StepName::Resolve,
    StepName::Connect,
    StepName::Tls,
    StepName::Binding,
    StepName::Challenge,
    StepName::Allocate,
    StepName::Permission,
    StepName::Channel,
    StepName::RelaySend,
    StepName::RelayReceive,
    StepName::Refresh,
    StepName::Release,
];

/// A report entry that is being filled in; each step is told the moment it ends.
pub(super) struct Record {
    hands: Hands<Event>,
    turn: RefCell<Turn>,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ending {
    pub outcome: StepOutcome,
    pub took: Option<Duration>,
    pub code: Option<u16>,
    pub phrase: Option<String>,
    pub detail: Option<String>,
    pub cause: Option<Cause>,
    pub icmp: Option<IcmpError>,
}

impl Ending {
    pub(super) fn ok(took: Duration, detail: impl Into<String>) -> Ending {
        let detail = Some(detail.into()).filter(|detail: &String| !detail.is_empty());
        Ending { outcome: StepOutcome::Ok, took: Some(took), code: None, phrase: None, detail, cause: None, icmp: None }
    }

    pub(super) fn failed(cause: Cause, took: Duration, detail: impl Into<String>) -> Ending {
        let outcome = match cause {
            Cause::NoAnswer | Cause::HandshakeTimeout => StepOutcome::Timeout,
            _ => StepOutcome::Failed,
        };
        Ending {
            outcome,
            took: Some(took),
            code: None,
            phrase: None,
            detail: Some(detail.into()),
            cause: Some(cause),
            icmp: None,
        }
    }

    /// A failure, as it was explained.
    pub(super) fn told(told: Told, took: Duration) -> Ending {
        let ending = Ending { icmp: told.icmp, ..Ending::failed(told.cause, took, told.text) };
        match told.code {
            Some((code, phrase)) => ending.coded(code, &phrase),
            None => ending,
        }
    }

    pub(super) fn skipped(why: impl Into<String>) -> Ending {
        Ending {
            outcome: StepOutcome::Skipped,
            took: None,
            code: None,
            phrase: None,
            detail: Some(why.into()),
            cause: None,
            icmp: None,
        }
    }

    pub(super) fn coded(self, code: u16, phrase: &str) -> Ending {
        Ending { code: Some(code), phrase: Some(phrase.to_string()), ..self }
    }

    pub(super) fn is_ok(&self) -> bool {
        self.outcome == StepOutcome::Ok
    }
}

impl Record {
    pub(super) fn new(
        hands: &Hands<Event>,
        url: &str,
        username: Option<String>,
        transport: Transport,
        target: Option<Target>,
    ) -> Record {
        let turn = Turn {
            url: url.to_string(),
            address: target.map(|target| target.address.to_string()),
            transport: protocol(transport),
            username,
            credential_form: None,
            local: None,
            software: None,
            works: None,
            steps: Vec::new(),
            tls: None,
            works_untrusted: None,
            mapped: None,
            response_origin: None,
            challenge: None,
            allocation: None,
            proofs: Vec::new(),
            echo: None,
            controls: Vec::new(),
            options: Vec::new(),
            audit: Vec::new(),
            needed_peers: Vec::new(),
            exposure: None,
            clues: Clues::default(),
        };
        Record { hands: hands.clone(), turn: RefCell::new(turn) }
    }

    /// Writes a step down; the first word on a step counts.
    pub(super) fn step(&self, name: StepName, ending: Ending) {
        let step = Step {
            name,
            outcome: ending.outcome,
            duration_ms: ending.took.map(|took| Time::from(took).millis()),
            error_code: ending.code,
            error_text: ending.phrase,
            detail: ending.detail,
            cause: ending.cause,
            icmp: ending.icmp,
        };
        let mut turn = self.turn.borrow_mut();
        if turn.steps.iter().any(|known| known.name == name) {
            return;
        }
        let (url, address) = (turn.url.clone(), turn.address.clone());
        turn.steps.push(step.clone());
        self.hands.tell(Event::Step { elapsed_ms: self.hands.now().millis(), url, address, step });
    }

    /// Changes something else of the entry.
    pub(super) fn note(&self, change: impl FnOnce(&mut Turn)) {
        change(&mut self.turn.borrow_mut());
    }

    /// Whether that step went well.
    pub(super) fn went_well(&self, name: StepName) -> bool {
        self.turn.borrow().steps.iter().any(|step| step.name == name && step.outcome == StepOutcome::Ok)
    }

    /// Whether a step ended in silence.
    pub(super) fn fell_silent(&self) -> bool {
        self.turn.borrow().steps.iter().any(|step| step.outcome == StepOutcome::Timeout)
    }

    /// Whether there is a word on that step yet.
    pub(super) fn knows(&self, name: StepName) -> bool {
        self.turn.borrow().steps.iter().any(|step| step.name == name)
    }

    /// Whether a web server was looked for.
    pub(super) fn asked_web(&self) -> bool {
        self.turn.borrow().clues.http.is_some()
    }

    /// How long that step took.
    pub(super) fn took(&self, name: StepName) -> Option<Duration> {
        let turn = self.turn.borrow();
        let step = turn.steps.iter().find(|step| step.name == name)?;
        Duration::try_from_secs_f64(step.duration_ms? / 1e3).ok()
    }

    /// Whether the server announced a limit of the rate.
    pub(super) fn is_capped(&self) -> bool {
        self.turn.borrow().allocation.as_ref().is_some_and(|allocation| allocation.bandwidth_kbps.is_some())
    }

    /// Whether data went through in that way.
    pub(super) fn proved(&self, way: Way) -> bool {
        self.turn.borrow().proofs.iter().any(|proof| proof.way == way && proof.received > 0)
    }

    pub(super) fn secure(&self, secure: Option<&Secure>) {
        if let Some(secure) = secure {
            self.turn.borrow_mut().tls.get_or_insert_with(|| tls::facts(secure));
        }
    }

    /// Addresses that answered in the server's place.
    pub(super) fn strays<'s>(&self, strays: impl Iterator<Item = &'s Stray>) {
        let mut turn = self.turn.borrow_mut();
        for stray in strays {
            if let Stray::WrongSource { from, .. } = stray {
                let from = from.to_string();
                if !turn.clues.strays.contains(&from) {
                    turn.clues.strays.push(from);
                }
            }
        }
    }

    pub(super) fn local(&self, local: SocketAddr) {
        self.turn.borrow_mut().local = Some(local.to_string());
    }

    /// Fills in the steps that were not reached, gives the verdict and tells the entry.
    pub(super) fn close(&self) {
        let mut turn = self.turn.borrow_mut();
        let failed = turn.steps.iter().find(|step| is_failure(step.outcome)).map(|step| step.name);
        for name in STEPS {
            if turn.steps.iter().any(|step| step.name == name) {
                continue;
            }
            let why =
                failed.map_or("not reached".to_string(), |failed| format!("not reached: {} failed", failed.as_str()));
            turn.steps.push(Step {
                name,
                outcome: StepOutcome::Skipped,
                duration_ms: None,
                error_code: None,
                error_text: None,
                detail: Some(why),
                cause: None,
                icmp: None,
            });
        }
        turn.steps.sort_by_key(|step| step.name);
        // Who relays needs no Binding: a browser learns its address from the Allocate answer.
        let relays = turn.steps.iter().any(|step| step.name == StepName::Allocate && step.outcome == StepOutcome::Ok);
        let needless = |step: &Step| relays && step.name == StepName::Binding;
        let needed = turn.steps.iter().filter(|step| STEPS.contains(&step.name) && !needless(step));
        let stopped = turn.steps.iter().any(|step| step.cause == Some(Cause::Stopped));
        turn.works = match needed.clone().any(|step| is_failure(step.outcome)) {
            _ if stopped => None,
            true => Some(false),
            false => relays.then_some(true),
        };
        let elapsed_ms = self.hands.now().millis();
        self.hands.tell(Event::Turn { elapsed_ms, turn: Box::new(turn.clone()) });
    }
}

pub(super) fn is_failure(outcome: StepOutcome) -> bool {
    matches!(outcome, StepOutcome::Failed | StepOutcome::Timeout)
}

pub(super) fn protocol(transport: Transport) -> RelayProtocol {
    match transport {
        Transport::Udp => RelayProtocol::Udp,
        Transport::Tcp => RelayProtocol::Tcp,
        Transport::Tls => RelayProtocol::Tls,
        Transport::Dtls => RelayProtocol::Dtls,
    }
}
