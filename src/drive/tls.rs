//! TLS connections.

use std::net::SocketAddr;
use std::sync::Arc;

use super::arrivals::Teller;
use super::shared::Shared;
use super::stream::Outbox;
use crate::machine::{Peer, Refusal};

pub async fn client(
    _shared: Arc<Shared>,
    teller: Teller,
    _outbox: Outbox,
    _local: Option<SocketAddr>,
    _to: SocketAddr,
    _peer: Peer,
) {
    teller.refused(Refusal::Unsupported { text: "not yet".to_owned() });
}
