//! Credentials.

pub(super) mod auth_441_wrong_credentials;
pub(super) mod auth_bad_challenge;
pub(super) mod auth_bad_credentials;
pub(super) mod auth_empty_realm;
pub(super) mod auth_missing_in_client;
pub(super) mod auth_mode_mismatch;
pub(super) mod auth_rest_bad_encoding;
pub(super) mod auth_rest_expired;
pub(super) mod auth_rest_expiry_after_2038;
pub(super) mod auth_rest_milliseconds;
pub(super) mod auth_rest_secret_mismatch;
pub(super) mod auth_rest_username_no_timestamp;
pub(super) mod auth_unsigned_answer;
pub(super) mod auth_username_rejected;
pub(super) mod oauth_advertised;
pub(super) mod sip_alg_rewrite;
