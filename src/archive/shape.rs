//! The shape of a JSON document, looked at before anything of it is kept: how deep it goes and how
//! long its lists are. A file of a few megabytes must not become gigabytes of memory, or hours of
//! comparing everything with everything.

/// Deeper than any report.
pub const DEEPEST: usize = 48;
/// Longer than any list of a report.
pub const LONGEST: usize = 10_000;

/// What is wrong with the shape; whether it is JSON at all is not asked here.
pub fn check(json: &[u8]) -> Result<(), String> {
    let mut lengths: Vec<usize> = Vec::new();
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            b'[' | b'{' => {
                lengths.push(0);
                if lengths.len() > DEEPEST {
                    return Err(format!("it is nested more than {DEEPEST} levels deep; no report is"));
                }
            }
            b']' | b'}' => {
                lengths.pop();
            }
            b',' => {
                if let Some(length) = lengths.last_mut() {
                    *length += 1;
                    if *length > LONGEST {
                        return Err(format!("it has a list of more than {LONGEST} entries; no report has"));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn skip_string<'a>(bytes: &mut impl Iterator<Item = &'a u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_too_deep_or_too_long() {
        assert!(check(b"{\"a\": [1, 2, {\"b\": \"[[[[,,,\\\"[[\"}]}").is_ok());
        assert!(check("[".repeat(DEEPEST + 1).as_bytes()).unwrap_err().contains("deep"));
        assert!(check(format!("[{}0]", "0,".repeat(LONGEST + 1)).as_bytes()).unwrap_err().contains("list"));
        assert!(check(format!("[\"{}\"]", ",".repeat(LONGEST * 2)).as_bytes()).is_ok());
        assert!(check(b"]]]}}\"").is_ok(), "no JSON, and not asked");
    }
}
