//! The UPnP Internet Gateway Device: its description, and the question for its external address.

use std::net::IpAddr;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use quick_xml::reader::Reader;

/// Services of a description that are remembered.
const SERVICES: usize = 32;
/// Characters of a text that are remembered.
const TEXT: usize = 1024;

/// A service that knows the external address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// `urn:schemas-upnp-org:service:WANIPConnection:1` …
    pub kind: String,
    /// As it stands in the description: a URL or a reference.
    pub control: String,
}

/// What a description says, as far as it can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    /// The best first: an IP connection, then PPP.
    pub services: Vec<Service>,
    /// What references are relative to, in place of the description's own address.
    pub base: Option<String>,
    pub name: Option<String>,
}

/// Reads a description; what is broken costs only what comes after it.
#[must_use]
pub fn read_description(bytes: &[u8]) -> Description {
    let mut found = Description::default();
    let (mut kind, mut control): (Option<String>, Option<String>) = (None, None);
    each_text(bytes, |name, text| match name {
        "service" => {
            if let (Some(kind), Some(control)) = (kind.take(), control.take())
                && found.services.len() < SERVICES
                && is_connection(&kind)
            {
                found.services.push(Service { kind, control });
            }
        }
        "serviceType" => kind = Some(text.to_owned()),
        "controlURL" => control = Some(text.to_owned()),
        "URLBase" if !text.is_empty() => found.base = Some(text.to_owned()),
        "friendlyName" if found.name.is_none() => found.name = Some(text.to_owned()),
        _ => {}
    });
    found.services.sort_by_key(|service| !service.kind.contains(":WANIPConnection:"));
    found
}

fn is_connection(kind: &str) -> bool {
    let known = kind.contains(":WANIPConnection:") || kind.contains(":WANPPPConnection:");
    // It goes into a header and into XML.
    known && kind.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '.' | '_'))
}

impl Service {
    /// The value of SOAPAction.
    #[must_use]
    pub fn action(&self) -> String {
        format!("{}#GetExternalIPAddress", self.kind)
    }

    /// The call.
    #[must_use]
    pub fn body(&self) -> String {
        format!(
            "<?xml version=\"1.0\"?>\r\n\
             <s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>\
             <u:GetExternalIPAddress xmlns:u=\"{}\"/></s:Body></s:Envelope>\r\n",
            self.kind
        )
    }
}

/// What came of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Address(IpAddr),
    /// The router has none, or said something else.
    NoAddress(String),
    /// UPnPError.
    Fault {
        code: String,
        text: String,
    },
    /// Nothing of the kind.
    Unreadable,
}

/// Reads the answer to the call.
#[must_use]
pub fn read_answer(bytes: &[u8]) -> Answer {
    let (mut address, mut code, mut description) = (None, None, None);
    each_text(bytes, |name, text| match name {
        "NewExternalIPAddress" => address = Some(text.to_owned()),
        "errorCode" => code = Some(text.to_owned()),
        "errorDescription" | "faultstring" => description = Some(text.to_owned()),
        _ => {}
    });
    match (address, code, description) {
        (Some(text), ..) => text.parse().map_or(Answer::NoAddress(text), Answer::Address),
        (None, None, None) => Answer::Unreadable,
        (None, code, text) => Answer::Fault { code: code.unwrap_or_default(), text: text.unwrap_or_default() },
    }
}

