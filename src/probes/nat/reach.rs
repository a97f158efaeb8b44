//! Where nothing comes back over UDP: whether that is UDP, or the server.

use std::rc::Rc;
use std::time::Duration;

use super::ground::Ground;
use super::pace::millis;
use crate::machine::Want;
use crate::machine::script::{Either, Incoming, Part, all as side_by_side, either};
use crate::report::nat::{NatTest, TestOutcome};
use crate::wire::message::{Builder, Class, Message, Method, TransactionId};

/// Silence over UDP that long, from all servers, lets TCP be tried.
const DOUBT: Duration = Duration::from_millis(1000);
/// For a connection and an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks the silent servers over TCP.
pub(super) async fn test(ground: &Rc<Ground>) {
    let until = ground.hands.now() + DOUBT;
    let answered = either(ground.first_answer(), ground.hands.sleep_until(until)).await;
    if matches!(answered, Either::First(Some(_))) {
        return;
    }
    let servers = ground.facts.borrow().servers.clone();
    let parts = servers.iter().enumerate().filter(|(_, server)| server.udp).map(|(index, server)| {
        Box::pin(async move {
            let began = ground.hands.now();
            let asked = either(ask(ground, server.address), ground.hands.sleep(PATIENCE)).await;
            let answered = asked == Either::First(true);
            if let Some(server) = ground.facts.borrow_mut().servers.get_mut(index) {
                server.tcp = Some(answered);
            }
            ground.test(NatTest {
                name: "binding-tcp".into(),
                server: server.address.to_string(),
                local: None,
                mapped: None,
                from: None,
                outcome: if answered { TestOutcome::Answered } else { TestOutcome::Silent },
                sent: 1,
                elapsed_ms: millis(ground.hands.now() - began),
                detail: Some("over TCP, as UDP stayed silent".into()),
            });
        }) as Part<'_, ()>
    });
    side_by_side(parts.collect()).await;
}

/// Whether a Binding request is answered over TCP.
async fn ask(ground: &Rc<Ground>, to: std::net::SocketAddr) -> bool {
    let local = std::net::SocketAddr::new(ground.place.address, 0);
    let Ok(line) = ground.hands.open(Want::Tcp { local: Some(local), to }).await else { return false };
    let id = TransactionId(ground.random());
    line.send(Builder::new(Class::Request, Method::BINDING, id).build());
    let mut bytes = Vec::new();
    loop {
        match line.next().await {
            Incoming::Bytes { bytes: more, .. } => bytes.extend(more),
            _ => return false,
        }
        if Message::decode(&bytes).is_ok_and(|message| message.transaction == id) {
            return true;
        }
        // A Binding answer is short; whatever this is, it is none.
        if bytes.len() > 2048 {
            return false;
        }
    }
}
