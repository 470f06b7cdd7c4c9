//! The store on SQLite: the contract, and what belongs to files and locks.

mod files;
mod lock;
mod pauses;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use proxymeter::store::error::StoreError;
use proxymeter::store::location::Location;
use proxymeter::store::owner::Owner;
use proxymeter::store::{Access, Store, open};
use tempfile::TempDir;

use super::contract::{Fixture, at, contract};

/// A store in a folder of its own.
struct Sqlite(TempDir);

fn fixture() -> Sqlite {
    Sqlite(TempDir::new().unwrap())
}

impl Sqlite {
    fn path(&self) -> PathBuf {
        self.0.path().join("proxymeter.db")
    }

    async fn open(&self, access: Access) -> Result<Arc<dyn Store>, StoreError> {
        open(&Location::Sqlite(self.path()), access).await
    }
}

fn owning(new_store: bool) -> Access {
    Access::Own { owner: Owner::this_process(at("2026-11-21T20:00:00Z")), new_store }
}

#[async_trait]
impl Fixture for Sqlite {
    async fn own(&self) -> Arc<dyn Store> {
        self.open(owning(!self.path().exists())).await.unwrap()
    }

    async fn ask(&self) -> Arc<dyn Store> {
        self.open(Access::Ask).await.unwrap()
    }

    async fn read(&self) -> Arc<dyn Store> {
        self.open(Access::Read).await.unwrap()
    }
}

contract!(requests:
    a_request_is_answered_once_and_in_order,
    an_owner_finds_the_requests_of_its_account,
    requests_and_answers_survive_a_crash,
    many_who_ask_at_once_are_all_heard,
    a_command_waits_for_its_answer,
    who_reads_changes_nothing,
);

contract!(history:
    a_pass_is_read_back_as_it_was,
    days_are_the_same_before_between_and_after_roll_ups,
    a_month_holds_its_days_alone,
    what_is_old_is_dropped_tier_by_tier,
    the_history_survives_a_crash,
    a_large_pass_is_read_by_subject,
    one_name_may_be_many_subjects,
    a_day_of_targets_is_saved_once,
);

contract!(actions:
    books_are_what_the_changes_make_of_them,
    every_word_of_an_action_is_read_back,
    a_decision_and_its_actions_are_saved_together,
    what_is_forgotten_stays_in_the_journal,
    pauses_stand_until_they_are_over,
    nothing_is_intended_where_lowering_is_paused,
    what_happened_is_read_newest_first_and_dropped_by_age,
    thousands_of_actions_are_saved_at_once,
    who_reads_changes_no_action,
);

contract!(decisions:
    what_was_decided_is_remembered,
    incidents_change_end_and_are_acknowledged,
    what_is_forgotten_is_forgotten,
    what_ended_long_ago_is_dropped_and_what_is_open_stays,
    thousands_that_fire_at_once_are_saved,
    grants_are_kept_until_they_are_over,
    counters_stand_as_they_were,
    names_and_limits_are_those_of_the_newest_list,
    only_the_owner_decides,
);

contract!(outbox:
    a_posting_waits_for_each_of_its_recipients,
    what_was_told_is_read_newest_first,
    a_lane_is_due_as_a_whole,
    of_a_long_lane_the_oldest_come,
    what_gathers_is_released,
    a_new_process_tries_at_once,
    a_try_ends_as_its_changes_say,
    older_ones_are_superseded_by_the_one_that_says_the_same,
    what_has_ended_stays_as_it_is,
    a_fallback_is_posted_with_its_mark,
    what_waits_for_nobody_is_given_up,
    what_is_told_is_saved_with_what_was_decided,
    f29_an_outbox_survives_a_kill_between_any_two_changes,
    f29_a_try_that_a_kill_cut_off_may_have_arrived,
    what_was_told_long_ago_is_dropped,
    receivers_that_are_gone_are_kept_until_they_are_back,
    who_reads_changes_no_outbox,
);
