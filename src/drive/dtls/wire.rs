//! What carries DTLS records, and what is overheard on the way.
//!
//! The `dtls` crate keeps a few things to itself that a report needs: the alert that ended a
//! handshake, the cipher suite, an ICMP error. They are read here from what passes by before
//! anything is encrypted.

use std::any::Any;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use webrtc_util::{Conn, Error};

use crate::drive::icmp::Returned;
use crate::drive::udp::Udp;
use crate::machine::Icmp;

/// One DTLS association's way to its peer.
pub struct Wire {
    udp: Arc<Udp>,
    remote: SocketAddr,
    /// Datagrams that a listener sorted out; a client reads its socket itself.
    inbox: Option<tokio::sync::Mutex<mpsc::Receiver<Vec<u8>>>>,
    overheard: Mutex<Overheard>,
    trouble: mpsc::Sender<Trouble>,
    troubles: tokio::sync::Mutex<mpsc::Receiver<Trouble>>,
}

/// Something wrong with the way itself.
#[derive(Debug, Clone, Copy)]
pub enum Trouble {
    Unreachable(Icmp),
    /// The listener is no more.
    Gone,
    /// Every ClientHello is answered with another HelloVerifyRequest.
    Circle,
}

#[derive(Debug, Default, Clone, Copy)]
struct Overheard {
    alert: Option<u8>,
    cipher_suite: Option<u16>,
    records: bool,
    rubbish: bool,
    established: bool,
    /// HelloVerifyRequests that came.
    cookies: u32,
    /// Bytes that came before or without protection.
    unprotected: usize,
}

/// What the crate keeps of unprotected records grows with them; no handshake needs as much.
const UNPROTECTED: usize = 128 * 1024;
/// One HelloVerifyRequest belongs to a handshake (RFC 6347 §4.2.1), and one to each copy of the first
/// ClientHello on a bad network.
const COOKIES: u32 = 24;

// Content types (RFC 5246 §6.2.1) and a handshake type (§7.4).
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const HELLO_VERIFY_REQUEST: u8 = 3;

impl Wire {
    pub fn to_server(udp: Arc<Udp>, remote: SocketAddr) -> Wire {
        Wire::new(udp, remote, None)
    }

    pub fn to_client(udp: Arc<Udp>, remote: SocketAddr, inbox: mpsc::Receiver<Vec<u8>>) -> Wire {
        Wire::new(udp, remote, Some(tokio::sync::Mutex::new(inbox)))
    }

    fn new(udp: Arc<Udp>, remote: SocketAddr, inbox: Option<tokio::sync::Mutex<mpsc::Receiver<Vec<u8>>>>) -> Wire {
        // ICMP errors beyond that say nothing new.
        let (trouble, troubles) = mpsc::channel(16);
        let overheard = Mutex::new(Overheard::default());
        Wire { udp, remote, inbox, overheard, trouble, troubles: tokio::sync::Mutex::new(troubles) }
    }

    pub fn remote(&self) -> SocketAddr {
        self.remote
    }

    pub fn local(&self) -> SocketAddr {
        self.udp.local
    }

    /// The next thing that is wrong with the way.
    pub async fn trouble(&self) -> Trouble {
        match self.troubles.lock().await.recv().await {
            Some(trouble) => trouble,
            // Never: the sender is here.
            None => std::future::pending().await,
        }
    }

    /// The handshake is over.
    pub fn established(&self) {
        self.overheard.lock().unwrap_or_else(PoisonError::into_inner).established = true;
    }

    /// The fatal alert that came in the clear.
    pub fn alert(&self) -> Option<u8> {
        self.overheard().alert
    }

    /// The IANA name of the cipher suite that the server chose.
    pub fn cipher_suite(&self) -> String {
        let name = match self.overheard().cipher_suite {
            Some(0xc02b) => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            Some(0xc02f) => "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            Some(0xc0ac) => "TLS_ECDHE_ECDSA_WITH_AES_128_CCM",
            Some(0xc0ae) => "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
            Some(0xc00a) => "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
            Some(0xc014) => "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
            Some(0xcca8) => "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
            Some(0xcca9) => "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            Some(other) => return format!("0x{other:04x}"),
            None => "unknown",
        };
        name.to_owned()
    }

    /// Whether something came, but nothing that looks like DTLS.
    pub fn heard_rubbish_only(&self) -> bool {
        let overheard = self.overheard();
        overheard.rubbish && !overheard.records
    }

    /// Whether anything came that looks like DTLS.
    pub fn heard_records(&self) -> bool {
        self.overheard().records
    }

