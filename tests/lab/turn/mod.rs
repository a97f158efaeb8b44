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
<<<<<<< HEAD
mod report;
mod returned;
mod rough;
=======
pub mod report;
>>>>>>> eeb93a7 (Try the rules on a catalogue of deployments, each in a network of its own)
