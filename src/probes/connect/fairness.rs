//! The order of local addresses where there are two families (RFC 8421 §4).

use std::net::IpAddr;

use crate::probes::gather::Local;

/// IPv6 goes first, and IPv4 is intermingled, so that a family that does not work costs little. Addresses that reach no
/// further than the link come last.
pub(super) fn intermingle(locals: Vec<Local>) -> Vec<Local> {
    let near = |local: &Local| matches!(local.address, IpAddr::V6(v6) if v6.is_unicast_link_local());
    let (near, far): (Vec<Local>, Vec<Local>) = locals.into_iter().partition(near);
    let (v4, v6): (Vec<Local>, Vec<Local>) = far.into_iter().partition(|local| local.address.is_ipv4());
    let head_start = (v4.len() + v6.len()).checked_div(v4.len()).unwrap_or(usize::MAX);
    let mut v4 = v4.into_iter();
    let mut order = Vec::new();
    for (count, local) in (1..).zip(v6) {
        order.push(local);
        if count % head_start == 0 {
            order.extend(v4.next());
        }
    }
    order.extend(v4);
    order.extend(near);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(addresses: &[&str]) -> String {
        let local = |text: &&str| Local { interface: "eth0".into(), address: text.parse().unwrap() };
        let order = intermingle(addresses.iter().map(local).collect());
        order.iter().map(|local| local.address.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn four_of_ipv6_stand_before_the_first_of_ipv4_where_the_rfc_says_so() {
        let six: Vec<String> = (1..=6).map(|number| format!("2001:db8::{number}")).collect();
        let mut all: Vec<&str> = vec!["192.0.2.1", "192.0.2.2"];
        all.extend(six.iter().map(String::as_str));
        let expected = "2001:db8::1 2001:db8::2 2001:db8::3 2001:db8::4 192.0.2.1 2001:db8::5 2001:db8::6 192.0.2.2";
        assert_eq!(order(&all), expected);
    }

    #[test]
    fn one_family_keeps_its_order_and_the_link_comes_last() {
        assert_eq!(order(&["192.0.2.2", "192.0.2.1"]), "192.0.2.2 192.0.2.1");
        assert_eq!(order(&["fe80::1", "192.0.2.1", "2001:db8::1"]), "2001:db8::1 192.0.2.1 fe80::1");
        assert_eq!(order(&[]), "");
    }
}
