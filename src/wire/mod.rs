//! Everything with a grammar: STUN messages (over `stun-rs`), channel data, stream framing,
//! candidate lines, ICE server URIs, server lists, REST API credentials.
//!
//! Pure functions over bytes and text. Whatever comes in, nothing here panics.

pub mod attribute;
mod builder;
pub mod candidate;
pub mod channel_data;
mod fields;
pub mod framing;
pub mod ice_servers;
pub mod integrity;
pub mod message;
pub mod rest;
pub mod uri;
mod value;
