/// Reads the variable of a flag, such as RTCPROBE_INSECURE: a slip must not switch anything on.
pub fn parse(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        // A variable that is set to nothing is as good as unset.
        "" | "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("its variable in the environment can be 1, true, yes, on, 0, false, no or off".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_a_few_words_and_refuses_the_rest() {
        for (text, flag) in [("1", true), ("YES", true), ("on", true), ("", false), ("0", false), ("Off", false)] {
            assert_eq!(parse(text), Ok(flag), "{text}");
        }
        for text in ["fals", "2", "y", "never"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
