//! Descriptions in every form: what is written is read back, and what comes from strangers never harms.

use proptest::prelude::*;
use rtcprobe::wire::sdp;
use rtcprobe::wire::signal::pasted::{self, Form};
use rtcprobe::wire::signal::{CANDIDATES, Description, Message, Part, line};

const FORMS: [Form; 5] = [Form::Line, Form::Sdp, Form::Browser, Form::Base64, Form::Json];

/// What Chromium 156 offers with a data channel and a microphone, shortened.
const CHROMIUM: &str = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
    a=extmap-allow-mixed\r\na=msid-semantic: WMS\r\nm=audio 46154 UDP/TLS/RTP/SAVPF 111 63\r\nc=IN IP4 198.51.100.7\r\n\
    a=rtcp:9 IN IP4 0.0.0.0\r\n\
    a=candidate:842163049 1 udp 2113937151 6f0e1c2a-0000-4000-8000-1234567890ab.local 46154 typ host generation 0 network-cost 999\r\n\
    a=candidate:3471623853 1 udp 1677729535 198.51.100.7 46154 typ srflx raddr 0.0.0.0 rport 0 generation 0 network-cost 999\r\n\
    a=ice-ufrag:4ZcD\r\na=ice-pwd:2/1muCWoOi3uLifh0NuRHlRQ\r\na=ice-options:trickle\r\n\
    a=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n\
    a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\na=rtpmap:63 red/48000/2\r\n\
    m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:4ZcD\r\n\
    a=ice-pwd:2/1muCWoOi3uLifh0NuRHlRQ\r\na=mid:1\r\na=sctp-port:5000\r\n";

fn description() -> Description {
    Description {
        role: Part::Offer,
        ufrag: "abcd1234".into(),
        pwd: "0123456789abcdefghij+/AB".into(),
        lite: false,
        candidates: vec![
            "candidate:842163049 1 udp 2130706431 10.0.0.2 46154 typ host".into(),
            "candidate:1 1 udp 1694498815 198.51.100.7 46154 typ srflx raddr 10.0.0.2 rport 46154".into(),
            "candidate:2 1 udp 16777215 2001:db8::9 61234 typ relay raddr 198.51.100.7 rport 46154".into(),
            "candidate:3 1 tcp 2105458943 10.0.0.2 9 typ host tcptype active".into(),
        ],
        complete: true,
        agent: Some("rtcprobe 0.1.0".into()),
        echo: true,
        answers: None,
    }
}

/// What SDP can say of a description.
fn in_sdp(description: &Description) -> Description {
    Description { agent: None, echo: false, answers: None, ..description.clone() }
}

#[test]
fn a_description_is_the_same_in_every_form() {
    for role in [Part::Offer, Part::Answer] {
        let description = Description { role, ..description() };
        for form in FORMS {
            let text = pasted::write(&description, form, &[]);
            let read = pasted::read(&text).unwrap_or_else(|why| panic!("{form:?}: {why}\n{text}"));
            let expected =
                if matches!(form, Form::Line | Form::Json) { description.clone() } else { in_sdp(&description) };
            assert_eq!((read.description, read.form), (expected, form), "{text}");
            assert!(!pasted::goes_on(&text) || form == Form::Sdp, "{form:?} is whole");
        }
    }
}

#[test]
fn a_line_is_short_enough_for_any_terminal_and_for_a_small_qr_code() {
    let line = line::write(&description());
    // macOS takes 1024 characters; version 10 of a QR code 271 bytes.
    assert!(line.len() <= 230, "{} {line}", line.len());
    assert!(line.starts_with("rtcprobe1:") && !line.contains(['=', '+', '/', ' ']));
}

#[test]
fn what_mail_and_shells_add_does_not_matter() {
    let line = line::write(&description());
    let (one, two) = line.split_at(100);
    let as_json = serde_json::to_string(&sdp::offer(&description())).unwrap();
    for text in [
        format!("  {line}\r\n"),
        format!("\u{feff}`{line}`"),
        format!("\"{line}\""),
        format!("{one}\n{two}"),
        format!("> {one}\n> {two}\n"),
        format!("$ rtcprobe connect answer {line}"),
        format!("{line}\nuser@host:~$ "),
        format!("Here it is: {line} Regards"),
        sdp::offer(&description()).replace("\r\n", "\n"),
        format!("\n\n   {}", sdp::offer(&description()).replace("\r\n", "\r\n   ")),
        sdp::offer(&description()).replace("\r\n", "\\r\\n"),
        as_json,
    ] {
        let read = pasted::read(&text).unwrap_or_else(|why| panic!("{why}: {text}"));
        assert_eq!(in_sdp(&read.description), in_sdp(&description()), "{text}");
    }
}

