//! What every socket of a run has in common.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use socket2::Socket;
use tokio::sync::{OnceCell, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::arrivals::{Arrivals, Key, Teller};
use super::resolve::Resolver;
use super::trust::{self, Judge};
use super::{CannotRun, Options};

/// One per run, and the tasks hold it too.
pub struct Shared {
    pub options: Options,
    pub arrivals: Arrivals,
    /// The certificates of [`Options::authorities`].
    roots: Option<Vec<CertificateDer<'static>>>,
    judge: OnceCell<Arc<Judge>>,
    pub resolver: Resolver,
    tasks: Mutex<JoinSet<()>>,
    keys: AtomicU64,
    /// Whoever still has bytes to send holds a clone of it; `None` when the run is over.
    leaving: Mutex<Option<mpsc::Sender<()>>>,
}

/// Held while bytes are on their way out.
pub type Leaving = Option<mpsc::Sender<()>>;

impl Shared {
    pub fn new(options: Options, arrivals: Arrivals) -> Result<(Arc<Shared>, mpsc::Receiver<()>), CannotRun> {
        let roots = options.authorities.as_deref().map(trust::read_pem).transpose();
        let roots = roots.map_err(CannotRun::Authorities)?;
        let (leaving, all_left) = mpsc::channel(1);
        let shared = Shared {
            options,
            arrivals,
            roots,
            judge: OnceCell::new(),
            resolver: Resolver::default(),
            tasks: Mutex::new(JoinSet::new()),
            keys: AtomicU64::new(0),
            leaving: Mutex::new(Some(leaving)),
        };
        Ok((Arc::new(shared), all_left))
    }

    /// Who judges certificates; made on first use, because it reads the system's trust store.
    pub async fn judge(&self) -> Arc<Judge> {
        let make = || async {
            match &self.roots {
                Some(roots) => Arc::new(Judge::of(roots)),
                // On a thread of its own: the other sockets' time is being measured.
                None => match tokio::task::spawn_blocking(Judge::of_system).await {
                    Ok(judge) => Arc::new(judge),
                    Err(_) => Arc::new(Judge::of(&[])),
                },
            }
        };
        Arc::clone(self.judge.get_or_init(make).await)
    }

    /// Begins to read the trust store, so that it is there when it is asked for.
    pub fn want_judge(self: &Arc<Shared>) {
        if !self.judge.initialized() {
            let shared = Arc::clone(self);
            self.spawn(async move { drop(shared.judge().await) });
        }
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
