//! What a password looks like.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use crate::report::CredentialForm;

/// Users and passwords of tutorials and examples.
const WELL_KNOWN: [(&str, &str); 10] = [
    ("username", "password"),
    ("user", "password"),
    ("username1", "password1"),
    ("username1", "key1"),
    ("ninefingers", "youhavetoberealistic"),
    ("guest", "somepassword"),
    ("guest", "12345"),
    ("turnuser", "turnpassword"),
    ("test", "test123"),
    ("admin", "password"),
];

/// The form, where it tells something.
pub(super) fn of(username: &str, password: &str) -> Option<CredentialForm> {
    if username == password || WELL_KNOWN.contains(&(username, password)) {
        return Some(CredentialForm::WellKnown);
    }
    let hex = password.bytes().all(|byte| byte.is_ascii_hexdigit());
    match (hex, password.len()) {
        (true, 40) => return Some(CredentialForm::HmacSha1Hex),
        (true, 64) => return Some(CredentialForm::HmacSha256Hex),
        _ => {}
    }
    let length = |decoded: Result<Vec<u8>, _>| decoded.map(|bytes| bytes.len()).unwrap_or_default();
    match length(STANDARD.decode(password)) {
        20 => return Some(CredentialForm::HmacSha1),
        32 => return Some(CredentialForm::HmacSha256),
        _ => {}
    }
    if length(STANDARD_NO_PAD.decode(password)) == 20 {
        return Some(CredentialForm::HmacSha1Unpadded);
    }
    let url_safe = length(URL_SAFE.decode(password)) == 20 || length(URL_SAFE_NO_PAD.decode(password)) == 20;
    url_safe.then_some(CredentialForm::HmacSha1UrlSafe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told_by_length_and_letters() {
        let bytes = [0xfb; 20];
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        for (password, form) in [
            (STANDARD.encode(bytes), Some(CredentialForm::HmacSha1)),
            (STANDARD_NO_PAD.encode(bytes), Some(CredentialForm::HmacSha1Unpadded)),
            (URL_SAFE.encode(bytes), Some(CredentialForm::HmacSha1UrlSafe)),
            (hex, Some(CredentialForm::HmacSha1Hex)),
            (STANDARD.encode([7; 32]), Some(CredentialForm::HmacSha256)),
            ("down-the-rabbit-hole".into(), None),
            ("alice".into(), Some(CredentialForm::WellKnown)),
        ] {
            assert_eq!(of("alice", &password), form, "{password}");
        }
    }
}
