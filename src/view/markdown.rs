//! Markdown, to paste into a ticket; also the summary of a job on GitHub.
//!
//! Whatever a server or a file says could be Markdown, HTML, a mention of somebody or a link, so
//! names and numbers stand in code spans, and in sentences everything that means something is
//! written as a character reference.

use super::escape::visible;
use super::format::{self, word};
use super::tables::{self, Cell, Table};
use crate::report::{Finding, Report, Severity};

/// The whole report as a page.
#[must_use]
pub fn document(report: &Report) -> String {
    let mut out = format!("## {} · rtcprobe {}\n\n", word(report.verdict), code(&report.command));
    out.push_str(&format!("{}\n\n", prose(&format::summary(report))));
    if let Some(kind) = &report.demo {
        out.push_str(&format!(
            "This is a demonstration: the servers run inside the command ({}).\n\n",
            prose(&format!("NAT: {kind}"))
        ));
    }
    for finding in &report.findings {
        out.push_str(&self::finding(finding));
    }
    for table in tables::all(report) {
        out.push_str(&self::table(&table));
    }
    if !report.unknown.is_empty() {
        out.push_str("<details><summary>Not found out, and why</summary>\n\n");
        for (fact, why) in &report.unknown {
            out.push_str(&format!("- {}: {}\n", code(fact), prose(why)));
        }
        out.push_str("\n</details>\n\n");
    }
    out.push_str(&format!(
        "{} {} on {}, {}; it took {}.\n",
        prose(&report.tool.name),
        code(&report.tool.version),
        prose(&format!("{} {}", report.environment.os, report.environment.arch)),
        code(&report.started_at),
        tables::ms(report.duration_ms)
    ));
    out
}

fn finding(finding: &Finding) -> String {
    let word = match finding.severity {
        Severity::Error if finding.suspected => "❌ error, probably",
        Severity::Error => "❌ error",
        Severity::Warning => "⚠️ warning",
        Severity::Info => "ℹ️ info",
    };
    let mut out =
        format!("### {word}: {} ({})\n\n{}\n\n", prose(&finding.title), code(&finding.code), prose(&finding.detail));
    if let Some(fix) = &finding.fix {
        out.push_str(&format!("**To do:** {}\n\n", prose(fix)));
    }
    if let Some(confirm) = &finding.confirm {
        out.push_str(&format!("**To be sure:** {}\n\n", prose(confirm)));
    }
    if !finding.alternatives.is_empty() {
        out.push_str("Looks the same from here:\n\n");
        for alternative in &finding.alternatives {
            out.push_str(&format!("- {} ({})\n", prose(&alternative.title), code(&alternative.code)));
        }
        out.push('\n');
    }
    if !finding.references.is_empty() {
        let references: Vec<String> = finding.references.iter().map(|reference| prose(reference)).collect();
        out.push_str(&format!("Read on: {}\n\n", references.join(", ")));
    }
    if !finding.evidence.is_empty() {
        out.push_str("<details><summary>How it is known</summary>\n\n");
        for evidence in &finding.evidence {
            out.push_str(&format!("- {} ({})\n", prose(&evidence.says), code(&evidence.fact)));
        }
        out.push_str("\n</details>\n\n");
    }
    out
}

/// A table under its heading.
#[must_use]
pub fn table(table: &Table) -> String {
    let mut out = format!("### {}\n\n| {} |\n|", table.title, table.columns.join(" | "));
    table.columns.iter().for_each(|_| out.push_str("---|"));
    out.push('\n');
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(cell).collect();
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out.push('\n');
    out
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Word(text) if text == "–" || text.is_empty() => text.clone(),
        Cell::Word(text) => code(text),
        Cell::Prose(text) => prose(text),
        Cell::Mark(mark, text) => format!("{} {}", mark.sign(), prose(text)).trim_end().to_string(),
    }
}

/// A code span that ends where it should, in a table too.
#[must_use]
pub fn code(text: &str) -> String {
    let text = visible(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() { " " } else { "" };
    // A table is cut at its bars before anything else is looked at.
    format!("{fence}{space}{}{space}{fence}", text.replace('|', "\\|"))
}

/// A sentence in which nothing means anything but itself.
#[must_use]
pub fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let text = visible(text);
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        let special = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '&' | '|' | '#' | '!' | '~' | '@' | '$' | '^' => true,
            // Inside of a word they mean nothing.
            '_' => !(before.is_alphanumeric() && rest.starts_with(char::is_alphanumeric)),
            // Links that make themselves: http://…, www.…
            ':' => rest.starts_with("//"),
            '.' => before.eq_ignore_ascii_case(&'w'),
            // Lists, headings and rules at the start of a line.
            '-' | '+' | '=' => out.is_empty(),
            _ => false,
        };
        match special {
            true => out.push_str(&format!("&#{};", u32::from(c))),
            false => out.push(c),
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_spans_end_where_they_should() {
        assert_eq!(code("turn:a"), "`turn:a`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a|b"), "`a\\|b`");
    }

    #[test]
    fn sentences_mean_what_they_say() {
        assert_eq!(
            prose("Open UDP port 3478 at 203.0.113.9: ufw allow 3478/udp."),
            "Open UDP port 3478 at 203.0.113.9: ufw allow 3478/udp."
        );
        assert_eq!(prose("static_auth_secret"), "static_auth_secret");
        for hostile in
            ["<script>", "[x](http://x)", "**b**", "@somebody", "| x |", "#12", "http://x.example", "www.x.example"]
        {
            let safe = prose(hostile);
            assert!(
                !safe.contains(['<', '[', '*', '@', '|']) && !safe.contains("://") && !safe.contains("www."),
                "{safe}"
            );
        }
    }
}
