//! What steps and proofs are called, and what a cause means in a few words.

use crate::report::{Cause, Form, RelayProtocol, Way};

/// How a server is talked to.
pub fn transport(transport: RelayProtocol) -> &'static str {
    match transport {
        RelayProtocol::Udp => "udp",
        RelayProtocol::Tcp => "tcp",
        RelayProtocol::Tls => "tls",
        RelayProtocol::Dtls => "dtls",
    }
}

/// A way of sending data through the relay.
pub fn way(way: Way, form: Form) -> &'static str {
    match (way, form) {
        (Way::Inbound, Form::Send) => "from a second socket, unasked",
        (Way::Inbound, Form::Channel) => "from a second socket, through the channel",
        (Way::Outbound, Form::Send) => "to a second socket",
        (Way::Outbound, Form::Channel) => "to a second socket, through the channel",
        (Way::Reflection, _) => "to a STUN server and back",
        (Way::RelayToRelay, Form::Send) => "to a second relay",
        (Way::RelayToRelay, Form::Channel) => "from a second relay, through the channel",
    }
}

/// What a failing step means.
pub fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::NoSuchName => "there is no such name",
        Cause::CannotAsk => "this machine could not ask",
        Cause::WrongSource => "the answer comes from another address",
        Cause::DnsFailed => "the DNS does not answer for this name",
        Cause::NoAnswer => "no answer",
        Cause::Refused => "nothing listens there",
        Cause::Unreachable => "there is no way to the server",
        Cause::Prohibited => "a firewall forbids it",
        Cause::ConnectionClosed => "the connection ended in the middle",
        Cause::NotStun => "something else than a STUN server answers",
        Cause::CertificateExpired => "the certificate has expired",
        Cause::CertificateNotYetValid => "the certificate is not valid yet",
        Cause::CertificateWrongName => "the certificate is for another name",
        Cause::CertificateSelfSigned => "the certificate is self-signed",
        Cause::CertificateIncompleteChain => "the server leaves out an intermediate certificate",
        Cause::CertificateUntrusted => "the certificate is not trusted",
        Cause::HandshakeFailed => "the handshake fails",
        Cause::HandshakeTimeout => "the handshake is not answered",
        Cause::OpenRelay => "it relays for everybody, without asking who it is",
        Cause::BadChallenge => "the challenge cannot be answered",
        Cause::StunOnly => "it does STUN, but not TURN",
        Cause::NoCredentials => "it wants credentials",
        Cause::Unauthorized => "the server does not accept the credentials",
        Cause::NonceLoop => "the server never accepts its own nonce",
        Cause::IntegrityFailed => "the answer is not signed as it should be",
        Cause::Redirected => "the server sends us elsewhere, and that leads nowhere",
        Cause::AllocationMismatch => "the server takes our address for one in use",
        Cause::QuotaReached => "the quota is used up",
        Cause::PortsExhausted => "no relay port is left",
        Cause::RelayAddressNotLocal => "the relay address is not the server's own",
        Cause::Forbidden => "the server's policy refuses it",
        Cause::PeerForbidden => "the server's policy forbids the peer",
        Cause::TransportForbidden => "UDP relays are switched off",
        Cause::FamilyUnsupported => "no relay address of that family",
        Cause::Unsupported => "the server does not support it",
        Cause::OtherError => "an error",
        Cause::ProtocolError => "the answer breaks the protocol",
        Cause::RelayAddressPrivate => "the relayed address is private",
        Cause::RelayAddressWrong => "the world sees another address than the relayed one",
        Cause::RelayPortRewritten => "the world sees another port than the relayed one",
        Cause::RelayPortsUnreachable => "nothing gets in to the relayed address",
        Cause::RelayEgressBlocked => "nothing gets out of the relayed address",
        Cause::PayloadDamaged => "data arrives damaged",
        Cause::AllocationLost => "the allocation is gone",
        Cause::NotReleased => "the allocation is not released",
        Cause::Stopped => "stopped before its end",
    }
}
