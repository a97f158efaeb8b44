use std::net::IpAddr;
use std::time::Duration;

use crate::machine::Ending;
use crate::probes::explain::{self, Scene, Told};
use crate::proto::exchange::{Answer, Seen};
use crate::proto::resolution::Target;
use crate::wire::message::Message;

/// How a request ended.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::probes) struct Reply {
    pub end: End,
    pub seen: Seen,
    /// From the first request, an unsigned one included, to the end.
    pub took: Duration,
    pub(super) local: IpAddr,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::probes) enum End {
    Answer(Answer),
    /// The connection ended first.
    Closed(Ending),
    /// The stream turned out not to be STUN.
    Garbage(Vec<u8>),
}

impl Reply {
    /// Why it is no success.
    pub(in crate::probes) fn explain(&self, request: &str, target: Target) -> Told {
        let scene = Scene { target, local: self.local, request };
        match &self.end {
            End::Closed(why) => explain::closed(why, scene, 0, self.seen.waited),
            End::Garbage(bytes) => explain::garbage(bytes, scene, self.seen.waited),
            End::Answer(answer) => explain::answer(answer, &self.seen, scene),
        }
    }

    /// Nothing came, not even a refusal.
    pub(in crate::probes) fn is_silence(&self) -> bool {
        matches!(&self.end, End::Answer(Answer::Silence))
    }

    /// The success response, if it is one.
    pub(in crate::probes) fn success(&self) -> Option<&Message> {
        match &self.end {
            End::Answer(Answer::Success { message, .. }) => Some(message),
            _ => None,
        }
    }

    /// The error response: code, phrase and the message.
    pub(in crate::probes) fn error(&self) -> Option<(u16, &str, &Message)> {
        match &self.end {
            End::Answer(Answer::Failure { error, message, .. }) => Some((error.code, &error.reason, message)),
            _ => None,
        }
    }
}
