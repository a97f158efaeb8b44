//! Where agents meet: two sites, each behind a NAT, and coturn between them.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::coturn::{Coturn, Options, PASSWORD, USER};
use crate::site::World;

pub const SERVER: &str = "203.0.113.10";

/// A world whose sites can reach one another, with a STUN and TURN server.
pub struct Place {
    pub world: World,
    coturn: Option<Coturn>,
    count: AtomicU32,
}

impl Place {
    pub fn new() -> Place {
        let mut place = Place::bare();
        let options = Options { listen: vec![SERVER], relay: vec![SERVER], ..Options::default() };
        place.coturn = Some(Coturn::start_on(&place.world.server, place.world.dir(), options));
        place
    }

    /// Without a server.
    pub fn bare() -> Place {
        let world = World::new();
        world.server.sysctl("ipv4/ip_forward", "1");
        // A way to nowhere for what relays send to the hosts' private addresses: coturn ends a session when the
        // kernel knows of none.
        world.server.ip("route add 10.0.0.0/8 dev lo\n");
        world.server.nft(
            "table ip nowhere { chain prerouting { type filter hook prerouting priority raw;
             iifname lo ip daddr 10.0.0.0/8 drop\n}\n}\n",
        );
        Place { world, coturn: None, count: AtomicU32::new(0) }
    }

    /// A number that nobody else has.
    pub fn next(&self) -> u32 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    /// A file with a list of servers: a STUN server, and these TURN URLs.
    pub fn servers(&self, name: &str, turn: &[&str]) -> PathBuf {
        let mut list = vec![serde_json::json!({"urls": format!("stun:{SERVER}:3478")})];
        if !turn.is_empty() {
            list.push(serde_json::json!({"urls": turn, "username": USER, "credential": PASSWORD}));
        }
        let file = self.world.dir().join(format!("{name}.json"));
        fs::write(&file, serde_json::to_string(&list).unwrap()).unwrap();
        file
    }
}
