//! Who is let in.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::certificates::Authority;
use crate::coturn::{Coturn, PASSWORD, SECRET, USER};
use crate::process::Cmd;
use crate::topology::Lab;
use crate::turn::case::{Case, FINE, GOOD, UDP, check};
use crate::turn::report::turn;
use crate::{with_secret, with_user};

const REFUSED: &[(&str, &str)] = &[(UDP, "allocate:unauthorized")];
const TAKEN: &[(&str, &str)] = &[(UDP, FINE)];

#[test]
fn users_with_passwords() {
    check(
        &Lab::usual(),
        &[
            Case { name: "wrong password", args: &["--username", USER, "--credential", "no"], expect: REFUSED, ..GOOD },
            Case {
                name: "unknown user",
                args: &["--username", "hatter", "--credential", PASSWORD],
                expect: REFUSED,
                ..GOOD
            },
            Case {
                name: "no credentials",
                args: &["--anonymous"],
                expect: &[(UDP, "challenge:no-credentials")],
                ..GOOD
            },
            Case { name: "no realm", flags: &["-a", "-u", "alice:down-the-rabbit-hole"], expect: TAKEN, ..GOOD },
            Case {
                name: "no-auth",
                flags: &["-r", "lab.test", "--no-auth"],
                expect: &[(UDP, "challenge:open-relay +")],
                ..GOOD
            },
            Case {
                name: "no user at all",
                flags: &["-r", "lab.test"],
                expect: &[(UDP, "challenge:open-relay +")],
                ..GOOD
            },
            Case { name: "OAuth beside passwords", flags: with_user!("--oauth"), expect: TAKEN, ..GOOD },
            Case {
                name: "password beyond ASCII, with a colon",
                flags: &["-r", "wonder-land", "-a", "-u", "alice:pass:wörd"],
                args: &["--username", USER, "--credential", "pass:wörd"],
                expect: TAKEN,
                ..GOOD
            },
            Case {
                name: "realm of two words, which coturn does not take",
                flags: &["-r", "wonder land", "-a", "-u", "alice:down-the-rabbit-hole"],
                expect: &[(UDP, "allocate:other-error")],
                ..GOOD
            },
            Case {
                name: "user name with a space, which coturn does not take",
                flags: &["-r", "lab.test", "-a", "-u", "mad hatter:tea"],
                args: &["--username", "mad hatter", "--credential", "tea"],
                expect: &[(UDP, "allocate:other-error")],
                ..GOOD
            },
            Case {
                name: "nothing about itself, no fingerprints",
                flags: with_user!("--no-software-attribute", "--prod"),
                expect: TAKEN,
                ..GOOD
            },
        ],
    );
}

#[test]
fn a_user_of_another_realm_is_refused() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let db = lab.dir().join("coturn.db");
    let admin = ["-a", "-u", USER, "-p", PASSWORD, "-r", "other.test", "-b", db.to_str().unwrap()];
    lab.server.exec(Cmd::new("turnadmin").args(admin)).expect_success();
    let case = Case { name: "user of another realm", flags: &["-r", "lab.test", "-a"], expect: REFUSED, ..GOOD };
    let (run, wrong) = case.run(&lab, &authority);
    assert!(wrong.is_empty(), "{wrong:#?}\n{run}");
}

#[test]
fn time_limited_credentials() {
    let secret =
        |name, args: &'static [&'static str], expect| Case { name, flags: with_secret!(), args, expect, ..GOOD };
    check(
        &Lab::usual(),
        &[
            secret("right secret", &["--secret", SECRET], TAKEN),
            secret("wrong secret", &["--secret", "not-it"], REFUSED),
            secret("two seconds left", &["--secret", SECRET, "--ttl", "2s"], TAKEN),
            secret("user with a password at a server with a secret", crate::turn::case::LOGIN, REFUSED),
            Case { name: "secret at a server with users", args: &["--secret", SECRET], expect: REFUSED, ..GOOD },
        ],
    );
}

#[test]
fn what_is_wrong_with_time_limited_credentials_is_said() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let case = Case { flags: with_secret!(), ..GOOD };
    let _coturn = Coturn::start(&lab, case.options(&authority));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for (name, username, password, says) in [
        ("expired", format!("{}:alice", now - 60), None, Some("expired")),
        // Milliseconds of which the low half, which coturn reads, is not by chance in the future.
        ("milliseconds", "1700000000000:alice".into(), None, Some("milliseconds")),
        ("after 2038", "2147483700:alice".into(), None, Some("2038")),
        ("no time", "alice".into(), None, Some("expiry")),
        ("password in hex", format!("{}:alice", now + 3600), Some("6e6f"), Some("secret differs")),
        ("swapped", format!("alice:{}", now + 3600), None, None),
        ("time alone", (now + 3600).to_string(), None, None),
    ] {
        let password = password.map_or_else(|| rest_password(&username), ToOwned::to_owned);
        let run = turn(&lab.client, &["--no-echo", UDP, "--username", &username, "--credential", &password]);
        let found = run.of(UDP);
        println!("{name:48} {UDP:44} {} {:?}", found.failures().join(" "), found.step("allocate").detail);
        match says {
            None => assert_eq!(found.failures(), Vec::<String>::new(), "{name}\n{run}"),
            Some(word) => {
                assert_eq!(found.failures(), ["allocate:unauthorized"], "{name}\n{run}");
                assert!(found.step("allocate").detail.as_ref().unwrap().contains(word), "{name}\n{run}");
            }
        }
        run.expect_code(i32::from(says.is_some()));
    }
}

/// The TURN REST API's password for a user name with its time of expiry.
fn rest_password(username: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(username.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}
