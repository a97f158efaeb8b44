//! Recording a run, packet by packet, and running it again from the record.

mod capture;
mod disguise;
mod options;
mod servers;
mod steps;
mod trace;
mod world;

use std::path::PathBuf;

use clap::Args;

use super::stop::{Stop, usage};

pub use options::{options, output_options};
pub use servers::{keep_demo, remembered_demo, servers};
pub use trace::{Line, Trace};
pub use world::World;

/// What of the run is to be kept; shared by every command that sends something.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Recording")]
pub struct RecordArgs {
    /// Write every packet to this file (pcapng, for Wireshark); what goes through TLS and DTLS in clear
    ///
    /// Packets are written as this program sent and received them, with headers made up around them, and a
    /// comment each: the step of the check, and which retransmission. Questions to the DNS are not among them.
    /// No password is in it, but requests are signed with it: who has the file can try weak ones. Addresses and
    /// names are in it, so it does not go with --redact.
    #[arg(long, value_name = "FILE", env = "RTCPROBE_PCAP")]
    pub pcap: Option<PathBuf>,
    /// Write the run to this file, so that rtcprobe replay can run it again without a network
    ///
    /// It holds everything that came in, with its time. Passwords are not in it: stand-ins take their place,
    /// and what was signed with them is signed anew. Addresses and user names are, so it does not go with --redact.
    #[arg(long, value_name = "FILE", env = "RTCPROBE_TRACE")]
    pub trace: Option<PathBuf>,
}

impl RecordArgs {
    /// What passed over the wire cannot be given pseudonyms and still be what passed over the wire.
    pub fn beside_redaction(&self) -> Result<(), Stop> {
        let asked = [("--pcap", self.pcap.is_some()), ("--trace", self.trace.is_some())];
        match asked.into_iter().find(|(_, given)| *given) {
            Some((option, _)) => usage(format!(
                "{option} writes down what was sent and received, addresses and names with it, so it does not go with \
                 --redact; leave one of them out, or redact the report later with rtcprobe report redact"
            )),
            None => Ok(()),
        }
    }
}
