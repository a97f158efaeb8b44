//! Certificates for the embedded server, made on the spot by a certificate authority that lives as
//! long as the run.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};

use super::stop::Stop;

/// An authority, and a certificate of its making.
pub struct Made {
    /// Whom to trust, PEM.
    pub authority: String,
    /// The server's certificate and its key, PEM.
    pub certificate: String,
    pub key: String,
}

/// Makes a certificate for these names and IP addresses.
pub fn make(names: &[String]) -> Result<Made, Stop> {
    let cannot = |why: rcgen::Error| Stop::CannotRun(format!("cannot make a certificate: {why}"));
    let authority_key = KeyPair::generate().map_err(cannot)?;
    let mut authority = CertificateParams::new([]).map_err(cannot)?;
    authority.distinguished_name.push(DnType::CommonName, "rtcprobe trial authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = authority.self_signed(&authority_key).map_err(cannot)?;

    let key = KeyPair::generate().map_err(cannot)?;
    let mut server = CertificateParams::new(names).map_err(cannot)?;
    server.distinguished_name.push(DnType::CommonName, "rtcprobe trial server");
    server.use_authority_key_identifier_extension = true;
    server.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let server = server.signed_by(&key, &authority, &authority_key).map_err(cannot)?;
    Ok(Made { authority: authority.pem(), certificate: server.pem(), key: key.serialize_pem() })
}
