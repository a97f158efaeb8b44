//! TCP between two sides that know a token: one listens, the other dials.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, TcpKeepalive, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::challenge::{Exchange, GREETING, NO, Side, Token, nonce};
use super::{Lines, framed};
use crate::drive::clock::Clock;
use crate::drive::refusals::plain;

/// Proving may take so long; who says nothing is let go then.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections that may be proving at once; beyond, the oldest is let go.
const AT_ONCE: usize = 64;
/// A line of the proof is no longer than this.
const LONGEST: usize = 256;
/// Between two attempts to dial.
const AGAIN: Duration = Duration::from_millis(500);

/// Somebody who was not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    pub from: SocketAddr,
    pub kind: StrangerKind,
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrangerKind {
    /// It speaks the same, and knows another token.
    WrongToken,
    /// It speaks otherwise, or not at all.
    Foreign,
}

/// Where somebody may dial.
pub struct Listening {
    listener: TcpListener,
    token: Token,
    proving: JoinSet<(SocketAddr, Result<Lines, StrangerKind>)>,
    order: std::collections::VecDeque<tokio::task::AbortHandle>,
}

/// Listens at an address and port, or a port of every address.
pub async fn listen(at: &str, token: &str) -> Result<Listening, String> {
    let listener = bind(at).await?;
    Ok(Listening {
        listener,
        token: Token::new(token),
        proving: JoinSet::new(),
        order: std::collections::VecDeque::new(),
    })
}

impl Listening {
    /// Where it listens.
    #[must_use]
    pub fn local(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Waits for somebody who knows the token, or for a stranger to be told of. May be dropped and asked again.
    pub async fn next(&mut self) -> Result<(Lines, SocketAddr), Stranger> {
        loop {
            tokio::select! {
                Some(done) = self.proving.join_next() => match done {
                    Ok((from, Ok(lines))) => return Ok((lines, from)),
                    Ok((from, Err(kind))) => return Err(Stranger { from, kind }),
                    // It was let go for others.
                    Err(_) => {}
                },
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, from)) => self.prove(stream, from),
                    // Out of descriptors, perhaps: not at once again.
                    Err(_) => tokio::time::sleep(AGAIN).await,
                },
            }
        }
    }

    fn prove(&mut self, stream: TcpStream, from: SocketAddr) {
        self.order.retain(|task| !task.is_finished());
        if self.order.len() >= AT_ONCE
            && let Some(oldest) = self.order.pop_front()
        {
            oldest.abort();
        }
        let token = self.token.clone();
        let task = self.proving.spawn(async move {
            let proved = tokio::time::timeout(PATIENCE, challenge(stream, &token)).await;
            (from, proved.unwrap_or(Err(StrangerKind::Foreign)))
        });
        self.order.push_back(task);
    }
}

/// The side that listens.
async fn challenge(mut stream: TcpStream, token: &Token) -> Result<Lines, StrangerKind> {
    let foreign = |_| StrangerKind::Foreign;
    keep_alive(&stream);
    let own = nonce().ok_or(StrangerKind::Foreign)?;
    stream.write_all(format!("{GREETING}{own}\n").as_bytes()).await.map_err(foreign)?;
    let mut rest = Vec::new();
    let answer = line(&mut stream, &mut rest).await.ok_or(StrangerKind::Foreign)?;
    let (nonce, proof) = answer.split_once(' ').ok_or(StrangerKind::Foreign)?;
    let exchange = Exchange::new(token, &own, nonce).ok_or(StrangerKind::Foreign)?;
    if !exchange.is_proof(Side::Dials, proof) {
        let _ = stream.write_all(format!("{NO}\n").as_bytes()).await;
        let _ = stream.shutdown().await;
        return Err(StrangerKind::WrongToken);
    }
    let proof = exchange.proof(Side::Listens);
    stream.write_all(format!("{proof}\n").as_bytes()).await.map_err(foreign)?;
    Ok(framed::over(stream, exchange.key(Side::Listens), exchange.key(Side::Dials), rest))
}

/// Why dialling came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoDial {
    /// Nobody is there, in words.
    Nobody(String),
    /// Somebody is, with another token.
    WrongToken,
    /// Somebody is who speaks otherwise, in words.
    Foreign(String),
}

