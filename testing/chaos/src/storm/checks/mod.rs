//! Checks of the invariants, after the storm. Each has a name.

mod files;
mod logs;
mod rows;
mod shown;

use std::fmt;

use pawdium_queue::ledger;
use sqlx::PgConnection;

pub(super) use files::age;
pub use files::check_files;
pub(super) use logs::{check_logs, check_postgres_log, count_deadlocks};
pub(super) use shown::check_shown;

use super::told::Told;

/// The most offenders of a check that are named.
const NAMED: usize = 5;

/// The result of a check.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The check's name: what must be true.
    pub check: &'static str,
    /// The things for which it is not true.
    pub offenders: Vec<String>,
}

impl Finding {
    pub(super) fn new(check: &'static str, offenders: Vec<String>) -> Self {
        Self { check, offenders }
    }

    /// Whether the check found nothing.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.offenders.is_empty()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, offenders } = self;
        if offenders.is_empty() {
            return write!(f, "ok: {check}");
        }
        let named = offenders.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
        write!(f, "WRONG: {check}: false for {}: {named}", offenders.len())
    }
}

/// Merges the findings of each check into one.
pub(super) fn merge(findings: Vec<Finding>) -> Vec<Finding> {
    let mut merged: Vec<Finding> = Vec::new();
    for Finding { check, offenders } in findings {
        match merged.iter_mut().find(|known| known.check == check) {
            Some(known) => known.offenders.extend(offenders),
            None => merged.push(Finding { check, offenders }),
        }
    }
    merged
}

/// Runs all checks of the database.
///
/// # Errors
/// If the database can't be reached.
pub async fn check_rows(db: &mut PgConnection, told: &Told) -> sqlx::Result<Vec<Finding>> {
    told.load(db).await?;
    let mut findings = Vec::new();
    for row in rows::all() {
        let offenders = sqlx::query_scalar(row.query).fetch_all(&mut *db).await?;
        findings.push(Finding::new(row.name, offenders));
    }
    let accounts = ledger::balance(db).await?;
    let missing = accounts.iter().filter(|account| account.missing() != 0);
    findings.push(Finding::new(JOBS_BALANCE, missing.map(|account| format!("{account:?}")).collect()));
    Ok(findings)
}

/// The name of the check of the queue's accounts.
pub const JOBS_BALANCE: &str = "of each kind, jobs enqueued are done, dead, cancelled or live";
