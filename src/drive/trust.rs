//! Whether a certificate is trusted, and if not, why.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::certificate;
use crate::machine::{Certificate, Distrust};

/// The cryptography of every connection.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: std::sync::OnceLock<Arc<CryptoProvider>> = std::sync::OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(ring::default_provider())))
}

/// Whether certificates can be trusted that are written like that (PEM); if not, why.
pub fn check_authorities(pem: &[u8]) -> Result<(), String> {
    read_pem(pem).map(drop)
}

/// The certificates in what the user named.
pub fn read_pem(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    use tokio_rustls::rustls::pki_types::pem::Error;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    let found = found.map_err(|error| match error {
        Error::MissingSectionEnd { .. } => "a certificate in it does not end, its -----END line is missing".to_owned(),
        Error::Base64Decode(_) => "what stands between its BEGIN and END lines is not base64".to_owned(),
        error => format!("not PEM: {error}"),
    })?;
    if found.is_empty() {
        return Err("there is no certificate in it (PEM is expected)".to_owned());
    }
    match found.iter().position(|der| x509_parser::parse_x509_certificate(der).is_err()) {
        Some(broken) => Err(format!("certificate {} in it is damaged: it cannot be decoded", broken + 1)),
        None => Ok(found),
    }
}

/// Whether TLS can ask for this name: a domain name in A-labels or an IP address.
#[must_use]
pub fn is_server_name(name: &str) -> bool {
    ServerName::try_from(name.strip_suffix('.').unwrap_or(name)).is_ok()
}

/// Judges certificates by the roots of a run.
#[derive(Debug)]
pub struct Judge {
    /// `Err` says why there is nothing to judge by.
    roots: Result<Arc<dyn ServerCertVerifier>, String>,
    /// Certificates that are trusted as they are, whether or not they may sign others.
    pinned: Vec<CertificateDer<'static>>,
}

impl Judge {
    /// By the system's trust store. Reads files: takes some milliseconds.
    pub fn of_system() -> Judge {
        let verifier = rustls_platform_verifier::Verifier::new(provider());
        let roots = verifier.map(|verifier| Arc::new(verifier) as Arc<dyn ServerCertVerifier>);
        Judge {
            roots: roots.map_err(|error| format!("the system's trust store cannot be used: {error}")),
            pinned: vec![],
        }
    }

    /// By these certificates and no others.
    pub fn of(certificates: &[CertificateDer<'static>]) -> Judge {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(certificates.iter().cloned());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider()).build();
        let roots = verifier.map(|verifier| verifier as Arc<dyn ServerCertVerifier>);
        let roots = roots.map_err(|error| format!("the given certificates cannot be used: {error}"));
        Judge { roots, pinned: certificates.to_vec() }
    }

    /// Whether the chain (leaf first) leads to a trusted root, is in date, and names the peer.
    pub fn judge(&self, chain: &[CertificateDer<'_>], name: &ServerName<'_>) -> Result<(), Distrust> {
        let Some((leaf, others)) = chain.split_first() else {
            return Err(Distrust::Other("the server sent no certificate".to_owned()));
        };
        let now = UnixTime::now();
        let verdict = if self.pinned.iter().any(|pinned| pinned == leaf) {
            // `openssl req -x509` marks its certificates as authorities, which may not be leaves to
            // the verifier. The user named this very certificate, so only date and name remain.
            by_date_and_name(leaf, name)
        } else {
            let roots = self.roots.as_ref().map_err(|why| Distrust::Other(why.clone()))?;
            roots.verify_server_cert(leaf, others, name, &[], now).map(drop)
        };
        let read: Vec<Certificate> = chain.iter().map(|der| certificate::read(der)).collect();
        verdict.map_err(|error| distrust(&error, &read, !self.pinned.is_empty(), &name.to_str(), now.as_secs()))
    }
}

fn by_date_and_name(leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), Error> {
    let read = certificate::read(leaf);
    let now = unix_now();
    if now > read.not_after {
        return Err(CertificateError::Expired.into());
    }
    if now < read.not_before {
        return Err(CertificateError::NotValidYet.into());
    }
    verify_server_name(&ParsedCertificate::try_from(leaf)?, name)
}

fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Puts the verifier's error into our words, by what the chain says. With `own_roots` the user named those to
/// judge by.
fn distrust(error: &Error, chain: &[Certificate], own_roots: bool, wanted: &str, now: u64) -> Distrust {
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let Some(leaf) = chain.first() else { return Distrust::Other(error.to_string()) };
    let Error::InvalidCertificate(error) = error else { return Distrust::Other(error.to_string()) };
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            let expired = chain.iter().find(|certificate| certificate.not_after < now);
            Distrust::Expired { not_after: expired.unwrap_or(leaf).not_after }
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            let early = chain.iter().find(|certificate| certificate.not_before > now);
            Distrust::NotYetValid { not_before: early.unwrap_or(leaf).not_before }
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let wanted = wanted.to_owned();
            match leaf.names.clone() {
                names if names.is_empty() => Distrust::NoNames { wanted },
                names => Distrust::WrongName { wanted, names },
            }
        }
        CertificateError::Revoked => Distrust::Revoked,
        // An authority at the end of the chain is what `openssl req -x509` makes.
        CertificateError::UnknownIssuer | CertificateError::Other(_) if leaf.self_signed => Distrust::SelfSigned,
        CertificateError::UnknownIssuer => {
            let last = chain.last().unwrap_or(leaf);
            // A private authority that signs servers directly looks the same from here, but for what every
            // public one writes into its certificates: where its own is to be had.
            let incomplete = chain.len() == 1 && (own_roots || leaf.names_issuer);
            Distrust::UnknownIssuer { issuer: last.issuer.clone(), incomplete }
        }
        other => Distrust::Other(other.to_string()),
    }
}

/// A chain and what was thought of it.
#[derive(Debug, Clone)]
pub struct Verdict {
    pub chain: Vec<Certificate>,
    pub trust: Result<(), Distrust>,
}

/// A verifier that lets every handshake finish and keeps the verdict, so that an untrusted server
/// can be described. Whoever uses it looks at the verdict before anything is sent.
#[derive(Debug)]
pub struct Recorder {
    judge: Arc<Judge>,
    name: ServerName<'static>,
    verdict: Mutex<Option<Verdict>>,
}

impl Recorder {
    pub fn new(judge: Arc<Judge>, name: ServerName<'static>) -> Recorder {
        Recorder { judge, name, verdict: Mutex::new(None) }
    }

    /// Whom it expects.
    pub fn name(&self) -> ServerName<'static> {
        self.name.clone()
    }

    /// Judges a chain, leaf first, and keeps the verdict.
    pub fn record(&self, chain: &[CertificateDer<'_>]) {
        let trust = self.judge.judge(chain, &self.name);
        let chain = chain.iter().map(|der| certificate::read(der)).collect();
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(Verdict { chain, trust });
    }

    /// The verdict; one of distrust if no certificate came.
    pub fn verdict(&self) -> Verdict {
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_else(|| Verdict {
            chain: Vec::new(),
            trust: Err(Distrust::Other("the server sent no certificate".to_owned())),
        })
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain: Vec<_> = std::iter::once(end_entity).chain(intermediates).cloned().collect();
        self.record(&chain);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &provider().signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &provider().signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
