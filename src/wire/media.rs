//! Media sections for media servers: codecs that browsers offer, so that somebody lets us in. Nothing is ever sent.

use super::sdp::Section;

/// Which way media would go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the server (WHIP).
    Send,
    /// From it (WHEP).
    Receive,
}

/// One audio and one video section, as a browser offers them.
#[must_use]
pub fn sections(direction: Direction) -> Vec<Section> {
    let audio = [
        "rtpmap:111 opus/48000/2",
        "fmtp:111 minptime=10;useinbandfec=1",
        "rtcp-fb:111 transport-cc",
        "rtpmap:0 PCMU/8000",
        "rtpmap:8 PCMA/8000",
    ];
    let video = [
        "rtpmap:96 VP8/90000",
        "rtcp-fb:96 ccm fir",
        "rtcp-fb:96 nack",
        "rtcp-fb:96 nack pli",
        "rtcp-fb:96 transport-cc",
        "rtpmap:97 rtx/90000",
        "fmtp:97 apt=96",
        "rtpmap:102 H264/90000",
        "fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        "rtcp-fb:102 ccm fir",
        "rtcp-fb:102 nack",
        "rtcp-fb:102 nack pli",
        "rtcp-fb:102 transport-cc",
        "rtpmap:103 rtx/90000",
        "fmtp:103 apt=102",
        "rtpmap:98 VP9/90000",
        "fmtp:98 profile-id=0",
        "rtcp-fb:98 nack",
        "rtcp-fb:98 nack pli",
        "rtpmap:45 AV1/90000",
        "rtcp-fb:45 nack",
        "rtcp-fb:45 nack pli",
    ];
    let both =
        [("audio", &["111", "0", "8"][..], &audio[..]), ("video", &["96", "97", "102", "103", "98", "45"], &video)];
    let of = |(place, (media, formats, codecs)): (usize, (&str, &[&str], &[&str]))| Section {
        media: media.into(),
        protocol: "UDP/TLS/RTP/SAVPF".into(),
        formats: formats.iter().map(|&format| format.into()).collect(),
        mid: Some(place.to_string()),
        bundled: true,
        rejected: false,
        codecs: head(direction, place, media).into_iter().chain(codecs.iter().map(|&codec| codec.into())).collect(),
    };
    both.into_iter().enumerate().map(of).collect()
}

/// What a section says besides its codecs.
fn head(direction: Direction, place: usize, media: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        vec!["extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid".into(), "rtcp-mux-only".into(), "rtcp-rsize".into()];
    match direction {
        Direction::Receive => lines.push("recvonly".into()),
        Direction::Send => {
            // Some servers look for what would come in before they let anybody in.
            let source = 1_000_001 + place;
            lines.push("sendonly".into());
            lines.push(format!("msid:rtcprobe {media}"));
            lines.push(format!("ssrc:{source} cname:rtcprobe"));
            lines.push(format!("ssrc:{source} msid:rtcprobe {media}"));
        }
    }
    lines
}

/// The media line of a section, as fragments repeat it (RFC 8840 §4.4).
#[must_use]
pub fn line(section: &Section) -> String {
    format!("{} 9 {} {}", section.media, section.protocol, section.formats.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_says_what_it_is_and_every_section_which_way() {
        for (direction, word) in [(Direction::Send, "sendonly"), (Direction::Receive, "recvonly")] {
            for section in sections(direction) {
                assert!(section.codecs.iter().any(|line| line == word));
                for format in &section.formats {
                    let map = format!("rtpmap:{format} ");
                    assert!(section.codecs.iter().any(|line| line.starts_with(&map)), "{format}");
                }
                assert!(line(&section).starts_with(&section.media));
            }
        }
    }
}
