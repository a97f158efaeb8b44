//! For each rule a report that fires it; some have several.

use rtcprobe::report::{
    Affinity, Asked, CandidateKind, Cause, Configuration, Configured, Control, CredentialKind, Outcome, Proof,
    Redirect, Reference, RelayProtocol, Report, StepName, StepOutcome, Turn, Way,
};

use super::build::*;

const UDP: &str = "turn:turn.example.org:3478?transport=udp";
const TCP: &str = "turn:turn.example.org:3478?transport=tcp";
const TLS: &str = "turns:turn.example.org:5349?transport=tcp";
const PLACE: &str = "203.0.113.9:3478";

pub fn all() -> Vec<(&'static str, Report)> {
    let mut all = reach();
    all.extend(tls_cases());
    all.extend(auth());
    all.extend(allocate());
    all.extend(relay());
    all.extend(security());
    all.extend(gather());
    all.extend(config());
    all.extend(super::nat::cases());
    all.extend(super::further::all());
    all.extend(super::lookalikes::all());
    all.extend(super::ports::all());
    all.extend(super::connect::all());
    all.sort_by_key(|(code, _)| *code);
    all
}

fn one(turn: Turn) -> Report {
    report(vec![turn])
}

/// A STUN server elsewhere was asked as well.
fn measured_by(outcome: StepOutcome, turns: Vec<Turn>) -> Report {
    let url = "stun:stun.example.net:3478".into();
    let address = Some("198.51.100.53:3478".into());
    let reference = Reference { url, address, outcome, mapped: None, rtt_ms: None, icmp: None };
    Report { references: vec![reference], ..report(turns) }
}

