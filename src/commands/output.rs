use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::judge;
use super::stop::{Stop, usage};
use super::telling::Telling;
use crate::archive::redact::{Redactor, Scope};
use crate::report::{Event, Report};
use crate::view::format::{self, Format};
use crate::view::style::Style;
use crate::view::ui::{ColorWhen, Ui, Wishes};
use crate::view::{github, jsonl, nagios, prometheus};

mod wanted;

pub use wanted::{Several, Wanted};

/// How the answer is given; shared by every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Print the report as one JSON document, the same as --output json
    #[arg(long, env = "RTCPROBE_JSON", value_parser = super::flag::parse)]
    pub json: bool,
    /// How to give the answer, and the file to write it to; repeat for several at once, such as
    /// --output text --output json=report.json
    #[arg(long, value_name = "FORMAT[=FILE]", env = "RTCPROBE_OUTPUT", value_parser = wanted::Reader)]
    pub output: Vec<Several>,
    /// Run as a plugin of Nagios or Icinga: one line on stdout, and exit codes 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
    #[arg(long, env = "RTCPROBE_NAGIOS", value_parser = super::flag::parse)]
    pub nagios: bool,
    /// Put pseudonyms in place of addresses and of the names of hosts, users and interfaces: consistent ones that keep
    /// family, class and who is who. The answer comes at the end then, and nothing but errors on stderr; --pcap and
    /// --trace do not go with it [default without a value: addresses,names]
    #[arg(long, value_enum, value_name = "WHAT", env = "RTCPROBE_REDACT", value_delimiter = ',')]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "addresses,names")]
    pub redact: Vec<Private>,
    /// Write the answer that has no file of its own to this one, whole or not at all
    #[arg(short = 'o', long, value_name = "FILE", env = "RTCPROBE_OUTPUT_FILE")]
    pub output_file: Option<PathBuf>,
    #[command(flatten)]
    pub talk: TalkArgs,
}

/// What is replaced by pseudonyms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Private {
    /// IP addresses, and what is computed from them
    Addresses,
    /// Hosts, users, interfaces, realms, certificates
    Names,
}

/// How much is said besides the answer; shared by every command that takes a while.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct TalkArgs {
    /// Print the answer only: no notes, no warnings, no progress; of check, only the findings' codes
    #[arg(short, long, env = "RTCPROBE_QUIET", value_parser = super::flag::parse, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more on stderr about what happens
    #[arg(short, long, action = clap::ArgAction::Count, env = "RTCPROBE_VERBOSE")]
    pub verbose: u8,
    /// When to use colour
    #[arg(long, value_enum, value_name = "WHEN", env = "RTCPROBE_COLOR", default_value_t)]
    pub color: ColorWhen,
    /// Never show what is being waited for
    #[arg(long, env = "RTCPROBE_NO_PROGRESS", value_parser = super::flag::parse)]
    pub no_progress: bool,
}

/// The answers of a run, each in its shape and at its place. A command begins them, tells them every
/// event, and ends them with its report.
#[derive(Debug, Default)]
pub struct Outputs {
    /// The subcommand.
    command: &'static str,
    /// What goes to stdout, or to the file of -o.
    main: Option<Format>,
    /// The file of -o.
    main_file: Option<PathBuf>,
    files: Vec<(Format, PathBuf)>,
    /// What has to be there for jsonl in a file.
    events: Vec<Event>,
    telling: Telling,
    /// Exit codes are those of a plugin.
    nagios: bool,
    /// Of the text, the codes of the findings only.
    codes: bool,
    /// What is replaced by pseudonyms.
    redact: Option<Scope>,
}

