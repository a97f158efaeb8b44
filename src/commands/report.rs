mod source;

use clap::{Args, Subcommand, ValueEnum};

use super::exit;
use super::output::{OutputArgs, Private, TalkArgs};
use super::stop::{Stop, usage};
use crate::archive::compare::{Meaning, compare};
use crate::archive::merge::merge;
use crate::report::Report;
use crate::view::ui::{Ui, Wishes};
use crate::view::{differences, merged};

/// Show, convert, compare or merge saved reports
///
/// A report is what --json or --output json=FILE wrote, or the lines of --output jsonl; packed by gzip or not.
/// A file can be - for standard input.
#[derive(Debug, Clone, Args)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct ReportArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Subcommand)]
enum What {
    /// Print the text that the run printed
    Show(OneArgs),
    /// Give the report in other shapes, such as --output html=report.html
    Convert(OneArgs),
    /// Print the report with pseudonyms in place of addresses and names; --redact=addresses or --redact=names for only those
    Redact(OneArgs),
    /// Say what got better or worse from one report to another; exit code 1 when something got worse
    Diff(DiffArgs),
    /// Lay several reports side by side: who sees what
    Merge(MergeArgs),
}

#[derive(Debug, Clone, Args)]
pub struct OneArgs {
    /// The report
    #[arg(value_name = "FILE")]
    file: String,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Clone, Args)]
pub struct DiffArgs {
    /// The report to compare with
    #[arg(value_name = "BEFORE")]
    before: String,
    /// The report that is compared
    #[arg(value_name = "AFTER")]
    after: String,
    #[command(flatten)]
    shape: ShapeArgs,
}

#[derive(Debug, Clone, Args)]
pub struct MergeArgs {
    /// The reports
    #[arg(value_name = "FILE", required = true, num_args = 1..)]
    files: Vec<String>,
    #[command(flatten)]
    shape: ShapeArgs,
}

/// What is not a report itself comes in fewer shapes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
struct ShapeArgs {
    /// How to print the answer
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    output: Shape,
    /// Write the answer to a file, whole or not at all
    #[arg(short = 'o', long, value_name = "FILE")]
    output_file: Option<std::path::PathBuf>,
    #[command(flatten)]
    talk: TalkArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Shape {
    /// For people
    #[default]
    Text,
    /// One JSON document
    Json,
    /// A page to paste into a ticket
    Markdown,
}

/// More reports than this are no table any more.
const MOST: usize = 100;

impl ReportArgs {
    /// What the terminal is to be like.
    pub fn wishes(&self) -> Result<Wishes, Stop> {
        match &self.what {
            What::Show(args) | What::Convert(args) | What::Redact(args) => args.output.wishes(),
            What::Diff(DiffArgs { shape, .. }) | What::Merge(MergeArgs { shape, .. }) => shape.wishes(),
        }
    }
}

impl ShapeArgs {
    fn wishes(&self) -> Result<Wishes, Stop> {
        let output =
            OutputArgs { output_file: self.output_file.clone(), talk: self.talk.clone(), ..OutputArgs::default() };
        output.wishes()
    }
}

pub fn run(args: &ReportArgs, ui: &mut Ui) -> Result<u8, Stop> {
    match &args.what {
        What::Show(args) => show(args, ui),
        What::Convert(args) => convert(args, ui),
        What::Redact(args) => redact(args, ui),
        What::Diff(args) => diff(args, ui),
        What::Merge(args) => table(args, ui),
    }
}

fn show(args: &OneArgs, ui: &mut Ui) -> Result<u8, Stop> {
    let outputs = args.output.outputs("report")?;
    let report = source::read(&args.file)?;
    outputs.whole(&report, ui);
    Ok(outputs.plugin_code(&report).unwrap_or(exit::OK))
}

fn convert(args: &OneArgs, ui: &mut Ui) -> Result<u8, Stop> {
    if args.output.is_default() {
        return usage("convert needs to know into what: add --output FORMAT or --output FORMAT=FILE");
    }
    show(args, ui)
}

/// A report comes out again, unless another shape is asked for.
fn redact(args: &OneArgs, ui: &mut Ui) -> Result<u8, Stop> {
    let mut args = args.clone();
    args.output.json |= args.output.is_default();
    if args.output.redact.is_empty() {
        args.output.redact = vec![Private::Addresses, Private::Names];
    }
    show(&args, ui)
}

fn diff(args: &DiffArgs, ui: &mut Ui) -> Result<u8, Stop> {
    if args.before == "-" && args.after == "-" {
        return usage("only one of the reports can come from standard input");
    }
    let (before, after) = (source::read(&args.before)?, source::read(&args.after)?);
    if !comparable(&before, &after) {
        return usage(format!(
            "{} is of {} and {} is of {}: they have nothing in common that could be compared",
            args.before, before.command, args.after, after.command
        ));
    }
    let comparison = compare(&before, &after);
    let (one, other) = ((args.before.as_str(), &before), (args.after.as_str(), &after));
    let style = ui.style;
    ui.answer(&match args.shape.output {
        Shape::Text => differences::text(&comparison, one, other, &style),
        Shape::Json => differences::json(&comparison),
        Shape::Markdown => differences::page(&comparison, one, other),
    });
    Ok(if comparison.count(Meaning::Worse) > 0 { exit::FAILED } else { exit::OK })
}

/// They asked the same, or at least about one thing in common.
fn comparable(before: &Report, after: &Report) -> bool {
    before.command == after.command
        || (before.gather.is_some() && after.gather.is_some())
        || (before.nat.is_some() && after.nat.is_some())
        || (!before.turn.is_empty() && !after.turn.is_empty())
}

fn table(args: &MergeArgs, ui: &mut Ui) -> Result<u8, Stop> {
    if args.files.len() > MOST {
        return usage(format!("{} reports are too many for a table; name {MOST} at most", args.files.len()));
    }
    if args.files.iter().filter(|file| *file == "-").count() > 1 {
        return usage("only one of the reports can come from standard input");
    }
    let mut reports = Vec::new();
    for file in &args.files {
        reports.push((file.clone(), source::read(file)?));
    }
    let merged = merge(&reports);
    let style = ui.style;
    ui.answer(&match args.shape.output {
        Shape::Text => merged::text(&merged, &style),
        Shape::Json => merged::json(&merged),
        Shape::Markdown => merged::page(&merged),
    });
    Ok(exit::OK)
}
