//! What all drawings share. They are as wide as a phone, so that their text is as large as it should be
//! there, and grow with the screen.

use crate::view::escape::xml;

/// Units across.
pub const WIDTH: f64 = 360.0;

/// A drawing with a caption, and with a title and a description for who cannot see it.
pub fn figure(class: &str, caption: &str, description: &str, height: f64, inside: &str) -> String {
    let (caption, description) = (xml(caption), xml(description));
    format!(
        "<figure class=\"{class}\">\n<figcaption>{caption}</figcaption>\n\
         <svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\">\n\
         <title>{caption}</title>\n<desc>{description}</desc>\n{inside}</svg>\n</figure>\n"
    )
}

/// Text at a place.
pub fn text(x: f64, y: f64, class: &str, text: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{}</text>\n", xml(text))
}

pub fn line(x1: f64, y1: f64, x2: f64, y2: f64, class: &str) -> String {
    format!("<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" class=\"{class}\"/>\n")
}

pub fn bar(x: f64, y: f64, width: f64, height: f64, class: &str) -> String {
    let (width, height) = (width.max(1.0), height.max(0.5));
    format!("<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" class=\"{class}\"/>\n")
}

/// Where a value lies between two places; what is no number lies at the first.
pub fn scale(value: f64, most: f64, from: f64, to: f64) -> f64 {
    let share = if most > 0.0 { (value / most).clamp(0.0, 1.0) } else { 0.0 };
    from + (to - from) * if share.is_finite() { share } else { 0.0 }
}

/// A round number that is at least as large.
pub fn round_up(value: f64) -> f64 {
    if !value.is_finite() || value <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.iter().map(|step| step * power).find(|step| *step >= value).unwrap_or(10.0 * power)
}

/// A number of milliseconds, as short as it can be.
pub fn short(ms: f64) -> String {
    match ms {
        ms if ms >= 10_000.0 => format!("{:.0} s", ms / 1e3),
        ms if ms >= 10.0 || ms == 0.0 => format!("{ms:.0} ms"),
        ms if ms >= 1.0 => format!("{ms:.1} ms"),
        ms => format!("{ms:.2} ms"),
    }
}

/// Text cut to a number of characters; the whole of it stands in a table.
pub fn cut(text: &str, most: usize) -> String {
    let text = crate::view::escape::visible(text);
    match text.chars().count() > most {
        true => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_up_to_numbers_that_can_be_read() {
        assert_eq!([0.0, 0.9, 12.3, 31.0, 100.0].map(round_up), [1.0, 1.0, 15.0, 40.0, 100.0]);
        assert_eq!(round_up(f64::INFINITY), 1.0);
    }

    #[test]
    fn what_is_no_number_is_drawn_somewhere() {
        assert_eq!(scale(5.0, 10.0, 0.0, 100.0), 50.0);
        assert_eq!(scale(f64::NAN, 10.0, 3.0, 100.0), 3.0);
        assert_eq!(scale(1e308, 10.0, 3.0, 100.0), 100.0);
    }
}
