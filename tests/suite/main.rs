//! Everything that runs anywhere in seconds, with no network.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests may")]

mod drive;
mod sim;
mod tidy;
mod wire;
