//! The columns of every table of actions, out and back.
//!
//! The names in a constant stand in the order in which the function beside it gives the values.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::query_builder::Separated;
use sqlx::sqlite::Sqlite;

use crate::domain::account::AccountName;
use crate::domain::act::action::{Action, ActionId, End, Stage};
use crate::domain::act::books::{Breaker, Concern, ConcernKind, Entry, Place};
use crate::domain::act::gate::Gate;
use crate::domain::act::hold::{By, Hold, Part, Throttle};
use crate::domain::act::record::Record;
use crate::domain::budget::threshold::Mode;
use crate::domain::snapshot::SubUserKey;
use crate::domain::traffic::SubUserId;
use crate::domain::units::Bytes;
use crate::store::error::StoreError;
use crate::store::forms;
use crate::store::records::{EntryId, EntryRecord};
use crate::store::sqlite::decisions::columns::{Columns, number};

/// The values of one row.
pub(super) type Values<'a> = Separated<'a, Sqlite, &'static str>;

pub(super) const ACTIONS: &str = "id, account, target, product, name, vendor_id, budget, part, threshold, what, \
    mode, stage, ended_as, hash, proposed, not_before, expires, period, incident, amount, pace, record_before, \
    record_after, asked_by, blocked, tries, written, ended, latched";

pub(super) fn action(mut row: Values<'_>, action: &Action) {
    let Action {
        id,
        account,
        who,
        vendor_id,
        by,
        what,
        mode,
        stage,
        hash,
        proposed,
        not_before,
        expires,
        period,
        incident,
        amount,
        pace,
        before,
        after,
        asked_by,
        blocked,
        tries,
        written,
        ended,
        latched,
    } = action;
    row.push_bind(id.0).push_bind(account.as_str());
    row.push_bind(&*who.key.0).push_bind(&*who.product).push_bind(&*who.name).push_bind(&*vendor_id.0);
    push_by(&mut row, by);
    row.push_bind(forms::what(*what)).push_bind(mode.as_str());
    let (stage, ended_as) = match stage {
        Stage::Ended(end) => (ENDED, Some(end.as_str())),
        stage => (stage.as_str(), None),
    };
    row.push_bind(stage).push_bind(ended_as).push_bind(&**hash);
    row.push_bind(proposed.as_millisecond()).push_bind(moment(*not_before)).push_bind(moment(*expires));
    row.push_bind(moment(*period)).push_bind(moment(*incident));
    row.push_bind(amount.map(number)).push_bind(number(Bytes(*pace)));
    row.push_bind(before.map(forms::record)).push_bind(after.map(forms::record));
    row.push_bind(&**asked_by).push_bind(blocked.map(Gate::as_str)).push_bind(*tries);
    row.push_bind(moment(*written)).push_bind(moment(*ended)).push_bind(*latched);
}

/// What tells an action apart.
pub(super) const ID: &str = "id";

pub(super) fn id(mut row: Values<'_>, id: &ActionId) {
    row.push_bind(id.0);
}

/// The stage of an action that is over; why is another column.
const ENDED: &str = "ended";

impl Columns<'_> {
    pub(super) fn action(&self) -> Result<Action, StoreError> {
        let blocked = self.maybe_text("blocked")?;
        Ok(Action {
            id: ActionId(self.number("id")?),
            account: self.account("account")?,
            who: Arc::new(self.identity()?),
            vendor_id: SubUserId(self.shared("vendor_id")?),
            by: self.by()?,
            what: self.form("what", forms::what_of)?,
            mode: self.form("mode", |word| Mode::ALL.into_iter().find(|mode| mode.as_str() == word))?,
            stage: self.stage()?,
            hash: self.shared("hash")?,
            proposed: self.moment("proposed")?,
            not_before: self.maybe_moment("not_before")?,
            expires: self.maybe_moment("expires")?,
            period: self.maybe_moment("period")?,
            incident: self.maybe_moment("incident")?,
            amount: self.maybe_bytes("amount")?,
            pace: self.bytes("pace")?.0,
            before: self.record("record_before")?,
            after: self.record("record_after")?,
            asked_by: self.shared("asked_by")?,
            // A word that this version does not know is found anew.
            blocked: blocked.and_then(|word| Gate::ALL.into_iter().find(|gate| gate.as_str() == word)),
            tries: u32::try_from(self.number("tries")?)
                .map_err(|_| self.file.damaged("how often an action was tried"))?,
            written: self.maybe_moment("written")?,
            ended: self.maybe_moment("ended")?,
            latched: self.number("latched")? != 0,
        })
    }

    fn stage(&self) -> Result<Stage, StoreError> {
        let (stage, ended_as) = (self.text("stage")?, self.maybe_text("ended_as")?);
        let found = match ended_as {
            Some(word) => End::ALL.into_iter().find(|end| end.as_str() == word).map(Stage::Ended),
            None => Stage::all().find(|one| !one.is_ended() && one.as_str() == stage),
        };
        found.ok_or_else(|| self.file.damaged("the stage of an action"))
    }
}

