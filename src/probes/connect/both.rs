//! Both sides in one process: which way two clients of this network reach one another.

use super::{Config, Connecting, Happening};
use crate::machine::{Chance, Input, Join, Machine, Output, Time};
use crate::wire::signal::Part;

/// Two machines that talk to one another. What the controlling side learns is told; the other's view is in it.
pub struct Both {
    sides: Join<Part, Connecting>,
}

impl Both {
    #[must_use]
    pub fn new(config: &Config, mut chance: Chance) -> Both {
        let mut sides = Join::new();
        for part in [Part::Offer, Part::Answer] {
            sides.add(part, Connecting::new(Config { part, ..config.clone() }, chance.split()));
        }
        Both { sides }
    }
}

impl Machine for Both {
    type Event = Happening;

    fn input(&mut self, now: Time, input: Input<'_>) {
        // There is nobody else to listen to.
        if !matches!(input, Input::Told { .. }) {
            self.sides.input(now, input);
        }
    }

    fn output(&mut self, now: Time) -> Output<Happening> {
        loop {
            match self.sides.output(now) {
                Output::Event((part, Happening::Say(message))) => {
                    let other = if part == Part::Offer { Part::Answer } else { Part::Offer };
                    let line = message.to_line();
                    self.sides.tell(&other, |side| side.input(now, Input::Told { text: &line }));
                }
                Output::Event((Part::Answer, _)) => {}
                Output::Event((Part::Offer, happening)) => return Output::Event(happening),
                output => return output.map(|(_, happening)| happening),
            }
        }
    }
}
