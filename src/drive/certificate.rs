//! Certificates, read leniently: a certificate that does not verify must still be described.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sha2::{Digest, Sha256};
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::machine::Certificate;

/// What a DER certificate says. What cannot be read is left empty; the fingerprint is always there.
pub fn read(der: &[u8]) -> Certificate {
    let fingerprint = fingerprint(der);
    let Ok((_, parsed)) = X509Certificate::from_der(der) else {
        return Certificate {
            subject: String::new(),
            issuer: String::new(),
            names: Vec::new(),
            not_before: 0,
            not_after: 0,
            self_signed: false,
            names_issuer: false,
            fingerprint,
            key: "unreadable".to_owned(),
        };
    };
    Certificate {
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        names: names(&parsed),
        not_before: parsed.validity().not_before.timestamp(),
        not_after: parsed.validity().not_after.timestamp(),
        self_signed: parsed.subject().as_raw() == parsed.issuer().as_raw(),
        names_issuer: names_issuer(&parsed),
        fingerprint,
        key: key(parsed.public_key()),
    }
}

fn fingerprint(der: &[u8]) -> String {
    Sha256::digest(der).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(name).collect()
}

/// Among its authority information accesses is one for the issuer's certificate.
fn names_issuer(certificate: &X509Certificate<'_>) -> bool {
    certificate.extensions().iter().any(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityInfoAccess(access) => {
            access.accessdescs.iter().any(|one| one.access_method == OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS)
        }
        _ => false,
    })
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(v4).into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|v6| Ipv6Addr::from(v6).into())
}

fn key(info: &SubjectPublicKeyInfo<'_>) -> String {
    let algorithm = info.algorithm.algorithm.to_id_string();
    match (info.parsed(), algorithm.as_str()) {
        (Ok(PublicKey::RSA(key)), _) => format!("RSA {}", key.key_size()),
        (_, "1.2.840.10045.2.1") => {
            let curve = info.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
            match curve.map(|curve| curve.to_id_string()).as_deref() {
                Some("1.2.840.10045.3.1.7") => "ECDSA P-256".to_owned(),
                Some("1.3.132.0.34") => "ECDSA P-384".to_owned(),
                Some("1.3.132.0.35") => "ECDSA P-521".to_owned(),
                Some(other) => format!("ECDSA {other}"),
                None => "ECDSA".to_owned(),
            }
        }
        (_, "1.3.101.112") => "Ed25519".to_owned(),
        (_, "1.3.101.113") => "Ed448".to_owned(),
        _ => algorithm,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn describes_a_certificate() {
        let made = rcgen::generate_simple_self_signed(["turn.example.org".to_owned(), "192.0.2.7".to_owned()]).unwrap();
        let read = read(made.cert.der());
        assert_eq!(read.names, ["turn.example.org", "192.0.2.7"]);
        assert_eq!((read.key.as_str(), read.self_signed), ("ECDSA P-256", true));
        assert!(read.not_before < read.not_after);
        assert_eq!(read.fingerprint.len(), 64);
    }

    #[test]
    fn does_not_stumble_over_rubbish() {
        let read = read(b"rubbish");
        assert_eq!((read.key.as_str(), read.fingerprint.len()), ("unreadable", 64));
    }
}
