//! A restored copy, opened: everything that is sealed in it, and every log.
//!
//! Invariant: the copy is blamed for what is wrong with it, and not for what its log says of the clock that it was written by.

use crate::{
    Caller, Platform,
    check::{self, AuditFault, AuditReport, FaultCode},
    error::Result,
    organization,
};

/// Most faults of one log that are named.
const NAMED_MAX: usize = 5;

/// What opening everything in a copy came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened {
    /// Organizations.
    pub organizations: usize,
    /// Entries of all logs.
    pub entries: u64,
    /// Records, live and in the trash.
    pub records: u64,
    /// Entries that stand after later ones. A clock was set back under the log that was backed up, which its check says; the copy is no
    /// worse for it.
    pub out_of_order: u64,
    /// What is wrong besides, of the first ones a sentence each.
    pub faults: Vec<String>,
}

impl Opened {
    fn take_faults(&mut self, report: &AuditReport) {
        let (order, other): (Vec<&AuditFault>, Vec<&AuditFault>) = report
            .faults
            .iter()
            .partition(|fault| fault.code == FaultCode::EntryOrder);
        self.out_of_order += order.len() as u64;
        let details = other.iter().map(|fault| fault.detail.clone());
        self.faults.extend(details.take(NAMED_MAX));
        let named = report.faults.len() as u64;
        if report.faults_total > named {
            // What is not named may be of any kind.
            let unnamed = report.faults_total - named;
            self.faults
                .push(format!("{unnamed} faults more than a check names"));
        }
    }
}

/// Opens every entry and every record of a restored copy with the keys that it was opened with, and follows every log.
///
/// # Errors
/// `unavailable` when the copy cannot be read.
pub async fn open_all(copy: &Platform) -> Result<Opened> {
    let caller = Caller::host();
    let mut opened = Opened::default();
    let mut reports = vec![check::appliance(copy, &caller).await?];
    for organization in organization::list_all(copy, &caller).await? {
        opened.organizations += 1;
        reports.push(check::organization(copy, &caller, &organization.slug).await?);
    }
    for report in reports {
        opened.entries += report.entries;
        opened.records += report.records;
        opened.take_faults(&report);
    }
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(codes: &[FaultCode], faults_total: u64) -> AuditReport {
        let fault = |code: &FaultCode| AuditFault {
            code: *code,
            organization: None,
            entry: None,
            record: None,
            detail: format!("{code:?}"),
        };
        AuditReport {
            organization: None,
            entries: 9,
            images: 0,
            records: 0,
            erased: 0,
            unchecked: 0,
            faults: codes.iter().map(fault).collect(),
            faults_total,
            took_ms: 0,
        }
    }

    #[test]
    fn a_copy_is_blamed_for_every_fault_but_the_order_of_times_and_for_what_is_not_named() {
        let taken = |codes: &[FaultCode], total| {
            let mut opened = Opened::default();
            opened.take_faults(&report(codes, total));
            (opened.out_of_order, opened.faults.len())
        };
        let order = FaultCode::EntryOrder;
        assert_eq!(taken(&[], 0), (0, 0));
        assert_eq!(taken(&[order, order], 2), (2, 0));
        assert_eq!(taken(&[order, FaultCode::EntryAltered], 2), (1, 1));
        assert_eq!(taken(&[order], 500), (1, 1), "others may be among them");
    }
}
