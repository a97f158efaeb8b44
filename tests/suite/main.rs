//! Everything that runs anywhere in seconds, with no network.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests may")]

mod bless;
mod cli;
mod drive;
mod generated;
mod tidy;
mod view;
mod wire;
