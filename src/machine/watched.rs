use super::{Input, Machine, Output, Time};

/// What passed between a machine and whoever runs it.
#[derive(Debug, Clone, Copy)]
pub enum Passed<'a, E> {
    In(Input<'a>),
    Out(&'a Output<E>),
}

/// A machine with somebody looking over its shoulder: every input and every output is shown to
/// `watch`, in order, with its time. Nothing is changed on the way.
pub struct Watched<'a, M, W> {
    machine: &'a mut M,
    watch: W,
}

impl<'a, M: Machine, W: FnMut(Time, Passed<'_, M::Event>)> Watched<'a, M, W> {
    #[must_use]
    pub fn new(machine: &'a mut M, watch: W) -> Watched<'a, M, W> {
        Watched { machine, watch }
    }
}

impl<M: Machine, W: FnMut(Time, Passed<'_, M::Event>)> Machine for Watched<'_, M, W> {
    type Event = M::Event;

    fn input(&mut self, now: Time, input: Input<'_>) {
        (self.watch)(now, Passed::In(input));
        self.machine.input(now, input);
    }

    fn output(&mut self, now: Time) -> Output<M::Event> {
        let output = self.machine.output(now);
        (self.watch)(now, Passed::Out(&output));
        output
    }
}
