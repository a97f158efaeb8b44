//! How it looks: pure functions from a report to text and JSON, and the one place that knows about
//! terminals ([`ui`]).

pub mod attempts;
pub mod demo;
pub mod differences;
pub mod escape;
pub mod findings;
pub mod format;
pub mod gather;
pub mod github;
pub mod json;
pub mod jsonl;
pub mod junit;
pub mod markdown;
pub mod merged;
pub mod nagios;
pub mod nat;
pub mod progress;
pub mod prometheus;
pub mod servers;
pub mod style;
pub mod table;
pub mod tables;
pub mod time;
pub mod turn;
pub mod ui;
