//! rtcprobe tells whether WebRTC will connect from where you stand, and if not, exactly why and
//! what to change.
//!
//! The library exists for the binary and for the tests. It is a house of rooms; this is its map,
//! and `tests/suite/tidy.rs` reads it here and holds every path in every room against it.
//!
//! | floor | room | in one sentence | leans on |
//! |---|---|---|---|
//! | 4 | `main.rs` | Opens the door: reads the surroundings, runs, hands back the exit code. | commands, view |
//! | 3 | `commands` | What was asked: one file per subcommand, its arguments above its four steps ask, probe, judge, show. | view, probes, archive, proto, rules, server, drive, report, wire, machine |
//! | 2 | `probes` | The experiments: one question each, ending in facts. | proto, machine, wire, report |
//! | 2 | `view` | How it looks: pure functions from a report to text and JSON, and the one place that knows about terminals. | archive, rules, report |
//! | 1 | `proto` | The conversations as state machines: transactions, authentication, allocations, server names, media servers. | machine, wire |
//! | 1 | `server` | The far end: a STUN and TURN server as a machine, with faults on request and a NAT in front of it. | machine, wire |
//! | 1 | `rules` | What the facts mean: one file per diagnosis. | report |
//! | 1 | `archive` | Saved reports: read with care, redacted, compared, laid side by side. | report |
//! | 1 | `drive` | The hands: sockets, TLS, DTLS, DNS, HTTP, interfaces, signals, the clock, randomness. | machine |
//! | 0 | `machine` | The contract between thinking and doing. | nothing |
//! | 0 | `wire` | Everything with a grammar: messages, framing, candidate lines, descriptions, server URIs, server lists. | nothing |
//! | 0 | `report` | What was learned, and why the rest was not: the JSON contract. | nothing |
//!
//! Every arrow goes down and none goes sideways. So a probe cannot open a socket, a view cannot
//! measure, `drive` does not know what STUN is, and client and server share a grammar but no
//! behaviour, so that a misread RFC in one is caught by the other.
//!
//! Three habits follow from it. Time is an argument, chance is a seed and a socket is a name, so
//! that every conversation can be replayed without a network. A packet that fails is a fact for the
//! report, while an `Err` means that the question could not be asked. And what was not measured is
//! `null` with a reason, never `false` or `0`.

pub mod archive;
pub mod commands;
pub mod drive;
pub mod machine;
pub mod probes;
pub mod proto;
pub mod report;
pub mod rules;
pub mod server;
pub mod view;
pub mod wire;
