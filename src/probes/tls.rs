//! What a TLS or DTLS handshake says, for the report and in words.

use std::time::{Duration, UNIX_EPOCH};

use crate::machine::{Certificate, Distrust, Secure};
use crate::report::{CertificateFacts, Tls};

/// The facts of a handshake.
#[must_use]
pub fn facts(secure: &Secure) -> Tls {
    let leaf = secure.chain.first();
    Tls {
        version: Some(secure.version.clone()),
        cipher_suite: Some(secure.cipher_suite.clone()),
        alpn: secure.alpn.clone(),
        not_after: leaf.map(|leaf| date_time(leaf.not_after)),
        not_before: leaf.map(|leaf| date_time(leaf.not_before)),
        subject_alt_names: leaf.map(|leaf| leaf.names.clone()).unwrap_or_default(),
        issuer: leaf.map(|leaf| leaf.issuer.clone()),
        trusted: secure.trust.is_ok(),
        distrust: secure.trust.as_ref().err().map(distrust),
        chain: secure.chain.iter().map(certificate).collect(),
        handshake_ms: Some(secure.handshake.millis()),
    }
}

/// Why a certificate was not trusted, as a sentence without a stop.
#[must_use]
pub fn distrust(why: &Distrust) -> String {
    match why {
        Distrust::Expired { not_after } => format!("the certificate expired on {}", date(*not_after)),
        Distrust::NotYetValid { not_before } => format!("the certificate is valid only from {} on", date(*not_before)),
        Distrust::WrongName { wanted, names } => {
            let names: Vec<String> = names.iter().take(5).map(|name| name.escape_debug().to_string()).collect();
            format!("the certificate is for {}, not for {wanted}", names.join(", "))
        }
        Distrust::NoNames { wanted } => {
            format!("the certificate names no host (no subjectAltName), so it is not for {wanted}")
        }
        Distrust::SelfSigned => "the certificate is signed by itself".into(),
        // Only the leaf was sent: a missing intermediate certificate and a private authority that signs
        // servers itself look the same.
        Distrust::UnknownIssuer { issuer, incomplete: true } => format!(
            "the certificate's issuer ({}) is not trusted, and the server sends no intermediate certificate: \
             either that is missing, or a private authority signed it (--ca-file)",
            issuer.escape_debug()
        ),
        Distrust::UnknownIssuer { issuer, incomplete: false } => {
            format!("the certificate's issuer ({}) is not trusted", issuer.escape_debug())
        }
        Distrust::Revoked => "the certificate was revoked".into(),
        Distrust::Other(text) => format!("the certificate was not accepted: {}", text.escape_debug()),
    }
}

fn certificate(certificate: &Certificate) -> CertificateFacts {
    CertificateFacts {
        subject: certificate.subject.clone(),
        issuer: certificate.issuer.clone(),
        not_before: date_time(certificate.not_before),
        not_after: date_time(certificate.not_after),
        fingerprint: certificate.fingerprint.clone(),
        key: certificate.key.clone(),
    }
}

/// RFC 3339 from seconds since 1970.
fn date_time(seconds: i64) -> String {
    // Certificates may carry any date; humantime writes up to the year 9999.
    let seconds = u64::try_from(seconds).unwrap_or(0).min(253_402_300_799);
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
}

fn date(seconds: i64) -> String {
    date_time(seconds).split('T').next().unwrap_or_default().to_string()
}
