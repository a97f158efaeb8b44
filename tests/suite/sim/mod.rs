//! Machines over a simulated network.

mod nat;
mod check;
mod network;
mod packets;
mod scenario;
mod streams;
mod turn;
mod world;
mod zone;
