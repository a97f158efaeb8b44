//! Everything that runs anywhere in seconds, with no network.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests may")]

mod drive;
mod drive_dns;
#[cfg(unix)]
mod drive_process;
mod drive_tls;
mod loopback;
mod server;
mod sim;
mod tidy;
mod wire;
