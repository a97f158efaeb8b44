//! Multicast DNS (RFC 6762), as far as the names of ICE candidates need it
//! (draft-ietf-mmusic-mdns-ice-candidates): one question, and the addresses in an answer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

/// Where questions go and answers come from.
pub const PORT: u16 = 5353;

/// Both groups (RFC 6762 §3).
pub const GROUPS: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(224, 0, 0, 251)), PORT),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb)), PORT),
];

/// The longest message that is taken in (RFC 6762 §17).
const LONGEST: usize = 9000;

/// Whether a candidate's address is such a name: one label and `.local`.
#[must_use]
pub fn is_name(address: &str) -> bool {
    let Some(at) = address.len().checked_sub(".local".len()).filter(|at| address.is_char_boundary(*at)) else {
        return false;
    };
    let (label, rest) = address.split_at(at);
    let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    rest.eq_ignore_ascii_case(".local") && plain && (1..=63).contains(&label.len())
}

/// Asks for the address of that family; `None` when it is no name.
///
/// There is one question in it and it does not ask for a unicast answer: Chromium 156 hears nothing else, and answers by
/// multicast to the group only, whatever port the question came from. Letters stay as they are, for the same reason.
#[must_use]
pub fn question(name: &str, v6: bool, id: u16) -> Option<Vec<u8>> {
    let mut asked = Name::from_ascii(name).ok().filter(|_| is_name(name))?;
    asked.set_fqdn(true);
    let mut message = Message::new(id, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(asked, if v6 { RecordType::AAAA } else { RecordType::A }));
    message.to_vec().ok()
}

/// An answer, as far as it names addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub id: u16,
    records: Vec<(Name, IpAddr)>,
}

impl Answer {
    /// Reads a datagram; `None` for whatever is no answer. Records that take something back (TTL 0) say nothing.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Answer> {
        let message = Message::from_vec(bytes.get(..bytes.len().min(LONGEST))?).ok()?;
        let head = &message.metadata;
        let answers = head.message_type == MessageType::Response
            && head.op_code == OpCode::Query
            && head.response_code == ResponseCode::NoError;
        // An address stands beside the answer where another family was asked for.
        let records = message.answers.iter().chain(&message.additionals).filter_map(address).collect();
        answers.then_some(Answer { id: head.id, records })
    }

    /// The addresses of a name, in their order.
    pub fn addresses<'a>(&'a self, name: &str) -> impl Iterator<Item = IpAddr> + use<'a> {
        let name = Name::from_ascii(name).ok();
        self.records
            .iter()
            .filter(move |(own, _)| name.as_ref().is_some_and(|name| own.eq_ignore_root(name)))
            .map(|(_, ip)| *ip)
    }
}

/// The top bit of the class says that the record stands alone (RFC 6762 §10.2).
fn address(record: &Record) -> Option<(Name, IpAddr)> {
    let class = u16::from(record.dns_class) & 0x7fff;
    let ip = match &record.data {
        RData::A(ip) => IpAddr::V4(ip.0),
        RData::AAAA(ip) => IpAddr::V6(ip.0),
        _ => return None,
    };
    (class == u16::from(DNSClass::IN) && record.ttl > 0).then(|| (record.name.clone(), ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "f27d563b-2cad-414d-9b56-3a6825390274.local";

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    fn addresses(hex: &str, name: &str) -> Vec<String> {
        Answer::read(&bytes(hex)).unwrap().addresses(name).map(|ip| ip.to_string()).collect()
    }

    /// What Chromium answers to a question for A.
    const ADDRESS: &str = concat!(
        "000084000000000100000001",
        "2466323764353633622d326361642d343134642d396235362d336136383235333930323734056c6f63616c00",
        "0001800100000078",
        "00040a090902",
        "2466323764353633622d326361642d343134642d396235362d336136383235333930323734056c6f63616c00",
        "002f800100000078",
        "0005c046000140"
    );

    /// And to one for AAAA.
    const NONE_OF_THE_KIND: &str = concat!(
        "000084000000000100000001",
        "2466323764353633622d326361642d343134642d396235362d336136383235333930323734056c6f63616c00",
        "002f800100000078",
        "0005c00c000140",
        "2466323764353633622d326361642d343134642d396235362d336136383235333930323734056c6f63616c00",
        "0001800100000078",
        "00040a090902"
    );

    #[test]
    fn chromiums_answers_are_understood() {
        assert_eq!(addresses(ADDRESS, NAME), ["10.9.9.2"]);
        assert_eq!(addresses(NONE_OF_THE_KIND, NAME), ["10.9.9.2"]);
        assert_eq!(addresses(ADDRESS, &NAME.to_uppercase()), ["10.9.9.2"]);
        assert_eq!(addresses(ADDRESS, "another.local"), [""; 0]);
        assert_eq!(addresses(&ADDRESS.replacen("00000078", "00000000", 1), NAME), [""; 0], "taken back");
    }

    #[test]
    fn a_question_has_the_bytes_that_chromium_hears() {
        let asked = question("f2.local", false, 0x1234).unwrap();
        assert_eq!(asked, bytes("123400000001000000000000026632056c6f63616c0000010001"));
        let asked = question("F2.local", true, 0).unwrap();
        assert_eq!(asked, bytes("000000000001000000000000024632056c6f63616c00001c0001"));
        assert_eq!(question("f2.example.org", false, 0), None);
    }

    #[test]
    fn questions_and_what_is_no_message_are_no_answers() {
        assert_eq!(Answer::read(&question(NAME, false, 0).unwrap()), None);
        for length in 0..ADDRESS.len() / 2 {
            assert_eq!(Answer::read(&bytes(ADDRESS)[..length]), None, "{length}");
        }
        assert_eq!(Answer::read(&[0xff; 9000]), None);
        assert_eq!(Answer::read(&bytes(&ADDRESS.replacen("8400", "8403", 1))), None, "no such name");
    }

    #[test]
    fn names_of_candidates_have_one_label() {
        assert!(is_name(NAME) && is_name("a.LOCAL"));
        let long = "a".repeat(64);
        for other in
            ["", "local", ".local", "a.b.local", "10.0.0.1", "ä.local", "é", "aélocal", &format!("{long}.local")]
        {
            assert!(!is_name(other), "{other}");
        }
    }
}
