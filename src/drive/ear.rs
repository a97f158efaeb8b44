//! What somebody says to a machine while it runs, on another way than its sockets.

use tokio::sync::mpsc;

/// Lines that may wait until the machine has time; whoever says more waits.
const WAITING: usize = 64;

/// Where a machine hears it.
pub struct Ear(mpsc::Receiver<String>);

/// Where it is said.
#[derive(Clone)]
pub struct Mouth(mpsc::Sender<String>);

/// An ear, and the mouth at it.
#[must_use]
pub fn ear() -> (Mouth, Ear) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Mouth(sender), Ear(receiver))
}

impl Ear {
    /// One that nobody talks to.
    #[must_use]
    pub fn deaf() -> Ear {
        ear().1
    }

    /// The next line; waits for ever when nobody is there to say one.
    pub(super) async fn next(&mut self) -> String {
        match self.0.recv().await {
            Some(text) => text,
            None => std::future::pending().await,
        }
    }
}

impl Mouth {
    /// Says a line; false when nobody listens any more.
    pub async fn say(&self, line: String) -> bool {
        self.0.send(line).await.is_ok()
    }
}