impl OutputArgs {
    /// What is wanted where.
    pub fn outputs(&self, command: &'static str) -> Result<Outputs, Stop> {
        let flags = [("--json", self.json, Format::Json), ("--nagios", self.nagios, Format::Nagios)];
        let flags = flags.into_iter().filter(|(_, given, _)| *given);
        let flags = flags.map(|(flag, _, format)| (flag.to_string(), Wanted { format, file: None }));
        let named = self.output.iter().flat_map(|several| &several.0);
        let named = named.map(|wanted| (format!("--output {}", wanted.format.name()), wanted.clone()));
        let mut outputs = Outputs {
            command,
            nagios: self.nagios,
            redact: self.scope(),
            codes: self.talk.quiet && command == "check",
            main_file: self.output_file.clone(),
            ..Outputs::default()
        };
        let mut main: Option<(String, Format)> = None;
        for (option, wanted) in flags.chain(named) {
            match (&wanted.file, &main) {
                (Some(file), _) => outputs.add_file(wanted.format, file)?,
                (None, Some((other, format))) if *format != wanted.format => {
                    let name = wanted.format.name();
                    return usage(format!(
                        "{other} and {option} both go to stdout; give one of them a file, such as --output {name}=FILE"
                    ));
                }
                (None, _) => main = Some((option, wanted.format)),
            }
        }
        outputs.main = match main {
            Some((_, format)) => Some(format),
            None => self.output.is_empty().then_some(Format::Text),
        };
        match (&self.output_file, outputs.main) {
            (Some(file), None) => {
                usage(format!("-o {}: every --output has a file of its own already; leave -o out", file.display()))
            }
            (Some(file), Some(_)) if outputs.files.iter().any(|(_, other)| other == file) => {
                usage(format!("{}: two answers cannot go to one file", file.display()))
            }
            _ => Ok(outputs),
        }
    }

    /// What is to be replaced by pseudonyms.
    fn scope(&self) -> Option<Scope> {
        let has = |what| self.redact.contains(&what);
        let scope = Scope { addresses: has(Private::Addresses), names: has(Private::Names) };
        (!self.redact.is_empty()).then_some(scope)
    }

    /// Nothing is said about how the answer is to be given.
    pub fn is_default(&self) -> bool {
        !self.json && !self.nagios && self.output.is_empty()
    }

    /// What the terminal is to be like. Checks that files can be written where some are wanted.
    pub fn wishes(&self) -> Result<Wishes, Stop> {
        let file = self.output_file.clone().filter(|path| path.as_os_str() != "-");
        if let Some(path) = &file {
            check(path, "-o")?;
        }
        for wanted in self.output.iter().flat_map(|several| &several.0) {
            if let Some(path) = &wanted.file {
                check(path, &format!("--output {}=", wanted.format.name()))?;
            }
        }
        Ok(Wishes { file, private: !self.redact.is_empty(), ..self.talk.wishes() })
    }
}

/// That a file can be there.
fn check(path: &Path, option: &str) -> Result<(), Stop> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let space = if option.ends_with('=') { "" } else { " " };
    match folder.is_some_and(|folder| !folder.is_dir()) || path.is_dir() {
        true => usage(format!("{option}{space}{}: there is no such folder, or it is a folder itself", path.display())),
        false => Ok(()),
    }
}

/// A report in a shape, for a file or for stdout.
fn drawn(report: &Report, format: Format, file: Option<&Path>, style: &Style, verbose: bool) -> String {
    match format {
        Format::Prometheus => prometheus::text(report, file.filter(|file| file.as_os_str() != "-")),
        format => format::render(report, format, style, verbose),
    }
}

impl Outputs {
    fn add_file(&mut self, format: Format, file: &Path) -> Result<(), Stop> {
        if self.files.iter().any(|(_, other)| other == file) {
            return usage(format!("{}: two answers cannot go to one file", file.display()));
        }
        self.files.push((format, file.to_path_buf()));
        Ok(())
    }

    /// The same where stdout is taken: the text goes elsewhere, or nowhere, and any other answer needs a file.
    pub fn beside_stdout(mut self, silent: bool, in_file: bool) -> Result<Outputs, Stop> {
        match self.main {
            Some(Format::Text) if silent => self.main = None,
            Some(format) if format != Format::Text && !in_file => {
                let name = format.name();
                return usage(format!(
                    "standard output carries what the other side is to read; give the report a file, such as \
                     --output {name}=FILE"
                ));
            }
            _ => {}
        }
        Ok(self)
    }

