//! What the other side says, and what is said to it.

use super::connecting::{AGENT, Connecting};
use super::description;
use super::there::There;
use crate::machine::Time;
use crate::proto::ice::{IceCredentials, Role};
use crate::report::connect::{Restart, SideNat};
use crate::wire::signal::{Description, Message, Part};

/// Lines that are read; a peer that says more has nothing to say.
const LINES: u32 = 10_000;
/// Wrong lines that somebody is told of.
const TROUBLES: u32 = 8;
/// Generations that the other side may begin.
const RESTARTS: usize = 16;
/// Data that pauses so long after a restart (in milliseconds) pauses for another reason.
const PAUSE: f64 = 1000.0;
/// Where signalled messages come from, in the list of those that were not believed.
const SIGNALLING: &str = "signalling";

impl Connecting {
    /// A line of the other side.
    pub(super) fn told(&mut self, now: Time, line: &str) {
        self.lines = self.lines.saturating_add(1);
        if self.left.is_some() || self.lines > LINES {
            return;
        }
        match Message::read(line) {
            Ok(Some(Message::Description(description))) => self.described(now, description),
            Ok(Some(Message::Bye)) => self.there.bye = true,
            _ if self.there.description.is_none() => self.trouble(now, description::instead(line, self.config.part)),
            Ok(Some(Message::Candidate { candidate, ufrag })) => self.candidate(now, &candidate, ufrag.as_deref()),
            Ok(Some(Message::Complete)) => self.complete(),
            Ok(Some(Message::Over)) => self.there.hushed = true,
            Ok(Some(Message::Nat { udp, mapping, filtering })) => self.there.nat = side_nat(udp, mapping, filtering),
            Ok(Some(Message::Status(status))) => {
                if status.exhausted || ["connected", "completed"].contains(&status.state.as_str()) {
                    self.agent.peer_woke();
                }
                self.there.status = Some(status);
            }
            // Another version's message.
            Ok(None) => {}
            Err(bad) => self.account.refuse(now, SIGNALLING.into(), bad.0),
        }
    }

    /// Nothing can be done with it, and whoever carried it over should know.
    fn trouble(&mut self, now: Time, sentence: String) {
        self.troubles += 1;
        if self.troubles <= TROUBLES {
            self.account.refuse(now, SIGNALLING.into(), sentence.clone());
            self.out.push_back(super::Happening::Trouble(sentence));
        }
    }

    fn described(&mut self, now: Time, description: Description) {
        let first = self.there.description.is_none();
        let own = self.agent.credentials().ufrag.clone();
        if let Some(fault) = description::fault(&description, &own, self.config.part, first) {
            return self.trouble(now, fault);
        }
        let same = |known: &Description| (&known.ufrag, &known.pwd) == (&description.ufrag, &description.pwd);
        match &self.there.description {
            None => self.begin(now, &description),
            Some(known) if same(known) => {}
            Some(_) if self.restarting => self.begin(now, &description),
            Some(_) => {
                if self.account.restarts.len() >= RESTARTS {
                    return self.account.refuse(now, SIGNALLING.into(), "one ICE restart too many".into());
                }
                self.new_generation(now, false);
                self.begin(now, &description);
            }
        }
        for candidate in &description.candidates {
            self.candidate(now, candidate, None);
        }
        if description.complete {
            self.complete();
        }
    }

    /// The other side is known: checks begin.
    fn begin(&mut self, now: Time, description: &Description) {
        self.restarting = false;
        let described = Description { candidates: Vec::new(), ..description.clone() };
        self.there = There {
            description: Some(described),
            status: self.there.status.take(),
            nat: self.there.nat.take(),
            ..There::default()
        };
        if description.lite && self.agent.role() == Role::Controlled {
            self.agent.take_role(Role::Controlling);
        }
        let password = description.pwd.clone();
        self.agent.set_peer(now, IceCredentials { ufrag: description.ufrag.clone(), password });
        // The answer is still to be carried over.
        if !self.config.trickle && self.config.part == Part::Answer && !description.lite {
            self.agent.peer_sleeps(super::ASLEEP);
        }
    }

    fn candidate(&mut self, now: Time, line: &str, ufrag: Option<&str>) {
        let current =
            self.there.description.as_ref().is_some_and(|known| ufrag.is_none_or(|ufrag| ufrag == known.ufrag));
        // An empty line is the end of candidates, as in RTCIceCandidate.
        if line.is_empty() {
            return self.complete();
        }
        if !current {
            return self.account.refuse(now, SIGNALLING.into(), "a candidate of another generation".into());
        }
        if self.there.complete {
            return self.account.refuse(now, SIGNALLING.into(), "a candidate after the last one".into());
        }
        if self.unveil(line) {
            return;
        }
        if let Some(remote) = self.there.take(now, line, &self.config) {
            self.agent.add_remote(remote);
        }
    }

