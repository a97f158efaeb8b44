//! A message in one line, for people who read along. Nothing secret is in it: of integrity attributes
//! and nonces only that they are there.

use super::attribute::{self as a, name};
use super::message::{Attribute, Class, Message, Method};

/// `Allocate success: XOR-RELAYED-ADDRESS 203.0.113.9:61234, LIFETIME 600 s, …`
#[must_use]
pub fn describe(message: &Message) -> String {
    let class = match message.class {
        Class::Request => "request",
        Class::Indication => "indication",
        Class::Success => "success",
        Class::Error => "error",
    };
    let attributes: Vec<String> = message.attributes().iter().map(|attribute| one(message, attribute)).collect();
    let dot = if attributes.is_empty() { "" } else { ": " };
    format!("{} {class}{dot}{}", message.method, attributes.join(", "))
}

/// Whether a message only carries data between peers.
#[must_use]
pub fn is_data(message: &Message) -> bool {
    matches!(message.method, Method::SEND | Method::DATA)
}

fn one(message: &Message, attribute: &Attribute) -> String {
    let name = name(attribute.kind);
    let first = message.get(attribute.kind) == Some(attribute.value.as_slice());
    let said = match attribute.kind {
        // Read as the first of its kind; a second one is only counted.
        _ if !first => None,
        a::MAPPED_ADDRESS
        | a::XOR_MAPPED_ADDRESS
        | a::XOR_PEER_ADDRESS
        | a::XOR_RELAYED_ADDRESS
        | a::ALTERNATE_SERVER
        | a::RESPONSE_ORIGIN
        | a::OTHER_ADDRESS => message.address(attribute.kind).map(|address| address.to_string()),
        a::USERNAME | a::REALM | a::SOFTWARE | a::ALTERNATE_DOMAIN | a::THIRD_PARTY_AUTHORIZATION => {
            message.text(attribute.kind).map(|text| format!("\"{}\"", text.escape_debug()))
        }
        a::ERROR_CODE => message.error().map(|error| format!("{} {}", error.code, error.reason.escape_debug())),
        a::LIFETIME => message.lifetime().map(|seconds| format!("{seconds} s")),
        a::CHANNEL_NUMBER => message.channel().map(|channel| format!("0x{channel:04x}")),
        a::CONNECTION_ID => message.connection_id().map(|id| id.to_string()),
        a::REQUESTED_TRANSPORT => attribute.value.first().map(|protocol| match protocol {
            17 => "udp".to_string(),
            6 => "tcp".to_string(),
            other => other.to_string(),
        }),
        a::REQUESTED_ADDRESS_FAMILY | a::ADDITIONAL_ADDRESS_FAMILY => {
            attribute.value.first().map(|family| if *family == 1 { "IPv4".into() } else { "IPv6".into() })
        }
        a::UNKNOWN_ATTRIBUTES => {
            let names: Vec<_> = message.unknown_attributes().into_iter().map(a::name).collect();
            Some(names.join(" "))
        }
        a::MESSAGE_INTEGRITY | a::MESSAGE_INTEGRITY_SHA256 | a::FINGERPRINT => return name.into_owned(),
        _ => None,
    };
    match said {
        Some(said) => format!("{name} {said}"),
        None if attribute.value.is_empty() => name.into_owned(),
        None => format!("{name} ({} bytes)", attribute.value.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::attribute::{ErrorCode, Value};
    use crate::wire::integrity::Key;
    use crate::wire::message::{Builder, TransactionId};

    #[test]
    fn says_what_is_in_a_message_and_nothing_secret() {
        let bytes = Builder::new(Class::Error, Method::ALLOCATE, TransactionId([7; 12]))
            .with(Value::ErrorCode(ErrorCode { code: 401, reason: "Un\u{1b}authorized".into() }))
            .with(Value::Realm(b"example.org".to_vec()))
            .with(Value::Nonce(b"5f2c".to_vec()))
            .with(Value::XorMappedAddress("192.0.2.1:5".parse().unwrap()))
            .integrity(&Key::short_term("secret"))
            .build();
        let said = describe(&Message::decode(&bytes).unwrap());
        assert_eq!(
            said,
            "Allocate error: ERROR-CODE 401 Un\\u{1b}authorized, REALM \"example.org\", NONCE (4 bytes), \
             XOR-MAPPED-ADDRESS 192.0.2.1:5, MESSAGE-INTEGRITY"
        );
    }
}