fn reach() -> Vec<(&'static str, Report)> {
    let v6 = |transport| turn(transport, "[2001:db8::9]:3478");
    let other = |transport| Turn { url: "turn:b.example:3478".into(), ..turn(transport, "198.51.100.99:3478") };
    let at =
        |port: u16, text: &str| Turn { url: text.into(), ..turn(RelayProtocol::Udp, &format!("203.0.113.9:{port}")) };
    let dtls = || turn(RelayProtocol::Dtls, "203.0.113.9:5349");
    let wildcard = Turn { response_origin: Some("0.0.0.0:3478".into()), ..tcp() };
    let binding = |cause, text| troubled(udp(), StepName::Binding, cause, text);
    vec![
        ("server-not-running", report(vec![refused(udp()), refused(tcp()), refused(tls_server())])),
        ("wrong-port", report(vec![refused(at(3479, "turn:turn.example.org:3479?transport=udp")), udp()])),
        ("turn-udp-not-listening", report(vec![refused(udp()), tcp()])),
        ("turn-tcp-not-listening", report(vec![udp(), refused(tcp())])),
        ("turn-udp-filtered", report(vec![silent(udp()), Turn { proofs: Vec::new(), ..tcp() }])),
        ("turn-udp-filtered", report(vec![silent(udp()), tcp()])),
        ("turn-udp-filtered", measured_by(StepOutcome::Ok, vec![silent(udp()), Turn { proofs: Vec::new(), ..tcp() }])),
        (
            "client-udp-blocked",
            measured_by(StepOutcome::Timeout, vec![silent(udp()), Turn { proofs: Vec::new(), ..tcp() }]),
        ),
        ("turn-tcp-filtered", report(vec![udp(), silent(tcp()), silent(tls_server())])),
        (
            "turn-udp-rejected",
            one(failing(
                udp(),
                StepName::Binding,
                Cause::Prohibited,
                "ICMP 3/10 from 203.0.113.9 after 1.0 ms: a firewall forbids UDP to 203.0.113.9:3478",
            )),
        ),
        (
            "client-path-blocked",
            one(failing(udp(), StepName::Binding, Cause::Unreachable, "no route from 10.0.0.2 to 203.0.113.9:3478")),
        ),
        (
            "client-address-family-missing",
            one(Turn {
                address: None,
                ..failing(
                    udp(),
                    StepName::Resolve,
                    Cause::Unreachable,
                    "its address is 2001:db8::9, and there is no usable IPv6 address here",
                )
            }),
        ),
        (
            "host-unreachable",
            one(failing(
                udp(),
                StepName::Binding,
                Cause::Unreachable,
                "ICMP 3/1 host unreachable from 192.0.2.1 after 3.0 s, on the way to 203.0.113.9:3478",
            )),
        ),
        ("host-unreachable", report(vec![silent(udp()), silent(tcp())])),
        (
            "client-udp-blocked",
            report(vec![silent(udp()), silent(other(RelayProtocol::Udp)), Turn { proofs: Vec::new(), ..tcp() }]),
        ),
        ("server-silent", one(silent(udp()))),
        (
            "stream-silent",
            one(failing(
                tcp(),
                StepName::Binding,
                Cause::NoAnswer,
                "no answer to the Binding request from 203.0.113.9:3478 in 9.5 s",
            )),
        ),
        (
            "stream-closed",
            one(failing(
                tcp(),
                StepName::Binding,
                Cause::ConnectionClosed,
                "203.0.113.9:3478 closed the connection 1.0 ms after it stood",
            )),
        ),
        (
            "not-stun",
            one(failing(
                tcp(),
                StepName::Binding,
                Cause::NotStun,
                "203.0.113.9:3478 answered with something that is not STUN: \"SSH-2.0\"",
            )),
        ),
        (
            "not-stun",
            one(failing(
                tcp(),
                StepName::Binding,
                Cause::NotStun,
                "203.0.113.9:3478 speaks TLS on this port: write turns: or stuns: for it",
            )),
        ),
        (
            "reply-from-wrong-source-ip",
            report(vec![
                failing(
                    udp(),
                    StepName::Binding,
                    Cause::WrongSource,
                    "the answer to the Binding request came from 203.0.113.8:3478 instead of 203.0.113.9:3478: no client accepts it",
                ),
                tcp(),
            ]),
        ),
        ("reply-from-wrong-source-ip", report(vec![silent(udp()), wildcard])),
        (
            "dns-no-record",
            one(Turn {
                address: None,
                ..failing(udp(), StepName::Resolve, Cause::NoSuchName, "the name does not exist (NXDOMAIN)")
            }),
        ),
        (
            "dns-no-answer",
            one(Turn {
                address: None,
                ..failing(udp(), StepName::Resolve, Cause::DnsFailed, "no DNS server answered")
            }),
        ),
        ("dns-aaaa-broken", report(vec![udp(), refused(v6(RelayProtocol::Udp))])),
        (
            "stun-only-no-turn",
            one(failing(udp(), StepName::Challenge, Cause::StunOnly, "Binding is answered, Allocate is not")),
        ),
        ("stun-binding-silent-no-stun", one(binding(Cause::NoAnswer, "no answer to 4 copies of the Binding request"))),
        (
            "stun-binding-401-secure-stun",
            one(coded(
                binding(Cause::Unauthorized, "401 to the Binding request"),
                StepName::Binding,
                401,
                "Unauthorized",
            )),
        ),
        ("chrome-port-restricted", one(at(110, "turn:turn.example.org:110?transport=udp"))),
        ("turns-udp-ineffective", one(dtls())),
        ("dtls-listener-off", report(vec![tls_server(), silent(dtls())])),
    ]
}

