use crate::view::escape::visible;

/// Why a command ended without a report, in one sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The command line or a file that it names is wrong; nothing was sent.
    #[error("{0}")]
    Usage(String),
    /// The probe could not run.
    #[error("{0}")]
    CannotRun(String),
    /// The user ended it before there was anything to report.
    #[error("{0}")]
    Interrupted(String),
    /// The command line asked for text only (`--help`), or was refused by its parser.
    #[error("{text}")]
    Parser { text: String, code: u8 },
}

impl Stop {
    /// What a person reads of it. Words of the command line and of files are in it, so nothing is
    /// left that a terminal would act upon; only the parser's help has several lines.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Stop::Usage(text) | Stop::CannotRun(text) | Stop::Interrupted(text) => visible(text),
            Stop::Parser { text, .. } => text.lines().map(visible).collect::<Vec<_>>().join("\n"),
        }
    }

    /// The exit code of this kind of end.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Stop::Usage(_) => super::exit::USAGE,
            Stop::CannotRun(_) => super::exit::CANNOT_RUN,
            Stop::Interrupted(_) => super::exit::INTERRUPTED,
            Stop::Parser { code, .. } => *code,
        }
    }
}

/// A mistake on the command line.
pub fn usage<T>(sentence: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Usage(sentence.into()))
}
