//! What TCP and TLS streams have in common once they stand.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use super::arrivals::Teller;
use super::refusals::plain;
use super::shared::Leaving;
use crate::machine::Ending;

/// How many bytes may wait to leave before the connection is given up: the far end does not read.
const UNSENT: usize = 1024 * 1024;
/// Read at once.
const CHUNK: usize = 16 * 1024;
/// For what is left to do after the end of a connection.
pub const AFTERWARDS: Duration = Duration::from_secs(1);

/// The machine's end of a connection: what it sends goes in here. Dropping it closes the connection
/// in order, after everything has left.
#[derive(Debug)]
pub struct Writer {
    queue: mpsc::UnboundedSender<Vec<u8>>,
    unsent: Arc<AtomicUsize>,
}

/// The connection's end of it.
pub struct Outbox {
    queue: mpsc::UnboundedReceiver<Vec<u8>>,
    unsent: Arc<AtomicUsize>,
    leaving: Leaving,
}

pub fn outbox(leaving: Leaving) -> (Writer, Outbox) {
    let (sender, queue) = mpsc::unbounded_channel();
    let unsent = Arc::new(AtomicUsize::new(0));
    (Writer { queue: sender, unsent: Arc::clone(&unsent) }, Outbox { queue, unsent, leaving })
}

impl Writer {
    /// Queues bytes; an error says that too many wait already.
    pub fn send(&self, bytes: Vec<u8>) -> Result<(), Ending> {
        let waiting = self.unsent.fetch_add(bytes.len(), Ordering::Relaxed);
        if waiting > 0 && waiting + bytes.len() > UNSENT {
            return Err(Ending::Failed("the other side does not read: 1 MiB waits to be sent".to_owned()));
        }
        // A connection that is over has said so, or will.
        let _ = self.queue.send(bytes);
        Ok(())
    }
}

impl Outbox {
    /// The next bytes to send; `None` when the machine wants the connection closed.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        self.queue.recv().await
    }

    pub fn sent(&self, size: usize) {
        self.unsent.fetch_sub(size, Ordering::Relaxed);
    }

    /// Everything that will ever be sent has left.
    pub fn all_left(&mut self) {
        self.leaving = None;
    }
}

/// Carries bytes both ways until one side ends it.
pub async fn carry(stream: impl AsyncRead + AsyncWrite + Send, from: SocketAddr, teller: Teller, mut outbox: Outbox) {
    let (mut reading, mut writing) = tokio::io::split(stream);
    let mut read = Box::pin(read(&mut reading, from, &teller));
    let mut write = Box::pin(write(&mut writing, &mut outbox));
    let first = tokio::select! {
        ending = &mut read => First::Read(ending),
        written = &mut write => First::Written(written),
    };
    match first {
        First::Read(ending) => {
            drop(read);
            teller.closed(ending);
            // Half closed perhaps: what was sent before may still be wanted.
            let _ = tokio::time::timeout(AFTERWARDS, write).await;
        }
        First::Written(Err(error)) => {
            // What the far end said before it went away is worth more than how it went.
            let heard = tokio::time::timeout(AFTERWARDS, &mut read).await;
            drop(read);
            teller.closed(heard.ok().filter(|ending| *ending != Ending::Finished).unwrap_or_else(|| ended(&error)));
        }
        First::Written(Ok(())) => {
            drop((read, write));
            teller.silent();
            outbox.all_left();
            // Unread bytes would make the system reset the connection, and what was just sent with it.
            let _ = tokio::time::timeout(AFTERWARDS, discard(&mut reading)).await;
        }
    }
}

/// Which half of a connection ended first.
enum First {
    Read(Ending),
    Written(io::Result<()>),
}

async fn read(stream: &mut (impl AsyncRead + Unpin), from: SocketAddr, teller: &Teller) -> Ending {
    let mut chunk = vec![0; CHUNK];
    loop {
        match stream.read(&mut chunk).await {
            Ok(0) => return Ending::Finished,
            Ok(size) => teller.received(teller.now(), from, chunk[..size].to_vec()).await,
            Err(error) => return ended(&error),
        }
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), outbox: &mut Outbox) -> io::Result<()> {
    while let Some(bytes) = outbox.next().await {
        stream.write_all(&bytes).await?;
        stream.flush().await?;
        outbox.sent(bytes.len());
    }
    stream.shutdown().await
}

async fn discard(stream: &mut (impl AsyncRead + Unpin)) {
    let mut chunk = [0; 1024];
    while stream.read(&mut chunk).await.is_ok_and(|size| size > 0) {}
}

/// How a connection ended that failed with this.
fn ended(error: &io::Error) -> Ending {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Ending::Reset,
        // TLS without close_notify: the network's end of stream came first. Many servers do that.
        io::ErrorKind::UnexpectedEof => Ending::Finished,
        _ => Ending::Failed(plain(error)),
    }
}
