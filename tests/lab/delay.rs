//! A delay box: every frame between two TAP devices arrives a fixed time later, or never.
//!
//! In user space, because kernels without `sch_netem` are common in virtual machines.

#![allow(unsafe_code, reason = "a TAP device is attached by an ioctl")]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

nix::ioctl_write_ptr_bad!(tunsetiff, request_code(), libc::ifreq);

/// `_IOW('T', 202, int)`: declared with the size of an `int`, called with a pointer to an `ifreq`.
const fn request_code() -> libc::Ioctl {
    nix::request_code_write!(b'T', 202, size_of::<libc::c_int>()) as libc::Ioctl
}

/// One end: an Ethernet device in the namespace of the thread that opened it.
pub struct Tap(File);

impl Tap {
    pub fn open(name: &str) -> Tap {
        let file = File::options().read(true).write(true).open("/dev/net/tun").unwrap_or_else(|e| {
            panic!("THE LAB CANNOT RUN: the delay box needs /dev/net/tun: {e}\n  modprobe tun; mknod -m 666 /dev/net/tun c 10 200")
        });
        // SAFETY: a zeroed ifreq is a valid one, of plain numbers.
        let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
        for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
            *to = from.cast_signed();
        }
        request.ifr_ifru.ifru_flags = (libc::IFF_TAP | libc::IFF_NO_PI) as libc::c_short;
        // SAFETY: the kernel reads and writes one ifreq, which lives until the call returns.
        unsafe { tunsetiff(file.as_raw_fd(), &raw const request) }.unwrap_or_else(|e| panic!("TAP {name}: {e}"));
        Tap(file)
    }
}

/// Stops when dropped.
pub struct DelayBox {
    over: Arc<AtomicBool>,
}

impl DelayBox {
    /// Carries frames both ways, each `one_way` late, `loss_percent` of them not at all.
    pub fn between(a: Tap, b: Tap, one_way: Duration, loss_percent: u8) -> DelayBox {
        let over = Arc::new(AtomicBool::new(false));
        let (a2, b2) = (a.0.try_clone().unwrap(), b.0.try_clone().unwrap());
        for (from, to, seed) in [(a.0, b.0, 1), (b2, a2, 2)] {
            let (put, take) = channel();
            let stop = Arc::clone(&over);
            thread::spawn(move || receive(from, &put, &stop, one_way, Dice { state: seed, loss_percent }));
            thread::spawn(move || deliver(to, &take));
        }
        DelayBox { over }
    }
}

impl Drop for DelayBox {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

type Due = (Instant, Vec<u8>);

fn receive(mut from: File, put: &Sender<Due>, stop: &AtomicBool, one_way: Duration, mut dice: Dice) {
    let mut frame = [0; 2048];
    while !stop.load(Ordering::Relaxed) {
        let ready = poll(&mut [PollFd::new(from.as_fd(), PollFlags::POLLIN)], PollTimeout::from(100_u8));
        if !matches!(ready, Ok(1..)) {
            continue;
        }
        match from.read(&mut frame) {
            Ok(length) if finds_neighbours(&frame[..length]) || !dice.lost() => {
                let due = Instant::now() + one_way;
                if put.send((due, frame[..length].to_vec())).is_err() {
                    return;
                }
            }
            Ok(_) => {}
            // The device is gone, or not up yet.
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// ARP and ICMPv6 are never lost: what a test wants lost is its own traffic, not a second of its time.
fn finds_neighbours(frame: &[u8]) -> bool {
    const ICMPV6: u8 = 58;
    match frame.get(12..14) {
        Some([0x08, 0x06]) => true,
        Some([0x86, 0xdd]) => frame.get(20) == Some(&ICMPV6),
        _ => false,
    }
}

fn deliver(mut to: File, take: &Receiver<Due>) {
    while let Ok((due, frame)) = take.recv() {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        // A device that is down or gone loses frames, as a cable would.
        let _ = to.write_all(&frame);
    }
}

/// The same frames are lost in every run.
struct Dice {
    state: u64,
    loss_percent: u8,
}

impl Dice {
    fn lost(&mut self) -> bool {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % 100 < u64::from(self.loss_percent)
    }
}
