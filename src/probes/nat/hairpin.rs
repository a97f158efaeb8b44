//! Hairpinning: packets between two own ports by their public addresses (RFC 4787 §6).

use std::net::SocketAddr;
use std::rc::Rc;

use super::facts::Hairpin;
use super::ground::Ground;
use super::pace::millis;
use super::port::Port;
use crate::machine::script::{Either, either};
use crate::report::nat::{HairpinSource, NatTest, TestOutcome};
use crate::wire::message::{Builder, Class, Method, TransactionId};

/// Both send to each other until one hears the other, so that a filter that wants to be sent through
/// first is: RFC 5780 §3.4 alone would take a filter for a missing hairpin.
pub(super) async fn test(
    ground: &Rc<Ground>,
    (one, seen_one): (&Port, SocketAddr),
    (two, seen_two): (&Port, SocketAddr),
) {
    if seen_one == one.local() || seen_two == two.local() {
        return;
    }
    let began = ground.hands.now();
    // STUN, since a router that looks inside packets may let nothing else pass.
    let request = || Builder::new(Class::Request, Method::BINDING, TransactionId(ground.random())).build();
    let (from_one, from_two) = (request(), request());
    let mut sent = 0;
    let mut came = None;
    while came.is_none() && sent < ground.pace.borrow().copies() {
        one.send(seen_two, from_one.clone());
        two.send(seen_one, from_two.clone());
        sent += 1;
        let until = ground.hands.now() + ground.pace.borrow().after(sent, seen_one.ip());
        let heard = either(
            one.heard(until, |heard| heard.bytes == from_two),
            two.heard(until, |heard| heard.bytes == from_one),
        );
        // The other side may be first, and silent for good.
        came = match heard.await {
            Either::First(Some(heard)) => Some((heard, two.local(), seen_two)),
            Either::Second(Some(heard)) => Some((heard, one.local(), seen_one)),
            _ => None,
        };
    }
    let arrived = came.as_ref().map(|(heard, inside, _)| match heard.from == *inside {
        true => HairpinSource::Internal,
        false => HairpinSource::External,
    });
    let odd = came.as_ref().filter(|(heard, inside, outside)| heard.from != *inside && heard.from.ip() != outside.ip());
    ground.test(NatTest {
        name: "hairpinning".into(),
        server: seen_two.to_string(),
        local: Some(one.local().to_string()),
        mapped: Some(seen_one.to_string()),
        from: came.as_ref().map(|(heard, ..)| heard.from.to_string()),
        outcome: if came.is_some() { TestOutcome::Answered } else { TestOutcome::Silent },
        sent,
        elapsed_ms: millis(ground.hands.now() - began),
        detail: odd.map(|(heard, ..)| format!("the source is neither port's: {}", heard.from)),
    });
    let doubt = ground.pace.borrow().doubt(sent);
    ground.facts.borrow_mut().hairpin = Some(Hairpin { arrived, doubt });
}
