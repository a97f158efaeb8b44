//! The lab: rtcprobe against strangers, on real Linux hosts, NATs and firewalls.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "measured figures are shown with --nocapture")]
#![allow(clippy::disallowed_methods, reason = "the lab is the world")]

// The network and who is on it.
mod browser;
mod certificates;
mod coturn;
mod delay;
mod dns;
mod evil;
mod namespace;
mod nat;
mod process;
mod rtcprobe;
mod topology;

// The tests: first of the lab itself.
mod ground;
mod guests;
mod strangers;

// … and of rtcprobe in it.
mod chromium;
mod credentials;
mod crowd;
mod faults;
mod gather;
mod timing;
mod tls;
