//! TLS connections: the client's side, and what both sides share.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    AlertDescription, ClientConfig, Error, PeerIncompatible, ProtocolVersion, ServerConfig, SupportedCipherSuite,
};

use super::arrivals::Teller;
use super::refusals::plain;
use super::shared::Shared;
use super::stream::{Outbox, carry};
use super::tcp::{self, Connected};
use super::trust::{Recorder, provider};
use crate::machine::{Peer, Phase, Refusal, Secure, Time, Trust};

const RESET: &str = "the server reset the connection during the handshake";

/// Connects, shakes hands, looks at the certificate, and carries.
pub async fn client(
    shared: Arc<Shared>,
    mut teller: Teller,
    outbox: Outbox,
    local: Option<SocketAddr>,
    to: SocketAddr,
    peer: Peer,
) {
    // While the SYN is on its way.
    shared.want_judge();
    let begun = Instant::now();
    let Connected { stream, local, reset } = match tcp::connect(&shared, local, to).await {
        Ok(connected) => connected,
        Err(why) => return teller.refused(why),
    };
    let connect = Time::from(begun.elapsed());
    teller.connected(local);
    if reset {
        return teller.refused(Refusal::Handshake { text: RESET.to_owned() });
    }
    match shake_hands(&shared, stream, &peer).await {
        Ok((mut stream, mut secure)) => {
            let at = teller.now();
            secure.connect = Some(connect);
            if let (Err(why), true) = (&secure.trust, must_verify(&shared, &peer)) {
                let why = Refusal::Untrusted { why: why.clone(), secure: Box::new(secure) };
                teller.refused(why);
                let _ = tokio::time::timeout(super::stream::AFTERWARDS, stream.shutdown()).await;
                return;
            }
            teller.opened(at, local, Some(Box::new(secure)));
            carry(stream, to, teller, outbox).await;
        }
        Err(why) => teller.refused(why),
    }
}

/// Whether an untrusted certificate ends the connection.
pub fn must_verify(shared: &Shared, peer: &Peer) -> bool {
    peer.trust == Trust::Verify && !shared.options.insecure
}

/// A verifier for this peer that keeps what it saw.
pub async fn recorder(shared: &Shared, peer: &Peer) -> Result<Arc<Recorder>, Refusal> {
    let name = shared.options.sni.as_deref().unwrap_or(&peer.name);
    let bare = name.trim_start_matches('[').trim_end_matches([']', '.']);
    let text = || format!("`{name}` is neither a domain name nor an IP address");
    let name = ServerName::try_from(bare.to_owned()).map_err(|_| Refusal::Other { text: text() })?;
    Ok(Arc::new(Recorder::new(shared.judge().await, name)))
}

/// Shakes hands as a client; what is thought of the certificate is the caller's to act upon.
pub async fn shake_hands(
    shared: &Shared,
    stream: TcpStream,
    peer: &Peer,
) -> Result<(TlsStream<TcpStream>, Secure), Refusal> {
    let recorder = recorder(shared, peer).await?;
    let name = recorder.name();
    let config = client_config(Arc::clone(&recorder), &peer.alpn)?;
    let begun = Instant::now();
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    match tokio::time::timeout(shared.connect_timeout(), connecting).await {
        Err(_) => Err(Refusal::TimedOut { during: Phase::Handshake }),
        Ok(Err(error)) => Err(Refusal::Handshake { text: failure(&error) }),
        Ok(Ok(stream)) => {
            let handshake = Time::from(begun.elapsed());
            let (_, session) = stream.get_ref();
            let verdict = recorder.verdict();
            let secure = Secure {
                version: version(session.protocol_version()),
                cipher_suite: suite(session.negotiated_cipher_suite()),
                alpn: session.alpn_protocol().map(|alpn| String::from_utf8_lossy(alpn).into_owned()),
                chain: verdict.chain,
                trust: verdict.trust,
                connect: None,
                handshake,
            };
            Ok((stream, secure))
        }
    }
}

fn client_config(recorder: Arc<Recorder>, alpn: &[String]) -> Result<ClientConfig, Refusal> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| Refusal::Unsupported { text: error.to_string() })?;
    let mut config = builder.dangerous().with_custom_certificate_verifier(recorder).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.clone().into_bytes()).collect();
    // A resumed session shows no certificate.
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// The listener's side, from the certificate and key that the driver was given.
pub fn server_config(shared: &Shared) -> Result<ServerConfig, Refusal> {
    let unusable =
        |text: String| Refusal::Other { text: format!("the certificate for serving cannot be used: {text}") };
    let Some((certificate, key)) = &shared.options.serve_certificate else {
        return Err(Refusal::Other { text: "there is no certificate to serve with".to_owned() });
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
    let chain = chain.map_err(|error| unusable(error.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| unusable(error.to_string()))?;
    ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| unusable(error.to_string()))
}

fn version(version: Option<ProtocolVersion>) -> String {
    match version {
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3".to_owned(),
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2".to_owned(),
        other => format!("{other:?}"),
    }
}

/// The IANA name; rustls marks those of TLS 1.3.
fn suite(suite: Option<SupportedCipherSuite>) -> String {
    let name = suite.and_then(|suite| suite.suite().as_str()).unwrap_or("unknown");
    name.replacen("TLS13_", "TLS_", 1)
}

/// Why a handshake failed, in plain words.
fn failure(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::AlertReceived(alert)) => format!("the server ended the handshake: {}", alert_text(*alert)),
        Some(Error::InvalidMessage(_)) => "what the server sent is not TLS".to_owned(),
        Some(Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13)) => {
            "the server offers nothing newer than TLS 1.1".to_owned()
        }
        Some(other) => other.to_string(),
        None => match error.kind() {
            io::ErrorKind::UnexpectedEof => "the server closed the connection during the handshake".to_owned(),
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => RESET.to_owned(),
            _ => plain(error),
        },
    }
}

/// An alert by its name in RFC 8446 §6.2.
fn alert_text(alert: AlertDescription) -> String {
    alert_name(u8::from(alert))
}

/// An alert's name and number: `handshake_failure (40)`.
pub fn alert_name(number: u8) -> String {
    let mut name = String::new();
    for letter in format!("{:?}", AlertDescription::from(number)).chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    // The two names that this spells differently from the RFC.
    let name = name.replace("_c_a", "_ca").replace("p_s_k", "psk");
    format!("{name} ({number})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_alerts_as_the_rfc_does() {
        assert_eq!(alert_name(40), "handshake_failure (40)");
        assert_eq!(alert_name(70), "protocol_version (70)");
        assert_eq!(alert_name(48), "unknown_ca (48)");
        assert_eq!(alert_name(112), "unrecognised_name (112)");
    }
}
