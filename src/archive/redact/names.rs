use std::collections::{BTreeSet, HashMap};

/// Pseudonyms of names.
#[derive(Debug, Default)]
pub struct Names {
    /// What is replaced wherever it stands, in lower case for what has none.
    known: HashMap<String, String>,
    /// Their lengths in bytes, the longest first when read backwards.
    lengths: BTreeSet<usize>,
    labels: HashMap<String, String>,
    fingerprints: HashMap<String, String>,
    foundations: HashMap<String, String>,
    next: HashMap<&'static str, usize>,
}

impl Names {
    /// A user name. The time of a REST credential stays; without it nobody could say that it is over.
    pub fn user(&mut self, name: &str) {
        let is_time = |part: &str| (9..=13).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        match name.split_once(':') {
            Some((time, user)) if is_time(time) => {
                let user = self.add(user, "user");
                self.insert(name, format!("{time}:{user}"));
            }
            Some((user, time)) if is_time(time) => {
                let user = self.add(user, "user");
                self.insert(name, format!("{user}:{time}"));
            }
            // A time alone is nobody's name.
            _ if is_time(name) => {}
            _ => drop(self.add(name, "user")),
        }
    }

    pub fn interface(&mut self, name: &str) {
        // There is one on every machine.
        if name != "lo" {
            self.add(name, "if");
        }
    }

    /// A realm, or what stands in a certificate.
    pub fn other(&mut self, name: &str) {
        match super::scan::is_domain(name) {
            true => self.host(name),
            false => drop(self.add(name, "name-")),
        }
    }

    pub fn fragment(&mut self, name: &str) {
        self.add(name, "ufrag");
    }

    pub fn host(&mut self, name: &str) {
        let host = self.host_of(name);
        self.insert(&name.to_lowercase(), host.clone());
        self.insert(name, host);
    }

    /// The pseudonym of a host, label by label from the right; an address is none of this.
    pub fn host_of(&mut self, name: &str) -> String {
        if name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok() || name.is_empty() {
            return name.into();
        }
        let dot = if name.ends_with('.') { "." } else { "" };
        let labels: Vec<String> = name.trim_end_matches('.').split('.').map(str::to_lowercase).collect();
        let own = labels.len().saturating_sub(2);
        let domain = labels[own..].join(".");
        let kind = if labels.len() == 1 { "host-" } else { "domain-" };
        let domain = self.label(&domain, kind) + if labels.len() == 1 { "" } else { ".example" };
        let mut out: Vec<String> = Vec::new();
        for label in &labels[..own] {
            out.push(if label == "*" { label.clone() } else { self.label(label, "host-") });
        }
        out.push(domain);
        out.join(".") + dot
    }

    pub fn fingerprint(&mut self, text: &str) {
        self.fingerprint_of(text);
    }

    pub fn fingerprint_of(&mut self, text: &str) -> String {
        let number = self.fingerprints.len() + 1;
        self.fingerprints.entry(text.into()).or_insert_with(|| format!("{number:064x}")).clone()
    }

    pub fn foundation(&mut self, text: &str) {
        self.foundation_of(text);
    }

    /// A foundation is a hash over addresses, and few enough that it could be turned back.
    pub fn foundation_of(&mut self, text: &str) -> String {
        let number = self.foundations.len() + 1;
        self.foundations.entry(text.into()).or_insert_with(|| number.to_string()).clone()
    }

    /// The pseudonym of exactly this.
    pub fn exactly(&self, text: &str) -> Option<String> {
        self.known.get(text).or_else(|| self.known.get(&text.to_lowercase())).cloned()
    }

    /// The longest name that `text` begins with and that ends where a word ends: its length and its
    /// pseudonym.
    pub fn at_start(&self, text: &str) -> Option<(usize, &str)> {
        for length in self.lengths.iter().rev() {
            let Some(piece) = text.get(..*length) else { continue };
            let ends = !piece.ends_with(char::is_alphanumeric) || !text[*length..].starts_with(char::is_alphanumeric);
            let found = self.known.get(piece).or_else(|| {
                let lower = piece.to_lowercase();
                // Hosts are the same in any case; users are not.
                self.known.get(&lower).filter(|_| super::scan::is_domain(&lower))
            });
            if let (Some(found), true) = (found, ends) {
                return Some((*length, found));
            }
        }
        None
    }

    fn add(&mut self, name: &str, kind: &'static str) -> String {
        if name.is_empty() {
            return String::new();
        }
        if let Some(there) = self.known.get(name) {
            return there.clone();
        }
        let given = self.fresh(kind);
        self.insert(name, given.clone());
        given
    }

    fn insert(&mut self, name: &str, given: String) {
        if !name.is_empty() && !name.eq_ignore_ascii_case("localhost") && name.parse::<std::net::IpAddr>().is_err() {
            self.lengths.insert(name.len());
            self.known.entry(name.into()).or_insert(given);
        }
    }

    fn label(&mut self, label: &str, kind: &'static str) -> String {
        if let Some(there) = self.labels.get(label) {
            return there.clone();
        }
        let given = self.fresh(kind);
        self.labels.insert(label.into(), given.clone());
        given
    }

    /// A pseudonym that is not what somebody is called already.
    fn fresh(&mut self, kind: &'static str) -> String {
        loop {
            let next = self.next.entry(kind).or_default();
            *next += 1;
            let given = format!("{kind}{next}");
            if !self.known.contains_key(&given) && !self.labels.contains_key(&given) {
                return given;
            }
        }
    }
}
