//! A text that somebody carries to the other side, and one that comes back.

use std::io::Write;
use std::time::Duration;

use super::means::{Aside, Begun, Means, Ours, Theirs};
use crate::commands::stop::{Stop, usage};
use crate::drive::signal::{self, Heard, Lines};
use crate::view::qr;
use crate::view::ui::Ui;
use crate::wire::sdp;
use crate::wire::signal::pasted::{self, Form, Pasted};
use crate::wire::signal::{Description, Message, Part};

/// What is pasted comes at once; when nothing has come for so long, that was all.
const AT_ONCE: Duration = Duration::from_millis(700);
/// A program may take longer.
const BY_PROGRAM: Duration = Duration::from_secs(5);
/// A terminal hands over no longer lines (MAX_CANON of Linux; others take even less).
const TERMINAL_LINE: usize = 4095;

/// Somebody who copies and pastes.
pub struct Paste {
    pub part: Part,
    /// The other side's description, from the command line.
    pub text: Option<String>,
    /// The form that is asked for.
    pub form: Option<Form>,
    pub qr: bool,
    /// Standard output.
    pub out: Box<dyn Write + Send>,
    pub input: Option<Lines>,
    /// The offer that is answered.
    pub offer: Option<Pasted>,
}

impl Paste {
    pub fn new(part: Part, text: Option<String>, out: Box<dyn Write + Send>) -> Paste {
        Paste { part, text, form: None, qr: false, out, input: None, offer: None }
    }
}

impl Means for Paste {
    fn signalling(&self) -> &'static str {
        "paste"
    }

    fn part(&self) -> Part {
        self.part
    }

    fn trickles(&self) -> bool {
        false
    }

    fn is_carried(&self) -> bool {
        true
    }

    async fn begin(&mut self, aside: &Aside<'_>) -> Result<Begun, Stop> {
        if self.part == Part::Answer {
            let offer = match self.text.take() {
                Some(text) => self.checked(&text, None).or_else(usage)?,
                None => {
                    invite(aside, "Paste what the other side printed:");
                    self.read(None, aside).await?
                }
            };
            remark(&offer, aside);
            self.offer = Some(offer);
        }
        Ok(Begun::default())
    }

    async fn carry(&mut self, mut ours: Ours, theirs: &Theirs, aside: &Aside<'_>) -> Result<(), Stop> {
        if let Some(offer) = &self.offer {
            theirs.say(Message::Description(whole(offer))).await;
        }
        let mut trouble = Ok(());
        let mut printed = false;
        while let Some(message) = ours.recv().await {
            // A text is carried once; what else there is to say finds no way.
            let Message::Description(description) = message else { continue };
            if std::mem::replace(&mut printed, true) {
                continue;
            }
            self.print(&description, aside);
            if self.part == Part::Answer {
                continue;
            }
            let answer = tokio::select! {
                answer = self.read(Some(&description.ufrag), aside) => answer,
                () = silence(&mut ours) => break,
            };
            match answer {
                Ok(answer) => {
                    remark(&answer, aside);
                    theirs.say(Message::Description(whole(&answer))).await;
                }
                Err(stop) => {
                    theirs.over().await;
                    trouble = Err(stop);
                }
            }
        }
        trouble
    }
}

impl Paste {
    /// Prints this side's description for somebody to carry.
    fn print(&mut self, description: &Description, aside: &Aside<'_>) {
        let form = match (self.form, self.offer.as_ref().map(|offer| offer.form)) {
            // That is JSON, too.
            (Some(Form::Json), Some(Form::Browser)) => Form::Browser,
            (Some(form), _) => form,
            (None, Some(form)) => form,
            (None, None) => Form::Line,
        };
        let sections = self.offer.as_ref().map_or(&[][..], |offer| &offer.sections);
        let mut text = pasted::write(description, form, sections);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let typed = form == Form::Line && self.part == Part::Offer;
        let Paste { out, part, qr, .. } = self;
        aside.with(|ui| {
            ui.end();
            let command = introduce(*part, typed, ui);
            // Who does not read it any more will not answer either.
            let _ = write!(out, "{command}{text}").and_then(|()| out.flush());
            if *qr {
                draw(text.trim_end(), ui);
            }
            match part {
                Part::Offer => after(ui, "\nthen paste its answer here:"),
                Part::Answer => after(ui, "\nand wait: the rest happens by itself."),
            }
        });
    }

    /// Reads what is pasted on standard input, until it is a description that can be used.
    async fn read(&mut self, own: Option<&str>, aside: &Aside<'_>) -> Result<Pasted, Stop> {
        let by_hand = aside.with(|ui| ui.terminal.stdin);
        let mut input = self.input.take().unwrap_or_else(signal::input);
        loop {
            let (text, ended) = gathered(&mut input, by_hand).await;
            if ended && text.trim().is_empty() {
                return usage(match self.part {
                    Part::Offer => {
                        "standard input ended before the other side's answer came; paste there what it prints"
                    }
                    Part::Answer => {
                        "standard input ended before the other side's offer came; paste there what it printed, or \
                         give it as an argument: rtcprobe connect answer LINE"
                    }
                });
            }
            let mut why = match self.checked(&text, own) {
                Ok(pasted) => {
                    self.input = Some(input);
                    return Ok(pasted);
                }
                Err(why) => why,
            };
            if by_hand && text.lines().any(|line| line.len() >= TERMINAL_LINE) {
                why = format!(
                    "a terminal takes lines of {TERMINAL_LINE} characters at the most, and this one was cut; put it \
                     into a file, and that on standard input"
                );
            }
            match by_hand && !ended {
                true => aside.with(|ui| {
                    ui.warn(&why);
                    after(ui, "Paste it once more:");
                }),
                false => return usage(why),
            }
        }
    }

