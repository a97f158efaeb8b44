//! The experiments: one question each, ending in facts.

pub mod explain;
pub mod gather;
pub mod tls;
pub mod turn;
