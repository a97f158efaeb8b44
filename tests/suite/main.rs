//! Everything that runs anywhere in seconds, with no network.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests may")]

mod bless;
mod drive;
mod drive_dns;
mod drive_process;
mod drive_tls;
mod server;
mod sim;
mod strangers;
mod tidy;
mod view;
mod wire;
