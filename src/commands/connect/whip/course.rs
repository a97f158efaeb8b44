//! How a session goes, from the offer to the last candidate.

use super::{BRIEFLY, Whip, named};
use crate::commands::connect::means::{Aside, Ours, Theirs};
use crate::commands::stop::Stop;
use crate::drive::web;
use crate::machine::web::{Request, Response, Unanswered};
use crate::proto::whip::{Patched, Posted, Session};
use crate::view::escape::visible;
use crate::wire::media;
use crate::wire::sdp;
use crate::wire::sdpfrag::Fragment;
use crate::wire::signal::{Description, Message, Part};

/// One session under way.
pub struct Course<'a, 'b> {
    whip: &'a mut Whip,
    ours: Ours,
    theirs: &'a Theirs,
    aside: &'a Aside<'b>,
    /// What this side says of itself, candidates that were told since included.
    own: Description,
    /// Candidates among them that the server does not know.
    untold: usize,
    /// The server knows that there are no more.
    ended: bool,
    /// Nothing more comes from this side.
    over: bool,
}

impl<'a, 'b> Course<'a, 'b> {
    pub fn new(whip: &'a mut Whip, ours: Ours, theirs: &'a Theirs, aside: &'a Aside<'b>) -> Course<'a, 'b> {
        let own = Description {
            role: Part::Offer,
            ufrag: String::new(),
            pwd: String::new(),
            lite: false,
            candidates: Vec::new(),
            complete: false,
            agent: None,
            echo: false,
            answers: None,
        };
        Course { whip, ours, theirs, aside, own, untold: 0, ended: false, over: false }
    }

    pub async fn run(mut self) -> Result<(), Stop> {
        if !self.hear_until(|own| !own.ufrag.is_empty()).await {
            return Ok(());
        }
        let answer = self.offer().await?;
        let Some(answer) = self.settled(answer).await? else { return Ok(()) };
        self.theirs.say(Message::Description(answer)).await;
        self.follow().await
    }

    /// Listens to this side until it said what is waited for; false when it left before that.
    async fn hear_until(&mut self, enough: impl Fn(&Description) -> bool) -> bool {
        while !enough(&self.own) {
            if !self.hear().await {
                return false;
            }
        }
        true
    }

    /// Takes in the next thing that this side says; false at its end.
    async fn hear(&mut self) -> bool {
        match self.ours.recv().await {
            Some(message) => self.take(message),
            None => self.over = true,
        }
        !self.over
    }

    /// Takes in what this side has said by now.
    fn overhear(&mut self) {
        while let Ok(message) = self.ours.try_recv() {
            self.take(message);
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Description(description) => {
                self.untold = 0;
                self.ended = description.complete;
                self.own = description;
            }
            Message::Candidate { candidate, .. } => {
                self.own.candidates.push(candidate);
                self.untold += 1;
            }
            Message::Complete => self.own.complete = true,
            Message::Status(_) | Message::Nat { .. } | Message::Over => {}
            Message::Bye => self.over = true,
        }
    }

    /// Asks, also when this side leaves meanwhile: what is made there has to be taken away again.
    async fn ask(&mut self, request: &Request) -> Result<Response, Unanswered> {
        let mut said = Vec::new();
        let answer = {
            let Course { whip, ours, aside, .. } = self;
            let asking = whip.ask(request, aside);
            tokio::pin!(asking);
            loop {
                tokio::select! {
                    biased;
                    answer = &mut asking => break answer,
                    message = ours.recv() => match message {
                        Some(message) => said.push(message),
                        None => break web::within(BRIEFLY, asking).await.unwrap_or(Err(Unanswered::TimedOut)),
                    },
                }
            }
        };
        said.into_iter().for_each(|message| self.take(message));
        answer
    }

    /// Offers, and goes where it is sent.
    async fn offer(&mut self) -> Result<sdp::Sdp, Stop> {
        loop {
            self.overhear();
            let told = self.own.candidates.len();
            let complete = self.own.complete;
            let request = self.whip.session.offer(&sdp::write(&self.own, &self.whip.sections));
            let response = self.ask(&request).await.map_err(|why| self.whip.stop(&why))?;
            let posted = self.whip.session.offered(&response).map_err(|why| Stop::CannotRun(visible(&why)))?;
            let late = named(Session::servers(&response), &self.whip.known, self.aside);
            if !late.is_empty() {
                self.aside.warn(
                    "it named them only with its answer, after candidates were gathered; to use them, give them with --ice-servers",
                );
                self.whip.known.extend(late);
            }
            self.untold = self.own.candidates.len().saturating_sub(told);
            self.ended = complete;
            match posted {
                Posted::Elsewhere => {}
                Posted::Answered(text) => return self.read(&text),
                Posted::Offered(text) => {
                    let offered = self.read(&text)?;
                    self.answer(&offered).await?;
                    return Ok(offered);
                }
            }
        }
    }

    fn read(&self, text: &str) -> Result<sdp::Sdp, Stop> {
        sdp::read(text).map_err(|why| {
            Stop::CannotRun(format!("what {} answers cannot be used: {}", self.whip.session.server(), visible(&why.0)))
        })
    }

