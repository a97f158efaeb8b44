//! What every way of telling the other side has in common.

use std::cell::{Cell, RefCell};

use tokio::sync::mpsc;

use crate::commands::stop::Stop;
use crate::drive::Mouth;
use crate::probes::gather::ServerSpec;
use crate::report::Event;
use crate::view::escape::visible;
use crate::view::ui::Ui;
use crate::wire::signal::{Message, Part};

/// A way in which two sides tell one another of themselves.
pub trait Means {
    /// Its name in the report (`Connect::signalling`).
    fn signalling(&self) -> &'static str;

    /// Who this side is.
    fn part(&self) -> Part;

    /// Whether candidates can follow one by one.
    fn trickles(&self) -> bool {
        true
    }

    /// Whether a person carries a text to and fro, who takes a while.
    fn is_carried(&self) -> bool {
        false
    }

    /// Whether the other side may name ICE servers.
    fn may_name_servers(&self) -> bool {
        false
    }

    /// Whether both sides are in this process.
    fn is_alone(&self) -> bool {
        false
    }

    /// Where it wants to hear of what this side learns.
    fn watch(&mut self) -> Option<Watch> {
        None
    }

    /// Hears which ICE servers the user named, before it begins.
    fn given(&mut self, _servers: &[ServerSpec]) {}

    /// Gets ready before anything is gathered: somebody dials, a media server names its ICE servers.
    async fn begin(&mut self, _aside: &Aside<'_>) -> Result<Begun, Stop> {
        Ok(Begun::default())
    }

    /// Carries what is said, until nothing more comes from `ours` (the run is over), or nothing can come from the
    /// other side any more: then [`Theirs::over`] is told. Once `ours` has ended it is to end within a few seconds.
    ///
    /// An error is told to the user, and counts when the other side has not described itself.
    async fn carry(&mut self, ours: Ours, theirs: &Theirs, aside: &Aside<'_>) -> Result<(), Stop>;
}

/// What came of getting ready.
#[derive(Debug, Default)]
pub struct Begun {
    /// ICE servers that the other side named.
    pub servers: Vec<ServerSpec>,
}

/// Where somebody hears of everything that is learned.
pub type Watch = mpsc::UnboundedSender<Event>;

/// What this side says, in order; ends with the run.
pub type Ours = mpsc::UnboundedReceiver<Message>;

/// Where it is said what the other side says.
pub struct Theirs {
    mouth: Mouth,
    ufrag: RefCell<Option<String>>,
    complete: Cell<bool>,
    over: Cell<bool>,
}

impl Theirs {
    pub fn new(mouth: Mouth) -> Theirs {
        Theirs { mouth, ufrag: RefCell::default(), complete: Cell::new(false), over: Cell::new(false) }
    }

    /// Says one thing; false when nobody listens any more.
    pub async fn say(&self, message: Message) -> bool {
        match &message {
            Message::Description(description) => {
                self.ufrag.replace(Some(description.ufrag.clone()));
                self.complete.set(description.complete);
            }
            Message::Complete => self.complete.set(true),
            Message::Bye => self.over.set(true),
            Message::Candidate { .. } | Message::Nat { .. } | Message::Status(_) | Message::Over => {}
        }
        self.mouth.say(message.to_line()).await
    }

    /// Nothing more can come: says what follows from it, that there are no more candidates and no farewell, or that
    /// nobody is there.
    pub async fn over(&self) {
        if self.over.get() {
            return;
        }
        if !self.described() {
            self.say(Message::Bye).await;
            return;
        }
        if !self.complete.get() {
            self.say(Message::Complete).await;
        }
        self.say(Message::Over).await;
    }

    /// Whether the other side has described itself.
    pub fn described(&self) -> bool {
        self.ufrag.borrow().is_some()
    }

    /// The user name fragment of its description.
    pub fn ufrag(&self) -> Option<String> {
        self.ufrag.borrow().clone()
    }
}

/// Speaks to the user while others do, too.
pub struct Aside<'a>(RefCell<&'a mut Ui>);

impl<'a> Aside<'a> {
    pub fn new(ui: &'a mut Ui) -> Aside<'a> {
        Aside(RefCell::new(ui))
    }

    /// For whoever needs all of it for a moment.
    pub fn with<T>(&self, what: impl FnOnce(&mut Ui) -> T) -> T {
        what(&mut self.0.borrow_mut())
    }

    /// A line that is silenced by `-q`.
    pub fn say(&self, line: &str) {
        self.with(|ui| ui.say(line));
    }

    pub fn warn(&self, sentence: &str) {
        self.with(|ui| ui.warn(sentence));
    }

    /// A line that only `-v` shows.
    pub fn detail(&self, line: &str) {
        self.with(|ui| ui.detail(line));
    }

    /// What the other side's program prints besides.
    pub fn heard(&self, line: &str) {
        self.say(&format!("other side: {}", visible(line)));
    }
}
