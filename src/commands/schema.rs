use clap::{Args, ValueEnum};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, json_schema};

use super::stop::Stop;
use crate::archive::compare::Comparison;
use crate::archive::merge::Merged;
use crate::report::{Event, Report};
use crate::view::jsonl::Last;
use crate::view::ui::Ui;

/// Print the JSON Schema of the report, or of something else that is printed as JSON
#[derive(Debug, Clone, Args)]
pub struct SchemaArgs {
    /// Print the schema of a line of --output jsonl instead
    #[arg(long, env = "RTCPROBE_EVENTS", value_parser = super::flag::parse)]
    pub events: bool,
    /// What to print the schema of
    #[arg(long, value_enum, value_name = "WHAT", env = "RTCPROBE_OF", default_value_t)]
    pub of: Of,
}

/// A JSON document that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Of {
    /// The report: --json, report convert, report redact
    #[default]
    Report,
    /// A line of --output jsonl; the same as --events
    Events,
    /// What report diff --output json prints
    Diff,
    /// What report merge --output json prints
    Merge,
}

pub fn run(args: &SchemaArgs, ui: &mut Ui) -> Result<u8, Stop> {
    let schema = match args.of {
        _ if args.events => events(),
        Of::Report => root::<Report>(),
        Of::Events => events(),
        Of::Diff => root::<Comparison>(),
        Of::Merge => root::<Merged>(),
    };
    ui.answer(&format!("{:#}\n", schema.as_value()));
    Ok(super::exit::OK)
}

/// A line is an event, or the report at the end.
fn events() -> Schema {
    let mut generator = settings().into_generator();
    let event = generator.subschema_for::<Event>();
    let last = generator.subschema_for::<Last>();
    let definitions = generator.take_definitions(true);
    json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Line",
        "description": "A line of `--output jsonl`.",
        "oneOf": [event, last],
        "$defs": definitions,
    })
}

fn root<T: JsonSchema>() -> Schema {
    settings().into_generator().into_root_schema_for::<T>()
}

/// What is written, as opposed to what would be accepted: a field that may be null is still there.
fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().for_serialize()
}
