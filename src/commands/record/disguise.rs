use std::collections::HashMap;

use crate::machine::{Happened, Input, Output, Socket, Want};
use crate::proto::auth::Credentials;
use crate::wire::attribute::REALM;
use crate::wire::framing::{Deframer, Frame};
use crate::wire::integrity::{Key, KeyAlgorithm, Preparation};
use crate::wire::message::Message;

/// Realms that are remembered; a server that invents more is not believed in any.
const REALMS: usize = 64;

/// Takes the passwords out of what is recorded: each gets a stand-in, and what a server signed with
/// the password is signed with the stand-in, so that a replay verifies it just so.
#[derive(Default)]
pub struct Disguise {
    /// User name, password, stand-in.
    known: Vec<(String, String, String)>,
    realms: Vec<Vec<u8>>,
    keys: Vec<(Key, Key)>,
    streams: HashMap<Socket, Stream>,
}

/// Bytes that came down a stream and are not a whole message yet.
struct Stream {
    frames: Deframer,
    pending: Vec<u8>,
    lost: bool,
}

impl Disguise {
    /// The credentials as they may be written down.
    pub fn stand_in(&mut self, credentials: &Credentials) -> Credentials {
        let Credentials { username, password } = credentials;
        let number = self.known.len() + 1;
        let known = self.known.iter().find(|(user, pass, _)| user == username && pass == password);
        let stand_in = match known {
            Some((_, _, stand_in)) => stand_in.clone(),
            None => {
                let stand_in = format!("stand-in-{number}");
                self.known.push((username.clone(), password.clone(), stand_in.clone()));
                stand_in
            }
        };
        Credentials { username: username.clone(), password: stand_in }
    }

    /// Takes note of what the machine wants.
    pub fn out<E>(&mut self, output: &Output<E>) {
        match output {
            Output::Open { socket, want: Want::Tcp { .. } | Want::Tls { .. } } => {
                let stream = Stream { frames: Deframer::new(), pending: Vec::new(), lost: false };
                self.streams.insert(*socket, stream);
            }
            Output::Open { socket, .. } | Output::Close { socket } => {
                self.streams.remove(socket);
            }
            _ => {}
        }
    }

    /// What happened, as it may be written down.
    pub fn happened(&mut self, input: &Input<'_>) -> Happened {
        let Input::Received { socket, from, bytes } = *input else { return input.into() };
        let bytes = match self.streams.remove(&socket) {
            None => self.message(bytes),
            Some(mut stream) => {
                let bytes = self.piece(&mut stream, bytes);
                self.streams.insert(socket, stream);
                bytes
            }
        };
        match bytes.is_empty() {
            // A part of a message; it is written down when it is whole.
            true => Happened::Tick,
            false => Happened::Received { socket, from, bytes },
        }
    }

    fn piece(&mut self, stream: &mut Stream, bytes: &[u8]) -> Vec<u8> {
        if stream.lost {
            return bytes.to_vec();
        }
        stream.frames.push(bytes);
        stream.pending.extend_from_slice(bytes);
        let mut whole = Vec::new();
        while let Some(frame) = stream.frames.next_frame() {
            match frame {
                Frame::Stun(frame) => {
                    whole.extend(self.message(&frame));
                    stream.pending.drain(..frame.len().min(stream.pending.len()));
                }
                Frame::ChannelData(frame) => {
                    let padded = frame.len().next_multiple_of(4);
                    whole.extend_from_slice(&frame);
                    whole.extend(std::iter::repeat_n(0, padded - frame.len()));
                    stream.pending.drain(..padded.min(stream.pending.len()));
                }
                Frame::Garbage(_) => {
                    whole.append(&mut stream.pending);
                    stream.lost = true;
                }
            }
        }
        whole
    }

    fn message(&mut self, bytes: &[u8]) -> Vec<u8> {
        let Ok(message) = Message::decode(bytes) else { return bytes.to_vec() };
        if let Some(realm) = message.get(REALM) {
            self.learn(realm);
        }
        self.keys.iter().find_map(|(key, stand_in)| message.signed_anew(key, stand_in)).unwrap_or(bytes.to_vec())
    }

    fn learn(&mut self, realm: &[u8]) {
        if self.realms.len() >= REALMS || self.realms.iter().any(|known| known == realm) {
            return;
        }
        self.realms.push(realm.to_vec());
        for (username, password, stand_in) in &self.known {
            for how in [KeyAlgorithm::Md5, KeyAlgorithm::Sha256] {
                let key = |password| Key::long_term(username, realm, password, how, Preparation::Opaque);
                self.keys.push((key(password), key(stand_in)));
            }
        }
    }
}
