//! Quality through the relay: loss, round-trip times, jitter, reordering, duplicates.

mod tally;

use std::cell::RefCell;
use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use self::tally::{Found, HEAD, Tally};
use super::EchoPlan;
use super::check::{Check, Held};
use super::ground::{Ground, Second};
use super::proofs::{CHANNELS, Exit, SEEN, channel, permission};
use crate::machine::Time;
use crate::machine::script::{Either, Part, all, both, either};
use crate::probes::station::{Data, Station};
use crate::proto::exchange::Request;
use crate::report::{Echo, Event, Form, Proof, Way};
use crate::wire::message::{Builder, Class, Message, Method, TransactionId};

/// Runs longer than this say how far they are, so often.
const LONG: Duration = Duration::from_secs(2);
const PROGRESS: Duration = Duration::from_millis(100);
/// Timers are not finer.
const TICK: Duration = Duration::from_millis(1);
/// How long the last datagrams are waited for, at least.
const STRAGGLERS: Duration = Duration::from_millis(500);
/// Well before the 300 s of a permission are over (RFC 8656 §9).
const PERMISSION: Duration = Duration::from_secs(240);
/// A STUN server that belongs to somebody else is not asked more often, per second.
const REFLECTIONS: f64 = 20.0;

/// How datagrams leave and come back.
enum Road<'a> {
    /// From the second socket to the relayed address, to us, and all the way back.
    Witness { witness: &'a Station, back: Exit },
    /// From the relayed address to the second allocation's, and back.
    Relays { second: &'a Second, there: Exit, back: Exit },
    /// From the relayed address to a STUN server, and back.
    Reflection { stun: SocketAddr },
}

impl Check {
    /// Sends datagrams to and fro, as far as the plan asks for it and the proofs show a way.
    pub(super) async fn quality(&self, held: &Held, ground: &Ground, proofs: &[Proof]) {
        let Some(plan) = self.config.echo.filter(|plan| plan.count > 0 && plan.rate > 0.0) else { return };
        let Some(road) = self.road(held, ground, proofs).await else {
            let text = "quality was not measured: no datagram finds a way to and fro through the relay".into();
            self.hands.tell(Event::Note { elapsed_ms: self.hands.now().millis(), text });
            return;
        };
        let tally = RefCell::new(Tally::default());
        let run = Run { check: self, held, plan: road.plan(plan), run: held.station.random(), tally: &tally };
        // What was measured until the user stopped it counts.
        if either(run.go(&road), self.hands.stopped()).await == Either::Second(()) {
            tally.borrow_mut().call_back(self.hands.now());
        }
        let tally = tally.borrow();
        if tally.sent() > 0 {
            let echo = run_report(&tally, road.way(), run.plan);
            self.record.note(|turn| turn.echo = Some(echo));
        }
    }

    /// The best way that the proofs leave.
    async fn road<'a>(&self, held: &Held, ground: &'a Ground, proofs: &[Proof]) -> Option<Road<'a>> {
        let works = |way: Way| proofs.iter().any(|proof| proof.way == way && proof.received > 0);
        if let (Some((witness, mapped)), true) = (&ground.witness, works(Way::Inbound))
            && (works(Way::Outbound) || works(Way::Reflection))
        {
            let seen = proofs.iter().find(|proof| proof.way == Way::Inbound).and_then(|proof| proof.seen_as.as_ref());
            let peer = seen.and_then(|seen| seen.parse().ok()).unwrap_or(*mapped);
            let bound = proofs.iter().any(|p| p.way == Way::Outbound && p.form == Form::Channel && p.received > 0);
            let channel = bound.then_some(if peer == *mapped { CHANNELS[0] } else { SEEN });
            let back = Exit { peer, channel };
            return Some(Road::Witness { witness, back });
        }
        if let (Some(second), true) = (&ground.second, works(Way::RelayToRelay)) {
            let there = self.exit(&held.station, CHANNELS[1], second.relayed);
            let back = self.exit(&second.station, CHANNELS[1], held.relayed);
            let (there, back) = both(there, back).await;
            return Some(Road::Relays { second, there, back });
        }
        let stun = ground.stun.filter(|_| works(Way::Reflection))?;
        Some(Road::Reflection { stun })
    }

    /// A channel, or what there is without one.
    async fn exit(&self, station: &Station, number: u16, peer: SocketAddr) -> Exit {
        station.expect_channel(number, peer);
        let bound = station.ask(channel(number, peer)).await.success().is_some();
        Exit { peer, channel: bound.then_some(number) }
    }
}

