//! The way to the server: names, ports, firewalls, and whether STUN answers at its end.

pub(super) mod chrome_port_restricted;
pub(super) mod client_address_family_missing;
pub(super) mod client_path_blocked;
pub(super) mod client_udp_blocked;
pub(super) mod dns_aaaa_broken;
pub(super) mod dns_no_answer;
pub(super) mod dns_no_record;
pub(super) mod host_unreachable;
pub(super) mod not_stun;
pub(super) mod reply_from_wrong_source_ip;
pub(super) mod server_not_running;
pub(super) mod server_silent;
pub(super) mod stream_closed;
pub(super) mod stream_silent;
pub(super) mod stun_binding_401_secure_stun;
pub(super) mod stun_binding_silent_no_stun;
pub(super) mod stun_only_no_turn;
pub(super) mod turn_tcp_filtered;
pub(super) mod turn_tcp_not_listening;
pub(super) mod turn_udp_filtered;
pub(super) mod turn_udp_not_listening;
pub(super) mod turn_udp_rejected;
pub(super) mod turns_udp_ineffective;
pub(super) mod wrong_port;
