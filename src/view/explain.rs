//! The pages of the findings: what each means, how it is told from others, what to do.

use super::style::{Ink, Style};
use super::table::wrap;
use crate::report::Severity;
use crate::rules::{BEYOND, Beyond, RULES, Rule};

/// The areas in the order in which a connection meets them, and what they are called.
const AREAS: [(&str, &str); 9] = [
    ("config", "The configuration itself"),
    ("reach", "Reaching the server"),
    ("tls", "TLS and certificates"),
    ("auth", "Credentials"),
    ("allocate", "Allocations"),
    ("relay", "Relaying"),
    ("nat", "This network"),
    ("connect", "The path between two agents"),
    ("security", "The server's security"),
];
/// Where the text of a page begins.
const INDENT: usize = 2;

/// The page of a rule.
#[must_use]
pub fn page(rule: &Rule, style: &Style) -> String {
    let mut out = heading(rule.code, word(rule.severity), rule.title, style);
    let mut after_lines = false;
    for block in blocks(&rule.doc()) {
        if after_lines && matches!(block, Block::Text(_)) {
            out.push('\n');
        }
        after_lines = matches!(block, Block::Lines(_));
        out.push_str(&drawn(&block, style));
    }
    for (what, codes) in [("Looks the same from here", rule.like), ("Found in place of", rule.over)] {
        if !codes.is_empty() {
            out.push_str(&format!("\n{}\n", style.paint(Ink::Bold, what)));
            out.push_str(&paragraph(Ink::Plain, &codes.join(", "), style));
        }
    }
    out
}

/// What is known of a trouble that no client can establish.
#[must_use]
pub fn beyond(one: &Beyond, style: &Style) -> String {
    let mut out = heading(one.code, "never found, only named", one.title, style);
    out.push('\n');
    out.push_str(&paragraph(Ink::Plain, one.why, style));
    if let Some(see) = one.see {
        out.push_str(&paragraph(Ink::Plain, &format!("See also: rtcprobe explain {see}"), style));
    }
    out
}

/// Every code with its weight and its title, by area.
#[must_use]
pub fn list(style: &Style) -> String {
    let mut out = String::new();
    for (area, title) in areas() {
        out.push_str(&(style.paint(Ink::Bold, title) + "\n"));
        for rule in RULES.iter().filter(|rule| rule.area() == area) {
            out.push_str(&entry(rule.code, word(rule.severity), rule.title, style));
        }
        out.push('\n');
    }
    out.push_str(&(style.paint(Ink::Bold, "Named beside others, since no client can establish them") + "\n"));
    for one in BEYOND {
        out.push_str(&entry(one.code, "-", one.title, style));
    }
    out.push('\n');
    for line in wrap(style.width, 0, "rtcprobe explain CODE says what it means, how it is told apart and what to do.") {
        out.push_str(&(line + "\n"));
    }
    out
}

/// All of it as a manual page (troff).
#[must_use]
pub fn man() -> String {
    let mut out = String::from(".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n");
    let version = env!("CARGO_PKG_VERSION");
    out.push_str(&format!(".TH rtcprobe-findings 1  \"rtcprobe {version}\" \n.SH NAME\n"));
    out.push_str("rtcprobe\\-findings \\- what rtcprobe finds, how it is told apart, and what to do\n");
    out.push_str(".SH DESCRIPTION\n");
    out.push_str(&troff(
        "Each finding of a report has a code. The weight that stands here is the most that it can have; what is \
         only suspected, or concerns one of several addresses, weighs less. The same text is printed by rtcprobe \
         explain CODE.",
    ));
    out.push('\n');
    for (area, title) in areas() {
        out.push_str(&format!(".SH {}\n", troff(&title.to_uppercase())));
        for rule in RULES.iter().filter(|rule| rule.area() == area) {
            out.push_str(&format!(".SS {} ({})\n{}.\n", troff(rule.code), word(rule.severity), troff(rule.title)));
            for block in blocks(&rule.doc()) {
                match block {
                    Block::Heading(text) => out.push_str(&format!(".PP\n\\fI{}\\fR\n", troff(&text))),
                    Block::Text(text) => out.push_str(&format!(".br\n{}\n", troff(&text))),
                    Block::Lines(lines) => {
                        out.push_str(".RS 4\n.nf\n");
                        lines.iter().for_each(|line| out.push_str(&(troff(line) + "\n")));
                        out.push_str(".fi\n.RE\n");
                    }
                }
            }
        }
    }
    out.push_str(".SH WHAT NO CLIENT CAN ESTABLISH\n");
    for one in BEYOND {
        out.push_str(&format!(".TP\n\\fB{}\\fR\n{}. {}\n", troff(one.code), troff(one.title), troff(one.why)));
    }
    out.push_str(".SH SEE ALSO\n\\fBrtcprobe\\-check\\fR(1), \\fBrtcprobe\\-explain\\fR(1)\n");
    out
}

