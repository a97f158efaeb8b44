//! What a server allowed when it was asked for permissions.

use super::{Contact, Diagnosis, contacts};
use crate::report::Report;

/// One diagnosis for each server that allows peers of these classes.
pub(super) fn allowed(
    report: &Report,
    classes: &[&str],
    say: impl Fn(&Contact<'_>, &str) -> (String, String),
) -> Vec<Diagnosis> {
    let of = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let bad = turn.audit.iter().enumerate();
        let bad: Vec<_> =
            bad.filter(|(_, one)| one.outcome == "allowed" && classes.contains(&one.class.as_str())).collect();
        let mut peers: Vec<&str> = bad.iter().map(|(_, one)| one.peer.as_str()).collect();
        peers.dedup();
        if peers.is_empty() {
            return None;
        }
        let (detail, fix) = say(contact, &peers.join(", "));
        let mut diagnosis = Diagnosis::of(contact, detail).fix(fix);
        for (number, one) in bad {
            diagnosis = diagnosis.fact(format!("{at}/audit/{number}"), format!("permission for {} granted", one.peer));
        }
        Some(diagnosis)
    };
    contacts(report).iter().filter_map(of).collect()
}
