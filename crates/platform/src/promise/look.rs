//! An outcome in the making, with a bound on its faults.

use promises::Outcome;

/// Most faults of one observation.
const FAULTS_MAX: usize = 50;

/// What a check has seen so far.
pub(super) struct Look {
    outcome: Outcome,
    faults: usize,
    /// Why a part could not be looked at.
    unseen: Option<String>,
}

impl Look {
    pub(super) fn new() -> Self {
        Self {
            outcome: Outcome::looked(),
            faults: 0,
            unseen: None,
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

    /// A part that could not be looked at: without a fault elsewhere nothing is known then. The first reason counts.
    pub(super) fn unseen(&mut self, why: impl Into<String>) {
        self.unseen.get_or_insert_with(|| why.into());
    }

    /// True as long as no fault was found.
    pub(super) fn is_clean(&self) -> bool {
        self.faults == 0
    }

    pub(super) fn done(self) -> Outcome {
        if let (0, Some(why)) = (self.faults, self.unseen) {
            return Outcome::could_not_look(why);
        }
        match self.faults > FAULTS_MAX {
            true => self.outcome.with_fact("faults in all", self.faults),
            false => self.outcome,
        }
    }
}
