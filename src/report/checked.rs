use super::{Cause, Step, StepName, StepOutcome, Turn};

impl Turn {
    /// The first step that failed, with its place among the steps; of those that a browser needs, not
    /// of what was tried beyond them. A Binding that is refused or ignored keeps nobody from relaying.
    #[must_use]
    pub fn failing(&self) -> Option<(usize, &Step)> {
        let challenged = self.went_well(StepName::Challenge) || self.went_well(StepName::Allocate);
        let failed = |step: &Step| {
            step.name <= StepName::Release
                && !(challenged && step.name == StepName::Binding)
                && matches!(step.outcome, StepOutcome::Failed | StepOutcome::Timeout)
        };
        self.steps.iter().enumerate().find(|(_, step)| failed(step))
    }

    /// Asked without credentials, it wanted some: what a server that is no open relay does.
    #[must_use]
    pub fn refuses_strangers(&self) -> bool {
        self.failing().is_some_and(|(_, step)| step.cause == Some(Cause::NoCredentials))
    }

    /// It relays for everybody.
    #[must_use]
    pub fn is_open_relay(&self) -> bool {
        self.steps.iter().any(|step| step.cause == Some(Cause::OpenRelay))
    }

    /// A credential that must not work does.
    #[must_use]
    pub fn accepts_anything(&self) -> bool {
        self.controls.iter().any(|control| control.refused == Some(false))
    }

    /// The step of that name.
    #[must_use]
    pub fn step(&self, name: StepName) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// Whether that step went well.
    #[must_use]
    pub fn went_well(&self, name: StepName) -> bool {
        self.step(name).is_some_and(|step| step.outcome == StepOutcome::Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Clues, RelayProtocol};

    fn step(name: StepName, outcome: StepOutcome) -> Step {
        let cause = (outcome == StepOutcome::Failed).then_some(Cause::OtherError);
        Step { name, outcome, duration_ms: None, error_code: None, error_text: None, detail: None, cause, icmp: None }
    }

    #[test]
    fn an_option_that_is_not_supported_is_no_failure() {
        let mut turn = Turn {
            url: "turn:a".into(),
            address: None,
            transport: RelayProtocol::Udp,
            username: None,
            credential_form: None,
            local: None,
            software: None,
            works: Some(true),
            steps: vec![step(StepName::Release, StepOutcome::Ok), step(StepName::TcpRelay, StepOutcome::Failed)],
            tls: None,
            works_untrusted: None,
            mapped: None,
            response_origin: None,
            challenge: None,
            allocation: None,
            proofs: Vec::new(),
            echo: None,
            controls: Vec::new(),
            options: Vec::new(),
            audit: Vec::new(),
            needed_peers: Vec::new(),
            exposure: None,
            clues: Clues::default(),
        };
        assert_eq!(turn.failing(), None);
        turn.steps[0] = step(StepName::Release, StepOutcome::Failed);
        assert_eq!(turn.failing().map(|(place, _)| place), Some(0));
        turn.steps[0] = step(StepName::Binding, StepOutcome::Timeout);
        assert_eq!(turn.failing().map(|(place, _)| place), Some(0));
        turn.steps.push(step(StepName::Challenge, StepOutcome::Ok));
        assert_eq!(turn.failing(), None, "Binding is not needed for a relay");
    }
}
