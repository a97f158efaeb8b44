use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// The machine is there and says itself that nobody has the port: the TURN server is not running,
    /// crashed, or listens on another address or port.
    ///
    /// # How it is told apart
    ///
    /// UDP is answered with ICMP port unreachable, TCP with RST, and no transport of this address
    /// gets an answer. When another transport answers, it is `turn-udp-not-listening`,
    /// `turn-tcp-not-listening` or `tls-listener-missing`. A firewall that rejects with port
    /// unreachable looks the same.
    ///
    /// # What to do
    ///
    /// Look at the service and at its sockets:
    ///
    ///     systemctl status coturn
    ///     ss -lunpt | grep -E ':(3478|5349)'
    ///
    /// `listening-ip` must be an address of the machine itself (behind a 1:1 NAT the private one,
    /// with `external-ip`). In a container, publish the port for both protocols: `-p 3478:3478/udp -p
    /// 3478:3478/tcp`.
    ///
    /// # References
    ///
    /// RFC 8656 section 3.1; coturn: listening-ip, listening-port, TURNSERVER_ENABLED in
    /// /etc/default/coturn
    "server-not-running", Error, "Nothing listens at the server's port", check,
    over ["server-silent"],
    like ["listening-ip-not-local", "wrong-port"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let trouble = contact.refused()?;
        if same_place(&all, contact).iter().any(|other| other.answered.is_some()) {
            return None;
        }
        let (port, ip) = (contact.port(), contact.ip());
        let detail = format!("Nothing listens on {} port {port} of {ip}.", contact.carrier().to_uppercase());
        let fix = format!(
            "On {ip}: systemctl status coturn; ss -lunpt shows what listens. listening-ip must be an address of that \
             machine. In a container: -p 3478:3478/udp -p 3478:3478/tcp."
        );
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    };
    all.iter().filter_map(say).collect()
}
