//! Attribute values between bytes and types. Reading is lenient where no meaning is lost, and
//! `None` where the bytes cannot mean anything.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use super::attribute::{self, AddressError, ErrorCode, Family, IcmpError, PasswordAlgorithm, Value};

/// What XORed addresses are masked with: bytes 4 to 20 of the message that they stand in, which
/// are the magic cookie and the transaction id (RFC 8489 §14.2). For a message without the cookie
/// they are what servers that XOR there use instead (STUNTMAN, Vovida).
pub(super) type Mask = [u8; 16];

/// The type number and the value of an attribute.
pub(super) fn encode(value: Value, mask: &Mask) -> (u16, Vec<u8>) {
    use attribute as a;
    match value {
        Value::MappedAddress(address) => (a::MAPPED_ADDRESS, encode_address(address, None)),
        Value::XorMappedAddress(address) => (a::XOR_MAPPED_ADDRESS, encode_address(address, Some(mask))),
        Value::XorPeerAddress(address) => (a::XOR_PEER_ADDRESS, encode_address(address, Some(mask))),
        Value::XorRelayedAddress(address) => (a::XOR_RELAYED_ADDRESS, encode_address(address, Some(mask))),
        Value::ResponseOrigin(address) => (a::RESPONSE_ORIGIN, encode_address(address, None)),
        Value::OtherAddress(address) => (a::OTHER_ADDRESS, encode_address(address, None)),
        Value::AlternateServer(address) => (a::ALTERNATE_SERVER, encode_address(address, None)),
        Value::AlternateDomain(domain) => (a::ALTERNATE_DOMAIN, domain.into_bytes()),
        Value::ChangeRequest { ip, port } => {
            (a::CHANGE_REQUEST, vec![0, 0, 0, u8::from(ip) << 2 | u8::from(port) << 1])
        }
        // Two bytes and padding: what STUNTMAN insists on and coturn takes.
        Value::ResponsePort(port) => (a::RESPONSE_PORT, port.to_be_bytes().to_vec()),
        Value::Padding(length) => (a::PADDING, vec![0; usize::from(length)]),
        Value::Username(bytes) => (a::USERNAME, bytes),
        Value::Userhash(hash) => (a::USERHASH, hash.to_vec()),
        Value::Realm(bytes) => (a::REALM, bytes),
        Value::Nonce(bytes) => (a::NONCE, bytes),
        Value::PasswordAlgorithm(algorithm) => (a::PASSWORD_ALGORITHM, encode_algorithms(&[algorithm])),
        Value::PasswordAlgorithms(algorithms) => (a::PASSWORD_ALGORITHMS, encode_algorithms(&algorithms)),
        Value::Software(text) => (a::SOFTWARE, text.into_bytes()),
        Value::ErrorCode(error) => (a::ERROR_CODE, encode_error(0, error.code, &error.reason)),
        Value::UnknownAttributes(kinds) => {
            (a::UNKNOWN_ATTRIBUTES, kinds.iter().flat_map(|k| k.to_be_bytes()).collect())
        }
        Value::Lifetime(seconds) => (a::LIFETIME, seconds.to_be_bytes().to_vec()),
        Value::ChannelNumber(channel) => (a::CHANNEL_NUMBER, [channel.to_be_bytes(), [0, 0]].concat()),
        Value::Data(bytes) => (a::DATA, bytes),
        Value::RequestedTransport(protocol) => (a::REQUESTED_TRANSPORT, vec![protocol, 0, 0, 0]),
        Value::RequestedAddressFamily(family) => (a::REQUESTED_ADDRESS_FAMILY, vec![family.number(), 0, 0, 0]),
        Value::AdditionalAddressFamily(family) => (a::ADDITIONAL_ADDRESS_FAMILY, vec![family.number(), 0, 0, 0]),
        Value::AddressError(error) => {
            (a::ADDRESS_ERROR_CODE, encode_error(error.family.number(), error.code, &error.reason))
        }
        Value::EvenPort { reserve } => (a::EVEN_PORT, vec![u8::from(reserve) << 7]),
        Value::ReservationToken(token) => (a::RESERVATION_TOKEN, token.to_vec()),
        Value::DontFragment => (a::DONT_FRAGMENT, Vec::new()),
        Value::MobilityTicket(ticket) => (a::MOBILITY_TICKET, ticket),
        Value::ConnectionId(id) => (a::CONNECTION_ID, id.to_be_bytes().to_vec()),
        Value::Icmp(icmp) => (a::ICMP, [[0, 0, icmp.kind, icmp.code], icmp.data.to_be_bytes()].concat()),
        Value::Priority(priority) => (a::PRIORITY, priority.to_be_bytes().to_vec()),
        Value::UseCandidate => (a::USE_CANDIDATE, Vec::new()),
        Value::IceControlled(tie_breaker) => (a::ICE_CONTROLLED, tie_breaker.to_be_bytes().to_vec()),
        Value::IceControlling(tie_breaker) => (a::ICE_CONTROLLING, tie_breaker.to_be_bytes().to_vec()),
        Value::TransmitCounter { requests, responses } => {
            (a::TRANSACTION_TRANSMIT_COUNTER, vec![0, 0, requests, responses])
        }
        Value::Raw(kind, bytes) => (kind, bytes),
    }
}

