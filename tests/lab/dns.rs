//! A DNS server that says what a test wants, over UDP.

use std::net::{IpAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::topology::{Lab, at};

/// What there is at a name.
#[derive(Debug, Clone)]
pub enum Record {
    /// A or AAAA.
    Address(&'static str),
    Srv {
        priority: u16,
        weight: u16,
        port: u16,
        target: &'static str,
    },
    Naptr {
        order: u16,
        preference: u16,
        flags: &'static str,
        service: &'static str,
        replacement: &'static str,
    },
    /// The name exists, without anything that was asked for.
    Nothing,
    ServFail,
    /// No answer at all.
    Silence,
}

type Zone = Vec<(&'static str, Record)>;

const A: u16 = 1;
const AAAA: u16 = 28;
const SRV: u16 = 33;
const NAPTR: u16 = 35;

/// A running server at [`at::DNS`], the nameserver in every host's `resolv.conf`.
pub struct Dns {
    over: Arc<AtomicBool>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Dns {
    /// A name with both families (`turn.lab.test`), with one (`turn4…`, `turn6…`), and two troubles.
    pub fn usual(lab: &Lab) -> Dns {
        Dns::start(
            lab,
            vec![
                ("turn.lab.test", Record::Address(at::SERVER)),
                ("turn.lab.test", Record::Address(at::SERVER6)),
                ("turn4.lab.test", Record::Address(at::SERVER)),
                ("turn6.lab.test", Record::Address(at::SERVER6)),
                ("servfail.lab.test", Record::ServFail),
                ("silent.lab.test", Record::Silence),
                ("empty.lab.test", Record::Nothing),
            ],
        )
    }

    /// Any name that is not in the zone does not exist.
    pub fn start(lab: &Lab, zone: Zone) -> Dns {
        let socket = lab.server.run(|| UdpSocket::bind((at::DNS, 53)).unwrap());
        socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let dns = Dns { over: Arc::default(), asked: Arc::default() };
        let (over, asked) = (Arc::clone(&dns.over), Arc::clone(&dns.asked));
        thread::spawn(move || {
            let mut query = [0; 512];
            while !over.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut query) else { continue };
                let Some(question) = Question::read(&query[..length]) else { continue };
                asked.lock().unwrap().push(format!("{} {}", question.name, question.kind));
                if let Some(answer) = question.answer(&zone) {
                    let _ = socket.send_to(&answer, from);
                }
            }
        });
        dns
    }

    /// What was asked so far: names with the numbers of types.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

struct Question<'a> {
    id: &'a [u8],
    /// As it is on the wire, type and class included.
    wire: &'a [u8],
    name: String,
    kind: u16,
}

impl Question<'_> {
    /// RFC 1035 §4.1: the header and one question.
    fn read(query: &[u8]) -> Option<Question<'_>> {
        let mut labels = Vec::new();
        let mut at = 12;
        loop {
            let length = usize::from(*query.get(at)?);
            let label = query.get(at + 1..at + 1 + length)?;
            at += 1 + length;
            if label.is_empty() {
                break;
            }
            labels.push(String::from_utf8_lossy(label).to_lowercase());
        }
        let wire = query.get(12..at + 4)?;
        let kind = u16::from_be_bytes([query[at], query[at + 1]]);
        Some(Question { id: &query[..2], wire, name: labels.join("."), kind })
    }

    fn answer(&self, zone: &Zone) -> Option<Vec<u8>> {
        let here: Vec<_> = zone.iter().filter(|(name, _)| *name == self.name).map(|(_, record)| record).collect();
        let code = match here.first() {
            None => 3,
            Some(Record::ServFail) => 2,
            Some(Record::Silence) => return None,
            Some(_) => 0,
        };
        let data: Vec<_> = here.iter().filter_map(|record| record.data(self.kind)).collect();
        let mut answer = self.id.to_vec();
        // A response, authoritative, recursion desired and available.
        answer.extend([0x85, 0x80 | code, 0, 1, 0, u8::try_from(data.len()).unwrap(), 0, 0, 0, 0]);
        answer.extend(self.wire);
        for data in data {
            // The name asked for, this type, IN, for a minute.
            answer.extend([0xc0, 12]);
            answer.extend(self.kind.to_be_bytes());
            answer.extend([0, 1, 0, 0, 0, 60]);
            answer.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            answer.extend(data);
        }
        Some(answer)
    }
}

impl Record {
    /// The data of a record of this type, when it is one.
    fn data(&self, kind: u16) -> Option<Vec<u8>> {
        match (self, kind) {
            (Record::Address(address), _) => match (address.parse().unwrap(), kind) {
                (IpAddr::V4(ip), A) => Some(ip.octets().to_vec()),
                (IpAddr::V6(ip), AAAA) => Some(ip.octets().to_vec()),
                _ => None,
            },
            (Record::Srv { priority, weight, port, target }, SRV) => {
                let mut data: Vec<_> = [priority, weight, port].iter().flat_map(|n| n.to_be_bytes()).collect();
                data.extend(wire_name(target));
                Some(data)
            }
            (Record::Naptr { order, preference, flags, service, replacement }, NAPTR) => {
                let mut data: Vec<_> = [order, preference].iter().flat_map(|n| n.to_be_bytes()).collect();
                for text in [flags, service, &""] {
                    data.push(u8::try_from(text.len()).unwrap());
                    data.extend(text.bytes());
                }
                data.extend(wire_name(replacement));
                Some(data)
            }
            _ => None,
        }
    }
}

fn wire_name(name: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    for label in name.split('.') {
        wire.push(u8::try_from(label.len()).unwrap());
        wire.extend(label.bytes());
    }
    wire.push(0);
    wire
}
