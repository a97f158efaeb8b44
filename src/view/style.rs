/// How text is drawn: decided once, handed to every view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns.
    pub width: usize,
    pub color: bool,
}

/// What a piece of text is; each has a colour, and none is told by its colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Plain,
    Bold,
    Dim,
    Good,
    Bad,
    Doubtful,
}

impl Style {
    /// As files and pipes get it.
    pub const PLAIN: Style = Style { width: 80, color: false };

    /// The text in its ink.
    #[must_use]
    pub fn paint(&self, ink: Ink, text: &str) -> String {
        let code = match ink {
            _ if !self.color || text.is_empty() => return text.to_string(),
            Ink::Plain => return text.to_string(),
            Ink::Bold => "1",
            Ink::Dim => "2",
            Ink::Good => "32",
            Ink::Bad => "31",
            Ink::Doubtful => "33",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}
