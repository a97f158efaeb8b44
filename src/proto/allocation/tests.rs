use super::*;
use crate::wire::message::{Builder, TransactionId};

fn server() -> SocketAddr {
    "192.0.2.1:3478".parse().unwrap()
}

fn peer() -> SocketAddr {
    "198.51.100.9:5000".parse().unwrap()
}

/// An allocation and a server that says yes to everything, without credentials.
struct Play {
    now: Time,
    allocation: Allocation,
    /// Requests as the server saw them: when, method, message.
    log: Vec<(Time, Method, Message)>,
    events: Vec<Event>,
    answering: bool,
}

impl Play {
    fn new() -> Play {
        let route = Route { server: server(), stream: false, schedule: Schedule::PROMPT };
        let allocation = Allocation::new(route, None, Wish::default(), Chance::from_seed([1; 32]));
        Play { now: Time::ZERO, allocation, log: Vec::new(), events: Vec::new(), answering: true }
    }

    /// Lets everything happen that happens until `end`; true when the allocation is over.
    fn until(&mut self, end: Time) -> bool {
        loop {
            match self.allocation.next(self.now) {
                Todo::Send(bytes) => self.serve(&bytes),
                Todo::Event(event) => self.events.push(event),
                Todo::Wait(until) if until <= end => self.now = until,
                Todo::Wait(_) => {
                    self.now = end;
                    return false;
                }
                Todo::Over => return true,
            }
        }
    }

    fn serve(&mut self, bytes: &[u8]) {
        let Ok(request) = Message::decode(bytes) else { return };
        self.log.push((self.now, request.method, request.clone()));
        if !self.answering || request.class != Class::Request {
            return;
        }
        let mut answer = Builder::new(Class::Success, request.method, request.transaction);
        if request.method == Method::ALLOCATE {
            let relayed = "192.0.2.1:50000".parse().unwrap();
            answer = answer.with(Value::XorRelayedAddress(relayed)).with(Value::XorMappedAddress(peer()));
        }
        if matches!(request.method, Method::ALLOCATE | Method::REFRESH) {
            answer = answer.with(Value::Lifetime(request.lifetime().unwrap_or(600)));
        }
        let message = Message::decode(&answer.build()).unwrap();
        assert!(self.allocation.receive(self.now, server(), &message));
    }

    fn times(&self, method: Method) -> Vec<u64> {
        self.log.iter().filter(|(_, m, _)| *m == method).map(|(at, ..)| at.since_start().as_secs()).collect()
    }
}

#[test]
fn refreshes_a_minute_before_the_end() {
    let mut play = Play::new();
    play.until(Time::from_millis(1_300_000));
    assert_eq!(play.times(Method::REFRESH), [540, 1080]);
}

#[test]
fn keeps_permissions_and_channels_alive() {
    let mut play = Play::new();
    play.until(Time::ZERO);
    play.allocation.permit(&[peer()]);
    let channel = play.allocation.bind(peer()).unwrap();
    assert_eq!(channel, 0x4000);
    play.until(Time::from_millis(500_000));
    assert_eq!(play.times(Method::CREATE_PERMISSION), [0, 240, 480]);
    assert_eq!(play.times(Method::CHANNEL_BIND), [0, 240, 480]);
}

#[test]
fn sends_through_the_channel_once_it_is_bound() {
    let mut play = Play::new();
    play.until(Time::ZERO);
    play.allocation.permit(&[peer()]);
    play.until(Time::ZERO);
    assert!(play.allocation.send(peer(), b"one"));
    play.until(Time::ZERO);
    assert_eq!(play.times(Method::SEND), [0]);
    let channel = play.allocation.bind(peer()).unwrap();
    play.until(Time::ZERO);
    assert!(play.allocation.send(peer(), b"two"));
    let Todo::Send(bytes) = play.allocation.next(play.now) else { panic!("nothing sent") };
    let data = channel_data::decode(&bytes).unwrap();
    assert_eq!((data.channel, data.data), (channel, b"two".as_slice()));
}

#[test]
fn releases_with_lifetime_zero() {
    let mut play = Play::new();
    play.until(Time::ZERO);
    play.allocation.release();
    assert!(play.until(Time::from_millis(10)));
    let (_, method, last) = play.log.last().unwrap();
    assert_eq!((*method, last.lifetime()), (Method::REFRESH, Some(0)));
    assert_eq!(play.events.last(), Some(&Event::Released(true)));
}

#[test]
fn stops_trying_to_release_when_nobody_answers() {
    let mut play = Play::new();
    play.until(Time::ZERO);
    play.answering = false;
    play.allocation.release();
    assert!(play.until(Time::from_millis(3000)));
    assert_eq!(play.times(Method::REFRESH).len(), 3);
    assert_eq!(play.events.last(), Some(&Event::Released(false)));
}

#[test]
fn drops_data_of_peers_that_were_never_permitted() {
    let mut play = Play::new();
    play.until(Time::ZERO);
    play.allocation.permit(&[peer()]);
    play.until(Time::ZERO);
    let data = |from: &str| {
        Message::decode(
            &Builder::new(Class::Indication, Method::DATA, TransactionId([0; 12]))
                .with(Value::XorPeerAddress(from.parse().unwrap()))
                .with(Value::Data(b"x".to_vec()))
                .build(),
        )
        .unwrap()
    };
    play.allocation.receive(play.now, server(), &data("198.51.100.9:1"));
    play.allocation.receive(play.now, server(), &data("203.0.113.200:1"));
    play.until(play.now);
    let heard = play.events.iter().filter(|event| matches!(event, Event::Data { .. })).count();
    assert_eq!(heard, 1);
}