fn tls_cases() -> Vec<(&'static str, Report)> {
    let handshake = |cause, text: &str| failing(tls_server(), StepName::Tls, cause, text);
    let bound = |cause, text: &str| failing(tls_server(), StepName::Binding, cause, text);
    let mut by_address = untrusted(Cause::CertificateWrongName, |_| ());
    by_address.url = "turns:203.0.113.9:5349?transport=tcp".into();
    let mut soon = tls_server();
    soon.tls.as_mut().unwrap().not_after = Some("2026-11-23T12:00:00Z".into());
    let hang = Turn {
        url: "turns:turn.example.org:3478?transport=tcp".into(),
        address: Some(PLACE.into()),
        ..handshake(Cause::HandshakeTimeout, "did not answer the TLS handshake in 5.0 s")
    };
    let asked = |detail: Option<&str>| Asked { outcome: StepOutcome::Ok, detail: detail.map(Into::into) };
    let mut no_versions = handshake(Cause::HandshakeTimeout, "did not answer the TLS handshake in 5.0 s");
    no_versions.clues.plain = Some(asked(None));
    let mut web = bound(Cause::NoAnswer, "no answer to the Binding request from 203.0.113.9:5349 in 9.5 s");
    web.clues.http = Some(asked(Some("HTTP/1.1 200 OK")));
    vec![
        ("tls-all-versions-disabled", one(no_versions)),
        ("tls-terminated-by-http", one(web)),
        ("tls-listener-missing", report(vec![udp(), refused(tls_server())])),
        ("tls-on-plain-port-hang", report(vec![tcp(), hang])),
        (
            "tls-on-plain-port-hang",
            one(handshake(Cause::HandshakeTimeout, "did not answer the TLS handshake in 5.0 s")),
        ),
        ("tls-key-mismatch", one(handshake(Cause::HandshakeFailed, "received fatal alert: HandshakeFailure"))),
        ("tls-handshake-failed", one(handshake(Cause::HandshakeFailed, "received fatal alert: ProtocolVersion"))),
        (
            "tls-terminated-by-http",
            one(bound(
                Cause::NotStun,
                "answered the Binding request with something that is not STUN: \"HTTP/1.1 400 Bad Request",
            )),
        ),
        (
            "tls-terminated-by-http",
            one(bound(Cause::NoAnswer, "no answer to the Binding request from 203.0.113.9:5349 in 9.5 s")),
        ),
        (
            "tls-cert-expired",
            one(untrusted(Cause::CertificateExpired, |tls| tls.not_after = Some("2026-11-01T00:00:00Z".into()))),
        ),
        (
            "tls-cert-not-yet-valid",
            one(untrusted(Cause::CertificateNotYetValid, |tls| tls.not_before = Some("2026-12-01T00:00:00Z".into()))),
        ),
        ("tls-cert-expires-soon", one(soon)),
        (
            "tls-cert-hostname-mismatch",
            one(untrusted(Cause::CertificateWrongName, |tls| tls.subject_alt_names = vec!["www.example.org".into()])),
        ),
        ("tls-ip-url", one(by_address)),
        (
            "tls-cert-self-signed",
            one(untrusted(Cause::CertificateSelfSigned, |tls| {
                tls.chain = vec![certificate("CN=turn.example.org", "CN=turn.example.org")];
            })),
        ),
        ("tls-cert-incomplete-chain", one(untrusted(Cause::CertificateIncompleteChain, |tls| tls.chain.truncate(1)))),
        (
            "tls-cert-untrusted-ca",
            one(untrusted(Cause::CertificateUntrusted, |tls| {
                tls.distrust = Some("the certificate's issuer (CN=Office CA) is not trusted".into());
            })),
        ),
    ]
}

