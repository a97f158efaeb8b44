//! The way of a request through the server: faults, credentials, the method, the answer.

use std::net::SocketAddr;
use std::time::Duration;

use super::answer::{Answer, Asked, Problem, Signature, Step, error_code};
use super::auth::Denied;
use super::event::Event;
use super::faults::{Fault, Personality};
use super::{Later, Role, Route, Server};
use crate::machine::{Socket, Time};
use crate::wire::attribute::{self, Value};
use crate::wire::integrity::Fingerprint;
use crate::wire::message::{Class, Message, Method, looks_like_stun};
use crate::wire::uri::Transport;

impl Server {
    /// A datagram, or one frame of a stream.
    pub(super) fn datagram(&mut self, now: Time, route: Route, bytes: &[u8]) {
        if !looks_like_stun(bytes) {
            self.take_channel_data(now, route, bytes);
        } else if let Ok(message) = Message::decode(bytes) {
            self.message(now, route, &message);
        }
    }

    fn message(&mut self, now: Time, route: Route, message: &Message) {
        if message.cookie {
            // A message that is not what it was when it left is none (RFC 8489 §6.3).
            if message.fingerprint() == Fingerprint::Invalid {
                return;
            }
        } else if !self.config.rfc3489 || message.method != Method::BINDING || route.transport == Transport::Dtls {
            // RFC 7350 §3: no RFC 3489 over DTLS.
            return;
        }
        match message.class {
            Class::Request => self.request(now, route, message),
            Class::Indication if message.method == Method::SEND => self.send_indication(now, route, message),
            _ => {}
        }
    }

    fn request(&mut self, now: Time, route: Route, message: &Message) {
        let faults = self.tally.draw(&self.config.faults, message);
        for fault in &faults {
            self.say(Event::Misbehaved { client: route.client, fault: name(fault) });
        }
        let deaf = faults.contains(&Fault::DropChange) && message.has(attribute::CHANGE_REQUEST);
        if deaf || faults.contains(&Fault::Drop) {
            return;
        }
        let client = route.client;
        let error = faults.iter().find_map(|fault| fault.error(message, || self.challenge_values(now, client)));
        if let Some((answer, signed)) = error {
            let signature = match self.authenticate(now, &route, message) {
                Ok(identity) => identity.signature,
                Err(denied) => denied.signature,
            };
            self.reply(now, &route, answer.signed(signature.filter(|_| signed)), &faults);
            return;
        }
        let asked = Asked { route, message, faults };
        match self.perform(now, &asked) {
            Ok(Step::Answer(answer)) => self.reply(now, &route, answer, &asked.faults),
            Ok(Step::Later | Step::Silence) => {}
            Err(denied) => {
                let answer = self.refusal(now, &route, message, denied);
                self.reply(now, &route, answer, &asked.faults);
            }
        }
    }

    /// Checks in the order of RFC 8489 §6.3.1: who asks, what is not understood, then the method.
    fn perform(&mut self, now: Time, asked: &Asked<'_>) -> Result<Step, Denied> {
        let (message, method) = (asked.message, asked.message.method);
        let binding = method == Method::BINDING;
        let turn = !self.config.relay.is_empty() && self.config.faults.personality != Personality::Rfc3489;
        let known = binding || turn && is_turn(method);
        if !known {
            // A method that is not known is no request (RFC 8489 §6.3).
            return Ok(Step::Silence);
        }
        let identity = if !binding || (self.config.authenticate_binding && message.cookie) {
            self.authenticate(now, &asked.route, message)?
        } else {
            super::auth::Identity::default()
        };
        let mut unknown = message.not_understood();
        if message.has(attribute::DONT_FRAGMENT) && !self.config.dont_fragment {
            unknown.push(attribute::DONT_FRAGMENT);
        }
        unknown.extend(self.config.unheard_of.iter().filter(|kind| message.has(**kind)));
        let signature = identity.signature.clone();
        if !unknown.is_empty() {
            if self.config.faults.personality == Personality::NodeTurn {
                return Ok(Step::Silence);
            }
            let problem = Problem::new(420, "Unknown Attribute").with(Value::UnknownAttributes(unknown));
            return Err(Denied { problem, signature });
        }
        let step = match method {
            Method::BINDING => self.bind(asked, signature.clone()),
            Method::ALLOCATE => self.allocate(now, asked, identity),
            Method::REFRESH => self.refresh(now, asked, identity),
            Method::CREATE_PERMISSION => self.create_permission(now, asked, identity),
            Method::CHANNEL_BIND => self.bind_channel(now, asked, identity),
            Method::CONNECT => self.connect(now, asked, identity),
            _ => self.bind_connection(now, asked, identity),
        };
        step.map_err(|problem| Denied { problem, signature })
    }

