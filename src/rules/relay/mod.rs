//! Whether data gets through the relay, and which address the world sees.

pub(super) mod mapped_address_private;
pub(super) mod mtu_blackhole;
pub(super) mod peer_family_mismatch;
pub(super) mod peer_needed_but_denied;
pub(super) mod peer_private_denied;
pub(super) mod peer_public_denied;
pub(super) mod proxy_hides_client_ip;
pub(super) mod relay_address_private;
pub(super) mod relay_address_wrong_public;
pub(super) mod relay_bandwidth_capped;
pub(super) mod relay_egress_blocked;
pub(super) mod relay_egress_ip_mismatch;
pub(super) mod relay_lossy;
pub(super) mod relay_payload_damaged;
pub(super) mod relay_poisoned_by_unroutable_peer;
pub(super) mod relay_port_rewritten;
pub(super) mod relay_ports_unreachable;
pub(super) mod relay_self_denied;
pub(super) mod server_behind_nat;
