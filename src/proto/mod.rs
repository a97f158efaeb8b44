//! The conversations as state machines: STUN transactions, long-term authentication, TURN
//! allocations, the resolution of server names.

pub mod allocation;
pub mod auth;
pub mod exchange;
pub mod ice;
pub mod resolution;
pub mod schedule;
pub mod transaction;
pub mod whip;
