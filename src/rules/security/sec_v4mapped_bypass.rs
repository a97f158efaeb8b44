use crate::report::Report;
use crate::rules::audit::allowed;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// What is denied as an IPv4 address is granted when it is written as an IPv6 one, so rules about
    /// peers do not hold.
    ///
    /// # How it is told apart
    ///
    /// A permission for an internal address in IPv4-mapped, NAT64, 6to4 or Teredo form is granted.
    /// coturn before 4.9.0 has the fault (CVE-2026-27624), some forms up to 4.13.1.
    ///
    /// # What to do
    ///
    /// Update coturn; until then, deny the forms:
    ///
    ///     denied-peer-ip=::ffff:0:0-::ffff:ffff:ffff
    ///
    /// # References
    ///
    /// RFC 4291 section 2.5.5.2; CVE-2026-27624; coturn: denied-peer-ip
    "sec-v4mapped-bypass", Error, "IPv4 addresses in IPv6 form slip past the server's rules", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    allowed(report, &["ipv4-mapped", "nat64", "6to4", "teredo"], |contact, peers| {
        (
            format!("{} permits the peers {peers}.", contact.ip()),
            "Update coturn to 4.13.1 or later; until then denied-peer-ip=::ffff:0:0-::ffff:ffff:ffff, or no IPv6 \
             relay."
                .into(),
        )
    })
}
