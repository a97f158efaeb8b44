use std::net::SocketAddr;

use super::pair::{Pair, State};
use super::{Local, Remote, Role};
use crate::wire::candidate::{CandidateType, TcpType};

/// The pairs, highest priority first where it matters (RFC 8445 §6.1.2).
#[derive(Debug, Default)]
pub(super) struct Checklist {
    pub pairs: Vec<Pair>,
    /// Pairs that would have been there, had there been room.
    pub left_out: usize,
}

/// `2^32 · min(G,D) + 2 · max(G,D) + (G>D ? 1 : 0)` (RFC 8445 §6.1.2.3).
pub(super) fn priority(local: u32, remote: u32, role: Role) -> u64 {
    let (controlling, controlled) = match role {
        Role::Controlling => (u64::from(local), u64::from(remote)),
        Role::Controlled => (u64::from(remote), u64::from(local)),
    };
    let (low, high) = (controlling.min(controlled), controlling.max(controlled));
    (low << 32) + 2 * high + u64::from(controlling > controlled)
}

/// Whether the two can talk to one another at all (RFC 8445 §6.1.2.2).
pub(super) fn fit(local: SocketAddr, remote: SocketAddr) -> bool {
    let link_local = |address: SocketAddr| match address {
        SocketAddr::V4(_) => false,
        SocketAddr::V6(v6) => v6.ip().is_unicast_link_local(),
    };
    local.is_ipv4() == remote.is_ipv4() && link_local(local) == link_local(remote)
}

/// Whether the transports meet: UDP and UDP, who opens a connection and who waits for one (RFC 6544 §6.2).
fn meet(local: Option<TcpType>, remote: Option<TcpType>) -> bool {
    matches!(
        (local, remote),
        (None, None)
            | (Some(TcpType::Active), Some(TcpType::Passive))
            | (Some(TcpType::Passive), Some(TcpType::Active))
            | (Some(TcpType::So), Some(TcpType::So))
    )
}

/// Whether pairs of these types are wanted.
pub(super) fn is_allowed(
    allowed: &[(CandidateType, CandidateType)],
    local: CandidateType,
    remote: CandidateType,
) -> bool {
    let seen = |kind| if kind == CandidateType::Prflx { CandidateType::Srflx } else { kind };
    allowed.is_empty() || allowed.iter().any(|(one, other)| (seen(*one), seen(*other)) == (seen(local), seen(remote)))
}

impl Checklist {
    /// Pairs a local base with a remote candidate, unless they are paired already. Gives its index.
    pub fn add(
        &mut self,
        (local, local_candidate): (usize, &Local),
        (remote, remote_candidate): (usize, &Remote),
        role: Role,
        most: usize,
    ) -> Option<usize> {
        if !fit(local_candidate.base, remote_candidate.address) || !meet(local_candidate.tcp, remote_candidate.tcp) {
            return None;
        }
        if let Some(there) = self.find(local, remote) {
            return Some(there);
        }
        if self.pairs.len() >= most {
            self.left_out += 1;
            return None;
        }
        let priority = priority(local_candidate.priority, remote_candidate.priority, role);
        self.pairs.push(Pair::new(local, remote, priority));
        Some(self.pairs.len() - 1)
    }

    pub fn find(&self, local: usize, remote: usize) -> Option<usize> {
        self.pairs.iter().position(|pair| pair.local == local && pair.remote == remote)
    }

    /// Thaws one pair of each foundation that has none under way (RFC 8445 §6.1.2.6, §6.1.4.2).
    pub fn thaw(&mut self, locals: &[Local], remotes: &[Remote]) {
        let mut order: Vec<usize> = (0..self.pairs.len()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(self.pairs[index].priority));
        for index in order {
            if self.pairs[index].state != State::Frozen {
                continue;
            }
            let own = foundation(&self.pairs[index], locals, remotes);
            let busy = self.pairs.iter().any(|pair| {
                matches!(pair.state, State::Waiting | State::InProgress) && foundation(pair, locals, remotes) == own
            });
            if !busy {
                self.pairs[index].state = State::Waiting;
            }
        }
    }

