//! Whether datagrams in fragments arrive, there and back (RFC 5780 §3.5, with PADDING §7.6).
//!
//! A request with much padding goes out in fragments, and comes back in fragments from a server that
//! pads. A request with little padding goes out whole, and only its answer is in fragments. Together
//! they tell which way fragments are lost, and a server that has no idea of PADDING from a NAT that has
//! none of fragments.

use std::rc::Rc;

use super::beside;
use super::ground::Ground;
use super::port::{Ask, Said};
use crate::machine::Fragments;
use crate::machine::script::both;
use crate::report::nat::TestOutcome;
use crate::wire::attribute::{self, Value};

/// Interfaces that take more than this are not sent more than they take.
const LARGEST: u32 = 16 * 1024;

pub(super) async fn measure(ground: &Rc<Ground>) {
    if !ground.config.tests.fragments {
        return;
    }
    let judged = ask(ground).await;
    let mut facts = ground.facts.borrow_mut();
    match judged {
        Ok(arrive) => facts.more.fragments = Some(arrive),
        Err(why) => facts.more.unknown.push(("fragments", why.into())),
    }
}

async fn ask(ground: &Rc<Ground>) -> Result<bool, &'static str> {
    let Some(server) = beside::reference(ground).await else { return Err("no-server-answered") };
    let mtu = ground.place.mtu.unwrap_or(1500);
    if mtu > LARGEST {
        // Nothing would leave in fragments.
        return Err("not-applicable");
    }
    // More than the interface takes, as a multiple of four (RFC 5780 §7.6).
    let much = u16::try_from(mtu.next_multiple_of(4)).unwrap_or(u16::MAX);
    let (Ok(large), Ok(small)) = both(ground.port_with(Fragments::Allowed), ground.port_with(Fragments::Allowed)).await
    else {
        return Err("not-supported-by-system");
    };
    let padded = |length: u16| Ask::binding(server).with(Value::Padding(length)).patiently();
    let (large_ask, small_ask) = (padded(much), padded(4));
    let (there_and_back, back) = both(large.ask(&large_ask), small.ask(&small_ask)).await;
    let (verdict, detail) = judge(&there_and_back, &back);
    ground.tested("fragments", &large, server, &there_and_back, Some(detail.into()));
    ground.tested("fragments-back", &small, server, &back, None);
    verdict
}

/// Whether the server's answer is padded, as RFC 5780 §6.1 wants it.
fn is_padded(said: &Said) -> bool {
    said.message.as_ref().is_some_and(|message| message.has(attribute::PADDING))
}

/// Anything came back to it from the server.
fn is_heard(said: &Said) -> bool {
    matches!(said.outcome, TestOutcome::Answered | TestOutcome::Refused)
}

/// From the request in fragments and the one in one piece: whether fragments arrive, or why that is not
/// known; and in words.
fn judge(large: &Said, small: &Said) -> (Result<bool, &'static str>, &'static str) {
    match (is_heard(large), is_heard(small)) {
        (true, _) if is_padded(large) => (Ok(true), "fragments arrive, there and back"),
        (true, _) => {
            let words = "fragments arrive at the server; its answers are not padded, so the way back stays open";
            (Err("not-supported-by-server"), words)
        }
        (false, true) => (Ok(false), "a request in fragments is lost, the same in one piece is answered"),
        (false, false) => {
            let words = "padded requests are not answered, in one piece neither: answers in fragments are lost, or the \
                         server does not know PADDING";
            (Err("no-answer-to-padding"), words)
        }
    }
}
