//! Chromium, gathering from the same place with the same servers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::process::{Cmd, Process};
use crate::topology::Lab;

/// What Chromium reported for one configuration.
#[derive(Debug, Deserialize)]
pub struct Gathered {
    pub candidates: Vec<Candidate>,
    pub errors: Vec<IceError>,
    #[serde(rename = "completeMs")]
    pub complete_ms: Option<f64>,
}

/// The fields of `RTCIceCandidate`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    #[serde(rename = "type")]
    pub kind: String,
    pub protocol: String,
    pub address: String,
    pub related_address: Option<String>,
    pub relay_protocol: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IceError {
    pub error_code: u16,
}

impl Gathered {
    /// In the form of [`crate::rtcprobe::Run::set`], its documented oddities evened out.
    pub fn set(&self) -> Vec<String> {
        let mut set: Vec<_> = self.candidates.iter().map(Candidate::sketch).collect();
        set.sort();
        // For a name, one relay over a stream for each family of the client, even over the same family.
        set.dedup_by(|a, b| a == b && a.starts_with("relay"));
        set
    }
}

impl Candidate {
    fn sketch(&self) -> String {
        let plain = |address: &str| address.trim_matches(['[', ']']).to_owned();
        let related = self.related_address.as_deref().filter(|a| !a.is_empty()).map_or("-".into(), plain);
        // `null` means UDP.
        let relay = match (&*self.kind, self.relay_protocol.as_deref()) {
            ("relay", None | Some("")) => "udp",
            (_, protocol) => protocol.unwrap_or("-"),
        };
        format!("{}/{} {} {related} {relay}", self.kind, self.protocol, plain(&self.address))
    }
}

/// Gathers with each of these configurations (`RTCConfiguration` as JSON) on the lab's client.
pub fn gather(lab: &Lab, configurations: &[Value]) -> Vec<Gathered> {
    let page = PAGE.replace("CONFIGURATIONS", &Value::from(configurations.to_vec()).to_string());
    // Host addresses instead of names.
    let (result, _chromium) = open(lab, page, &["--disable-features=WebRtcHideLocalIpsWithMdns"]);
    serde_json::from_str(&result).unwrap_or_else(|e| panic!("{e}: {result}"))
}

/// The name that Chromium on the lab's client hides its IPv4 address behind, for as long as it runs.
pub fn hidden(lab: &Lab) -> (String, Process) {
    open(lab, HIDDEN.into(), &[])
}

/// Opens a page; gives what it posts.
fn open(lab: &Lab, page: String, flags: &[&str]) -> (String, Process) {
    let listener = lab.client.run(|| TcpListener::bind("127.0.0.1:0").unwrap());
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (answer, answered) = channel();
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            if let Some(result) = serve(&stream, &page) {
                let _ = answer.send(result);
                return;
            }
        }
    });
    let profile = format!("--user-data-dir={}/chromium", lab.dir().display());
    let chromium = lab.client.spawn(
        Cmd::new("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"])
            .args(["--disable-dev-shm-usage", "--disable-extensions", "--disable-component-update"])
            // The lab's authority.
            .arg("--ignore-certificate-errors")
            .args(flags.iter().copied())
            .arg(profile)
            .arg(url)
            .env("HOME", lab.dir()),
    );
    let result = answered.recv_timeout(Duration::from_secs(80));
    (result.expect("CHROMIUM DID NOT ANSWER: is it installed?"), chromium)
}

/// Answers one request; gives what was posted.
fn serve(stream: &TcpStream, page: &str) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request).ok()?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (status, content) = if request.starts_with("GET / ") { ("200 OK", page) } else { ("404 Not Found", "") };
    let _ = write!(
        &mut &*stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{content}",
        content.len()
    );
    request.starts_with("POST ").then(|| String::from_utf8(body).unwrap())
}

/// Does what the Trickle ICE sample page does, for one configuration after the other.
const PAGE: &str = r"<!doctype html><script>
const gather = configuration => new Promise(resolve => {
  const result = { candidates: [], errors: [], completeMs: null };
  const pc = new RTCPeerConnection(configuration);
  const end = () => { pc.close(); resolve(result); };
  const limit = setTimeout(end, 15000);
  let start;
  const elapsed = () => performance.now() - start;
  pc.onicecandidate = ({ candidate: c }) => {
    if (c && c.candidate) {
      result.candidates.push({ type: c.type, protocol: c.protocol, address: c.address,
        relatedAddress: c.relatedAddress, relayProtocol: c.relayProtocol });
    } else if (!c) {
      result.completeMs = elapsed();
      clearTimeout(limit);
      setTimeout(end, 50);
    }
  };
  pc.onicecandidateerror = e => result.errors.push({ errorCode: e.errorCode });
  pc.createOffer({ offerToReceiveAudio: 1 }).then(offer => { start = performance.now(); return pc.setLocalDescription(offer); });
});
(async () => {
  const results = [];
  for (const configuration of CONFIGURATIONS) results.push(await gather(configuration));
  await fetch('/result', { method: 'POST', body: JSON.stringify(results) });
})();
</script>";

const HIDDEN: &str = "<!doctype html>
<script>
const pc = new RTCPeerConnection();
pc.createDataChannel('');
pc.onicecandidate = ({ candidate }) => {
  if (candidate && candidate.address.endsWith('.local')) {
    fetch('/result', { method: 'POST', body: candidate.address });
    pc.onicecandidate = null;
  }
};
pc.setLocalDescription();
</script>";