/// An address attribute's value (RFC 8489 §14.1, §14.2). The first byte is ignored; any family but
/// 1 and 2, and any length that does not belong to the family, is `None`.
pub(super) fn decode_address(value: &[u8], mask: Option<&Mask>) -> Option<SocketAddr> {
    let (&[_, family, p0, p1], ip) = value.split_first_chunk::<4>()?;
    let mask = mask.copied().unwrap_or_default();
    let port = u16::from_be_bytes([p0 ^ mask[0], p1 ^ mask[1]]);
    let ip = match family {
        1 => IpAddr::from(xor::<4>(ip.try_into().ok()?, &mask)),
        2 => IpAddr::from(xor::<16>(ip.try_into().ok()?, &mask)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

fn encode_address(address: SocketAddr, mask: Option<&Mask>) -> Vec<u8> {
    let mask = mask.copied().unwrap_or_default();
    let [p0, p1] = address.port().to_be_bytes();
    let mut value = vec![0, Family::of(address).number(), p0 ^ mask[0], p1 ^ mask[1]];
    match address.ip() {
        IpAddr::V4(ip) => value.extend(xor(ip.octets(), &mask)),
        IpAddr::V6(ip) => value.extend(xor(ip.octets(), &mask)),
    }
    value
}

fn xor<const N: usize>(mut bytes: [u8; N], mask: &Mask) -> [u8; N] {
    for (byte, mask) in bytes.iter_mut().zip(mask) {
        *byte ^= mask;
    }
    bytes
}

/// ERROR-CODE (RFC 8489 §14.8): reserved bits are ignored; a class other than 3 to 6 or a number
/// over 99 is `None`.
pub(super) fn decode_error(value: &[u8]) -> Option<ErrorCode> {
    let (&[_, _, class, number], reason) = value.split_first_chunk::<4>()?;
    let class = class & 7;
    if !(3..=6).contains(&class) || number > 99 {
        return None;
    }
    let code = u16::from(class) * 100 + u16::from(number);
    let reason = &reason[..reason.len().min(763)];
    let reason = String::from_utf8_lossy(reason).trim_end_matches(['\0', ' ']).to_owned();
    Some(ErrorCode { code, reason })
}

/// ADDRESS-ERROR-CODE (RFC 8656 §18.12): ERROR-CODE with a family in its first byte.
pub(super) fn decode_address_error(value: &[u8]) -> Option<AddressError> {
    let ErrorCode { code, reason } = decode_error(value)?;
    let family = Family::from_number(*value.first()?)?;
    Some(AddressError { family, code, reason })
}

fn encode_error(first: u8, code: u16, reason: &str) -> Vec<u8> {
    // Class and number have no room for more; a code of three digits is not changed by this.
    let class = u8::try_from(code / 100).unwrap_or(u8::MAX);
    let number = u8::try_from(code % 100).unwrap_or(u8::MAX);
    [&[first, 0, class, number], reason.as_bytes()].concat()
}

/// ICMP (RFC 8656 §18.13), type and code one byte each: the RFC's figure draws 7 and 9 bits, which
/// its text does not bear out.
pub(super) fn decode_icmp(value: &[u8]) -> Option<IcmpError> {
    let &[_, _, kind, code, d0, d1, d2, d3] = value else { return None };
    Some(IcmpError { kind, code, data: u32::from_be_bytes([d0, d1, d2, d3]) })
}

/// UNKNOWN-ATTRIBUTES (RFC 8489 §14.13), each once: RFC 3489 repeated the last one as padding.
pub(super) fn decode_unknown(value: &[u8]) -> Vec<u16> {
    let mut seen = BTreeSet::new();
    let kinds = value.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    kinds.filter(|kind| seen.insert(*kind)).collect()
}

/// PASSWORD-ALGORITHMS (RFC 8489 §14.11); the last entry may lack its padding.
pub(super) fn decode_algorithms(value: &[u8]) -> Option<Vec<PasswordAlgorithm>> {
    let mut algorithms = Vec::new();
    let mut rest = value;
    while !rest.is_empty() {
        let (&[n0, n1, l0, l1], after) = rest.split_first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let parameters = after.get(..length)?.to_vec();
        algorithms.push(PasswordAlgorithm { number: u16::from_be_bytes([n0, n1]), parameters });
        rest = after.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Some(algorithms)
}

fn encode_algorithms(algorithms: &[PasswordAlgorithm]) -> Vec<u8> {
    let mut value = Vec::new();
    for algorithm in algorithms {
        // The length field holds no more, and neither does an attribute.
        let length = u16::try_from(algorithm.parameters.len()).unwrap_or(u16::MAX);
        value.extend(algorithm.number.to_be_bytes());
        value.extend(length.to_be_bytes());
        value.extend(&algorithm.parameters[..usize::from(length)]);
        value.resize(value.len().next_multiple_of(4), 0);
    }
    value
}
