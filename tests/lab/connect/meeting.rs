//! Two agents that are introduced to one another: what one says is handed to the other.

use std::io::{BufRead, BufReader, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::namespace::Host;
use crate::process::{Cmd, Process};

/// How long two agents are given.
const LIMIT: Duration = Duration::from_secs(80);

/// An agent that speaks in lines.
pub struct Talker {
    pub name: String,
    pub say: Box<dyn Write + Send>,
    pub lines: Receiver<String>,
    pub process: Option<Process>,
    /// Ends of its own accord, having done what it was asked to.
    pub leaves: bool,
}

impl Talker {
    /// A program on a host.
    pub fn program(host: &Host, name: &str, cmd: Cmd) -> Talker {
        let (process, stdin, stdout) = host.spawn_open(cmd);
        let (tell, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Talker { name: name.into(), say: Box::new(stdin), lines, process: Some(process), leaves: false }
    }
}

/// What became of one side.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// `connected` or `failed`, the first of these that was said.
    pub state: String,
    /// From the delivery of the answer until that.
    pub ms: f64,
    /// The last pair that was said to be selected: types of its local and remote candidates.
    pub pair: Option<(String, String)>,
    pub candidates: Vec<String>,
}

impl View {
    pub fn is_connected(&self) -> bool {
        self.state == "connected"
    }
}

/// Lets the offerer and the answerer talk, candidates being let through or not, until both have said
/// what became of it, and a little longer.
pub fn meet(offer: Talker, answer: Talker, passes: impl Fn(&str) -> bool) -> [View; 2] {
    meet_with(offer, answer, passes, |message| message)
}

/// Likewise, with messages changed on the way.
pub fn meet_with(
    offer: Talker,
    answer: Talker,
    passes: impl Fn(&str) -> bool,
    change: impl Fn(Value) -> Value,
) -> [View; 2] {
    let (tell, said) = channel();
    let leaves = offer.leaves || answer.leaves;
    let sides = [offer, answer].map(|talker| (talker.name, talker.say, talker.process, talker.lines));
    let mut mouths = Vec::new();
    for (side, (name, say, process, lines)) in sides.into_iter().enumerate() {
        let tell: Sender<(usize, Option<String>)> = tell.clone();
        thread::spawn(move || {
            let said = lines.into_iter().map(Some).chain([None]);
            said.into_iter().try_for_each(|line| tell.send((side, line)))
        });
        mouths.push((name, say, process));
    }
    let mut views = [View::default(), View::default()];
    let began = Instant::now();
    let mut introduced = None;
    let mut settled = None;
    loop {
        // A selection may follow, or get better.
        if views.iter().all(|view| !view.state.is_empty()) {
            settled.get_or_insert_with(Instant::now);
        }
        let over = settled.is_some_and(|at: Instant| at.elapsed() > Duration::from_millis(700));
        if over && !leaves || began.elapsed() > LIMIT {
            break;
        }
        let (side, line) = match said.recv_timeout(Duration::from_millis(50)) {
            Ok((side, Some(line))) => (side, line),
            Err(RecvTimeoutError::Timeout) => continue,
            // Somebody has left.
            Ok((_, None)) | Err(RecvTimeoutError::Disconnected) => break,
        };
        let message: Value =
            serde_json::from_str(&line).unwrap_or_else(|e| panic!("{} said {line:?}: {e}", mouths[side].0));
        let Some(message) = censored(message, &passes) else { continue };
        note(&mut views[side], &message, introduced);
        // What comes after the end is for nobody.
        let introduces = message["type"] == "description" && side == 1;
        let _ = writeln!(mouths[1 - side].1, "{}", change(message));
        if introduces {
            introduced = Some(Instant::now());
        }
    }
    let leaving: Vec<_> = mouths.into_iter().map(|(name, _, process)| (name, process)).collect();
    for (name, process) in leaving {
        if let Some(mut process) = process
            && !process.await_end(Duration::from_secs(15))
        {
            println!("{name} does not leave");
        }
    }
    views
}

/// A message without the candidates that do not pass.
fn censored(mut message: Value, passes: &impl Fn(&str) -> bool) -> Option<Value> {
    let passes = |candidate: &Value| candidate.as_str().is_some_and(passes);
    if message["type"] == "candidate" && !passes(&message["candidate"]) {
        return None;
    }
    if let Some(candidates) = message["candidates"].as_array_mut() {
        candidates.retain(passes);
    }
    Some(message)
}

fn note(view: &mut View, message: &Value, introduced: Option<Instant>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match message["type"].as_str() {
        Some("description") => view.candidates.extend(message["candidates"].as_array().into_iter().flatten().map(text)),
        Some("candidate") => view.candidates.push(text(&message["candidate"])),
        Some("status") => {
            let state = match message["state"].as_str() {
                Some("connected" | "completed") => "connected",
                Some("failed") => "failed",
                _ => "",
            };
            if view.state.is_empty() && !state.is_empty() {
                view.state = state.into();
                view.ms = introduced.map_or(0.0, |at| at.elapsed().as_secs_f64() * 1e3);
            }
            let selected = &message["selected"];
            if selected.is_object() {
                view.pair = Some((text(&selected["localType"]), text(&selected["remoteType"])));
            }
        }
        _ => {}
    }
}
