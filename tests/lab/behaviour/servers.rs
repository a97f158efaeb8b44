//! Servers of every kind that NATs are looked at with, all in one world.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::coturn::{self, Coturn, Options, PASSWORD, USER};
use crate::process::{Cmd, Process};
use crate::site::World;

/// Which servers a run is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// coturn with two addresses.
    TwoAddresses,
    /// rtcprobe's own with two addresses.
    OwnTwoAddresses,
    /// Two STUN servers of one address and one port each.
    TwoPlain,
    /// A STUN and TURN server of one address.
    StunAndTurn,
    /// A STUN server, and a TURN server elsewhere.
    StunAndTurnApart,
}

pub const ALL: [Given; 5] =
    [Given::TwoAddresses, Given::OwnTwoAddresses, Given::TwoPlain, Given::StunAndTurn, Given::StunAndTurnApart];

impl Given {
    pub fn args(self) -> Vec<&'static str> {
        let login = ["--username", USER, "--credential", PASSWORD];
        match self {
            Given::TwoAddresses => vec!["stun:203.0.113.10"],
            Given::OwnTwoAddresses => vec!["stun:203.0.113.20"],
            Given::TwoPlain => vec!["stun:203.0.113.30", "stun:203.0.113.31"],
            Given::StunAndTurn => [&login[..], &["stun:203.0.113.30", "turn:203.0.113.30"]].concat(),
            Given::StunAndTurnApart => [&login[..], &["stun:203.0.113.30", "turn:203.0.113.31"]].concat(),
        }
    }

    /// What can be known with these of a NAT of this kind: the rest is `?`.
    pub fn can_know(self, kind: &str) -> String {
        let (mapping, filtering) = kind.split_once('-').unwrap();
        match self {
            Given::TwoAddresses | Given::OwnTwoAddresses | Given::StunAndTurnApart => kind.into(),
            // That it depends, not on what; and nobody to come from elsewhere.
            Given::TwoPlain => format!("{}-?", if mapping == "eim" { "eim" } else { "?" }),
            // One address: all there is to see is whether the port matters.
            Given::StunAndTurn => format!(
                "{}-{}",
                if mapping == "apdm" { "apdm" } else { "?" },
                if filtering == "apdf" { "apdf" } else { "?" }
            ),
        }
    }
}

/// The servers, stopped when dropped.
pub struct Servers {
    _coturns: Vec<Coturn>,
    _own: Process,
}

impl Servers {
    pub fn start(world: &World) -> Servers {
        let plain = |name, address| Options { name, listen: vec![address], relay: vec![address], ..Options::default() };
        let coturns = [
            Options { listen: vec!["203.0.113.10", "203.0.113.11"], ..plain("two", "203.0.113.10") },
            plain("here", "203.0.113.30"),
            plain("there", "203.0.113.31"),
        ];
        let coturns =
            coturns.into_iter().map(|options| Coturn::start_on(&world.server, world.dir(), options)).collect();
        let login = format!("{USER}:{PASSWORD}");
        let own = Cmd::new(env!("CARGO_BIN_EXE_rtcprobe")).args(["serve", "--listen", "203.0.113.20"]);
        let mut own = world.server.spawn(own.args(["--listen", "203.0.113.21", "--user", &login]));
        let at: SocketAddr = "203.0.113.20:3478".parse().unwrap();
        let began = Instant::now();
        while !world.server.run(move || coturn::answers(at)) {
            assert!(own.running() && began.elapsed() < Duration::from_secs(20), "it does not serve");
            thread::sleep(Duration::from_millis(5));
        }
        Servers { _coturns: coturns, _own: own }
    }
}
