use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::RecordArgs;
use super::capture::Packets;
use super::disguise::Disguise;
use super::trace::{Ending, Header, Line, Trace, VERSION, digest};
use crate::commands::stop::{Stop, usage};
use crate::drive::{self, CannotRun, Ear, Ended};
use crate::machine::{Input, Machine, Output, Passed, Time, Watched};
use crate::proto::auth::Credentials;
use crate::report::Report;

/// The world as one run of a command meets it: the real one, recorded where that was asked for, or the
/// one of a trace. Whatever a command learns from outside its arguments, it learns through here.
pub struct World {
    started: SystemTime,
    packets: Option<(PathBuf, RefCell<Packets>)>,
    writer: Option<RefCell<Writer>>,
    replay: Option<RefCell<VecDeque<Line>>>,
    /// When the machine did something else than when it was recorded.
    diverged: Cell<Option<Time>>,
}

/// A trace that is being written.
struct Writer {
    path: PathBuf,
    out: BufWriter<File>,
    disguise: Disguise,
    /// Outputs since the last input.
    outputs: Vec<(Time, String)>,
    failed: Option<std::io::Error>,
}

impl World {
    /// The real world, from `started` on.
    pub fn live(args: &RecordArgs, command: &str, options: Vec<String>, started: SystemTime) -> Result<World, Stop> {
        let since_1970 = started.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let packets = match &args.pcap {
            Some(path) => {
                let packets = Packets::new(BufWriter::new(create("--pcap", path)?), since_1970);
                let packets = packets.map_err(|why| cannot_write("--pcap", path, &why))?;
                Some((path.clone(), RefCell::new(packets)))
            }
            None => None,
        };
        let writer = match &args.trace {
            Some(path) => {
                let out = BufWriter::new(create("--trace", path)?);
                let disguise = Disguise::default();
                let mut writer = Writer { path: path.clone(), out, disguise, outputs: Vec::new(), failed: None };
                writer.line(&Line::Trace(Header {
                    version: VERSION,
                    rtcprobe: env!("CARGO_PKG_VERSION").into(),
                    command: command.into(),
                    options,
                    started: u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX),
                }));
                Some(RefCell::new(writer))
            }
            None => None,
        };
        Ok(World { started, packets, writer, replay: None, diverged: Cell::new(None) })
    }

    /// The world that was recorded.
    pub fn replayed(trace: Trace) -> World {
        World {
            started: UNIX_EPOCH + Duration::from_nanos(trace.header.started),
            packets: None,
            writer: None,
            replay: Some(RefCell::new(trace.lines)),
            diverged: Cell::new(None),
        }
    }

    /// The start of the run.
    pub fn started(&self) -> SystemTime {
        self.started
    }

    /// Whether this is a replay: nothing may be opened, bound or started.
    pub fn is_replay(&self) -> bool {
        self.replay.is_some()
    }

    /// When a replay went another way than the run that was recorded.
    pub fn diverged(&self) -> Option<Time> {
        self.diverged.get()
    }

    /// Something that is learned from outside: `live` looks, and a replay remembers. Nothing secret
    /// may be in it.
    pub fn fact<T: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        live: impl FnOnce() -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        if self.is_replay() {
            return self.remembered(name);
        }
        let fact = live()?;
        self.keep(name, &fact);
        Ok(fact)
    }

    /// Writes a fact down, where a trace is written.
    pub fn keep(&self, name: &str, fact: &impl Serialize) {
        if let Some(writer) = &self.writer
            && let Ok(value) = serde_json::to_value(fact)
        {
            writer.borrow_mut().line(&Line::Fact { name: name.into(), value });
        }
    }

    /// The credentials as a trace may hold them.
    pub fn stand_in(&self, credentials: &Credentials) -> Credentials {
        match &self.writer {
            Some(writer) => writer.borrow_mut().disguise.stand_in(credentials),
            None => credentials.clone(),
        }
    }

    /// A fact of the trace that is replayed.
    pub fn remembered<T: DeserializeOwned>(&self, name: &str) -> Result<T, Stop> {
        let next = self.replay.as_ref().and_then(|lines| lines.borrow_mut().pop_front());
        match next {
            Some(Line::Fact { name: said, value }) if said == name => serde_json::from_value(value)
                .map_err(|why| Stop::Usage(format!("the trace's {name} cannot be read: {why}"))),
            _ => usage(format!("the trace does not say what it should about the run's {name}")),
        }
    }

    /// Seed of all chance in the run.
    pub fn seed(&self) -> Result<[u8; 32], Stop> {
        self.fact("seed", || drive::seed().map_err(|why| Stop::CannotRun(why.to_string())))
    }

    /// How the world is to be touched; a replay touches nothing.
    pub fn options(&self, live: impl FnOnce() -> Result<drive::Options, Stop>) -> Result<drive::Options, Stop> {
        if self.is_replay() { Ok(drive::Options::default()) } else { live() }
    }

    /// Runs a machine, as [`drive::run`] does.
    pub async fn run<M: Machine>(
        &self,
        machine: &mut M,
        options: &drive::Options,
        limit: Option<Duration>,
        learn: impl FnMut(Time, M::Event),
    ) -> Result<Ended, CannotRun> {
        self.run_told(machine, options, limit, &mut Ear::deaf(), learn).await
    }

    /// Runs a machine that somebody talks to, as [`drive::run_told`] does.
    pub async fn run_told<M: Machine>(
        &self,
        machine: &mut M,
        options: &drive::Options,
        limit: Option<Duration>,
        ear: &mut Ear,
        learn: impl FnMut(Time, M::Event),
    ) -> Result<Ended, CannotRun> {
        if let Some(lines) = &self.replay {
            return Ok(self.again(machine, &mut lines.borrow_mut(), learn));
        }
        if self.packets.is_none() && self.writer.is_none() {
            return drive::run_told(machine, options, limit, ear, learn).await;
        }
        self.line(&Line::Run);
        let mut watched = Watched::new(machine, |now, passed| self.watch(now, &passed));
        let ended = drive::run_told(&mut watched, options, limit, ear, learn).await;
        if let Ok(ended) = ended {
            self.line(&Line::Ended(match ended {
                Ended::Done => Ending::Done,
                Ended::Interrupted => Ending::Interrupted,
                Ended::TimedOut => Ending::TimedOut,
            }));
        }
        ended
    }

    /// Writes down what came of it, and closes the files. The first thing that went wrong with one
    /// is told.
    pub fn finish(&self, report: &Report) -> Result<(), Stop> {
        if self.writer.is_some() {
            self.line(&Line::Report(Box::new(report.clone())));
        }
        if let Some(writer) = &self.writer {
            let mut writer = writer.borrow_mut();
            let flushed = writer.out.flush();
            if let Some(why) = writer.failed.take().or(flushed.err()) {
                return Err(cannot_write("--trace", &writer.path, &why));
            }
        }
        if let Some((path, packets)) = &self.packets {
            packets.borrow_mut().finish().map_err(|why| cannot_write("--pcap", path, &why))?;
        }
        Ok(())
    }

    fn watch<E>(&self, now: Time, passed: &Passed<'_, E>) {
        if let Some((_, packets)) = &self.packets {
            packets.borrow_mut().passed(now, passed);
        }
        if let Some(writer) = &self.writer {
            let mut writer = writer.borrow_mut();
            match passed {
                Passed::In(input) => writer.input(now, input),
                Passed::Out(output) => writer.output(now, output),
            }
        }
    }

    fn line(&self, line: &Line) {
        if let Some(writer) = &self.writer {
            writer.borrow_mut().line(line);
        }
    }

    /// Tells a machine what it was told before, when it was told.
    fn again<M: Machine>(
        &self,
        machine: &mut M,
        lines: &mut VecDeque<Line>,
        mut learn: impl FnMut(Time, M::Event),
    ) -> Ended {
        if matches!(lines.front(), Some(Line::Run)) {
            lines.pop_front();
        }
        let mut last = Time::ZERO;
        while let Some(line) = lines.pop_front() {
            match line {
                Line::In(now, happened) => {
                    last = now;
                    machine.input(now, happened.input());
                }
                Line::Out(outputs) => {
                    for (now, before) in outputs {
                        last = now;
                        let output = machine.output(now);
                        if digest(&output) != before && self.diverged.get().is_none() {
                            self.diverged.set(Some(now));
                        }
                        if let Output::Event(event) = output {
                            learn(now, event);
                        }
                    }
                }
                Line::Ended(Ending::Done) => return Ended::Done,
                Line::Ended(Ending::Interrupted) => return Ended::Interrupted,
                Line::Ended(Ending::TimedOut) => return Ended::TimedOut,
                // The record stops here.
                line => {
                    lines.push_front(line);
                    break;
                }
            }
        }
        cut_off(machine, last, learn);
        Ended::Interrupted
    }
}