    /// Shows what stands above everything else.
    pub fn begin(&self, demo: Option<&str>, ui: &mut Ui) {
        if self.main == Some(Format::Text) && !self.codes && self.redact.is_none() {
            ui.answer(&format::opening(self.command, demo, &ui.style));
        }
    }

    /// Shows what was learned the moment it was, where that is wanted.
    pub fn learn(&mut self, event: &Event, ui: &mut Ui) {
        let lines = self.files.iter().any(|(format, _)| *format == Format::Jsonl);
        if lines || (self.redact.is_some() && self.main == Some(Format::Jsonl)) {
            self.events.push(event.clone());
        }
        if self.redact.is_some() {
            return;
        }
        self.telling.learn(event, ui);
        match self.main {
            Some(Format::Text) => ui.answer(&format::live(self.command, event, &ui.style)),
            Some(Format::Jsonl) => ui.answer(&jsonl::event(event)),
            _ => {}
        }
    }

    /// Gives every answer that was not given live.
    pub fn end(&self, report: &Report, ui: &mut Ui) {
        if self.redact.is_some() {
            self.whole(report, ui);
            return;
        }
        match self.main {
            Some(Format::Text) if self.codes => ui.answer(&format::codes(report)),
            Some(Format::Text) => {
                let closing = format::closing(report, &ui.style, ui.verbose > 0);
                ui.answer(&closing);
            }
            Some(main) => {
                let text = drawn(report, main, self.main_file.as_deref(), &ui.style, ui.verbose > 0);
                ui.answer(&text);
            }
            None => {}
        }
        self.files(report, &self.events, ui);
    }

    /// Gives every answer when none was given live.
    pub fn whole(&self, report: &Report, ui: &mut Ui) {
        let Some(scope) = self.redact else { return self.all(report, &self.events, ui) };
        let mut redactor = Redactor::new(scope);
        redactor.learn(report);
        self.events.iter().for_each(|event| redactor.learn(event));
        let events: Option<Vec<Event>> = self.events.iter().map(|event| redactor.replace(event)).collect();
        match (redactor.replace(report), events) {
            (Some(report), Some(events)) => self.all(&report, &events, ui),
            _ => ui.fail("the report cannot be redacted, so nothing of it is given"),
        }
    }

    fn all(&self, report: &Report, events: &[Event], ui: &mut Ui) {
        if let Some(main) = self.main {
            if main == Format::Jsonl {
                events.iter().for_each(|event| ui.answer(&jsonl::event(event)));
            }
            let text = match main {
                Format::Text if self.codes => format::codes(report),
                main => drawn(report, main, self.main_file.as_deref(), &ui.style, ui.verbose > 0),
            };
            ui.answer(&text);
        }
        self.files(report, events, ui);
    }

    fn files(&self, report: &Report, events: &[Event], ui: &mut Ui) {
        let verbose = ui.verbose > 0;
        let github =
            self.main == Some(Format::Github) || self.files.iter().any(|(format, _)| *format == Format::Github);
        if let (true, Some(page)) = (github, ui.job_summary.clone()) {
            ui.append(page, github::summary(report));
        }
        for (format, path) in &self.files {
            let mut text = String::new();
            if *format == Format::Jsonl {
                events.iter().for_each(|event| text.push_str(&jsonl::event(event)));
            }
            text.push_str(&drawn(report, *format, Some(path), &Style::PLAIN, verbose));
            ui.keep(path.clone(), text);
        }
    }

    /// The exit code that a report leads to.
    pub fn code(&self, report: &Report, strict: bool) -> u8 {
        self.plugin_code(report).unwrap_or_else(|| judge::code(report, strict))
    }

    /// The exit code of a plugin, where one is wanted.
    pub fn plugin_code(&self, report: &Report) -> Option<u8> {
        self.nagios.then(|| nagios::code(report))
    }
}

impl TalkArgs {
    pub fn wishes(&self) -> Wishes {
        Wishes {
            color: self.color,
            quiet: self.quiet,
            verbose: self.verbose,
            no_progress: self.no_progress,
            file: None,
            private: false,
        }
    }
}
