//! What the attributes of a received message say.

use std::net::SocketAddr;

use super::attribute::{self, AddressError, ErrorCode, Family, IcmpError, PasswordAlgorithm};
use super::message::Message;
use super::value::{self, Mask};

/// Bytes of a text that are read.
const TEXT: usize = 763;

impl Message {
    /// The first address attribute of that type that can be read; XORed or not according to the type.
    #[must_use]
    pub fn address(&self, kind: u16) -> Option<SocketAddr> {
        self.read_addresses(kind).next()
    }

    /// All address attributes of that type (XOR-RELAYED-ADDRESS of a dual allocation,
    /// XOR-PEER-ADDRESS, ALTERNATE-SERVER).
    #[must_use]
    pub fn addresses(&self, kind: u16) -> Vec<SocketAddr> {
        self.read_addresses(kind).collect()
    }

    /// XOR-MAPPED-ADDRESS; else, from servers older than RFC 5389, 0x8020 and MAPPED-ADDRESS
    /// (RFC 8489 §11, RFC 8445 §5.1.1.2).
    #[must_use]
    pub fn mapped(&self) -> Option<SocketAddr> {
        self.address(attribute::XOR_MAPPED_ADDRESS)
            .or_else(|| self.address(attribute::OLD_XOR_MAPPED_ADDRESS))
            .or_else(|| self.address(attribute::MAPPED_ADDRESS))
    }

    #[must_use]
    pub fn error(&self) -> Option<ErrorCode> {
        value::decode_error(self.get(attribute::ERROR_CODE)?)
    }

    /// UNKNOWN-ATTRIBUTES of a 420.
    #[must_use]
    pub fn unknown_attributes(&self) -> Vec<u16> {
        self.get(attribute::UNKNOWN_ATTRIBUTES).map(value::decode_unknown).unwrap_or_default()
    }

