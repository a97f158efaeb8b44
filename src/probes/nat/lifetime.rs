//! How long an idle mapping lives (RFC 4787 §4.3).
//!
//! RFC 5780 §4.6 searches: wait, try, and wait again. Here many mappings are made at once and left
//! alone, and each is tried once, at an age of its own: a trial may refresh a mapping, so nothing that
//! was tried is tried again. The whole costs what the lifetime itself does, and it ends when trials in
//! a row found nothing left. Each trial is of several copies, so that loss is not taken for the end.

mod ages;
mod verdict;
mod way;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use self::verdict::{Trial, Verdict};
use self::way::{Mapping, Tried, Way};
use super::beside;
use super::ground::Ground;
use super::pace::millis;
use super::relay::Relays;
use crate::machine::Time;
use crate::machine::script::{Either, Part, all as side_by_side, both, either};
use crate::report::Event;
use crate::report::nat::{LifetimeMethod, NatTest, TestOutcome};

/// Between the beginnings of two mappings: a burst of a hundred would suit no router.
const APART: Duration = Duration::from_millis(25);
/// Mappings that are kept alive from outside, to see whether that can be done.
const KEPT: usize = 2;
/// The first attempt to keep one alive.
const KEEP: Duration = Duration::from_secs(4);

/// How many sockets are opened, unless a pool of public addresses makes it more.
pub(super) fn sockets(longest: Duration) -> usize {
    // With RESPONSE-PORT another one asks for each.
    2 * ages::up_to(longest).len() + KEPT + way::PARTNERS + 2
}

/// Measures, when that is wanted; what is known so far stands in the facts at any time.
pub(super) async fn measure(ground: &Rc<Ground>, relays: &Relays) {
    let Some(longest) = ground.config.lifetime else { return };
    let Some(server) = beside::reference(ground).await else {
        return unknown(ground, "no-server-answered");
    };
    let way = match Way::choose(ground, server, relays).await {
        Ok(way) => way,
        Err(why) => return unknown(ground, why),
    };
    let study = Study { ground, way, trials: RefCell::default(), invalid: RefCell::default(), over: Cell::new(false) };
    let measured = both(study.keep(), study.run(longest));
    let (refreshed, ()) = match &study.way {
        Way::Relay(relay) => match either(measured, relay.keep(ground)).await {
            Either::First(measured) => measured,
            Either::Second(()) => (None, ()),
        },
        Way::ResponsePort(_) | Way::Remap(_) => measured.await,
    };
    study.conclude(refreshed);
}

fn unknown(ground: &Ground, why: &'static str) {
    let mut facts = ground.facts.borrow_mut();
    facts.more.unknown.push(("mappingRefreshInbound", why.into()));
    facts.more.unknown.push(("mappingLifetimeMs", why.into()));
    facts.more.unknown.push(("mappingLifetimeRangeMs", why.into()));
}

struct Study<'a> {
    ground: &'a Rc<Ground>,
    way: Way,
    trials: RefCell<Vec<Trial>>,
    /// Why trials were of no use.
    invalid: RefCell<Vec<&'static str>>,
    over: Cell<bool>,
}

