//! `rtcprobe nat` behind NATs whose behaviour is known, with servers of every kind: right where the
//! method can know, unknown where it cannot, wrong nowhere.

mod liars;
mod lifetime;
mod matrix;
mod odd;
mod peers;
pub mod report;
mod rough;
pub mod servers;
