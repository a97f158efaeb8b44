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
        $code:literal, $severity:ident, $title:literal, $check:ident $(, over [$($over:literal),+])?
    ) => {
        // Indented lines of it are configuration, not Rust to be run.
        $(#[cfg_attr(not(doctest), doc = $line)])*
        pub(in crate::rules) static RULE: crate::rules::Rule = crate::rules::Rule {
            code: $code,
            severity: crate::report::Severity::$severity,
            title: $title,
            over: &[$($($over),+)?],
            lines: &[$($line),*],
            check: $check,
        };
    };
}
pub(super) use rule;
