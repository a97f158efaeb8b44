//! What somebody pasted: a line of rtcprobe, SDP, or JSON, with what mail, shells and terminals do to them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{BadSignal, Description, Message, Part, line};
use crate::wire::sdp::{self, Section};

/// The form in which a description came, and in which an answer to it is best given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A line that begins with [`line::PREFIX`].
    Line,
    Sdp,
    /// `{"type":"offer","sdp":"…"}`, an `RTCSessionDescriptionInit`.
    Browser,
    /// The same in base64, as demonstrations of WebRTC have it.
    Base64,
    /// A [`Message::Description`].
    Json,
}

/// A description that was pasted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pasted {
    pub description: Description,
    pub form: Form,
    /// Of SDP; empty otherwise.
    pub sections: Vec<Section>,
    /// Candidates beyond those that are read.
    pub left_out: usize,
}

/// A description in one of the forms, as an answer to these sections or, without any, as an offer.
#[must_use]
pub fn write(description: &Description, form: Form, sections: &[Section]) -> String {
    let sdp = || match description.role {
        Part::Offer => sdp::offer(description),
        Part::Answer => sdp::answer(description, sections),
    };
    let init = || {
        let kind = match description.role {
            Part::Offer => "offer",
            Part::Answer => "answer",
        };
        serde_json::json!({ "type": kind, "sdp": sdp() }).to_string()
    };
    match form {
        Form::Line => line::write(description),
        Form::Sdp => sdp(),
        Form::Browser => init(),
        Form::Base64 => STANDARD.encode(init()),
        Form::Json => Message::Description(description.clone()).to_line(),
    }
}

/// Reads what was pasted.
pub fn read(text: &str) -> Result<Pasted, BadSignal> {
    let text = bare(text);
    if text.is_empty() {
        return bad(format!("nothing was pasted; {WHAT}"));
    }
    if let Some(code) = code(text) {
        return read_line(&code);
    }
    if text.starts_with(['{', '[', '"']) {
        return read_json(text, Form::Browser);
    }
    if let Some(start) = start_of_sdp(text) {
        return read_sdp(&unescaped(&text[start..]), None, Form::Sdp);
    }
    if let Some(json) = from_base64(text) {
        return read_json(&json, Form::Base64);
    }
    bad(what_else(text))
}

/// Whether a text that is read line by line may go on: it is the beginning of something longer.
#[must_use]
pub fn goes_on(text: &str) -> bool {
    let text = bare(text);
    if let Some(code) = code(text) {
        return line::goes_on(&code);
    }
    if text.starts_with(['{', '[']) {
        return serde_json::from_str::<Value>(text).is_err_and(|why| why.is_eof());
    }
    start_of_sdp(text).is_some() && text.contains('\n') || (text.starts_with("v=0") && !text.contains("\\n"))
}

const WHAT: &str = "paste what the other side printed: a line that begins with rtcprobe1:, SDP, or the JSON of a \
    browser's localDescription";

fn read_line(code: &str) -> Result<Pasted, BadSignal> {
    let description = line::read(code)?;
    Ok(Pasted { description, form: Form::Line, sections: Vec::new(), left_out: 0 })
}

fn read_sdp(text: &str, role: Option<Part>, form: Form) -> Result<Pasted, BadSignal> {
    let sdp::Sdp { mut description, sections, left_out } = sdp::read(text)?;
    description.role = role.unwrap_or(description.role);
    Ok(Pasted { description, form, sections, left_out })
}

fn read_json(text: &str, form: Form) -> Result<Pasted, BadSignal> {
    let value: Value = match serde_json::from_str(text) {
        Ok(Value::String(inner)) => return read(&inner),
        Ok(value) => value,
        Err(why) if why.is_eof() => return bad("the JSON is cut short; copy it whole, up to its last bracket"),
        Err(why) => return bad(format!("the JSON cannot be read: {why}; {WHAT}")),
    };
    let word = |name: &str| value.get(name).and_then(Value::as_str);
    match (word("type"), word("sdp")) {
        (Some("description"), _) => match Message::read(text)? {
            Some(Message::Description(description)) => {
                description.check()?;
                Ok(Pasted { description, form: Form::Json, sections: Vec::new(), left_out: 0 })
            }
            _ => bad(WHAT),
        },
        (Some("offer"), Some(text)) => read_sdp(text, Some(Part::Offer), form),
        (Some("answer" | "pranswer"), Some(text)) => read_sdp(text, Some(Part::Answer), form),
        (None, Some(text)) => read_sdp(text, None, form),
        _ if value.get("candidate").is_some() => bad(format!("that is a candidate without its description; {WHAT}")),
        _ if value.get("iceServers").is_some() => bad(format!("those are servers, which --ice-servers takes; {WHAT}")),
        _ => bad(format!("the JSON has neither \"sdp\" nor a description in it; {WHAT}")),
    }
}

/// Without what copying adds.
fn bare(text: &str) -> &str {
    let odd = |c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{200e}' | '`' | '\'');
    let text = text.trim_matches(odd);
    // Quotation marks around all of it; inside of JSON they stay.
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(inner) if !inner.contains('"') && !inner.contains('\\') => inner.trim_matches(odd),
        _ => text,
    }
}

/// What stands behind the prefix, wherever that is, put together again where mail or a terminal broke it.
fn code(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(line::PREFIX)?;
    let mut code = String::new();
    for part in rest.split_whitespace() {
        if !code.is_empty() && !line::goes_on(&code) {
            break;
        }
        let part = part.trim_start_matches('>');
        let end = part.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).unwrap_or(part.len());
        code.push_str(&part[..end]);
        if end < part.len() {
            break;
        }
    }
    Some(code)
}

fn start_of_sdp(text: &str) -> Option<usize> {
    text.match_indices("v=0").map(|(at, _)| at).find(|at| {
        let before = text[..*at].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || c == '>')
    })
}

/// `\r\n` as a program would write it.
fn unescaped(text: &str) -> String {
    match text.contains('\n') || !text.contains("\\n") {
        true => text.to_owned(),
        false => text.replace("\\r", "").replace("\\n", "\n"),
    }
}

fn from_base64(text: &str) -> Option<String> {
    let dense: String = text.split_whitespace().collect();
    let decoded = STANDARD.decode(dense).ok()?;
    String::from_utf8(decoded).ok().filter(|text| text.trim_start().starts_with('{'))
}

/// What somebody may have pasted instead.
fn what_else(text: &str) -> String {
    let start: String = text.chars().take_while(|c| !c.is_control()).take(60).collect();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let says = |what: &str| format!("{what}; {WHAT}");
    if text.starts_with("rtcprobe") && text.contains(':') && !text.contains(' ') {
        return "that line is of another version of rtcprobe; use the same on both sides".into();
    }
    if has(&["rtcprobe connect", "$ ", "# ", "% "]) || start.ends_with(['$', '#', '%']) {
        return says("that is a command or the prompt of a shell, not what it printed");
    }
    if text.starts_with("candidate:") || text.starts_with("a=") || text.starts_with("m=") {
        return says("that is a part of SDP only; it begins with v=0");
    }
    if has(&["://"]) {
        return says("that is an address; --whip, --whep and --dial take one");
    }
    says("that is no description")
}

fn bad<T>(why: impl Into<String>) -> Result<T, BadSignal> {
    Err(BadSignal(why.into()))
}
