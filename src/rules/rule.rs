use super::Diagnosis;
use crate::report::{Report, Severity};

/// One diagnosis: its name, its weight, its documentation, and how it is made.
#[derive(Debug)]
pub struct Rule {
    /// The name of the trouble, never of the remedy.
    pub code: &'static str,
    /// The most that it can weigh; a diagnosis may be milder.
    pub severity: Severity,
    /// What is wrong, without a stop.
    pub title: &'static str,
    /// The codes that are silent about a server where this one speaks, because they say the same
    /// with less knowledge.
    pub over: &'static [&'static str],
    /// The codes that look the same from here, likelier ones first; they may be of troubles that no client
    /// can establish ([`super::BEYOND`]).
    pub like: &'static [&'static str],
    pub(super) path: &'static str,
    /// The lines of the documentation, as they stand in the source.
    pub(super) lines: &'static [&'static str],
    pub(super) check: fn(&Report) -> Vec<Diagnosis>,
}

impl Rule {
    /// The rule of that name.
    #[must_use]
    pub fn find(code: &str) -> Option<&'static Rule> {
        super::RULES.iter().copied().find(|rule| rule.code == code)
    }

    /// What it means, how it is told apart, what to do, references: Markdown with these headings.
    #[must_use]
    pub fn doc(&self) -> String {
        let mut doc = String::new();
        for line in self.lines {
            doc.push_str(line.strip_prefix(' ').unwrap_or(line));
            doc.push('\n');
        }
        doc
    }

    /// The area that it belongs to, which is the folder of its file: `reach`, `tls` …
    #[must_use]
    pub fn area(&self) -> &'static str {
        self.path.split("::").nth(2).unwrap_or_default()
    }

    /// The standards, and the options of servers, that its documentation names.
    #[must_use]
    pub fn references(&self) -> Vec<String> {
        let after = self.lines.iter().skip_while(|line| line.trim() != "# References").skip(1);
        let text: Vec<&str> = after.map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
        text.join(" ").split(';').map(|one| one.trim().to_string()).filter(|one| !one.is_empty()).collect()
    }

    /// What the rule makes of a report, before other rules have their say.
    #[must_use]
    pub fn check(&self, report: &Report) -> Vec<Diagnosis> {
        (self.check)(report)
    }
}

/// Declares the rule of a file: its doc comment is what explains it to people ([`Rule::doc`]).
macro_rules! rule {
    (
        $(#[doc = $line:literal])*
        $code:literal, $severity:ident, $title:literal, $check:ident
        $(, over [$($over:literal),+ $(,)?])? $(, like [$($like:literal),+ $(,)?])?
    ) => {
        // Indented lines of it are configuration, not Rust to be run.
        $(#[cfg_attr(not(doctest), doc = $line)])*
        pub(in crate::rules) static RULE: crate::rules::Rule = crate::rules::Rule {
            code: $code,
            severity: crate::report::Severity::$severity,
            title: $title,
            over: &[$($($over),+)?],
            like: &[$($($like),+)?],
            path: module_path!(),
            lines: &[$($line),*],
            check: $check,
        };
    };
}
pub(super) use rule;
