//! Text from the network and from files, made safe to show.
//!
//! A server chooses its SOFTWARE and its error phrases. Shown as they are, they could move the
//! cursor, hide or forge lines, or reverse the reading order; so whatever is not plainly visible is
//! spelled out as `\u{…}`. And since what is shown may be the log of a CI job, nothing in it is a command
//! to the job: GitHub acts upon lines that begin with `::`, whatever space stands before it, and Azure
//! Pipelines, TeamCity and old runners of GitHub upon `##` anywhere in a line.

/// The text with everything spelled out that a terminal would act upon or not show.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    for (at, c) in text.char_indices() {
        if is_plain(c) && !is_command(before, &text[at..]) {
            out.push(c);
        } else {
            out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
        }
        before = Some(c);
    }
    out
}

/// Whether a command to a CI job begins here. Lines are broken between words, so that any word may
/// come to stand at the beginning of one.
fn is_command(before: Option<char>, rest: &str) -> bool {
    if before == Some('#') && rest.starts_with('#') {
        return true;
    }
    if !rest.starts_with("::") || !before.is_none_or(|c| c.is_whitespace() && is_plain(c)) {
        return false;
    }
    let word = rest.split(char::is_whitespace).next().unwrap_or_default();
    let address = word.trim_end_matches(|c: char| !c.is_ascii_hexdigit() && c != ':');
    address.split('%').next().is_none_or(|address| address.parse::<std::net::Ipv6Addr>().is_err())
}

/// JSON with the same characters as `\uXXXX`. Outside of strings JSON has none of them, so the
/// document means the same.
#[must_use]
pub fn json(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    let mut before = None;
    for c in document.chars() {
        let command = before == Some('#') && c == '#';
        before = Some(c);
        if (is_plain(c) || c == '\n') && !command {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

/// Text for XML and HTML, inside an element or a quoted attribute. What a terminal would act upon is
/// spelled out here as well, and with it every character that XML 1.0 does not allow.
#[must_use]
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '#' if out.ends_with('#') => out.push_str("\\u{23}"),
            c if is_plain(c) => out.push(c),
            c => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        }
    }
    out
}

/// Whether a character shows as itself and does nothing else.
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            // Zero width, marks of direction, line and paragraph separators, embeddings and overrides.
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_visible_text_alone() {
        assert_eq!(visible("Coturn-4.6.1 'Gorst' é 漢 ✓"), "Coturn-4.6.1 'Gorst' é 漢 ✓");
    }

    #[test]
    fn spells_out_what_a_terminal_would_act_upon() {
        assert_eq!(visible("\x1b[2Jx\r\n"), "\\u{1b}[2Jx\\u{d}\\u{a}");
        assert_eq!(visible("a\u{202e}b\u{9b}c\u{200b}"), "a\\u{202e}b\\u{9b}c\\u{200b}");
    }

    #[test]
    fn no_job_takes_a_text_for_a_command() {
        assert_eq!(visible("::error::x and ::stop-commands::y"), "\\u{3a}:error::x and \\u{3a}:stop-commands::y");
        assert_eq!(visible("x\u{a0}::add-mask::y z::w"), "x\u{a0}\\u{3a}:add-mask::y z::w");
        assert_eq!(visible("##[error]x ##vso[task] ###"), "#\\u{23}[error]x #\\u{23}vso[task] #\\u{23}\\u{23}");
        assert_eq!(visible(":: fe80::1 ::1, ::ffff:192.0.2.1 [::]:80"), ":: fe80::1 ::1, ::ffff:192.0.2.1 [::]:80");
        assert_eq!(xml("##[x] #1"), "#\\u{23}[x] #1");
        let document = serde_json::json!({ "a": "##vso[x]" }).to_string();
        let back: serde_json::Value = serde_json::from_str(&json(&document)).unwrap();
        assert!(!json(&document).contains("##") && back["a"] == "##vso[x]");
    }

    #[test]
    fn nothing_in_xml_is_markup_or_forbidden() {
        assert_eq!(xml("<a b=\"'&\n"), "&lt;a b=&quot;&#39;&amp;\\u{a}");
        assert_eq!(xml("\0\x1b\u{7f}\u{ffff}"), "\\u{0}\\u{1b}\\u{7f}\\u{ffff}");
    }

    #[test]
    fn keeps_the_meaning_of_json() {
        let text = "\u{9b}31m \u{202e} \u{e0041} \x7f é";
        let document = serde_json::to_string_pretty(&serde_json::json!({ "text": text })).unwrap();
        let safe = json(&document);
        assert!(safe.chars().all(|c| is_plain(c) || c == '\n'), "{safe}");
        let back: serde_json::Value = serde_json::from_str(&safe).unwrap();
        assert_eq!(back["text"], text);
    }
}