impl Writer {
    fn line(&mut self, line: &Line) {
        if !self.outputs.is_empty() {
            let outputs = std::mem::take(&mut self.outputs);
            self.write(&Line::Out(outputs));
        }
        self.write(line);
    }

    fn write(&mut self, line: &Line) {
        if self.failed.is_some() {
            return;
        }
        let written = serde_json::to_writer(&mut self.out, line).map_err(std::io::Error::from);
        self.failed = written.and_then(|()| self.out.write_all(b"\n")).err();
    }

    fn input(&mut self, now: Time, input: &Input<'_>) {
        let happened = self.disguise.happened(input);
        self.line(&Line::In(now, happened));
    }

    fn output<E>(&mut self, now: Time, output: &Output<E>) {
        self.disguise.out(output);
        self.outputs.push((now, digest(output)));
    }
}

/// Lets a machine say what it knows when nothing more is known of what it was told.
fn cut_off<M: Machine>(machine: &mut M, now: Time, mut learn: impl FnMut(Time, M::Event)) {
    /// More than any machine says in one breath.
    const BREATH: usize = 1_000_000;
    machine.input(now, Input::Stop);
    for _ in 0..BREATH {
        match machine.output(now) {
            Output::Event(event) => learn(now, event),
            Output::WaitUntil(..) | Output::Done => return,
            _ => {}
        }
    }
}

fn create(option: &str, path: &Path) -> Result<File, Stop> {
    File::create(path).map_err(|why| match why.kind() {
        std::io::ErrorKind::NotFound => {
            Stop::Usage(format!("{option} {}: there is no such folder to write it in", path.display()))
        }
        _ => Stop::Usage(format!("{option} {}: it cannot be written: {why}", path.display())),
    })
}

fn cannot_write(option: &str, path: &Path, why: &std::io::Error) -> Stop {
    Stop::CannotRun(format!("{option} {}: it could not be written to its end: {why}", path.display()))
}
