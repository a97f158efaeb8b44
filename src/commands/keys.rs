//! Which credentials belong to which server: the order on the command line says it.

use std::path::PathBuf;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::servers::{Input, Manner, Minting};
use super::stop::{Stop, usage};
use crate::probes::gather::ServerSpec;
use crate::proto::auth::Credentials;
use crate::view::escape::visible;
use crate::view::ui::Ui;
use crate::wire::uri::{self, IceUri, Query, Scheme};

/// How a server was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Stun,
    /// A STUN server that is not checked itself.
    Reference,
    Turn,
    Uri,
}

/// The servers of the command line with their credentials.
pub struct Assigned {
    pub servers: Vec<ServerSpec>,
    /// For servers that come from elsewhere.
    pub everyone: Option<Credentials>,
    /// For each host that stands for several transports: those.
    pub hosts: Vec<Vec<IceUri>>,
}

/// Reads servers and credentials in the order in which they stand and gives each TURN server its
/// own.
pub fn assign(
    matches: &ArgMatches,
    manner: Manner,
    minting: &Minting<'_>,
    input: &mut Input,
    ui: &mut Ui,
) -> Result<Assigned, Stop> {
    let (mut environment, mut everyone) = (Keys::default(), Keys::default());
    let mut servers: Vec<(IceUri, Keys)> = Vec::new();
    // The servers that credentials given next belong to: the last --turn, or the plain arguments
    // that stand together.
    let mut group = 0..0;
    let mut growing = false;
    let mut hosts = Vec::new();
    for (place, word) in words(matches, manner.words, input)? {
        match word {
            Word::Server(kind, text) => {
                let uri = server(kind, &text, ui)?;
                let is_turn = uri.scheme.is_turn();
                let mut uris = vec![uri];
                if manner.spread && kind == Kind::Turn && !uri::has_scheme(&text) {
                    uris = uris.iter().flat_map(every_transport).collect();
                    hosts.push(uris.clone());
                }
                if is_turn && place != Place::Environment {
                    let start = if growing && kind == Kind::Uri { group.start } else { servers.len() };
                    group = start..servers.len() + uris.len();
                    growing = kind == Kind::Uri;
                }
                servers.extend(uris.into_iter().map(|uri| (uri, Keys::default())));
            }
            Word::Key(key) if place == Place::Environment => environment.add(key, "the environment")?,
            Word::Key(key) if group.is_empty() => everyone.add(key, "all servers")?,
            Word::Key(key) => {
                growing = false;
                for (uri, keys) in &mut servers[group.clone()] {
                    keys.add(key.clone(), &uri.to_string())?;
                }
            }
        }
    }
    let everyone = everyone.over(&environment);
    let for_all = everyone.complete("all servers", minting)?;
    let some_have_their_own = servers.iter().any(|(_, keys)| keys.password.is_some());
    let mut specs = Vec::new();
    for (uri, keys) in servers {
        let mut credentials = None;
        if uri.scheme.is_turn() {
            credentials = keys.over(&everyone).complete(&uri.to_string(), minting)?;
            if credentials.is_none() && !manner.anonymous {
                return usage(lacks_credentials(&uri, some_have_their_own));
            }
        }
        specs.push(ServerSpec { uri, credentials });
    }
    Ok(Assigned { servers: specs, everyone: for_all, hosts })
}

/// What a TURN server can be reached by.
pub fn every_transport(uri: &IceUri) -> Vec<IceUri> {
    let with = |(scheme, query)| IceUri { scheme, query: Some(query), ..uri.clone() };
    let mut kinds = vec![(Scheme::Turn, Query::Udp), (Scheme::Turn, Query::Tcp), (Scheme::Turns, Query::Tcp)];
    if cfg!(feature = "dtls") {
        kinds.push((Scheme::Turns, Query::Udp));
    }
    kinds.into_iter().map(with).collect()
}

/// Reads the name of a server.
pub fn server(kind: Kind, text: &str, ui: &mut Ui) -> Result<IceUri, Stop> {
    let (option, parsed) = match kind {
        Kind::Stun => ("--stun ", uri::parse_target(text, false)),
        Kind::Reference => ("--reference ", uri::parse_target(text, false)),
        Kind::Turn => ("--turn ", uri::parse_target(text, true)),
        Kind::Uri => ("", uri::parse(text)),
    };
    // Who writes a password into it must not find that in a log.
    let shown = visible(&uri::shown(text));
    let parsed = parsed.or_else(|why| usage(format!("{option}{shown}: {}", visible(&why.to_string()))))?;
    for warning in &parsed.warnings {
        ui.warn(&format!("{option}{shown}: {}", visible(warning)));
    }
    Ok(parsed.uri)
}

/// Credentials that a server can be sent at all.
pub fn checked(username: String, password: String, whose: &str) -> Result<Credentials, Stop> {
    if username.is_empty() {
        return usage(format!("{whose}: the user name is empty"));
    }
    // RFC 8489 §14.3: fewer than 509 bytes.
    if username.len() >= 509 {
        return usage(format!("{whose}: the user name has {} bytes; STUN allows 508", username.len()));
    }
    if password.is_empty() {
        return usage(format!("{whose}: the password is empty"));
    }
    Ok(Credentials { username, password })
}

