use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Variable;
use crate::commands::servers::{Input, SMALL};
use crate::commands::span;
use crate::commands::stop::{Stop, usage};
use crate::rules::nearest;
use crate::view::escape::visible;

/// What a file has to say.
#[derive(Debug, Clone, Default)]
pub struct Configured {
    /// For messages: the option and the file.
    pub place: String,
    pub options: Vec<Written>,
    pub servers: Vec<Server>,
}

/// An option as on the command line, without the hyphens before it, and the line where it stands.
#[derive(Debug, Clone)]
pub struct Written {
    pub option: &'static str,
    pub value: Option<OsString>,
    pub line: usize,
}

/// A named server. What is secret is only referred to, or hidden.
#[derive(Debug, Clone, Default)]
pub struct Server {
    /// For messages: the file, the line and the table.
    pub place: String,
    /// URLs, and hosts without a scheme.
    pub urls: Vec<String>,
    pub host: Option<String>,
    pub username: Option<String>,
    pub password: Option<Reference>,
    pub ttl: Option<Duration>,
    pub user_id: Option<String>,
}

/// Where a password or a shared secret is.
#[derive(Debug, Clone)]
pub struct Reference {
    pub key: &'static str,
    pub whereabouts: Whereabouts,
}

#[derive(Clone)]
pub enum Whereabouts {
    /// The name of a variable, and what was in it.
    Variable(String, Option<String>),
    File(PathBuf),
}

impl std::fmt::Debug for Whereabouts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Whereabouts::Variable(name, _) => write!(f, "Variable({name:?})"),
            Whereabouts::File(path) => write!(f, "File({path:?})"),
        }
    }
}

/// How the value of an option is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Flag,
    Text,
    Path,
    /// A string, or several in an array.
    Texts,
}

const OPTIONS: [(&str, Shape); 17] = [
    ("reference", Shape::Texts),
    ("expect", Shape::Texts),
    ("ignore", Shape::Texts),
    ("strict", Shape::Flag),
    ("budget", Shape::Text),
    ("timeout", Shape::Text),
    ("timing", Shape::Text),
    ("interface", Shape::Texts),
    ("local-address", Shape::Texts),
    ("ipv4", Shape::Flag),
    ("ipv6", Shape::Flag),
    ("port-range", Shape::Text),
    ("nameserver", Shape::Text),
    ("ca-file", Shape::Path),
    ("insecure", Shape::Flag),
    ("sni", Shape::Text),
    ("no-default-servers", Shape::Flag),
];
const OF_SERVERS: [&str; 9] =
    ["urls", "host", "username", "credential-env", "credential-file", "secret-env", "secret-file", "ttl", "user-id"];
/// What people call what must not stand here.
const SECRETS: [(&str, &str); 4] =
    [("credential", "credential"), ("password", "credential"), ("pass", "credential"), ("secret", "secret")];

type Entry<'a, 'i> = (&'a str, &'a Spanned<DeValue<'i>>, usize);

struct Reader<'a> {
    text: &'a str,
    place: String,
    folder: &'a Path,
    variable: Variable<'a>,
}

/// Reads a configuration file.
pub fn config(path: &Path, variable: Variable<'_>) -> Result<Configured, Stop> {
    if path.as_os_str() == "-" {
        return usage("--config -: it is read from a file only, since paths in it start from the file's folder");
    }
    let text = Input::default().read("--config", path, SMALL)?;
    let reader = Reader::new("--config", path, &text, variable);
    let table = reader.parse()?;
    reader.configured(table.get_ref())
}

/// Reads one profile of the user's configuration file.
pub fn profile(path: &Path, name: &str, variable: Variable<'_>) -> Result<Configured, Stop> {
    let text = Input::default().read("--profile", path, SMALL)?;
    let reader = Reader::new("--profile", path, &text, variable);
    let table = reader.parse()?;
    let mut names = Vec::new();
    for (key, value, line) in reader.entries(table.get_ref()) {
        if key != "profile" {
            return reader.unknown(key, line, &["profile"]);
        }
        for (known, value, line) in reader.entries(reader.table(key, value, line)?) {
            if known == name {
                return reader.configured(reader.table(known, value, line)?);
            }
            names.push(known);
        }
    }
    let known = match names.is_empty() {
        true => "it has none; write a table [profile.NAME]".to_string(),
        false => format!("there are {}", names.join(", ")),
    };
    usage(format!("{}: there is no profile {}; {}", reader.place, visible(name), visible(&known)))
}

impl<'a> Reader<'a> {
    fn new(option: &str, path: &'a Path, text: &'a str, variable: Variable<'a>) -> Reader<'a> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let place = format!("{option} {}", visible(&path.display().to_string()));
        Reader { text, place, folder, variable }
    }