#[test]
fn what_is_wrong_with_a_paste_is_said_in_one_sentence() {
    let line = line::write(&description());
    let swapped = line.replacen("x", "y", 1).replacen("B", "C", 1);
    let json = pasted::write(&description(), Form::Browser, &[]);
    for (text, part) in [
        (String::new(), "nothing was pasted"),
        (" \n".into(), "nothing was pasted"),
        (line[..60].into(), "60 of its"),
        (line[..line.len() - 1].into(), "cut short"),
        ("rtcprobe1:".into(), "cut short right behind"),
        (format!("{line}AAAA"), "too many"),
        (swapped, "not what it was"),
        ("rtcprobe1:!!!".into(), "cut short"),
        ("rtcprobe9:AAAA".into(), "another version"),
        ("user@host:~$ ".into(), "prompt"),
        ("rtcprobe connect offer --demo".into(), "command"),
        ("hello".into(), "no description"),
        ("candidate:1 1 udp 1 192.0.2.1 1 typ host".into(), "begins with v=0"),
        ("https://example.org".into(), "--whip"),
        (json[..40].into(), "cut short"),
        ("{\"candidate\":\"\"}".into(), "candidate without its description"),
        ("{\"iceServers\":[]}".into(), "--ice-servers"),
        ("{\"type\":\"offer\"}".into(), "neither"),
        ("{nonsense}".into(), "cannot be read"),
        ("v=0\r\ns=-\r\n".into(), "m="),
        ("v=0\r\nm=audio 9 RTP/AVP 0\r\n".into(), "ice-ufrag"),
        (sdp::offer(&description()).replace("m=application 61234", "m=application 0"), "rejected"),
        (sdp::offer(&description()).replace("a=ice-ufrag:abcd1234", "a=ice-ufrag:a"), "ice-ufrag is not 4 to 256"),
        (sdp::offer(&description()).replace("a=ice-pwd:", "a=ice-pwd:é"), "ice-pwd is not 22 to 256"),
        (format!("v=0\n{}", "a=x\n".repeat(70_000)), "256 are read"),
    ] {
        let why = pasted::read(&text).expect_err(&text).0;
        assert!(why.contains(part), "{text:.60}: {why}");
        assert!(!why.contains('\n') && why.len() < 300, "{why}");
    }
}

#[test]
fn a_browsers_offer_is_read_from_its_first_section() {
    for text in [CHROMIUM.to_owned(), CHROMIUM.replace("\r\n", "\n")] {
        let read = sdp::read(&text).unwrap();
        let Description { role, ufrag, pwd, candidates, complete, .. } = read.description;
        assert_eq!((role, ufrag.as_str(), pwd.as_str()), (Part::Offer, "4ZcD", "2/1muCWoOi3uLifh0NuRHlRQ"));
        assert_eq!(candidates.len(), 2);
        assert!(candidates[0].ends_with("typ host generation 0 network-cost 999"));
        assert!(!complete, "it trickles");
        assert_eq!(read.sections.iter().map(|section| section.bundled).collect::<Vec<_>>(), [true, true]);
    }
}

#[test]
fn an_answer_matches_the_offer_section_by_section() {
    let mut offered = sdp::read(CHROMIUM).unwrap().sections;
    let answer = Description { role: Part::Answer, ..description() };
    let text = sdp::answer(&answer, &offered);
    let media: Vec<&str> = text.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(media[0], "m=audio 61234 UDP/TLS/RTP/SAVPF 111 63", "the default candidate is the relayed one");
    assert_eq!(media[1], "m=application 9 UDP/DTLS/SCTP webrtc-datachannel");
    for (part, times) in
        [("group:BUNDLE 0 1", 1), ("rtpmap:111 opus/48000/2", 1), ("setup:active", 2), ("inactive", 1), ("rtcp-mux", 1)]
    {
        assert_eq!(text.matches(&format!("a={part}\r\n")).count(), times, "{part}\n{text}");
    }
    assert_eq!(text.matches("a=candidate:").count(), 4);
    offered[1].bundled = false;
    let text = sdp::answer(&answer, &offered);
    assert!(text.contains("m=application 0 UDP/DTLS/SCTP webrtc-datachannel") && text.contains("a=group:BUNDLE 0\r\n"));
    // What the other side wrote cannot become a line of its own.
    offered[0].codecs.push("rtpmap:1 x\r\na=candidate:evil".into());
    assert!(!sdp::answer(&answer, &offered).contains("\na=candidate:evil"));
}