impl Road<'_> {
    fn way(&self) -> Way {
        match self {
            Road::Witness { .. } => Way::Inbound,
            Road::Relays { .. } => Way::RelayToRelay,
            Road::Reflection { .. } => Way::Reflection,
        }
    }

    /// What can be done of the plan on this road.
    fn plan(&self, plan: EchoPlan) -> EchoPlan {
        match self {
            Road::Reflection { .. } => EchoPlan { rate: plan.rate.min(REFLECTIONS), size: HEAD, ..plan },
            _ => EchoPlan { size: plan.size.clamp(HEAD, 65_000), ..plan },
        }
    }
}

fn run_report(tally: &Tally, way: Way, plan: EchoPlan) -> Echo {
    Echo {
        way,
        sent: tally.sent(),
        received: tally.received,
        duplicates: tally.duplicates,
        reordered: tally.reordered,
        damaged: tally.damaged,
        size_bytes: u32::try_from(plan.size).unwrap_or(u32::MAX),
        rate_per_second: (tally.rate().unwrap_or(plan.rate) * 1e3).round() / 1e3,
        loss_ratio: (tally.loss_ratio() * 1e6).round() / 1e6,
        rtt_ms: tally.spread(),
        jitter_ms: tally.jitter_ms(),
        course_ms: tally.course(),
    }
}

struct Run<'a> {
    check: &'a Check,
    held: &'a Held,
    plan: EchoPlan,
    run: [u8; 4],
    tally: &'a RefCell<Tally>,
}

