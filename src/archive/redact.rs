//! Consistent pseudonyms for what tells who and where somebody is.
//!
//! Addresses keep what a reader needs: their family, their class (private, of a provider's NAT, link-local,
//! public), who shares a /24 or a /64, and who is who. Those that say nothing about anybody stay: loopback,
//! unspecified, multicast, the metadata address of clouds, and the names of whole ranges such as 10.0.0.0/8.
//! Ports stay. Names of hosts, users, interfaces, realms and certificates are replaced label by label, so
//! that `*.a.example` still covers `b.a.example`.
//!
//! Whatever is not known to be one of our own words is searched, so that a field that is new is safe before
//! anybody thinks of it.

mod addresses;
mod names;
mod scan;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::report::Report;

use addresses::Addresses;
use names::Names;

/// What is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    pub addresses: bool,
    /// Hosts, users, interfaces, realms, certificates.
    pub names: bool,
}

impl Scope {
    pub const ALL: Scope = Scope { addresses: true, names: true };
}

/// Replaces the same by the same, over everything that it is shown. It has to be shown everything first, so
/// that no pseudonym is by chance what somebody else is called.
#[derive(Debug)]
pub struct Redactor {
    scope: Scope,
    addresses: Addresses,
    names: Names,
}

/// The report with pseudonyms.
pub fn redact(report: &Report, scope: Scope) -> Option<Report> {
    let mut redactor = Redactor::new(scope);
    redactor.learn(report);
    redactor.replace(report)
}

/// Words of our own: nothing of anybody is in them. What is an enumeration in the schema has to be here.
pub const OWN: &[&str] = &[
    "addressPooling",
    "after",
    "alpn",
    "arch",
    "before",
    "cause",
    "cipherSuite",
    "class",
    "code",
    "command",
    "component",
    "credentialForm",
    "credentialKind",
    "demo",
    "event",
    "expected",
    "fact",
    "facts",
    "family",
    "filtering",
    "filteringMethod",
    "form",
    "gave",
    "got",
    "hairpinningSource",
    "key",
    "kind",
    "legacyType",
    "localType",
    "mapping",
    "mappingLifetimeMethod",
    "mappingMethod",
    "notAfter",
    "notBefore",
    "os",
    "outcome",
    "passwordAlgorithms",
    "path",
    "portAllocation",
    "priority",
    "protocol",
    "references",
    "relay",
    "relayProtocol",
    "remoteType",
    "request",
    "role",
    "severity",
    "signalling",
    "startedAt",
    "state",
    "step",
    "tcpMapping",
    "tcpType",
    "transport",
    "type",
    "udp",
    "verdict",
    "version",
    "wanted",
    "way",
    "withPermission",
    "withoutPermission",
];

impl Redactor {
    #[must_use]
    pub fn new(scope: Scope) -> Redactor {
        Redactor { scope, addresses: Addresses::default(), names: Names::default() }
    }

    /// Sees what there is, so that it is found wherever else it stands.
    pub fn learn(&mut self, document: &impl Serialize) {
        if let Ok(mut value) = serde_json::to_value(document) {
            self.names(&value, "", "");
            // What is found in running text counts, too; the outcome is thrown away.
            self.addresses.only_look = true;
            self.walk(&mut value, "", "");
            self.addresses.only_look = false;
        }
    }

    /// The same with pseudonyms; nothing when it cannot be written again.
    pub fn replace<T: Serialize + DeserializeOwned>(&mut self, document: &T) -> Option<T> {
        let mut value = serde_json::to_value(document).ok()?;
        self.walk(&mut value, "", "");
        serde_json::from_value(value).ok()
    }

    /// Names that stand in a field of their own.
    fn names(&mut self, value: &Value, key: &str, parent: &str) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, field)| self.names(field, name, key)),
            Value::Array(items) => items.iter().for_each(|item| self.names(item, key, parent)),
            Value::String(text) => match (key, parent) {
                ("username", _) => self.names.user(text),
                ("interface", _) | ("name", "interfaces") => self.names.interface(text),
                ("realm" | "thirdParty" | "subject" | "issuer", _) => self.names.other(text),
                ("subjectAltNames", _) => self.names.host(text),
                ("usernameFragment" | "ufrag", _) => self.names.fragment(text),
                ("fingerprint", _) => self.names.fingerprint(text),
                ("foundation", _) => self.names.foundation(text),
                ("url", _) => {
                    if let Some(host) = scan::host_of(text) {
                        self.names.host(host);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn walk(&mut self, value: &mut Value, key: &str, parent: &str) {
        match value {
            Value::Object(fields) => {
                for (name, mut field) in std::mem::take(fields) {
                    self.walk(&mut field, &name, key);
                    // Pointers into the report are our own words.
                    let ours = key != "unknown" || name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'/');
                    let name = if ours { name } else { self.text(&name) };
                    fields.insert(name, field);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item, key, parent)),
            Value::String(text) => {
                // Steps, options, controls and tests have names that are ours; interfaces have not.
                let ours = OWN.contains(&key) || (key == "name" && parent != "interfaces");
                if !ours {
                    *text = self.field(key, text);
                }
            }
            _ => {}
        }
    }

    fn field(&mut self, key: &str, text: &str) -> String {
        match key {
            "foundation" if self.scope.addresses => self.names.foundation_of(text),
            "fingerprint" if self.scope.names => self.names.fingerprint_of(text),
            "username" | "interface" | "realm" | "name" if self.scope.names => {
                self.names.exactly(text).unwrap_or_else(|| self.text(text))
            }
            "subjectAltNames" if self.scope.names && text.parse::<std::net::IpAddr>().is_err() => {
                self.names.host_of(text)
            }
            "candidate" => {
                let text = self.text(text);
                let foundation = text.strip_prefix("candidate:").and_then(|rest| rest.split_once(' '));
                match foundation.filter(|_| self.scope.addresses) {
                    Some((foundation, rest)) => {
                        format!("candidate:{} {rest}", self.names.foundation_of(foundation))
                    }
                    None => text,
                }
            }
            _ => self.text(text),
        }
    }

    /// Running text with pseudonyms in it.
    pub fn text(&mut self, text: &str) -> String {
        scan::replace(text, self.scope, &mut self.addresses, &mut self.names)
    }
}