#[test]
fn keys_may_stand_for_the_whole_session_and_a_lite_agent_says_so() {
    let text = "v=0\no=- 1 1 IN IP4 1.2.3.4\ns=-\nt=0 0\na=ice-lite\na=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901\n\
        m=video 0 RTP/AVP 96\na=candidate:9 1 udp 1 192.0.2.9 9 typ host\n\
        m=audio 5000 RTP/SAVPF 0\na=candidate:1 1 UDP 2130706431 192.0.2.1 5000 typ host\na=setup:passive\n";
    let read = sdp::read(text).unwrap().description;
    assert!(read.lite && read.complete, "who does not trickle has said all");
    assert_eq!((read.role, read.ufrag.as_str(), read.candidates.len()), (Part::Answer, "abcd", 1));
    assert!(read.candidates[0].contains("192.0.2.1"), "a rejected section does not count");
}

#[test]
fn a_flood_of_candidates_is_cut_and_counted() {
    let flood = "a=candidate:1 1 udp 1 192.0.2.1 1 typ host\n".repeat(1000);
    let read = sdp::read(&format!("{}{flood}", sdp::offer(&description()))).unwrap();
    assert_eq!((read.description.candidates.len(), read.left_out), (CANDIDATES, 1004 - CANDIDATES));
}

#[test]
fn a_line_that_unpacks_without_end_is_refused() {
    use base64::Engine as _;
    use std::io::Write as _;
    let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&vec![0; 10_000_000]).unwrap();
    let mut body = vec![0x80];
    body.extend(packed.finish().unwrap());
    let mut bytes = vec![(body.len() & 0x7f) as u8 | 0x80, (body.len() >> 7) as u8];
    bytes.extend(&body);
    bytes.extend(crc32fast::hash(&body).to_be_bytes());
    let code = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    assert!(line::read(&code).unwrap_err().0.contains("not one that this version can read"));
}

proptest! {
    #[test]
    fn any_description_comes_back_from_its_line(
        ufrag in "[A-Za-z0-9+/]{4,32}",
        pwd in "[A-Za-z0-9+/]{22,40}",
        candidates in proptest::collection::vec(
            prop_oneof![
                "candidate:[0-9]{1,12} [1-9] (udp|tcp) [0-9]{1,9} (192\\.0\\.2\\.[1-9]|2001:db8::[1-9a-f]|[a-f0-9]{4}\\.local) [0-9]{1,4} typ (host|srflx|prflx|relay)( raddr (0\\.0\\.0\\.0|::) rport [0-9])?( tcptype (active|passive|so))?( generation 0)?( ufrag [a-z]{4})?",
                "candidate:[ -~]{0,60}",
            ],
            0..8,
        ),
        (lite, complete, echo, is_answer) in any::<(bool, bool, bool, bool)>(),
        agent in proptest::option::of("[ -~é]{0,20}"),
        answers in proptest::option::of("[A-Za-z0-9+/]{4,8}"),
    ) {
        let role = if is_answer { Part::Answer } else { Part::Offer };
        let description = Description { role, ufrag, pwd, lite, candidates, complete, agent, echo, answers };
        let line = line::write(&description);
        prop_assert_eq!(&pasted::read(&line).unwrap().description, &description);
        let json = Message::Description(description.clone()).to_line();
        prop_assert_eq!(&pasted::read(&json).unwrap().description, &description);
        for end in 10..line.len() - 1 {
            prop_assert!(pasted::read(&line[..end]).is_err());
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        for start in ["", "v=0\n", "v=0\nm=", "rtcprobe1:", "{\"type\":\"offer\",\"sdp\":\"", "v=0\na=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901\nm=a 1 b c\n"] {
            let text = format!("{start}{text}");
            let _ = pasted::goes_on(&text);
            if let Ok(read) = pasted::read(&text) {
                let written = pasted::write(&read.description, Form::Sdp, &read.sections);
                prop_assert!(written.starts_with("v=0"));
            }
        }
    }

    #[test]
    fn any_bytes_behind_the_prefix_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..80)) {
        use base64::Engine as _;
        // With a right length and a right sum, so that what is inside is looked at.
        let mut bytes = vec![body.len() as u8];
        bytes.extend(&body);
        bytes.extend(crc32fast::hash(&body).to_be_bytes());
        let _ = line::read(&base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes));
    }

    #[test]
    fn sdp_lines_in_any_order_never_harm(lines in proptest::collection::vec(
        prop_oneof![
            "m=(audio|video|application) [0-9]{1,6} [A-Z/]{1,9} [0-9 ]{0,9}",
            "a=(candidate|ice-ufrag|ice-pwd|mid|group:BUNDLE|setup|rtpmap|bundle-only|ice-lite|end-of-candidates)[: ]?[ -~]{0,30}",
            "[a-z]=[ -~]{0,20}",
        ], 0..40)) {
        let text = format!("v=0\n{}", lines.join("\n"));
        if let Ok(read) = sdp::read(&text) {
            let again = sdp::read(&sdp::answer(&read.description, &read.sections)).unwrap();
            prop_assert_eq!(again.description.ufrag, read.description.ufrag);
            prop_assert_eq!(again.sections.len(), read.sections.len());
        }
    }
}
