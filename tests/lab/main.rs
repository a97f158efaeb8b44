//! The lab: rtcprobe against strangers, on real Linux hosts, NATs and firewalls.
//!
//! ```sh
//! cargo test --test lab                                                         # as root
//! unshare --user --map-root-user --net --mount cargo test --offline --test lab  # as anybody
//! cargo test --test lab -- --ignored chromium                                   # against a browser; also firefox, media
//! cargo test --test lab -- --ignored --nocapture walk                           # to look around in
//! ```
//!
//! Each test builds a network of its own out of network namespaces (see [`topology`]), in less than a
//! tenth of a second, and nothing of it is in the machine's own network or outlives the test: what
//! has no name cannot be left behind. What the lab needs and does not find, it says, and fails.
//!
//! | what | where |
//! |---|---|
//! | hosts, commands on them | [`namespace`], [`process`] |
//! | a network, its NATs and firewalls | [`topology`], [`nat`] |
//! | many NATs around one server | [`site`] |
//! | delay, loss, copies, disorder; a NAT in user space | [`netbox`], [`path`], [`usernat`], [`packet`] |
//! | coturn, DNS, certificates, servers that misbehave or lie | [`coturn`], [`dns`], [`certificates`], [`evil`], [`liar`] |
//! | rtcprobe and its report; Chromium and its candidates | [`rtcprobe`], [`browser`] |
//! | what a NAT does, by plain sockets | [`yardstick`] |
//! | what goes over the wire | [`capture`] |
//! | tests of the lab | `ground`, `nats`, `strangers` |
//! | deployments with a fault, with two, and with none | `faults/table`, over `fixtures/faults/*.toml` |
//! | other people's ICE agents (`tests/strangers`), and how two are introduced | [`connect`] |
//! | tests of rtcprobe | `gather`, `keep`, `mdns`, `credentials`, `tls`, `faults`, `timing`, `crowd`, `turn`, `nat_probe`, `nat_beside`, `behaviour`, `connect`, `web`, `chromium` |

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "measured figures are shown with --nocapture")]
#![allow(clippy::disallowed_methods, reason = "the lab is the world")]

// The network and who is on it.
mod browser;
mod capture;
mod certificates;
mod coturn;
mod dns;
mod evil;
mod liar;
mod namespace;
mod nat;
mod netbox;
mod packet;
mod path;
mod process;
mod rtcprobe;
mod site;
mod topology;
mod usernat;
mod yardstick;

// The tests: first of the lab itself.
mod ground;
mod guests;
mod nat_probe;
mod nats;
mod strangers;

// … and of rtcprobe in it.
mod behaviour;
mod chromium;
mod connect;
mod credentials;
mod crowd;
mod faults;
mod gather;
mod keep;
mod mdns;
mod nat_beside;
mod reports;
mod timing;
mod tls;
mod turn;
mod web;