/// Areas that have rules; one without a name comes last, under its own.
fn areas() -> Vec<(&'static str, &'static str)> {
    let mut found: Vec<(&str, &str)> = AREAS.to_vec();
    for rule in RULES {
        if !found.iter().any(|(area, _)| *area == rule.area()) {
            found.push((rule.area(), rule.area()));
        }
    }
    found.retain(|(area, _)| RULES.iter().any(|rule| rule.area() == *area));
    found
}

/// A part of a page.
enum Block {
    Heading(String),
    Text(String),
    /// To be copied as it stands.
    Lines(Vec<String>),
}

/// The few forms that the documentation of rules takes: headings, paragraphs, items, indented lines.
fn blocks(doc: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut apart = true;
    for line in doc.lines() {
        let item = line.trim_start().starts_with("- ");
        if line.trim().is_empty() {
            apart = true;
        } else if let Some(title) = line.strip_prefix("# ") {
            found.push(Block::Heading(title.to_string()));
            apart = true;
        } else if let Some(code) = line.strip_prefix("    ") {
            match found.last_mut() {
                Some(Block::Lines(lines)) => lines.push(code.to_string()),
                _ => found.push(Block::Lines(vec![code.to_string()])),
            }
            apart = true;
        } else {
            match found.last_mut() {
                Some(Block::Text(text)) if !apart && !item => {
                    text.push(' ');
                    text.push_str(line.trim());
                }
                _ => found.push(Block::Text(line.trim().to_string())),
            }
            apart = false;
        }
    }
    found
}

fn drawn(block: &Block, style: &Style) -> String {
    match block {
        Block::Heading(title) => format!("\n{}\n", style.paint(Ink::Bold, title)),
        Block::Text(text) => paragraph(Ink::Plain, text, style),
        Block::Lines(lines) => {
            let lines = lines.iter().map(|line| format!("{}{line}\n", " ".repeat(INDENT + 4)));
            format!("\n{}", lines.collect::<String>())
        }
    }
}

fn heading(code: &str, weight: &str, title: &str, style: &Style) -> String {
    let mut out = format!("{}  ({weight})\n", style.paint(Ink::Bold, code));
    for line in wrap(style.width, 0, &format!("{title}.")) {
        out.push_str(&(line + "\n"));
    }
    out
}

fn paragraph(ink: Ink, text: &str, style: &Style) -> String {
    wrap(style.width, INDENT, text).iter().map(|line| style.paint(ink, line) + "\n").collect()
}

/// The columns of the weights; that of the codes is as wide as the longest.
const WEIGHT: usize = 7;

fn entry(code: &str, weight: &str, title: &str, style: &Style) -> String {
    let longest = RULES.iter().map(|rule| rule.code.len()).max().unwrap_or_default();
    let start = format!("  {code:<longest$}  {weight:<WEIGHT$}  ");
    let wide = start.chars().count();
    if wide + 30 > style.width {
        let mut out = format!("  {code}  {weight}\n");
        wrap(style.width, 6, title).iter().for_each(|line| out.push_str(&(line.clone() + "\n")));
        return out;
    }
    let lines = wrap(style.width, wide, title);
    let mut out = String::new();
    for (number, line) in lines.iter().enumerate() {
        let before = if number == 0 { start.clone() } else { " ".repeat(wide) };
        out.push_str(&format!("{before}{}\n", line.trim_start()));
    }
    out
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// Text as troff wants it. A line that begins with a dot or an apostrophe would be a request.
fn troff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\*(Aq");
    if text.starts_with('.') || text.starts_with("\\*(Aq") { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_area_has_a_name() {
        for (area, title) in areas() {
            assert!(AREAS.iter().any(|(known, _)| *known == area), "{area} is called {title}");
        }
    }

    #[test]
    fn nothing_on_a_page_is_a_request_of_troff() {
        assert_eq!(troff(".so x"), "\\&.so x");
        assert_eq!(troff("a-b \\ c"), "a\\-b \\e c");
    }
}
