//! `application/trickle-ice-sdpfrag` (RFC 8840 §9): candidates of one side, after its description.

use super::signal::CANDIDATES;

/// The longest fragment that is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// What one side says of its candidates.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Fragment {
    /// The `mid`s that are bundled; the candidates are those of the first.
    pub bundle: Vec<String>,
    /// The first media line of the description, such as `audio 9 UDP/TLS/RTP/SAVPF 111`.
    pub media: String,
    pub ufrag: String,
    pub pwd: String,
    /// The sender answers checks and makes none.
    pub lite: bool,
    /// Candidate lines without `a=`.
    pub candidates: Vec<String>,
    /// There are no more.
    pub complete: bool,
}

impl std::fmt::Debug for Fragment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Fragment { ufrag, candidates, complete, .. } = self;
        write!(f, "Fragment {{ ufrag: {ufrag:?}, pwd: …, {candidates:?}, complete: {complete} }}")
    }
}

impl std::fmt::Display for Fragment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut line = |text: &str| write!(f, "{text}\r\n");
        if !self.bundle.is_empty() {
            line(&format!("a=group:BUNDLE {}", self.bundle.join(" ")))?;
        }
        line(&format!("m={}", self.media))?;
        if let Some(mid) = self.bundle.first() {
            line(&format!("a=mid:{mid}"))?;
        }
        line(&format!("a=ice-ufrag:{}", self.ufrag))?;
        line(&format!("a=ice-pwd:{}", self.pwd))?;
        for candidate in &self.candidates {
            line(&format!("a={candidate}"))?;
        }
        if self.complete {
            line("a=end-of-candidates")?;
        }
        Ok(())
    }
}

/// Why a fragment says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadFragment(pub String);

impl Fragment {
    /// Reads a fragment: what the other side answers to a restart (RFC 9725 §4.3.3).
    pub fn read(text: &str) -> Result<Fragment, BadFragment> {
        let bad = |why: &str| Err(BadFragment(why.to_owned()));
        if text.len() > LONGEST {
            return bad("a fragment of more than 64 KiB");
        }
        let mut fragment = Fragment::default();
        for line in text.lines() {
            let line = line.trim_end();
            if let Some(media) = line.strip_prefix("m=") {
                if fragment.media.is_empty() {
                    fragment.media = media.to_owned();
                }
                continue;
            }
            let Some(attribute) = line.strip_prefix("a=") else { continue };
            let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
            // Bundled sections repeat what the first one says.
            match name {
                "group" => fragment.bundle = value.split_whitespace().skip(1).map(str::to_owned).collect(),
                "ice-ufrag" if fragment.ufrag.is_empty() => value.clone_into(&mut fragment.ufrag),
                "ice-pwd" if fragment.pwd.is_empty() => value.clone_into(&mut fragment.pwd),
                "ice-lite" => fragment.lite = true,
                "end-of-candidates" => fragment.complete = true,
                "candidate" if fragment.candidates.iter().any(|known| known == attribute) => {}
                "candidate" if fragment.candidates.len() == CANDIDATES => {
                    return bad(&format!("more than {CANDIDATES} candidates"));
                }
                "candidate" => fragment.candidates.push(attribute.to_owned()),
                _ => {}
            }
        }
        match fragment.ufrag.is_empty() == fragment.pwd.is_empty() {
            true => Ok(fragment),
            false => bad("ice-ufrag and ice-pwd belong together, and one of them is missing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Fragment {
        Fragment {
            bundle: vec!["0".into(), "1".into()],
            media: "audio 9 UDP/TLS/RTP/SAVPF 111".into(),
            ufrag: "EsAw".into(),
            pwd: "P2uYro0UCOQ4zxjKXaWCBui1".into(),
            lite: false,
            candidates: vec!["candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host".into()],
            complete: true,
        }
    }

    #[test]
    fn a_fragment_is_written_as_the_rfc_does() {
        let text = example().to_string();
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(
            lines,
            [
                "a=group:BUNDLE 0 1",
                "m=audio 9 UDP/TLS/RTP/SAVPF 111",
                "a=mid:0",
                "a=ice-ufrag:EsAw",
                "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1",
                "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host",
                "a=end-of-candidates",
                ""
            ]
        );
        assert_eq!(Fragment::read(&text), Ok(example()));
        assert!(!format!("{:?}", example()).contains("P2uY"));
    }

    #[test]
    fn the_answer_to_a_restart_is_read() {
        let read = Fragment::read("a=ice-lite\na=ice-options:trickle ice2\nm=audio 9 RTP/AVP 0\na=mid:0\na=ice-ufrag:289b\na=ice-pwd:0b66\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\nm=video 9 RTP/AVP 0\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\n").unwrap();
        assert!(read.lite && read.ufrag == "289b" && read.candidates.len() == 1 && !read.complete);
    }

    #[test]
    fn endless_and_halved_fragments_are_refused() {
        assert!(Fragment::read(&"a".repeat(LONGEST + 1)).is_err());
        assert!(Fragment::read("a=ice-ufrag:abcd").is_err());
        let many: String =
            (0..=CANDIDATES).map(|n| format!("a=candidate:{n} 1 udp 1 192.0.2.1 9 typ host\n")).collect();
        assert!(Fragment::read(&many).is_err());
    }
}
