use std::collections::HashMap;

use crate::wire::attribute as a;
use crate::wire::message::{Class, Message, Method, TransactionId};

/// How many transactions are remembered; a long measurement forgets the oldest ones' names at once.
const REMEMBERED: usize = 4096;

/// Which step of a check each message belongs to, and which copy of it it is.
#[derive(Default)]
pub struct Steps {
    /// Transaction to its step, copies sent, answers received.
    transactions: HashMap<TransactionId, (&'static str, u32, u32)>,
}

impl Steps {
    /// What to say of a message that is sent.
    pub fn sent(&mut self, bytes: &[u8]) -> String {
        let Some(message) = read(bytes) else { return data(bytes, "relay-send") };
        if message.class == Class::Indication {
            return format!("step {}", of(&message));
        }
        self.make_room();
        let (step, copies, _) = self.transactions.entry(message.transaction).or_insert((of(&message), 0, 0));
        *copies += 1;
        match *copies {
            1 => format!("step {step}"),
            copies => format!("step {step}, retransmission {}", copies - 1),
        }
    }

    /// What to say of a message that came.
    pub fn received(&mut self, bytes: &[u8]) -> String {
        let Some(message) = read(bytes) else { return data(bytes, "relay-receive") };
        if !matches!(message.class, Class::Success | Class::Error) {
            return format!("step {}", of(&message));
        }
        match self.transactions.get_mut(&message.transaction) {
            None => "answer to nothing that was asked".to_owned(),
            Some((step, copies, answers)) => {
                *answers += 1;
                match (*copies, *answers) {
                    (_, answers @ 2..) => format!("step {step}, answer {answers}"),
                    (copies @ 2.., _) => format!("step {step}, after {copies} copies"),
                    _ => format!("step {step}"),
                }
            }
        }
    }

    fn make_room(&mut self) {
        if self.transactions.len() >= REMEMBERED {
            self.transactions.clear();
        }
    }
}

fn read(bytes: &[u8]) -> Option<Message> {
    Message::decode(bytes).ok()
}

/// ChannelData begins with a channel number from 0x4000 to 0x4FFF (RFC 8656 §12).
fn data(bytes: &[u8], step: &str) -> String {
    match bytes.first() {
        Some(0x40..=0x4f) => format!("step {step}"),
        _ => "between this machine and the relay".to_owned(),
    }
}

/// The step of a check whose message this is, by what is in it.
fn of(message: &Message) -> &'static str {
    match message.method {
        Method::BINDING => "binding",
        Method::ALLOCATE if message.class == Class::Request && message.get(a::MESSAGE_INTEGRITY).is_none() => {
            "challenge"
        }
        Method::ALLOCATE => "allocate",
        Method::REFRESH if message.lifetime() == Some(0) => "release",
        Method::REFRESH => "refresh",
        Method::CREATE_PERMISSION => "permission",
        Method::CHANNEL_BIND => "channel",
        Method::SEND => "relay-send",
        Method::DATA => "relay-receive",
        Method::CONNECT | Method::CONNECTION_BIND | Method::CONNECTION_ATTEMPT => "tcp-relay",
        _ => "unknown",
    }
}
