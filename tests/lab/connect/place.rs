//! Where agents meet: two sites, each behind a NAT, and coturn between them.

use std::fs;
use std::path::PathBuf;

use crate::coturn::{Coturn, Options, PASSWORD, USER};
use crate::site::World;

pub const SERVER: &str = "203.0.113.10";

/// A world whose sites can reach one another, with a STUN and TURN server.
pub struct Place {
    pub world: World,
    _coturn: Coturn,
}

impl Place {
    pub fn new() -> Place {
        let world = World::new();
        world.server.sysctl("ipv4/ip_forward", "1");
        let options = Options { listen: vec![SERVER], relay: vec![SERVER], ..Options::default() };
        let coturn = Coturn::start_on(&world.server, world.dir(), options);
        Place { world, _coturn: coturn }
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
