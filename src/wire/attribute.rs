//! Attribute types (RFC 8489 §18.3 and the registries of its family), and typed values.

use std::borrow::Cow;
use std::net::SocketAddr;

macro_rules! kinds {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: u16 = $number;)*
        /// Every attribute type that rtcprobe knows, with its registered name.
        pub const ALL: &[(u16, &str)] = &[$(($number, $name)),*];
    };
}

kinds! {
    MAPPED_ADDRESS = 0x0001, "MAPPED-ADDRESS";
    RESPONSE_ADDRESS = 0x0002, "RESPONSE-ADDRESS";
    CHANGE_REQUEST = 0x0003, "CHANGE-REQUEST";
    SOURCE_ADDRESS = 0x0004, "SOURCE-ADDRESS";
    CHANGED_ADDRESS = 0x0005, "CHANGED-ADDRESS";
    USERNAME = 0x0006, "USERNAME";
    PASSWORD = 0x0007, "PASSWORD";
    MESSAGE_INTEGRITY = 0x0008, "MESSAGE-INTEGRITY";
    ERROR_CODE = 0x0009, "ERROR-CODE";
    UNKNOWN_ATTRIBUTES = 0x000a, "UNKNOWN-ATTRIBUTES";
    REFLECTED_FROM = 0x000b, "REFLECTED-FROM";
    CHANNEL_NUMBER = 0x000c, "CHANNEL-NUMBER";
    LIFETIME = 0x000d, "LIFETIME";
    XOR_PEER_ADDRESS = 0x0012, "XOR-PEER-ADDRESS";
    DATA = 0x0013, "DATA";
    REALM = 0x0014, "REALM";
    NONCE = 0x0015, "NONCE";
    XOR_RELAYED_ADDRESS = 0x0016, "XOR-RELAYED-ADDRESS";
    REQUESTED_ADDRESS_FAMILY = 0x0017, "REQUESTED-ADDRESS-FAMILY";
    EVEN_PORT = 0x0018, "EVEN-PORT";
    REQUESTED_TRANSPORT = 0x0019, "REQUESTED-TRANSPORT";
    DONT_FRAGMENT = 0x001a, "DONT-FRAGMENT";
    ACCESS_TOKEN = 0x001b, "ACCESS-TOKEN";
    MESSAGE_INTEGRITY_SHA256 = 0x001c, "MESSAGE-INTEGRITY-SHA256";
    PASSWORD_ALGORITHM = 0x001d, "PASSWORD-ALGORITHM";
    USERHASH = 0x001e, "USERHASH";
    XOR_MAPPED_ADDRESS = 0x0020, "XOR-MAPPED-ADDRESS";
    RESERVATION_TOKEN = 0x0022, "RESERVATION-TOKEN";
    PRIORITY = 0x0024, "PRIORITY";
    USE_CANDIDATE = 0x0025, "USE-CANDIDATE";
    PADDING = 0x0026, "PADDING";
    RESPONSE_PORT = 0x0027, "RESPONSE-PORT";
    CONNECTION_ID = 0x002a, "CONNECTION-ID";
    ADDITIONAL_ADDRESS_FAMILY = 0x8000, "ADDITIONAL-ADDRESS-FAMILY";
    ADDRESS_ERROR_CODE = 0x8001, "ADDRESS-ERROR-CODE";
    PASSWORD_ALGORITHMS = 0x8002, "PASSWORD-ALGORITHMS";
    ALTERNATE_DOMAIN = 0x8003, "ALTERNATE-DOMAIN";
    ICMP = 0x8004, "ICMP";
    /// XOR-MAPPED-ADDRESS of drafts before RFC 5389.
    OLD_XOR_MAPPED_ADDRESS = 0x8020, "XOR-MAPPED-ADDRESS (draft)";
    SOFTWARE = 0x8022, "SOFTWARE";
    ALTERNATE_SERVER = 0x8023, "ALTERNATE-SERVER";
    TRANSACTION_TRANSMIT_COUNTER = 0x8025, "TRANSACTION_TRANSMIT_COUNTER";
    CACHE_TIMEOUT = 0x8027, "CACHE-TIMEOUT";
    FINGERPRINT = 0x8028, "FINGERPRINT";
    ICE_CONTROLLED = 0x8029, "ICE-CONTROLLED";
    ICE_CONTROLLING = 0x802a, "ICE-CONTROLLING";
    RESPONSE_ORIGIN = 0x802b, "RESPONSE-ORIGIN";
    OTHER_ADDRESS = 0x802c, "OTHER-ADDRESS";
    THIRD_PARTY_AUTHORIZATION = 0x802e, "THIRD-PARTY-AUTHORIZATION";
    MOBILITY_TICKET = 0x8030, "MOBILITY-TICKET";
}

/// A USERNAME must be shorter, in bytes (RFC 8489 §14.3).
pub const USERNAME_LIMIT: usize = 509;

