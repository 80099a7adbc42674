//! Schema migrations: the control schema step by step, then every organization's.
//!
//! Invariants: a step runs once, whole, in one transaction and in order; a step that was applied never changes
//! afterwards (its checksum is kept); a database newer than the program is left alone. Steps run as `strongroom_owner`,
//! never as the superuser. Start at [`bootstrap`], then [`migrate`].

use crate::{StoreError, connect::scram_verifier};
use tokio_postgres::Client;

mod applied;
pub(crate) mod function;
mod organizations;
mod source;

pub use applied::{AppliedStep, Scope};
pub use source::{Migration, Steps};

/// Why a database was not migrated.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database knows a step that this program does not: it was migrated by a newer one.
    #[error(
        "the database is at {scope} version {database}, this program knows {program}; install the newer program again"
    )]
    DatabaseIsNewer {
        /// Which schemas.
        scope: Scope,
        /// The database's version.
        database: i32,
        /// The newest that the program knows.
        program: i32,
    },
    /// A step's text is not the one that was applied.
    #[error("{scope} migration {version} ({name}) differs from the one that was applied to this database")]
    Changed {
        /// Which schemas.
        scope: Scope,
        /// The step.
        version: i32,
        /// Its name.
        name: String,
    },
    /// Going back to nothing would orphan the organizations' schemas.
    #[error("the database holds {count} organizations; remove them before the control schema")]
    OrganizationsRemain {
        /// How many.
        count: i64,
    },
    /// The database refused a statement.
    #[error("a migration failed")]
    Store(#[from] StoreError),
}

impl From<tokio_postgres::Error> for MigrationError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What [`migrate`] did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// Names of the control steps that ran, in order.
    pub control: Vec<&'static str>,
    /// How many organizations' schemas were brought up to date.
    pub organizations: usize,
}

/// Where a database stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Every applied step, control first, in order.
    pub applied: Vec<AppliedStep>,
    /// Names of the control and organization steps that [`migrate`] would run.
    pub pending: Vec<&'static str>,
    /// How many organizations' schemas are behind.
    pub organizations_behind: i64,
}

/// Any number, the same in all processes; held while migrating, so that two programs do not migrate at once.
const LOCK: i64 = 7_876_647_666;

/// Makes the two fixed roles, sets the password of `strongroom_app` and hands the database over. Idempotent.
///
/// # Errors
/// [`MigrationError::Store`] with what the database refused, such as a client that is no superuser.
pub async fn bootstrap(superuser: &Client, app_password: &str) -> Result<(), MigrationError> {
    superuser
        .batch_execute(include_str!("../migrations/bootstrap.sql"))
        .await?;
    // A verifier is base64, `$` and `:` only, so it cannot end the literal; statements of this kind take no parameters.
    let verifier = scram_verifier(app_password);
    superuser
        .batch_execute(&format!("ALTER ROLE strongroom_app PASSWORD '{verifier}'"))
        .await?;
    own_database(superuser).await
}

/// Hands the database over to `strongroom_owner`: for a copy made from a template, which inherits no owner.
///
/// # Errors
/// As [`bootstrap`].
pub async fn own_database(superuser: &Client) -> Result<(), MigrationError> {
    Ok(superuser
        .batch_execute(include_str!("../migrations/database.sql"))
        .await?)
}

/// Brings the control schema and every organization's schema to this program's version.
///
/// # Errors
/// [`MigrationError::DatabaseIsNewer`] and [`MigrationError::Changed`] before anything is done; otherwise the failing
/// step is rolled back and those before it stay.
pub async fn migrate(superuser: &Client) -> Result<Applied, MigrationError> {
    migrate_with(superuser, Steps::OWN).await
}

/// The same with the steps of another program: an earlier release's, whose databases must be brought up for ever.
///
/// # Errors
/// As [`migrate`].
pub async fn migrate_with(superuser: &Client, steps: Steps) -> Result<Applied, MigrationError> {
    as_owner(superuser, async || {
        let known = known_to(superuser, steps).await?;
        let mut done = Applied::default();
        for step in applied::pending(steps, &known, Scope::Control) {
            applied::apply(superuser, step).await?;
            done.control.push(step.name);
        }
        for step in applied::pending(steps, &known, Scope::Organization) {
            organizations::add_to_template(superuser, step).await?;
        }
        done.organizations = organizations::bring_up(superuser, steps).await?;
        Ok(done)
    })
    .await
}

