//! UPnP: the router's description, and its external address. What points anywhere but to the router
//! is not followed.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::{Asked, at_port, no_socket};
use crate::machine::Want;
use crate::machine::script::{Either, Incoming, either};
use crate::probes::nat::ground::Ground;
use crate::report::nat::TestOutcome;
use crate::wire::gateway::http::{self, Progress, Response, Url};
use crate::wire::gateway::igd::{self, Answer};
use crate::wire::gateway::ssdp;

const NAME: &str = "upnp";
/// After the beginning of the search.
const COPIES: [u64; 3] = [0, 300, 1000];
const SEARCH: Duration = Duration::from_millis(2500);
/// For every conversation over TCP.
const TALK: Duration = Duration::from_secs(3);
/// Services that are asked.
const SERVICES: usize = 4;

/// Searches at the router, reads its description, and asks.
pub(super) async fn ask(ground: &Rc<Ground>, gateway: SocketAddr) -> Asked {
    let (to, began) = (at_port(gateway, ssdp::PORT), ground.hands.now());
    if to.is_ipv6() {
        return Asked::new(NAME, TestOutcome::Skipped, 0, "UPnP is asked over IPv4");
    }
    let asked = match search(ground, to).await {
        Err(asked) => asked,
        Ok((url, sent)) => match describe(ground, gateway, &url).await {
            Ok(mut asked) => {
                asked.sent = sent;
                asked
            }
            Err(why) => Asked::new(NAME, TestOutcome::Refused, sent, why),
        },
    };
    asked.tested(ground, to, began)
}

/// Where the router's description is, and how many searches it took.
async fn search(ground: &Rc<Ground>, to: SocketAddr) -> Result<(Url, u32), Asked> {
    // Answers may come from any port of the router.
    let local = SocketAddr::new(ground.place.address, 0);
    let Ok(line) = ground.hands.open(Want::udp(local)).await else { return Err(no_socket(NAME)) };
    let began = ground.hands.now();
    let (mut sent, mut elsewhere) = (0, None);
    for (index, after) in COPIES.iter().enumerate() {
        ground.hands.sleep_until(began + Duration::from_millis(*after)).await;
        for target in ssdp::TARGETS {
            line.send_to(to, ssdp::search(to.ip(), target));
        }
        sent += 1;
        let until = began + COPIES.get(index + 1).map_or(SEARCH, |after| Duration::from_millis(*after));
        loop {
            match either(line.next(), ground.hands.sleep_until(until)).await {
                Either::First(Incoming::Bytes { from, bytes, .. }) if from.ip() == to.ip() => {
                    match ssdp::read(&bytes).map(|found| found.location) {
                        Some(Ok(url)) if url.is_at(to.ip()) => return Ok((url, sent)),
                        Some(Ok(url)) => elsewhere = Some(pointing_elsewhere("description", &url)),
                        Some(Err(why)) => elsewhere = Some(why),
                        None => {}
                    }
                }
                Either::First(Incoming::Unreachable { .. }) if elsewhere.is_none() => {
                    return Err(Asked::new(NAME, TestOutcome::Unreachable, sent, "nothing listens on the port"));
                }
                Either::First(_) => {}
                Either::Second(()) => break,
            }
        }
    }
    Err(match elsewhere {
        Some(why) => Asked::new(NAME, TestOutcome::Refused, sent, why),
        None => Asked::new(NAME, TestOutcome::Silent, sent, "no answer to a search sent to it alone"),
    })
}

fn pointing_elsewhere(what: &str, url: &Url) -> String {
    let host: String = url.host.chars().take(100).collect();
    format!("its {what} is at {host}, which is not its own address; it was not asked for")
}

/// Reads the description and asks the services that it names.
async fn describe(ground: &Rc<Ground>, gateway: SocketAddr, url: &Url) -> Result<Asked, String> {
    let response = talk(ground, gateway, url, url.get()).await?;
    if response.status != 200 {
        return Err(format!("its description is refused with {}", response.status));
    }
    let description = igd::read_description(&response.body);
    let base = description.base.as_deref().and_then(|base| Url::parse(base).ok()).unwrap_or_else(|| url.clone());
    if description.services.is_empty() {
        return Err("its description names no Internet connection".into());
    }
    let mut last = Err(String::new());
    for service in description.services.iter().take(SERVICES) {
        let control = base.join(&service.control)?;
        if !control.is_at(gateway.ip()) {
            last = Err(pointing_elsewhere("control", &control));
            continue;
        }
        let call = control.call(&service.action(), &service.body());
        match talk(ground, gateway, &control, call).await.map(|response| igd::read_answer(&response.body)) {
            Ok(Answer::Address(address)) if !address.is_unspecified() => return Ok(Asked::address(NAME, address, 0)),
            Ok(Answer::Address(_) | Answer::NoAddress(_)) => {
                last = Ok(Asked::new(NAME, TestOutcome::Answered, 0, "it has no external address"));
            }
            Ok(Answer::Fault { code, text }) => last = Err(format!("{code} {text}").trim().to_owned()),
            Ok(Answer::Unreadable) => last = Err("its answer cannot be read".into()),
            Err(why) => last = Err(why),
        }
    }
    last
}

/// One request and its response, over a connection of its own.
async fn talk(ground: &Rc<Ground>, gateway: SocketAddr, url: &Url, request: Vec<u8>) -> Result<Response, String> {
    let to = at_port(gateway, url.port);
    let deadline = ground.hands.now() + TALK;
    match either(converse(ground, to, request), ground.hands.sleep_until(deadline)).await {
        Either::First(result) => result,
        Either::Second(()) => Err(format!("{to} took too long to answer")),
    }
}

async fn converse(ground: &Rc<Ground>, to: SocketAddr, request: Vec<u8>) -> Result<Response, String> {
    let local = SocketAddr::new(ground.place.address, 0);
    let line = ground.hands.open(Want::Tcp { local: Some(local), to }).await;
    let line = line.map_err(|_| format!("no connection to {to}"))?;
    line.send(request);
    let mut bytes = Vec::new();
    loop {
        let ended = match line.next().await {
            Incoming::Bytes { bytes: more, .. } => {
                bytes.extend(more);
                false
            }
            Incoming::Closed { .. } => true,
            Incoming::Unreachable { .. } => continue,
        };
        match http::read(&bytes, ended) {
            Progress::Done(response) => return Ok(response),
            Progress::Bad(why) => return Err(format!("{to}: {why}")),
            Progress::More => {}
        }
    }
}
