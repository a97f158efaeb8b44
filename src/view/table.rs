//! Columns of fixed width, so that a row can be drawn before the next one is known.

use unicode_width::UnicodeWidthStr;

use super::style::{Ink, Style};

/// A column: its heading, its width, and on which side its cells stand.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub title: &'static str,
    pub width: usize,
    pub right: bool,
}

/// Between two columns.
const GAP: usize = 2;

/// One row of cells, each in its ink, ending in a newline. Nothing is ever cut: where a cell is
/// wider than its column, the rest of the row goes on below, under its own headings, and a cell
/// that would leave the screen moves to a line of its own.
#[must_use]
pub fn row(style: &Style, columns: &[Column], cells: &[(Ink, String)]) -> String {
    let mut out = String::new();
    let mut end = 0;
    let mut start = 0;
    for (column, (ink, cell)) in columns.iter().zip(cells) {
        let wide = width(cell);
        if wide > 0 {
            let mut from = start + if column.right { column.width.saturating_sub(wide) } else { 0 };
            let over = from + wide > style.width;
            if end > 0 && (from <= end || over) {
                out.push('\n');
                end = 0;
                from = if over { from.min(style.width.saturating_sub(wide)) } else { from };
            }
            out.push_str(&" ".repeat(from - end));
            out.push_str(&style.paint(*ink, cell));
            end = from + wide;
        }
        start += column.width + GAP;
    }
    out.push('\n');
    out
}

/// The headings of a table.
#[must_use]
pub fn headings(style: &Style, columns: &[Column]) -> String {
    let cells: Vec<(Ink, String)> = columns.iter().map(|column| (Ink::Dim, column.title.to_string())).collect();
    row(style, columns, &cells)
}

/// Pieces joined by two spaces, broken into lines between pieces; a piece that is longer than a
/// line is broken between its words.
#[must_use]
pub fn flow(width_limit: usize, indent: usize, pieces: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
        match lines.last_mut() {
            Some(line) if width(line) + GAP + width(piece) <= width_limit => {
                line.push_str("  ");
                line.push_str(piece);
            }
            _ => lines.extend(wrap(width_limit, indent, piece)),
        }
    }
    lines
}

/// A sentence broken between words.
#[must_use]
pub fn wrap(width_limit: usize, indent: usize, sentence: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in sentence.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= width_limit => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{}{word}", " ".repeat(indent))),
        }
    }
    lines
}

/// How many columns a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column { title: "ms", width: 5, right: true },
        Column { title: "address", width: 8, right: false },
        Column { title: "name", width: 4, right: false },
    ];

    fn drawn(cells: [&str; 3]) -> String {
        let style = Style { width: 24, color: false };
        row(&style, &COLUMNS, &cells.map(|cell| (Ink::Plain, cell.to_string())))
    }

    #[test]
    fn stands_in_columns() {
        assert_eq!(drawn(["1.0", "a", "b"]), "  1.0  a         b\n");
        assert_eq!(drawn(["1.0", "", "b"]), "  1.0            b\n");
        assert_eq!(drawn(["1.0", "a", ""]), "  1.0  a\n");
    }

    #[test]
    fn goes_on_below_after_a_wide_cell() {
        assert_eq!(drawn(["1.0", "123456789012", "b"]), "  1.0  123456789012\n                 b\n");
    }

    #[test]
    fn never_cuts_a_cell() {
        assert_eq!(drawn(["1.0", "a", "1234567890"]), "  1.0  a\n              1234567890\n");
        let long = "x".repeat(40);
        assert!(drawn(["1.0", "a", &long]).contains(&long));
    }

    #[test]
    fn breaks_sentences_between_words_only() {
        assert_eq!(wrap(10, 2, "one two three four"), ["  one two", "  three", "  four"]);
        assert_eq!(
            flow(12, 0, &["a b".into(), "c d".into(), "".into(), "long piece".into()]),
            ["a b  c d", "long piece"]
        );
    }
}
