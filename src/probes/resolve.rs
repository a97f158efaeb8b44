//! A server's name on its way through the DNS, as a part of a story.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use crate::machine::script::Hands;
use crate::machine::{Chance, LookupFailure, Question, Record};
use crate::proto::resolution::{Resolution, Target, Unresolved};
use crate::report::Event;
use crate::wire::attribute::Family;
use crate::wire::uri::IceUri;

type Pending = Pin<Box<dyn Future<Output = (Question, Result<Vec<Record>, LookupFailure>)>>>;

/// Resolves both families, or as much as is known when the run is stopped.
pub(super) async fn resolve(
    hands: &Hands<Event>,
    uri: &IceUri,
    chance: Chance,
) -> Vec<(Family, Result<Vec<Target>, Unresolved>)> {
    let mut resolution = Resolution::new(hands.now(), uri, &[Family::V4, Family::V6], chance);
    let mut pending: Vec<Pending> = Vec::new();
    let mut settled = Vec::new();
    loop {
        while let Some(question) = resolution.question() {
            let hands = hands.clone();
            pending.push(Box::pin(async move {
                let answer = hands.lookup(question.clone()).await;
                (question, answer)
            }));
        }
        while let Some(result) = resolution.settled() {
            settled.push(result);
        }
        if resolution.done() || hands.stopping() {
            return settled;
        }
        let wake = hands.sleep_until(resolution.wake().max(hands.now() + Duration::from_millis(1)));
        let mut wake = Box::pin(wake);
        let answered = poll_fn(|context| {
            for place in 0..pending.len() {
                if let Poll::Ready(answer) = pending[place].as_mut().poll(context) {
                    drop(pending.swap_remove(place));
                    return Poll::Ready(Some(answer));
                }
            }
            if hands.stopping() {
                return Poll::Ready(None);
            }
            wake.as_mut().poll(context).map(|()| None)
        })
        .await;
        match answered {
            Some((question, answer)) => resolution.answer(hands.now(), question, answer),
            None => resolution.tick(hands.now()),
        }
    }
}
