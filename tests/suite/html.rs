//! The page: it needs nothing but a browser, can be read by who cannot see, and runs nothing.

use std::fs;
use std::process::Command;

use rtcprobe::report::Report;
use rtcprobe::view::html;

use super::{formats, view};

#[test]
fn every_page_is_whole_and_needs_nothing_from_elsewhere() {
    for (name, report) in reports() {
        let page = html::document(&report);
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"), "{name}");
        balanced(&page).unwrap_or_else(|why| panic!("{name}: {why}"));
        let tags = tags(&page);
        for tag in &tags {
            let element = tag.split([' ', '>', '/']).find(|word| !word.is_empty()).unwrap_or_default();
            assert!(KNOWN.contains(&element), "{name}: <{tag}>");
            assert!(!tag.contains(" on") && !tag.contains("src="), "{name}: <{tag}>");
            let links = tag.contains("href=") || tag.contains("url(");
            assert!(!links || *tag == "link rel=\"icon\" href=\"data:,\"", "{name}: <{tag}>");
        }
        let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        assert!(!style.contains("url(") && !style.contains("@import") && style.contains("prefers-color-scheme:dark"));
    }
}

/// Every element that the page is made of.
const KNOWN: &[&str] = &[
    "!doctype",
    "html",
    "head",
    "meta",
    "link",
    "title",
    "style",
    "body",
    "main",
    "header",
    "h1",
    "h2",
    "h3",
    "p",
    "span",
    "section",
    "article",
    "code",
    "details",
    "summary",
    "ul",
    "li",
    "div",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "figure",
    "figcaption",
    "svg",
    "desc",
    "line",
    "rect",
    "circle",
    "polygon",
    "path",
    "text",
    "footer",
];

#[test]
fn every_drawing_is_told_in_words_as_well() {
    for (name, report) in reports() {
        let page = html::document(&report);
        let drawings: Vec<&str> = page.split("<svg ").skip(1).collect();
        for drawing in &drawings {
            let inside = drawing.split("</svg>").next().unwrap();
            let words = |tag: &str| {
                let text = inside.split(&format!("<{tag}>")).nth(1).and_then(|rest| rest.split('<').next());
                text.unwrap_or_default().len()
            };
            assert!(inside.starts_with("viewBox=") && inside.contains("role=\"img\""), "{name}");
            assert!(words("title") > 10 && words("desc") > 10, "{name}: {inside}");
            assert!(!inside.contains("NaN") && !inside.contains("inf"), "{name}: {inside}");
        }
        let wanted = usize::from(report.gather.as_ref().is_some_and(|gather| !gather.candidates.is_empty()))
            + report.turn.len()
            + report.turn.iter().filter(|turn| turn.echo.is_some()).count();
        assert!(drawings.len() >= wanted, "{name}: {} drawings, {wanted} wanted", drawings.len());
    }
}

#[test]
fn a_mark_has_a_word_or_a_label() {
    for (name, report) in reports() {
        let page = html::document(&report);
        for cell in page.split("<td class=\"mark").skip(1) {
            let text = cell.split_once('>').unwrap().1.split("</td>").next().unwrap();
            let spoken = text.contains("aria-label=") || text.chars().filter(|c| c.is_alphabetic()).count() > 1;
            assert!(spoken, "{name}: {text}");
        }
    }
}

