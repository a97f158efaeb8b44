//! The STUN servers that are named beside the TURN servers: what they are used for needs addresses.

use std::net::SocketAddr;
use std::time::Duration;

use crate::commands::record::World;
use crate::drive;
use crate::machine::script::{Hands, Script, both};
use crate::machine::{Question, Record, RecordKind};
use crate::wire::uri::{Host, IceUri};

/// For the DNS.
const PATIENCE: Duration = Duration::from_secs(5);

/// The addresses of STUN servers over UDP, in their order, and the names that led to none.
pub async fn addresses(uris: &[IceUri], world: &World, options: &drive::Options) -> (Vec<SocketAddr>, Vec<String>) {
    let mut addresses = Vec::new();
    let mut lost = Vec::new();
    for uri in uris {
        let port = uri.port.unwrap_or(uri.default_port());
        match &uri.host {
            Host::Ip(ip) => addresses.push(SocketAddr::new(*ip, port)),
            Host::Name(name) => {
                let before = addresses.len();
                let mut lookup = lookup(name.clone());
                let learn = |_, record| {
                    if let Record::Address(ip) = record {
                        addresses.push(SocketAddr::new(ip, port));
                    }
                };
                // A name that cannot be asked for is as lost as one that is not there.
                let _ = world.run(&mut lookup, options, Some(PATIENCE), learn).await;
                if addresses.len() == before {
                    lost.push(uri.to_string());
                }
            }
        }
    }
    (addresses, lost)
}

fn lookup(name: String) -> Script<Record> {
    Script::new(|hands: Hands<Record>| async move {
        let ask = |kind| hands.lookup(Question { name: name.clone(), kind });
        let (v4, v6) = both(ask(RecordKind::A), ask(RecordKind::Aaaa)).await;
        v4.into_iter().chain(v6).flatten().for_each(|record| hands.tell(record));
    })
}
