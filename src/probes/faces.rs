//! What a server shows of itself on one connection: whether it is one server, or several behind one address.

use std::cell::RefCell;
use std::net::SocketAddr;

use crate::proto::exchange::Shown;
use crate::report::Affinity;

/// Answers of one connection that are remembered; a long run brings nothing new.
const MOST: usize = 64;

#[derive(Debug, Default)]
pub(in crate::probes) struct Faces(RefCell<Vec<Shown>>);

impl Faces {
    /// Takes note of what answers showed, which other requests may have been answered in between.
    pub(in crate::probes) fn show(&self, shown: &[Shown]) {
        let mut all = self.0.borrow_mut();
        let room = MOST.saturating_sub(all.len());
        all.extend(shown.iter().take(room).cloned());
        all.sort_by_key(|shown| shown.at);
    }

    pub(in crate::probes) fn affinity(&self) -> Affinity {
        let all = self.0.borrow();
        let nonces: Vec<&[u8]> = all.iter().filter_map(|shown| shown.nonce.as_deref()).collect();
        let origins: Vec<SocketAddr> = all.iter().filter_map(|shown| shown.origin).collect();
        let software: Vec<&str> = all.iter().filter_map(|shown| shown.software.as_deref()).collect();
        Affinity {
            nonce_returns: returns(&nonces),
            origins: different(origins),
            software: different(software),
            nonces: different(nonces),
        }
    }
}

/// How often one comes again after another one.
fn returns(nonces: &[&[u8]]) -> u32 {
    let again = nonces.iter().enumerate().skip(1).filter(|(index, nonce)| {
        let before = nonces.get(..*index).unwrap_or_default();
        before.last() != Some(nonce) && before.contains(nonce)
    });
    u32::try_from(again.count()).unwrap_or(u32::MAX)
}

fn different<T: Ord>(mut all: Vec<T>) -> u32 {
    all.sort_unstable();
    all.dedup();
    u32::try_from(all.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Time;

    fn nonce(at: u64, text: &str) -> Shown {
        Shown { nonce: Some(text.into()), ..Shown::at(Time::from_millis(at)) }
    }

    fn count(all: &[Shown]) -> (u32, u32) {
        let faces = Faces::default();
        faces.show(all);
        (faces.affinity().nonces, faces.affinity().nonce_returns)
    }

    #[test]
    fn one_server_does_not_go_back_to_an_older_nonce() {
        assert_eq!(count(&[nonce(1, "a"), nonce(2, "a"), nonce(3, "b"), nonce(4, "b"), nonce(5, "c")]), (3, 0));
        assert_eq!(count(&[nonce(1, "a"), nonce(2, "b"), nonce(3, "a"), nonce(4, "b")]), (2, 2));
    }

    #[test]
    fn requests_side_by_side_do_not_make_two_servers_of_one() {
        let faces = Faces::default();
        faces.show(&[nonce(1, "a"), nonce(9, "b")]);
        faces.show(&[nonce(5, "a")]);
        assert_eq!((faces.affinity().nonces, faces.affinity().nonce_returns), (2, 0));
    }
}
