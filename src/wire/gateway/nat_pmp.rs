//! NAT-PMP (RFC 6886): the question for the external address.

use std::net::Ipv4Addr;

/// Where the gateway listens (§3.1); PCP took the port over.
pub const PORT: u16 = 5351;

/// Version 0, opcode 0 (§3.2).
pub const EXTERNAL_ADDRESS_REQUEST: [u8; 2] = [0, 0];

/// An answer to [`EXTERNAL_ADDRESS_REQUEST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The external address; a gateway without one yet says 0.0.0.0.
    Address { address: Ipv4Addr, epoch: u32 },
    /// A result code other than zero (§3.5).
    Refused { code: u16 },
    /// It speaks another version of the protocol only: 2 is PCP.
    OtherVersion { version: u8 },
}

/// Reads a datagram; `None` when it is no answer to that question.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Answer> {
    let (&[version, opcode, r0, r1], rest) = bytes.split_first_chunk::<4>()?;
    if version != 0 {
        // A PCP server says "unsupported version" in its own format (RFC 6887 §9 and appendix A).
        return (opcode & 0x80 != 0).then_some(Answer::OtherVersion { version });
    }
    let code = u16::from_be_bytes([r0, r1]);
    if opcode != 128 {
        return None;
    }
    if code != 0 {
        return Some(Answer::Refused { code });
    }
    let (epoch, rest) = rest.split_first_chunk::<4>()?;
    let address = rest.first_chunk::<4>()?;
    Some(Answer::Address { address: Ipv4Addr::from(*address), epoch: u32::from_be_bytes(*epoch) })
}

/// What a result code means (§3.5).
#[must_use]
pub fn result(code: u16) -> &'static str {
    match code {
        0 => "success",
        1 => "unsupported version",
        2 => "not authorized",
        3 => "network failure",
        4 => "out of resources",
        5 => "unsupported opcode",
        _ => "unknown result",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_address() {
        let bytes = [0, 128, 0, 0, 0, 0, 0x0e, 0x10, 198, 51, 100, 1];
        assert_eq!(read(&bytes), Some(Answer::Address { address: Ipv4Addr::new(198, 51, 100, 1), epoch: 3600 }));
    }

    #[test]
    fn reads_refusals_of_any_length() {
        assert_eq!(read(&[0, 128, 0, 2]), Some(Answer::Refused { code: 2 }));
        assert_eq!(read(&[0, 128, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0]), Some(Answer::Refused { code: 3 }));
        assert_eq!(result(3), "network failure");
    }

    #[test]
    fn knows_a_server_of_another_version() {
        let mut pcp = [0; 24];
        (pcp[0], pcp[1], pcp[3]) = (2, 0x80, 1);
        assert_eq!(read(&pcp), Some(Answer::OtherVersion { version: 2 }));
    }

    #[test]
    fn leaves_what_is_no_answer() {
        for bytes in [&[][..], &[0, 0], &[0, 0, 0, 0], &[0, 129, 0, 0, 0, 0, 0, 0], &[0, 128, 0, 0, 0, 0, 0, 1, 198]] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
    }
}
