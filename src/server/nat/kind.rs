//! The names under which NATs are asked for: those of RFC 3489, and pairs in the words of RFC 4787.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::time::Duration;

use super::{Filtering, Hairpin, Mapping, NatConfig, Pooling, PortAllocation};

/// Every name that can be asked for, in the order in which they are listed.
pub const KINDS: &[&str] = &[
    "none",
    "full-cone",
    "restricted-cone",
    "port-restricted-cone",
    "symmetric",
    "eim-eif",
    "eim-adf",
    "eim-apdf",
    "adm-eif",
    "adm-adf",
    "adm-apdf",
    "apdm-eif",
    "apdm-adf",
    "apdm-apdf",
];

/// No NAT goes by that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no kind of NAT is called \"{0}\"; choose one of {list}", list = KINDS.join(", "))]
pub struct UnknownKind(pub String);

impl NatConfig {
    /// A NAT of that mapping and filtering that behaves well otherwise: it preserves ports unless
    /// mappings depend on the destination (then ports are random), pairs addresses, hairpins with
    /// the external source and keeps a mapping for two minutes (RFC 4787 REQ-5).
    #[must_use]
    pub fn new(mapping: Mapping, filtering: Filtering) -> NatConfig {
        NatConfig {
            mapping,
            filtering,
            port_allocation: match mapping {
                Mapping::None | Mapping::Eim => PortAllocation::Preserving,
                Mapping::Adm | Mapping::Apdm => PortAllocation::Random,
            },
            pooling: Pooling::Paired,
            hairpin: Hairpin::External,
            lifetime: Duration::from_secs(120),
            refresh_inbound: false,
            // Documentation ranges (RFC 5737, RFC 3849): nobody lives there.
            public: vec![
                IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)),
                IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0x71, 0, 0, 0, 0, 7)),
            ],
            ports: 1024..=65535,
        }
    }
}

impl FromStr for NatConfig {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<NatConfig, UnknownKind> {
        let (mapping, filtering) = match name {
            "none" => (Mapping::None, Filtering::Eif),
            "full-cone" => (Mapping::Eim, Filtering::Eif),
            "restricted-cone" => (Mapping::Eim, Filtering::Adf),
            "port-restricted-cone" => (Mapping::Eim, Filtering::Apdf),
            "symmetric" => (Mapping::Apdm, Filtering::Apdf),
            pair => parse_pair(pair).ok_or_else(|| UnknownKind(name.into()))?,
        };
        Ok(NatConfig::new(mapping, filtering))
    }
}

fn parse_pair(pair: &str) -> Option<(Mapping, Filtering)> {
    let (mapping, filtering) = pair.split_once('-')?;
    let mapping = match mapping {
        "eim" => Mapping::Eim,
        "adm" => Mapping::Adm,
        "apdm" => Mapping::Apdm,
        _ => return None,
    };
    let filtering = match filtering {
        "eif" => Filtering::Eif,
        "adf" => Filtering::Adf,
        "apdf" => Filtering::Apdf,
        _ => return None,
    };
    Some((mapping, filtering))
}

impl fmt::Display for NatConfig {
    /// The name: `none`, that of RFC 3489 where it has one, else the pair.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match (self.mapping, self.filtering) {
            (Mapping::None, Filtering::Eif) => "none",
            (Mapping::None, Filtering::Adf) => "none-adf",
            (Mapping::None, Filtering::Apdf) => "none-apdf",
            (Mapping::Eim, Filtering::Eif) => "full-cone",
            (Mapping::Eim, Filtering::Adf) => "restricted-cone",
            (Mapping::Eim, Filtering::Apdf) => "port-restricted-cone",
            (Mapping::Adm, Filtering::Eif) => "adm-eif",
            (Mapping::Adm, Filtering::Adf) => "adm-adf",
            (Mapping::Adm, Filtering::Apdf) => "adm-apdf",
            (Mapping::Apdm, Filtering::Eif) => "apdm-eif",
            (Mapping::Apdm, Filtering::Adf) => "apdm-adf",
            (Mapping::Apdm, Filtering::Apdf) => "symmetric",
        };
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_name_is_understood() {
        for name in KINDS {
            let config: NatConfig = name.parse().unwrap();
            assert_eq!(config.to_string().parse::<NatConfig>().unwrap(), config);
        }
    }

    #[test]
    fn an_unknown_name_lists_the_choices() {
        let error = "cone".parse::<NatConfig>().unwrap_err().to_string();
        assert!(error.contains("\"cone\"") && error.contains("port-restricted-cone") && error.contains("adm-eif"));
    }
}
