//! Everything that runs anywhere in seconds, with no network.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

mod wire;