fn lacks_credentials(uri: &IceUri, some_have_their_own: bool) -> String {
    let where_to = if some_have_their_own {
        "after a --turn they count for that one only, so repeat them, or put them before the first server for all"
    } else {
        "add --username and --credential-file (or --secret-file)"
    };
    format!("{uri}: a TURN server needs a user name and a password; {where_to}")
}

/// A user name and what stands for its password, as far as they were given.
#[derive(Clone, Default)]
struct Keys {
    username: Option<String>,
    password: Option<Password>,
}

#[derive(Clone)]
struct Password {
    option: &'static str,
    text: String,
}

#[derive(Clone)]
enum Key {
    Username(String),
    Password(Password),
}

impl Password {
    fn is_secret(&self) -> bool {
        self.option.starts_with("--secret")
    }
}

impl Keys {
    fn add(&mut self, key: Key, whose: &str) -> Result<(), Stop> {
        match key {
            Key::Username(_) if self.username.is_some() => usage(format!("--username is given twice for {whose}")),
            Key::Username(username) => {
                self.username = Some(username);
                Ok(())
            }
            Key::Password(new) => match self.password.replace(new.clone()) {
                Some(old) if old.option == new.option => usage(format!("{} is given twice for {whose}", new.option)),
                Some(old) => usage(format!("{} and {} are both given for {whose}; give one", old.option, new.option)),
                None => Ok(()),
            },
        }
    }

    /// What is given here, and for the rest what is given more generally.
    fn over(self, general: &Keys) -> Keys {
        let makes_its_own_name = self.password.as_ref().is_some_and(Password::is_secret);
        let username = self.username.or_else(|| general.username.clone().filter(|_| !makes_its_own_name));
        Keys { username, password: self.password.or_else(|| general.password.clone()) }
    }

    fn complete(&self, whose: &str, minting: &Minting<'_>) -> Result<Option<Credentials>, Stop> {
        match (&self.username, &self.password) {
            (None, None) => Ok(None),
            (Some(_), None) => {
                usage(format!("{whose}: --username is given without a password; add --credential-file or --credential"))
            }
            (None, Some(password)) if password.is_secret() => {
                if password.text.is_empty() {
                    return usage(format!("{whose}: the secret of {} is empty", password.option));
                }
                let (username, password) = minting.mint(&password.text);
                checked(username, password, whose).map(Some)
            }
            (None, Some(password)) => {
                usage(format!("{whose}: {} is given without a user name; add --username", password.option))
            }
            (Some(_), Some(password)) if password.is_secret() => usage(format!(
                "{whose}: --username and {} do not go together, because a secret makes its own user names; \
                 --user-id puts a name into them",
                password.option
            )),
            (Some(username), Some(password)) => checked(username.clone(), password.text.clone(), whose).map(Some),
        }
    }
}

enum Word {
    Server(Kind, String),
    Key(Key),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Environment,
    /// Its place on the command line.
    At(usize),
}

/// Everything that names a server or a key, in the order of the command line. Files are read here,
/// once each, whomever they are for.
fn words(matches: &ArgMatches, others: usize, input: &mut Input) -> Result<Vec<(Place, Word)>, Stop> {
    let mut words = Vec::new();
    for (id, kind) in [("stun", Kind::Stun), ("turn", Kind::Turn), ("uris", Kind::Uri)] {
        let others = if kind == Kind::Uri { others } else { 0 };
        for (place, text) in given::<String>(matches, id).into_iter().skip(others) {
            words.push((place, Word::Server(kind, text)));
        }
    }
    for (place, text) in given::<String>(matches, "username") {
        words.push((place, Word::Key(Key::Username(text))));
    }
    for (id, option) in [("credential", "--credential"), ("secret", "--secret")] {
        for (place, text) in given::<String>(matches, id) {
            words.push((place, Word::Key(Key::Password(Password { option, text }))));
        }
    }
    for (id, option) in [("credential_file", "--credential-file"), ("secret_file", "--secret-file")] {
        for (place, path) in given::<PathBuf>(matches, id) {
            let text = input.password(option, &path)?;
            words.push((place, Word::Key(Key::Password(Password { option, text }))));
        }
    }
    words.sort_by_key(|(place, _)| *place);
    Ok(words)
}

fn given<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, id: &str) -> Vec<(Place, T)> {
    let from_environment = matches.value_source(id) == Some(ValueSource::EnvVariable);
    // A variable that is set to nothing is as good as unset.
    let empty = |mut raw: clap::parser::RawValues<'_>| raw.all(std::ffi::OsStr::is_empty);
    if from_environment && matches.get_raw(id).is_some_and(empty) {
        return Vec::new();
    }
    let place = |index| if from_environment { Place::Environment } else { Place::At(index) };
    let (Some(values), Some(indices)) = (matches.get_many::<T>(id), matches.indices_of(id)) else { return Vec::new() };
    indices.map(place).zip(values.cloned()).collect()
}
