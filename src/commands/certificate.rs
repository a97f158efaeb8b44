//! Certificates for the embedded server, made on the spot by a certificate authority that lives as
//! long as the run.

use std::fs;
use std::path::{Path, PathBuf};

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

/// A file that goes away with its owner.
pub struct Passing(PathBuf);

impl Passing {
    /// Writes a file that only this run needs.
    pub fn write(name: &str, text: &str) -> Result<Passing, Stop> {
        let path = std::env::temp_dir().join(format!("rtcprobe-{}-{name}", std::process::id()));
        // Never through a link that somebody else has laid there.
        let written = fs::remove_file(&path)
            .or_else(|why| if why.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(why) })
            .and_then(|()| fs::OpenOptions::new().write(true).create_new(true).open(&path))
            .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
        written.map_err(|why| Stop::CannotRun(format!("cannot write {}: {why}", path.display())))?;
        Ok(Passing(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