/// Tells the end of every element, with the text that stood directly in it.
fn each_text(bytes: &[u8], mut tell: impl FnMut(&str, &str)) {
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    let mut inside = String::new();
    let add = |inside: &mut String, more: &str| {
        let room = TEXT.saturating_sub(inside.len());
        inside.extend(more.chars().take(room));
    };
    loop {
        match reader.read_event() {
            Ok(Event::Start(_)) => inside.clear(),
            Ok(Event::Text(more)) => add(&mut inside, &more),
            Ok(Event::CData(more)) => add(&mut inside, &more),
            Ok(Event::GeneralRef(name)) => match name.resolve_char_ref() {
                Ok(Some(character)) => add(&mut inside, character.encode_utf8(&mut [0; 4])),
                _ => add(&mut inside, resolve_predefined_entity(&name).unwrap_or_default()),
            },
            Ok(Event::End(end)) => {
                tell(end.local_name().as_ref(), inside.trim());
                inside.clear();
            }
            Ok(Event::Empty(start)) => tell(start.local_name().as_ref(), ""),
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIPTION: &str = r#"<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><URLBase>http://192.168.1.1:5000/</URLBase>
<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
<friendlyName>Tom &amp; Jerry&#39;s router</friendlyName><deviceList><device><serviceList>
<service><serviceType>urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1</serviceType>
<controlURL>/ctl/CmnIfCfg</controlURL></service>
<service><serviceType>urn:schemas-upnp-org:service:WANPPPConnection:1</serviceType><controlURL>/ctl/PPP</controlURL></service>
<service><serviceType> urn:schemas-upnp-org:service:WANIPConnection:2
</serviceType><controlURL><![CDATA[/ctl/IPConn?a=1&b]]></controlURL></service>
</serviceList></device></deviceList></device></root>"#;

    #[test]
    fn finds_the_connections_best_first() {
        let found = read_description(DESCRIPTION.as_bytes());
        let controls: Vec<&str> = found.services.iter().map(|service| service.control.as_str()).collect();
        assert_eq!(controls, ["/ctl/IPConn?a=1&b", "/ctl/PPP"]);
        assert_eq!(found.name.as_deref(), Some("Tom & Jerry's router"));
        assert_eq!(found.base.as_deref(), Some("http://192.168.1.1:5000/"));
        assert_eq!(found.services[0].action(), "urn:schemas-upnp-org:service:WANIPConnection:2#GetExternalIPAddress");
    }

    #[test]
    fn keeps_what_came_before_the_damage() {
        let damaged = DESCRIPTION.replace("</serviceList>", "<<<&nonsense");
        assert_eq!(read_description(damaged.as_bytes()).services.len(), 2);
        let cut = DESCRIPTION.split_once("</serviceList>").unwrap().0;
        assert_eq!(read_description(cut.as_bytes()).services.len(), 2);
    }

    #[test]
    fn a_service_type_that_could_do_harm_is_none() {
        let evil = DESCRIPTION.replace("WANIPConnection:2", "WANIPConnection:2&quot;&gt;&#13;&#10;X: y");
        let found = read_description(evil.as_bytes());
        assert_eq!(found.services.len(), 1);
    }

    #[test]
    fn reads_the_address_or_why_there_is_none() {
        let soap = |inside: &str| format!("<s:Envelope><s:Body>{inside}</s:Body></s:Envelope>");
        let answer = "<u:GetExternalIPAddressResponse><NewExternalIPAddress> 198.51.100.7 \
                      </NewExternalIPAddress></u:GetExternalIPAddressResponse>";
        let read = |inside: &str| read_answer(soap(inside).as_bytes());
        assert_eq!(read(answer), Answer::Address("198.51.100.7".parse().unwrap()));
        assert_eq!(read("<NewExternalIPAddress/>"), Answer::NoAddress(String::new()));
        let fault = "<s:Fault><faultstring>UPnPError</faultstring><detail><UPnPError><errorCode>501</errorCode>\
                     <errorDescription>Action Failed</errorDescription></UPnPError></detail></s:Fault>";
        assert_eq!(read(fault), Answer::Fault { code: "501".into(), text: "Action Failed".into() });
        assert_eq!(read_answer(b"<html><body>Not found</body></html>"), Answer::Unreadable);
    }

    #[test]
    fn an_entity_of_its_own_making_stands_for_nothing() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><r><friendlyName>&b;</friendlyName></r>";
        assert_eq!(read_description(bomb.as_bytes()).name.as_deref(), Some(""));
    }
}
