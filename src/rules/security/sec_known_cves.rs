use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// The server calls itself a coturn of a version for which advisories were published.
    ///
    /// # How it is told apart
    ///
    /// SOFTWARE names the version. That is a hint and no proof: distributions mend old versions without
    /// changing the name, and the name can be anything. The audit (`rtcprobe turn --audit`) tells what the
    /// server really permits.
    ///
    /// # What to do
    ///
    /// Look up the package's changelog for the numbers named here; update coturn where they are missing.
    /// Do not tell strangers the version:
    ///
    ///     no-software-attribute
    ///
    /// # References
    ///
    /// coturn's release notes and security advisories
    "sec-known-cves", Info, "The version that the server claims has published advisories", check,
    over ["sec-version-disclosed"]
}

/// From (inclusive) and to (exclusive), and what was published about it.
const ADVISORIES: [([u16; 4], [u16; 4], &str); 7] = [
    ([0, 0, 0, 0], [4, 5, 1, 3], "CVE-2020-4067 (memory in padding)"),
    ([0, 0, 0, 0], [4, 5, 2, 0], "CVE-2020-26262 (loopback peers by 0.0.0.0 and ::)"),
    ([4, 6, 3, 0], [4, 8, 0, 0], "CVE-2025-69217 (weak randomness)"),
    ([4, 4, 5, 3], [4, 9, 0, 0], "CVE-2026-27624 (forbidden peers by IPv4-mapped IPv6)"),
    ([0, 0, 0, 0], [4, 10, 0, 0], "CVE-2026-40613 (message length)"),
    ([0, 0, 0, 0], [4, 12, 0, 0], "GHSA-v8hj-2xx7-xmp5 (web admin)"),
    ([0, 0, 0, 0], [4, 13, 0, 0], "GHSA-4g7c-p5wg-j4hp (Redis)"),
];

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        // Whoever asks for an audit wants to know; for others it would be noise.
        let software = turn.software.as_deref().filter(|_| !turn.audit.is_empty())?;
        let version = coturn(software)?;
        let known = ADVISORIES.iter().filter(|(from, to, _)| *from <= version && version < *to);
        let known: Vec<&str> = known.map(|(_, _, what)| *what).collect();
        if known.is_empty() {
            return None;
        }
        let detail = format!(
            "The name suggests, and does not prove, that these concern it unless the package mends them: {}.",
            known.join(", ")
        );
        let fix = "Look for these numbers in the package's changelog; update coturn where they are missing.";
        Some(Diagnosis::of(contact, detail).fact(format!("{at}/software"), "names the version").fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

/// The version in `Coturn-4.6.1 'Gorst'`.
fn coturn(software: &str) -> Option<[u16; 4]> {
    let rest = software.strip_prefix("Coturn-")?;
    let number = rest.split(|c: char| c != '.' && !c.is_ascii_digit()).next()?;
    let mut version = [0; 4];
    for (place, part) in version.iter_mut().zip(number.split('.')) {
        *place = part.parse().ok()?;
    }
    Some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_out_of_the_name() {
        assert_eq!(coturn("Coturn-4.6.1 'Gorst'"), Some([4, 6, 1, 0]));
        assert_eq!(coturn("Coturn-4.5.1.3 'dan Eider'"), Some([4, 5, 1, 3]));
        assert_eq!(coturn("rtcprobe 0.1.0"), None);
        assert_eq!(coturn("Coturn-"), None);
    }
}
