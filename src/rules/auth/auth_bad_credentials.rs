use crate::report::{Cause, Report, StepName};
use crate::rules::expiry::expiry;
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// The server does not know the user, the password is another one, or the user belongs to another
    /// realm. The answer is the same in all these cases; only the server's log tells them apart.
    ///
    /// # How it is told apart
    ///
    /// 401 to the request that carries the credentials; the 401 before it is normal. Time-limited
    /// user names have findings of their own (`auth-rest-expired`, `auth-rest-milliseconds`,
    /// `auth-rest-expiry-after-2038`, `auth-rest-secret-mismatch`). A name without a time at a server
    /// with `use-auth-secret` is refused whatever the password (`auth-rest-username-no-timestamp`): a
    /// suspicion that nothing on the wire confirms.
    ///
    /// # What to do
    ///
    /// Compare user, password and realm with the server's; one mechanism only, `use-auth-secret`
    /// overrides `user`:
    ///
    ///     lt-cred-mech
    ///     realm=turn.example.org
    ///     user=alice:PASSWORD
    ///
    /// # References
    ///
    /// RFC 8489 section 9.2.4; coturn: lt-cred-mech, user, use-auth-secret, realm
    "auth-bad-credentials", Error, "The server refuses the credentials", check,
    like ["auth-mode-mismatch", "auth-user-in-other-realm", "auth-db-unreachable"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::Unauthorized, |contact, trouble| {
        if trouble.step == StepName::Binding {
            return None;
        }
        let user = contact.username?;
        let realm = contact.turn.as_ref().and_then(|(turn, at)| {
            let realm = turn.challenge.as_ref()?.realm.as_deref()?;
            Some((realm, format!("{at}/challenge/realm")))
        });
        let mut detail = format!("{} refuses user \"{user}\"", contact.url.host);
        if let Some((realm, _)) = &realm {
            detail.push_str(&format!(" in realm \"{realm}\""));
        }
        detail.push_str(": unknown user, other password, or a user of another realm.");
        if expiry(user).is_none() {
            detail.push_str(
                " The name carries no time; a server with use-auth-secret (TURN REST) would refuse it in any case.",
            );
        }
        let fix = "Compare with user= and realm= in turnserver.conf; with use-auth-secret the user name must be \
                   EXPIRY:NAME and the password its HMAC (here: --secret-file).";
        let diagnosis = Diagnosis::by(contact, trouble, detail).fix(fix);
        Some(match realm {
            Some((realm, fact)) => diagnosis.fact(fact, format!("realm \"{realm}\"")),
            None => diagnosis,
        })
    })
}