fn auth() -> Vec<(&'static str, Report)> {
    let missing = coded(
        failing(udp(), StepName::Challenge, Cause::NoCredentials, "401: the server wants credentials"),
        StepName::Challenge,
        401,
        "Unauthorized",
    );
    let signature = |text: &str| failing(udp(), StepName::Allocate, Cause::IntegrityFailed, text);
    vec![
        ("auth-missing-in-client", one(Turn { username: None, ..missing })),
        ("auth-bad-credentials", one(unauthorized("alice"))),
        ("auth-rest-expired", one(unauthorized(&format!("{}:alice", NOW - 7200)))),
        ("auth-rest-expired", one(unauthorized("86400:alice"))),
        ("auth-rest-milliseconds", one(unauthorized(&format!("{}:alice", (NOW + 3600) * 1000)))),
        ("auth-rest-expiry-after-2038", one(unauthorized("4102444800:alice"))),
        ("auth-rest-secret-mismatch", one(unauthorized(&format!("{}:alice", NOW + 3600)))),
        ("auth-rest-secret-mismatch", one(unauthorized(&format!("alice:{}", NOW + 3600)))),
        ("auth-empty-realm", one(Turn { challenge: Some(challenge("")), ..udp() })),
        (
            "auth-bad-challenge",
            one(coded(
                failing(udp(), StepName::Challenge, Cause::BadChallenge, "no nonce"),
                StepName::Challenge,
                401,
                "",
            )),
        ),
        (
            "auth-username-rejected",
            one(Turn { username: Some("alice smith".into()), ..no_allocation(Cause::OtherError, 400, "Bad Request") }),
        ),
        (
            "auth-unsigned-answer",
            one(signature("the answer to the authenticated Allocate request carries no MESSAGE-INTEGRITY")),
        ),
        (
            "sip-alg-rewrite",
            one(signature("the MESSAGE-INTEGRITY of the answer to the Allocate request does not verify")),
        ),
    ]
}

fn allocate() -> Vec<(&'static str, Report)> {
    let silent = failing(
        udp(),
        StepName::Allocate,
        Cause::NoAnswer,
        "no answer to 4 copies of the authenticated Allocate request",
    );
    let silent = coded(silent, StepName::Challenge, 401, "Unauthorized");
    vec![
        ("lb-no-affinity", one(no_allocation(Cause::NonceLoop, 438, "Stale Nonce"))),
        ("lb-no-affinity", {
            let mut turn = no_allocation(Cause::NonceLoop, 438, "Stale Nonce");
            turn.clues.affinity = Some(Affinity { nonce_returns: 3, origins: 2, software: 1, nonces: 2 });
            one(turn)
        }),
        ("alloc-quota-reached", one(no_allocation(Cause::QuotaReached, 486, "Allocation Quota Reached"))),
        ("alloc-bandwidth-quota", one(no_allocation(Cause::QuotaReached, 486, "Allocation Bandwidth Quota Reached"))),
        ("relay-ports-exhausted", one(no_allocation(Cause::PortsExhausted, 508, "Insufficient Capacity"))),
        ("relay-ip-not-local", one(no_allocation(Cause::RelayAddressNotLocal, 508, "Cannot create socket"))),
        (
            "alloc-udp-relay-disabled",
            one(no_allocation(Cause::TransportForbidden, 442, "Unsupported Transport Protocol")),
        ),
        ("alloc-no-ipv6-relay", one(no_allocation(Cause::FamilyUnsupported, 440, "Address Family not Supported"))),
        ("alloc-5tuple-in-use", one(no_allocation(Cause::AllocationMismatch, 437, "Allocation Mismatch"))),
        ("alloc-redirected-300", {
            let mut dead =
                failing(udp(), StepName::Challenge, Cause::NoAnswer, "no answer to 5 copies of the Allocate");
            let (from, to) = (PLACE.into(), "203.0.113.66:3478".into());
            dead.clues.redirects.push(Redirect { from, to });
            one(dead)
        }),
        (
            "alloc-redirected-300",
            one(coded(
                failing(udp(), StepName::Challenge, Cause::Redirected, "300 leads in a circle"),
                StepName::Challenge,
                300,
                "Try Alternate",
            )),
        ),
        ("alloc-server-draining", one(no_allocation(Cause::Forbidden, 403, "Forbidden"))),
        ("alloc-no-answer", one(silent)),
        ("alloc-refused", one(no_allocation(Cause::OtherError, 500, "Server Error"))),
        (
            "alloc-lost",
            one(coded(
                troubled(udp(), StepName::Refresh, Cause::AllocationLost, "437 Invalid allocation"),
                StepName::Refresh,
                437,
                "Invalid allocation",
            )),
        ),
    ]
}

