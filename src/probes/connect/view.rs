//! All that is known of the connection, for the report.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::connecting::Connecting;
use super::pairs::{self, Scene};
use super::quality::missing;
use super::words;
use crate::machine::Time;
use crate::proto::ice::{Agent, Refused, Role};
use crate::report::connect::{Connect, Consent, IceRole, OtherView, PathQuality, Restart, Side};
use crate::wire::signal::{Selected, Status};

impl Connecting {
    /// All of it; `ended` once the run is over.
    pub(super) fn connect(&self, ended: Option<Time>) -> Connect {
        let strange = |from| self.is_strange(from);
        let scene = Scene { here: &self.here, strange: &strange, ended };
        let in_use = self.in_use();
        let mut all = Vec::new();
        for agent in [Some(&self.agent), self.former.as_ref()].into_iter().flatten() {
            let mut of: Vec<_> =
                (0..agent.pairs().len()).filter_map(|index| pairs::pair(agent, index, &scene)).collect();
            of.sort_by_key(|pair| std::cmp::Reverse(pair.priority));
            let current = std::ptr::eq(agent, in_use);
            of.iter_mut().for_each(|pair| pair.selected &= current);
            all.append(&mut of);
        }
        let place = all.iter().position(|pair| pair.selected).and_then(|place| u32::try_from(place).ok());
        Connect {
            // Whoever carries the lines knows how.
            signalling: String::new(),
            role: self.account.checking.map(|_| match self.agent.role() {
                Role::Controlling => IceRole::Controlling,
                Role::Controlled => IceRole::Controlled,
            }),
            state: self.account.state,
            states: self.account.states.clone(),
            local: self.local_side(),
            remote: self.remote_side(),
            selected: place.and_then(|place| pairs::selected(in_use, place)),
            pairs: all,
            pairs_left_out: u32::try_from(self.agent.left_out()).unwrap_or(u32::MAX),
            checking_ms: self.account.checking.map(Time::millis),
            first_valid_ms: self.account.first_valid.map(Time::millis),
            connected_ms: self.account.connected.map(Time::millis),
            echo: self.quality(in_use, ended),
            consent: self.consent(in_use),
            cuts: self.account.cuts.clone(),
            restarts: self.restarts(),
            refused: self.account.refused.clone(),
            forecast: None,
            other_view: self.other_view(),
        }
    }

    /// Why something in it is not known, by JSON pointer.
    pub(super) fn unknown(&self, connect: &Connect) -> BTreeMap<String, String> {
        let mut unknown = BTreeMap::new();
        let mut tell = |missing: bool, fact: &str, why: &str| {
            if missing {
                unknown.insert(format!("/connect/{fact}"), why.to_owned());
            }
        };
        let nobody = connect.checking_ms.is_none();
        let without = if nobody { "no-peer" } else { "not-connected" };
        tell(connect.role.is_none(), "role", "no-peer");
        tell(nobody, "checkingMs", "no-peer");
        tell(connect.first_valid_ms.is_none(), "firstValidMs", if nobody { "no-peer" } else { "no-valid-pair" });
        tell(connect.selected.is_none(), "selected", without);
        tell(connect.connected_ms.is_none(), "connectedMs", without);
        tell(connect.consent.is_none(), "consent", if nobody { "no-peer" } else { "nothing-asked-yet" });
        tell(connect.other_view.is_none(), "otherView", "not-told");
        let unmeasured = if connect.connected_ms.is_none() { without } else { "not-asked-for" };
        tell(connect.echo.is_none(), "echo", unmeasured);
        unknown
    }

    /// What the other side gets to know of it.
    pub(super) fn status(&self, now: Time) -> Status {
        let in_use = self.in_use();
        let pair = in_use.selected().and_then(|index| in_use.pairs().get(index));
        let ends = pair.and_then(|pair| Some((in_use.locals().get(pair.local)?, in_use.remotes().get(pair.remote)?)));
        let rtt = pair.and_then(|pair| pair.spoken.rtt);
        let stats = rtt.map(|rtt| {
            serde_json::json!({"type": "candidate-pair", "nominated": true, "currentRoundTripTime": rtt.as_secs_f64()})
        });
        Status {
            state: words::state(self.account.state).into(),
            selected: ends.map(|(local, remote)| Selected {
                local: local.address.to_string(),
                remote: remote.address.to_string(),
            }),
            done: self.is_done(now),
            exhausted: self.exhausted.is_some(),
            stats: stats.into_iter().collect(),
        }
    }