    pub(super) fn complete(&mut self) {
        self.there.complete = true;
        // Those whose names are still being resolved may follow.
        if self.there.hidden.is_empty() {
            self.agent.remotes_complete();
        }
    }

    /// Says what the other side does not know yet of this one.
    pub(super) fn say_candidates(&mut self) {
        let answers = self.config.part == Part::Answer && self.account.restarts.is_empty();
        let asked = !answers || self.there.description.is_some();
        if !self.described && asked && (self.config.trickle || self.here.complete) {
            self.described = true;
            let (candidates, complete) = (self.here.unsaid(), self.here.ends());
            let IceCredentials { ufrag, password } = self.agent.credentials().clone();
            self.say(Message::Description(Description {
                role: self.config.part,
                ufrag,
                pwd: password,
                lite: false,
                candidates,
                complete,
                agent: Some(AGENT.into()),
                echo: true,
                answers: None,
            }));
        }
        if self.described {
            let ufrag = self.agent.credentials().ufrag.clone();
            for candidate in self.here.unsaid() {
                self.say(Message::Candidate { candidate, ufrag: Some(ufrag.clone()) });
            }
            if self.here.ends() {
                self.say(Message::Complete);
            }
            if let Some(nat) = self.here.nat.clone()
                && !std::mem::replace(&mut self.here.said_nat, true)
            {
                self.say(Message::Nat {
                    udp: word(&nat.udp),
                    mapping: nat.mapping.iter().map(word).collect(),
                    filtering: nat.filtering.iter().map(word).collect(),
                });
            }
        }
    }

    /// Says how it goes, when that is news.
    pub(super) fn say_status(&mut self, now: Time) {
        if !self.described || self.there.description.is_none() {
            return;
        }
        let news = (self.account.state, self.is_done(now), self.exhausted.is_some());
        if self.said != Some(news) {
            self.said = Some(news);
            let status = self.status(now);
            self.say(Message::Status(status));
        }
    }

    /// Begins anew with other credentials (RFC 8445 §9); roles stay.
    pub(super) fn restart(&mut self, now: Time) {
        self.new_generation(now, true);
        self.restarting = true;
    }

    fn new_generation(&mut self, now: Time, local: bool) {
        let mut agent = Connecting::agent(&self.config, self.agent.role(), &mut self.chance);
        for found in &self.here.found {
            agent.add_local(found.local());
        }
        if self.here.complete {
            agent.locals_complete();
        }
        let former = std::mem::replace(&mut self.agent, agent);
        if former.selected().is_some() || self.former.is_none() {
            self.former = Some(former);
        }
        self.here.forget_said();
        self.described = false;
        self.forget_shown();
        self.restart_began = Some(now);
        self.traffic.watch(now);
        self.account.restarts.push(Restart { elapsed_ms: now.millis(), local, connected_ms: None, gap_ms: None });
    }

    /// The longest time without data across a restart is known once data has flowed for a while.
    pub(super) fn pause(&mut self, now: Time) {
        let pause = self.traffic.longest_pause().map(|pause| Time::from(pause).millis());
        if let Some(restart) = self.account.restarts.last_mut()
            && restart.gap_ms.is_none()
            && restart.connected_ms.is_some_and(|connected| now.millis() > connected + PAUSE)
        {
            restart.gap_ms = pause;
        }
    }

    /// A pair of the new generation is in use: the one before is over.
    pub(super) fn restarted(&mut self, now: Time) {
        if self.former.take().is_some()
            && let Some(restart) = self.account.restarts.last_mut()
        {
            restart.connected_ms.get_or_insert(now.millis());
        }
    }
}

/// The report's word for it.
fn word(of: &impl serde::Serialize) -> String {
    serde_json::to_value(of).ok().and_then(|value| value.as_str().map(String::from)).unwrap_or_default()
}

/// What is no word of RFC 4787 tells nothing.
fn side_nat(udp: String, mapping: Vec<String>, filtering: Vec<String>) -> Option<SideNat> {
    serde_json::from_value(serde_json::json!({ "udp": udp, "mapping": mapping, "filtering": filtering })).ok()
}
