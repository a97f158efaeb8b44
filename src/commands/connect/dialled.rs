//! TCP between two sides that know a token: one listens, the other dials.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::means::{Aside, Begun, Means, Ours, Theirs};
use super::talk::{End, converse};
use super::token::Token;
use crate::commands::stop::{Stop, usage};
use crate::drive;
use crate::drive::signal::{self, Lines, Listening, NoDial, Stranger, StrangerKind};
use crate::view::escape::visible;
use crate::view::ui::Ui;
use crate::wire::signal::Part;

/// Strangers that are told of.
const STRANGERS: u32 = 5;

/// The side that listens.
pub struct Listen {
    pub at: String,
    pub token: Token,
    /// Addresses of this machine that others may reach.
    pub own: Vec<IpAddr>,
    pub wait: Duration,
    pub lines: Option<Lines>,
}

impl Listen {
    pub fn new(at: String, token: Token, wait: Duration) -> Result<Listen, Stop> {
        let interfaces = drive::interfaces().map_err(|why| Stop::CannotRun(why.to_string()))?;
        let alive = interfaces.iter().filter(|interface| interface.up && interface.running && !interface.loopback);
        let addresses = alive.flat_map(|interface| &interface.addresses).map(|address| address.address);
        let mut own: Vec<IpAddr> = addresses.filter(is_dialled).collect();
        own.sort_by_key(IpAddr::is_ipv6);
        Ok(Listen { at, token, own, wait, lines: None })
    }
}

/// Addresses of one link are of no use to others.
fn is_dialled(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_link_local(),
        IpAddr::V6(ip) => !ip.is_unicast_link_local(),
    }
}

impl Means for Listen {
    fn signalling(&self) -> &'static str {
        "tcp"
    }

    fn part(&self) -> Part {
        Part::Answer
    }

    async fn begin(&mut self, aside: &Aside<'_>) -> Result<Begun, Stop> {
        let listening = signal::listen(&self.at, &self.token.text).await;
        let mut listening = listening.or_else(|why| usage(format!("--listen {}: {why}", visible(&self.at))))?;
        aside.with(|ui| self.invite(&listening, ui));
        match signal::within(self.wait, self.somebody(&mut listening, aside)).await {
            Some(lines) => {
                self.lines = Some(lines);
                Ok(Begun::default())
            }
            None => Err(Stop::CannotRun(format!(
                "nobody with the token has dialled {} within {} s; --wait waits longer",
                visible(&self.at),
                self.wait.as_secs_f64()
            ))),
        }
    }

    async fn carry(&mut self, ours: Ours, theirs: &Theirs, aside: &Aside<'_>) -> Result<(), Stop> {
        carry(self.lines.take(), ours, theirs, aside).await
    }
}

impl Listen {
    /// What is to be typed on the other machine. A token that was made up here is shown, as it has to be carried.
    fn invite(&self, listening: &Listening, ui: &mut Ui) {
        let Some(local) = listening.local() else { return };
        let hosts: Vec<String> = match local.ip().is_unspecified() {
            true => self.own.iter().map(|ip| SocketAddr::new(*ip, local.port()).to_string()).collect(),
            false => vec![local.to_string()],
        };
        let token = match self.token.made_up {
            true => format!("RTCPROBE_TOKEN={} ", self.token.text),
            false => String::new(),
        };
        let first = hosts.first().cloned().unwrap_or_else(|| local.to_string());
        ui.show(&format!("listening; on the other machine, run:\n\n  {token}rtcprobe connect --dial {first}\n"));
        if let [_, others @ ..] = &hosts[..]
            && !others.is_empty()
        {
            ui.say(&format!("(this machine can also be dialled at {})", others.join(", ")));
        }
    }

    async fn somebody(&self, listening: &mut Listening, aside: &Aside<'_>) -> Lines {
        let mut strangers = 0;
        loop {
            match listening.next().await {
                Ok((lines, from)) => {
                    aside.detail(&format!("dialled from {from}"));
                    return lines;
                }
                Err(Stranger { from, kind }) => {
                    strangers += 1;
                    match kind {
                        _ if strangers > STRANGERS => {}
                        StrangerKind::WrongToken => {
                            aside.warn(&format!(
                                "{from} dialled with another token and was not let in; still listening"
                            ));
                        }
                        StrangerKind::Foreign => {
                            aside.detail(&format!("{from} dialled, but does not speak as rtcprobe does"));
                        }
                    }
                }
            }
        }
    }
}

/// The side that dials.
pub struct Dial {
    pub to: String,
    pub token: String,
    pub wait: Duration,
    pub lines: Option<Lines>,
}

impl Means for Dial {
    fn signalling(&self) -> &'static str {
        "tcp"
    }

    fn part(&self) -> Part {
        Part::Offer
    }

    async fn begin(&mut self, _aside: &Aside<'_>) -> Result<Begun, Stop> {
        let to = visible(&self.to);
        if self.to.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
            return usage(format!("--dial {to}: write host and port, such as host.example.org:4000"));
        }
        match signal::dial(&self.to, &self.token, self.wait).await {
            Ok(lines) => {
                self.lines = Some(lines);
                Ok(Begun::default())
            }
            Err(NoDial::WrongToken) => usage(format!(
                "--dial {to}: the side that listens there knows another token; use the one that it printed"
            )),
            Err(NoDial::Foreign(why)) => Err(Stop::CannotRun(format!(
                "--dial {to}: somebody answers there, but not `rtcprobe connect --listen`: {}",
                visible(&why)
            ))),
            Err(NoDial::Nobody(why)) => Err(Stop::CannotRun(format!(
                "--dial {to}: {} (tried for {} s); is `rtcprobe connect --listen` running there, and the port open?",
                visible(&why),
                self.wait.as_secs_f64()
            ))),
        }
    }

    async fn carry(&mut self, ours: Ours, theirs: &Theirs, aside: &Aside<'_>) -> Result<(), Stop> {
        carry(self.lines.take(), ours, theirs, aside).await
    }
}

async fn carry(lines: Option<Lines>, ours: Ours, theirs: &Theirs, aside: &Aside<'_>) -> Result<(), Stop> {
    let Some(mut lines) = lines else { return Ok(()) };
    match converse(&mut lines, ours, theirs, aside).await? {
        End::Theirs(why) if !theirs.described() => {
            let why = why.unwrap_or_else(|| "it ended the connection".into());
            Err(Stop::CannotRun(format!("the other side has gone before it described itself: {}", visible(&why))))
        }
        End::Theirs(Some(why)) => {
            aside.detail(&format!("the connection for signalling has ended: {}", visible(&why)));
            Ok(())
        }
        _ => Ok(()),
    }
}
