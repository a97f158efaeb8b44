//! The conversations as state machines: STUN transactions, long-term authentication, TURN
//! allocations, the resolution of server names.

pub mod auth;
pub mod schedule;
