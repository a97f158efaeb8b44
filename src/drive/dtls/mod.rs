//! DTLS connections: the client, the listener, and what both do once they stand.

mod listen;
mod wire;

pub use listen::listen;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use dtls::config::Config;
use dtls::conn::DTLSConn;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::drive::arrivals::Teller;
use crate::drive::shared::Shared;
use crate::drive::stream::{AFTERWARDS, Outbox};
use crate::drive::tls::{alert_name, must_verify, recorder};
use crate::drive::udp::Udp;
use crate::machine::{Ending, Fragments, Peer, Phase, Refusal, Secure, Time, Unreachability};
use wire::{Trouble, Wire};

/// Larger than any record.
const LARGEST: usize = 17 * 1024;
/// Shakes hands, looks at the certificate, and carries.
pub async fn client(
    shared: Arc<Shared>,
    mut teller: Teller,
    outbox: Outbox,
    local: Option<SocketAddr>,
    to: SocketAddr,
    peer: Peer,
) {
    let any = if to.is_ipv4() { SocketAddr::from(([0; 4], 0)) } else { SocketAddr::from(([0; 16], 0)) };
    let udp = match Udp::open(&shared, local.unwrap_or(any), Some(to), Fragments::System) {
        Ok(udp) => Arc::new(udp),
        Err(why) => return teller.refused(why),
    };
    let local = udp.local;
    let wire = Arc::new(Wire::to_server(udp, to));
    match shake_hands(&shared, &wire, &peer).await {
        Ok((connection, secure)) => {
            let at = teller.now();
            if let (Err(why), true) = (&secure.trust, must_verify(&shared, &peer)) {
                teller.refused(Refusal::Untrusted { why: why.clone(), secure: Box::new(secure) });
                let _ = tokio::time::timeout(AFTERWARDS, connection.close()).await;
                return;
            }
            teller.opened(at, local, Some(Box::new(secure)));
            carry(connection, &wire, teller, outbox).await;
        }
        Err(why) => teller.refused(why),
    }
}

async fn shake_hands(shared: &Shared, wire: &Arc<Wire>, peer: &Peer) -> Result<(DTLSConn, Secure), Refusal> {
    let recorder = recorder(shared, peer).await?;
    let config = Config {
        // The verdict is ours; the crate would end the handshake and say less.
        insecure_skip_verify: true,
        verify_peer_certificate: Some({
            let recorder = Arc::clone(&recorder);
            Arc::new(move |chain: &[Vec<u8>], _: &[CertificateDer<'static>]| {
                let chain: Vec<CertificateDer<'_>> = chain.iter().map(|der| der.as_slice().into()).collect();
                recorder.record(&chain);
                Ok(())
            })
        }),
        server_name: recorder.name().to_str().into_owned(),
        ..Config::default()
    };
    prepare();
    let begun = Instant::now();
    let connecting = DTLSConn::new(Arc::clone(wire) as _, config, true, None);
    let connection = tokio::select! {
        why = lasting_trouble(wire) => return Err(why),
        made = tokio::time::timeout(shared.connect_timeout(), connecting) => match made {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return Err(Refusal::Handshake { text: failure(wire, &error.to_string()) }),
            Err(_) if wire.heard_rubbish_only() => {
                return Err(Refusal::Handshake { text: "what the server sent is not DTLS".to_owned() });
            }
            Err(_) if wire.heard_records() => return Err(Refusal::TimedOut { during: Phase::Halfway }),
            Err(_) => return Err(Refusal::TimedOut { during: Phase::Handshake }),
        },
    };
    let handshake = Time::from(begun.elapsed());
    wire.established();
    let verdict = recorder.verdict();
    let secure = Secure {
        version: "DTLSv1.2".to_owned(),
        cipher_suite: wire.cipher_suite(),
        alpn: None,
        chain: verdict.chain,
        trust: verdict.trust,
        connect: None,
        handshake,
    };
    Ok((connection, secure))
}

/// The crate asks for the process's cryptography.
fn prepare() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    // If there is one already, that will do.
    ONCE.call_once(|| drop(ring::default_provider().install_default()));
}

/// Waits for trouble that ends a handshake.
async fn lasting_trouble(wire: &Wire) -> Refusal {
    loop {
        let icmp = match wire.trouble().await {
            Trouble::Unreachable(icmp) => icmp,
            Trouble::Gone => return Refusal::Other { text: "the listener was closed".to_owned() },
            Trouble::Circle => {
                let text = "the server answers every ClientHello with another HelloVerifyRequest".to_owned();
                return Refusal::Handshake { text };
            }
        };
        let text = match icmp.meaning {
            Unreachability::Port => return Refusal::ConnectionRefused,
            Unreachability::Host => "no route to host",
            Unreachability::Network => "network is unreachable",
            Unreachability::Prohibited => "prohibited by a firewall",
            // The crate sends again, and smaller things may pass.
            Unreachability::TooLarge | Unreachability::Other => continue,
        };
        return Refusal::Unreachable { icmp: icmp.kind.map(|_| icmp), text: text.to_owned() };
    }
}

fn failure(wire: &Wire, error: &str) -> String {
    match wire.alert() {
        Some(alert) => format!("the server ended the handshake: {}", alert_name(alert)),
        None => error.to_owned(),
    }
}

/// Carries datagrams both ways until one side ends it.
async fn carry(connection: DTLSConn, wire: &Wire, teller: Teller, mut outbox: Outbox) {
    let from = wire.remote();
    let mut buffer = vec![0; LARGEST];
    loop {
        tokio::select! {
            read = connection.read(&mut buffer, None) => match read {
                Ok(size) => teller.received(teller.now(), from, buffer[..size].to_vec()).await,
                // One record that does not fit is lost; anything else is the end.
                Err(dtls::Error::ErrBufferTooSmall) => {}
                Err(_) => {
                    teller.closed(Ending::Finished);
                    break;
                }
            },
            trouble = wire.trouble() => match trouble {
                Trouble::Unreachable(icmp) => teller.unreachable(teller.now(), from, icmp).await,
                Trouble::Circle => {}
                Trouble::Gone => {
                    teller.closed(Ending::Failed("the listener was closed".to_owned()));
                    break;
                }
            },
            bytes = outbox.next() => match bytes {
                Some(bytes) => {
                    // A datagram that cannot leave is lost; the wire tells of lasting trouble.
                    let _ = connection.write(&bytes, Some(AFTERWARDS)).await;
                    outbox.sent(bytes.len());
                }
                None => {
                    teller.silent();
                    break;
                }
            },
        }
    }
    let _ = tokio::time::timeout(AFTERWARDS, connection.close()).await;
}
