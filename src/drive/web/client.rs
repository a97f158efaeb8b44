//! Asks web servers: one connection for one request, everything bounded.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::super::arrivals::Arrivals;
use super::super::clock::Clock;
use super::super::shared::Shared;
use super::super::{CannotRun, Options, resolve, tcp, tls};
use crate::machine::web::{Request, Response, Unanswered};
use crate::machine::{Peer, Phase, Refusal, Trust};

/// The headers of an answer may be that long, and so many.
const HEADERS: usize = 64 * 1024;
const FIELDS: usize = 128;
/// The body of an answer may be that long.
const BODY: usize = 256 * 1024;
/// For one address, while there are others.
const ATTEMPT: Duration = Duration::from_secs(2);

/// Asks web servers, and trusts whom the options say.
pub struct Client {
    shared: Arc<Shared>,
}

impl Client {
    pub fn new(options: &Options) -> Result<Client, CannotRun> {
        // The name for TLS is one of ICE servers.
        let options = Options { sni: None, ..options.clone() };
        let (shared, _) = Shared::new(options, Arrivals::new(Clock::start()).0)?;
        Ok(Client { shared })
    }

    /// The whole answer, within the time.
    pub async fn ask(&self, request: &Request, limit: Duration) -> Result<Response, Unanswered> {
        match tokio::time::timeout(limit, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(Unanswered::TimedOut),
        }
    }

    async fn exchange(&self, request: &Request) -> Result<Response, Unanswered> {
        let stream = self.connect(request).await?;
        if request.url.scheme() == "http" {
            return speak(stream, request).await;
        }
        // Of certificates the text of a name is wanted, without the brackets of a URL.
        let name = request.url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let peer = Peer { name, trust: Trust::Verify, alpn: vec!["http/1.1".to_owned()] };
        let (stream, secure) = tls::shake_hands(&self.shared, stream, &peer).await.map_err(Unanswered::NoConnection)?;
        match secure.trust {
            Err(why) if tls::must_verify(&self.shared, &peer) => Err(Unanswered::Untrusted(why)),
            _ => speak(stream, request).await,
        }
    }

    /// A connection to the first address that lets us in.
    async fn connect(&self, request: &Request) -> Result<tokio::net::TcpStream, Unanswered> {
        let host = request.url.host_str().unwrap_or_default();
        let port = request.url.port_or_known_default().unwrap_or(443);
        let addresses = resolve::addresses(&self.shared, host).await.map_err(Unanswered::NoAddress)?;
        let mut last = Refusal::TimedOut { during: Phase::Connect };
        for (index, address) in addresses.iter().enumerate() {
            let attempt = tcp::connect(&self.shared, None, SocketAddr::new(*address, port));
            let limit = if index + 1 < addresses.len() { ATTEMPT } else { self.shared.connect_timeout() * 2 };
            match tokio::time::timeout(limit, attempt).await {
                Ok(Ok(connected)) => return Ok(connected.stream),
                Ok(Err(why)) => last = why,
                Err(_) => last = Refusal::TimedOut { during: Phase::Connect },
            }
        }
        Err(Unanswered::NoConnection(last))
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin, request: &Request) -> Result<Response, Unanswered> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEADERS).max_headers(FIELDS);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(|why| broken(&why))?;
    let request = in_library_words(request)?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(|why| broken(&why))?;
        whole(response).await
    };
    tokio::pin!(exchange, connection);
    let mut over = false;
    loop {
        tokio::select! {
            biased;
            answer = &mut exchange => return answer,
            // What has come by then is still to be read.
            _ = &mut connection, if !over => over = true,
        }
    }
}

fn in_library_words(request: &Request) -> Result<hyper::Request<String>, Unanswered> {
    let url = &request.url;
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let host = match (url.host_str().unwrap_or_default(), url.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    let mut builder = hyper::Request::builder().method(request.method).uri(target);
    builder = builder.header("host", host).header("connection", "close");
    for (name, value) in &request.headers {
        builder = builder.header(*name, value);
    }
    builder.body(request.body.clone()).map_err(|why| Unanswered::Broken(format!("it cannot be asked: {why}")))
}

async fn whole(response: hyper::Response<Incoming>) -> Result<Response, Unanswered> {
    let (head, body) = response.into_parts();
    let fields = head.headers.iter().filter_map(|(name, value)| {
        let value = std::str::from_utf8(value.as_bytes()).ok()?;
        Some((name.as_str().to_owned(), value.trim().to_owned()))
    });
    let headers: Vec<(String, String)> = fields.collect();
    let status = head.status.as_u16();
    // Without a length the end of the connection ends it, and many end TLS without a word. Of a refusal the status
    // counts, whatever follows.
    let open_ended = !head.headers.contains_key("content-length") && !head.headers.contains_key("transfer-encoding");
    let mut body = Limited::new(body, BODY);
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes.extend(frame.into_data().unwrap_or_default()),
            Err(why) => match why.downcast::<hyper::Error>() {
                Ok(_) if open_ended || !head.status.is_success() => break,
                Ok(why) => return Err(broken(&why)),
                Err(why) if why.is::<LengthLimitError>() => return Err(Unanswered::TooLong { body: true }),
                Err(why) => return Err(Unanswered::Broken(why.to_string())),
            },
        }
    }
    Ok(Response { status, headers, body: bytes })
}

fn broken(why: &hyper::Error) -> Unanswered {
    if why.is_parse_too_large() {
        return Unanswered::TooLong { body: false };
    }
    Unanswered::Broken(match () {
        () if why.is_parse() => "what it answers is not HTTP".to_owned(),
        () if why.is_incomplete_message() => "it ended the connection before its answer was there".to_owned(),
        () => why.to_string(),
    })
}
