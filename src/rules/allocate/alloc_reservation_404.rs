use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Clients that want two neighbouring ports, for RTP and RTCP, do not get the second. Browsers
    /// carry both over one port and never ask.
    ///
    /// # How it is told apart
    ///
    /// 404 to an Allocate request with the RESERVATION-TOKEN that the server gave a moment before.
    /// A balancer that hands the two requests to two servers does the same.
    ///
    /// # What to do
    ///
    /// Use rtcp-mux in the client, or give the balancer affinity.
    ///
    /// # References
    ///
    /// RFC 8656 section 7.2; RFC 5761
    "alloc-reservation-404", Info, "A reserved port is not to be had", check,
    like ["lb-no-affinity"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let mut options = turn.options.iter().enumerate();
        let (number, option) =
            options.find(|(_, option)| option.name == "reservation-token" && option.error_code == Some(404))?;
        let detail = format!("{} gives a token for a port and does not know it afterwards.", contact.url.host);
        let fix = "Use rtcp-mux in the client; with a balancer, balance by the client's address.";
        let says = option.detail.clone().unwrap_or_else(|| "404".to_string());
        Some(Diagnosis::of(contact, detail).fact(format!("{at}/options/{number}"), says).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}
