//! Lines over a TCP connection whose two sides have proved themselves.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

use super::challenge::Signer;
use super::{Cutter, Ends, Heard, Lines, lines};

/// Lines over this connection; what came behind the last that was read is in `cutter`.
pub fn over(stream: TcpStream, says: Signer, hears: Signer, first: Vec<u8>) -> Lines {
    let (mut lines, Ends { outbox, inbox, leaving }) = lines();
    let (reading, writing) = stream.into_split();
    let write = tokio::spawn(write(writing, outbox, says, leaving));
    let task = tokio::spawn(async move {
        read(reading, inbox, hears, first).await;
    });
    // The writer ends by itself when nothing is to be said any more.
    drop(write);
    lines.task = Some(task.abort_handle());
    lines
}

async fn read(mut from: OwnedReadHalf, inbox: mpsc::Sender<Heard>, mut hears: Signer, first: Vec<u8>) {
    let mut cutter = Cutter::default();
    let mut piece = first;
    let end = loop {
        let mut heard = Vec::new();
        cutter.push(&piece, |line| {
            heard.push(line);
            true
        });
        for signed in heard {
            let heard = match &signed {
                Heard::Line(line) => hears.open(line).map(|line| Heard::Line(line.to_owned())),
                _ => None,
            };
            let Some(heard) = heard else {
                let why = "a line came that the other side did not sign: somebody is in between";
                let _ = inbox.send(Heard::End(Some(why.into()))).await;
                return;
            };
            if inbox.send(heard).await.is_err() {
                return;
            }
        }
        piece.resize(4096, 0);
        match from.read(&mut piece).await {
            Ok(0) => break None,
            Ok(count) => piece.truncate(count),
            Err(why) => break Some(told(&why)),
        }
    };
    let _ = inbox.send(Heard::End(end)).await;
}

async fn write(
    mut to: OwnedWriteHalf,
    mut outbox: mpsc::Receiver<String>,
    mut says: Signer,
    leaving: mpsc::Sender<()>,
) {
    while let Some(line) = outbox.recv().await {
        let mut signed = says.sign(&line);
        signed.push('\n');
        if to.write_all(signed.as_bytes()).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
    drop(leaving);
}

fn told(why: &io::Error) -> String {
    match why.kind() {
        io::ErrorKind::ConnectionReset => "the connection was reset".into(),
        io::ErrorKind::TimedOut => "the connection timed out".into(),
        _ => format!("the connection broke: {why}"),
    }
}