impl Study<'_> {
    async fn run(&self, longest: Duration) {
        let began = self.ground.hands.now();
        let parts = ages::up_to(longest).into_iter().zip(0u32..).map(|(age, n)| {
            Box::pin(async move {
                self.ground.hands.sleep_until(began + APART * n).await;
                self.try_at(age).await;
            }) as Part<'_, ()>
        });
        let settled = self.ground.hands.until(|| self.verdict().settled.then_some(()));
        either(side_by_side(parts.collect()), settled).await;
        self.over.set(true);
        self.ground.hands.changed();
    }

    /// One mapping, tried once.
    async fn try_at(&self, age: Duration) {
        let ground = self.ground;
        let Some(mapping) = self.way.make(ground).await else { return };
        ground.hands.sleep_until(mapping.answered + age).await;
        if self.verdict().settled {
            return;
        }
        let began = ground.hands.now();
        let tried = self.way.try_once(ground, &mapping).await;
        let (outcome, detail) = match &tried {
            Tried::Alive { .. } => (TestOutcome::Answered, None),
            Tried::Gone { .. } => (TestOutcome::Silent, None),
            Tried::Invalid(_, words) => (TestOutcome::Skipped, Some(words.clone())),
        };
        ground.test(NatTest {
            name: format!("lifetime-{}s", age.as_secs_f64()),
            server: self.way.through().to_string(),
            local: Some(mapping.port.local().to_string()),
            mapped: Some(mapping.mapped.to_string()),
            from: None,
            outcome,
            sent: 0,
            elapsed_ms: millis(ground.hands.now() - began),
            detail,
        });
        match tried {
            Tried::Invalid(why, _) => self.invalid.borrow_mut().push(why),
            Tried::Alive { since } => self.learn(&mapping, true, since),
            Tried::Gone { by } => self.learn(&mapping, false, by),
        }
    }

    fn learn(&self, mapping: &Mapping, alive: bool, at: Time) {
        let trial = Trial { least: at - mapping.answered, most: at - mapping.began, alive };
        self.trials.borrow_mut().push(trial);
        let verdict = self.verdict();
        if let Some(range) = self.range(&verdict) {
            self.ground.facts.borrow_mut().more.lifetime = Some(range);
            self.ground.facts.borrow_mut().more.lifetime_method = Some(self.way.method());
            self.ground.hands.tell(Event::Lifetime {
                elapsed_ms: self.ground.hands.now().millis(),
                alive_ms: millis(range.0),
                gone_ms: range.1.map(millis),
            });
        }
        self.ground.hands.changed();
    }

    fn verdict(&self) -> Verdict {
        verdict::judge(&self.trials.borrow())
    }

    /// What may be said of the lifetime: alive after, gone after.
    fn range(&self, verdict: &Verdict) -> Option<(Duration, Option<Duration>)> {
        // A mapping that looks the same may be another one in its place.
        let certain = self.way.method() != LifetimeMethod::Remap || verdict.gone.is_some();
        certain.then_some((verdict.alive, verdict.gone))
    }

    /// Whether packets from outside keep a mapping alive: such a mapping is found alive when all others
    /// are gone. `None` when it cannot be told.
    async fn keep(&self) -> Option<bool> {
        let mut kept: Vec<Mapping> = Vec::new();
        if self.way.method() != LifetimeMethod::Remap {
            let made = (0..KEPT).map(|_| Box::pin(self.way.make(self.ground)) as Part<'_, Option<Mapping>>).collect();
            kept.extend(side_by_side(made).await.into_iter().flatten());
        }
        let mut longest = Duration::ZERO;
        loop {
            let alive = self.verdict().alive;
            let pause = KEEP.max(alive / 2);
            let over = self.ground.hands.until(|| self.over.get().then_some(()));
            let began = self.ground.hands.now();
            let ended = either(over, self.ground.hands.sleep(pause)).await;
            longest = longest.max(self.ground.hands.now() - began);
            let tries = kept.iter().map(|mapping| Box::pin(self.way.try_once(self.ground, mapping)) as Part<'_, Tried>);
            let tried = side_by_side(tries.collect()).await;
            if let Either::First(()) = ended {
                return self.judge_kept(&kept, &tried, longest);
            }
        }
    }

    fn judge_kept(&self, kept: &[Mapping], tried: &[Tried], longest: Duration) -> Option<bool> {
        let Verdict { alive, gone: Some(gone), .. } = self.verdict() else { return None };
        let now = self.ground.hands.now();
        let of_age = |mapping: &&Mapping| now - mapping.answered > gone;
        if tried.is_empty() || !kept.iter().all(|mapping| of_age(&mapping)) || longest >= alive {
            return None;
        }
        let counted = |wanted: fn(&Tried) -> bool| tried.iter().filter(|tried| wanted(tried)).count();
        match (
            counted(|tried| matches!(tried, Tried::Alive { .. })),
            counted(|tried| matches!(tried, Tried::Gone { .. })),
        ) {
            (0, 0) => None,
            (0, _) => Some(false),
            _ => Some(true),
        }
    }

    fn conclude(&self, refreshed: Option<bool>) {
        let verdict = self.verdict();
        let mut facts = self.ground.facts.borrow_mut();
        facts.more.refresh_inbound = refreshed;
        let missing = match self.range(&verdict) {
            Some((_, Some(_))) => None,
            Some(_) if !self.trials.borrow().is_empty() => Some("outlived-the-measurement"),
            _ => {
                facts.more.lifetime = None;
                let nothing = if self.trials.borrow().is_empty() { "no-answer" } else { "same-port-after-every-wait" };
                let why = self.invalid.borrow().first().copied().unwrap_or(nothing);
                facts.more.unknown.push(("mappingLifetimeRangeMs", why.into()));
                Some(why)
            }
        };
        if let Some(why) = missing {
            facts.more.unknown.push(("mappingLifetimeMs", why.into()));
        }
        if refreshed.is_none() {
            facts.more.unknown.push(("mappingRefreshInbound", missing.unwrap_or("not-found-out").into()));
        }
        if let Some((lived, gone)) = verdict.contradiction {
            let (lived, gone) = (lived.as_secs_f64(), gone.as_secs_f64());
            facts.contradictions.push(format!(
                "idle mappings do not all live equally long: one was gone after {gone:.1} s, another alive after {lived:.1} s"
            ));
        }
    }
}