fn relaying(change: impl FnOnce(&mut Turn)) -> Report {
    let mut turn = udp();
    change(&mut turn);
    one(turn)
}

fn proven(turn: Turn, proofs: &[Proof]) -> Report {
    one(Turn { proofs: proofs.to_vec(), works: Some(false), ..turn })
}

fn relay() -> Vec<(&'static str, Report)> {
    let closed = |cause, text: &str| troubled(udp(), StepName::RelayReceive, cause, text);
    let mut private = closed(Cause::RelayAddressPrivate, "the relayed address 10.0.0.5:61234 is private");
    private.allocation.as_mut().unwrap().relayed = "10.0.0.5:61234".into();
    private.response_origin = Some("10.0.0.5:3478".into());
    let egress = troubled(
        udp(),
        StepName::RelaySend,
        Cause::RelayEgressBlocked,
        "nothing that the relay sends reaches the outside",
    );
    let peer = |ip: &str| {
        troubled(
            udp(),
            StepName::Permission,
            Cause::PeerForbidden,
            &format!("403 Forbidden: the server's policy forbids the peer {ip}"),
        )
    };
    let (inward, outward, between) = (Way::Inbound, Way::Outbound, Way::RelayToRelay);
    let seen = Some("203.0.113.77:61234");
    vec![
        ("relay-address-private", one(private.clone())),
        (
            "relay-address-wrong-public",
            proven(
                closed(Cause::RelayAddressWrong, "the world sees its packets come from 203.0.113.77:61234"),
                &[proof(inward, 0, None), proof(outward, 1, seen)],
            ),
        ),
        ("relay-egress-ip-mismatch", proven(udp(), &[proof(inward, 1, None), proof(outward, 1, seen)])),
        (
            "relay-port-rewritten",
            proven(
                closed(Cause::RelayPortRewritten, "the world sees its packets come from port 1025"),
                &[proof(inward, 0, None), proof(outward, 1, Some("203.0.113.9:1025"))],
            ),
        ),
        (
            "relay-ports-unreachable",
            proven(
                closed(Cause::RelayPortsUnreachable, "nothing sent to 203.0.113.9:61234 arrives (3 copies, 1.2 s)"),
                &[proof(inward, 0, None), proof(outward, 1, Some("203.0.113.9:61234")), proof(between, 1, None)],
            ),
        ),
        (
            "relay-egress-blocked",
            proven(egress, &[proof(inward, 1, None), proof(outward, 0, None), proof(between, 1, None)]),
        ),
        ("relay-self-denied", relaying(|turn| turn.audit.push(audited("203.0.113.9", "server", "denied")))),
        (
            "relay-self-denied",
            proven(
                udp(),
                &[proof(inward, 1, None), proof(outward, 1, Some("203.0.113.9:61234")), proof(between, 0, None)],
            ),
        ),
        ("peer-public-denied", one(peer("198.51.100.7"))),
        ("peer-private-denied", one(peer("10.0.0.2"))),
        ("mapped-address-private", relaying(|turn| turn.mapped = Some("172.17.0.1:40000".into()))),
        ("proxy-hides-client-ip", report(vec![udp(), Turn { mapped: Some("203.0.113.20:40000".into()), ..tcp() }])),
        ("server-behind-nat", one(Turn { response_origin: Some("10.0.0.5:3478".into()), ..unauthorized("alice") })),
        ("relay-payload-damaged", relaying(|turn| turn.echo = Some(echo(0.0, 3)))),
        ("relay-lossy", relaying(|turn| turn.echo = Some(echo(0.25, 0)))),
    ]
}

