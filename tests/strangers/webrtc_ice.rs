//! webrtc-ice as the other side, ICE without anything on top.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a peer of tests, which reads it"
)]

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc;
use webrtc_ice::agent::Agent;
use webrtc_ice::agent::agent_config::AgentConfig;
use webrtc_ice::candidate::candidate_base::unmarshal_candidate;
use webrtc_ice::candidate::{Candidate, CandidateType};
use webrtc_ice::network_type::NetworkType;
use webrtc_ice::udp_network::{EphemeralUDP, UDPNetwork};
use webrtc_ice::url::Url;

/// What the command line asks for.
#[derive(Default)]
struct Flags {
    offer: bool,
    relay_only: bool,
    servers: Vec<Url>,
}

fn flags() -> Flags {
    let mut flags = Flags::default();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--offer" => flags.offer = true,
            "--relay-only" => flags.relay_only = true,
            "--ice-servers" => flags.servers = servers(&words.next().unwrap()),
            other => panic!("what is {other}?"),
        }
    }
    flags
}

/// Every URL of every server, with its credentials.
fn servers(file: &str) -> Vec<Url> {
    let listed: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let text = |server: &Value, field: &str| server[field].as_str().unwrap_or_default().to_owned();
    let urls = |server: &Value| {
        let names = server["urls"].as_array().cloned().unwrap_or_else(|| vec![server["urls"].clone()]);
        let (username, password) = (text(server, "username"), text(server, "credential"));
        let url = |name: &Value| {
            let url = Url::parse_url(name.as_str().unwrap()).unwrap();
            Url { username: username.clone(), password: password.clone(), ..url }
        };
        names.iter().map(url).collect::<Vec<_>>()
    };
    listed.iter().flat_map(urls).collect()
}

fn say(message: &Value) {
    println!("{message}");
}

async fn agent(flags: &Flags) -> Arc<Agent> {
    let kinds = if flags.relay_only { vec![CandidateType::Relay] } else { Vec::new() };
    let config = AgentConfig {
        urls: flags.servers.clone(),
        udp_network: UDPNetwork::Ephemeral(EphemeralUDP::default()),
        network_types: vec![NetworkType::Udp4, NetworkType::Udp6],
        candidate_types: kinds,
        is_controlling: flags.offer,
        ..AgentConfig::default()
    };
    let agent = Arc::new(Agent::new(config).await.unwrap());
    agent.on_candidate(Box::new(|candidate| {
        say(&match candidate {
            Some(candidate) => json!({"type": "candidate", "candidate": format!("candidate:{}", candidate.marshal())}),
            None => json!({"type": "complete"}),
        });
        Box::pin(async {})
    }));
    agent
}

async fn begin(agent: &Agent, offer: bool) {
    let (ufrag, pwd) = agent.get_local_user_credentials().await;
    let role = if offer { "offer" } else { "answer" };
    say(&json!({
        "type": "description", "role": role, "ufrag": ufrag, "pwd": pwd, "lite": false,
        "candidates": [], "complete": false, "agent": "webrtc-ice 0.17",
    }));
    agent.gather_candidates().unwrap();
}

fn add(agent: &Agent, line: &str) {
    let added = unmarshal_candidate(line.trim_start_matches("candidate:"))
        .and_then(|candidate| agent.add_remote_candidate(&(Arc::new(candidate) as Arc<dyn Candidate + Send + Sync>)));
    if let Err(e) = added {
        eprintln!("{e}: {line}");
    }
}

/// Tells of states from now on, and connects.
fn connect(agent: &Arc<Agent>, offer: bool, message: &Value, cancel: mpsc::Receiver<()>) {
    let (began, watched) = (Instant::now(), Arc::downgrade(agent));
    agent.on_connection_state_change(Box::new(move |state| {
        let ms = (began.elapsed().as_secs_f64() * 1e4).round() / 10.0;
        let mut status = json!({"type": "status", "state": state.to_string().to_lowercase(), "ms": ms});
        if let Some(pair) = watched.upgrade().and_then(|agent| agent.get_selected_candidate_pair()) {
            status["selected"] = json!({
                "local": pair.local.addr(), "localType": pair.local.candidate_type().to_string(),
                "remote": pair.remote.addr(), "remoteType": pair.remote.candidate_type().to_string(),
            });
        }
        say(&status);
        Box::pin(async {})
    }));
    let [ufrag, pwd] = ["ufrag", "pwd"].map(|field| message[field].as_str().unwrap().to_owned());
    let agent = Arc::clone(agent);
    tokio::spawn(async move {
        let connected = if offer {
            agent.dial(cancel, ufrag, pwd).await.map(drop)
        } else {
            agent.accept(cancel, ufrag, pwd).await.map(drop)
        };
        if let Err(e) = connected {
            eprintln!("{e}");
        }
        // What it connected must not be dropped.
        std::future::pending::<()>().await;
    });
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let flags = flags();
    let agent = agent(&flags).await;
    if flags.offer {
        begin(&agent, true).await;
    }
    let (_cancel, cancelled) = mpsc::channel(1);
    let mut cancelled = Some(cancelled);
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let message: Value = serde_json::from_str(&line).unwrap();
        match message["type"].as_str() {
            Some("bye") => break,
            Some("description") => {
                if !flags.offer {
                    begin(&agent, false).await;
                }
                for line in message["candidates"].as_array().into_iter().flatten() {
                    add(&agent, line.as_str().unwrap());
                }
                if let Some(cancelled) = cancelled.take() {
                    connect(&agent, flags.offer, &message, cancelled);
                }
            }
            Some("candidate") => add(&agent, message["candidate"].as_str().unwrap()),
            _ => {}
        }
    }
    // Its own threads may wait for the standard input.
    std::process::exit(0);
}
