//! Credentials that must not work.

use std::rc::Rc;

use super::check::Check;
use crate::machine::Trust;
use crate::machine::script::{Part, all};
use crate::probes::station::{End, Reply, Station};
use crate::proto::auth::{Credentials, Session};
use crate::proto::exchange::Answer;
use crate::proto::resolution::Target;
use crate::report::Control;

/// What is wrong with the credentials, in the report's words.
const CONTROLS: [&str; 3] = ["wrong-password", "wrong-realm", "unknown-user"];

impl Check {
    /// Tries credentials of which one part is wrong, each from a port of its own, side by side.
    pub(super) async fn negative_controls(&self, target: Target) {
        let Some(credentials) = self.server.credentials.as_ref().filter(|_| self.config.controls) else { return };
        let parts =
            CONTROLS.iter().map(|name| Box::pin(self.negative_control(name, credentials, target)) as Part<'_, _>);
        let controls: Vec<Control> = all(parts.collect()).await.into_iter().flatten().collect();
        self.record.note(|turn| turn.controls.extend(controls));
    }

    async fn negative_control(&self, name: &str, right: &Credentials, target: Target) -> Option<Control> {
        let mut wrong = right.clone();
        match name {
            "wrong-password" => wrong.password.push_str("-wrong"),
            // With an expiry time where the right name has one, or the server would look no further.
            "unknown-user" => wrong.username.push_str("-rtcprobe-nobody"),
            _ => {}
        }
        let station = Rc::new(self.connect(target, Trust::Record).await.ok()?.with(Some(wrong.clone())));
        let reply = match name {
            "wrong-realm" => self.of_another_realm(&station, &wrong).await?,
            _ => self.allocate_on(&station, self.allocate()).await,
        };
        Some(self.controlled(name, &station, reply).await)
    }

    /// Answers the challenge as if it had named another realm.
    async fn of_another_realm(&self, station: &Rc<Station>, credentials: &Credentials) -> Option<Reply> {
        self.owe(station);
        let bare = station.ask_bare(self.allocate()).await;
        let reply = match bare.error() {
            Some((401, _, challenge)) => {
                let session = Session::for_realm(credentials, challenge, b"rtcprobe.invalid").ok();
                match session {
                    Some(session) => Some(station.ask_as(session, self.allocate()).await),
                    None => None,
                }
            }
            _ => Some(bare),
        };
        match &reply {
            Some(reply) => self.unless_granted(station, reply),
            None => self.paid(station),
        }
        reply
    }

    async fn controlled(&self, name: &str, station: &Rc<Station>, reply: Reply) -> Control {
        let refused = match (&reply.end, reply.error()) {
            // Refused for another reason.
            (_, Some((300 | 438 | 486 | 500 | 508, ..))) => None,
            (_, Some(_)) => Some(true),
            // An unsigned error is believed, so this was a success.
            (End::Answer(Answer::Success { .. } | Answer::IntegrityFailed { absent: true }), _) => Some(false),
            _ => None,
        };
        if matches!(reply.end, End::Answer(Answer::Success { .. } | Answer::IntegrityFailed { .. })) {
            self.give_back(station).await;
        }
        let error = reply.error().map(|(code, phrase, _)| (code, phrase.to_string()));
        Control {
            name: name.into(),
            refused,
            error_code: error.as_ref().map(|(code, _)| *code),
            error_text: error.map(|(_, phrase)| phrase),
        }
    }
}
