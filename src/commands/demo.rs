//! `--demo`: the embedded server on loopback with a simulated NAT in front of it, in this process,
//! so that a command can be tried with no server and no network.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use tokio::sync::oneshot;

use super::certificate;
use super::record::{self, World};
use super::stop::{Stop, usage};
use crate::drive;
use crate::machine::Chance;
use crate::probes::gather::ServerSpec;
use crate::proto::auth::Credentials;
use crate::server::nat::NatConfig;
use crate::server::{DEMO_REALM, DemoAddresses, DemoPorts, Event, demo};

/// Trying things out.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Try it with no network: start a server on loopback, behind a simulated NAT of this kind, and use that. Kinds: none, full-cone, restricted-cone, port-restricted-cone, symmetric, or a pair of mapping (eim, adm, apdm) and filtering (eif, adf, apdf) such as adm-eif
    #[arg(long, value_name = "KIND", env = "RTCPROBE_DEMO", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "port-restricted-cone")]
    pub demo: Option<String>,
}

/// A demo that is ready to start.
pub struct Demo {
    /// The NAT's name.
    pub kind: String,
    server: crate::server::Demo,
    addresses: DemoAddresses,
    serving: drive::Options,
    /// Whom to trust, PEM.
    authority: Vec<u8>,
}

impl DemoArgs {
    /// Makes the demo ready, when it is asked for.
    pub fn ask(&self, now: SystemTime, chance: &mut Chance) -> Result<Option<Demo>, Stop> {
        let Some(kind) = &self.demo else { return Ok(None) };
        let nat: NatConfig = match kind.parse() {
            Ok(nat) => nat,
            Err(why) => return usage(format!("--demo={kind}: {why}")),
        };
        let unix_time = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
        let (server, addresses) = demo(nat, DemoPorts::default(), unix_time, chance.split());
        let made = certificate::make(&[DEMO_REALM.into(), "127.0.0.1".into()])?;
        let serving = drive::Options {
            serve_certificate: Some((made.certificate.into_bytes(), made.key.into_bytes())),
            ..drive::Options::default()
        };
        let authority = made.authority.into_bytes();
        Ok(Some(Demo { kind: kind.clone(), server, addresses, serving, authority }))
    }
}

impl Demo {
    /// How the world is to be touched by a client of the demo.
    pub fn options(&self, mut options: drive::Options) -> drive::Options {
        options.authorities = Some(self.authority.clone());
        options.hosts.clone_from(&self.addresses.hosts);
        options
    }

    /// Runs the client once the server listens, and the server for as long as the client needs it.
    pub async fn serve<T>(mut self, world: &World, client: impl AsyncFnOnce(Vec<ServerSpec>) -> T) -> Result<T, Stop> {
        if world.is_replay() {
            return Ok(client(record::remembered_demo(world)?).await);
        }
        let (tell, listening) = oneshot::channel();
        let mut tell = Some(tell);
        let serving = drive::run(&mut self.server, &self.serving, None, |_, event| {
            if let Event::Listening(addresses) = event
                && let Some(tell) = tell.take()
            {
                // Nobody listens any more when the client has ended, and then it does not matter.
                let _ = tell.send(addresses);
            }
        });
        let credentials =
            Credentials { username: self.addresses.username.clone(), password: self.addresses.password.clone() };
        let names = &self.addresses;
        let client = async {
            let addresses = listening.await.map_err(|_| Stop::CannotRun("the demo server does not start".into()))?;
            let spec = |uri: crate::wire::uri::IceUri| {
                let credentials = uri.scheme.is_turn().then(|| credentials.clone());
                ServerSpec { uri, credentials }
            };
            let servers: Vec<ServerSpec> = names.uris(&addresses).into_iter().map(spec).collect();
            record::keep_demo(world, &servers);
            Ok(client(servers).await)
        };
        let (mut serving, mut client) = (Box::pin(serving), Box::pin(client));
        tokio::select! {
            biased;
            done = &mut client => done,
            // An interrupt reaches both; what the client knows is still wanted.
            _ = &mut serving => client.await,
        }
    }
}
