//! The lab: rtcprobe against strangers, on real Linux hosts, NATs and firewalls.

#![cfg(target_os = "linux")]

mod delay;
mod namespace;
mod nat;
mod process;
mod topology;

mod ground;
