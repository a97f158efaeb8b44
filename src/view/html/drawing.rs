//! The way from the client through the NAT to the servers, with the ports that it takes.

use super::chart::{self, WIDTH};
use crate::report::nat::Nat;
use crate::view::tables::name;

/// Ways that are drawn.
const MOST: usize = 6;
const BOX: f64 = 96.0;
const ROW: f64 = 46.0;

/// From a socket, seen as, by a server.
type Way<'a> = (&'a str, &'a str, &'a str);

pub fn figure(nat: &Nat) -> String {
    let mut ways: Vec<Way<'_>> = Vec::new();
    for test in &nat.tests {
        if let (Some(local), Some(mapped)) = (test.local.as_deref(), test.mapped.as_deref())
            && !ways.contains(&(local, mapped, &test.server))
        {
            ways.push((local, mapped, &test.server));
        }
    }
    if ways.is_empty() {
        return String::new();
    }
    let all = ways.len();
    ways.truncate(MOST);
    let height = 30.0 + ROW * ways.len() as f64;
    let middle = (height + 14.0) / 2.0;
    let (left, right) = (WIDTH / 2.0 - 46.0, WIDTH / 2.0 + 46.0);
    let mut inside = chart::text(BOX / 2.0, 11.0, "small soft middle", "this machine");
    inside.push_str(&chart::text(WIDTH / 2.0, 11.0, "small soft middle", behind(nat)));
    inside.push_str(&chart::text(WIDTH - BOX / 2.0, 11.0, "small soft middle", "servers"));
    inside.push_str(&place(1.0, 18.0, BOX - 1.0, height - 22.0));
    let local = nat.local.as_deref().unwrap_or_else(|| host(ways[0].0));
    inside.push_str(&words(BOX / 2.0, middle, local));
    inside.push_str(&place(left, 18.0, right - left, height - 22.0));
    for (number, (local, mapped, server)) in ways.iter().enumerate() {
        let y = 18.0 + ROW * number as f64 + ROW / 2.0 - 2.0;
        inside.push_str(&place(WIDTH - BOX, y - 17.0, BOX - 1.0, 36.0));
        inside.push_str(&words(WIDTH - BOX / 2.0, y + 4.0, server));
        inside.push_str(&chart::line(BOX, y, left, y, "way"));
        inside.push_str(&chart::line(left, y, right, y, "axis"));
        inside.push_str(&chart::line(right, y, WIDTH - BOX, y, "way"));
        inside.push_str(&chart::text((BOX + left) / 2.0, y - 4.0, "small middle", &port(local)));
        inside.push_str(&chart::text((right + WIDTH - BOX) / 2.0, y - 4.0, "small middle", &port(mapped)));
        inside.push_str(&chart::text(WIDTH / 2.0, y - 4.0, "small middle", &chart::cut(host(mapped), 17)));
    }
    let mut caption = format!(
        "How servers see this machine: mapping {}, filtering {}. On the left the port of the socket, on the right the port that the server sees",
        name(&nat.mapping),
        name(&nat.filtering)
    );
    if all > MOST {
        caption.push_str(&format!("; {MOST} ways of {all}"));
    }
    let told: Vec<String> =
        ways.iter().map(|(local, mapped, server)| format!("{local} is {mapped} to {server}")).collect();
    chart::figure("wide", &caption, &told.join("; "), height, &inside)
}

fn behind(nat: &Nat) -> &'static str {
    match nat.nat {
        Some(true) => "NAT",
        Some(false) => "no NAT",
        None => "NAT?",
    }
}

fn place(x: f64, y: f64, width: f64, height: f64) -> String {
    format!("<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"4\" class=\"box\"/>\n")
}

/// An address in a box, on two lines where one is too short.
fn words(x: f64, y: f64, text: &str) -> String {
    const LINE: usize = 17;
    if text.chars().count() <= LINE {
        return chart::text(x, y, "small middle", text);
    }
    let cut = text.rfind(':').filter(|at| *at > 0).unwrap_or(text.len());
    let (host, port) = text.split_at(cut);
    chart::text(x, y - 6.0, "small middle", &chart::cut(host, LINE))
        + &chart::text(x, y + 7.0, "small middle", &chart::cut(port, LINE))
}

fn host(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(host, _)| host)
}

fn port(address: &str) -> String {
    address.rsplit_once(':').map_or(String::new(), |(_, port)| format!(":{}", chart::cut(port, 5)))
}
