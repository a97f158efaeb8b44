//! Binding, the NAT behaviour discovery of RFC 5780, and the clients of RFC 3489.

use std::net::SocketAddr;

use super::answer::{Answer, Asked, Problem, Step};
use super::faults::{Fault, Personality};
use super::{Server, Signature};
use crate::machine::Socket;
use crate::wire::attribute::{self, Value};
use crate::wire::message::Class;
use crate::wire::uri::Transport;

/// PADDING in a response is the MTU of the outgoing interface, rounded down to a multiple of four
/// (RFC 5780 §6.1). Ethernet's, whatever the interface is.
const PADDING: u16 = 1500;

/// The four sockets of RFC 5780: `sockets[ip][port]`.
#[derive(Debug, Clone)]
pub(super) struct Quad {
    pub sockets: [[(Socket, SocketAddr); 2]; 2],
}

impl Quad {
    /// Where that socket stands.
    fn place(&self, socket: Socket) -> Option<(usize, usize)> {
        [(0, 0), (0, 1), (1, 0), (1, 1)].into_iter().find(|&(ip, port)| self.sockets[ip][port].0 == socket)
    }
}

impl Server {
    pub(super) fn bind(&mut self, asked: &Asked<'_>, signature: Option<Signature>) -> Result<Step, Problem> {
        let (route, message) = (&asked.route, asked.message);
        let change = change_request(message.get(attribute::CHANGE_REQUEST));
        let padding = message.has(attribute::PADDING);
        let response_port = message.get(attribute::RESPONSE_PORT).and_then(|value| value.first_chunk::<2>());
        let response_port = response_port.map(|port| u16::from_be_bytes(*port));
        if route.transport != Transport::Udp && (change.is_some() || padding || response_port.is_some()) {
            return Err(Problem::new(400, "Applicable only to UDP"));
        }
        if padding && response_port.is_some() {
            // RFC 5780 §6.1: the two together would make an amplifier.
            return Err(Problem::new(400, "Bad Request"));
        }
        let quad = self.quads.iter().find_map(|quad| Some((quad, quad.place(route.socket)?)));
        let old = !message.cookie || self.config.faults.personality == Personality::Rfc3489;
        let mut answer = Answer::to(message, Class::Success);
        let mut origin = route.local;
        let mut other = None;
        match (quad, change) {
            (Some((quad, (ip, port))), change) => {
                let (mut change_ip, mut change_port) = change.unwrap_or((false, false));
                for fault in &asked.faults {
                    if let Fault::IgnoreChange { address, port } = fault {
                        change_ip &= !address;
                        change_port &= !port;
                    }
                }
                let (socket, from) = quad.sockets[ip ^ usize::from(change_ip)][port ^ usize::from(change_port)];
                answer.from = Some(socket);
                origin = from;
                other = Some(quad.sockets[ip ^ 1][port ^ 1].1);
            }
            (None, Some((false, false)) | None) => {}
            // RFC 5780 §6.1: a server with one address cannot, and says so.
            (None, Some(_)) => {
                let unknown = Value::UnknownAttributes(vec![attribute::CHANGE_REQUEST]);
                return Err(Problem::new(420, "Unknown Attribute").with(unknown));
            }
        }
        let seen = route.seen();
        if old {
            answer.values.push(Value::MappedAddress(seen));
            answer.values.push(plain_address(attribute::SOURCE_ADDRESS, origin));
            answer.values.push(plain_address(attribute::CHANGED_ADDRESS, other.unwrap_or(origin)));
        } else {
            answer.values.push(Value::XorMappedAddress(seen));
            if self.config.mapped_address {
                answer.values.push(Value::MappedAddress(seen));
            }
            if !origin.ip().is_unspecified() {
                answer.values.push(Value::ResponseOrigin(origin));
            }
            answer.values.extend(other.map(Value::OtherAddress));
            if padding {
                answer.values.push(Value::Padding(PADDING));
            }
        }
        answer.to = response_port.map(|port| SocketAddr::new(route.client.ip(), port));
        Ok(Step::Answer(answer.signed(signature)))
    }
}

/// The flags of CHANGE-REQUEST: address, port (RFC 5780 §7.2).
fn change_request(value: Option<&[u8]>) -> Option<(bool, bool)> {
    let flags = value?.get(3)?;
    Some((flags & 4 != 0, flags & 2 != 0))
}

/// An address in the format of MAPPED-ADDRESS under another type, as RFC 3489 has them.
fn plain_address(kind: u16, address: SocketAddr) -> Value {
    let port = address.port().to_be_bytes();
    let value = match address {
        SocketAddr::V4(address) => [&[0, 1], port.as_slice(), &address.ip().octets()].concat(),
        SocketAddr::V6(address) => [&[0, 2], port.as_slice(), &address.ip().octets()].concat(),
    };
    Value::Raw(kind, value)
}
