use super::symmetric;
use crate::report::Report;
use crate::report::nat::Path;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// The NAT takes another public port for other destinations. What a STUN server tells about us is
    /// not where peers have to send to, so calls go direct only with hosts that let in more than what
    /// they sent to; all others need a TURN relay.
    ///
    /// # How it is told apart
    ///
    /// One and the same socket is seen with different addresses or ports from different places: two
    /// servers, the two addresses of one (RFC 5780), or a relayed address.
    ///
    /// # What to do
    ///
    /// Give the application a TURN server:
    ///
    ///     turn:turn.example.org:3478?transport=udp
    ///     turns:turn.example.org:443?transport=tcp
    ///
    /// Where the NAT is your own: OPNsense and pfSense keep ports with a static-port outbound rule; on
    /// Linux leave `random` and `fully-random` out of the masquerade rule.
    ///
    /// # References
    ///
    /// RFC 4787 section 4.1 (REQ-1); RFC 5780 section 4.3
    "nat-symmetric", Warning, "The NAT takes another public port for each destination", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(nat) = &report.nat else { return Vec::new() };
    let Some(mapping) = symmetric(nat) else { return Vec::new() };
    let relayed = nat.direct.iter().filter(|reach| reach.outcome == Path::Relay).count();
    let relayed = match (relayed, nat.direct.len()) {
        (0, _) => String::new(),
        (relayed, all) => {
            format!(" Of {all} kinds of network on the other side {relayed} can be reached by relay only.")
        }
    };
    let detail =
        format!("The mapping is {mapping}: a server reflexive candidate is good for its own server only.{relayed}");
    let fix = "Give the application a TURN server over UDP, and over TLS at port 443 beside it; where the NAT is your \
               own, make it keep ports (static-port on OPNsense and pfSense, no random in masquerade on Linux).";
    vec![Diagnosis::of_the_network(report, detail).fact("/nat/mapping", format!("mapping is {mapping}")).fix(fix)]
}