    fn parse(&self) -> Result<Spanned<DeTable<'a>>, Stop> {
        DeTable::parse(self.text).or_else(|why| {
            // Without the line itself, in which a password may stand.
            let line = why.span().map(|span| format!(", line {}", self.line(span.start))).unwrap_or_default();
            let first = why.message().lines().next().unwrap_or_default();
            usage(format!("{}{line}: it is not TOML: {}", self.place, visible(first)))
        })
    }

    fn line(&self, at: usize) -> usize {
        1 + self.text.bytes().take(at).filter(|byte| *byte == b'\n').count()
    }

    /// In the order of the file.
    fn entries<'t, 'i>(&self, table: &'t DeTable<'i>) -> Vec<Entry<'t, 'i>> {
        let mut entries: Vec<_> = table.iter().map(|(key, value)| (key.span().start, key, value)).collect();
        entries.sort_by_key(|(at, ..)| *at);
        entries.into_iter().map(|(at, key, value)| (key.get_ref().as_ref(), value, self.line(at))).collect()
    }

    fn wrong<T>(&self, line: usize, sentence: &str) -> Result<T, Stop> {
        usage(format!("{}, line {line}: {}", self.place, visible(sentence)))
    }

    fn unknown<T>(&self, key: &str, line: usize, known: &[&str]) -> Result<T, Stop> {
        if let Some((_, kind)) = SECRETS.iter().find(|(name, _)| *name == key) {
            return self.wrong(
                line,
                &format!(
                    "{key} does not belong into a file that is copied and shared; write {kind}-env = \"NAME\" or \
                     {kind}-file = \"PATH\" in its place"
                ),
            );
        }
        let meant = match nearest(&key.replace('_', "-"), known.iter().copied()) {
            Some(name) => format!("did you mean {name}?"),
            None => format!("there are {}", known.join(", ")),
        };
        let shown: String = key.chars().take(40).collect();
        self.wrong(line, &format!("there is no key {shown} here; {meant}"))
    }

    fn table<'t, 'i>(&self, key: &str, value: &'t Spanned<DeValue<'i>>, line: usize) -> Result<&'t DeTable<'i>, Stop> {
        match value.get_ref().as_table() {
            Some(table) => Ok(table),
            None => self.wrong(line, &format!("{key} is to be a table, not a {}", value.get_ref().type_str())),
        }
    }

    fn string(&self, key: &str, value: &Spanned<DeValue<'_>>, line: usize) -> Result<String, Stop> {
        match value.get_ref().as_str() {
            Some(text) => Ok(text.to_string()),
            None => self.wrong(line, &format!("{key} is to be a string, not a {}", value.get_ref().type_str())),
        }
    }

    fn strings(&self, key: &str, value: &Spanned<DeValue<'_>>, line: usize) -> Result<Vec<String>, Stop> {
        match value.get_ref().as_array() {
            Some(array) => array.iter().map(|one| self.string(key, one, self.line(one.span().start))).collect(),
            None => Ok(vec![self.string(key, value, line)?]),
        }
    }

    fn configured(&self, table: &DeTable<'_>) -> Result<Configured, Stop> {
        let mut found = Configured { place: self.place.clone(), ..Configured::default() };
        for (key, value, line) in self.entries(table) {
            if key == "servers" {
                for (name, value, line) in self.entries(self.table(key, value, line)?) {
                    found.servers.push(self.server(name, self.table(name, value, line)?, line)?);
                }
                continue;
            }
            let Some((option, shape)) = OPTIONS.iter().find(|(option, _)| *option == key) else {
                let known: Vec<&str> = OPTIONS.iter().map(|(option, _)| *option).chain(["servers"]).collect();
                return self.unknown(key, line, &known);
            };
            let values = match shape {
                Shape::Flag => match value.get_ref().as_bool() {
                    Some(true) => vec![None],
                    Some(false) => Vec::new(),
                    None => return self.wrong(line, &format!("{key} is to be true or false")),
                },
                Shape::Text => vec![Some(self.string(key, value, line)?.into())],
                Shape::Path => vec![Some(self.folder.join(self.string(key, value, line)?).into_os_string())],
                Shape::Texts => self.strings(key, value, line)?.into_iter().map(|text| Some(text.into())).collect(),
            };
            found.options.extend(values.into_iter().map(|value| Written { option, value, line }));
        }
        Ok(found)
    }

    fn server(&self, name: &str, table: &DeTable<'_>, at: usize) -> Result<Server, Stop> {
        let shown: String = name.chars().take(40).collect();
        let place = format!("{}, line {at}: servers.{}", self.place, visible(&shown));
        let mut server = Server { place, ..Server::default() };
        for (key, value, line) in self.entries(table) {
            if !OF_SERVERS.contains(&key) {
                return self.unknown(key, line, &OF_SERVERS);
            }
            if key == "urls" {
                server.urls = self.strings(key, value, line)?;
                continue;
            }
            let text = self.string(key, value, line)?;
            let variable = |text: String| Whereabouts::Variable(text.clone(), (self.variable)(&text));
            let password = match key {
                "credential-env" => Some(("credential-env", variable(text.clone()))),
                "secret-env" => Some(("secret-env", variable(text.clone()))),
                "credential-file" => Some(("credential-file", Whereabouts::File(self.folder.join(&text)))),
                "secret-file" => Some(("secret-file", Whereabouts::File(self.folder.join(&text)))),
                _ => None,
            };
            match (key, password) {
                (_, Some((key, whereabouts))) => {
                    if let Some(other) = server.password.replace(Reference { key, whereabouts }) {
                        return self.wrong(line, &format!("{key} and {} are both given; give one", other.key));
                    }
                }
                ("host", _) => server.host = Some(text),
                ("username", _) => server.username = Some(text),
                ("user-id", _) => server.user_id = Some(text),
                (_, _) => match span::parse(&text) {
                    Ok(ttl) => server.ttl = Some(ttl),
                    Err(why) => return self.wrong(line, &format!("{key}: {why}")),
                },
            }
        }
        match (server.urls.is_empty(), &server.host) {
            (true, None) => usage(format!("{}: it has neither urls nor a host", server.place)),
            (false, Some(_)) => usage(format!("{}: it has both urls and a host; give one", server.place)),
            _ => Ok(server),
        }
    }
}