    /// Comprehension-required attributes in this message that rtcprobe does not know, each once. The
    /// reserved ones of RFC 3489 (0x0002, 0x0004, 0x0005, 0x0007, 0x000B) are not counted.
    #[must_use]
    pub fn not_understood(&self) -> Vec<u16> {
        let mut kinds: Vec<u16> = self
            .counted()
            .map(|attribute| attribute.kind)
            .filter(|&kind| attribute::is_required(kind) && !attribute::is_known(kind))
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// SOFTWARE, REALM and the like as text: lossy UTF-8, trailing NULs cut. May hold control
    /// characters; escaping is the view's job.
    #[must_use]
    pub fn text(&self, kind: u16) -> Option<String> {
        let value = self.get(kind)?;
        // RFC 8489 §14: texts of up to 763 bytes are to be read; a longer one is no name or phrase.
        let value = &value[..value.len().min(TEXT)];
        Some(String::from_utf8_lossy(value).trim_end_matches(['\0', '\u{fffd}']).to_owned())
    }

    /// LIFETIME in seconds.
    #[must_use]
    pub fn lifetime(&self) -> Option<u32> {
        self.number(attribute::LIFETIME)
    }

    /// CHANNEL-NUMBER (RFC 8656 §18.1).
    #[must_use]
    pub fn channel(&self) -> Option<u16> {
        let &[c0, c1, _, _] = self.get(attribute::CHANNEL_NUMBER)? else { return None };
        Some(u16::from_be_bytes([c0, c1]))
    }

    /// CONNECTION-ID (RFC 6062 §6.2.1).
    #[must_use]
    pub fn connection_id(&self) -> Option<u32> {
        self.number(attribute::CONNECTION_ID)
    }

    /// PRIORITY of a connectivity check (RFC 8445 §16.1).
    #[must_use]
    pub fn priority(&self) -> Option<u32> {
        self.number(attribute::PRIORITY)
    }

    /// The tie-breaker of ICE-CONTROLLED or ICE-CONTROLLING (RFC 8445 §16.1).
    #[must_use]
    pub fn tie_breaker(&self, kind: u16) -> Option<u64> {
        Some(u64::from_be_bytes(self.get(kind)?.try_into().ok()?))
    }

    /// The change-IP and change-port flags of CHANGE-REQUEST (RFC 5780 §7.2).
    #[must_use]
    pub fn change_request(&self) -> Option<(bool, bool)> {
        let flags = self.number(attribute::CHANGE_REQUEST)?;
        Some((flags & 4 != 0, flags & 2 != 0))
    }

    /// RESPONSE-PORT (RFC 5780 §7.5), two bytes long, or four as coturn sends it.
    #[must_use]
    pub fn response_port(&self) -> Option<u16> {
        Some(u16::from_be_bytes(*self.get(attribute::RESPONSE_PORT)?.first_chunk()?))
    }

    /// REQUESTED-TRANSPORT (RFC 8656 §18.7): 17 for UDP, 6 for TCP.
    #[must_use]
    pub fn requested_transport(&self) -> Option<u8> {
        self.get(attribute::REQUESTED_TRANSPORT)?.first().copied()
    }

    /// The family of REQUESTED-ADDRESS-FAMILY or ADDITIONAL-ADDRESS-FAMILY (RFC 8656 §18.6, §18.11).
    #[must_use]
    pub fn family(&self, kind: u16) -> Option<Family> {
        Family::from_number(*self.get(kind)?.first()?)
    }

    /// Whether EVEN-PORT asks for the next port as well (RFC 8656 §18.8).
    #[must_use]
    pub fn even_port(&self) -> Option<bool> {
        Some(self.get(attribute::EVEN_PORT)?.first()? & 0x80 != 0)
    }

    /// TRANSACTION_TRANSMIT_COUNTER (RFC 7982 §3.1): requests and responses sent.
    #[must_use]
    pub fn transmit_counter(&self) -> Option<(u8, u8)> {
        let &[_, _, requests, responses] = self.get(attribute::TRANSACTION_TRANSMIT_COUNTER)? else { return None };
        Some((requests, responses))
    }

    /// PASSWORD-ALGORITHMS in the server's order (RFC 8489 §14.11); `None` when absent or unreadable.
    #[must_use]
    pub fn password_algorithms(&self) -> Option<Vec<PasswordAlgorithm>> {
        value::decode_algorithms(self.get(attribute::PASSWORD_ALGORITHMS)?)
    }

    /// PASSWORD-ALGORITHM of a request (RFC 8489 §14.12).
    #[must_use]
    pub fn password_algorithm(&self) -> Option<PasswordAlgorithm> {
        value::decode_algorithms(self.get(attribute::PASSWORD_ALGORITHM)?)?.into_iter().next()
    }

    /// ADDRESS-ERROR-CODE (RFC 8656 §18.12), one for each family that was refused.
    #[must_use]
    pub fn address_errors(&self) -> Vec<AddressError> {
        self.all(attribute::ADDRESS_ERROR_CODE).filter_map(value::decode_address_error).collect()
    }

    /// ICMP of a Data indication (RFC 8656 §18.13).
    #[must_use]
    pub fn icmp(&self) -> Option<IcmpError> {
        value::decode_icmp(self.get(attribute::ICMP)?)
    }

    fn all(&self, kind: u16) -> impl Iterator<Item = &[u8]> {
        self.counted().filter(move |attribute| attribute.kind == kind).map(|attribute| attribute.value.as_slice())
    }

    fn read_addresses(&self, kind: u16) -> impl Iterator<Item = SocketAddr> {
        let mask = attribute::is_xored(kind).then(|| {
            let mut mask = Mask::default();
            mask.copy_from_slice(&self.raw()[4..20]);
            mask
        });
        self.all(kind).filter_map(move |value| value::decode_address(value, mask.as_ref()))
    }

    fn number(&self, kind: u16) -> Option<u32> {
        Some(u32::from_be_bytes(self.get(kind)?.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::attribute::Value;
    use crate::wire::message::{Builder, Class, Method, TransactionId};

    fn builder() -> Builder {
        Builder::new(Class::Success, Method::BINDING, TransactionId(*b"rtcprobe-id!"))
    }

    #[test]
    fn addresses_of_both_families_are_read_in_the_clear_and_masked() {
        for address in ["192.0.2.1:32853", "[2001:db8:1234:5678:11:2233:4455:6677]:32853"] {
            let address: SocketAddr = address.parse().unwrap();
            for old in [false, true] {
                let builder = if old { builder().without_cookie([9, 8, 7, 6]) } else { builder() };
                let bytes = builder
                    .with(Value::MappedAddress(address))
                    .with(Value::XorMappedAddress(address))
                    .with(Value::XorPeerAddress(address))
                    .with(Value::XorRelayedAddress(address))
                    .build();
                let message = Message::decode(&bytes).unwrap();
                assert_eq!(message.cookie, !old);
                for kind in [0x01, 0x20, 0x12, 0x16] {
                    assert_eq!(message.address(kind), Some(address), "{kind:#x}");
                }
                let value = |kind| message.get(kind).unwrap();
                assert_ne!(value(attribute::MAPPED_ADDRESS), value(attribute::XOR_MAPPED_ADDRESS));
            }
        }
    }

    #[test]
    fn addresses_that_cannot_be_read_are_none_and_the_first_that_can_wins() {
        for value in [
            &[][..],
            &[0, 0, 1, 2, 1, 2, 3, 4],
            &[0, 3, 1, 2, 1, 2, 3, 4],
            &[0, 1, 1, 2, 1, 2, 3],
            &[0, 2, 1, 2, 1, 2, 3, 4],
        ] {
            let bytes = builder()
                .with(Value::Raw(attribute::MAPPED_ADDRESS, value.to_vec()))
                .with(Value::Software("kept".into()))
                .build();
            let message = Message::decode(&bytes).unwrap();
            assert_eq!(message.mapped(), None, "{value:?}");
            assert!(message.has(attribute::SOFTWARE));
        }
        let [one, two] = ["192.0.2.1:1", "192.0.2.2:2"].map(|address| address.parse().unwrap());
        let bytes = builder().with(Value::XorMappedAddress(one)).with(Value::XorMappedAddress(two)).build();
        let message = Message::decode(&bytes).unwrap();
        assert_eq!(message.mapped(), Some(one));
        assert_eq!(message.addresses(attribute::XOR_MAPPED_ADDRESS), [one, two]);
    }

    #[test]
    fn mapped_prefers_the_masked_address() {
        let [plain, old, new] = ["192.0.2.1:1", "192.0.2.2:2", "192.0.2.3:3"].map(|address| address.parse().unwrap());
        let old_value = Message::decode(&builder().with(Value::XorMappedAddress(old)).build()).unwrap();
        let old_value = old_value.get(attribute::XOR_MAPPED_ADDRESS).unwrap().to_vec();
        let with_plain = builder().with(Value::MappedAddress(plain));
        let with_old = with_plain.clone().with(Value::Raw(attribute::OLD_XOR_MAPPED_ADDRESS, old_value));
        let with_new = with_old.clone().with(Value::XorMappedAddress(new));
        for (builder, expected) in [(with_plain, plain), (with_old, old), (with_new, new)] {
            assert_eq!(Message::decode(&builder.build()).unwrap().mapped(), Some(expected));
        }
    }

    #[test]
    fn error_codes_are_read_as_servers_send_them() {
        let error = |value: &[u8]| {
            let bytes = builder().with(Value::Raw(attribute::ERROR_CODE, value.to_vec())).build();
            Message::decode(&bytes).unwrap().error().map(|error| (error.code, error.reason))
        };
        assert_eq!(error(b"\0\0\x04\x26Stale nonce\0"), Some((438, "Stale nonce".into())));
        assert_eq!(error(b"\0\0\x04\x00"), Some((400, String::new())));
        assert_eq!(error(b"\xff\xff\xfc\x01caf\xe9"), Some((401, "caf\u{fffd}".into())));
        assert_eq!(error(b"\0\0\x03\0x \0 \0"), Some((300, "x".into())));
        for bad in [&b"\0\0\x07\0"[..], b"\0\0\x02\0", b"\0\0\x04\x64", b"\0\0\x04", b""] {
            assert_eq!(error(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn values_are_read_as_they_were_written() {
        let algorithms = vec![
            PasswordAlgorithm { number: 3, parameters: b"fives".to_vec() },
            PasswordAlgorithm { number: PasswordAlgorithm::SHA256, parameters: Vec::new() },
        ];
        let address_error = AddressError { family: Family::V6, code: 440, reason: "no".into() };
        let icmp = IcmpError { kind: 3, code: 4, data: 1280 };
        let bytes = builder()
            .with(Value::ErrorCode(ErrorCode { code: 699, reason: "last".into() }))
            .with(Value::UnknownAttributes(vec![0x1a, 0x7ffe, 0x7ffe]))
            .with(Value::Lifetime(600))
            .with(Value::ChannelNumber(0x4001))
            .with(Value::ConnectionId(77))
            .with(Value::PasswordAlgorithms(algorithms.clone()))
            .with(Value::PasswordAlgorithm(algorithms[1].clone()))
            .with(Value::AddressError(address_error.clone()))
            .with(Value::Icmp(icmp))
            .with(Value::Priority(1))
            .with(Value::IceControlled(u64::MAX))
            .with(Value::ChangeRequest { ip: true, port: false })
            .with(Value::ResponsePort(3479))
            .with(Value::RequestedTransport(6))
            .with(Value::RequestedAddressFamily(Family::V6))
            .with(Value::EvenPort { reserve: true })
            .with(Value::TransmitCounter { requests: 2, responses: 1 })
            .with(Value::Padding(5))
            .with(Value::Raw(0x7ffd, vec![1]))
            .build();
        let message = Message::decode(&bytes).unwrap();
        assert_eq!(message.error(), Some(ErrorCode { code: 699, reason: "last".into() }));
        assert_eq!(message.unknown_attributes(), [0x1a, 0x7ffe]);
        assert_eq!(message.lifetime(), Some(600));
        assert_eq!(message.channel(), Some(0x4001));
        assert_eq!(message.connection_id(), Some(77));
        assert_eq!(message.password_algorithm(), Some(algorithms[1].clone()));
        assert_eq!(message.password_algorithms(), Some(algorithms));
        assert_eq!(message.address_errors(), [address_error]);
        assert_eq!(message.icmp(), Some(icmp));
        assert_eq!(message.priority(), Some(1));
        assert_eq!(message.tie_breaker(attribute::ICE_CONTROLLED), Some(u64::MAX));
        assert_eq!(message.change_request(), Some((true, false)));
        assert_eq!(message.response_port(), Some(3479));
        assert_eq!(message.requested_transport(), Some(6));
        assert_eq!(message.family(attribute::REQUESTED_ADDRESS_FAMILY), Some(Family::V6));
        assert_eq!(message.even_port(), Some(true));
        assert_eq!(message.transmit_counter(), Some((2, 1)));
        assert_eq!(message.get(attribute::PADDING), Some(&[0; 5][..]));
        assert_eq!(message.not_understood(), [0x7ffd]);
    }

    #[test]
    fn attributes_of_old_servers_are_understood() {
        let bytes = builder()
            .with(Value::Raw(attribute::SOURCE_ADDRESS, vec![0; 8]))
            .with(Value::Raw(attribute::CHANGED_ADDRESS, vec![0; 8]))
            .with(Value::Raw(0xc057, vec![0; 4]))
            .build();
        assert!(Message::decode(&bytes).unwrap().not_understood().is_empty());
    }
}
