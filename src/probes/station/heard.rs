use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use super::Data;
use crate::machine::{Ending, Icmp, Time};
use crate::report::Form;
use crate::wire::attribute;
use crate::wire::channel_data;
use crate::wire::framing::Deframer;
use crate::wire::message::{Class, Message, Method};

/// Messages and data that nobody has asked for yet; the oldest give way.
const UNREAD: usize = 1024;

#[derive(Default)]
pub(super) struct Heard {
    pub(super) deframer: Deframer,
    pub(super) messages: VecDeque<(Time, SocketAddr, Message)>,
    pub(super) data: VecDeque<Data>,
    pub(super) icmp: Option<(Time, Icmp)>,
    pub(super) closed: Option<Ending>,
    pub(super) garbage: Option<Vec<u8>>,
    pub(super) channels: HashMap<u16, SocketAddr>,
    /// Rises with everything that comes in.
    pub(super) count: u64,
}

impl Heard {
    pub(super) fn frame(&mut self, server: SocketAddr, from: SocketAddr, bytes: Vec<u8>, at: Time) {
        if let Ok(message) = Message::decode(&bytes)
            && message.cookie
        {
            if from == server && message.class == Class::Indication && message.method == Method::DATA {
                let peer = message.address(attribute::XOR_PEER_ADDRESS);
                if let (Some(peer), Some(data)) = (peer, message.get(attribute::DATA)) {
                    self.keep(Data { peer, bytes: data.to_vec(), form: Some(Form::Send), at });
                }
            } else {
                if self.messages.len() == UNREAD {
                    self.messages.pop_front();
                }
                self.messages.push_back((at, from, message));
            }
            return;
        }
        if from != server {
            self.keep(Data { peer: from, bytes, form: None, at });
            return;
        }
        if let Some(message) = channel_data::decode(&bytes)
            && let Some(peer) = self.channels.get(&message.channel)
        {
            let data = Data { peer: *peer, bytes: message.data.to_vec(), form: Some(Form::Channel), at };
            self.keep(data);
        }
    }

    fn keep(&mut self, data: Data) {
        if self.data.len() == UNREAD {
            self.data.pop_front();
        }
        self.data.push_back(data);
    }
}
