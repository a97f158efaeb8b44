use serde::{Deserialize, Serialize};

use super::World;
use crate::commands::servers::Named;
use crate::commands::stop::Stop;
use crate::probes::gather::ServerSpec;
use crate::proto::auth::Credentials;
use crate::wire::uri::IceUri;

/// The servers of a run, as a trace holds them.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    servers: Vec<KeptServer>,
    hosts: Vec<Vec<IceUri>>,
    relay_only: bool,
    #[serde(default)]
    defaults: bool,
    /// Old traces do not say.
    #[serde(default)]
    source: String,
}

#[derive(Serialize, Deserialize)]
struct KeptServer {
    uri: IceUri,
    username: Option<String>,
    /// In place of the password.
    stand_in: Option<String>,
}

/// The servers that the command line names, or those that it named when the trace was written.
pub fn servers(world: &World, live: impl FnOnce() -> Result<Named, Stop>) -> Result<Named, Stop> {
    if world.is_replay() {
        let Kept { servers, hosts, relay_only, defaults, source } = world.remembered("servers")?;
        let servers = servers.into_iter().map(KeptServer::spec).collect();
        // What a trace does not hold is not looked at once more.
        let source = ["config", "ice-servers", "default"].into_iter().find(|known| *known == source);
        let source = source.unwrap_or("command-line");
        return Ok(Named { servers, hosts, relay_only, defaults, source, repeated: Vec::new() });
    }
    let named = live()?;
    let servers = named.servers.iter().map(|server| KeptServer::of(world, server)).collect();
    let (hosts, relay_only, defaults) = (named.hosts.clone(), named.relay_only, named.defaults);
    let source = named.source.to_string();
    world.keep("servers", &Kept { servers, hosts, relay_only, defaults, source });
    Ok(named)
}

/// The same for the servers that a demo brings.
pub fn keep_demo(world: &World, servers: &[ServerSpec]) {
    let servers: Vec<KeptServer> = servers.iter().map(|server| KeptServer::of(world, server)).collect();
    world.keep("demo", &servers);
}

/// The servers that the demo brought when the trace was written.
pub fn remembered_demo(world: &World) -> Result<Vec<ServerSpec>, Stop> {
    Ok(world.remembered::<Vec<KeptServer>>("demo")?.into_iter().map(KeptServer::spec).collect())
}

impl KeptServer {
    fn of(world: &World, server: &ServerSpec) -> KeptServer {
        let disguised = server.credentials.as_ref().map(|credentials| world.stand_in(credentials));
        let (username, stand_in) = disguised.map(|it| (it.username, it.password)).unzip();
        KeptServer { uri: server.uri.clone(), username, stand_in }
    }

    fn spec(self) -> ServerSpec {
        let credentials = self.username.zip(self.stand_in);
        let credentials = credentials.map(|(username, password)| Credentials { username, password });
        ServerSpec { uri: self.uri, credentials }
    }
}
