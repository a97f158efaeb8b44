use std::net::SocketAddr;

use crate::report::{Cause, Report, Severity};
use crate::rules::{Contact, Diagnosis, contacts, each, rule};

rule! {
    /// # What it means
    ///
    /// A router with an application level gateway (SIP ALG) replaces addresses inside packets, and
    /// the signature no longer fits.
    ///
    /// # How it is told apart
    ///
    /// The answer's MESSAGE-INTEGRITY does not verify although the server accepted ours. A server
    /// that signs with another password looks the same; `turns:` works where a router is to blame. Or,
    /// without a signature: an answer gives our address twice, plain and masked, and the two differ,
    /// so somebody changed the plain one.
    ///
    /// # What to do
    ///
    /// Switch the ALG off in the router, or use `turns:`, which nothing on the way can change.
    ///
    /// # References
    ///
    /// RFC 8489 section 9.2.5; RFC 8489 section 14.2
    "sip-alg-rewrite", Error, "Something on the way seems to rewrite STUN", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let mut found = by_signature(report);
    match by_address(report) {
        Some(seen) => found.push(seen),
        None => found.extend(contacts(report).iter().filter_map(by_answer)),
    }
    found
}

/// The same, in the Binding answer of a check.
fn by_answer(contact: &Contact<'_>) -> Option<Diagnosis> {
    let (turn, at) = contact.turn.as_ref()?;
    let (masked, plain) = (turn.mapped.as_deref()?, turn.clues.mapped_plain.as_deref()?);
    let parsed = masked.parse::<SocketAddr>().ok().zip(plain.parse::<SocketAddr>().ok());
    parsed.filter(|(masked, plain)| masked != plain && masked.is_ipv4() == plain.is_ipv4())?;
    let detail = format!(
        "{} sees us as {masked}, and the plain copy of that in the same answer says {plain}: a router's ALG changes \
         addresses inside packets.",
        contact.place()
    );
    let diagnosis = Diagnosis::of(contact, detail)
        .fact(format!("{at}/clues/mappedPlain"), format!("MAPPED-ADDRESS {plain}"))
        .fact(format!("{at}/mapped"), format!("XOR-MAPPED-ADDRESS {masked}"))
        .fix(FIX);
    Some(diagnosis.at_most(Severity::Warning))
}

const FIX: &str = "Switch SIP ALG, and other application helpers, off in the router.";

/// MAPPED-ADDRESS and XOR-MAPPED-ADDRESS of one answer differ (RFC 5780 section 3.6).
fn by_address(report: &Report) -> Option<Diagnosis> {
    report.nat.as_ref().filter(|nat| nat.alg == Some(true))?;
    let detail = "Our address stood in an answer twice, plain and masked, and the two were not the same: a router's ALG \
                  changes addresses inside packets.";
    let diagnosis = Diagnosis::of_the_network(report, detail).fact("/nat/alg", "addresses are rewritten").fix(FIX);
    // What ICE uses is masked, and signed.
    Some(diagnosis.at_most(Severity::Warning))
}

fn by_signature(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::IntegrityFailed, |contact, trouble| {
        if !trouble.text.contains("does not verify") {
            return None;
        }
        let detail = format!(
            "The signature of an answer from {} does not fit: a router's ALG changes it, or the server signs \
             with another password.",
            contact.url.host
        );
        let fix = "Switch SIP ALG off in the router, or use turns:; if turns: fails the same way, the server is at \
                   fault.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}
