//! What outlives the process: decisions, requests of commands, and the history of readings.
//!
//! On SQLite these are two files, so that bulk never delays a decision and a broken history never endangers one:
//! *decisions* where `store.url` says, and *history* beside it (`….history`), which may be lost.
//! One process owns a store ([`owner`]); others read it, and ask the owner by a row in `requests`.
//!
//! How `app` opens it, owns it, saves a pass and closes it:
//!
//! ```
//! # use proxymeter::domain::account::AccountName;
//! # use proxymeter::domain::snapshot::SubUserKey;
//! # use proxymeter::domain::traffic::{Usage, Window};
//! # use proxymeter::domain::units::Bytes;
//! use proxymeter::store::location::Location;
//! use proxymeter::store::owner::Owner;
//! use proxymeter::store::readings::{Figure, PassReadings, Subject};
//! use proxymeter::store::request::{Answer, Asked};
//! use proxymeter::store::{Access, open};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let (state_directory, new_store) = (folder.path(), true);
//! # let now: jiff::Timestamp = "2026-11-21T20:00:00Z".parse()?;
//! let location = Location::Sqlite(state_directory.join("proxymeter.db"));
//! let store = open(&location, Access::Own { owner: Owner::this_process(now), new_store }).await?;
//! if let Err(problem) = store.history() {
//!     tracing::error!(%problem, "decisions go on, forecasts do not");
//! }
//!
//! // After a pass: what changed, and how much of it is new. Now and then: roll up, and drop what is old.
//! let acme = AccountName::new("acme").ok_or("no name")?;
//! let usage = Usage { traffic: Bytes(7_000), requests: None, window: Window::Period };
//! let figure = Figure { subject: Subject::SubUser(SubUserKey("a".into())), usage, used: Bytes(500) };
//! store.save_pass(&acme, &PassReadings { observed: now, changed: vec![figure], standing: vec![] }).await?;
//! store.roll_up(&acme).await?;
//! store.drop_old(now, 400).await?;
//!
//! // Every 250 ms: what is asked of the owner.
//! while let Some(request) = store.next_request(Asked::OfAny).await? {
//!     let answer = Answer { exit: 0, text: "done".into() };
//!     store.answer(request.id, &answer, now).await?;
//! }
//! store.close().await;
//! # Ok(())
//! # }
//! ```

pub mod error;
pub mod location;
pub mod owner;
pub mod readings;
pub mod records;
pub mod request;
pub mod sqlite;

mod block;
mod day;
mod forms;
mod standing;
mod varint;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::account::AccountName;
use crate::domain::act::books::{Books, Delta, Entry};
use crate::domain::decision::Decision;
use crate::domain::grant::Grant;
use crate::domain::incident::Incidents;
use crate::domain::outbox::{Backlog, Change, Delivery, NoticeId, Posting, ThreadState, Told};
use crate::domain::snapshot::SubUserKey;
use crate::domain::units::Bytes;
use error::StoreError;
use location::Location;
use owner::Owner;
use readings::{Day, DayUse, Dropped, PassReadings, Point, Standing, Subject};
use records::{
    EntryRecord, EventRecord, IncidentId, IncidentRecord, Named, NewPause, Overview, Pause, ReceiverOff,
    Which,
};
use request::{Answer, Asked, NewRequest, Request, RequestId};

/// What a process wants of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everything, migrations included; one process at a time.
    Own {
        /// What others are told of this process.
        owner: Owner,
        /// Whether a store may begin empty where there is none.
        new_store: bool,
    },
    /// Reading, and asking the owner.
    Ask,
    /// Reading.
    Read,
}

/// Opens a store.
///
/// # Errors
/// Never an empty start: a missing file without `new_store`, a damaged one and a newer schema are errors.
pub async fn open(location: &Location, access: Access) -> Result<Arc<dyn Store>, StoreError> {
    match location {
        Location::Sqlite(path) => Ok(Arc::new(sqlite::SqliteStore::open(path, access).await?)),
    }
}

/// Takes what one subject used on one day, in no order.
pub type EachDay<'a> = dyn FnMut(&Subject, Date, &DayUse) + Send + 'a;

/// Takes how one subject's counter stands, in no order.
pub type EachStanding<'a> = dyn FnMut(&Subject, Standing) + Send + 'a;

/// How many incidents ended, by budget and threshold.
pub type EndedCounts = BTreeMap<(Arc<str>, Arc<str>), u64>;

/// A store, whatever the engine; its methods name no engine, path or lock.
///
/// A write is whole or not there. Days and hours are UTC.
#[async_trait]
pub trait Store: Send + Sync + std::fmt::Debug {
    /// Saves a request, for the owner to find.
    async fn ask(&self, request: &NewRequest, now: Timestamp) -> Result<RequestId, StoreError>;