    /// Thaws every pair of the foundation of one that succeeded (RFC 8445 §7.2.5.3.3).
    pub fn thaw_like(&mut self, index: usize, locals: &[Local], remotes: &[Remote]) {
        let Some(pair) = self.pairs.get(index) else { return };
        let own = foundation(pair, locals, remotes);
        for pair in &mut self.pairs {
            if pair.state == State::Frozen && foundation(pair, locals, remotes) == own {
                pair.state = State::Waiting;
            }
        }
    }

    /// The next pair for an ordinary check: the best that waits. Frozen ones follow when none waits
    /// any more, though the RFC would have them wait for their like to fail: with one component
    /// that saves little, and what has not been checked cannot be reported on.
    pub fn next(&self) -> Option<usize> {
        let best = |state| {
            let those = self.pairs.iter().enumerate().filter(move |(_, pair)| pair.state == state);
            those.max_by_key(|(_, pair)| pair.priority).map(|(index, _)| index)
        };
        best(State::Waiting).or_else(|| best(State::Frozen))
    }

    /// After the role has turned (RFC 8445 §7.2.5.1).
    pub fn rank_anew(&mut self, locals: &[Local], remotes: &[Remote], role: Role) {
        for pair in &mut self.pairs {
            if let (Some(local), Some(remote)) = (locals.get(pair.local), remotes.get(pair.remote)) {
                pair.priority = priority(local.priority, remote.priority, role);
            }
        }
    }
}

type Foundation<'a> = (Option<&'a str>, Option<&'a str>);

fn foundation<'a>(pair: &Pair, locals: &'a [Local], remotes: &'a [Remote]) -> Foundation<'a> {
    (
        locals.get(pair.local).map(|local| local.foundation.as_str()),
        remotes.get(pair.remote).map(|remote| remote.foundation.as_str()),
    )
}

/// Whether anything of the pair goes through a relay.
pub(super) fn is_relayed(local: &Local, remote: &Remote) -> bool {
    local.kind == CandidateType::Relay || remote.kind == CandidateType::Relay
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pair_priorities_are_those_of_the_rfc_from_both_sides() {
        let (host, srflx) = (2_130_706_431, 1_694_498_815);
        assert_eq!(priority(host, srflx, Role::Controlling), 7_277_816_997_797_167_103);
        assert_eq!(priority(srflx, host, Role::Controlled), 7_277_816_997_797_167_103);
        assert_eq!(priority(srflx, host, Role::Controlling), 7_277_816_997_797_167_102);
    }

    #[test]
    fn only_types_that_are_wanted_are_paired() {
        use CandidateType::{Host, Prflx, Relay, Srflx};
        assert!(is_allowed(&[], Host, Relay));
        assert!(is_allowed(&[(Srflx, Srflx)], Srflx, Prflx) && !is_allowed(&[(Srflx, Srflx)], Srflx, Host));
        assert!(is_allowed(&[(Host, Relay)], Host, Relay) && !is_allowed(&[(Host, Relay)], Relay, Host));
    }

    #[test]
    fn who_opens_a_connection_meets_who_waits_for_one() {
        use TcpType::{Active, Passive, So};
        assert!(meet(None, None) && meet(Some(Active), Some(Passive)) && meet(Some(So), Some(So)));
        assert!(!meet(None, Some(Passive)) && !meet(Some(Active), Some(Active)) && !meet(Some(So), Some(Passive)));
    }

    #[test]
    fn families_and_scopes_do_not_mix() {
        let fits = |one: &str, other: &str| fit(one.parse().unwrap(), other.parse().unwrap());
        assert!(fits("192.0.2.1:1", "10.0.0.1:2") && fits("[fe80::1]:1", "[fe80::2]:1"));
        assert!(!fits("192.0.2.1:1", "[2001:db8::1]:1") && !fits("[fe80::1]:1", "[2001:db8::1]:1"));
    }
}
