//! One page for one browser, and the WebSocket over which it speaks.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures_util::{SinkExt, StreamExt};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    CONNECTION, HOST, HeaderName, HeaderValue, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE, USER_AGENT,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use sha1::{Digest, Sha1};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio_websockets::{Limits, Message, ServerBuilder};

use super::super::CannotRun;
use super::super::refusals::plain;
use super::doors::{Door, Doors, header};

/// Connections at once; a browser needs two or three.
const CONNECTIONS: usize = 16;
/// The headers of a request may be that long.
const HEADERS: usize = 16 * 1024;
/// For a request to come, and for its answer to leave.
const PATIENCE: Duration = Duration::from_secs(10);
/// What the page says at once may be that long.
const LONGEST: usize = 64 * 1024;
/// Things that the page said and nobody has heard yet; it waits then.
const WAITING: usize = 64;

/// What is served.
#[derive(Debug, Clone)]
pub struct Page {
    pub html: &'static str,
    /// Directives of its Content-Security-Policy, but for `connect-src`.
    pub policy: String,
}

/// Something that a browser did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visit {
    /// The page is there and listens; the browser calls itself so.
    Came {
        agent: String,
    },
    Said(String),
    Left,
    /// Somebody was turned away, with that status.
    Refused(u16),
}

/// A page that is being served, until it is dropped.
pub struct Site {
    shared: Arc<Shared>,
    visits: mpsc::Receiver<Visit>,
    says: mpsc::Sender<String>,
    _server: JoinSet<()>,
}

struct Shared {
    doors: Doors,
    page: Page,
    /// Somebody has the page, or had it.
    taken: AtomicBool,
    ticket_used: AtomicBool,
    visits: mpsc::Sender<Visit>,
    /// What is to be said to the page; whoever has the page holds it.
    said: Mutex<mpsc::Receiver<String>>,
}

impl Site {
    /// Begins to serve.
    pub async fn open(at: SocketAddr, page: Page) -> Result<Site, CannotRun> {
        let cannot =
            |why: std::io::Error| CannotRun::Other(format!("the page cannot be served at {at}: {}", plain(&why)));
        let listener = TcpListener::bind(at).await.map_err(cannot)?;
        let at = listener.local_addr().map_err(cannot)?;
        let doors = Doors { at, token: word()?, ticket: word()? };
        let (tell, visits) = mpsc::channel(WAITING);
        let (says, said) = mpsc::channel(WAITING);
        let shared = Arc::new(Shared {
            doors,
            page,
            taken: AtomicBool::new(false),
            ticket_used: AtomicBool::new(false),
            visits: tell,
            said: Mutex::new(said),
        });
        let mut server = JoinSet::new();
        server.spawn(serve(listener, Arc::clone(&shared)));
        Ok(Site { shared, visits, says, _server: server })
    }

    /// Where it is served.
    pub fn at(&self) -> SocketAddr {
        self.shared.doors.at
    }

    /// The path that opens the page: whoever knows it may have it.
    pub fn path(&self) -> String {
        format!("/{}/", self.shared.doors.token)
    }

    /// A path that leads there once, for the command line of a browser, which others can see.
    pub fn path_once(&self) -> String {
        format!("/open/{}", self.shared.doors.ticket)
    }

    /// The next thing that a browser does.
    pub async fn visit(&mut self) -> Visit {
        match self.visits.recv().await {
            Some(visit) => visit,
            None => std::future::pending().await,
        }
    }

    /// The next thing, unless it takes too long.
    pub async fn visit_within(&mut self, limit: Duration) -> Option<Visit> {
        tokio::time::timeout(limit, self.visit()).await.ok()
    }

    /// Says something to the page, or to whoever gets it; what cannot be taken in is dropped, and false.
    pub fn say(&self, text: String) -> bool {
        self.says.try_send(text).is_ok()
    }

    /// Whether what is said less urgently can be said now.
    pub fn has_room(&self) -> bool {
        self.says.capacity() > WAITING / 2
    }
}

