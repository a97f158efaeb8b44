use std::time::Duration;

use super::*;

fn local() -> SocketAddr {
    "127.0.0.1:5000".parse().unwrap()
}

fn udp() -> Want {
    Want::udp(local())
}

#[test]
fn tells_a_story_of_opening_sending_and_waiting() {
    let mut script = Script::new(|hands: Hands<Option<Vec<u8>>>| async move {
        let line = hands.open(udp()).await.unwrap();
        line.send_to(local(), vec![1]);
        let answer = either(line.next(), hands.sleep(Duration::from_millis(500))).await;
        hands.tell(match answer {
            Either::First(Incoming::Bytes { bytes, .. }) => Some(bytes),
            _ => None,
        });
    });
    let now = Time::from_millis(10);
    let Output::Open { socket, .. } = script.output(now) else { panic!("no socket") };
    script.input(now, Input::Opened { socket, local: local(), secure: None });
    assert!(matches!(script.output(now), Output::Send { .. }));
    assert!(matches!(script.output(now), Output::WaitUntil(until, _) if until == Time::from_millis(510)));
    script.input(Time::from_millis(20), Input::Received { socket, from: local(), bytes: &[7] });
    assert_eq!(script.output(Time::from_millis(20)), Output::Event(Some(vec![7])));
    assert_eq!(script.output(Time::from_millis(20)), Output::Close { socket });
    assert_eq!(script.output(Time::from_millis(20)), Output::Done);
}

#[test]
fn gives_up_when_the_time_has_come() {
    let mut script = Script::new(|hands: Hands<u8>| async move {
        let (first, second) = both(hands.sleep(Duration::from_millis(5)), hands.sleep(Duration::from_millis(9))).await;
        let ((), ()) = (first, second);
        hands.tell(1);
    });
    assert!(matches!(script.output(Time::ZERO), Output::WaitUntil(until, _) if until == Time::from_millis(5)));
    let later = Time::from_millis(5);
    assert!(matches!(script.output(later), Output::WaitUntil(until, _) if until == Time::from_millis(9)));
    assert_eq!(script.output(Time::from_millis(9)), Output::Event(1));
}

#[test]
fn closes_a_socket_that_nobody_waits_for_any_more() {
    let mut script = Script::new(|hands: Hands<()>| async move {
        let _ = either(hands.open(udp()), hands.stopped()).await;
    });
    let Output::Open { socket, .. } = script.output(Time::ZERO) else { panic!("no socket") };
    script.input(Time::ZERO, Input::Stop);
    assert_eq!(script.output(Time::ZERO), Output::Close { socket });
    assert_eq!(script.output(Time::ZERO), Output::Done);
}

#[test]
fn lets_one_part_wake_another() {
    let mut script = Script::new(|hands: Hands<u8>| async move {
        let shared = RefCell::new(None);
        let waits = async { hands.tell(hands.until(|| *shared.borrow()).await) };
        let wakes = async {
            *shared.borrow_mut() = Some(9);
            hands.changed();
        };
        both(waits, wakes).await;
    });
    assert_eq!(script.output(Time::ZERO), Output::Event(9));
}