    /// The oldest request without an answer.
    async fn next_request(&self, asked: Asked<'_>) -> Result<Option<Request>, StoreError>;

    /// Answers a request, once.
    async fn answer(&self, id: RequestId, answer: &Answer, now: Timestamp) -> Result<(), StoreError>;

    /// The answer to a request, if there is one yet; [`request::wait_for_answer`] waits for it.
    async fn answer_to(&self, id: RequestId) -> Result<Option<Answer>, StoreError>;

    /// Saves what an evaluation changed, what follows of it for actions, and what people are told of it, in one
    /// transaction.
    async fn save_decision(
        &self,
        decision: &Decision,
        acts: &Delta,
        told: &[Posting],
    ) -> Result<(), StoreError>;

    /// What is remembered from the evaluation that was saved last.
    async fn remembered(&self) -> Result<Incidents, StoreError>;

    /// Incidents by number.
    async fn incidents(&self, which: Which) -> Result<Vec<IncidentRecord>, StoreError>;

    /// How many incidents ended since a moment.
    async fn ended_since(&self, since: Timestamp) -> Result<EndedCounts, StoreError>;

    /// Notes that somebody knows of an incident; false where no open one has this number.
    async fn acknowledge(&self, id: IncidentId, who: &str, now: Timestamp) -> Result<bool, StoreError>;

    /// What happened since a moment beside incidents, newest first, the last thousand.
    async fn events(&self, since: Timestamp) -> Result<Vec<EventRecord>, StoreError>;

    /// Drops what ended, happened or was answered before a moment: incidents, events, requests, the journal of actions,
    /// pauses, deliveries, and notices of which no delivery is left; what is open stays, and of a thread with something
    /// open its newest notice.
    async fn drop_decisions(&self, before: Timestamp) -> Result<(), StoreError>;

    /// Saves what changed about actions, and what people are told of it, in one transaction.
    async fn save_acts(&self, delta: &Delta, told: &[Posting]) -> Result<(), StoreError>;

    /// Saves what is about to be written at an account, unless lowering is paused there: then nothing is saved, and the
    /// pause is given back. Whoever has paused it before this call is heeded, in whatever process.
    async fn save_intents(
        &self,
        account: &AccountName,
        delta: &Delta,
        told: &[Posting],
        now: Timestamp,
    ) -> Result<Option<Pause>, StoreError>;

    /// All that is remembered of actions: what [`Books::take`] makes of every change that was saved.
    async fn acts(&self) -> Result<Books, StoreError>;

    /// Adds to the journal alone; who asks the owner may do so too.
    async fn append(&self, entries: &[Entry]) -> Result<(), StoreError>;

    /// What happened to actions since a moment, newest first, and no more than `at_most`.
    async fn journal(&self, since: Timestamp, at_most: usize) -> Result<Vec<EntryRecord>, StoreError>;

    /// Pauses lowering, beside pauses that stand; who asks the owner may do so too.
    async fn pause(&self, pause: &NewPause, now: Timestamp) -> Result<Pause, StoreError>;

    /// Ends the pauses of an account, or every pause; gives back those that it ended. Who asks the owner may do so too.
    async fn resume(&self, account: Option<&AccountName>, now: Timestamp) -> Result<Vec<Pause>, StoreError>;

    /// The pauses that stand, by number.
    async fn pauses(&self, now: Timestamp) -> Result<Vec<Pause>, StoreError>;

    /// The pause at an account, be it of this one or of all; of several the one that stands longest.
    async fn paused(&self, account: &AccountName, now: Timestamp) -> Result<Option<Pause>, StoreError>;

    /// Saves a grant, whatever its number; gives back the one that it gets.
    async fn add_grant(&self, grant: &Grant) -> Result<i64, StoreError>;

    /// Forgets a grant that is over.
    async fn end_grant(&self, id: i64) -> Result<(), StoreError>;

    /// The grants that there are, by number.
    async fn grants(&self) -> Result<Vec<Grant>, StoreError>;

    /// Saves what people are told; a posting whose id is there already is not saved again.
    async fn post(&self, postings: &[Posting]) -> Result<(), StoreError>;

    /// Saves changes of the outbox, in their order, in one transaction.
    ///
    /// What has ended already is left as it is, by a `Begin` also what it would replace. From `Begin` on until it ends or
    /// a `Fail` says otherwise, a delivery may have arrived. `FallBack` posts once, for those that wait or are given up
    /// and have not fallen back before.
    async fn save_outbox(&self, changes: &[Change]) -> Result<(), StoreError>;

    /// Lanes of a receiver of which something is due, the longest due first and at most `lanes`, without those that are
    /// `busy` by recipient and thread; of each all that waits, oldest first, at most 200.
    async fn due(
        &self,
        receiver: &str,
        now: Timestamp,
        lanes: usize,
        busy: &[(Arc<str>, String)],
    ) -> Result<Vec<Vec<Delivery>>, StoreError>;

    /// When something of a receiver is due next, beside lanes that are `busy` by recipient and thread.
    async fn next_due(
        &self,
        receiver: &str,
        busy: &[(Arc<str>, String)],
    ) -> Result<Option<Timestamp>, StoreError>;

    /// What a process begins with: due at once is what was tried before, by a try that was cut off as well, what was put off
    /// behind that, and what gathers; whose first try lies ahead keeps its time. A try that was cut off counts, and may have arrived.
    async fn try_now(&self, now: Timestamp) -> Result<(), StoreError>;

    /// Where every thread of every receiver stands after its newest notice; what a receiver was told in another's place
    /// is none of its own.
    async fn threads(&self) -> Result<Vec<ThreadState>, StoreError>;

    /// How much waits for each receiver for which anything does, by name.
    async fn backlog(&self) -> Result<Vec<Backlog>, StoreError>;

    /// Deliveries of notices to a receiver, or to all, that were decided since a moment, newest first.
    async fn told(
        &self,
        receiver: Option<&str>,
        since: Timestamp,
        at_most: usize,
    ) -> Result<Vec<Told>, StoreError>;

    /// The deliveries of one notice, in the order of its recipients.
    async fn told_of(&self, id: &NoticeId) -> Result<Vec<Told>, StoreError>;

    /// Gives up what waits for recipients of a receiver that are not among `recipients_left`; how many that were.
    async fn bury_of(
        &self,
        receiver: &str,
        recipients_left: &[Arc<str>],
        now: Timestamp,
        why: &str,
    ) -> Result<u64, StoreError>;

    /// Notes that a receiver is gone for good, as it is configured.
    async fn receiver_off(
        &self,
        receiver: &str,
        fingerprint: &str,
        since: Timestamp,
        answer: &str,
    ) -> Result<(), StoreError>;

    /// The receivers that are gone for good, by name.
    async fn receivers_off(&self) -> Result<Vec<ReceiverOff>, StoreError>;

    /// Forgets that a receiver was gone.
    async fn receiver_on(&self, receiver: &str) -> Result<(), StoreError>;

    /// Whether there is a history to use; without one, the methods below fail, and those above do not.
    fn history(&self) -> Result<(), StoreError>;

    /// Adds the changed figures of a pass to the journal.
    async fn save_pass(&self, account: &AccountName, pass: &PassReadings) -> Result<(), StoreError>;

    /// Adds the journal's new blocks to the account's hours and days; queries see both at all times.
    async fn roll_up(&self, account: &AccountName) -> Result<(), StoreError>;

    /// Drops what is older than its tier at `now`: the journal after 7 days, hours after 60, days after `days_kept`.
    async fn drop_old(&self, now: Timestamp, days_kept: u16) -> Result<Dropped, StoreError>;

    /// How every counter of an account stands.
    async fn each_standing(
        &self,
        account: &AccountName,
        each: &mut EachStanding<'_>,
    ) -> Result<(), StoreError>;

    /// Adds to days what a vendor says of its past, and saves how the counter stands with that.
    ///
    /// The dates are the vendor's own, in the account's zone.
    async fn raise_days(
        &self,
        account: &AccountName,
        subject: &Subject,
        days: &[(Date, Bytes)],
        standing: Option<Standing>,
    ) -> Result<(), StoreError>;

    /// Adds to a day what each target of a sub-user used, as the vendor says of its past, and notes that this day was
    /// read; a day that is noted already stays as it is.
    async fn save_targets(
        &self,
        account: &AccountName,
        sub_user: &SubUserKey,
        day: Date,
        used: &[(Arc<str>, Bytes)],
    ) -> Result<(), StoreError>;

    /// The days from `first` on of which a sub-user's targets were read from the vendor's past, by day.
    async fn targets_read(
        &self,
        account: &AccountName,
        first: Date,
    ) -> Result<Vec<(SubUserKey, Date)>, StoreError>;

    /// A subject's figures from `from` on, before `until`, by time.
    async fn points(
        &self,
        account: &AccountName,
        subject: &Subject,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Point>, StoreError>;

    /// A subject's days with any use from `first` to `last`, both inclusive, by date.
    async fn days(
        &self,
        account: &AccountName,
        subject: &Subject,
        first: Date,
        last: Date,
    ) -> Result<Vec<Day>, StoreError>;

    /// Every day with any use of every subject of an account, from `first` to `last`, both inclusive.
    async fn each_day(
        &self,
        account: &AccountName,
        first: Date,
        last: Date,
        each: &mut EachDay<'_>,
    ) -> Result<(), StoreError>;

    /// Keeps what sub-users are called and which limits they have.
    async fn save_names(&self, account: &AccountName, named: &[Named]) -> Result<(), StoreError>;

    /// What sub-users were called when they were listed last.
    async fn names(&self, account: &AccountName) -> Result<Vec<Named>, StoreError>;

    /// Keeps how an account is, for who asks without the daemon.
    async fn save_overview(&self, overview: &Overview) -> Result<(), StoreError>;

    /// How the accounts were when they were looked at last, by name.
    async fn overviews(&self) -> Result<Vec<Overview>, StoreError>;

    /// Forgets how an account was that is configured no more.
    async fn forget_overview(&self, account: &str) -> Result<(), StoreError>;

    /// Copies the decisions, consistently, to a file that is not there yet.
    async fn backup(&self, to: &Path) -> Result<(), StoreError>;

    /// Ends every connection and gives up ownership; dropping does as well, a moment later.
    async fn close(&self);
}
