//! Machines over a simulated network: scenarios, and the server by hand-written requests.

mod packets;
mod streams;
mod world;
mod zone;

pub use world::{HostId, Link, Log, World};
pub use zone::Reply;