    /// Whether checks came from there that are signed with another password, or are for another session.
    fn is_strange(&self, from: SocketAddr) -> bool {
        let from = from.to_string();
        let wrong = [words::refused(&Refused::WrongIntegrity), words::refused(&Refused::WrongUsername)];
        self.account.refused.iter().any(|refused| refused.from == from && wrong.contains(&refused.reason))
    }

    /// What was measured over the pair in use: packets that came back, or checks where the other side sends none back.
    fn quality(&self, agent: &Agent, ended: Option<Time>) -> Option<PathQuality> {
        let (connected, ended) = (self.account.connected?, ended?);
        let wanted = self.config.until_failure || !self.config.duration.is_zero();
        self.traffic.quality(ended).or_else(|| {
            let asked = self.consent(agent).filter(|_| wanted)?;
            let (sent, received) = (u64::from(asked.requests), u64::from(asked.responses));
            let duration_ms = Time::from(ended - connected).millis();
            let mut quality = PathQuality { sent, received, duration_ms, ..PathQuality::default() };
            quality.loss = missing(received, sent);
            self.checks.tell(&mut quality);
            Some(quality)
        })
    }

    fn restarts(&self) -> Vec<Restart> {
        let mut restarts = self.account.restarts.clone();
        if let Some(last) = restarts.last_mut() {
            last.gap_ms = last.gap_ms.or(self.traffic.longest_pause().map(|pause| Time::from(pause).millis()));
        }
        restarts
    }

    fn local_side(&self) -> Side {
        Side {
            agent: Some(super::connecting::AGENT.into()),
            ufrag: Some(self.agent.credentials().ufrag.clone()),
            lite: false,
            trickle: self.config.trickle,
            candidates: self.here.found.iter().map(|found| found.candidate.clone()).collect(),
            complete: self.here.complete,
            unused: self.here.unused.clone(),
            nat: self.here.nat.clone(),
        }
    }

    fn remote_side(&self) -> Side {
        let there = &self.there;
        let description = there.description.as_ref();
        Side {
            agent: description.and_then(|description| description.agent.clone()),
            ufrag: description.map(|description| description.ufrag.clone()),
            lite: description.is_some_and(|description| description.lite),
            trickle: there.trickle,
            candidates: there.candidates.clone(),
            complete: there.complete,
            unused: there.unused.iter().cloned().chain(there.still_hidden()).collect(),
            nat: there.nat.clone(),
        }
    }

    fn consent(&self, agent: &Agent) -> Option<Consent> {
        let sum = |of: fn(&crate::proto::ice::Spoken) -> u32| agent.pairs().iter().map(|pair| of(&pair.spoken)).sum();
        let requests = sum(|spoken| spoken.consent_requests_sent);
        let responses = sum(|spoken| spoken.consent_responses_received);
        (requests > 0).then(|| Consent { requests, responses, last_ms: agent.last_consent().map(Time::millis) })
    }

    fn other_view(&self) -> Option<OtherView> {
        let status = self.there.status.as_ref()?;
        let of_pair = |stats: &&serde_json::Value| {
            stats.get("nominated").and_then(serde_json::Value::as_bool) == Some(true)
                && stats.get("type").and_then(serde_json::Value::as_str) == Some("candidate-pair")
        };
        let pair = status.stats.iter().find(of_pair);
        let rtt = pair.and_then(|pair| pair.get("currentRoundTripTime")?.as_f64());
        Some(OtherView {
            agent: self.there.description.as_ref().and_then(|description| description.agent.clone()),
            ice_state: Some(status.state.clone()),
            selected: status.selected.as_ref().map(|selected| (selected.local.clone(), selected.remote.clone())),
            rtt_ms: rtt.filter(|rtt| rtt.is_finite()).map(|rtt| (rtt * 1e6).round() / 1e3),
            stats: status.stats.clone(),
        })
    }
}
