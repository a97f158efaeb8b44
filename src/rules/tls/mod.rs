//! TLS and DTLS: the listener, the certificate, and who ends the connection.

pub(super) mod dtls_listener_off;
pub(super) mod tls13_only_client_rejected;
pub(super) mod tls_all_versions_disabled;
pub(super) mod tls_cert_expired;
pub(super) mod tls_cert_expires_soon;
pub(super) mod tls_cert_hostname_mismatch;
pub(super) mod tls_cert_incomplete_chain;
pub(super) mod tls_cert_not_reloaded;
pub(super) mod tls_cert_not_yet_valid;
pub(super) mod tls_cert_self_signed;
pub(super) mod tls_cert_untrusted_ca;
pub(super) mod tls_handshake_failed;
pub(super) mod tls_ip_url;
pub(super) mod tls_key_mismatch;
pub(super) mod tls_listener_missing;
pub(super) mod tls_on_plain_port_hang;
pub(super) mod tls_terminated_by_http;

/// The server ended a finished handshake because the client showed no certificate.
pub(super) fn asks_for_certificate(trouble: &super::Trouble<'_>) -> bool {
    trouble.text.to_ascii_lowercase().replace(['_', ' '], "").contains("certificaterequired")
}
