//! Whether what came can be what the other side says of itself; if not, what it is instead.

use crate::wire::signal::{Description, Part};

/// Lengths of credentials (RFC 8445 §5.3).
const UFRAG: std::ops::RangeInclusive<usize> = 4..=256;
const PASSWORD: std::ops::RangeInclusive<usize> = 22..=256;

/// Why a description cannot be used, in one sentence; `first` when there was none before it.
pub(super) fn fault(description: &Description, own_ufrag: &str, part: Part, first: bool) -> Option<String> {
    let Description { ufrag, pwd, role, .. } = description;
    if ufrag == own_ufrag {
        return Some(format!("this is what this side said itself; what is wanted is {}", wanted(part)));
    }
    if first && *role == part {
        let is = match part {
            Part::Offer => "an offer, and so is what this side said",
            Part::Answer => "an answer, and this side is to give one",
        };
        return Some(format!("this is {is}; what is wanted is {}", wanted(part)));
    }
    for (name, text, fits) in [("ufrag", ufrag, UFRAG), ("password", pwd, PASSWORD)] {
        if !fits.contains(&text.len()) {
            let (least, most) = (fits.start(), fits.end());
            return Some(format!(
                "its ICE {name} has {} characters, and RFC 8445 wants {least} to {most}: the line may have been cut",
                text.len()
            ));
        }
        if text.bytes().any(|byte| !byte.is_ascii_graphic()) || name == "ufrag" && text.contains(':') {
            return Some(format!("its ICE {name} has characters that no ICE agent uses"));
        }
    }
    None
}

/// What a first line is that is no description, for whoever pasted it.
pub(super) fn instead(line: &str, part: Part) -> String {
    let line = line.trim();
    let json: Option<serde_json::Value> = serde_json::from_str(line).ok();
    let has = |key: &str| json.as_ref().and_then(|value| value.get(key)).is_some();
    let starts = |words: &[&str]| words.iter().any(|word| line.starts_with(word));
    let is = if line.is_empty() {
        "an empty line"
    } else if starts(&["rtcprobe ", "$ "]) {
        "a command"
    } else if starts(&["http://", "https://"]) {
        "the address of a page"
    } else if starts(&["candidate:", "a=candidate:"]) || has("candidate") {
        "a candidate, and nothing was said yet of whose it is"
    } else if starts(&["v=", "a=", "m="]) || has("sdp") {
        "SDP, which has to be given as a whole"
    } else if has("schemaVersion") {
        "a report of rtcprobe"
    } else if json.is_some() {
        "JSON, but no description of an ICE agent"
    } else if line.len() > 40 && line.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte)) {
        "base64 that cannot be read: it may have been cut"
    } else {
        "no description of an ICE agent"
    };
    format!("this is {is}; what is wanted is {}", wanted(part))
}

/// What the other side has to say to this one.
fn wanted(part: Part) -> &'static str {
    match part {
        Part::Offer => "what `rtcprobe connect answer` printed on the other machine",
        Part::Answer => "what `rtcprobe connect offer` printed on the other machine",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description(role: Part, ufrag: &str, pwd: &str) -> Description {
        let (ufrag, pwd) = (ufrag.into(), pwd.into());
        let (lite, complete, echo, agent) = (false, true, true, None);
        Description { role, ufrag, pwd, lite, candidates: Vec::new(), complete, agent, echo, answers: None }
    }

    #[test]
    fn credentials_have_the_length_that_the_rfc_wants() {
        let told = |ufrag: usize, pwd: usize| {
            fault(&description(Part::Answer, &"u".repeat(ufrag), &"p".repeat(pwd)), "own", Part::Offer, true)
        };
        assert_eq!(told(4, 22), None);
        assert_eq!(told(256, 256), None);
        for (ufrag, pwd) in [(3, 22), (257, 22), (4, 21), (4, 257), (0, 0)] {
            assert!(told(ufrag, pwd).is_some_and(|sentence| sentence.contains("RFC 8445")), "{ufrag} {pwd}");
        }
    }

    #[test]
    fn who_pasted_the_wrong_line_is_told_which_one_it_is() {
        let pwd = "0123456789012345678901";
        let own = fault(&description(Part::Offer, "same", pwd), "same", Part::Offer, true);
        assert!(own.is_some_and(|told| told.contains("this side said itself") && told.contains("connect answer")));
        let same = fault(&description(Part::Offer, "them", pwd), "same", Part::Offer, true);
        assert!(same.is_some_and(|told| told.contains("this is an offer")));
        assert_eq!(fault(&description(Part::Offer, "them", pwd), "same", Part::Offer, false), None);
    }

    #[test]
    fn what_is_no_description_is_named() {
        for (line, named) in [
            ("", "an empty line"),
            ("rtcprobe connect answer eyJ", "a command"),
            ("https://example.org", "the address of a page"),
            ("candidate:1 1 udp 1 192.0.2.1 1 typ host", "a candidate"),
            ("v=0", "SDP"),
            (r#"{"type":"offer","sdp":"v=0"}"#, "SDP"),
            ("[1]", "JSON"),
            ("eyJ0eXBlIjoiZGVzY3JpcHRpb24iLCJyb2xlIjoib2ZmZXIiLCJ1ZnJhZyI6", "base64"),
            ("hello", "no description"),
        ] {
            let told = instead(line, Part::Offer);
            assert!(told.contains(named) && told.contains("connect answer"), "{line}: {told}");
        }
    }
}