pub(super) const THROTTLES: &str =
    "account, target, product, name, vendor_id, own, written_fields, since, written";

pub(super) fn throttle(mut row: Values<'_>, throttle: &&Throttle) {
    let Throttle { account, who, id, own, set, holds: _, since, written } = throttle;
    row.push_bind(account.as_str());
    row.push_bind(&*who.key.0).push_bind(&*who.product).push_bind(&*who.name).push_bind(&*id.0);
    row.push_bind(forms::record(*own)).push_bind(forms::change(*set));
    row.push_bind(since.as_millisecond()).push_bind(moment(*written));
}

impl Columns<'_> {
    /// A throttle without its holds.
    pub(super) fn throttle(&self) -> Result<Throttle, StoreError> {
        Ok(Throttle {
            account: self.account("account")?,
            who: Arc::new(self.identity()?),
            id: SubUserId(self.shared("vendor_id")?),
            own: self.form("own", forms::record_of)?,
            set: self.form("written_fields", forms::change_of)?,
            holds: Vec::new(),
            since: self.moment("since")?,
            written: self.maybe_moment("written")?,
        })
    }
}

pub(super) const HOLDS: &str = "account, target, budget, part, threshold, place, what, ceiling, action, period, \
    amount, since, orphaned, confirmed";

/// A hold, on whom, and its place among those that are there.
pub(super) type Held<'a> = (&'a Throttle, i64, &'a Hold);

pub(super) fn hold(mut row: Values<'_>, (throttle, place, hold): &Held<'_>) {
    let Hold { by, what, ceiling, action, period, amount, since, orphaned, confirmed } = hold;
    row.push_bind(throttle.account.as_str()).push_bind(&*throttle.who.key.0);
    push_by(&mut row, by);
    row.push_bind(*place).push_bind(forms::what(*what)).push_bind(forms::ceiling(*ceiling));
    row.push_bind(action.0).push_bind(moment(*period)).push_bind(amount.map(number));
    row.push_bind(since.as_millisecond()).push_bind(*orphaned).push_bind(*confirmed);
}

impl Columns<'_> {
    pub(super) fn hold(&self) -> Result<(Place, Hold), StoreError> {
        let hold = Hold {
            by: self.by()?,
            what: self.form("what", forms::what_of)?,
            ceiling: self.form("ceiling", forms::ceiling_of)?,
            action: ActionId(self.number("action")?),
            period: self.maybe_moment("period")?,
            amount: self.maybe_bytes("amount")?,
            since: self.moment("since")?,
            orphaned: self.number("orphaned")? != 0,
            confirmed: self.number("confirmed")? != 0,
        };
        Ok(((self.account("account")?, SubUserKey(self.shared("target")?)), hold))
    }
}

/// What tells a throttle apart, and all holds of one.
pub(super) const PLACE: &str = "account, target";

pub(super) fn place(mut row: Values<'_>, (account, key): &&Place) {
    row.push_bind(account.as_str()).push_bind(&*key.0);
}

pub(super) const BREAKERS: &str = "account, since, action, words";

pub(super) fn breaker(mut row: Values<'_>, (account, breaker): &(&AccountName, &Breaker)) {
    let Breaker { since, action, words } = breaker;
    row.push_bind(account.as_str()).push_bind(since.as_millisecond()).push_bind(action.0);
    row.push_bind(words.as_str());
}

/// What tells a breaker apart.
pub(super) const ACCOUNT: &str = "account";

