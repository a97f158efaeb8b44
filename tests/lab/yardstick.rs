//! What a NAT does, measured with plain sockets: no STUN, no code of rtcprobe's, so that neither the
//! lab's NATs nor rtcprobe are their own witness.

use std::collections::BTreeSet;
use std::io::Read;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::namespace::Host;
use crate::topology::at;

/// For what must come.
const PATIENCE: Duration = Duration::from_secs(5);
/// For what must not: it would have been there at once.
pub const IMPATIENCE: Duration = Duration::from_millis(200);

pub fn socket(host: &Host, local: &str) -> UdpSocket {
    let local = local.to_owned();
    let socket = host.run(move || UdpSocket::bind(local).unwrap());
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// Whether a datagram that may well not come comes.
pub fn hears(socket: &UdpSocket) -> bool {
    heard_from(socket).is_some()
}

/// From whom, if it comes.
pub fn heard_from(socket: &UdpSocket) -> Option<SocketAddr> {
    socket.set_read_timeout(Some(IMPATIENCE)).unwrap();
    let heard = socket.recv_from(&mut [0; 64]).ok().map(|(_, from)| from);
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    heard
}

/// Sends one datagram and tells as whose it arrives.
pub fn seen_as(from: &UdpSocket, to: &UdpSocket) -> Option<SocketAddr> {
    from.send_to(b"?", to.local_addr().unwrap()).ok()?;
    to.recv_from(&mut [0; 16]).ok().map(|(_, source)| source)
}

/// Two ports of one address of the server, one of another.
fn three(server: &Host) -> [UdpSocket; 3] {
    let [first, other_address] = [at::SERVER, at::SERVER_2].map(|address| socket(server, &format!("{address}:0")));
    [first, socket(server, &format!("{}:0", at::SERVER)), other_address]
}

/// `eim-adf` and the like.
pub fn kind(client: &Host, server: &Host) -> String {
    format!("{}-{}", mapping(client, server), filtering(client, server))
}

pub fn mapping(client: &Host, server: &Host) -> &'static str {
    let servers = three(server);
    let client = socket(client, "0.0.0.0:0");
    let mapped = servers.each_ref().map(|server| seen_as(&client, server).unwrap());
    assert_eq!(seen_as(&client, &servers[0]), Some(mapped[0]), "the first mapping is kept");
    named_mapping(mapped)
}

fn named_mapping(mapped: [SocketAddr; 3]) -> &'static str {
    match (mapped[0] == mapped[1], mapped[0] == mapped[2]) {
        (true, true) => "eim",
        (true, false) => "adm",
        (false, false) => "apdm",
        (false, true) => "strange",
    }
}

pub fn filtering(client: &Host, server: &Host) -> &'static str {
    let [first, other_port, other_address] = three(server);
    let client = socket(client, "0.0.0.0:0");
    let mapped = seen_as(&client, &first).unwrap();
    let gets_in = |server: &UdpSocket| {
        server.send_to(b"!", mapped).unwrap();
        hears(&client)
    };
    // The strangest first: an answer to it must not be helped by an earlier one.
    let filtering = match (gets_in(&other_address), gets_in(&other_port)) {
        (true, true) => "eif",
        (false, true) => "adf",
        (false, false) => "apdf",
        (true, false) => "strange",
    };
    assert!(gets_in(&first), "answers do not get in");
    filtering
}

/// The mapping of TCP connections from one local port.
pub fn tcp_mapping(client: &Host, server: &Host) -> &'static str {
    let listeners = [at::SERVER, at::SERVER, at::SERVER_2]
        .map(|address| server.run(move || TcpListener::bind((address, 0)).unwrap()));
    let mut local = SocketAddr::from(([0, 0, 0, 0], 0));
    let mut kept = Vec::new();
    let mapped = listeners.map(|listener| {
        let to = listener.local_addr().unwrap();
        let stream = client.run(move || {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.set_reuse_address(true).unwrap();
            socket.bind(&local.into()).unwrap();
            socket.connect_timeout(&to.into(), PATIENCE).unwrap();
            TcpStream::from(socket)
        });
        local.set_port(stream.local_addr().unwrap().port());
        let (mut accepted, from) = listener.accept().unwrap();
        std::io::Write::write_all(&mut accepted, b"welcome").unwrap();
        let mut heard = [0; 7];
        (&stream).read_exact(&mut heard).unwrap();
        kept.push((stream, accepted));
        from
    });
    named_mapping(mapped)
}

/// `off`, `external`, `internal`: as whose a packet of the client's own comes back, when both ends let
/// each other in.
pub fn hairpin(client: &Host, server: &Host) -> &'static str {
    let server = socket(server, &format!("{}:0", at::SERVER));
    let [one, two] = [(); 2].map(|()| socket(client, "0.0.0.0:0"));
    let [one_seen, two_seen] = [&one, &two].map(|socket| seen_as(socket, &server).unwrap());
    // Each opens its filter for the other, as far as that depends on nothing new.
    for (from, to) in [(&two, one_seen), (&one, two_seen), (&two, one_seen)] {
        from.send_to(b"hairpin", to).unwrap();
    }
    let own_port = two.local_addr().unwrap().port();
    match heard_from(&one) {
        None => "off",
        Some(from) if from == two_seen => "external",
        Some(from) if from.port() == own_port && from.ip() != two_seen.ip() => "internal",
        Some(_) => "strange",
    }
}

/// Local and public end of so many mappings, one after the other.
pub fn mappings(client: &Host, server: &Host, count: usize) -> Vec<(SocketAddr, SocketAddr)> {
    let server = socket(server, &format!("{}:0", at::SERVER));
    let sockets: Vec<_> = (0..count).map(|_| socket(client, "0.0.0.0:0")).collect();
    let seen = |socket: &UdpSocket| (socket.local_addr().unwrap(), seen_as(socket, &server).unwrap());
    sockets.iter().map(seen).collect()
}

/// `preserving`, `sequential` or `random`.
pub fn allocation(mappings: &[(SocketAddr, SocketAddr)]) -> &'static str {
    let ports: Vec<i32> = mappings.iter().map(|(_, public)| i32::from(public.port())).collect();
    let steps: BTreeSet<i32> = ports.windows(2).map(|pair| pair[1] - pair[0]).collect();
    match mappings.iter().all(|(local, public)| local.port() == public.port()) {
        true => "preserving",
        false if steps.len() == 1 => "sequential",
        false => "random",
    }
}

/// The public addresses of mappings.
pub fn pool(mappings: &[(SocketAddr, SocketAddr)]) -> BTreeSet<IpAddr> {
    mappings.iter().map(|(_, public)| public.ip()).collect()
}

/// Whether mappings that were idle for so long still let their server in; all idle at the same time.
pub fn alive_after(client: &Host, server: &Host, idle: &[Duration]) -> Vec<bool> {
    let server = socket(server, &format!("{}:0", at::SERVER));
    let open = |_| {
        let client = socket(client, "0.0.0.0:0");
        let mapped = seen_as(&client, &server).unwrap();
        (std::time::Instant::now(), client, mapped)
    };
    let opened: Vec<_> = idle.iter().map(open).collect();
    let alive = |(idle, (began, client, mapped)): (&Duration, &(std::time::Instant, UdpSocket, SocketAddr))| {
        std::thread::sleep(idle.saturating_sub(began.elapsed()));
        server.send_to(b"alive?", mapped).unwrap();
        hears(client)
    };
    idle.iter().zip(&opened).map(alive).collect()
}
