//! The only place that knows about terminals: where the answer goes, where the conversation goes,
//! and how both are drawn. Decided once from flags and surroundings, then handed down.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::progress::{Conversation, Progress, locked};
use super::style::{Ink, Style};

/// What is known about the terminal before any flag is read.
#[derive(Debug, Clone, Default)]
pub struct Terminal {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
    /// Columns and rows, as the terminal says.
    pub width: Option<usize>,
    pub height: Option<usize>,
    /// `COLUMNS`, `NO_COLOR`, `CLICOLOR_FORCE`, `FORCE_COLOR`, `TERM`, as they are set.
    pub columns: Option<String>,
    pub no_color: Option<String>,
    pub clicolor_force: Option<String>,
    pub force_color: Option<String>,
    pub term: Option<String>,
}

impl Terminal {
    /// Columns that standard error has, where it is a terminal.
    #[must_use]
    pub fn columns(&self) -> Option<usize> {
        self.width.filter(|_| self.stderr)
    }

    /// Its rows, likewise.
    #[must_use]
    pub fn rows(&self) -> Option<usize> {
        self.height.filter(|_| self.stderr)
    }
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`
    #[default]
    Auto,
    Always,
    Never,
}

/// What the flags say about output.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    pub color: ColorWhen,
    pub quiet: bool,
    pub verbose: u8,
    pub no_progress: bool,
    /// A file for the answer, in place of stdout.
    pub file: Option<PathBuf>,
    /// Nothing but errors on stderr: what is said there is not redacted.
    pub private: bool,
}

/// Where the answer and the conversation go.
pub struct Ui {
    answer: Answer,
    /// Standard output, when the answer goes to a file.
    stdout: Box<dyn Write + Send>,
    /// Further answers, written when all is known, each whole or not at all.
    files: Vec<(PathBuf, String)>,
    /// What is added to files that others write to as well.
    additions: Vec<(PathBuf, String)>,
    /// Where a job of GitHub Actions takes a page.
    pub job_summary: Option<PathBuf>,
    conversation: Conversation,
    /// What is known about the terminal.
    pub terminal: Terminal,
    /// How the answer is drawn.
    pub style: Style,
    /// How the conversation is drawn.
    pub aside: Style,
    pub quiet: bool,
    pub verbose: u8,
    /// What is shown is for strangers: nothing is told but the answer.
    pub private: bool,
    /// Why an answer could not be given.
    failure: Option<String>,
    progress_allowed: bool,
    progress: Option<Progress>,
}

enum Answer {
    Stream {
        to: Box<dyn Write + Send>,
        failed: Option<io::Error>,
    },
    /// Written when all is known, whole or not at all.
    File {
        path: PathBuf,
        text: String,
    },
}

impl Ui {
    #[must_use]
    pub fn new(terminal: &Terminal, wishes: Wishes, out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> Ui {
        let on_terminal = terminal.stdout && wishes.file.is_none();
        let width = width(terminal, on_terminal);
        Ui {
            terminal: terminal.clone(),
            style: Style { width, color: colorful(terminal, wishes.color, on_terminal) },
            aside: Style { width, color: colorful(terminal, wishes.color, terminal.stderr) },
            progress_allowed: terminal.stderr
                && terminal.term.as_deref() != Some("dumb")
                && !wishes.quiet
                && !wishes.private
                && !wishes.no_progress
                && wishes.verbose == 0,
            quiet: wishes.quiet || wishes.private,
            private: wishes.private,
            failure: None,
            verbose: wishes.verbose,
            stdout: Box::new(io::sink()),
            answer: Answer::Stream { to: out, failed: None },
            files: Vec::new(),
            additions: Vec::new(),
            job_summary: None,
            conversation: Arc::new(Mutex::new(err)),
            progress: None,
        }
        .answering_in(wishes.file)
    }

    /// The same with the answer in a file.
    fn answering_in(mut self, file: Option<PathBuf>) -> Ui {
        if let Some(path) = file {
            let before = std::mem::replace(&mut self.answer, Answer::File { path, text: String::new() });
            if let Answer::Stream { to, .. } = before {
                self.stdout = to;
            }
        }
        self
    }

    /// Adds to the answer, and shows it at once unless it goes to a file.
    pub fn answer(&mut self, text: &str) {
        match &mut self.answer {
            Answer::File { text: whole, .. } => whole.push_str(text),
            Answer::Stream { to, failed } => {
                if failed.is_none() && !text.is_empty() {
                    let mut write = || to.write_all(text.as_bytes()).and_then(|()| to.flush());
                    let result = match &self.progress {
                        Some(progress) => progress.aside(write),
                        None => write(),
                    };
                    *failed = result.err();
                }
            }
        }
    }

    /// Puts the answer where the conversation goes, and hands over stdout for something else. An answer that goes to
    /// a file goes there still.
    pub fn turn_aside(&mut self) -> Box<dyn Write + Send> {
        match &mut self.answer {
            Answer::Stream { to, .. } => {
                self.style = self.aside;
                std::mem::replace(to, Box::new(Spoken(Arc::clone(&self.conversation))))
            }
            // Nobody has taken it.
            Answer::File { .. } => std::mem::replace(&mut self.stdout, Box::new(io::sink())),
        }
    }

    /// Keeps a further answer for its file.
    pub fn keep(&mut self, path: PathBuf, text: String) {
        self.files.push((path, text));
    }

    /// Keeps what is to be added to a file.
    pub fn append(&mut self, path: PathBuf, text: String) {
        self.additions.push((path, text));
    }

    /// Something that somebody is to carry or to do, without which nothing goes on.
    pub fn show(&mut self, text: &str) {
        self.tell(text);
    }

    /// Remembers why there is no answer.
    pub fn fail(&mut self, sentence: &str) {
        self.failure.get_or_insert_with(|| sentence.to_string());
    }

    /// A line of the conversation; `-q` silences it.
    pub fn say(&mut self, line: &str) {
        if !self.quiet {
            self.tell(line);
        }
    }

    /// A line that only `-v` shows.
    pub fn detail(&mut self, line: &str) {
        if self.verbose > 0 && !self.private {
            let line = self.aside.paint(Ink::Dim, line);
            self.tell(&line);
        }
    }

    /// Something that is probably not meant; `-q` silences it.
    pub fn warn(&mut self, sentence: &str) {
        let line = format!("{} {sentence}", self.aside.paint(Ink::Doubtful, "warning:"));
        self.say(&line);
    }

    /// Why there is no answer, or not the whole of it.
    pub fn error(&mut self, sentence: &str) {
        let line = format!("{} {sentence}", self.aside.paint(Ink::Bad, "error:"));
        self.tell(&line);
    }

    /// Lets the progress region appear, where one is wanted.
    pub fn begin(&mut self, waiting_for: &[String]) {
        if self.progress_allowed && !waiting_for.is_empty() {
            let out = Arc::clone(&self.conversation);
            self.progress = Some(Progress::new(waiting_for, self.aside.width, out));
        }
    }

    /// What the progress region is told, if there is one.
    pub fn progress(&mut self) -> Option<&mut Progress> {
        self.progress.as_mut()
    }

    /// Takes the progress region away.
    pub fn end(&mut self) {
        self.progress = None;
    }

    /// Puts the answer where it belongs. A reader who went away (`| head -1`) is no error.
    pub fn finish(&mut self) -> Result<(), String> {
        self.end();
        let answered = match &mut self.answer {
            Answer::Stream { failed, .. } => match failed.take() {
                Some(why) if why.kind() != io::ErrorKind::BrokenPipe => Err(format!("cannot write the answer: {why}")),
                _ => Ok(()),
            },
            Answer::File { path, text } => write_file(path, text),
        };
        // One that cannot be written does not keep the others from it.
        let kept = std::mem::take(&mut self.files);
        let kept = kept.iter().fold(answered, |before, (path, text)| before.and(write_file(path, text)));
        let additions = std::mem::take(&mut self.additions);
        let added = additions.iter().fold(kept, |before, (path, text)| before.and(append(path, text)));
        self.failure.take().map_or(added, Err)
    }

    fn tell(&mut self, line: &str) {
        let conversation = &self.conversation;
        let write = || {
            let mut out = locked(conversation);
            writeln!(out, "{line}").and_then(|()| out.flush())
        };
        // Who closed stderr does not want to hear of it.
        let _ = match &self.progress {
            Some(progress) => progress.aside(write),
            None => write(),
        };
    }
}

/// The conversation, to be written to.
struct Spoken(Conversation);

impl Write for Spoken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        locked(&self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        locked(&self.0).flush()
    }
}

fn append(path: &Path, text: &str) -> Result<(), String> {
    let file = fs::OpenOptions::new().append(true).create(true).open(path);
    let added = file.and_then(|mut file| file.write_all(text.as_bytes()));
    added.map_err(|why| format!("cannot add to {}: {why}", path.display()))
}

fn write_file(path: &Path, text: &str) -> Result<(), String> {
    write_whole(path, text).map_err(|why| format!("cannot write {}: {why}", path.display()))
}

/// Writes a file so that nobody ever sees half of it: beside its place first, then renamed. A device
/// or a pipe is written to directly.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return fs::write(path, text);
    }
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    write_part(&part, &path, text).and_then(|()| fs::rename(&part, &path)).inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })
}

/// Who may not read the file that is there may not read the new one either, at no time.
fn write_part(part: &Path, path: &Path, text: &str) -> io::Result<()> {
    // Never through a link that somebody else has laid there.
    let _ = fs::remove_file(part);
    let mut file = fs::File::create_new(part)?;
    if let Ok(there) = fs::metadata(path) {
        file.set_permissions(there.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn colorful(terminal: &Terminal, when: ColorWhen, on_terminal: bool) -> bool {
    let set = |variable: &Option<String>| variable.as_deref().is_some_and(|value| !value.is_empty());
    let forced = |variable: &Option<String>| set(variable) && variable.as_deref() != Some("0");
    match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto if set(&terminal.no_color) => false,
        ColorWhen::Auto if forced(&terminal.clicolor_force) || forced(&terminal.force_color) => true,
        ColorWhen::Auto => on_terminal && terminal.term.as_deref() != Some("dumb"),
    }
}

/// The terminal's own width where there is one, else `COLUMNS`, else 80; never less than 40.
fn width(terminal: &Terminal, on_terminal: bool) -> usize {
    let columns = terminal.columns.as_deref().and_then(|columns| columns.parse().ok());
    let width = if on_terminal { terminal.width.or(columns) } else { columns };
    width.filter(|width| *width > 0).unwrap_or(Style::PLAIN.width).max(40)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(value: &str) -> Option<String> {
        Some(value.to_string())
    }

    #[test]
    fn uses_colour_on_a_terminal_unless_told_otherwise() {
        let plain = Terminal { stdout: true, term: some("xterm"), ..Terminal::default() };
        let colorful = |terminal: &Terminal, when| colorful(terminal, when, terminal.stdout);
        assert!(colorful(&plain, ColorWhen::Auto));
        assert!(!colorful(&plain, ColorWhen::Never));
        assert!(!colorful(&Terminal::default(), ColorWhen::Auto));
        assert!(colorful(&Terminal::default(), ColorWhen::Always));
        assert!(!colorful(&Terminal { no_color: some("1"), ..plain.clone() }, ColorWhen::Auto));
        assert!(colorful(&Terminal { no_color: some(""), ..plain.clone() }, ColorWhen::Auto));
        assert!(!colorful(&Terminal { term: some("dumb"), ..plain.clone() }, ColorWhen::Auto));
        assert!(colorful(&Terminal { force_color: some("1"), ..Terminal::default() }, ColorWhen::Auto));
        assert!(!colorful(&Terminal { clicolor_force: some("0"), ..Terminal::default() }, ColorWhen::Auto));
    }

    #[test]
    fn is_as_wide_as_the_terminal_or_eighty_columns() {
        let terminal = Terminal { width: Some(132), ..Terminal::default() };
        assert_eq!(width(&terminal, true), 132);
        assert_eq!(width(&terminal, false), 80);
        assert_eq!(width(&Terminal { columns: some("100"), ..terminal.clone() }, false), 100);
        assert_eq!(width(&Terminal { columns: some("5"), ..terminal.clone() }, false), 40);
        assert_eq!(width(&Terminal { columns: some("no"), ..terminal }, false), 80);
    }

    #[test]
    fn writes_a_file_whole_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("rtcprobe-ui-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("report.json");
        fs::write(&path, "old").unwrap();
        write_whole(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            write_whole(&path, "newer").unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(write_whole(&folder.join("missing/report.json"), "new").is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
