use crate::probes::gather::task::{Ask, Ended};
use crate::report::{Cause, StepName};
use crate::wire::uri::Transport;

/// Where in the conversation it happened.
pub(super) fn step_of(ended: &Ended, cause: Cause) -> StepName {
    let asked = match ended.ask {
        Ask::Binding => StepName::Binding,
        Ask::Allocate if ended.seen.signed || cause == Cause::OpenRelay => StepName::Allocate,
        Ask::Allocate => StepName::Challenge,
    };
    match cause {
        Cause::CertificateExpired
        | Cause::CertificateNotYetValid
        | Cause::CertificateWrongName
        | Cause::CertificateSelfSigned
        | Cause::CertificateIncompleteChain
        | Cause::CertificateUntrusted
        | Cause::HandshakeFailed
        | Cause::HandshakeTimeout => StepName::Tls,
        _ if ended.base.is_some() => asked,
        // The connection never stood.
        _ => match ended.target.transport {
            Transport::Udp => asked,
            Transport::Dtls => StepName::Tls,
            Transport::Tcp | Transport::Tls => StepName::Connect,
        },
    }
}
