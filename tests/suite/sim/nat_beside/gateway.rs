//! The router asked about itself.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use rtcprobe::machine::{Input, Machine, Output, Socket, Time, Want};
use rtcprobe::report::nat::TestOutcome;

use super::{Told, at, plain_server, stage};

const ROUTER: &str = "10.0.0.1";
const CONTROL: Socket = Socket(1);
const SEARCH: Socket = Socket(2);
/// Searches are answered from another port, as some routers do.
const ANSWER: Socket = Socket(3);
const WEB: Socket = Socket(4);

/// What a router speaks.
#[derive(Clone, Default)]
struct Router {
    nat_pmp: Option<[u8; 4]>,
    pcp: Option<[u8; 4]>,
    /// The address over UPnP, and the host where its description is to be had.
    upnp: Option<(String, String)>,
    /// Lifetimes of the mappings that were asked for.
    mappings: Rc<RefCell<Vec<u32>>>,
    /// Descriptions that were asked for.
    asked: Rc<RefCell<u32>>,
    out: Vec<Output<()>>,
}

impl Router {
    fn switched_on(mut self) -> Router {
        let udp = |port: u16| Want::udp(SocketAddr::new(ROUTER.parse().unwrap(), port));
        let open = |socket, want| Output::Open { socket, want };
        self.out.push(open(CONTROL, udp(5351)));
        if self.upnp.is_some() {
            self.out.extend([open(SEARCH, udp(1900)), open(ANSWER, udp(40_000))]);
            self.out.push(open(WEB, Want::TcpListen { local: at("10.0.0.1:5000") }));
        }
        self
    }

    fn control(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let (version, opcode) = (*bytes.first()?, *bytes.get(1)?);
        match (version, opcode, self.nat_pmp, self.pcp) {
            (0, 0, Some(address), _) => Some([&[0, 128, 0, 0, 0, 0, 0, 9][..], &address].concat()),
            (2, _, Some(_), None) => Some(vec![0, 128, 0, 1, 0, 0, 0, 9]),
            (2, 0, _, Some(_)) => Some([&[2, 0x80][..], &[0; 22]].concat()),
            (2, 1, _, Some(address)) => {
                self.mappings.borrow_mut().push(u32::from_be_bytes(bytes[4..8].try_into().unwrap()));
                let mut answer = bytes.to_vec();
                answer[1] = 0x81;
                answer[8..24].fill(0);
                answer[44..60].copy_from_slice(&Ipv4Addr::from(address).to_ipv6_mapped().octets());
                Some(answer)
            }
            _ => None,
        }
    }

    fn web(&self, request: &str) -> Option<String> {
        let (address, host) = self.upnp.as_ref()?;
        let body = if request.starts_with("GET /root.xml ") {
            *self.asked.borrow_mut() += 1;
            format!(
                "<root><URLBase>http://{host}:5000</URLBase><service><serviceType>urn:schemas-upnp-org:service:\
                 WANIPConnection:1</serviceType><controlURL>/ctl</controlURL></service></root>"
            )
        } else if request.starts_with("POST /ctl ") && request.contains("#GetExternalIPAddress\"") {
            format!("<s:Envelope><NewExternalIPAddress>{address}</NewExternalIPAddress></s:Envelope>")
        } else {
            return None;
        };
        Some(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
    }
}

impl Machine for Router {
    type Event = ();

    fn input(&mut self, _now: Time, input: Input<'_>) {
        let Input::Received { socket, from, bytes } = input else { return };
        let (socket, answer) = match socket {
            CONTROL => (CONTROL, self.control(bytes)),
            SEARCH => {
                let host = self.upnp.as_ref().map(|(_, host)| host.clone()).unwrap_or_default();
                let text = format!("HTTP/1.1 200 OK\r\nLOCATION: http://{host}:5000/root.xml\r\n\r\n");
                (ANSWER, Some(text.into_bytes()))
            }
            socket => (socket, self.web(&String::from_utf8_lossy(bytes)).map(String::into_bytes)),
        };
        self.out.extend(answer.map(|bytes| Output::Send { socket, to: from, bytes }));
    }