fn security() -> Vec<(&'static str, Report)> {
    let allows = |peers: &[(&str, &str)]| {
        relaying(|turn| turn.audit.extend(peers.iter().map(|(peer, class)| audited(peer, class, "allowed"))))
    };
    let control = Control { name: "wrong-password".into(), refused: Some(false), error_code: None, error_text: None };
    vec![
        (
            "sec-open-relay",
            one(troubled(
                udp(),
                StepName::Challenge,
                Cause::OpenRelay,
                "the server allocated without asking for credentials",
            )),
        ),
        ("sec-wrong-password-accepted", relaying(|turn| turn.controls = vec![control])),
        ("sec-relay-loopback-allowed", allows(&[("127.0.0.1", "loopback"), ("0.0.0.0", "unspecified")])),
        ("sec-relay-internal-allowed", allows(&[("10.0.0.1", "private"), ("169.254.169.254", "metadata")])),
        ("sec-v4mapped-bypass", allows(&[("::ffff:10.0.0.1", "ipv4-mapped")])),
        ("sec-multicast-peers", allows(&[("224.0.0.251", "multicast")])),
        ("sec-known-cves", relaying(|turn| turn.software = Some("Coturn-4.6.1 'Gorst'".into()))),
        ("sec-tcp-relay-enabled", relaying(|turn| turn.options.push(option("tcp-relay", true)))),
        (
            "sec-long-lived-rest-credential",
            relaying(|turn| turn.username = Some(format!("{}:alice", NOW + 90 * 86_400))),
        ),
    ]
}

/// The same troubles as `gather` reports them.
fn gather() -> Vec<(&'static str, Report)> {
    let ok = |url: &str| asked(url, PLACE, Outcome::Ok, None, "");
    let udp = |outcome, code, detail: &str| asked(UDP, PLACE, outcome, code, detail);
    let mut no_name = server("turn:nowhere.example:3478?transport=udp", PLACE, Outcome::DnsError);
    no_name.resolved.clear();
    no_name.error = Some("nowhere.example: the name does not exist (NXDOMAIN)".into());
    let mut anonymous = udp(Outcome::Unauthorized, Some(401), "401 Unauthorized: the server wants credentials");
    anonymous.0.username = None;
    let mut slow = udp(Outcome::Error, Some(508), "508 Cannot create socket");
    slow.1[0].ended_ms = Some(1320.0);
    let mut expired = asked(
        TLS,
        "203.0.113.9:5349",
        Outcome::TlsError,
        None,
        "the certificate expired on 2026-11-01; nothing was sent",
    );
    let mut facts = tls();
    (facts.trusted, facts.not_after) = (false, Some("2026-11-01T00:00:00Z".into()));
    expired.0.tls = Some(facts);
    let with = |kind, address: &str| {
        let mut report = gathered(vec![ok(UDP)]);
        report.gather.as_mut().unwrap().candidates.push(candidate(kind, address, UDP));
        report
    };
    vec![
        (
            "turn-udp-filtered",
            gathered(vec![udp(Outcome::Timeout, None, "no answer to 7 copies of the Allocate request"), ok(TCP)]),
        ),
        (
            "server-not-running",
            gathered(vec![udp(Outcome::Refused, None, "ICMP 3/3 port unreachable from 203.0.113.9")]),
        ),
        (
            "turn-udp-rejected",
            gathered(vec![udp(
                Outcome::Unreachable,
                None,
                "ICMP 3/13 from 203.0.113.9 after 1.0 ms: a firewall forbids UDP to 203.0.113.9:3478",
            )]),
        ),
        ("dns-no-record", gathered(vec![(no_name, Vec::new())])),
        ("auth-missing-in-client", gathered(vec![anonymous])),
        (
            "auth-bad-credentials",
            gathered(vec![udp(
                Outcome::Unauthorized,
                Some(401),
                "401 Unauthorized: the server does not accept these credentials",
            )]),
        ),
        ("lb-no-affinity", gathered(vec![udp(Outcome::Error, Some(438), "438 Stale Nonce to every fresh nonce")])),
        ("relay-ip-not-local", gathered(vec![slow])),
        ("relay-ports-exhausted", gathered(vec![udp(Outcome::Error, Some(508), "508 Insufficient Capacity")])),
        (
            "reply-from-wrong-source-ip",
            gathered(vec![udp(
                Outcome::Error,
                None,
                "the answer to the Allocate request came from 203.0.113.8:3478 instead of 203.0.113.9:3478: no client accepts it",
            )]),
        ),
        ("tls-cert-expired", gathered(vec![expired])),
        ("relay-address-private", with(CandidateKind::Relay, "10.0.0.5")),
        ("mapped-address-private", with(CandidateKind::Srflx, "172.17.0.1")),
    ]
}

