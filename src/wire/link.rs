//! Web links (RFC 8288) as WHIP and WHEP use them for ICE servers (RFC 9725 §4.6):
//! `<turn:turn.example.net?transport=udp>; rel="ice-server"; username="u"; credential="p"; credential-type="password"`.

use super::ice_servers::IceServer;
use super::uri;

/// Links of one answer that are looked at.
const LINKS: usize = 64;
/// A list with more servers is cut by browsers.
const SERVERS: usize = 32;

/// One link. Names of attributes are in lower case. `Debug` does not show their values: a credential may be among them.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    pub target: String,
    pub attributes: Vec<(String, String)>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.attributes.iter().map(|(name, _)| name.as_str()).collect();
        write!(f, "Link {{ {:?}, {names:?} }}", self.target)
    }
}

impl Link {
    /// The first attribute of that name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether it is of that relation; several may stand in one attribute.
    #[must_use]
    pub fn is(&self, relation: &str) -> bool {
        let relations = self.attribute("rel").unwrap_or_default();
        relations.split_ascii_whitespace().any(|one| one.eq_ignore_ascii_case(relation))
    }
}

/// The links of one header field; what is no link ends the reading.
#[must_use]
pub fn parse(field: &str) -> Vec<Link> {
    let mut links = Vec::new();
    let mut rest = field;
    while links.len() < LINKS {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let Some(opened) = rest.strip_prefix('<') else { break };
        let Some((target, after)) = opened.split_once('>') else { break };
        let (attributes, after) = attributes(after);
        links.push(Link { target: target.trim().to_owned(), attributes });
        rest = after;
    }
    links
}

/// The attributes of a link, and what follows it.
fn attributes(mut rest: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start();
        let Some(after) = rest.strip_prefix(';') else { return (found, rest) };
        rest = after.trim_start();
        // One server in the field writes `credential:"…"`.
        let end = rest.find(['=', ':', ';', ',']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let name = name.trim().to_ascii_lowercase();
        let Some(after) = after.strip_prefix(['=', ':']) else {
            rest = after;
            if !name.is_empty() {
                found.push((name, String::new()));
            }
            continue;
        };
        let (value, after) = value(after.trim_start());
        found.push((name, value));
        rest = after;
    }
}

/// A token or a quoted text, and what follows it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_at(text.find([';', ',']).unwrap_or(text.len()));
        return (value.trim().to_owned(), rest);
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            plain => value.push(plain),
        }
    }
    (value, "")
}

/// ICE servers among links, and why others cannot be used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Linked {
    pub servers: Vec<IceServer>,
    pub unusable: Vec<String>,
}

/// The ICE servers in the values of all `Link` fields of an answer.
pub fn ice_servers<'a>(fields: impl IntoIterator<Item = &'a str>) -> Linked {
    let mut linked = Linked::default();
    let links = fields.into_iter().flat_map(parse).take(LINKS);
    for link in links.filter(|link| link.is("ice-server")) {
        if linked.servers.len() == SERVERS {
            linked.unusable.push(format!("there are more than {SERVERS}; the first are used"));
            break;
        }
        match server(&link) {
            Ok(server) if linked.servers.contains(&server) => {}
            Ok(server) => linked.servers.push(server),
            Err(why) => linked.unusable.push(why),
        }
    }
    linked
}

fn server(link: &Link) -> Result<IceServer, String> {
    let parsed = uri::parse(&link.target).map_err(|why| why.to_string())?;
    let filled = |name| link.attribute(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let (username, credential) = match parsed.uri.scheme.is_turn() {
        true => (filled("username"), filled("credential")),
        false => (None, None),
    };
    match link.attribute("credential-type") {
        Some(kind) if username.is_some() && !kind.eq_ignore_ascii_case("password") => {
            Err(format!("{} wants credentials of type {kind:.40}; only password can be used", parsed.uri))
        }
        _ => Ok(IceServer { urls: vec![parsed], username, credential }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(field: &str) -> Vec<(String, Option<String>, Option<String>)> {
        let linked = ice_servers([field]);
        linked
            .servers
            .into_iter()
            .map(|server| (server.urls[0].uri.to_string(), server.username, server.credential))
            .collect()
    }

    #[test]
    fn servers_are_read_as_the_rfc_writes_them() {
        let field = r#"<stun:stun.example.net>; rel="ice-server", <turn:turn.example.net?transport=udp>; rel="ice-server";
            username="user"; credential="my,Pass;\"word\""; credential-type="password",<https://example.net/sse>; rel="urn:ietf:params:whip:ext:x""#;
        let user = (Some("user".to_owned()), Some(r#"my,Pass;"word""#.to_owned()));
        let [(stun, none, nothing), (turn, username, credential)] = &found(field)[..] else { panic!("{field}") };
        assert!(stun.starts_with("stun:stun.example.net") && turn.ends_with("?transport=udp"), "{stun} {turn}");
        assert_eq!((none, nothing), (&None, &None));
        assert_eq!((username, credential), (&user.0, &user.1));
    }

    #[test]
    fn what_servers_in_the_field_write_is_read_too() {
        let odd = r#"<turn:t.example:3478>; rel=ice-server; username="u"; credential:"p"; credential-type:"password";"#;
        assert_eq!(found(odd)[0].2.as_deref(), Some("p"));
        assert_eq!(
            found(r#"<turns:t.example>;REL="next ice-server";Username=u;Credential=p"#)[0].1.as_deref(),
            Some("u")
        );
        assert_eq!(found(r#"<stun:a.example>; rel="ice-server"; username="u""#)[0].1, None);
    }

    #[test]
    fn what_cannot_be_used_is_named_without_its_secrets() {
        let linked = ice_servers([r#"<http://x.example>; rel="ice-server"; credential="hush""#]);
        assert!(linked.servers.is_empty() && linked.unusable.len() == 1, "{linked:?}");
        let linked = ice_servers([
            r#"<turn:x.example>; rel="ice-server"; username="u"; credential="hush"; credential-type="oauth""#,
        ]);
        assert!(linked.unusable[0].contains("oauth"));
        assert!(!format!("{linked:?}").contains("hush"));
        assert!(!format!("{:?}", parse(r#"<x>; credential="hush""#)).contains("hush"));
    }

    #[test]
    fn broken_and_endless_links_end_the_reading() {
        for field in
            ["", "<", "<a", "a", "<a>;", "<a>; =", r#"<a>; rel=""#, "<a>; rel=\"\\", ",,,<a>;;;;b", "<é>;ü=\"\\é"]
        {
            let _ = ice_servers([field]);
        }
        let many = r#"<stun:a.example>; rel="ice-server","#.repeat(1000);
        assert_eq!(ice_servers([many.as_str()]).servers.len(), 1);
        let many: String = (0..1000).map(|n| format!(r#"<stun:a{n}.example>; rel="ice-server","#)).collect();
        let linked = ice_servers([many.as_str()]);
        assert_eq!((linked.servers.len(), linked.unusable.len()), (SERVERS, 1));
    }
}
