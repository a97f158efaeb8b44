//! What a server allows that it should not.

pub(super) mod sec_classic_stun_enabled;
pub(super) mod sec_cli_exposed;
pub(super) mod sec_known_cves;
pub(super) mod sec_long_lived_rest_credential;
pub(super) mod sec_multicast_peers;
pub(super) mod sec_open_relay;
pub(super) mod sec_plaintext_only;
pub(super) mod sec_relay_internal_allowed;
pub(super) mod sec_relay_loopback_allowed;
pub(super) mod sec_server_relay;
pub(super) mod sec_stun_amplification;
pub(super) mod sec_tcp_relay_enabled;
pub(super) mod sec_v4mapped_bypass;
pub(super) mod sec_version_disclosed;
pub(super) mod sec_weak_credentials;
pub(super) mod sec_web_admin_exposed;
pub(super) mod sec_wrong_password_accepted;
