//! An outcome in the making, with a bound on its faults.

use promises::Outcome;

/// Most faults of one observation.
const FAULTS_MAX: usize = 50;

/// What a check has seen so far.
pub(super) struct Look {
    outcome: Outcome,
    faults: usize,
}

impl Look {
    pub(super) fn new() -> Self {
        Self {
            outcome: Outcome::looked(),
            faults: 0,
        }
    }

    pub(super) fn fact(self, name: &str, value: impl ToString) -> Self {
        Self {
            outcome: self.outcome.with_fact(name, value),
            ..self
        }
    }

    /// As [`Look::fact`], in place.
    pub(super) fn note(&mut self, name: &str, value: impl ToString) {
        let outcome = std::mem::replace(&mut self.outcome, Outcome::looked());
        self.outcome = outcome.with_fact(name, value);
    }

    pub(super) fn fault(&mut self, what: impl Into<String>, place: impl Into<String>, advice: &str) {
        self.faults += 1;
        if self.faults <= FAULTS_MAX {
            let outcome = std::mem::replace(&mut self.outcome, Outcome::looked());
            self.outcome = outcome.with_fault(what, place, advice);
        }
    }

    /// True as long as no fault was found.
    pub(super) fn is_clean(&self) -> bool {
        self.faults == 0
    }

    pub(super) fn done(self) -> Outcome {
        match self.faults > FAULTS_MAX {
            true => self.outcome.with_fact("faults in all", self.faults),
            false => self.outcome,
        }
    }
}