    /// The error response for a refusal.
    pub(super) fn refusal(&mut self, now: Time, route: &Route, message: &Message, denied: Denied) -> Answer {
        let Denied { problem, signature } = denied;
        let mut answer = Answer::to(message, Class::Error).with(error_code(problem.code, problem.reason.as_bytes()));
        answer.values.extend(problem.values);
        if problem.challenge {
            answer.values.extend(self.challenge_values(now, route.client));
        }
        answer.signed(signature)
    }

    /// Sends an answer, spoiled by whatever faults fell on its request.
    pub(super) fn reply(&mut self, now: Time, route: &Route, mut answer: Answer, faults: &[Fault]) {
        self.report(route, &answer);
        for fault in faults {
            fault.spoil(&mut answer);
        }
        if let Some(software) = &self.config.software
            && answer.classic.is_none()
            && self.config.faults.personality == Personality::Ours
        {
            answer.values.push(Value::Raw(attribute::SOFTWARE, software.clone()));
        }
        let mut bytes = answer.encode();
        let mut socket = answer.from.unwrap_or(route.socket);
        let to = answer.to.unwrap_or(route.client);
        let mut at = now;
        let mut copies = 1;
        let mut gap = None;
        for fault in faults {
            match fault {
                Fault::Replace(instead) => bytes.clone_from(instead),
                Fault::Truncate(length) | Fault::CutAndClose(length) => bytes.truncate(*length),
                Fault::Delay(wait) => at = at + *wait,
                Fault::Duplicate => copies = 2,
                Fault::Trickle(wait) if route.transport != Transport::Udp => gap = Some(*wait),
                Fault::FromElsewhere if route.transport == Transport::Udp => {
                    socket = self.spare(route.local).unwrap_or(socket);
                }
                _ => {}
            }
        }
        for _ in 0..copies {
            match gap {
                None if at <= now => self.send(socket, to, bytes.clone()),
                None => self.put_off(at, Later::Send { socket, to, bytes: bytes.clone() }),
                Some(gap) => at = self.trickle(at, gap, socket, to, &bytes),
            }
        }
        if faults.iter().any(|fault| matches!(fault, Fault::CutAndClose(_))) && route.transport != Transport::Udp {
            self.put_off(at, Later::Close(route.socket));
        }
    }

    fn trickle(&mut self, mut at: Time, gap: Duration, socket: Socket, to: SocketAddr, bytes: &[u8]) -> Time {
        for byte in bytes {
            self.put_off(at, Later::Send { socket, to, bytes: vec![*byte] });
            at = at + gap;
        }
        at
    }

    /// A socket on the same address that nobody asked.
    fn spare(&self, local: SocketAddr) -> Option<Socket> {
        let mut roles = self.roles.iter();
        roles.find_map(|(socket, role)| match role {
            Role::Spare { local: own } if own.ip() == local.ip() && own.port() != 0 => Some(*socket),
            _ => None,
        })
    }

    fn report(&mut self, route: &Route, answer: &Answer) {
        let (client, transport, method) = (route.client, route.transport, answer.method);
        let error = answer.values.iter().find_map(|value| match value {
            Value::Raw(attribute::ERROR_CODE, bytes) => Some(bytes),
            _ => None,
        });
        self.say(match error.and_then(|bytes| bytes.split_first_chunk::<4>()) {
            Some((&[_, _, class, number], phrase)) => Event::Refused {
                client,
                transport,
                method,
                code: u16::from(class) * 100 + u16::from(number),
                reason: String::from_utf8_lossy(phrase).into_owned(),
            },
            None => Event::Answered { client, transport, method },
        });
    }
}

fn is_turn(method: Method) -> bool {
    matches!(
        method,
        Method::ALLOCATE
            | Method::REFRESH
            | Method::CREATE_PERMISSION
            | Method::CHANNEL_BIND
            | Method::CONNECT
            | Method::CONNECTION_BIND
    )
}

/// The fault's name without what it carries.
fn name(fault: &Fault) -> String {
    let text = format!("{fault:?}");
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_string()
}

/// Whoever has the credentials of `signature` gets a signed success.
pub(super) fn success(message: &Message, signature: Option<Signature>) -> Answer {
    Answer::to(message, Class::Success).signed(signature)
}