/// Every registered error code with its registered phrase (RFC 8489 §18.4, RFC 8656 §19).
pub const ERRORS: &[(u16, &str)] = &[
    (300, "Try Alternate"),
    (400, "Bad Request"),
    (401, "Unauthenticated"),
    (403, "Forbidden"),
    (405, "Mobility Forbidden"),
    (420, "Unknown Attribute"),
    (437, "Allocation Mismatch"),
    (438, "Stale Nonce"),
    (440, "Address Family not Supported"),
    (441, "Wrong Credentials"),
    (442, "Unsupported Transport Protocol"),
    (443, "Peer Address Family Mismatch"),
    (446, "Connection Already Exists"),
    (447, "Connection Timeout or Failure"),
    (486, "Allocation Quota Reached"),
    (487, "Role Conflict"),
    (500, "Server Error"),
    (508, "Insufficient Capacity"),
];

/// The registered name, or `0x1234`.
#[must_use]
pub fn name(kind: u16) -> Cow<'static, str> {
    match ALL.iter().find(|(number, _)| *number == kind) {
        Some((_, name)) => Cow::Borrowed(name),
        None => Cow::Owned(format!("0x{kind:04x}")),
    }
}

/// Whether a receiver that does not know it must not go on (RFC 8489 §14).
#[must_use]
pub fn is_required(kind: u16) -> bool {
    kind < 0x8000
}

/// Whether rtcprobe knows the type.
#[must_use]
pub fn is_known(kind: u16) -> bool {
    ALL.iter().any(|(number, _)| *number == kind)
}

/// Whether addresses in attributes of that type are masked (RFC 8489 §14.2).
#[must_use]
pub fn is_xored(kind: u16) -> bool {
    matches!(kind, XOR_MAPPED_ADDRESS | XOR_PEER_ADDRESS | XOR_RELAYED_ADDRESS | OLD_XOR_MAPPED_ADDRESS)
}

/// A value to be encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    MappedAddress(SocketAddr),
    XorMappedAddress(SocketAddr),
    XorPeerAddress(SocketAddr),
    XorRelayedAddress(SocketAddr),
    ResponseOrigin(SocketAddr),
    OtherAddress(SocketAddr),
    AlternateServer(SocketAddr),
    AlternateDomain(String),
    /// CHANGE-REQUEST (RFC 5780 §7.2).
    ChangeRequest {
        ip: bool,
        port: bool,
    },
    ResponsePort(u16),
    /// PADDING: that many zero bytes.
    Padding(u16),
    Username(Vec<u8>),
    Userhash([u8; 32]),
    /// Copied byte for byte from the challenge (RFC 8489 §9.2.5).
    Realm(Vec<u8>),
    Nonce(Vec<u8>),
    PasswordAlgorithm(PasswordAlgorithm),
    PasswordAlgorithms(Vec<PasswordAlgorithm>),
    Software(String),
    ErrorCode(ErrorCode),
    UnknownAttributes(Vec<u16>),
    /// Seconds.
    Lifetime(u32),
    ChannelNumber(u16),
    Data(Vec<u8>),
    /// 17 for UDP, 6 for TCP (RFC 6062).
    RequestedTransport(u8),
    RequestedAddressFamily(Family),
    AdditionalAddressFamily(Family),
    AddressError(AddressError),
    /// With the R bit: reserve the next port as well.
    EvenPort {
        reserve: bool,
    },
    ReservationToken([u8; 8]),
    DontFragment,
    /// Empty in an Allocate request.
    MobilityTicket(Vec<u8>),
    ConnectionId(u32),
    Icmp(IcmpError),
    Priority(u32),
    UseCandidate,
    IceControlled(u64),
    IceControlling(u64),
    /// RFC 7982: requests and responses sent so far.
    TransmitCounter {
        requests: u8,
        responses: u8,
    },
    /// Anything else.
    Raw(u16, Vec<u8>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    V4,
    V6,
}

impl Family {
    #[must_use]
    pub fn of(address: SocketAddr) -> Family {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }

    /// 1 for IPv4, 2 for IPv6 (RFC 8489 §14.1).
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Family::V4 => 1,
            Family::V6 => 2,
        }
    }

    /// The family of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Family> {
        match number {
            1 => Some(Family::V4),
            2 => Some(Family::V6),
            _ => None,
        }
    }
}

/// ERROR-CODE (RFC 8489 §14.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorCode {
    /// 300 to 699.
    pub code: u16,
    /// The server's phrase: lossy UTF-8, NUL and space padding of coturn cut.
    pub reason: String,
}

impl ErrorCode {
    /// The registered phrase of the code, for servers that send none (pion).
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        ERRORS.iter().find(|(code, _)| *code == self.code).map(|(_, name)| *name)
    }
}

/// ADDRESS-ERROR-CODE (RFC 8656 §18.12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressError {
    pub family: Family,
    pub code: u16,
    pub reason: String,
}

/// ICMP (RFC 8656 §18.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcmpError {
    pub kind: u8,
    pub code: u8,
    /// Error data: the MTU of "fragmentation needed".
    pub data: u32,
}

/// One entry of PASSWORD-ALGORITHMS (RFC 8489 §14.11, §14.12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordAlgorithm {
    /// 1 MD5, 2 SHA-256.
    pub number: u16,
    pub parameters: Vec<u8>,
}

impl PasswordAlgorithm {
    pub const MD5: u16 = 1;
    pub const SHA256: u16 = 2;
}
