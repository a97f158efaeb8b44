//! What a server offers to strangers beside STUN and TURN, and how much it answers to little: asked in
//! an audit only, with no password tried.

use std::net::SocketAddr;
use std::time::Duration;

use super::check::{Check, Held};
use crate::machine::Want;
use crate::machine::script::{Either, Incoming, Line, both, either};
use crate::report::{Event, Exposure, Service, SizedAnswer};

/// coturn's command line, and its web interface.
const CLI: u16 = 5766;
const WEB: u16 = 8080;
/// How long a service may take to say something.
const PATIENCE: Duration = Duration::from_millis(800);
/// Of what it says, so much is read.
const ENOUGH: usize = 2048;
/// Binding and Allocate requests without attributes; the classic one has no magic cookie (RFC 3489).
const REQUESTS: [(&str, u16, bool); 3] =
    [("binding", 0x0001, true), ("classic-binding", 0x0001, false), ("allocate", 0x0003, true)];

impl Check {
    pub(super) async fn exposure(&self, held: &Held) {
        let ip = held.target.address.ip();
        let get = b"GET / HTTP/1.0\r\n\r\n";
        let cli = self.service(SocketAddr::new(ip, CLI), "cli", b"");
        let web = self.service(SocketAddr::new(ip, WEB), "web-admin", get);
        let ((cli, web), answers) = both(both(cli, web), self.sizes(held)).await;
        let services = cli.into_iter().chain(web).collect();
        self.record.note(|turn| turn.exposure = Some(Exposure { services, answers }));
    }

    /// What says that it is coturn's.
    async fn service(&self, to: SocketAddr, kind: &str, ask: &[u8]) -> Option<Service> {
        let local = Some(SocketAddr::new(self.local, 0));
        let opened = either(self.hands.open(Want::Tcp { local, to }), self.hands.sleep(PATIENCE)).await;
        let Either::First(Ok(line)) = opened else { return None };
        if !ask.is_empty() {
            line.send(ask.to_vec());
        }
        let mut said = Vec::new();
        let until = self.hands.now() + PATIENCE;
        while said.len() < ENOUGH {
            match either(line.next(), self.hands.sleep_until(until)).await {
                Either::First(Incoming::Bytes { bytes, .. }) => said.extend(bytes),
                _ => break,
            }
        }
        let said = String::from_utf8_lossy(&said).into_owned();
        let its_own = said.contains("TURN Server") || said.to_ascii_lowercase().contains("coturn");
        let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let first: String = first.chars().take(80).collect();
        its_own.then(|| Service { port: to.port(), kind: kind.into(), said: first })
    }

    /// How long the answers to the shortest requests are, over UDP, where senders can be forged.
    async fn sizes(&self, held: &Held) -> Vec<SizedAnswer> {
        let to = held.target.address;
        let local = SocketAddr::new(self.local, 0);
        let mut found = Vec::new();
        for (request, method, cookie) in REQUESTS {
            let Ok(line) = self.hands.open(Want::udp(local)).await else { break };
            let mut bytes = Vec::from(method.to_be_bytes());
            bytes.extend([0, 0]);
            bytes.extend(if cookie { [0x21, 0x12, 0xa4, 0x42] } else { held.station.random::<4>() });
            bytes.extend(held.station.random::<12>());
            let received_bytes = self.answer_to(&line, to, &bytes).await;
            let sent_bytes = u32::try_from(bytes.len()).unwrap_or_default();
            found.push(SizedAnswer { request: request.into(), sent_bytes, received_bytes });
        }
        found
    }

    /// The length of the answer; three copies are sent.
    async fn answer_to(&self, line: &Line<Event>, to: SocketAddr, request: &[u8]) -> Option<u32> {
        let id = request.get(4..20)?;
        for _ in 0..3 {
            line.send_to(to, request.to_vec());
            let until = self.hands.now() + PATIENCE / 4;
            while let Either::First(incoming) = either(line.next(), self.hands.sleep_until(until)).await {
                match incoming {
                    Incoming::Bytes { from, bytes, .. } if from == to && bytes.get(4..20) == Some(id) => {
                        return u32::try_from(bytes.len()).ok();
                    }
                    Incoming::Closed { .. } => return None,
                    _ => {}
                }
            }
        }
        None
    }
}
