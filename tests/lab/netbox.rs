//! A box between two network devices, in a thread of this process: what comes in at one side is looked
//! at, delayed, lost, copied and handed out at the other.
//!
//! In user space, because kernels without `sch_netem` are common in virtual machines.

#![allow(unsafe_code, reason = "a TUN or TAP device is attached by an ioctl")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::libc;
use nix::poll::{PollFd, PollFlags, ppoll};

use crate::path::{Fates, Path};

nix::ioctl_write_ptr_bad!(tunsetiff, request_code(), libc::ifreq);

/// `_IOW('T', 202, int)`: declared with the size of an `int`, called with a pointer to an `ifreq`.
const fn request_code() -> libc::Ioctl {
    nix::request_code_write!(b'T', 202, size_of::<libc::c_int>()) as libc::Ioctl
}

/// A network device in the namespace of the thread that opened it, whose far end we are.
pub struct Device(File);

impl Device {
    /// An Ethernet device.
    pub fn tap(name: &str) -> Device {
        Device::open(name, libc::IFF_TAP)
    }

    /// A device of bare IP packets.
    pub fn tun(name: &str) -> Device {
        Device::open(name, libc::IFF_TUN)
    }

    fn open(name: &str, kind: libc::c_int) -> Device {
        let mut options = File::options();
        options.read(true).write(true).custom_flags(libc::O_NONBLOCK);
        let file = options.open("/dev/net/tun").unwrap_or_else(|e| {
            panic!("THE LAB CANNOT RUN: its network box needs /dev/net/tun: {e}\n  modprobe tun; mknod -m 666 /dev/net/tun c 10 200")
        });
        // SAFETY: a zeroed ifreq is a valid one, of plain numbers.
        let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
        for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
            *to = from.cast_signed();
        }
        request.ifr_ifru.ifru_flags = (kind | libc::IFF_NO_PI) as libc::c_short;
        // SAFETY: the kernel reads and writes one ifreq, which lives until the call returns.
        unsafe { tunsetiff(file.as_raw_fd(), &raw const request) }.unwrap_or_else(|e| panic!("device {name}: {e}"));
        Device(file)
    }
}

/// The two sides of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Inside,
    Outside,
}

impl Side {
    pub fn other(self) -> Side {
        match self {
            Side::Inside => Side::Outside,
            Side::Outside => Side::Inside,
        }
    }
}

/// What a box does to packets. The path lies outside of it: what comes from inside is handled and then
/// travels, what comes from outside travels and is then handled.
pub trait Middle: Send {
    /// What is handed out for a packet, and where.
    fn pass(&mut self, from: Side, packet: Vec<u8>) -> Vec<(Side, Vec<u8>)>;

    /// Whether a packet arrives in any case.
    fn spared(&self, _packet: &[u8]) -> bool {
        false
    }
}

/// A piece of cable.
pub struct Cable;

impl Middle for Cable {
    fn pass(&mut self, from: Side, packet: Vec<u8>) -> Vec<(Side, Vec<u8>)> {
        vec![(from.other(), packet)]
    }

    /// ARP and ICMPv6 are never lost: what a test wants lost is its own traffic, not a second of its time.
    fn spared(&self, frame: &[u8]) -> bool {
        const ICMPV6: u8 = 58;
        match frame.get(12..14) {
            Some([0x08, 0x06]) => true,
            Some([0x86, 0xdd]) => frame.get(20) == Some(&ICMPV6),
            _ => false,
        }
    }
}

/// A box at work; it stops when dropped, however the test ends.
pub struct NetBox {
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl NetBox {
    /// `there` is the path of what goes out, `back` of what comes in.
    pub fn between(inside: Device, outside: Device, middle: impl Middle + 'static, [there, back]: [Path; 2]) -> NetBox {
        let (over, stop) = std::io::pipe().unwrap();
        let carrier = Carrier {
            devices: [inside.0, outside.0],
            middle,
            fates: [Fates::new(there), Fates::new(back)],
            late: BinaryHeap::new(),
            count: 0,
        };
        let thread = thread::Builder::new().name("lab box".into()).spawn(move || carrier.run(&over)).unwrap();
        NetBox { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for NetBox {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().unwrap().join();
    }
}

/// When, in which order of those due at once, towards which side, what.
type Late = Reverse<(Instant, u64, Side, Vec<u8>)>;

struct Carrier<M> {
    devices: [File; 2],
    middle: M,
    fates: [Fates; 2],
    late: BinaryHeap<Late>,
    count: u64,
}

impl<M: Middle> Carrier<M> {
    fn run(mut self, over: &impl AsFd) {
        loop {
            let now = Instant::now();
            while self.late.peek().is_some_and(|Reverse((due, ..))| *due <= now) {
                let Some(Reverse((_, _, to, packet))) = self.late.pop() else { break };
                self.arrive(to, packet);
            }
            // A minute when there is nothing to wait for.
            let wait = self.late.peek().map_or(Duration::from_secs(60), |Reverse((due, ..))| *due - now);
            let [inside, outside] = &self.devices;
            let mut ready =
                [over.as_fd(), inside.as_fd(), outside.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
            if ppoll(&mut ready, Some(wait.into()), None).is_err() {
                continue;
            }
            let [over, inside, outside] = ready.map(|fd| fd.revents().unwrap_or(PollFlags::empty()));
            // Told to stop, or a device is gone with its namespace.
            if !over.is_empty() || (inside | outside).contains(PollFlags::POLLERR) {
                return;
            }
            for (side, events) in [(Side::Inside, inside), (Side::Outside, outside)] {
                if !events.is_empty() {
                    self.read(side);
                }
            }
        }
    }

    fn read(&mut self, side: Side) {
        let mut packet = [0; 2048];
        // Some at once, then the other side has its turn.
        for _ in 0..16 {
            let Ok(length) = (&self.devices[side as usize]).read(&mut packet) else { return };
            let packet = packet[..length].to_vec();
            match side {
                Side::Outside => self.travel(Side::Inside, packet),
                Side::Inside => {
                    for (to, packet) in self.middle.pass(side, packet) {
                        match to {
                            Side::Outside => self.travel(to, packet),
                            Side::Inside => self.write(to, &packet),
                        }
                    }
                }
            }
        }
    }

    /// Lets a packet travel towards a side.
    fn travel(&mut self, to: Side, packet: Vec<u8>) {
        let way = if to == Side::Outside { 0 } else { 1 };
        let spared = self.middle.spared(&packet);
        let now = Instant::now();
        for late in self.fates[way].next(spared) {
            if late.is_zero() {
                self.arrive(to, packet.clone());
            } else {
                self.count += 1;
                self.late.push(Reverse((now + late, self.count, to, packet.clone())));
            }
        }
    }

    /// A packet has travelled.
    fn arrive(&mut self, to: Side, packet: Vec<u8>) {
        match to {
            Side::Outside => self.write(to, &packet),
            Side::Inside => {
                for (to, packet) in self.middle.pass(Side::Outside, packet) {
                    self.write(to, &packet);
                }
            }
        }
    }

    fn write(&self, to: Side, packet: &[u8]) {
        // A device that is down or gone loses packets, as a cable would.
        let _ = (&self.devices[to as usize]).write_all(packet);
    }
}
