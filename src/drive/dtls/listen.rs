//! The DTLS listener: one UDP socket, many peers.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use dtls::cipher_suite::CipherSuiteId;
use dtls::config::Config;
use dtls::conn::DTLSConn;
use dtls::crypto::{Certificate, CryptoPrivateKey};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::task::JoinSet;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::wire::{Wire, is_client_hello};
use super::{carry, prepare};
use crate::drive::arrivals::Teller;
use crate::drive::listen::Newcomers;
use crate::drive::shared::Shared;
use crate::drive::udp::Udp;
use crate::machine::{Fragments, Refusal};

/// Handshakes at a time; who comes later has to try again.
const HANDSHAKES: usize = 256;
/// Connections of one listener.
const CONNECTIONS: usize = 4096;
/// Datagrams of one connection that wait; more are lost, as on the way.
const WAITING: usize = 64;

/// Lets DTLS connections in, each after its handshake.
pub async fn listen(shared: Arc<Shared>, mut teller: Teller, local: SocketAddr) {
    let opened =
        server_config(&shared).and_then(|config| Ok((config, Udp::open(&shared, local, None, Fragments::System)?)));
    let (config, udp) = match opened {
        Ok((config, udp)) => (config, Arc::new(udp)),
        Err(why) => return teller.refused(why),
    };
    prepare();
    teller.opened(teller.now(), udp.local, None);
    let newcomers = Newcomers { shared, teller: Arc::new(teller) };
    let mut peers: HashMap<SocketAddr, mpsc::Sender<Vec<u8>>> = HashMap::new();
    // Handshakes end with the listener.
    let mut handshakes = JoinSet::new();
    loop {
        // What could not be delivered is the peers' own affair: they time out.
        let Ok((from, bytes)) = udp.next().await else { continue };
        let bytes = match peers.get(&from).map(|peer| peer.try_send(bytes.clone())) {
            Some(Ok(()) | Err(TrySendError::Full(_))) => continue,
            Some(Err(TrySendError::Closed(_))) | None => bytes,
        };
        while handshakes.try_join_next().is_some() {}
        peers.remove(&from);
        if peers.len() >= CONNECTIONS {
            peers.retain(|_, peer| !peer.is_closed());
        }
        if !is_client_hello(&bytes) || handshakes.len() >= HANDSHAKES || peers.len() >= CONNECTIONS {
            continue;
        }
        let (sender, inbox) = mpsc::channel(WAITING);
        let _ = sender.try_send(bytes);
        peers.insert(from, sender);
        let wire = Arc::new(Wire::to_client(Arc::clone(&udp), from, inbox));
        handshakes.spawn(let_in(newcomers.clone(), wire, config.clone()));
    }
}

async fn let_in(newcomers: Newcomers, wire: Arc<Wire>, config: Config) {
    let patience = newcomers.shared.connect_timeout();
    let accepting = DTLSConn::new(Arc::clone(&wire) as _, config, false, None);
    // Who cannot shake hands is none of the machine's business.
    let Ok(Ok(connection)) = tokio::time::timeout(patience, accepting).await else { return };
    wire.established();
    let (local, from) = (wire.local(), wire.remote());
    newcomers.admit(local, from, |teller, outbox| async move { carry(connection, &wire, teller, outbox).await }).await;
}

fn server_config(shared: &Shared) -> Result<Config, Refusal> {
    let Some((certificate, key)) = &shared.options.serve_certificate else {
        return Err(Refusal::Other { text: "there is no certificate to serve with".to_owned() });
    };
    let unusable =
        |text: String| Refusal::Other { text: format!("the certificate for serving cannot be used: {text}") };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
    let chain = chain.map_err(|error| unusable(error.to_string()))?;
    let key = rcgen::KeyPair::from_pem(&String::from_utf8_lossy(key)).map_err(|error| unusable(error.to_string()))?;
    if key.is_compatible(&rcgen::PKCS_RSA_SHA256) {
        let text = "DTLS is served with ECDSA P-256 or Ed25519 keys only".to_owned();
        return Err(Refusal::Unsupported { text });
    }
    let private_key = CryptoPrivateKey::from_key_pair(&key).map_err(|error| unusable(error.to_string()))?;
    Ok(Config {
        certificates: vec![Certificate { certificate: chain, private_key }],
        cipher_suites: vec![
            CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_128_Gcm_Sha256,
            CipherSuiteId::Tls_Ecdhe_Ecdsa_With_ChaCha20_Poly1305_Sha256,
            CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_256_Cbc_Sha,
        ],
        ..Config::default()
    })
}
