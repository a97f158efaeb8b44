//! SSDP: the search for a router that speaks UPnP (UPnP Device Architecture 2.0 §1.3).

use super::http::{self, Url};

pub const PORT: u16 = 1900;

/// What is searched for: the device, and, for those that know it by another number only, any root.
pub const TARGETS: [&str; 2] = ["urn:schemas-upnp-org:device:InternetGatewayDevice:1", "upnp:rootdevice"];

/// A unicast M-SEARCH (§1.3.2): without MX, to be answered at once.
#[must_use]
pub fn search(host: std::net::IpAddr, target: &str) -> Vec<u8> {
    let host = std::net::SocketAddr::new(host, PORT);
    format!("M-SEARCH * HTTP/1.1\r\nHOST: {host}\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: {target}\r\n\r\n")
        .into_bytes()
}

/// What answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where its description is.
    pub location: Result<Url, String>,
    /// The words after SERVER.
    pub server: Option<String>,
}

/// Reads a datagram; `None` when it is no answer to a search.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Found> {
    let (status, headers, _) = http::head(bytes.get(..bytes.len().min(4096))?)?;
    if status != 200 {
        return None;
    }
    let location = headers.get("location")?;
    let location = Url::parse(location).map_err(|why| format!("its LOCATION {why}"));
    Some(Found { location, server: headers.get("server").map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_addressed_to_one_host() {
        let text = String::from_utf8(search("192.168.1.1".parse().unwrap(), TARGETS[0])).unwrap();
        assert!(text.starts_with("M-SEARCH * HTTP/1.1\r\nHOST: 192.168.1.1:1900\r\n"), "{text}");
        assert!(text.ends_with("InternetGatewayDevice:1\r\n\r\n"));
    }

    #[test]
    fn reads_an_answer_however_it_is_written() {
        let text = "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST:upnp:rootdevice\r\nEXT:\r\n\
                    server:  MiniUPnPd/2.3 \r\nLoCaTiOn: http://192.168.1.1:5000/rootDesc.xml\r\n\r\n";
        let found = read(text.as_bytes()).unwrap();
        let url = found.location.unwrap();
        assert_eq!((url.host.as_str(), url.port, url.path.as_str()), ("192.168.1.1", 5000, "/rootDesc.xml"));
        assert_eq!(found.server.as_deref(), Some("MiniUPnPd/2.3"));
        // Bare line feeds, and no empty line at the end.
        assert!(read(b"HTTP/1.1 200 OK\nLOCATION: http://192.168.1.1/\n").is_some());
    }

    #[test]
    fn leaves_what_is_no_answer() {
        for text in [
            "",
            "NOTIFY * HTTP/1.1\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 404 No\r\nLOCATION: http://a/\r\n\r\n",
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }
}
