use clap::Args;

use super::stop::{Stop, usage};
use crate::rules::{BEYOND, Beyond, RULES, Rule, nearest};
use crate::view;
use crate::view::escape::visible;
use crate::view::ui::Ui;

/// Say what a finding means, how it is told from look-alikes, and how to fix it
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// The finding's code, such as relay-address-private; without one, all codes with their titles
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

pub fn run(args: &ExplainArgs, ui: &mut Ui) -> Result<u8, Stop> {
    let style = ui.style;
    let Some(code) = &args.code else {
        ui.answer(&view::explain::list(&style));
        return Ok(super::exit::OK);
    };
    let code = code.trim().to_lowercase();
    match (Rule::find(&code), Beyond::find(&code)) {
        (Some(rule), _) => ui.answer(&view::explain::page(rule, &style)),
        (None, Some(one)) => ui.answer(&view::explain::beyond(one, &style)),
        (None, None) => {
            let shown = visible(&code.chars().take(60).collect::<String>());
            return usage(format!("explain {shown}: {}", unknown_finding(&code)));
        }
    }
    Ok(super::exit::OK)
}

/// What to say of a code that there is not.
pub fn unknown_finding(code: &str) -> String {
    let codes = RULES.iter().map(|rule| rule.code).chain(BEYOND.iter().map(|one| one.code));
    match nearest(code, codes) {
        Some(meant) => format!("there is no such finding; did you mean {meant}?"),
        None => "there is no such finding; rtcprobe explain lists them all".into(),
    }
}
