//! Options of the protocol: what a server supports beyond a plain UDP relay.
//!
//! That something is not supported is a fact and no failure; a step fails only where the server
//! granted something that then does not work.

mod itself;
mod mobility;
mod tcp;

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use self::itself::Itself;
use super::check::{Check, QUOTA, is_quota};
use super::record::Ending;
use crate::machine::Trust;
use crate::machine::script::{Part, all};
use crate::probes::station::{Reply, Station};
use crate::proto::exchange::Request;
use crate::proto::resolution::Target;
use crate::report::{Cause, OptionTried, StepName};
use crate::wire::attribute::{self, Family, Value};
use crate::wire::message::Message;

/// ADDITIONAL-ADDRESS-FAMILY before it had a number of its own; coturn up to 4.6 speaks it.
const DRAFT_ADDITIONAL_FAMILY: u16 = 0x8032;

/// Of one option, or of two that go together.
type Tried = Vec<OptionTried>;

impl Check {
    /// Tries what was asked for, each with an allocation of its own that is released at once.
    pub(super) async fn options(&self, target: Target) {
        let options = self.config.options;
        let mut parts: Vec<Part<'_, Tried>> = Vec::new();
        if options.ipv6_relay {
            parts.push(Box::pin(self.ipv6_relay(target)));
        }
        if options.dual {
            parts.push(Box::pin(self.dual(target)));
        }
        if options.tcp_relay {
            parts.push(Box::pin(self.tcp_relay(target)));
        }
        if options.even_port {
            parts.push(Box::pin(self.even_port(target)));
        }
        if options.dont_fragment {
            parts.push(Box::pin(self.dont_fragment(target)));
        }
        if options.mobility {
            parts.push(Box::pin(self.mobility(target)));
        }
        if let Some(seconds) = options.lifetime {
            parts.push(Box::pin(self.lifetime(target, seconds)));
        }
        let tried: Tried = all(parts).await.into_iter().flatten().collect();
        self.record.note(|turn| turn.options.extend(tried));
    }

    /// A connection of its own and the answer to an Allocate request on it; `None` without a connection.
    pub(super) async fn ask_for(&self, target: Target, request: Request) -> Option<(Rc<Station>, Reply)> {
        let station = Rc::new(self.connect(target, Trust::Record).await.ok()?);
        let reply = self.allocate_on(&station, request.clone()).await;
        if !is_quota(&reply) {
            return Some((station, reply));
        }
        // What was released a moment ago may count still, and so does what is tried beside this.
        self.hands.sleep(QUOTA).await;
        let station = Rc::new(self.connect(target, Trust::Record).await.ok()?);
        let reply = self.allocate_on(&station, request).await;
        Some((station, reply))
    }

    async fn ipv6_relay(&self, target: Target) -> Tried {
        let name = "ipv6-relay";
        let request = self.allocate().with(Value::RequestedAddressFamily(Family::V6));
        let Some((station, reply)) = self.ask_for(target, request).await else {
            return vec![self.no_connection(name, Some(StepName::Ipv6Relay))];
        };
        let Some(relayed) = relayed(&reply) else {
            return self.not_had(name, Some(StepName::Ipv6Relay), &reply, target);
        };
        let (supported, ending) = if relayed.is_ipv6() {
            let proof = self.to_itself(&station, relayed, false).await;
            (true, Ending::ok(reply.took, format!("{relayed}; {proof}")))
        } else {
            let text = format!("asked for IPv6, the server gave the IPv4 address {relayed} (external-ip of coturn)");
            (false, Ending::failed(Cause::ProtocolError, reply.took, text))
        };
        let detail = ending.detail.clone();
        self.record.step(StepName::Ipv6Relay, ending);
        self.give_back(&station).await;
        vec![tried(name, Some(supported), &reply, detail)]
    }

    async fn dual(&self, target: Target) -> Tried {
        let name = "dual-allocation";
        let request = self.allocate().with(Value::AdditionalAddressFamily(Family::V6));
        let Some((station, reply)) = self.ask_for(target, request).await else {
            return vec![self.no_connection(name, None)];
        };
        let Some(message) = reply.success() else { return self.not_had(name, None, &reply, target) };
        let both = usable(message);
        let refused = message.address_errors();
        self.give_back(&station).await;
        let mut option = tried(name, Some(true), &reply, None);
        option.detail = Some(match (both.as_slice(), refused.first()) {
            ([first, second, ..], _) => format!("{first} and {second}"),
            (_, Some(error)) => {
                option.error_code = Some(error.code);
                option.error_text = Some(error.reason.clone());
                format!("understood, but there is no relayed address of the other family: {}", error.code)
            }
            _ => {
                option.supported = Some(false);
                self.draft_of_dual(target).await
            }
        });
        vec![option]
    }

    /// What a server that ignored the attribute makes of the number it had in the drafts.
    async fn draft_of_dual(&self, target: Target) -> String {
        let ignored = "ADDITIONAL-ADDRESS-FAMILY was ignored";
        let draft = Value::Raw(DRAFT_ADDITIONAL_FAMILY, vec![Family::V6.number(), 0, 0, 0]);
        let Some((station, reply)) = self.ask_for(target, self.allocate().with(draft)).await else {
            return ignored.into();
        };
        let both = reply.success().map(usable);
        if reply.success().is_some() {
            self.give_back(&station).await;
        }
        match both.as_deref() {
            Some([first, second, ..]) => {
                format!(
                    "{ignored} as RFC 8656 numbers it; with the drafts' 0x8032 the server gives {first} and {second}"
                )
            }
            _ => ignored.into(),
        }
    }

