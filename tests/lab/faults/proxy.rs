//! A TCP proxy, as it stands in front of servers.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::namespace::Host;

/// Runs until dropped.
pub struct Proxy(Arc<AtomicBool>);

impl Proxy {
    pub fn start(host: &Host, at: SocketAddr, to: SocketAddr, header: bool) -> Proxy {
        let over = Arc::<AtomicBool>::default();
        let stop = Arc::clone(&over);
        // Threads are where the thread is that starts them.
        host.run(move || {
            let listener = TcpListener::bind(at).unwrap();
            listener.set_nonblocking(true).unwrap();
            thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    match listener.accept() {
                        Ok((client, from)) => {
                            client.set_nonblocking(false).unwrap();
                            thread::spawn(move || carry(client, from, at, to, header));
                        }
                        Err(_) => thread::sleep(Duration::from_millis(5)),
                    }
                }
            });
        });
        Proxy(over)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn carry(mut client: TcpStream, from: SocketAddr, at: SocketAddr, to: SocketAddr, header: bool) {
    let Ok(mut server) = TcpStream::connect(to) else { return };
    if header {
        let line = format!("PROXY TCP4 {} {} {} {}\r\n", from.ip(), at.ip(), from.port(), at.port());
        if server.write_all(line.as_bytes()).is_err() {
            return;
        }
    }
    let (mut from_client, mut to_client) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || pump(&mut to_client, &mut client));
    pump(&mut from_client, &mut server);
}

fn pump(from: &mut TcpStream, to: &mut TcpStream) {
    let mut bytes = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
