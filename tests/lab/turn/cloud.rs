//! A server with a private address behind 1:1 NAT, as clouds have it: the lab's server is the
//! gateway that has the public address.

use crate::certificates::Authority;
use crate::coturn::Coturn;
use crate::namespace::Host;
use crate::topology::{Lab, at};
use crate::turn::case::{Case, filter, unfilter};
use crate::turn::report::Run;

pub const PRIVATE: &str = "172.31.5.10";

pub struct Cloud {
    pub machine: Host,
}

/// What the gateway does beside translating addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gateway {
    /// What the machine sends to its own public address comes back.
    Hairpin,
    /// It does not.
    Plain,
    /// Only TURN's own ports are forwarded to it, as with a container whose relay ports are not published.
    OnlyTurn,
    /// The machine's packets leave from the gateway's second address, unless they are answers.
    OtherSource,
    /// They leave from other ports.
    OtherPorts,
    /// What comes in seems to come from the gateway.
    Masquerading,
}

impl Cloud {
    pub fn behind(lab: &Lab, gateway: Gateway) -> Cloud {
        let machine = Host::new("cloud", lab.dir());
        lab.server.ip(&format!(
            "link add eth0 netns {} type veth peer name cloud0\nlink set cloud0 up\naddr add 172.31.5.1/24 dev cloud0\n",
            machine.namespace().display()
        ));
        machine.ip(&format!("link set eth0 up\naddr add {PRIVATE}/24 dev eth0\nroute add default via 172.31.5.1\n"));
        lab.server.sysctl("ipv4/ip_forward", "1");
        let (public, second) = (at::SERVER, at::SERVER_2);
        let (arriving, leaving) = match gateway {
            Gateway::Hairpin => (format!("ip daddr {public} dnat to {PRIVATE}"), format!("snat to {public}")),
            Gateway::Plain => {
                (format!("iifname eth0 ip daddr {public} dnat to {PRIVATE}"), format!("snat to {public}"))
            }
            Gateway::OnlyTurn => (
                format!(
                    "iifname eth0 ip daddr {public} meta l4proto {{ tcp, udp }} th dport {{ 3478, 5349 }} dnat to {PRIVATE}"
                ),
                format!("snat to {public}"),
            ),
            Gateway::OtherSource => {
                (format!("iifname eth0 ip daddr {public} dnat to {PRIVATE}"), format!("snat to {second}"))
            }
            Gateway::Masquerading => (
                format!("iifname eth0 ip daddr {public} dnat to {PRIVATE}"),
                format!("snat to {public}; oifname cloud0 masquerade"),
            ),
            Gateway::OtherPorts => (
                format!("iifname eth0 ip daddr {public} dnat to {PRIVATE}"),
                format!("meta l4proto {{ tcp, udp }} snat to {public}:20000-29999 fully-random"),
            ),
        };
        lab.server.nft(&format!(
            "table ip cloud {{
                chain arriving {{ type nat hook prerouting priority dstnat; {arriving}; }}
                chain leaving {{ type nat hook postrouting priority srcnat; ip saddr {PRIVATE} {leaving}; }}
                # Whatever is not translated is nobody's.
                chain own {{ type filter hook input priority filter; ip daddr {{ {public}, {second} }} meta l4proto {{ tcp, udp }} drop; }}
            }}\n"
        ));
        Cloud { machine }
    }

    /// Sets a case up on the machine and probes it through the gateway.
    pub fn run(&self, lab: &Lab, authority: &Authority, case: &Case) -> (Run, Vec<String>) {
        let _coturn = Coturn::start_on(&self.machine, lab.dir(), case.options(authority));
        filter(&self.machine, case.input, case.output);
        let result = case.probe(&lab.client, &["--ca-file", &authority.file()]);
        unfilter(&self.machine);
        result
    }
}
