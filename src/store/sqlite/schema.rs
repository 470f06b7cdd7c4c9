//! The schemas that this program knows, one SQL file a step.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The steps of the decisions' file.
pub(super) fn decisions() -> Migrator {
    migrator(&[
        (1, "requests", include_str!("migrations/decisions/1_requests.sql")),
        (2, "incidents", include_str!("migrations/decisions/2_incidents.sql")),
        (3, "actions", include_str!("migrations/decisions/3_actions.sql")),
        (4, "outbox", include_str!("migrations/decisions/4_outbox.sql")),
    ])
}

/// The steps of the history's file.
pub(super) fn history() -> Migrator {
    migrator(&[
        (1, "history", include_str!("migrations/history/1_history.sql")),
        (2, "standing", include_str!("migrations/history/2_standing.sql")),
        (3, "targets_read", include_str!("migrations/history/3_targets_read.sql")),
        (4, "names", include_str!("migrations/history/4_names.sql")),
    ])
}

/// Steps by number; a step that was released is never changed, since its checksum stands in every store.
pub(super) fn migrator(steps: &[(i64, &'static str, &'static str)]) -> Migrator {
    let step = |(version, name, sql): &(i64, &'static str, &'static str)| {
        let kind = MigrationType::Simple;
        Migration::new(*version, Cow::Borrowed(*name), kind, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(steps.iter().map(step).collect())
}

/// The newest schema of these steps.
pub(super) fn newest(migrator: &Migrator) -> i64 {
    migrator.iter().map(|step| step.version).max().unwrap_or_default()
}
