//! What stands beside mapping and filtering: each an experiment of its own, all at once with the rest.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::ground::Ground;
use super::{fragments, gateway, path_mtu, tcp};
use crate::machine::script::{Part, all as side_by_side, either};

/// How long the first server to answer is preferred to one that can do more.
const SETTLE: Duration = Duration::from_millis(30);

/// Everything that runs beside the main tests, and costs no more time than they do; the gateway only
/// when it is asked.
pub(super) async fn all(ground: &Rc<Ground>) {
    let parts: Vec<Part<'_, ()>> = vec![
        Box::pin(gateway::ask(ground)),
        Box::pin(tcp::measure(ground)),
        Box::pin(fragments::measure(ground)),
        Box::pin(path_mtu::measure(ground)),
    ];
    side_by_side(parts).await;
}

/// The server that such an experiment talks to: one that does RFC 5780, else the first to answer.
pub(super) async fn reference(ground: &Ground) -> Option<SocketAddr> {
    let first = ground.first_answer().await?;
    let settled = ground.hands.until(|| {
        let facts = ground.facts.borrow();
        facts.servers.iter().filter(|server| server.udp).all(|server| server.answered.is_some()).then_some(())
    });
    either(settled, ground.hands.sleep(SETTLE)).await;
    let facts = ground.facts.borrow();
    let able =
        facts.servers.iter().find(|server| server.udp && server.answered == Some(true) && server.other.is_some());
    Some(able.map_or(first, |server| server.address))
}

/// The time after which silence means something.
pub(super) fn window(ground: &Ground, server: Option<SocketAddr>) -> Duration {
    let pace = ground.pace.borrow();
    let last = server.map_or(Duration::from_millis(500), |server| pace.last_wait(server.ip()));
    pace.gap() * pace.copies() + last
}