    fn overheard(&self) -> Overheard {
        *self.overheard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next datagram that the crate may see.
    async fn next(&self) -> Vec<u8> {
        loop {
            let bytes = match &self.inbox {
                Some(inbox) => match inbox.lock().await.recv().await {
                    Some(bytes) => bytes,
                    None => {
                        let _ = self.trouble.try_send(Trouble::Gone);
                        // An error would be asked for again and again.
                        std::future::pending().await
                    }
                },
                None => match self.udp.next().await {
                    Ok((_, bytes)) => bytes,
                    Err(returned) => {
                        self.complain(&returned);
                        continue;
                    }
                },
            };
            let mut overheard = self.overheard.lock().unwrap_or_else(PoisonError::into_inner);
            let wanted = overheard.listen(&bytes);
            if overheard.cookies > COOKIES {
                let _ = self.trouble.try_send(Trouble::Circle);
            } else if wanted {
                return bytes;
            }
        }
    }

    async fn send_all(&self, bytes: &[u8]) {
        let mut returned = Vec::new();
        self.udp.send(self.remote, bytes, &mut returned).await;
        // A listener's socket is everybody's; its errors are not about this peer alone.
        returned.retain(|entry| entry.to == Some(self.remote));
        self.complain(&returned);
    }

    fn complain(&self, returned: &[Returned]) {
        for entry in returned {
            let _ = self.trouble.try_send(Trouble::Unreachable(entry.icmp));
        }
    }
}

impl Overheard {
    /// Takes note of what a datagram says in the clear, and whether it is to be passed on.
    fn listen(&mut self, datagram: &[u8]) -> bool {
        let mut rest = datagram;
        let mut in_the_clear = false;
        while !rest.is_empty() {
            let Some((record, after)) = Record::split(rest) else {
                self.rubbish = true;
                return false;
            };
            in_the_clear |= record.epoch == 0;
            if self.is_forged(&record) {
                return false;
            }
            self.records = true;
            match (record.epoch, record.kind, record.body) {
                // Fatal ones only.
                (0, ALERT, [2, alert, ..]) => self.alert = Some(*alert),
                (0, HANDSHAKE, body) if body.first() == Some(&SERVER_HELLO) => {
                    self.cipher_suite = cipher_suite(body).or(self.cipher_suite);
                }
                (0, HANDSHAKE, body) if body.first() == Some(&HELLO_VERIFY_REQUEST) => self.cookies += 1,
                _ => {}
            }
            rest = after;
        }
        if in_the_clear || !self.established {
            self.unprotected += datagram.len();
        }
        self.unprotected <= UNPROTECTED
    }

    /// What nobody sends but somebody who means harm: there is no renegotiation, and the crate would
    /// keep records of later epochs for ever; and no cleartext ends a connection that stands.
    fn is_forged(&self, record: &Record<'_>) -> bool {
        match record.epoch {
            0 => record.kind == DATA || (record.kind == ALERT && self.established),
            epoch => epoch > 1,
        }
    }
}

/// A record in its outer form (RFC 6347 §4.1).
struct Record<'a> {
    kind: u8,
    epoch: u16,
    body: &'a [u8],
}

impl Record<'_> {
    fn split(bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
        let (header, rest) = bytes.split_first_chunk::<13>()?;
        let [kind, 0xfe, 0xff | 0xfd, epoch_high, epoch_low, _, _, _, _, _, _, length_high, length_low] = *header
        else {
            return None;
        };
        if !(20..=25).contains(&kind) {
            return None;
        }
        let (body, after) = rest.split_at_checked(u16::from_be_bytes([length_high, length_low]).into())?;
        Some((Record { kind, epoch: u16::from_be_bytes([epoch_high, epoch_low]), body }, after))
    }
}

/// The cipher suite of a ServerHello: after the handshake header (12), version (2), random (32) and
/// the session id.
fn cipher_suite(hello: &[u8]) -> Option<u16> {
    let session = usize::from(*hello.get(46)?);
    let suite = hello.get(47 + session..49 + session)?;
    Some(u16::from_be_bytes([suite[0], suite[1]]))
}

/// Whether a datagram begins a handshake.
pub fn is_client_hello(datagram: &[u8]) -> bool {
    Record::split(datagram).is_some_and(|(record, _)| {
        record.kind == HANDSHAKE && record.epoch == 0 && record.body.first() == Some(&CLIENT_HELLO)
    })
}

/// The trait is made by `async_trait`; this is what that makes of an `async fn`.
type Promise<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

