//! As much of XML as JUnit needs, read strictly.

#[derive(Debug)]
pub struct Element {
    pub name: String,
    attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
}

impl Element {
    /// Panics when there is an attribute that CI systems would stumble over.
    pub fn knows_only(&self, known: &[&str]) {
        let strange: Vec<_> = self.attributes.iter().filter(|(name, _)| !known.contains(&name.as_str())).collect();
        assert!(strange.is_empty(), "{}: {strange:?}", self.name);
    }

    pub fn attribute(&self, name: &str) -> String {
        self.attributes.iter().find(|(there, _)| there == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

pub fn parse(text: &str) -> Result<Element, String> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if let Some(c) = text.chars().find(|c| !allowed(*c)) {
        return Err(format!("XML 1.0 does not allow {c:?}"));
    }
    let mut rest = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").ok_or("no declaration")?;
    let root = element(&mut rest)?;
    if rest.trim().is_empty() { Ok(root) } else { Err(format!("after the end: {rest}")) }
}

fn element(rest: &mut &str) -> Result<Element, String> {
    *rest = rest.trim_start().strip_prefix('<').ok_or_else(|| format!("no element: {rest}"))?;
    let name = word(rest);
    let mut element = Element { name: name.clone(), attributes: Vec::new(), children: Vec::new() };
    loop {
        *rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("/>") {
            *rest = after;
            return Ok(element);
        }
        if let Some(after) = rest.strip_prefix('>') {
            *rest = after;
            break;
        }
        let attribute = word(rest);
        let value = rest.strip_prefix("=\"").ok_or_else(|| format!("{name} {attribute}"))?;
        let (value, after) = value.split_once('"').ok_or("a quote without an end")?;
        if value.contains('<') || element.attributes.iter().any(|(there, _)| *there == attribute) {
            return Err(format!("{attribute}={value}"));
        }
        element.attributes.push((attribute, text(value)?));
        *rest = after;
    }
    loop {
        let (between, _) = rest.split_once('<').ok_or_else(|| format!("{name} without an end"))?;
        text(between)?;
        *rest = &rest[between.len()..];
        if let Some(after) = rest.strip_prefix(&format!("</{name}>")) {
            *rest = after;
            return Ok(element);
        }
        element.children.push(self::element(rest)?);
    }
}

fn word(rest: &mut &str) -> String {
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    *rest = after;
    word.into()
}

fn text(escaped: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut parts = escaped.split('&');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (entity, after) = part.split_once(';').ok_or_else(|| format!("&{part}"))?;
        let c = match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#39" => '\'',
            other => return Err(format!("&{other};")),
        };
        out.push(c);
        out.push_str(after);
    }
    Ok(out)
}