/// Undoes control steps above `version`, newest first; 0 is the empty database.
///
/// # Errors
/// [`MigrationError::OrganizationsRemain`] when `version` is 0 and there are organizations.
pub async fn revert_to(superuser: &Client, version: i32) -> Result<(), MigrationError> {
    as_owner(superuser, async || {
        let known = known_to(superuser, Steps::OWN).await?;
        if version < 1 {
            organizations::check_none(superuser, &known).await?;
        }
        for step in applied::done_above(Steps::OWN, &known, Scope::Control, version) {
            applied::undo(superuser, step).await?;
        }
        Ok(())
    })
    .await
}

/// Undoes organization steps above `version`, newest first, in every organization's schema and in the template for new
/// ones; answers how many schemas that were. The steps are those of the program that brought them up.
///
/// # Errors
/// [`MigrationError::OrganizationsRemain`] when `version` is 0 and there are organizations: their first step is undone
/// by removing all that they hold. A schema whose step fails stays as it was, and those after it.
pub async fn revert_organizations_to(
    superuser: &Client,
    steps: Steps,
    version: i32,
) -> Result<usize, MigrationError> {
    as_owner(superuser, async || {
        let known = known_to(superuser, steps).await?;
        if version < 1 {
            organizations::check_none(superuser, &known).await?;
        }
        organizations::bring_down(superuser, steps, version.max(0)).await
    })
    .await
}

/// Every step that the database has had, all of which these steps know.
async fn known_to(superuser: &Client, steps: Steps) -> Result<Vec<AppliedStep>, MigrationError> {
    applied::prepare(superuser).await?;
    let known = applied::list(superuser).await?;
    applied::check(steps, &known)?;
    Ok(known)
}

/// Where the database stands.
///
/// # Errors
/// As [`migrate`].
pub async fn status(superuser: &Client) -> Result<Status, MigrationError> {
    let known = applied::list(superuser).await?;
    applied::check(Steps::OWN, &known)?;
    let pending = Scope::ALL
        .into_iter()
        .flat_map(|scope| applied::pending(Steps::OWN, &known, scope));
    let pending = pending.map(|step| step.name).collect();
    let organizations_behind = organizations::count_behind(superuser, Steps::OWN, &known).await?;
    Ok(Status {
        applied: known,
        pending,
        organizations_behind,
    })
}

/// Stands for everything that [`bootstrap`] and [`migrate`] do to an empty database: 64 hexadecimal digits.
#[must_use]
pub fn fingerprint() -> String {
    let mut hasher = openssl::sha::Sha256::new();
    hasher.update(include_bytes!("../migrations/bootstrap.sql"));
    hasher.update(include_bytes!("../migrations/database.sql"));
    for step in Scope::ALL.into_iter().flat_map(|scope| Steps::OWN.of(scope)) {
        hasher.update(step.up.as_bytes());
    }
    source::hexadecimal(&hasher.finish())
}

/// Runs the work as `strongroom_owner` and alone.
async fn as_owner<T>(
    superuser: &Client,
    work: impl AsyncFnOnce() -> Result<T, MigrationError>,
) -> Result<T, MigrationError> {
    superuser.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await?;
    superuser.batch_execute("SET ROLE strongroom_owner").await?;
    let done = work().await;
    superuser.batch_execute("RESET ROLE").await?;
    superuser
        .execute("SELECT pg_advisory_unlock($1)", &[&LOCK])
        .await?;
    done
}

/// Runs the statements in one transaction.
async fn in_transaction(client: &Client, statements: &str) -> Result<(), MigrationError> {
    let ran = client
        .batch_execute(&format!("BEGIN;\n{statements}\n;COMMIT"))
        .await;
    if ran.is_err() {
        client.batch_execute("ROLLBACK").await?;
    }
    Ok(ran?)
}