pub(super) fn account(mut row: Values<'_>, account: &&AccountName) {
    row.push_bind(account.as_str());
}

impl Columns<'_> {
    pub(super) fn breaker(&self) -> Result<(AccountName, Breaker), StoreError> {
        let breaker = Breaker {
            since: self.moment("since")?,
            action: ActionId(self.number("action")?),
            words: self.text("words")?,
        };
        Ok((self.account("account")?, breaker))
    }
}

/// What tells a concern apart.
pub(super) const CONCERN: &str = "concern, account, kind, target";

pub(super) fn concern(mut row: Values<'_>, concern: &&Concern) {
    push_concern(&mut row, concern);
}

pub(super) const CONCERNS: &str = "concern, account, kind, target, since";

pub(super) fn concern_since(mut row: Values<'_>, (concern, since): &(&Concern, Timestamp)) {
    push_concern(&mut row, concern);
    row.push_bind(since.as_millisecond());
}

fn push_concern(row: &mut Values<'_>, concern: &Concern) {
    let Concern { kind, account, key } = concern;
    let (of, target) = key.as_ref().map_or(("account", ""), |key| ("sub_user", &*key.0));
    row.push_bind(kind.as_str()).push_bind(account.as_str()).push_bind(of).push_bind(target);
}

impl Columns<'_> {
    /// A concern; nothing where this version does not know its word, and would find its own anew.
    pub(super) fn concern(&self) -> Result<Option<(Concern, Timestamp)>, StoreError> {
        let word = self.text("concern")?;
        let Some(kind) = ConcernKind::ALL.into_iter().find(|kind| kind.as_str() == word) else {
            return Ok(None);
        };
        let key = match self.text("kind")?.as_str() {
            "account" => None,
            _ => Some(SubUserKey(self.shared("target")?)),
        };
        Ok(Some((Concern { kind, account: self.account("account")?, key }, self.moment("since")?)))
    }
}

pub(super) const JOURNAL: &str =
    "at, action, account, name, asked_by, step, words, record_before, record_after";

pub(super) fn entry(mut row: Values<'_>, entry: &Entry) {
    let Entry { at, action, account, name, by, step, words, before, after } = entry;
    row.push_bind(at.as_millisecond()).push_bind(action.map(|id| id.0)).push_bind(account.as_str());
    row.push_bind(&**name).push_bind(&**by).push_bind(*step).push_bind(words.as_str());
    row.push_bind(before.map(forms::record)).push_bind(after.map(forms::record));
}

impl Columns<'_> {
    pub(super) fn entry(&self) -> Result<EntryRecord, StoreError> {
        Ok(EntryRecord {
            id: EntryId(self.number("id")?),
            at: self.moment("at")?,
            action: self.maybe_number("action")?.map(ActionId),
            account: self.account("account")?,
            name: self.shared("name")?,
            by: self.shared("asked_by")?,
            step: self.text("step")?,
            words: self.text("words")?,
            before: self.record("record_before")?,
            after: self.record("record_after")?,
        })
    }

    fn record(&self, column: &str) -> Result<Option<Record>, StoreError> {
        let text = self.maybe_text(column)?;
        text.map(|text| forms::record_of(&text).ok_or_else(|| self.file.damaged("the record of a sub-user")))
            .transpose()
    }

    fn by(&self) -> Result<By, StoreError> {
        let part = match self.text("part")?.as_str() {
            THRESHOLD => Part::Threshold(self.shared("threshold")?),
            STANDING_CAP => Part::StandingCap,
            _ => return Err(self.file.damaged("the part of a budget")),
        };
        Ok(By { budget: self.shared("budget")?, part })
    }

    fn form<T>(&self, column: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, StoreError> {
        read(&self.text(column)?).ok_or_else(|| self.file.damaged(&format!("the {column} of an action")))
    }
}

const THRESHOLD: &str = "threshold";
const STANDING_CAP: &str = "standing_cap";

fn push_by(row: &mut Values<'_>, By { budget, part }: &By) {
    let (part, threshold) = match part {
        Part::Threshold(name) => (THRESHOLD, &**name),
        Part::StandingCap => (STANDING_CAP, ""),
    };
    row.push_bind(&**budget).push_bind(part).push_bind(threshold);
}

fn moment(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_millisecond)
}
