//! NATs probed over the simulated network.

mod kinds;
mod liars;
mod loss;
mod matrix;
mod ports;
mod scene;
mod troubles;

use rtcprobe::report::nat::Udp;
use scene::Scene;

#[test]
fn an_answer_shows_that_udp_is_open() {
    let nat = Scene::new(1).behind("full-cone".parse().unwrap()).stun("198.51.100.1", &[3478]).run();
    assert_eq!(nat.udp, Udp::Open);
}
