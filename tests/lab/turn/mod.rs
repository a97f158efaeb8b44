//! rtcprobe against coturn in every configuration that people come to grief with: each row of these
//! tables says which steps fail, the first one first, and why.

mod allocate;
mod capture;
pub mod case;
mod certificates;
pub mod cloud;
mod detours;
mod held;
mod login;
mod reach;
mod relay;
pub mod report;
mod returned;
mod rough;
