use std::ffi::OsStr;
use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::{Error, ErrorKind};

use crate::view::format::Format;

/// An answer that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub format: Format,
    /// Stdout, or the file of -o, when none is named.
    pub file: Option<PathBuf>,
}

/// What one `--output` asks for; a variable of the environment can ask for several with commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Several(pub Vec<Wanted>);

/// Reads `FORMAT` or `FORMAT=FILE`, and offers the formats to completions.
#[derive(Debug, Clone)]
pub struct Reader;

impl TypedValueParser for Reader {
    type Value = Several;

    fn parse_ref(&self, command: &clap::Command, _: Option<&clap::Arg>, value: &OsStr) -> Result<Several, Error> {
        let refuse = |why: String| Error::raw(ErrorKind::ValueValidation, why).with_cmd(command);
        match value.to_str() {
            Some(text) => parse(text).map_err(refuse),
            None => Err(refuse("--output: the file name is not valid Unicode; use -o for it".into())),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Format::value_variants().iter().filter_map(Format::to_possible_value)))
    }
}

fn parse(text: &str) -> Result<Several, String> {
    let mut found: Vec<Wanted> = Vec::new();
    for part in text.split(',') {
        let (name, file) = part.split_once('=').map_or((part, None), |(name, file)| (name, Some(file)));
        match (Format::from_str(name, false), found.last_mut()) {
            (Ok(format), _) => {
                if file == Some("") {
                    return Err(format!("--output {part}: a file name has to follow the =, such as {name}=FILE"));
                }
                let file = file.filter(|file| *file != "-").map(PathBuf::from);
                found.push(Wanted { format, file });
            }
            // A comma in the name of a file.
            (Err(_), Some(Wanted { file: Some(before), .. })) => {
                let mut whole = before.clone().into_os_string();
                whole.push(",");
                whole.push(part);
                *before = whole.into();
            }
            (Err(_), _) => {
                let names: Vec<String> = Format::value_variants().iter().map(|format| format.name()).collect();
                return Err(format!("--output {part}: there is no such format; it can be {}", names.join(", ")));
            }
        }
    }
    Ok(Several(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(Format, Option<String>)> {
        let file = |path: PathBuf| path.to_string_lossy().into_owned();
        parse(text).unwrap().0.into_iter().map(|wanted| (wanted.format, wanted.file.map(file))).collect()
    }

    #[test]
    fn reads_formats_with_and_without_a_file() {
        assert_eq!(read("json"), [(Format::Json, None)]);
        assert_eq!(read("json=-"), [(Format::Json, None)]);
        assert_eq!(read("json=a=b.json"), [(Format::Json, Some("a=b.json".into()))]);
        assert_eq!(read("text,json=r.json"), [(Format::Text, None), (Format::Json, Some("r.json".into()))]);
        assert_eq!(read("json=a,b.json"), [(Format::Json, Some("a,b.json".into()))]);
    }

    #[test]
    fn says_which_formats_there_are() {
        assert!(parse("xml").unwrap_err().contains("jsonl"));
        assert!(parse("").is_err() && parse("json,").is_err() && parse("json=").unwrap_err().contains("FILE"));
    }
}
