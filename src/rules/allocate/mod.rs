//! What an Allocate request is answered with.

pub(super) mod alloc_5tuple_in_use;
pub(super) mod alloc_bandwidth_quota;
pub(super) mod alloc_lifetime_clamped;
pub(super) mod alloc_lost;
pub(super) mod alloc_mobility_forbidden;
pub(super) mod alloc_no_answer;
pub(super) mod alloc_no_ipv6_relay;
pub(super) mod alloc_quota_reached;
pub(super) mod alloc_redirected_300;
pub(super) mod alloc_refused;
pub(super) mod alloc_reservation_404;
pub(super) mod alloc_server_draining;
pub(super) mod alloc_udp_relay_disabled;
pub(super) mod alloc_unknown_attribute;
pub(super) mod alloc_v6_answered_with_v4;
pub(super) mod lb_no_affinity;
pub(super) mod relay_ip_not_local;
pub(super) mod relay_ports_exhausted;
pub(super) mod server_misbehaves;
pub(super) mod tcp_relay_disabled;
