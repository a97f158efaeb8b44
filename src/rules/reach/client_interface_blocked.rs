use crate::report::{InterfaceKind, Report, Severity, Vantage};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// This machine has several ways out, and TURN works over one of them only. Browsers try all
    /// interfaces, so a call may still come about; it takes longer, and breaks when the way that works
    /// goes away.
    ///
    /// # How it is told apart
    ///
    /// With `--interface all` the checks are made again from the address of every other interface. The
    /// same URL works from one and does not from another, so it is not the server. Bridges of
    /// containers and virtual machines, which rarely lead anywhere, are remarked on only.
    ///
    /// # What to do
    ///
    /// Look where packets from that address go, and what filters them:
    ///
    ///     ip route get 203.0.113.9 from 10.8.0.2
    ///     ip rule
    ///
    /// # References
    ///
    /// RFC 8445 section 5.1.1.1; RFC 8828 section 5; RFC 6724
    "client-interface-blocked", Warning, "TURN works from one interface of this machine, not from another", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |(at, vantage): (usize, &Vantage)| {
        let same = |contact: &&Contact<'_>| {
            let turn = contact.turn.as_ref().map(|(turn, _)| turn);
            turn.is_some_and(|turn| turn.url == vantage.url && turn.address == vantage.address)
        };
        let contact = all.iter().find(same)?;
        let (turn, here) = contact.turn.as_ref()?;
        let Vantage { interface, local, .. } = vantage;
        let first = turn.local.as_deref().and_then(|local| local.rsplit_once(':')).map_or("", |(ip, _)| ip);
        let (works, works_not) = match (turn.works, vantage.works) {
            (Some(true), Some(false)) => (first.to_string(), format!("{interface} ({local})")),
            (Some(false), Some(true)) => (format!("{interface} ({local})"), first.to_string()),
            _ => return None,
        };
        let why = vantage.detail.as_deref().filter(|_| vantage.works == Some(false));
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        let detail = format!("{} works from {works}, and does not from {works_not}{why}.", contact.place());
        let from = if vantage.works == Some(false) { local.as_str() } else { first };
        let fix = format!(
            "ip route get {} from {from} shows where packets from there go; ip rule, and the firewall \
                           of that network, decide about them.",
            contact.ip()
        );
        let diagnosis = Diagnosis::of(contact, detail)
            .fact(format!("/vantages/{at}/works"), format!("{}", vantage.works == Some(true)))
            .fact(format!("{here}/works"), format!("{}", turn.works == Some(true)))
            .fix(fix);
        Some(if is_physical(report, interface) { diagnosis } else { diagnosis.at_most(Severity::Info) })
    };
    report.vantages.iter().enumerate().filter_map(say).collect()
}

fn is_physical(report: &Report, name: &str) -> bool {
    let kind = report.environment.interfaces.iter().find(|interface| interface.name == name).map(|one| one.kind);
    !matches!(
        kind,
        Some(
            InterfaceKind::Loopback | InterfaceKind::Container | InterfaceKind::VirtualMachine | InterfaceKind::Bridge
        )
    )
}
