//! The NAT in front of this host: what it does to calls, and what it does wrong.

pub(super) mod fragments_dropped;
pub(super) mod hairpin_unsupported;
pub(super) mod nat_both_symmetric_no_turn;
pub(super) mod nat_carrier_grade;
pub(super) mod nat_contradictory;
pub(super) mod nat_double;
pub(super) mod nat_not_deterministic;
pub(super) mod nat_pooling_arbitrary;
pub(super) mod nat_symmetric;
pub(super) mod nat_udp_binding_timeout_short;
pub(super) mod path_mtu_small;
pub(super) mod rfc5780_unavailable;
pub(super) mod rfc5780_untrue;

use crate::report::nat::{Behaviour, Nat};

/// How a mapping that depends on the destination is called in sentences.
fn symmetric(nat: &Nat) -> Option<&'static str> {
    match nat.mapping {
        Behaviour::AddressDependent => Some("address-dependent"),
        Behaviour::AddressAndPortDependent => Some("address- and port-dependent"),
        Behaviour::None | Behaviour::EndpointIndependent | Behaviour::Unknown => None,
    }
}
