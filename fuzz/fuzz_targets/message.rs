//! A datagram: STUN or ChannelData.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rtcprobe::wire::attribute;
use rtcprobe::wire::channel_data;
use rtcprobe::wire::integrity::{Key, nonce_cookie};
use rtcprobe::wire::message::Message;

fuzz_target!(|bytes: &[u8]| {
    let _ = channel_data::decode(bytes);
    let _ = nonce_cookie(bytes);
    let Ok(message) = Message::decode(bytes) else { return };
    assert_eq!(message.raw(), bytes);
    for (kind, _) in attribute::ALL {
        let _ = (message.addresses(*kind), message.text(*kind), message.tie_breaker(*kind), message.family(*kind));
    }
    let _ = (message.mapped(), message.error(), message.unknown_attributes(), message.not_understood());
    let _ = (message.password_algorithms(), message.password_algorithm(), message.address_errors(), message.icmp());
    let _ = (message.lifetime(), message.channel(), message.connection_id(), message.priority());
    let _ = (message.change_request(), message.response_port(), message.requested_transport(), message.even_port());
    let _ = (message.integrity(&Key::short_term("key")), message.fingerprint(), message.objection());
});
