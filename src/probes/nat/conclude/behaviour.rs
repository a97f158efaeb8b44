//! Mapping and filtering as words, from what was seen: pure functions.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::probes::nat::facts::{Control, Filter, Proof, Sighting};
use crate::report::nat::Behaviour::{
    AddressAndPortDependent as Apd, AddressDependent as Ad, EndpointIndependent as Ei,
};
use crate::report::nat::{Behaviour, Method};

/// What can be said of one behaviour.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Judged {
    /// What it may be; one when it is known.
    pub possible: Vec<Behaviour>,
    /// How it became known.
    pub method: Option<Method>,
    /// That it is right, from 0 to 1.
    pub confidence: Option<f64>,
    /// The same on every port; `None` when it was seen on one only.
    pub steady: Option<bool>,
    pub contradictions: Vec<String>,
}

impl Judged {
    pub(super) fn word(&self) -> Option<Behaviour> {
        match self.possible.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }
}

/// An answer that was read right is evidence; what remains is the chance that two random ports are
/// the same, and that the world changed meanwhile.
const SURE: f64 = 0.999;
/// The same for silence that a control could not back.
const UNBACKED: f64 = 0.95;

const METHODS: [Method; 3] = [Method::Rfc5780, Method::SeveralServers, Method::Turn];

/// The mapping behaviour (RFC 4787 §4.1), port by port and then together.
pub(super) fn mapping(sightings: &[Sighting]) -> Judged {
    let mut judged = Judged::default();
    let mut words = Vec::new();
    for (local, own) in by_port(sightings) {
        if own.len() < 2 {
            continue;
        }
        let (possible, odd) = of_port(local, &own);
        judged.contradictions.extend(odd);
        words.push((local, possible));
    }
    judged.possible = vec![Ei, Ad, Apd];
    for (_, possible) in &words {
        judged.possible.retain(|word| possible.contains(word));
    }
    let known: Vec<&(SocketAddr, Vec<Behaviour>)> = words.iter().filter(|(_, words)| words.len() == 1).collect();
    judged.steady = (known.len() > 1).then(|| known.iter().all(|(_, words)| *words == known[0].1));
    if judged.possible.is_empty() {
        judged.steady = Some(false);
        let each = known.iter().map(|(local, words)| format!("{} on port {}", name(words), local.port()));
        let text = format!("mapping is not the same on every port: {}", each.collect::<Vec<_>>().join(", "));
        judged.contradictions.push(text);
        judged.possible = [Ei, Ad, Apd].into_iter().filter(|w| known.iter().any(|(_, own)| own.contains(w))).collect();
        if judged.possible.len() < 2 {
            judged.possible = vec![Ei, Ad, Apd];
        }
    }
    if !judged.contradictions.is_empty() {
        // What contradicts itself is not known, even if only one word is left.
        if judged.possible.len() < 2 {
            judged.possible = vec![Ei, Ad, Apd];
        }
        return judged;
    }
    if let Some(word) = judged.word() {
        judged.method = METHODS.into_iter().find(|method| by_method(sightings, *method).contains(&word));
        judged.method = judged.method.or(Some(Method::Turn));
        judged.confidence = Some(SURE);
    }
    judged
}

/// What one method alone would say; empty unless it is one word.
fn by_method(sightings: &[Sighting], method: Method) -> Vec<Behaviour> {
    let use_it = |by: Method| match method {
        // The first address of a server with two is asked like any other.
        Method::Rfc5780 => by != Method::Turn,
        Method::SeveralServers => by == Method::SeveralServers,
        Method::Turn => true,
    };
    let own: Vec<Sighting> = sightings.iter().filter(|sighting| use_it(sighting.by)).copied().collect();
    if method == Method::Rfc5780 && !own.iter().any(|sighting| sighting.by == Method::Rfc5780) {
        return Vec::new();
    }
    let words: Vec<Vec<Behaviour>> = by_port(&own)
        .into_iter()
        .filter(|(_, own)| own.len() > 1)
        .map(|(local, own)| of_port(local, &own).0)
        .filter(|words| words.len() == 1)
        .collect();
    words.into_iter().next().unwrap_or_default()
}

fn by_port(sightings: &[Sighting]) -> BTreeMap<SocketAddr, Vec<Sighting>> {
    let mut ports: BTreeMap<SocketAddr, Vec<Sighting>> = BTreeMap::new();
    for sighting in sightings {
        ports.entry(sighting.local).or_default().push(*sighting);
    }
    ports
}

