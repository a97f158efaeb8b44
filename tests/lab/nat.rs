//! What stands between a client and the Internet, as nftables rules of its router.
//!
//! The router's interfaces are `lan0` and `wan0`. IPv4 is translated, IPv6 is routed.

/// How a router translates IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nat {
    /// None: the client's address is public.
    None,
    /// Linux masquerade: endpoint-independent mapping that keeps the port, address- and
    /// port-dependent filtering.
    Masquerade,
    /// Linux masquerade with random ports: symmetric.
    Random,
    /// One of the nine behaviours of RFC 4787.
    Of(Mapping, Filtering),
}

/// RFC 4787 §4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mapping {
    EndpointIndependent,
    AddressDependent,
    AddressAndPortDependent,
}

/// RFC 4787 §5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filtering {
    EndpointIndependent,
    AddressDependent,
    AddressAndPortDependent,
}

/// What a router forwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firewall {
    /// Everything.
    Open,
    /// Only what belongs to a flow that the client began.
    Stateful,
    /// No UDP; silence.
    UdpBlocked,
    /// No UDP; says so by ICMP.
    UdpRejected,
    /// Nothing but TCP to port 443; silence.
    Tcp443Only,
    /// Nothing to or from the ports of STUN and TURN; silence.
    StunPortsBlocked,
    /// No UDP datagram that looks like STUN, whatever its port; silence.
    StunInspected,
    /// Nothing at all; silence.
    AllBlocked,
}

impl Nat {
    /// The rules of a router with this public address in front of this network.
    pub fn rules(self, lan: &str, public: &str, servers: &[&str]) -> String {
        let (mapping, filtering) = match self {
            Nat::None => return String::new(),
            Nat::Masquerade => ("oifname wan0 masquerade".into(), None),
            Nat::Random => ("oifname wan0 masquerade fully-random".into(), None),
            Nat::Of(mapping, filtering) => (mapping.rules(lan, public, servers), filtering.rule(public)),
        };
        let filtering = filtering.unwrap_or_default();
        let chains = match self {
            Nat::Of(Mapping::AddressDependent, _) => per_address(public, servers.len()),
            _ => String::new(),
        };
        // `learn` runs after source NAT, where the source port is the external one; the reply
        // direction is that of flows begun outside.
        format!(
            "table ip nat {{
                map bound {{ type inet_proto . inet_service : ipv4_addr . inet_service; flags dynamic,timeout; timeout 120s; size 65535; }}
                set talked {{ type inet_proto . inet_service . ipv4_addr; flags dynamic,timeout; timeout 120s; size 65535; }}
                {chains}
                chain out {{ type nat hook postrouting priority srcnat; {mapping}; }}
                chain learn {{ type filter hook postrouting priority srcnat + 10; oifname wan0 jump remember; }}
                chain remember {{
                    meta l4proto {{ tcp, udp }} ct direction original update @bound {{ meta l4proto . th sport : ct original ip saddr . ct original proto-src }}
                    meta l4proto {{ tcp, udp }} ct direction reply update @bound {{ meta l4proto . th sport : ct reply ip saddr . ct reply proto-src }}
                    meta l4proto {{ tcp, udp }} update @talked {{ meta l4proto . th sport . ip daddr }}
                }}
                chain in {{ type nat hook prerouting priority dstnat; {filtering}; }}
                # What was not asked for must not leave a trace in conntrack (P1): dropped, not refused.
                chain input {{ type filter hook input priority filter;
                    iifname wan0 ct state established,related accept
                    iifname wan0 meta l4proto {{ tcp, udp }} drop
                }}
            }}\n"
        )
    }
}

impl Mapping {
    fn rules(self, lan: &str, public: &str, servers: &[&str]) -> String {
        match self {
            Mapping::EndpointIndependent => format!("oifname wan0 ip saddr {lan} snat to {public}"),
            Mapping::AddressAndPortDependent => format!(
                "oifname wan0 ip saddr {lan} meta l4proto {{ tcp, udp }} snat to {public}:16000-31999 fully-random"
            ),
            // A port range for each destination: the kernel reuses a source's mapping only within
            // the range asked for. The lab's own servers are named, strangers share the last one.
            Mapping::AddressDependent => {
                let known: Vec<_> =
                    servers.iter().enumerate().map(|(n, server)| format!("{server} : goto range{n}")).collect();
                format!(
                    "oifname wan0 ip saddr {lan} ip daddr vmap {{ {} }}
                     oifname wan0 ip saddr {lan} goto range{}",
                    known.join(", "),
                    servers.len()
                )
            }
        }
    }
}

/// The chains of address-dependent mapping, with disjoint ranges of ports.
fn per_address(public: &str, servers: usize) -> String {
    (0..=servers)
        .map(|n| {
            let low = 16000 + 2000 * n;
            format!("chain range{n} {{ meta l4proto {{ tcp, udp }} snat to {public}:{low}-{}; }}\n", low + 1999)
        })
        .collect()
}

impl Filtering {
    fn rule(self, public: &str) -> Option<String> {
        let arrives = format!("iifname wan0 ip daddr {public} meta l4proto {{ tcp, udp }}");
        match self {
            Filtering::EndpointIndependent => Some(format!("{arrives} dnat to meta l4proto . th dport map @bound")),
            Filtering::AddressDependent => Some(format!(
                "{arrives} meta l4proto . th dport . ip saddr @talked dnat to meta l4proto . th dport map @bound"
            )),
            // Conntrack alone does this.
            Filtering::AddressAndPortDependent => None,
        }
    }
}

impl Firewall {
    /// The rules of a router, for both families.
    pub fn rules(self) -> String {
        let rules = match self {
            Firewall::Open => return String::new(),
            Firewall::Stateful => {
                "iifname wan0 ct state established,related accept
                 iifname wan0 meta l4proto { tcp, udp } drop"
            }
            Firewall::UdpBlocked => "meta l4proto udp drop",
            Firewall::UdpRejected => "iifname lan0 meta l4proto udp reject with icmpx admin-prohibited",
            Firewall::Tcp443Only => {
                "iifname lan0 tcp dport 443 accept
                 iifname lan0 meta l4proto { tcp, udp } drop"
            }
            Firewall::StunPortsBlocked => {
                "iifname lan0 meta l4proto { tcp, udp } th dport { 3478-3479, 5349-5350 } drop"
            }
            // The magic cookie, four bytes into the payload.
            Firewall::StunInspected => "meta l4proto udp @th,96,32 0x2112a442 drop",
            Firewall::AllBlocked => "meta l4proto { tcp, udp } drop",
        };
        format!("table inet firewall {{ chain forward {{ type filter hook forward priority filter; {rules}\n}}\n}}\n")
    }
}
