//! Machines over a simulated network.

mod check;
mod connect;
mod ice;
mod keep;
mod nat;
mod nat_beside;
mod network;
mod packets;
mod scenario;
mod streams;
mod turn;
mod world;
mod zone;
