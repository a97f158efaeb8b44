use super::{Cause, Step, StepName, StepOutcome, Turn};

impl Turn {
    /// The first step that failed, with its place among the steps.
    #[must_use]
    pub fn failing(&self) -> Option<(usize, &Step)> {
        let failed = |step: &Step| matches!(step.outcome, StepOutcome::Failed | StepOutcome::Timeout);
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
