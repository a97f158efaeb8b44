//! Troubles that have a name and that no client can establish by itself: what looks the same on the wire
//! as something likelier, what happens inside other clients, and what is no trouble at all.

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beyond {
    pub code: &'static str,
    /// Without a stop, like that of a rule.
    pub title: &'static str,
    /// What it is, and why it cannot be established.
    pub why: &'static str,
    /// The rule that is fired where it may be behind: its page says more.
    pub see: Option<&'static str>,
}

pub(super) fn find(code: &str) -> Option<&'static Beyond> {
    BEYOND.iter().find(|one| one.code == code)
}

impl Beyond {
    /// The one of that name.
    #[must_use]
    pub fn find(code: &str) -> Option<&'static Beyond> {
        find(code)
    }
}

const fn like(code: &'static str, see: &'static str, title: &'static str, why: &'static str) -> Beyond {
    Beyond { code, title, why, see: Some(see) }
}

const fn alone(code: &'static str, title: &'static str, why: &'static str) -> Beyond {
    Beyond { code, title, why, see: None }
}

/// All of them, by code.
pub static BEYOND: &[Beyond] = &[
    alone(
        "alloc-watchdog-timeout",
        "The server closes idle TCP connections",
        "coturn resets a connection on which no allocation was made for max-allocate-timeout (60 s). It follows from \
         a login or a handshake that failed, and these are the findings; only the server's log has the word.",
    ),
    like(
        "auth-db-unreachable",
        "auth-bad-credentials",
        "The server cannot reach its database of users",
        "coturn starts without its database and answers 401 to everybody, which looks like a wrong password. Its log \
         says \"Cannot open … DB connection\"; a user of turnserver.conf that works while all of the database are \
         refused confirms it.",
    ),
    alone(
        "auth-false-437-after-user-switch",
        "437 after another user was tried on the same port",
        "coturn ties a user to the 5-tuple for a minute. It concerns tools that try two users on one socket; rtcprobe \
         takes a fresh port for each attempt.",
    ),
    alone(
        "auth-first-401-normal",
        "The first 401 of every conversation is normal",
        "The server asks who we are by refusing the first request (RFC 8489 section 9.2). Only a second 401 says \
         something about the credentials.",
    ),
    alone(
        "auth-realm-wrong-in-client",
        "A client answers with a realm of its own",
        "437 or 441 to clients that do not echo the realm of the challenge. rtcprobe echoes it, so that only a trace \
         of the other client shows the fault.",
    ),
    alone(
        "auth-rest-expiry-mid-session",
        "Calls outlive the credentials that they began with",
        "coturn looks at the time when an allocation is made and not again, which is how it should be: reconnects \
         need fresh credentials, running calls do not.",
    ),
    alone(
        "auth-sha256-client",
        "A client signs with SHA-256 only",
        "coturn knows the SHA-1 signature of RFC 5389; before 4.15 it answers 420 to MESSAGE-INTEGRITY-SHA256. \
         rtcprobe signs as the server asks, so that only a trace of the other client shows the fault.",
    ),
    like(
        "auth-user-in-other-realm",
        "auth-bad-credentials",
        "The user exists in another realm",
        "The answer is the same 401 as for a wrong password. turnadmin -l shows the realms; a user that was made \
         with -r and the realm of the challenge works.",
    ),
    alone(
        "channel-number-range",
        "A channel number outside the range that the server takes",
        "coturn takes 0x4000 to 0x7FFF, from 4.16 on 0x4000 to 0x4FFF only (RFC 8656). rtcprobe stays in the \
         narrower range; other clients may not.",
    ),
    alone(
        "chrome-address-not-associated",
        "Chrome: the address is not associated with the network interface",
        "Error 600 of TURN over TCP where a VPN or a second interface takes the connection. It happens inside \
         Chrome, and other candidates are not affected.",
    ),
    alone(
        "chrome-family-mismatch-600",
        "Chrome: the address family does not match",
        "Chrome asks each server from each interface, and says so where one has IPv6 only and the server IPv4 only. \
         Harmless while another interface has the family.",
    ),
    alone(
        "dns-chrome-701-no-aaaa",
        "Chrome: host lookup error from an IPv6 interface",
        "Chrome looks for an AAAA record from each IPv6 interface and reports 701 when there is none. Harmless while \
         IPv4 gives candidates.",
    ),
    alone(
        "dns-srv-missing",
        "There are no SRV records for the server",
        "Browsers never ask for them, and fall back on ports 3478 and 5349. SIP and XMPP clients with a URI that \
         names no port do (RFC 5928, RFC 7065); for these, add _turn._udp, _turn._tcp, _turns._tcp and _stun._udp.",
    ),
    like(
        "docker-port-range",
        "relay-ports-unreachable",
        "A container publishes too few relay ports",
        "From outside it is the same as a firewall that closes the relay ports. docker port NAME shows what is \
         published; use --network host, or publish min-port to max-port one to one.",
    ),
    alone(
        "http-proxy-only",
        "The network lets out web proxies' connections only",
        "Browsers use the proxy for TURN over TCP by themselves; rtcprobe connects directly and does not.",
    ),
    like(
        "listening-ip-not-local",
        "server-not-running",
        "The server is told to listen at an address that it does not have",
        "It runs and listens nowhere, which looks like a server that does not run. coturn's log says \"Trying to \
         bind\" with errno=99. Behind a 1:1 NAT listening-ip is the private address.",
    ),
    alone(
        "permission-expired",
        "Data stops after five minutes",
        "Permissions last 300 s, channels 600 s, unless the client renews them (RFC 8656 section 9). A client that \
         does not is at fault, and the server shows nothing of it.",
    ),
    alone(
        "request-without-allocation",
        "A request without an allocation is answered 400 or 437",
        "The client's allocation had ended, after a restart of the server or behind a NAT with a short memory. \
         rtcprobe has an allocation when it asks; where it is lost in between, that is alloc-lost.",
    ),
    like(
        "sec-denied-peer-cidr-ignored",
        "sec-relay-internal-allowed",
        "denied-peer-ip is written with a slash, which coturn ignores",
        "denied-peer-ip=10.0.0.0/8 blocks nothing before 4.11, and the server does not start from then on. From \
         outside it is the same as no rule at all; ranges of which some are denied and some are not are a hint.",
    ),
    alone(
        "sec-ipv6-range-compare",
        "A denied IPv6 range denies too little",
        "coturn before 4.16 compares ranges byte by byte. Only somebody who knows the ranges can tell what is \
         missing; sec-known-cves names such versions.",
    ),
    alone(
        "sec-nonce-predictable",
        "Nonces can be predicted",
        "coturn 4.6.3 to 4.7.0 takes them from a weak source. Only the version tells, as in sec-known-cves.",
    ),
    alone(
        "sec-origin-401-user-enumeration",
        "Unknown users and wrong passwords are answered alike",
        "That is how it should be, and why 401 never says which part is wrong.",
    ),
    alone(
        "sec-static-shared-credential",
        "One user name and password are shipped to every browser",
        "Whoever reads the page has them. Whether a user name without a time is shared, a single client cannot tell; \
         use-auth-secret with credentials that last for hours avoids it.",
    ),
    alone(
        "send-without-permission-dropped",
        "Data without a permission is dropped",
        "That is what a server must do (RFC 8656 section 10).",
    ),
    alone(
        "stale-nonce-not-handled",
        "A client gives up at 438 Stale Nonce",
        "The server changes its nonce (coturn: every 600 s with stale-nonce) and the client has to try again with \
         the new one. rtcprobe does; a client that loses its call after ten minutes does not.",
    ),
    alone(
        "tls-untrusted-by-native-webrtc",
        "Old native applications do not know the certificate's root",
        "libwebrtc brings its own list of roots, which for long lacked that of Let's Encrypt. A probe with the \
         system's list cannot see it; update the application's SDK.",
    ),
    like(
        "udp-not-proxied",
        "turn-udp-filtered",
        "A proxy or ingress in front carries TCP only",
        "UDP goes nowhere, as with a firewall that drops it. Give UDP a balancer that carries it, or an address of \
         its own.",
    ),
    like(
        "unauthorized-ratelimit-silence",
        "stun-only-no-turn",
        "The server rations its answers to strangers",
        "coturn from 4.13 with unauthorized-ratelimit is silent to the first requests of an address that asked too \
         often, also when others behind the same NAT did. It answers again a second later, and over TCP always.",
    ),
    alone(
        "url-malformed",
        "A server URL cannot be read",
        "It is refused with the reason before anything is sent, as browsers do (RFC 7064, RFC 7065).",
    ),
];
