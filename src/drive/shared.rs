//! What every socket of a run has in common.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use socket2::Socket;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::Options;
use super::arrivals::{Arrivals, Key, Teller};

/// One per run, and the tasks hold it too.
pub struct Shared {
    pub options: Options,
    pub arrivals: Arrivals,
    tasks: Mutex<JoinSet<()>>,
    keys: AtomicU64,
    /// Whoever still has bytes to send holds a clone of it; `None` when the run is over.
    leaving: Mutex<Option<mpsc::Sender<()>>>,
}

/// Held while bytes are on their way out.
pub type Leaving = Option<mpsc::Sender<()>>;

impl Shared {
    pub fn new(options: Options, arrivals: Arrivals) -> (Arc<Shared>, mpsc::Receiver<()>) {
        let (leaving, all_left) = mpsc::channel(1);
        let shared = Shared {
            options,
            arrivals,
            tasks: Mutex::new(JoinSet::new()),
            keys: AtomicU64::new(0),
            leaving: Mutex::new(Some(leaving)),
        };
        (Arc::new(shared), all_left)
    }

    /// Limit for connecting, and another one for the handshake.
    pub fn connect_timeout(&self) -> Duration {
        self.options.connect_timeout.unwrap_or(Duration::from_secs(5))
    }

    pub fn key(&self) -> Key {
        Key(self.keys.fetch_add(1, Ordering::Relaxed))
    }

    pub fn teller(&self, key: Key) -> Teller {
        Teller::new(key, self.arrivals.clone())
    }

    /// Starts a task that ends with the run at the latest.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let mut tasks = self.tasks();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task)
    }

    pub fn leaving(&self) -> Leaving {
        self.leaving.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on nobody new begins to send.
    pub fn nothing_new(&self) {
        self.leaving.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Ends all tasks.
    pub fn end(&self) {
        self.tasks().abort_all();
    }

    /// Restricts a socket to the interface that the user named.
    pub fn bind_device(&self, socket: &Socket) -> io::Result<()> {
        let Some(device) = &self.options.device else {
            return Ok(());
        };
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            socket.bind_device(Some(device.as_bytes()))
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        {
            let _ = (device, socket);
            Err(io::Error::new(io::ErrorKind::Unsupported, "sockets cannot be bound to an interface on this system"))
        }
    }

    /// A number that nobody can guess; 0 in the unlikely case that the system has none.
    pub fn draw(&self) -> u32 {
        getrandom::u32().unwrap_or(0)
    }

    fn tasks(&self) -> std::sync::MutexGuard<'_, JoinSet<()>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
