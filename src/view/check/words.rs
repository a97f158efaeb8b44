//! What fits into the cell of a table.

use crate::report::{Cause, RelayProtocol};

pub fn transport(transport: RelayProtocol) -> &'static str {
    match transport {
        RelayProtocol::Udp => "udp",
        RelayProtocol::Tcp => "tcp",
        RelayProtocol::Tls => "tls",
        RelayProtocol::Dtls => "dtls",
    }
}

/// Why something does not work, in at most 24 columns.
pub fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::NoSuchName => "no such name",
        Cause::DnsFailed => "the DNS fails",
        Cause::CannotAsk => "could not be asked",
        Cause::WrongSource => "answers from elsewhere",
        Cause::NoAnswer => "no answer",
        Cause::Refused => "nothing listens",
        Cause::Unreachable => "unreachable",
        Cause::Prohibited => "forbidden by a firewall",
        Cause::ConnectionClosed => "connection closed",
        Cause::NotStun => "not a STUN server",
        Cause::CertificateExpired => "certificate expired",
        Cause::CertificateNotYetValid => "certificate not yet valid",
        Cause::CertificateWrongName => "certificate: wrong name",
        Cause::CertificateSelfSigned => "certificate: self-signed",
        Cause::CertificateIncompleteChain => "certificate: incomplete",
        Cause::CertificateUntrusted => "certificate: untrusted",
        Cause::HandshakeFailed => "handshake fails",
        Cause::HandshakeTimeout => "no answer to handshake",
        Cause::OpenRelay => "open relay",
        Cause::BadChallenge => "unusable challenge",
        Cause::StunOnly => "STUN only, no TURN",
        Cause::NoCredentials => "wants credentials",
        Cause::Unauthorized => "credentials refused",
        Cause::NonceLoop => "never takes its nonce",
        Cause::IntegrityFailed => "answer not signed",
        Cause::Redirected => "sent elsewhere in vain",
        Cause::AllocationMismatch => "address taken (437)",
        Cause::QuotaReached => "quota used up",
        Cause::PortsExhausted => "no relay port left",
        Cause::RelayAddressNotLocal => "relay address not local",
        Cause::Forbidden => "refused by policy",
        Cause::PeerForbidden => "peer forbidden",
        Cause::TransportForbidden => "UDP relays are off",
        Cause::FamilyUnsupported => "no relay of that family",
        Cause::Unsupported => "not supported",
        Cause::OtherError => "an error",
        Cause::ProtocolError => "breaks the protocol",
        Cause::RelayAddressPrivate => "relay address private",
        Cause::RelayAddressWrong => "relay address wrong",
        Cause::RelayPortRewritten => "relay port rewritten",
        Cause::RelayPortsUnreachable => "relay not reachable",
        Cause::RelayEgressBlocked => "relay cannot send",
        Cause::PayloadDamaged => "data damaged",
        Cause::AllocationLost => "allocation lost",
        Cause::NotReleased => "not released",
        Cause::Stopped => "not found out",
    }
}