/// What the sightings of one port leave possible, and what does not fit.
fn of_port(local: SocketAddr, own: &[Sighting]) -> (Vec<Behaviour>, Vec<String>) {
    let mut odd = Vec::new();
    let mut places: BTreeMap<SocketAddr, SocketAddr> = BTreeMap::new();
    for sighting in own {
        let before = places.insert(sighting.to, sighting.mapped);
        if before.is_some_and(|before| before != sighting.mapped) {
            let Sighting { to, mapped, .. } = sighting;
            let before = before.unwrap_or(*mapped);
            odd.push(format!("port {} was {before} to {to}, and is {mapped} to it now", local.port()));
        }
    }
    let (mut same_ip, mut other_ip) = (Vec::new(), Vec::new());
    let list: Vec<(SocketAddr, SocketAddr)> = places.into_iter().collect();
    for (n, (to, mapped)) in list.iter().enumerate() {
        for (other, seen) in list.iter().skip(n + 1) {
            let pairs = if to.ip() == other.ip() { &mut same_ip } else { &mut other_ip };
            pairs.push(mapped == seen);
        }
    }
    if !odd.is_empty() {
        return (vec![Ei, Ad, Apd], odd);
    }
    let mixed = |pairs: &[bool]| pairs.contains(&true) && pairs.contains(&false);
    if mixed(&other_ip) || same_ip.contains(&false) && other_ip.contains(&true) || mixed(&same_ip) {
        let each: Vec<String> = list.iter().map(|(to, mapped)| format!("{mapped} to {to}")).collect();
        odd.push(format!("port {} is {}, which no rule explains", local.port(), each.join(", ")));
        return (vec![Ei, Ad, Apd], odd);
    }
    let possible = match (same_ip.first(), other_ip.first()) {
        (Some(false), _) => vec![Apd],
        (_, Some(true)) => vec![Ei],
        (Some(true), Some(false)) => vec![Ad],
        (None, Some(false)) => vec![Ad, Apd],
        (Some(true), None) => vec![Ei, Ad],
        (None, None) => vec![Ei, Ad, Apd],
    };
    (possible, odd)
}

/// The filtering behaviour (RFC 4787 §5). What got in is evidence; silence is evidence where the
/// control was not refuted.
pub(super) fn filtering(filters: &[Filter], controls: &[Control]) -> Judged {
    let mut judged = Judged { possible: vec![Ei, Ad, Apd], ..Judged::default() };
    let proof = |vantage: SocketAddr| {
        let mut own = controls.iter().filter(|control| control.vantage == vantage).map(|control| control.proof);
        let first = own.next()?;
        Some(own.fold(first, |best, next| if next == Proof::Proven { next } else { best }))
    };
    let usable =
        |filter: &&Filter| filter.arrived || matches!(proof(filter.vantage), Some(Proof::Proven | Proof::Plausible));
    let usable: Vec<&Filter> = filters.iter().filter(usable).collect();
    let relation = |filter: &Filter| filter.vantage.ip() == filter.talked.ip();
    let count = |same: bool, arrived: bool| {
        usable.iter().filter(|filter| relation(filter) == same && filter.arrived == arrived).count()
    };
    let (far, far_silent) = (count(false, true), count(false, false));
    let (near, near_silent) = (count(true, true), count(true, false));
    judged.possible = match (far > 0, far_silent > 0, near > 0, near_silent > 0) {
        (true, ..) => vec![Ei],
        (false, _, false, true) => vec![Apd],
        (false, true, true, _) => vec![Ad],
        (false, true, false, false) => vec![Ad, Apd],
        (false, false, true, _) => vec![Ei, Ad],
        (false, false, false, false) => vec![Ei, Ad, Apd],
    };
    let mixed = far > 0 && far_silent + near_silent > 0 || near > 0 && near_silent > 0;
    if mixed {
        judged.contradictions.push(format!(
            "of what came from elsewhere {far} of {} tests got in, of what came from another port {near} of {}",
            far + far_silent,
            near + near_silent
        ));
    }
    judged.steady = (far + far_silent > 1 || near + near_silent > 1).then_some(!mixed);
    if let Some(word) = judged.word() {
        let decides = |filter: &&&Filter| match word {
            Ei => filter.arrived && !relation(filter),
            Ad => !filter.arrived && !relation(filter) || filter.arrived && relation(filter),
            _ => !filter.arrived && relation(filter),
        };
        let methods: Vec<Method> = usable.iter().filter(decides).map(|filter| filter.method).collect();
        judged.method = METHODS.into_iter().find(|method| methods.contains(method));
        judged.confidence = Some(confidence(&usable, word, |filter| proof(filter.vantage)));
    }
    judged
}

/// Silence on several ports is nothing but loss only if it was on all of them.
fn confidence(usable: &[&Filter], word: Behaviour, proof: impl Fn(&Filter) -> Option<Proof>) -> f64 {
    let silent: Vec<&&Filter> = match word {
        Ei => return SURE,
        Ad => usable.iter().filter(|filter| !filter.arrived && filter.vantage.ip() != filter.talked.ip()).collect(),
        _ => usable.iter().filter(|filter| !filter.arrived && filter.vantage.ip() == filter.talked.ip()).collect(),
    };
    let doubt: f64 = silent.iter().map(|filter| filter.doubt).product();
    let backed = silent.iter().any(|filter| proof(filter) == Some(Proof::Proven));
    let sure = if backed { SURE } else { UNBACKED };
    ((1.0 - doubt) * sure * 1e4).round() / 1e4
}

