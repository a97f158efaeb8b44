//! Everything with a grammar: STUN messages (over `stun-rs`), channel data, stream framing,
//! candidate lines, SDP, what two agents tell one another, ICE server URIs, server lists, REST API
//! credentials, multicast DNS, what home routers speak.
//!
//! Pure functions over bytes and text. Whatever comes in, nothing here panics.
//!
//! `stun-rs` prepares names and passwords (OpaqueString) and gives the second opinion on a message
//! ([`message::Message::objection`]); the tests hold reader, builder, keys and integrity to it in both
//! directions. The reader is our own because `stun-rs` gives up a whole message for one attribute that
//! it cannot read, and such messages are what a diagnosis is about: texts that are no UTF-8, families
//! and error classes that do not exist, a last attribute without padding, a shortened HMAC, messages
//! of RFC 3489. The builder is our own because a client has to send back realm and nonce byte for
//! byte, and because `stun-rs` cannot write RFC 6062, ALTERNATE-DOMAIN or an unknown attribute.

pub mod attribute;
mod builder;
pub mod candidate;
pub mod capture;
pub mod channel_data;
pub mod describe;
pub mod echo;
mod fields;
pub mod framing;
pub mod gateway;
pub mod ice_servers;
pub mod integrity;
pub mod link;
pub mod mdns;
pub mod media;
pub mod message;
pub mod rest;
pub mod sdp;
pub mod sdpfrag;
pub mod signal;
pub mod uri;
mod value;
