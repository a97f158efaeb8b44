//! Everything that runs anywhere in seconds, with no network.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests may"
)]

mod archive;
mod asked;
mod bless;
mod cli;
mod cli_check;
mod cli_config;
mod cli_connect;
mod cli_nat;
mod cli_turn;
mod drive;
mod drive_dns;
mod drive_ip;
mod drive_process;
mod drive_signal;
mod drive_tls;
mod formats;
mod generated;
mod hostile;
mod html;
mod loopback;
mod media_server;
mod outputs;
mod page;
mod readme;
mod record;
mod redact;
mod rules;
mod server;
mod sim;
mod strangers;
mod tidy;
mod turn;
mod view;
mod wire;
