//! The experiments: one question each, ending in facts.

pub mod check;
pub mod connect;
pub mod explain;
mod faces;
pub mod gather;
pub mod nat;
mod resolve;
mod station;
pub mod tls;
pub mod turn;
mod weather;
