//! One page that needs nothing but a browser: no network, no script, readable on a phone, by day, by night
//! and on paper.

mod chart;
mod drawing;
mod forecast;
mod pairs;
mod quality;
mod timeline;
mod waterfall;

use super::escape::xml;
use super::format::{self, word};
use super::tables::{self, Cell, Mark, Table};
use crate::report::{Finding, Report, Severity, Verdict};

/// Colours by day and by night, for screens and paper.
const STYLE: &str = include_str!("html/style.css");
/// More drawings than this help nobody.
const DRAWN: usize = 24;

/// The whole report as a page.
#[must_use]
pub fn document(report: &Report) -> String {
    let mut body = head(report);
    body.push_str(&findings(&report.findings));
    let mut ways = report.nat.iter().flat_map(|nat| std::iter::once(nat).chain(&nat.others));
    for table in tables::all(report) {
        body.push_str(&format!("<section>\n<h2>{}</h2>\n", xml(table.title)));
        match table.title {
            "Candidates" => body.push_str(&(timeline::figure(report) + &self::table(&table))),
            "Pairs" => body.push_str(&(pairs::figure(report) + &self::table(&table))),
            "Connection" => body.push_str(&(self::table(&table) + &quality::path(report))),
            "Steps" => body.push_str(&(self::table(&table) + &waterfall::figures(report))),
            "Quality through the relay" => body.push_str(&(self::table(&table) + &quality::figures(report))),
            title if tables::behaviour::TITLES.contains(&title) => {
                let nat = ways.next();
                body.push_str(&nat.map(drawing::figure).unwrap_or_default());
                body.push_str(&self::table(&table));
                body.push_str(&nat.map(|nat| forecast::table(&nat.direct)).unwrap_or_default());
            }
            _ => body.push_str(&self::table(&table)),
        }
        body.push_str("</section>\n");
    }
    body.push_str(&unknown(report));
    let title = format!("rtcprobe {}: {}", xml(&report.command), word(report.verdict));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}{}</main>\n</body>\n</html>\n",
        foot(report)
    )
}

fn head(report: &Report) -> String {
    let (class, sign) = match report.verdict {
        Verdict::Pass => ("good", "✓"),
        Verdict::Warn => ("doubtful", "!"),
        Verdict::Fail => ("bad", "✗"),
    };
    let mut out = format!(
        "<header>\n<h1>rtcprobe {}</h1>\n<p class=\"verdict {class}\"><span aria-hidden=\"true\">{sign}</span> {}</p>\n\
         <p class=\"sum\">{}</p>\n",
        xml(&report.command),
        word(report.verdict),
        xml(&format::summary(report))
    );
    if let Some(kind) = &report.demo {
        out.push_str(&format!(
            "<p class=\"soft\">A demonstration: the servers ran inside the command, NAT: {}.</p>\n",
            xml(kind)
        ));
    }
    out + "</header>\n"
}

fn findings(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let articles: String = findings.iter().map(finding).collect();
    format!("<section>\n<h2>What is wrong, and what to change</h2>\n{articles}</section>\n")
}

fn finding(finding: &Finding) -> String {
    let (class, word) = match finding.severity {
        Severity::Error => ("bad", "✗ error"),
        Severity::Warning => ("doubtful", "! warning"),
        Severity::Info => ("open", "info"),
    };
    let probably = if finding.suspected { ", probably" } else { "" };
    let mut out = format!(
        "<article class=\"finding {class}\">\n<h3><span class=\"{class}\">{word}{probably}:</span> {} <code class=\"soft\">{}</code></h3>\n<p>{}</p>\n",
        xml(&finding.title),
        xml(&finding.code),
        xml(&finding.detail)
    );
    if let Some(fix) = &finding.fix {
        out.push_str(&format!("<p class=\"fix\">To do: {}</p>\n", xml(fix)));
    }
    if let Some(confirm) = &finding.confirm {
        out.push_str(&format!("<p>To be sure: {}</p>\n", xml(confirm)));
    }
    let mut more: Vec<String> = Vec::new();
    more.extend(finding.evidence.iter().map(|fact| format!("{} <code>{}</code>", xml(&fact.says), xml(&fact.fact))));
    let looks = finding.alternatives.iter();
    more.extend(looks.map(|other| format!("looks the same: {} <code>{}</code>", xml(&other.title), xml(&other.code))));
    more.extend(finding.references.iter().map(|reference| format!("read on: {}", xml(reference))));
    if !more.is_empty() {
        let items: String = more.iter().map(|item| format!("<li>{item}</li>\n")).collect();
        out.push_str(&format!("<details>\n<summary>How it is known</summary>\n<ul>\n{items}</ul>\n</details>\n"));
    }
    out + "</article>\n"
}

/// A table that scrolls by itself where the screen is narrow.
fn table(table: &Table) -> String {
    // On a phone a row becomes a block of lines, but for marks, which stand close together anyway, and for
    // questions with their answers.
    let class = match table.title {
        "Steps" => "steps",
        title if tables::behaviour::TITLES.contains(&title) => "facts",
        _ => "rows",
    };
    let headings: String =
        table.columns.iter().map(|column| format!("<th scope=\"col\">{}</th>", xml(column))).collect();
    let mut out = format!(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{}\">\n<table class=\"{class}\">\n<thead><tr>{headings}</tr></thead>\n<tbody>\n",
        xml(table.title)
    );
    for row in &table.rows {
        let cells: String = row.iter().zip(&table.columns).map(|(cell, column)| self::cell(cell, column)).collect();
        out.push_str(&format!("<tr>{cells}</tr>\n"));
    }
    out + "</tbody>\n</table>\n</div>\n"
}

fn cell(cell: &Cell, column: &str) -> String {
    let label = format!("data-label=\"{}\"", xml(column));
    match cell {
        Cell::Word(text) => format!("<td class=\"word\" {label}>{}</td>", xml(text)),
        Cell::Prose(text) if text.is_empty() => "<td class=\"prose empty\"></td>".into(),
        Cell::Prose(text) => format!("<td class=\"prose\" {label}>{}</td>", xml(text)),
        Cell::Mark(mark, text) => {
            let (class, spoken) = match mark {
                Mark::Good => ("good", "done"),
                Mark::Bad => ("bad", "failed"),
                Mark::Doubtful => ("doubtful", "doubtful"),
                Mark::Open => ("open", "not done"),
            };
            let (sign, text) = (mark.sign(), xml(text));
            match text.is_empty() {
                true => format!(
                    "<td class=\"mark {class}\" {label}><span role=\"img\" aria-label=\"{spoken}\">{sign}</span></td>"
                ),
                false => format!("<td class=\"mark {class}\" {label}>{sign} {text}</td>"),
            }
        }
    }
}

fn unknown(report: &Report) -> String {
    if report.unknown.is_empty() {
        return String::new();
    }
    let item = |(fact, why): (&String, &String)| format!("<li><code>{}</code>: {}</li>\n", xml(fact), xml(why));
    let items: String = report.unknown.iter().map(item).collect();
    format!("<details>\n<summary>Not found out, and why</summary>\n<ul>\n{items}</ul>\n</details>\n")
}

fn foot(report: &Report) -> String {
    format!(
        "<footer>{} {} on {} {}, {}; it took {}.</footer>\n",
        xml(&report.tool.name),
        xml(&report.tool.version),
        xml(&report.environment.os),
        xml(&report.environment.arch),
        xml(&report.started_at),
        xml(&tables::ms(report.duration_ms))
    )
}
