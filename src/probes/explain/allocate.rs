//! Errors to Allocate: what the server says of us and of itself.

use std::time::Duration;

use super::{Told, quoted, said, span, unknown};
use crate::proto::auth::Credentials;
use crate::proto::exchange::Seen;
use crate::report::Cause;
use crate::wire::attribute::ErrorCode;
use crate::wire::message::Message;
use crate::wire::rest;

/// Who asked, for errors to Allocate.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    pub credentials: Option<&'a Credentials>,
    pub realm: Option<&'a str>,
    /// Seconds since 1970, for credentials that carry a time; `None` leaves them unread.
    pub unix_time: Option<u64>,
    /// How long the server takes for a request that costs it nothing, where that is known.
    pub round_trip: Option<Duration>,
}

/// The server has worked for its answer; where round trips were not measured, they may be long.
fn is_slow(took: Duration, round_trip: Option<Duration>) -> bool {
    took.saturating_sub(round_trip.unwrap_or(Duration::from_millis(650))) >= Duration::from_millis(250)
}

/// An error to Allocate; `took` is the time of the whole exchange.
#[must_use]
pub fn allocate_error(error: &ErrorCode, message: &Message, seen: &Seen, took: Duration, asker: Asker<'_>) -> Told {
    let who = match (asker.credentials, asker.realm) {
        (Some(credentials), Some(realm)) => {
            format!("user {}, realm {}", quoted(credentials.username.as_bytes()), quoted(realm.as_bytes()))
        }
        (Some(credentials), None) => format!("user {}", quoted(credentials.username.as_bytes())),
        _ => "no credentials were given".to_string(),
    };
    let said = said(error);
    let hint = asker.hint();
    let (cause, text) = match error.code {
        401 if seen.signed => {
            (Cause::Unauthorized, format!("{said}: the server does not accept these credentials ({who}){hint}"))
        }
        401 => (Cause::NoCredentials, format!("{said}: the server wants credentials ({who})")),
        // pion and webrtc-rs answer bad credentials with 400 and no phrase.
        400 if seen.signed && error.reason.is_empty() => (
            Cause::Unauthorized,
            format!(
                "{said} to the authenticated request, without a phrase: \
                 some servers (pion, webrtc-rs) refuse bad credentials so ({who}){hint}"
            ),
        ),
        441 => (Cause::Unauthorized, format!("{said}: other credentials than those of the allocation ({who})")),
        437 if seen.signed && error.reason.to_ascii_lowercase().contains("credential") => {
            (Cause::Unauthorized, format!("{said} ({who})"))
        }
        437 => (
            Cause::AllocationMismatch,
            format!("{said}: the server takes our address for one in use, from fresh ports too"),
        ),
        486 => {
            (Cause::QuotaReached, format!("{said}: the quota of this user, or of the whole server, is used up ({who})"))
        }
        // coturn tries port after port when it cannot bind, for half a second to more than one; that no
        // port is left it knows at once.
        508 if is_slow(took, asker.round_trip) => (
            Cause::RelayAddressNotLocal,
            format!(
                "{said} after {}: the server cannot bind its relay address (relay-ip is not one of its own, \
                 or another program has the ports)",
                span(took)
            ),
        ),
        508 => {
            (Cause::PortsExhausted, format!("{said}: the server has no relay port left to give (min-port to max-port)"))
        }
        300 => (Cause::Redirected, format!("{said}, which leads nowhere")),
        403 => {
            (Cause::Forbidden, format!("{said} to Allocate: the server is draining, or its policy refuses us ({who})"))
        }
        440 => (Cause::FamilyUnsupported, format!("{said}: the server has no relay address of that family")),
        442 => (Cause::TransportForbidden, format!("{said}: UDP relays are switched off (no-udp-relay)")),
        _ => (Cause::OtherError, format!("{said} to the Allocate request{}", unknown(message))),
    };
    Told::new(cause, text).coded(error.code, &error.reason)
}

impl Asker<'_> {
    /// What the user name tells about credentials that were refused: TURN REST API credentials carry
    /// their own expiry.
    fn hint(&self) -> String {
        let (Some(credentials), Some(now)) = (self.credentials, self.unix_time) else { return String::new() };
        let Some(expiry) = rest::expiry(&credentials.username) else {
            return "; this user name carries no expiry time, so a server with use-auth-secret refuses it whatever the password"
                .into();
        };
        if expiry.millis {
            return "; the expiry time in it is in milliseconds, it must be in seconds".into();
        }
        if expiry.at > u64::from(i32::MAX.unsigned_abs()) {
            return "; the expiry time in it is after 2038, which coturn takes for the past".into();
        }
        let age = |seconds| humantime::format_duration(Duration::from_secs(seconds)).to_string();
        if expiry.at <= now {
            return format!("; they expired {} ago by this machine's clock", age(now - expiry.at));
        }
        let order =
            if expiry.swapped { "; the time stands after the user id, which not every server reads" } else { "" };
        format!(
            "; they are valid for {} by this machine's clock, so the secret differs, the password is not \
             base64(HMAC-SHA1(secret, user name)), or the server's clock is ahead{order}",
            age(expiry.at - now)
        )
    }
}
