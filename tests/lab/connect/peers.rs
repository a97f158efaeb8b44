//! Other people's ICE agents, as the programs in `tests/strangers` show them: lines in, lines out.

use std::path::PathBuf;

use crate::process::Cmd;

/// Somebody else's agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stranger {
    /// Of Debian.
    Aioice,
    /// Of PyPI.
    AioiceOfToday,
    Libnice,
    WebrtcIce,
    Pion,
    /// Through libdatachannel.
    Libjuice,
    Werift,
    Chromium,
    Firefox,
}

use Stranger::{Aioice, AioiceOfToday, Chromium, Firefox, Libjuice, Libnice, Pion, WebrtcIce, Werift};

/// What every machine that runs the lab has.
pub const NEAR: [Stranger; 3] = [Aioice, Libnice, WebrtcIce];
pub const ALL: [Stranger; 9] = [Aioice, AioiceOfToday, Libnice, WebrtcIce, Pion, Libjuice, Werift, Chromium, Firefox];

impl Stranger {
    /// Its program: it answers, unless it is told to make the offer.
    pub fn cmd(self) -> Cmd {
        let source = |file: &str| format!("{}/tests/strangers/{file}", env!("CARGO_MANIFEST_DIR"));
        let cmd = match self {
            // Debian's modules are there for Debian's interpreter.
            Aioice => Cmd::new("/usr/bin/python3").arg(source("aioice_peer.py")),
            Libnice => Cmd::new("/usr/bin/python3").arg(source("nice_peer.py")),
            AioiceOfToday => Cmd::new(installed().join("py/bin/python")).arg(source("aioice_peer.py")),
            WebrtcIce => Cmd::new(example("webrtc_ice_peer")),
            Pion => Cmd::new(installed().join("pion")),
            Libjuice => Cmd::new("node").arg(source("datachannel.mjs")),
            Werift => Cmd::new("node").arg(source("werift.mjs")),
            Chromium => Cmd::new("node").arg(source("browser.mjs")),
            Firefox => Cmd::new("node").args([source("browser.mjs"), "--firefox".into()]),
        };
        cmd.env("PYTHONDONTWRITEBYTECODE", "1").env("STRANGERS", installed())
    }
}

/// Where `tests/strangers/install.sh` puts what they need.
fn installed() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/strangers")
}

/// A program of this package's examples, which are built with its tests.
fn example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().and_then(|deps| deps.parent()).unwrap().join("examples").join(name);
    assert!(program.exists(), "{} is not built: run `cargo build --examples`", program.display());
    program
}
