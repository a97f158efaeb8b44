use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::{Ending, Icmp, Input, Lookup, LookupFailure, Record, Refusal, Secure, Socket};

/// An [`Input`] that can be kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Happened {
    Tick,
    Connected {
        socket: Socket,
        local: SocketAddr,
    },
    Opened {
        socket: Socket,
        local: SocketAddr,
        secure: Option<Box<Secure>>,
    },
    Refused {
        socket: Socket,
        why: Refusal,
    },
    Accepted {
        listener: Socket,
        socket: Socket,
        local: SocketAddr,
        from: SocketAddr,
    },
    Received {
        socket: Socket,
        from: SocketAddr,
        #[serde(with = "base64")]
        bytes: Vec<u8>,
    },
    Unreachable {
        socket: Socket,
        to: SocketAddr,
        icmp: Icmp,
    },
    Closed {
        socket: Socket,
        why: Ending,
    },
    Answered {
        lookup: Lookup,
        answer: Result<Vec<Record>, LookupFailure>,
    },
    Told {
        text: String,
    },
    Stop,
}

impl From<&Input<'_>> for Happened {
    fn from(input: &Input<'_>) -> Happened {
        match *input {
            Input::Tick => Happened::Tick,
            Input::Connected { socket, local } => Happened::Connected { socket, local },
            Input::Opened { socket, local, secure } => {
                Happened::Opened { socket, local, secure: secure.cloned().map(Box::new) }
            }
            Input::Refused { socket, why } => Happened::Refused { socket, why: why.clone() },
            Input::Accepted { listener, socket, local, from } => Happened::Accepted { listener, socket, local, from },
            Input::Received { socket, from, bytes } => Happened::Received { socket, from, bytes: bytes.to_vec() },
            Input::Unreachable { socket, to, icmp } => Happened::Unreachable { socket, to, icmp },
            Input::Closed { socket, why } => Happened::Closed { socket, why: why.clone() },
            Input::Answered { lookup, answer } => Happened::Answered { lookup, answer: answer.clone() },
            Input::Told { text } => Happened::Told { text: text.to_owned() },
            Input::Stop => Happened::Stop,
        }
    }
}

impl Happened {
    /// As a machine takes it.
    #[must_use]
    pub fn input(&self) -> Input<'_> {
        match self {
            Happened::Tick => Input::Tick,
            Happened::Connected { socket, local } => Input::Connected { socket: *socket, local: *local },
            Happened::Opened { socket, local, secure } => {
                Input::Opened { socket: *socket, local: *local, secure: secure.as_deref() }
            }
            Happened::Refused { socket, why } => Input::Refused { socket: *socket, why },
            Happened::Accepted { listener, socket, local, from } => {
                Input::Accepted { listener: *listener, socket: *socket, local: *local, from: *from }
            }
            Happened::Received { socket, from, bytes } => Input::Received { socket: *socket, from: *from, bytes },
            Happened::Unreachable { socket, to, icmp } => Input::Unreachable { socket: *socket, to: *to, icmp: *icmp },
            Happened::Closed { socket, why } => Input::Closed { socket: *socket, why },
            Happened::Answered { lookup, answer } => Input::Answered { lookup: *lookup, answer },
            Happened::Told { text } => Input::Told { text },
            Happened::Stop => Input::Stop,
        }
    }
}

/// Bytes as text.
mod base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
