//! A QR code in the terminal, two modules in each character.

use qrcode::{Color, EcLevel, QrCode};

/// Light around the code; the standard wants four modules, and readers do with two.
const QUIET: usize = 2;
/// Black on white, whatever the terminal's own colours.
const INK: &str = "\x1b[38;5;16;48;5;231m";
const OFF: &str = "\x1b[0m";

/// Draws the text, or says why not; `room` is what the terminal has, columns and rows.
///
/// In colour it is dark on light. Without, light modules are drawn and dark ones left: right for a dark terminal, and
/// read the other way round by most readers.
pub fn draw(text: &str, room: (Option<usize>, Option<usize>), colour: bool) -> Result<String, String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L);
    let code = code.map_err(|_| format!("{} characters are too many for a QR code", text.len()))?;
    let side = code.width() + 2 * QUIET;
    let (columns, rows) = (side, side.div_ceil(2));
    if room.0.is_some_and(|room| room < columns) || room.1.is_some_and(|room| room < rows + 1) {
        return Err(format!(
            "the QR code needs {columns} columns and {} rows, which this terminal does not have; make it larger, or \
             its letters smaller",
            rows + 1
        ));
    }
    let light = |x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < code.width());
        match (inside(x), inside(y)) {
            (Some(x), Some(y)) => code[(x, y)] == Color::Light,
            // Of the last row, half may be below; it is left as the terminal has it.
            _ => y < side || colour,
        }
    };
    let mut drawing = String::new();
    for row in 0..rows {
        let cells = (0..side).map(|x| {
            let (upper, lower) = (light(x, 2 * row), light(x, 2 * row + 1));
            // With colour, what is drawn is dark.
            match (upper != colour, lower != colour) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            }
        });
        let cells: String = cells.collect();
        match colour {
            true => drawing.push_str(&format!("{INK}{cells}{OFF}\n")),
            false => drawing.push_str(&format!("{cells}\n")),
        }
    }
    Ok(drawing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_the_code_with_light_around_it() {
        let text = "rtcprobe1:AbCd";
        let code = QrCode::with_error_correction_level(text, EcLevel::L).unwrap();
        for colour in [true, false] {
            let drawing = draw(text, (None, None), colour).unwrap().replace(INK, "").replace(OFF, "");
            let rows: Vec<Vec<char>> = drawing.lines().map(|line| line.chars().collect()).collect();
            assert!(rows.iter().all(|row| row.len() == code.width() + 2 * QUIET));
            for y in 0..code.width() {
                for x in 0..code.width() {
                    let cell = rows[(y + QUIET) / 2][x + QUIET];
                    let drawn = match (y + QUIET) % 2 {
                        0 => matches!(cell, '█' | '▀'),
                        _ => matches!(cell, '█' | '▄'),
                    };
                    assert_eq!(drawn == colour, code[(x, y)] == Color::Dark, "{x} {y} {colour}");
                }
            }
        }
    }

    #[test]
    fn says_so_when_it_does_not_fit() {
        assert!(draw("x", (Some(20), None), true).unwrap_err().contains("columns"));
        assert!(draw("x", (Some(80), Some(8)), true).unwrap_err().contains("rows"));
        assert!(draw(&"x".repeat(5000), (None, None), true).unwrap_err().contains("5000"));
    }
}