/// A word that nobody can guess: 128 bits.
fn word() -> Result<String, CannotRun> {
    let mut bytes = [0; 16];
    let cannot = |why: getrandom::Error| CannotRun::Other(format!("the system has no random numbers: {why}"));
    getrandom::fill(&mut bytes).map_err(cannot)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= CONNECTIONS {
            connections.join_next().await;
            continue;
        }
        match listener.accept().await {
            Ok((stream, _)) => drop(connections.spawn(connection(stream, Arc::clone(&shared)))),
            // Out of descriptors, perhaps: not for long.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// One request, or one WebSocket.
async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let upgrade: std::sync::Mutex<Option<(OnUpgrade, String)>> = std::sync::Mutex::new(None);
    let answer = |request: Request<Incoming>| {
        let response = match shared.answer(request) {
            Ok((response, upgraded)) => {
                *upgrade.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = upgraded;
                response
            }
            Err((status, text)) => {
                let _ = shared.visits.try_send(Visit::Refused(status.as_u16()));
                plain_text(status, text)
            }
        };
        std::future::ready(Ok::<_, Infallible>(response))
    };
    let mut builder = http1::Builder::new();
    builder.keep_alive(false).max_buf_size(HEADERS).timer(TokioTimer::new()).header_read_timeout(PATIENCE / 2);
    let serving = builder.serve_connection(TokioIo::new(stream), service_fn(answer)).with_upgrades();
    let served = tokio::time::timeout(PATIENCE, serving).await;
    let upgraded = upgrade.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    let Some((upgraded, agent)) = upgraded else { return };
    if let (Ok(Ok(())), Ok(stream)) = (served, upgraded.await) {
        shared.converse(stream, agent).await;
    }
    // Whoever had the page had it: with its other half gone, the run is over for it, too.
    let _ = shared.visits.send(Visit::Left).await;
}

type Answered = (Response<Full<Bytes>>, Option<(OnUpgrade, String)>);

impl Shared {
    fn answer(&self, mut request: Request<Incoming>) -> Result<Answered, (StatusCode, &'static str)> {
        let host = header(&request, &HOST).to_owned();
        match self.doors.open(&request)? {
            Door::Page => Ok((self.page(&host), None)),
            Door::Ticket if self.ticket_used.swap(true, Ordering::Relaxed) => {
                Err((StatusCode::GONE, "this address worked once; use the one that rtcprobe printed\n"))
            }
            Door::Ticket => {
                let mut response = plain_text(StatusCode::SEE_OTHER, "");
                set(&mut response, hyper::header::LOCATION, &format!("/{}/", self.doors.token));
                Ok((response, None))
            }
            Door::Socket => {
                let response = switch(&request)?;
                if self.taken.swap(true, Ordering::Relaxed) {
                    return Err((StatusCode::CONFLICT, "another page has this run; begin a new one\n"));
                }
                let agent = header(&request, &USER_AGENT).to_owned();
                Ok((response, Some((hyper::upgrade::on(&mut request), agent))))
            }
        }
    }

    fn page(&self, host: &str) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from_static(self.page.html.as_bytes())));
        let policy = format!("{}; connect-src ws://{host}", self.page.policy);
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("content-security-policy", policy.as_str()),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            set(&mut response, HeaderName::from_static(name), value);
        }
        response
    }

    /// Speaks with the page until either side ends it.
    async fn converse(&self, stream: Upgraded, agent: String) {
        let limits = Limits::default().max_payload_len(Some(LONGEST));
        let socket = ServerBuilder::new().limits(limits).serve(TokioIo::new(stream));
        let (mut writing, mut reading) = socket.split();
        let mut said = self.said.lock().await;
        if self.visits.send(Visit::Came { agent }).await.is_err() {
            return;
        }
        loop {
            tokio::select! {
                text = said.recv() => match text {
                    Some(text) => match writing.send(Message::text(text)).await {
                        Ok(()) => {}
                        Err(_) => break,
                    },
                    None => break,
                },
                message = reading.next() => match message {
                    Some(Ok(message)) => {
                        if let Some(text) = message.as_text()
                            && self.visits.send(Visit::Said(text.to_owned())).await.is_err()
                        {
                            break;
                        }
                    }
                    // Ended, or not understood.
                    Some(Err(_)) | None => break,
                },
            }
        }
        let _ = tokio::time::timeout(PATIENCE / 10, writing.close()).await;
    }
}

/// Agrees to speak WebSocket (RFC 6455 §4.2.2).
fn switch<B>(request: &Request<B>) -> Result<Response<Full<Bytes>>, (StatusCode, &'static str)> {
    let has = |name: &HeaderName, word: &str| {
        header(request, name).split(',').any(|one| one.trim().eq_ignore_ascii_case(word))
    };
    let key = header(request, &SEC_WEBSOCKET_KEY);
    let asked = has(&UPGRADE, "websocket") && has(&CONNECTION, "upgrade") && has(&SEC_WEBSOCKET_VERSION, "13");
    if !asked || !STANDARD.decode(key).is_ok_and(|key| key.len() == 16) {
        return Err((StatusCode::BAD_REQUEST, "only WebSocket is spoken here\n"));
    }
    let accept = STANDARD.encode(Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
    let mut response = plain_text(StatusCode::SWITCHING_PROTOCOLS, "");
    response.headers_mut().clear();
    set(&mut response, UPGRADE, "websocket");
    set(&mut response, CONNECTION, "upgrade");
    set(&mut response, hyper::header::SEC_WEBSOCKET_ACCEPT, &accept);
    Ok(response)
}

fn plain_text(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    set(&mut response, hyper::header::CONTENT_TYPE, "text/plain; charset=utf-8");
    set(&mut response, hyper::header::CACHE_CONTROL, "no-store");
    response
}

fn set(response: &mut Response<Full<Bytes>>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