impl Run<'_> {
    async fn go(&self, road: &Road<'_>) {
        let main = &*self.held.station;
        let mut beside: Vec<Part<'_, ()>> = vec![Box::pin(self.progress())];
        match road {
            Road::Witness { witness, back } => {
                beside.push(Box::pin(self.turn_round(main, *back)));
                beside.push(Box::pin(self.collect(witness, self.held.relayed)));
                beside.push(Box::pin(self.keep(main, self.held.lifetime, *back)));
                self.until_sent(beside, |bytes| witness.send_plain(self.held.relayed, &bytes)).await;
            }
            Road::Relays { second, there, back } => {
                beside.push(Box::pin(self.turn_round(&second.station, *back)));
                beside.push(Box::pin(self.collect(main, second.relayed)));
                beside.push(Box::pin(self.keep(main, self.held.lifetime, *there)));
                beside.push(Box::pin(self.keep(&second.station, second.lifetime, *back)));
                self.until_sent(beside, |bytes| there.send(main, &bytes)).await;
            }
            Road::Reflection { stun } => {
                let exit = Exit { peer: *stun, channel: None };
                beside.push(Box::pin(self.collect_answers(main, *stun)));
                beside.push(Box::pin(self.keep(main, self.held.lifetime, exit)));
                self.until_sent(beside, |bytes| exit.send(main, &request(&bytes))).await;
            }
        }
    }

    /// Everything beside goes on until the last datagram is in or given up.
    async fn until_sent(&self, beside: Vec<Part<'_, ()>>, send: impl Fn(Vec<u8>)) {
        either(all(beside), self.pace(send)).await;
    }

    /// Sends in time, and after a delay never faster than at twice the rate (where timers are too coarse for
    /// that, what has become due meanwhile); then waits for stragglers.
    async fn pace(&self, send: impl Fn(Vec<u8>)) {
        let hands = &self.check.hands;
        let gap = Duration::from_secs_f64(1.0 / self.plan.rate.clamp(0.01, 1e6));
        let mut due = hands.now();
        for _ in 0..self.plan.count {
            hands.sleep_until(due).await;
            let now = hands.now();
            let number = self.tally.borrow_mut().send(now);
            send(tally::payload(self.run, number, now, self.plan.size));
            let earliest =
                if gap >= TICK * 2 { now + gap / 2 } else { Time::from(now.since_start().saturating_sub(TICK * 2)) };
            due = (due + gap).max(earliest);
        }
        let last = hands.now();
        let p99 = self.tally.borrow().spread().map_or(0.0, |spread| spread.p99);
        let p99 = Duration::from_secs_f64(p99 / 1e3);
        let until = last + STRAGGLERS.max(p99 * 3);
        either(hands.sleep_until(until), self.all_in()).await;
        // Nothing is missing: what may still come are duplicates.
        if hands.now() < until {
            hands.sleep_until(until.min(hands.now() + p99.max(Duration::from_millis(20)))).await;
        }
    }

    async fn all_in(&self) {
        let all_in = || {
            let tally = self.tally.borrow();
            (tally.received == tally.sent()).then_some(())
        };
        self.check.hands.until(all_in).await;
    }

    /// Sends back what comes in at the far end.
    async fn turn_round(&self, station: &Station, back: Exit) {
        while let Some(data) = station.data(Time::NEVER, |data| is_ours(data, back.peer)).await {
            match tally::read(&data.bytes, self.run, self.plan.size) {
                Found::Number(_) => back.send(station, &data.bytes),
                Found::Damaged => self.tally.borrow_mut().damage(),
                Found::Foreign => {}
            }
        }
        pending::<()>().await;
    }

    /// Counts what comes back.
    async fn collect(&self, station: &Station, from: SocketAddr) {
        while let Some(data) = station.data(Time::NEVER, |data| is_ours(data, from)).await {
            match tally::read(&data.bytes, self.run, self.plan.size) {
                Found::Number(number) => self.receive(number, data.at),
                Found::Damaged => self.tally.borrow_mut().damage(),
                Found::Foreign => {}
            }
        }
        pending::<()>().await;
    }

    /// Counts the answers of a STUN server.
    async fn collect_answers(&self, station: &Station, stun: SocketAddr) {
        while let Some(data) = station.data(Time::NEVER, |data| data.peer == stun).await {
            let Ok(answer) = Message::decode(&data.bytes) else {
                self.tally.borrow_mut().damage();
                continue;
            };
            let [r0, r1, r2, r3, _, _, _, _, number @ ..] = answer.transaction.0;
            if [r0, r1, r2, r3] == self.run && answer.class == Class::Success {
                self.receive(u32::from_be_bytes(number), data.at);
            }
        }
        pending::<()>().await;
    }

    fn receive(&self, number: u32, at: Time) {
        self.tally.borrow_mut().receive(number, at);
        self.check.hands.changed();
    }

    async fn progress(&self) {
        let hands = &self.check.hands;
        let long = f64::from(self.plan.count) / self.plan.rate > LONG.as_secs_f64();
        if !long {
            pending::<()>().await;
        }
        loop {
            hands.sleep(PROGRESS).await;
            let event = Event::Progress {
                elapsed_ms: hands.now().millis(),
                url: self.check.server.uri.to_string(),
                done: self.tally.borrow().sent(),
                of: self.plan.count.into(),
            };
            hands.tell(event);
        }
    }

    /// Keeps allocation, permission and channel of a station alive during a long run.
    async fn keep(&self, station: &Station, lifetime: Duration, exit: Exit) {
        let margin = (lifetime / 2).min(Duration::from_secs(60));
        let allocation = self.renew(station, lifetime - margin, || self.check.prolong());
        let permission = self.renew(station, PERMISSION, || match exit.channel {
            // Renews the permission as well (RFC 8656 §12).
            Some(number) => channel(number, exit.peer),
            None => permission(&[exit.peer]),
        });
        both(allocation, permission).await;
    }

    async fn renew(&self, station: &Station, every: Duration, request: impl Fn() -> Request) {
        let hands = &self.check.hands;
        let every = every.max(Duration::from_secs(1));
        loop {
            hands.sleep(every).await;
            let (request, began) = (request(), hands.now());
            let method = request.method;
            let reply = station.ask(request).await;
            if let Some((code, phrase, _)) = reply.error() {
                let text = format!("{code} {phrase} to the {method} request in the middle of measuring quality");
                hands.tell(Event::Note { elapsed_ms: began.millis(), text });
            }
        }
    }
}

/// Whether that can belong to the run: it says so, or comes from where it must come from.
fn is_ours(data: &Data, from: SocketAddr) -> bool {
    data.bytes.starts_with(&tally::MARK) || data.peer.ip() == from.ip()
}

/// A Binding request that carries run and number in its transaction id.
fn request(payload: &[u8]) -> Vec<u8> {
    let mut id = [0; 12];
    if let Some(head) = payload.get(4..12) {
        id[..4].copy_from_slice(&head[..4]);
        id[8..].copy_from_slice(&head[4..]);
    }
    Builder::new(Class::Request, Method::BINDING, TransactionId(id)).build()
}