    /// Reads a description that can be an answer to this side's offer, `own` being its user name fragment, or an
    /// offer to be answered.
    fn checked(&self, text: &str, own: Option<&str>) -> Result<Pasted, String> {
        let pasted = pasted::read(text).map_err(|why| why.0)?;
        let Description { role, ufrag, answers, .. } = &pasted.description;
        let why = match (self.part, *role) {
            (Part::Offer, _) if own == Some(ufrag.as_str()) => {
                "that is the offer that this side has printed; give it to the other side, and paste here what that \
                 prints"
            }
            (Part::Offer, Part::Offer) => {
                "that is an offer, too; one side offers and the other answers: run `rtcprobe connect answer` over \
                 there, with the line that was printed here"
            }
            (Part::Answer, Part::Answer) => {
                "that is an answer; it belongs where the offer was printed, and here goes the offer"
            }
            (Part::Offer, Part::Answer) if answers.is_some() && answers.as_deref() != own => {
                "that answers another offer than the one printed here; give this one to the other side, and paste its \
                 answer"
            }
            _ => return Ok(pasted),
        };
        Err(why.into())
    }
}

/// All that can come: nothing follows by itself.
fn whole(pasted: &Pasted) -> Description {
    Description { complete: true, ..pasted.description.clone() }
}

/// Says what is odd about a description that can be used.
fn remark(pasted: &Pasted, aside: &Aside<'_>) {
    if pasted.description.candidates.is_empty() {
        aside.warn(
            "the other side's description has no candidates, so only its own checks can lead to it; copy it when its \
             gathering is complete",
        );
    }
    if pasted.left_out > 0 {
        aside.warn(&format!("{} candidates of the other side are beyond what is read", pasted.left_out));
    }
}

/// Text up to its end.
async fn gathered(input: &mut Lines, by_hand: bool) -> (String, bool) {
    let mut text = String::new();
    let patience = if by_hand { AT_ONCE } else { BY_PROGRAM };
    loop {
        let heard = match text.trim().is_empty() {
            true => Some(input.hear().await),
            false => input.hear_within(patience).await,
        };
        match heard {
            Some(Heard::Line(line)) => {
                let blank = line.trim().is_empty();
                text.push_str(&line);
                text.push('\n');
                if text.trim().is_empty() {
                    text.clear();
                } else if text.len() > sdp::LARGEST || is_all(&text, blank, by_hand) {
                    return (text, false);
                }
            }
            Some(Heard::TooLong) => text.push_str("(a line that is too long)\n\n"),
            Some(Heard::Aside(_)) => {}
            Some(Heard::End(_)) => return (text, true),
            None => return (text, false),
        }
    }
}

/// Whether nothing more is waited for. Terminals make empty lines of line ends, so what is pasted by hand ends where
/// nothing follows at once, or with a description that is whole.
fn is_all(text: &str, blank: bool, by_hand: bool) -> bool {
    match by_hand {
        true => !pasted::goes_on(text) && pasted::read(text).is_ok(),
        false => blank || !pasted::goes_on(text),
    }
}

/// Ends with the run.
async fn silence(ours: &mut Ours) {
    while ours.recv().await.is_some() {}
}

fn invite(aside: &Aside<'_>, line: &str) {
    aside.with(|ui| after(ui, line));
}

/// Whoever sits at the terminal is told what to do; a program knows.
fn after(ui: &mut Ui, line: &str) {
    if ui.terminal.stdin {
        ui.say(line);
    }
}

/// Says what the text is for; what to put before it, so that it can be copied as a command.
fn introduce(part: Part, typed: bool, ui: &mut Ui) -> &'static str {
    if !(ui.terminal.stdout && ui.terminal.stderr) {
        return "";
    }
    match (part, typed) {
        (Part::Offer, true) => {
            ui.say("On the other side, run:\n");
            "rtcprobe connect answer "
        }
        (Part::Offer, false) => {
            ui.say("Give this to the other side:\n");
            ""
        }
        (Part::Answer, _) => {
            ui.say("Paste this into the other side:\n");
            ""
        }
    }
}

fn draw(text: &str, ui: &mut Ui) {
    let terminal = (ui.terminal.columns(), ui.terminal.rows());
    match qr::draw(text, terminal, ui.aside.color) {
        Ok(drawing) => ui.say(&format!("\n{drawing}")),
        Err(why) => ui.warn(&why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paste_ends_where_it_is_whole() {
        let sdp = "v=0\n\na=ice-ufrag:abcd\n\na=ice-pwd:0123456789012345678901\n\nm=audio 9 x 0\n\n";
        assert!(!is_all(sdp, true, true), "more may follow at once, and empty lines are the terminal's");
        assert!(is_all(sdp, true, false), "a program ends it with an empty line");
        assert!(pasted::read(sdp).is_ok());
        assert!(!is_all("hello\n", false, true) && is_all("hello\n", false, false));
        assert!(!is_all("rtcprobe1:OlwG\n", false, false), "it says itself that it goes on");
    }
}
