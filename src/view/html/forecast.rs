//! With whom a direct path can be made, as a table of the other side's behaviour.

use crate::report::nat::{Behaviour, Path, Reach};
use crate::view::escape::xml;

const BEHAVIOURS: [Behaviour; 4] =
    [Behaviour::None, Behaviour::EndpointIndependent, Behaviour::AddressDependent, Behaviour::AddressAndPortDependent];

pub fn table(direct: &[Reach]) -> String {
    if direct.is_empty() {
        return String::new();
    }
    let used = |of: fn(&Reach) -> Behaviour| -> Vec<Behaviour> {
        BEHAVIOURS.into_iter().filter(|behaviour| direct.iter().any(|reach| of(reach) == *behaviour)).collect()
    };
    let (mappings, filterings) = (used(|reach| reach.mapping), used(|reach| reach.filtering));
    let headings: String =
        filterings.iter().map(|filtering| format!("<th scope=\"col\">{}</th>", filtering.as_str())).collect();
    let mut out = format!(
        "<h2>Direct path to somebody behind …</h2>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Forecast\">\n\
         <table class=\"forecast\">\n<thead><tr><th scope=\"col\">their mapping ↓ filtering →</th>{headings}</tr></thead>\n<tbody>\n"
    );
    for mapping in &mappings {
        out.push_str(&format!("<tr><th scope=\"row\">{}</th>", mapping.as_str()));
        for filtering in &filterings {
            let found = direct.iter().find(|reach| (reach.mapping, reach.filtering) == (*mapping, *filtering));
            let (class, text) = match found.map(|reach| reach.outcome) {
                Some(Path::Direct) => ("good", "✓ direct"),
                Some(Path::DirectIfLucky) => ("doubtful", "! if lucky"),
                Some(Path::Relay) => ("bad", "✗ relay"),
                Some(Path::Unknown) => ("open", "? unknown"),
                None => ("open", ""),
            };
            out.push_str(&format!("<td class=\"{class}\">{}</td>", xml(text)));
        }
        out.push_str("</tr>\n");
    }
    out + "</tbody>\n</table>\n</div>\n<p class=\"soft\">A forecast for the ports that were tried; ICE decides.</p>\n"
}
