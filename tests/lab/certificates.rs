//! Certificates, good and bad.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, KeyPair, date_time_ymd};

use crate::topology::at;

/// The name that a good certificate has, beside the server's addresses.
pub const NAME: &str = "turn.lab.test";

/// A certificate authority whose files live in the lab's directory.
pub struct Authority {
    certificate: Certificate,
    key: KeyPair,
    dir: PathBuf,
}

/// A certificate chain and its key, in PEM files.
#[derive(Debug, Clone)]
pub struct Identity {
    pub chain: PathBuf,
    pub key: PathBuf,
}

/// What is to be said about a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaf {
    Good,
    Expired,
    NotYetValid,
    WrongName,
    SelfSigned,
    /// Issued by an intermediate authority whose certificate is not sent along.
    NoIntermediate,
    /// Good, and so is its intermediate authority.
    Intermediate,
    /// Good, with the authority's own certificate after it.
    WithRoot,
    /// Good, with the key of another.
    OtherKey,
    /// For all names of the lab's domain.
    Wildcard,
    /// For all names one label higher, which that of the server is not.
    HighWildcard,
    /// The name stands in the subject only.
    NoNames,
    /// Good, and sent with the certificate of an intermediate authority that has expired.
    OldIntermediate,
}

impl Authority {
    pub fn new(dir: &Path) -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Lab authority");
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        fs::write(dir.join("ca.pem"), certificate.pem()).unwrap();
        Authority { certificate, key, dir: dir.into() }
    }

    /// The authority's own certificate, for `--ca-file`.
    pub fn file(&self) -> String {
        self.dir.join("ca.pem").to_str().unwrap().to_owned()
    }

    pub fn issue(&self, leaf: Leaf) -> Identity {
        let names = match leaf {
            Leaf::WrongName => vec!["elsewhere.lab.test".to_owned()],
            Leaf::Wildcard => vec!["*.lab.test".to_owned()],
            Leaf::HighWildcard => vec!["*.test".to_owned()],
            Leaf::NoNames => Vec::new(),
            _ => {
                [NAME, "turn4.lab.test", at::SERVER, at::SERVER_2, at::SERVER6, at::SERVER6_2].map(String::from).into()
            }
        };
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, NAME);
        (params.not_before, params.not_after) = match leaf {
            Leaf::Expired => (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1)),
            Leaf::NotYetValid => (date_time_ymd(2090, 1, 1), date_time_ymd(2091, 1, 1)),
            _ => (date_time_ymd(2020, 1, 1), date_time_ymd(2090, 1, 1)),
        };
        let key = KeyPair::generate().unwrap();
        let mut after = String::new();
        let certificate = match leaf {
            Leaf::SelfSigned => params.self_signed(&key),
            Leaf::NoIntermediate | Leaf::Intermediate | Leaf::OldIntermediate => {
                let mut between = CertificateParams::default();
                between.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                between.distinguished_name.push(DnType::CommonName, "Lab authority between");
                if leaf == Leaf::OldIntermediate {
                    (between.not_before, between.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2025, 1, 1));
                }
                let between_key = KeyPair::generate().unwrap();
                let between = between.signed_by(&between_key, &self.certificate, &self.key).unwrap();
                if leaf != Leaf::NoIntermediate {
                    after = between.pem();
                }
                params.signed_by(&key, &between, &between_key)
            }
            _ => params.signed_by(&key, &self.certificate, &self.key),
        }
        .unwrap();
        if leaf == Leaf::WithRoot {
            after = self.certificate.pem();
        }
        let key = if leaf == Leaf::OtherKey { KeyPair::generate().unwrap() } else { key };
        let file = |what| self.dir.join(format!("{leaf:?}.{what}.pem").to_lowercase());
        let identity = Identity { chain: file("chain"), key: file("key") };
        fs::write(&identity.chain, certificate.pem() + &after).unwrap();
        fs::write(&identity.key, key.serialize_pem()).unwrap();
        identity
    }
}