impl Conn for Wire {
    fn connect<'life0, 'a>(&'life0 self, _addr: SocketAddr) -> Promise<'a, ()>
    where
        'life0: 'a,
        Self: 'a,
    {
        Box::pin(async { Ok(()) })
    }

    fn recv<'life0, 'life1, 'a>(&'life0 self, buf: &'life1 mut [u8]) -> Promise<'a, usize>
    where
        'life0: 'a,
        'life1: 'a,
        Self: 'a,
    {
        Box::pin(async move {
            let bytes = self.next().await;
            // What is longer than the crate's buffer is cut, as the system would.
            let size = bytes.len().min(buf.len());
            buf[..size].copy_from_slice(&bytes[..size]);
            Ok(size)
        })
    }

    fn recv_from<'life0, 'life1, 'a>(&'life0 self, buf: &'life1 mut [u8]) -> Promise<'a, (usize, SocketAddr)>
    where
        'life0: 'a,
        'life1: 'a,
        Self: 'a,
    {
        Box::pin(async move { Ok((self.recv(buf).await?, self.remote)) })
    }

    fn send<'life0, 'life1, 'a>(&'life0 self, buf: &'life1 [u8]) -> Promise<'a, usize>
    where
        'life0: 'a,
        'life1: 'a,
        Self: 'a,
    {
        Box::pin(async move {
            self.send_all(buf).await;
            Ok(buf.len())
        })
    }

    fn send_to<'life0, 'life1, 'a>(&'life0 self, buf: &'life1 [u8], _target: SocketAddr) -> Promise<'a, usize>
    where
        'life0: 'a,
        'life1: 'a,
        Self: 'a,
    {
        self.send(buf)
    }

    fn local_addr(&self) -> Result<SocketAddr, Error> {
        Ok(self.udp.local)
    }

    fn remote_addr(&self) -> Option<SocketAddr> {
        Some(self.remote)
    }

    fn close<'life0, 'a>(&'life0 self) -> Promise<'a, ()>
    where
        'life0: 'a,
        Self: 'a,
    {
        Box::pin(async { Ok(()) })
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, epoch: u8, body: &[u8]) -> Vec<u8> {
        let mut record = vec![kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 1, 0, u8::try_from(body.len()).unwrap()];
        record.extend_from_slice(body);
        record
    }

    #[test]
    fn overhears_alert_and_cipher_suite() {
        let mut overheard = Overheard::default();
        assert!(overheard.listen(&record(21, 0, &[2, 40])));
        assert_eq!(overheard.alert, Some(40));
        let mut hello = vec![2; 46];
        hello.extend([1, 99, 0xc0, 0x2f, 0]);
        assert!(overheard.listen(&record(22, 0, &hello)));
        assert_eq!(overheard.cipher_suite, Some(0xc02f));
    }

    #[test]
    fn counts_how_often_it_is_sent_back_for_a_cookie() {
        let mut overheard = Overheard::default();
        assert!((0..30).all(|_| overheard.listen(&record(HANDSHAKE, 0, &[HELLO_VERIFY_REQUEST; 12]))));
        assert_eq!(overheard.cookies, 30);
    }

    #[test]
    fn nobody_ends_or_swells_a_connection_in_the_clear() {
        let mut overheard = Overheard { established: true, ..Overheard::default() };
        assert!(!overheard.listen(&record(ALERT, 0, &[2, 40])));
        assert!(!overheard.listen(&record(DATA, 0, &[0; 20])));
        let passed = (0..10_000).filter(|_| overheard.listen(&record(HANDSHAKE, 0, &[1; 200]))).count();
        assert!(passed < 1000);
        assert!(Overheard { established: true, ..Overheard::default() }.listen(&record(DATA, 1, &[0; 20])));
    }

    #[test]
    fn keeps_rubbish_and_far_epochs_from_the_crate() {
        let mut overheard = Overheard::default();
        assert!(!overheard.listen(b"HTTP/1.1 400 Bad Request"));
        assert!(overheard.rubbish && !overheard.records);
        assert!(!overheard.listen(&record(23, 2, &[0; 40])));
        assert!(overheard.listen(&record(23, 1, &[0; 40])));
        let mut two = record(22, 0, &[1; 4]);
        assert!(is_client_hello(&two));
        two.extend(record(23, 9, &[0; 4]));
        assert!(!overheard.listen(&two));
        for length in 0..two.len() {
            overheard.listen(&two[..length]);
            cipher_suite(&two[..length]);
        }
    }
}