/// A report of nothing but a configuration.
fn configured(urls: &[(&str, RelayProtocol)], change: impl Fn(&mut Configuration)) -> Report {
    let server = |(url, transport): &(&str, RelayProtocol)| {
        let (scheme, rest) = url.split_once(':').unwrap();
        let (host, rest) = rest.split_once(':').unwrap();
        Configured {
            url: (*url).into(),
            scheme: scheme.into(),
            host: host.into(),
            port: rest.split('?').next().unwrap().parse().unwrap(),
            transport: *transport,
            of_bare_host: false,
            credential_kind: if scheme.starts_with("turn") { CredentialKind::Password } else { CredentialKind::None },
            username: scheme.starts_with("turn").then(|| "alice".into()),
        }
    };
    let mut configuration = Configuration {
        source: "ice-servers".into(),
        servers: urls.iter().map(server).collect(),
        repeated: Vec::new(),
        relay_only: false,
        ignored: Vec::new(),
    };
    change(&mut configuration);
    Report { configuration: Some(configuration), ..report(Vec::new()) }
}

fn config() -> Vec<(&'static str, Report)> {
    const STUN: (&str, RelayProtocol) = ("stun:turn.example.org:3478", RelayProtocol::Udp);
    const OVER_UDP: (&str, RelayProtocol) = (UDP, RelayProtocol::Udp);
    const OVER_TCP: (&str, RelayProtocol) = (TCP, RelayProtocol::Tcp);
    let address = ("turns:192.0.2.9:443?transport=tcp", RelayProtocol::Tls);
    let last = ("turns:turn.example.org:443?transport=tcp", RelayProtocol::Tls);
    let stuns = ("stuns:turn.example.org:5349", RelayProtocol::Tls);
    vec![
        ("config-no-turn", configured(&[STUN], |_| {})),
        ("config-udp-only", configured(&[STUN, OVER_UDP], |_| {})),
        ("config-no-tls-443", configured(&[OVER_UDP, OVER_TCP], |_| {})),
        ("config-ip-in-turns", configured(&[OVER_UDP, address], |_| {})),
        ("config-stuns-plain", configured(&[stuns, last], |_| {})),
        ("config-duplicate-url", configured(&[last], |all| all.repeated = vec![last.0.into()])),
        (
            "config-too-many-servers",
            configured(&[STUN, OVER_UDP, OVER_TCP, last, ("stun:b.example:3478", STUN.1)], |_| {}),
        ),
        (
            "config-credentials-expired",
            configured(&[last], |all| all.servers[0].username = Some("1600000000:alice".into())),
        ),
    ]
}

/// What browsers can work with, and nothing to remark.
pub fn well_configured() -> Report {
    let urls = [
        ("stun:turn.example.org:3478", RelayProtocol::Udp),
        (UDP, RelayProtocol::Udp),
        (TCP, RelayProtocol::Tcp),
        ("turns:turn.example.org:443?transport=tcp", RelayProtocol::Tls),
    ];
    configured(&urls, |_| {})
}