/// The word, for sentences.
fn name(words: &[Behaviour]) -> &'static str {
    match words {
        [Ei] => "endpoint-independent",
        [Ad] => "address-dependent",
        [Apd] => "address- and port-dependent",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    /// Port 5000 or another, seen from there as that public port.
    fn seen(local: u16, to: &str, mapped: u16, by: Method) -> Sighting {
        let local = SocketAddr::from(([10, 0, 0, 2], local));
        let mapped = SocketAddr::from(([203, 0, 113, 7], mapped));
        Sighting { local, to: at(to), mapped, plain: None, by }
    }

    fn plain(to: &str, mapped: u16) -> Sighting {
        seen(5000, to, mapped, Method::SeveralServers)
    }

    const A1: &str = "198.51.100.1:1";
    const A2: &str = "198.51.100.1:2";
    const B1: &str = "198.51.100.2:1";

    #[test]
    fn one_place_shows_nothing_and_two_what_they_differ_in() {
        assert_eq!(mapping(&[plain(A1, 1)]).possible, [Ei, Ad, Apd]);
        assert_eq!(mapping(&[plain(A1, 1), plain(B1, 1)]).possible, [Ei]);
        assert_eq!(mapping(&[plain(A1, 1), plain(B1, 2)]).possible, [Ad, Apd]);
        assert_eq!(mapping(&[plain(A1, 1), plain(A2, 1)]).possible, [Ei, Ad]);
        assert_eq!(mapping(&[plain(A1, 1), plain(A2, 2)]).possible, [Apd]);
        assert_eq!(mapping(&[plain(A1, 1), plain(A2, 1), plain(B1, 2)]).possible, [Ad]);
    }

    #[test]
    fn several_sockets_are_never_compared_with_each_other() {
        let other = seen(6000, B1, 9, Method::SeveralServers);
        assert_eq!(mapping(&[plain(A1, 1), other]).possible, [Ei, Ad, Apd]);
    }

    #[test]
    fn what_no_rule_explains_is_not_known() {
        for odd in [
            vec![plain(A1, 1), plain(A2, 2), plain(B1, 1)],
            vec![plain(A1, 1), plain(B1, 1), plain(A1, 2)],
            vec![plain(A1, 1), plain(B1, 2), plain("198.51.100.3:1", 1)],
        ] {
            let judged = mapping(&odd);
            assert_eq!((judged.word(), judged.method), (None, None), "{odd:?}");
            assert_eq!(judged.contradictions.len(), 1, "{odd:?}");
        }
    }

    #[test]
    fn two_ports_that_differ_are_a_contradiction() {
        let other = |to, mapped| seen(6000, to, mapped, Method::SeveralServers);
        let judged = mapping(&[plain(A1, 1), plain(B1, 1), other(A1, 7), other(A2, 8)]);
        assert_eq!((judged.word(), judged.steady), (None, Some(false)));
        assert_eq!(judged.possible, [Ei, Apd]);
    }

    #[test]
    fn the_strongest_method_that_knows_is_named() {
        let by = |by| [plain(A1, 1), seen(5000, B1, 1, by)];
        assert_eq!(mapping(&by(Method::Rfc5780)).method, Some(Method::Rfc5780));
        assert_eq!(mapping(&by(Method::SeveralServers)).method, Some(Method::SeveralServers));
        assert_eq!(mapping(&by(Method::Turn)).method, Some(Method::Turn));
    }

    fn filter(talked: &str, vantage: &str, arrived: bool) -> Filter {
        let (talked, vantage) = (at(talked), at(vantage));
        Filter { method: Method::Rfc5780, talked, vantage, arrived, doubt: 1e-4 }
    }

    fn control(vantage: &str, proof: Proof) -> Control {
        Control { vantage: at(vantage), proof }
    }

    #[test]
    fn silence_counts_only_where_a_control_backs_it() {
        let silent = [filter(A1, A2, false)];
        assert_eq!(filtering(&silent, &[]).possible, [Ei, Ad, Apd]);
        assert_eq!(filtering(&silent, &[control(A2, Proof::Refuted)]).possible, [Ei, Ad, Apd]);
        let plausible = filtering(&silent, &[control(A2, Proof::Plausible)]);
        let proven = filtering(&silent, &[control(A2, Proof::Proven)]);
        assert_eq!((plausible.word(), proven.word()), (Some(Apd), Some(Apd)));
        assert!(plausible.confidence < proven.confidence);
        // What got in needs no backing.
        assert_eq!(filtering(&[filter(A1, B1, true)], &[]).word(), Some(Ei));
    }

    #[test]
    fn what_got_in_outweighs_silence_and_is_a_contradiction() {
        let controls = [control(B1, Proof::Proven)];
        let judged = filtering(&[filter(A1, B1, true), filter(A1, B1, false)], &controls);
        assert_eq!((judged.word(), judged.steady), (Some(Ei), Some(false)));
        assert_eq!(judged.contradictions.len(), 1);
    }
}
