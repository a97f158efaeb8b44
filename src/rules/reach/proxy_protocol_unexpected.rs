use crate::report::{Report, StepName};
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// nginx or haproxy sends a PROXY protocol header to a port that does not expect one. coturn
    /// takes it for garbage and never answers.
    ///
    /// # How it is told apart
    ///
    /// TCP connects and stays silent at one port, while another TCP port of the same machine, or
    /// one URL of the same server, answers. A port that belongs to something else behaves the same.
    ///
    /// # What to do
    ///
    /// Switch the header off, or send it to the port that expects it:
    ///
    ///     tcp-proxy-port=5555
    ///     send-proxy-v2
    ///
    /// # References
    ///
    /// coturn: tcp-proxy-port
    "proxy-protocol-unexpected", Error, "A proxy in front of the server puts a header before what we send", check,
    over ["stream-silent"],
    like ["stream-silent"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let trouble = contact.mute().filter(|trouble| trouble.step != StepName::Tls && !contact.is_secure())?;
        let same = same_place(&all, contact);
        let direct = same
            .iter()
            .find(|other| !other.is_datagram() && other.port() != contact.port() && other.answered.is_some())?;
        let detail = format!(
            "{} takes the connection and answers nothing, {} answers: probably a PROXY header goes before what we send.",
            contact.place(),
            direct.place()
        );
        let fix = "Switch it off (nginx: proxy_protocol off; haproxy: without send-proxy), or set tcp-proxy-port=5555 \
                   in turnserver.conf and point the proxy there.";
        let proof = direct.answered.clone()?;
        let diagnosis = Diagnosis::by(contact, trouble, detail).fact(proof, format!("{} answers", direct.place()));
        Some(
            diagnosis
                .fix(fix)
                .suspected("the proxy's configuration (proxy_protocol, send-proxy), or tcpdump on the server"),
        )
    };
    all.iter().filter_map(say).collect()
}