/// Dials `to`, a host and a port, again and again until somebody is there or the time is over.
pub async fn dial(to: &str, token: &str, patience: Duration) -> Result<Lines, NoDial> {
    let clock = Clock::start();
    let token = Token::new(token);
    loop {
        let left = patience.saturating_sub(clock.now().since_start());
        let tried = tokio::time::timeout(left.min(PATIENCE), connect(to)).await;
        let why = match tried {
            Ok(Ok(stream)) => return prove(stream, &token).await,
            Ok(Err(why)) => why,
            Err(_) => "nothing answers".to_owned(),
        };
        if clock.now().since_start() + AGAIN >= patience {
            return Err(NoDial::Nobody(why));
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn connect(to: &str) -> Result<TcpStream, String> {
    TcpStream::connect(to).await.map_err(|why| plain(&why))
}

/// The side that dials.
async fn prove(mut stream: TcpStream, token: &Token) -> Result<Lines, NoDial> {
    let foreign = |what: &str| NoDial::Foreign(what.to_owned());
    keep_alive(&stream);
    let proving = async {
        let mut rest = Vec::new();
        let greeting = line(&mut stream, &mut rest).await;
        let greeting = greeting.ok_or_else(|| foreign("it ended before it said what rtcprobe would say"))?;
        let theirs = greeting.strip_prefix(GREETING);
        let theirs = theirs.ok_or_else(|| foreign("it speaks something else than rtcprobe"))?;
        let own = nonce().ok_or_else(|| foreign("this system gives no random numbers"))?;
        let exchange = Exchange::new(token, theirs, &own);
        let exchange = exchange.ok_or_else(|| foreign("it speaks something else than rtcprobe"))?;
        let proof = format!("{own} {}\n", exchange.proof(Side::Dials));
        let sent = stream.write_all(proof.as_bytes()).await;
        sent.map_err(|_| foreign("it ended the connection"))?;
        match line(&mut stream, &mut rest).await {
            Some(answer) if answer == NO => Err(NoDial::WrongToken),
            Some(answer) if exchange.is_proof(Side::Listens, &answer) => Ok((exchange, rest)),
            // It let us in without knowing the token itself: not who we look for.
            Some(_) => Err(NoDial::WrongToken),
            None => Err(foreign("it ended the connection")),
        }
    };
    let proved = tokio::time::timeout(PATIENCE, proving).await;
    let (exchange, rest) = proved.unwrap_or_else(|_| Err(foreign("it says nothing")))?;
    Ok(framed::over(stream, exchange.key(Side::Dials), exchange.key(Side::Listens), rest))
}

/// One short line; what comes behind it is left in `rest`.
async fn line(stream: &mut TcpStream, rest: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let behind = rest.split_off(end + 1);
            let line = std::mem::replace(rest, behind);
            return String::from_utf8(line).ok().map(|line| line.trim_end().to_owned());
        }
        if rest.len() > LONGEST {
            return None;
        }
        let mut piece = [0; LONGEST];
        let count = stream.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        rest.extend_from_slice(&piece[..count]);
    }
}

async fn bind(at: &str) -> Result<TcpListener, String> {
    let bare = at.strip_prefix(':').unwrap_or(at);
    if let Ok(port) = bare.parse::<u16>() {
        return every_address(port);
    }
    let addresses = tokio::net::lookup_host(at).await.map_err(|_| {
        "write a port, or an address and a port, such as 4000, 192.0.2.1:4000 or [2001:db8::1]:4000".to_owned()
    })?;
    let addresses: Vec<SocketAddr> = addresses.collect();
    TcpListener::bind(&addresses[..]).await.map_err(|why| plain(&why))
}

/// Listens for both families where there are both.
fn every_address(port: u16) -> Result<TcpListener, String> {
    let v6 = SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port);
    let v4 = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
    let both = bound(Domain::IPV6, v6).or_else(|_| bound(Domain::IPV4, v4));
    both.and_then(TcpListener::from_std).map_err(|why| plain(&why))
}

fn bound(domain: Domain, at: SocketAddr) -> std::io::Result<std::net::TcpListener> {
    let socket = Socket::new(domain, Type::STREAM, None)?;
    if at.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::from(at))?;
    socket.listen(128)?;
    Ok(socket.into())
}

/// A side that is gone without a word is noticed after a while.
fn keep_alive(stream: &TcpStream) {
    let alive = TcpKeepalive::new().with_time(Duration::from_secs(15)).with_interval(Duration::from_secs(5));
    let _ = socket2::SockRef::from(stream).set_tcp_keepalive(&alive);
    let _ = stream.set_nodelay(true);
}