    fn output(&mut self, _now: Time) -> Output<()> {
        if self.out.is_empty() { Output::WaitUntil(Time::NEVER, "requests") } else { self.out.remove(0) }
    }
}

fn ask(router: &Router) -> Told {
    let mut stage = stage(1, "port-restricted-cone", plain_server());
    let host = stage.world.host("router", &[ROUTER]);
    stage.world.join(host, stage.client);
    stage.world.start(host, router.clone().switched_on());
    // A request that comes in one piece.
    stage.world.link.cut = false;
    stage.config.gateway = true;
    stage.config.places[0].gateway = Some(SocketAddr::new(ROUTER.parse().unwrap(), 0));
    stage.run()
}

fn outcome(told: &Told, name: &str) -> Vec<TestOutcome> {
    told.nat.tests.iter().filter(|test| test.name == name).map(|test| test.outcome).collect()
}

#[test]
fn nat_pmp_tells_the_external_address_and_a_second_nat() {
    let told = ask(&Router { nat_pmp: Some([203, 0, 113, 7]), ..Router::default() });
    let gateway = told.nat.gateway.clone().unwrap();
    assert_eq!((gateway.protocol.as_str(), gateway.external.as_deref()), ("nat-pmp", Some("203.0.113.7")));
    assert_eq!(told.nat.double_nat, Some(false));
    let told = ask(&Router { nat_pmp: Some([100, 64, 9, 9]), ..Router::default() });
    assert_eq!((told.nat.double_nat, told.nat.carrier_grade_nat), (Some(true), Some(true)));
    assert_eq!(outcome(&told, "gateway-pcp"), [TestOutcome::Refused]);
}

#[test]
fn pcp_makes_a_mapping_only_when_nothing_else_tells_and_removes_it() {
    let router = Router { pcp: Some([203, 0, 113, 7]), ..Router::default() };
    let told = ask(&router);
    let gateway = told.nat.gateway.clone().unwrap();
    assert_eq!((gateway.protocol.as_str(), gateway.external.as_deref()), ("pcp", Some("203.0.113.7")));
    assert_eq!(*router.mappings.borrow(), [30, 0]);
    let router = Router { nat_pmp: Some([203, 0, 113, 7]), pcp: Some([203, 0, 113, 7]), ..Router::default() };
    let told = ask(&router);
    assert_eq!(told.nat.gateway.unwrap().protocol, "nat-pmp");
    assert!(router.mappings.borrow().is_empty());
}

#[test]
fn upnp_tells_the_external_address() {
    let router = Router { upnp: Some(("203.0.113.7".into(), ROUTER.into())), ..Router::default() };
    let told = ask(&router);
    let gateway = told.nat.gateway.clone().unwrap_or_else(|| panic!("{}", told.detail("gateway-upnp")));
    assert_eq!((gateway.protocol.as_str(), gateway.external.as_deref()), ("upnp", Some("203.0.113.7")));
}

#[test]
fn what_points_elsewhere_is_not_followed() {
    let router = Router { upnp: Some(("203.0.113.7".into(), "198.51.100.1".into())), ..Router::default() };
    let told = ask(&router);
    assert_eq!(told.nat.gateway, None);
    assert_eq!(*router.asked.borrow(), 0);
    assert!(told.detail("gateway-upnp").contains("not its own address"), "{}", told.detail("gateway-upnp"));
}

#[test]
fn a_router_that_speaks_nothing_leaves_everything_open() {
    let told = ask(&Router::default());
    assert_eq!((told.nat.gateway.clone(), told.nat.double_nat), (None, None));
    assert_eq!(told.unknown["/nat/gateway"], "gateway-silent");
    let mut unasked = stage(1, "port-restricted-cone", plain_server());
    unasked.config.places[0].gateway = Some(at("10.0.0.1:0"));
    let told = unasked.run();
    assert!(told.nat.tests.iter().all(|test| !test.name.starts_with("gateway")));
}

#[test]
fn routers_that_disagree_with_themselves_are_said_to() {
    let router = Router {
        nat_pmp: Some([203, 0, 113, 7]),
        upnp: Some(("192.0.2.99".into(), ROUTER.into())),
        ..Router::default()
    };
    let log = ask(&router).log;
    let said = log.borrow().iter().any(|(_, event)| format!("{event:?}").contains("192.0.2.99"));
    assert!(said);
}
