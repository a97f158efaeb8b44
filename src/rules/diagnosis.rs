use super::{Contact, Trouble};
use crate::report::{Evidence, Outcome, Report, Severity};

/// What a rule found about one server, or about several at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// In the user's own addresses.
    pub detail: String,
    pub evidence: Vec<Evidence>,
    /// What to change.
    pub fix: String,
    /// The URLs that it is about.
    pub servers: Vec<String>,
    /// The most that it weighs here.
    pub at_most: Severity,
    /// What would confirm it: set where the facts do not.
    pub suspected: Option<String>,
}

impl Diagnosis {
    /// About one server, at one of its addresses. What nobody asked for need not be there. Where another address of the same URL answers,
    /// nothing that is wrong with this one is worse than a warning.
    pub(super) fn of(contact: &Contact<'_>, detail: impl Into<String>) -> Diagnosis {
        let spared = contact.answered.is_none() && contact.spared;
        Diagnosis {
            detail: detail.into(),
            evidence: Vec::new(),
            fix: String::new(),
            servers: vec![contact.url.text.to_string()],
            at_most: match spared {
                _ if contact.optional => Severity::Info,
                true => Severity::Warning,
                false => Severity::Error,
            },
            suspected: None,
        }
    }

    /// About one server, from what went wrong there.
    pub(super) fn by(contact: &Contact<'_>, trouble: &Trouble<'_>, detail: impl Into<String>) -> Diagnosis {
        Diagnosis::of(contact, detail).shown(trouble)
    }

    /// About the network between here and the servers: those that answered saw it, or all were behind it.
    pub(super) fn of_the_network(report: &Report, detail: impl Into<String>) -> Diagnosis {
        let mut servers: Vec<String> = Vec::new();
        let answered = report.servers.iter().any(|server| server.outcome == Outcome::Ok);
        for server in report.servers.iter().filter(|server| !answered || server.outcome == Outcome::Ok) {
            if !servers.contains(&server.url) {
                servers.push(server.url.clone());
            }
        }
        Diagnosis {
            detail: detail.into(),
            evidence: Vec::new(),
            fix: String::new(),
            servers,
            at_most: Severity::Error,
            suspected: None,
        }
    }

    /// About the path between two agents, which is no server's.
    pub(super) fn of_the_path(detail: impl Into<String>) -> Diagnosis {
        let (evidence, servers) = (Vec::new(), Vec::new());
        Diagnosis {
            detail: detail.into(),
            evidence,
            fix: String::new(),
            servers,
            at_most: Severity::Error,
            suspected: None,
        }
    }

    /// The trouble as a fact, in the words of the report.
    pub(super) fn shown(self, trouble: &Trouble<'_>) -> Diagnosis {
        let says = match (trouble.text, trouble.code) {
            ("", Some(code)) => format!("error {code}"),
            ("", None) => "no answer".to_string(),
            (text, _) => text.to_string(),
        };
        self.fact(trouble.fact.clone(), says)
    }

    /// A fact that it rests on, and what the fact says.
    pub(super) fn fact(mut self, fact: impl Into<String>, says: impl Into<String>) -> Diagnosis {
        self.evidence.push(Evidence { fact: fact.into(), says: says.into() });
        self
    }

    pub(super) fn fix(mut self, fix: impl Into<String>) -> Diagnosis {
        self.fix = fix.into();
        self
    }

    /// The facts make it likely, no more; this would confirm it.
    pub(super) fn suspected(mut self, confirm: impl Into<String>) -> Diagnosis {
        self.suspected = Some(confirm.into());
        self
    }

    pub(super) fn at_most(mut self, severity: Severity) -> Diagnosis {
        self.at_most = self.at_most.min(severity);
        self
    }

    /// About another server as well.
    pub(super) fn also(mut self, contact: &Contact<'_>) -> Diagnosis {
        if !self.servers.iter().any(|url| url == contact.url.text) {
            self.servers.push(contact.url.text.to_string());
        }
        self
    }
}
