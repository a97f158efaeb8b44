//! What a demonstration says of itself.

use super::escape::visible;
use super::style::{Ink, Style};
use super::table::wrap;

/// That it is a demonstration, with an empty line below; nothing when it is none.
#[must_use]
pub fn notice(demo: Option<&str>, style: &Style) -> String {
    let Some(nat) = demo else { return String::new() };
    let nat = if nat == "none" { "no NAT in between".into() } else { format!("behind a simulated {nat} NAT") };
    let sentence = format!(
        "This is a demonstration: the servers run inside this command, on loopback, {}. Nothing leaves this machine.",
        visible(&nat)
    );
    wrap(style.width, 0, &sentence).iter().map(|line| style.paint(Ink::Bold, line) + "\n").collect::<String>() + "\n"
}