#[test]
#[ignore = "needs Chromium"]
fn chromium_draws_every_page_without_complaint_and_everybody_can_read_it() {
    let folder = std::env::temp_dir().join(format!("rtcprobe-html-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for (name, report) in reports() {
        let page = html::document(&report);
        // The page itself allows no script, so it is measured in a copy that does.
        let policy = page.find("<meta http-equiv").unwrap();
        let end = policy + page[policy..].find('>').unwrap() + 1;
        let measured = format!("{}{}{MEASURE}", &page[..policy], &page[end..]);
        let night = measured.replace("@media (prefers-color-scheme:dark)", "@media all");
        assert_ne!(night, measured);
        let files = [("page", &page), ("day", &measured), ("night", &night)].map(|(kind, text)| {
            let path = folder.join(format!("{name}-{kind}.html"));
            fs::write(&path, text).unwrap();
            format!("file://{}", path.display())
        });
        for width in [360, 1280] {
            let (_, complaints) = chromium(&folder, &files[0], width);
            let console: Vec<&str> = complaints.lines().filter(|line| line.contains("CONSOLE")).collect();
            assert!(console.is_empty(), "{name} at {width}: {console:?}");
            for file in &files[1..] {
                let (dom, _) = chromium(&folder, file, width);
                let found = dom.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
                let what = format!("{name} at {width}: {file}: {found}");
                let found: serde_json::Value =
                    serde_json::from_str(&found.replace("&amp;", "&")).unwrap_or_else(|why| panic!("{what}: {why}"));
                assert!(found["across"].as_f64() <= found["screen"].as_f64(), "{what}");
                assert_eq!(found["clipped"], 0, "{what}: text that is cut off");
                assert_eq!(found["nameless"], 0, "{what}: drawings and regions without a name");
                assert_eq!(found["unreachable"], 0, "{what}: what scrolls or opens and no key leads to");
                assert!(found["contrast"].as_f64() >= Some(4.5), "{what}: WCAG 1.4.3");
            }
        }
    }
    fs::remove_dir_all(folder).unwrap();
}

/// What a browser knows of a page: whether it fits, whether everything has a name and can be reached by
/// key, and the least contrast between text and what it stands on.
const MEASURE: &str = r"<script>
const all = selector => [...document.querySelectorAll(selector)];
const channels = color => (color.match(/[\d.]+/g) || []).map(Number);
const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
const ground = element => {
  for (; element; element = element.parentElement) {
    const color = channels(getComputedStyle(element).backgroundColor);
    if (color.length === 3 || color[3] > 0) return color;
  }
  return [255, 255, 255];
};
const own = element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
const contrasts = all('main *').filter(own).filter(e => !e.closest('title, desc')).map(element => {
  const style = getComputedStyle(element);
  const text = light(channels(element.closest('svg') ? style.fill : style.color));
  const under = light(ground(element));
  return (Math.max(text, under) + 0.05) / (Math.min(text, under) + 0.05);
});
const wide = e => e.scrollWidth > e.clientWidth + 1;
document.title = JSON.stringify({
  across: document.documentElement.scrollWidth, screen: innerWidth,
  clipped: innerWidth < 640 ? all('table.rows td, table.facts td, p, h3, li').filter(wide).length : 0,
  nameless: all('svg, [role=img], [role=region]').filter(e => !e.computedName).length,
  unreachable: all('.scroll, summary').filter(e => e.tabIndex < 0).length,
  contrast: Math.min(21, ...contrasts),
});
</script>";

/// The document as Chromium has it in the end, and what it says on stderr.
fn chromium(folder: &std::path::Path, url: &str, width: u32) -> (String, String) {
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"])
        .args(["--disable-background-networking", "--enable-logging=stderr", "--dump-dom"])
        .arg("--enable-blink-features=ComputedAccessibilityInfo")
        .arg(format!("--window-size={width},900"))
        .arg(format!("--user-data-dir={}/profile", folder.display()))
        .arg(url)
        .env("HOME", folder)
        .output()
        .expect("chromium is not installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8_lossy(&output.stdout).into(), String::from_utf8_lossy(&output.stderr).into())
}

/// Every report, with one that has a NAT and everything else, hostile and not.
fn reports() -> Vec<(String, Report)> {
    let mut reports = view::reports();
    reports.push(("everything-hostile".into(), formats::hostile()));
    let nat = |server: &str| {
        serde_json::json!({
            "local": "10.0.0.2", "interface": "eth0", "family": "ipv4", "udp": "open", "nat": true,
            "mapping": "address-dependent", "filtering": "address-and-port-dependent", "mappingMethod": "rfc5780",
            "filteringMethod": null, "legacyType": "symmetric", "publicAddresses": ["198.51.100.7"],
            "hairpinning": false, "portPreservation": true, "portAllocation": "random", "portDelta": null,
            "addressPooling": "paired", "alg": null, "fragments": true, "mappingLifetimeMs": 45000.0,
            "mappingLifetimeRangeMs": [40000.0, 50000.0],
            "direct": [{"mapping": "none", "filtering": "none", "outcome": "direct"},
                       {"mapping": "endpoint-independent", "filtering": "address-dependent", "outcome": "relay"}],
            "tests": [
                {"name": "mapping-1", "server": "203.0.113.9:3478", "local": "10.0.0.2:54031",
                 "mapped": "198.51.100.7:54031", "outcome": "answered", "elapsedMs": 1.0},
                {"name": "mapping-2", "server": server, "local": "10.0.0.2:54031",
                 "mapped": server, "outcome": "answered", "elapsedMs": 1.0}]
        })
    };
    for (kind, server) in [("nat", "203.0.113.10:3478"), ("nat-hostile", "<svg onload=alert(1)>\u{1b}[31m:é")] {
        let mut report = reports.iter().find(|(name, _)| name == "turn-good").unwrap().1.clone();
        report.nat = Some(serde_json::from_value(nat(server)).unwrap());
        reports.push((kind.into(), report));
    }
    reports
}

/// What stands between angle brackets, but for ends.
fn tags(page: &str) -> Vec<&str> {
    let body = page.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag);
    body.filter(|tag| !tag.starts_with('/')).collect()
}

/// Every element ends, and in the right order.
fn balanced(page: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    for rest in page.split('<').skip(1) {
        let (tag, _) = rest.split_once('>').ok_or("a bracket without an end")?;
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        if tag.starts_with('/') {
            let last = open.pop().unwrap_or_default();
            if last != name {
                return Err(format!("</{name}> ends <{last}>"));
            }
        } else if !tag.ends_with('/') && !["!doctype", "meta", "link"].contains(&name) {
            open.push(name);
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("{open:?} do not end")) }
}