    async fn even_port(&self, target: Target) -> Tried {
        let (even, token) = ("even-port", "reservation-token");
        let request = self.allocate().with(Value::EvenPort { reserve: true });
        let Some((station, reply)) = self.ask_for(target, request).await else {
            return vec![self.no_connection(even, None), self.no_connection(token, None)];
        };
        let Some(first) = relayed(&reply) else {
            let mut tried = self.not_had(even, None, &reply, target);
            tried.extend(self.not_had(token, None, &reply, target));
            return tried;
        };
        let is_even = first.port() % 2 == 0;
        let detail =
            if is_even { first.to_string() } else { format!("asked for an even port, the server gave {first}") };
        let mut options = vec![tried(even, Some(is_even), &reply, Some(detail))];
        let reserved = reply.success().and_then(|message| message.get(attribute::RESERVATION_TOKEN));
        options.push(match reserved.and_then(|token| <[u8; 8]>::try_from(token).ok()) {
            Some(reserved) => self.reserved(target, first, reserved).await,
            None => tried(token, Some(false), &reply, Some("no port was reserved".into())),
        });
        self.give_back(&station).await;
        options
    }

    /// Asks for the reserved port while the even one is held.
    async fn reserved(&self, target: Target, first: SocketAddr, token: [u8; 8]) -> OptionTried {
        let name = "reservation-token";
        let request = self.allocate().with(Value::ReservationToken(token));
        let Some((station, reply)) = self.ask_for(target, request).await else { return self.no_connection(name, None) };
        let Some(second) = relayed(&reply) else {
            let (text, _) = self.why_not(&reply, target);
            return tried(name, Some(false), &reply, Some(format!("a token was given, but not honoured: {text}")));
        };
        self.give_back(&station).await;
        let next = first.port().checked_add(1) == Some(second.port());
        let detail = if next { format!("{first} and {second}") } else { format!("{second} does not follow {first}") };
        tried(name, Some(next), &reply, Some(detail))
    }

    async fn dont_fragment(&self, target: Target) -> Tried {
        let name = "dont-fragment";
        let request = self.allocate().with(Value::DontFragment);
        let Some((station, reply)) = self.ask_for(target, request).await else {
            return vec![self.no_connection(name, None)];
        };
        let Some(relayed) = relayed(&reply) else { return self.not_had(name, None, &reply, target) };
        let detail = match self.to_itself(&station, relayed, true).await {
            // Whether it is this or the way to itself that is missing, the plain one tells.
            Itself::Silence => match self.to_itself(&station, relayed, false).await {
                Itself::Arrived => "granted, but datagrams sent with it do not arrive".to_string(),
                _ => "granted; not tried with data, which finds no way to its own relayed address".to_string(),
            },
            proof => format!("granted; {proof}"),
        };
        self.give_back(&station).await;
        vec![tried(name, Some(true), &reply, Some(detail))]
    }

    async fn lifetime(&self, target: Target, seconds: u32) -> Tried {
        let name = "lifetime";
        let request = self.allocate().with(Value::Lifetime(seconds));
        let Some((station, reply)) = self.ask_for(target, request).await else {
            return vec![self.no_connection(name, None)];
        };
        let Some(granted) = reply.success().and_then(Message::lifetime) else {
            return self.not_had(name, None, &reply, target);
        };
        self.give_back(&station).await;
        let detail = format!("asked for {seconds} s, granted {granted} s");
        vec![tried(name, Some(granted == seconds), &reply, Some(detail))]
    }

    fn no_connection(&self, name: &str, step: Option<StepName>) -> OptionTried {
        let why = "no further connection to the server could be had";
        if let Some(step) = step {
            self.record.step(step, Ending::skipped(why));
        }
        let detail = Some(why.into());
        OptionTried { name: name.into(), supported: None, error_code: None, error_text: None, detail }
    }

    /// An option that the server does not give, and its step.
    fn not_had(&self, name: &str, step: Option<StepName>, reply: &Reply, target: Target) -> Tried {
        let (text, supported) = self.why_not(reply, target);
        if let Some(step) = step {
            let why = if supported == Some(false) { "not supported" } else { "not found out" };
            let ending = Ending::skipped(format!("{why}: {text}"));
            self.record.step(
                step,
                match reply.error() {
                    Some((code, phrase, _)) => ending.coded(code, phrase),
                    None => ending,
                },
            );
        }
        vec![tried(name, supported, reply, Some(text))]
    }

    /// Why there is no success, and whether that is an answer about the option.
    fn why_not(&self, reply: &Reply, target: Target) -> (String, Option<bool>) {
        let supported = match reply.error() {
            // What a server says that does not know the option, or does not want it.
            Some((400 | 403..=405 | 420 | 440 | 442 | 443, ..)) => Some(false),
            _ => None,
        };
        (reply.explain("Allocate", target).text, supported)
    }
}

/// The first relayed address of a success.
fn relayed(reply: &Reply) -> Option<SocketAddr> {
    reply.success()?.address(attribute::XOR_RELAYED_ADDRESS)
}

/// The relayed addresses, without the 0.0.0.0:0 that coturn gives for a family that it has not.
fn usable(message: &Message) -> Vec<SocketAddr> {
    let mut addresses = message.addresses(attribute::XOR_RELAYED_ADDRESS);
    addresses.retain(|address| address.port() != 0 && !address.ip().is_unspecified());
    addresses
}

fn tried(name: &str, supported: Option<bool>, reply: &Reply, detail: Option<String>) -> OptionTried {
    let error = reply.error().map(|(code, phrase, _)| (code, phrase.to_string()));
    OptionTried {
        name: name.into(),
        supported,
        error_code: error.as_ref().map(|(code, _)| *code),
        error_text: error.map(|(_, phrase)| phrase),
        detail,
    }
}

/// From now until data is given up that nobody retransmits.
const PATIENCE: Duration = Duration::from_millis(600);
