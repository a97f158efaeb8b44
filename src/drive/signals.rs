//! Ctrl-C and SIGTERM.

use std::future::pending;

/// Waits for the user's wish to stop.
pub async fn interrupted() {
    Signals::listen().next().await;
}

/// Listens for the user's wish to stop.
pub struct Signals {
    #[cfg(unix)]
    kinds: Vec<tokio::signal::unix::Signal>,
}

impl Signals {
    /// Where signals cannot be had, the run just cannot be interrupted in order.
    pub fn listen() -> Signals {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
            Signals { kinds: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect() }
        }
        #[cfg(not(unix))]
        Signals {}
    }

    /// Waits for the next one. May be dropped and asked again without losing any.
    #[cfg(unix)]
    pub async fn next(&mut self) {
        match self.kinds.as_mut_slice() {
            [first, second, ..] => tokio::select! { _ = first.recv() => {}, _ = second.recv() => {} },
            [only] => drop(only.recv().await),
            [] => pending().await,
        }
    }

    #[cfg(not(unix))]
    pub async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            pending::<()>().await;
        }
    }
}