    /// Answers a server that offers in its turn.
    async fn answer(&mut self, offered: &sdp::Sdp) -> Result<(), Stop> {
        let server = self.whip.session.server();
        self.aside.detail(&format!("{server} offers in its turn"));
        self.overhear();
        let (told, complete) = (self.own.candidates.len(), self.own.complete);
        let own = Description { role: Part::Answer, ..self.own.clone() };
        let Some(request) = self.whip.session.answer(&sdp::answer(&own, &offered.sections)) else {
            return Err(Stop::CannotRun(format!(
                "{server} offers in its turn, and does not say where to answer (Location)"
            )));
        };
        let response = self.ask(&request).await.map_err(|why| self.whip.stop(&why))?;
        self.untold = self.own.candidates.len().saturating_sub(told);
        self.ended = complete;
        match self.whip.session.patched(&response) {
            Patched::Taken => Ok(()),
            Patched::Unwanted(why) => Err(Stop::CannotRun(format!("{why}, and so not the answer to its own offer"))),
        }
    }

    /// Makes sure that the server has got, or will take, every candidate of this side; nothing when this side left.
    async fn settled(&mut self, answer: sdp::Sdp) -> Result<Option<Description>, Stop> {
        let session = &self.whip.session;
        if self.ended || session.trickles() || !session.is_there() {
            if !self.ended && !session.is_there() {
                self.aside.warn("the media server names no session (Location): it hears of no further candidates, and cannot be told of the end");
            }
            return Ok(Some(other_side(answer)));
        }
        // Nobody said whether it takes candidates one by one: it shows with those that it has already.
        self.overhear();
        self.untold = self.own.candidates.len();
        match self.tell().await {
            Ok(()) => return Ok(Some(other_side(answer))),
            Err(why) => self.aside.say(&format!("{why}: it gets all candidates at once")),
        }
        if let Some(request) = self.whip.session.end() {
            let _ = self.ask(&request).await;
        }
        if !self.hear_until(|own| own.complete).await {
            return Ok(None);
        }
        Ok(Some(other_side(self.offer().await?)))
    }

    /// Tells candidates as they come, until this side leaves.
    async fn follow(&mut self) -> Result<(), Stop> {
        let mut takes = self.whip.session.is_there();
        let mut ufrag = self.own.ufrag.clone();
        loop {
            let news = self.untold > 0 || (self.own.complete && !self.ended);
            if self.own.ufrag != ufrag {
                ufrag.clone_from(&self.own.ufrag);
                self.restart().await;
            } else if news && takes && !self.over {
                if let Err(why) = self.tell().await {
                    takes = false;
                    self.aside.say(&format!("{why}: it does not hear of further candidates"));
                }
                continue;
            }
            if self.over || !self.hear().await {
                return Ok(());
            }
            self.overhear();
        }
    }

    /// Tells the candidates that the server does not know; an error says why it will not have them.
    async fn tell(&mut self) -> Result<(), String> {
        self.overhear();
        let from = self.own.candidates.len().saturating_sub(self.untold);
        let fragment = self.fragment(self.own.candidates.get(from..).unwrap_or_default().to_vec());
        let Some(request) = self.whip.session.candidates(&fragment.to_string()) else { return Ok(()) };
        (self.untold, self.ended) = (0, fragment.complete);
        match self.ask(&request).await {
            Ok(response) => match self.whip.session.patched(&response) {
                Patched::Taken => Ok(()),
                Patched::Unwanted(why) => Err(why),
            },
            Err(why) => Err(visible(&crate::proto::whip::unanswered(&self.whip.session, &why))),
        }
    }

    fn fragment(&self, candidates: Vec<String>) -> Fragment {
        let sections = &self.whip.sections;
        Fragment {
            bundle: sections.iter().filter_map(|section| section.mid.clone()).collect(),
            media: sections.first().map(media::line).unwrap_or_default(),
            ufrag: self.own.ufrag.clone(),
            pwd: self.own.pwd.clone(),
            lite: false,
            candidates,
            complete: self.own.complete,
        }
    }

    /// Begins anew with other credentials (RFC 9725 §4.3.4).
    async fn restart(&mut self) {
        let fragment = self.fragment(self.own.candidates.clone());
        let Some(request) = self.whip.session.restart(&fragment.to_string()) else { return };
        (self.untold, self.ended) = (0, fragment.complete);
        let why = match self.ask(&request).await {
            Ok(response) => match self.whip.session.restarted(&response) {
                Ok(fragment) => {
                    let Fragment { ufrag, pwd, lite, candidates, .. } = fragment;
                    let own = &self.own;
                    let complete = !candidates.is_empty();
                    let other = Description {
                        role: Part::Answer,
                        ufrag,
                        pwd,
                        lite,
                        candidates,
                        complete,
                        agent: None,
                        echo: false,
                        ..own.clone()
                    };
                    self.theirs.say(Message::Description(other)).await;
                    return;
                }
                Err(why) => why,
            },
            Err(why) => crate::proto::whip::unanswered(&self.whip.session, &why),
        };
        self.aside.warn(&format!("ICE cannot be restarted: {}", visible(&why)));
    }
}

/// What the server says of itself. Its answer has all its candidates (RFC 9725 §4.3.2), and where it offered in its
/// turn this side decides all the same: who does is settled by the checks.
fn other_side(answer: sdp::Sdp) -> Description {
    let complete = answer.description.complete || !answer.description.candidates.is_empty();
    Description { role: Part::Answer, complete, ..answer.description }
}
