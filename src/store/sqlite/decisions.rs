//! The decisions: what an evaluation changed, saved in one transaction; and what is remembered, read back at the start.

mod acts;
mod columns;
mod grants;
mod incidents;
mod load;
mod outbox;
mod pauses;
mod save;

pub(super) use acts::{append, books as acts, journal, save as save_acts, save_unless_paused};
pub(super) use grants::{add as add_grant, all as grants, end as end_grant};
pub(super) use incidents::{acknowledge, drop_old, ended_since, events, list};
pub(super) use load::incidents as load;
pub(super) use outbox::{
    backlog, bury_of, due, next_due, post, receiver_off, receiver_on, receivers_off, save_outbox, threads,
    told, told_of, try_now,
};
pub(super) use pauses::{at as paused, begin as pause, end as resume, standing as pauses};
pub(super) use save::save;

/// Rows of one statement: with sixteen values a row it stays below the engine's 32,766.
const ROWS: usize = 2000;
