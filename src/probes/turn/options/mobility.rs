//! An allocation that follows its client to another address (RFC 8016).

use std::net::SocketAddr;
use std::rc::Rc;

use super::itself::Itself;
use super::{Tried, relayed, tried};
use crate::machine::Trust;
use crate::probes::turn::check::Check;
use crate::probes::turn::record::Ending;
use crate::proto::resolution::Target;
use crate::report::{Cause, StepName};
use crate::wire::attribute::{self, Value};

const NAME: &str = "mobility";

impl Check {
    /// Allocates with a ticket and refreshes with it from another port.
    pub(super) async fn mobility(&self, target: Target) -> Tried {
        let request = self.allocate().with(Value::MobilityTicket(Vec::new()));
        let Some((station, reply)) = self.ask_for(target, request).await else {
            return vec![self.no_connection(NAME, Some(StepName::Mobility))];
        };
        let Some(relayed) = relayed(&reply) else {
            return self.not_had(NAME, Some(StepName::Mobility), &reply, target);
        };
        let ticket = reply.success().and_then(|message| message.get(attribute::MOBILITY_TICKET)).map(<[u8]>::to_vec);
        let (supported, ending) = match ticket.filter(|ticket| !ticket.is_empty()) {
            None => (Some(false), Ending::skipped("not supported: the answer has no MOBILITY-TICKET")),
            Some(ticket) => (Some(true), self.moved(target, relayed, ticket).await),
        };
        self.give_back(&station).await;
        let option = tried(NAME, supported, &reply, ending.detail.clone());
        self.record.step(StepName::Mobility, ending);
        vec![option]
    }

    async fn moved(&self, target: Target, relayed: SocketAddr, ticket: Vec<u8>) -> Ending {
        let Ok(station) = self.connect(target, Trust::Record).await else {
            return Ending::skipped("a ticket was given; no further connection to the server could be had");
        };
        let station = Rc::new(station);
        self.owe(&station);
        let reply = station.ask(self.prolong().with(Value::MobilityTicket(ticket.clone()))).await;
        let Some(message) = reply.success() else {
            self.unless_granted(&station, &reply);
            let mut told = reply.explain("Refresh", target);
            told.text = format!("a ticket was given, but from another port it is not honoured: {}", told.text);
            return Ending::told(told, reply.took);
        };
        let renewed = match message.get(attribute::MOBILITY_TICKET) {
            Some(next) if next != ticket => "a new ticket",
            Some(_) => "the same ticket again",
            None => "no new ticket",
        };
        let lifetime = message.lifetime().map_or(String::new(), |lifetime| format!("lifetime {lifetime} s, "));
        let proof = self.to_itself(&station, relayed, false).await;
        self.give_back(&station).await;
        let from = station.local();
        match proof {
            Itself::Arrived => {
                let text = format!("{relayed} moved to {from} and relays there; {lifetime}{renewed}");
                Ending::ok(reply.took, text)
            }
            Itself::Forbidden(437 | 400) => {
                let text =
                    format!("the Refresh from {from} was answered with success, but there is no allocation there");
                Ending::failed(Cause::AllocationLost, reply.took, text)
            }
            proof => Ending::ok(reply.took, format!("{relayed} moved to {from}; {proof}; {lifetime}{renewed}")),
        }
    }
}
