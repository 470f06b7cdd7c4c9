//! Where the traffic of past days went: kept once a day's figures are final, and shown again after a restart.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;

use super::{Decider, Held, Known};
use crate::collect::holder::Holder;
use crate::domain::account::{Account, AccountName};
use crate::domain::collector::Collector;
use crate::domain::figure::Subject;
use crate::domain::period::midnight;
use crate::domain::snapshot::{Reading, SubUserKey};
use crate::domain::traffic::TargetUsage;
use crate::store::Store;
use crate::store::error::StoreError;

/// Days that are shown again: the longest period, and no more than a vendor tells.
const DAYS: i32 = 31;

/// What was kept of an account's targets.
#[derive(Default)]
pub(super) struct Kept {
    days: HashSet<(SubUserKey, Date)>,
    /// The newest walk that was looked through.
    walked: Option<Timestamp>,
}

pub(super) type ByAccount = BTreeMap<AccountName, Kept>;

impl Decider {
    /// Keeps the days whose figures are final and that are not kept yet.
    pub(super) async fn keep_targets(
        &self,
        held: &mut Held,
        known: &Known,
        store: &dyn Store,
    ) -> Result<(), StoreError> {
        let name = &known.account.name;
        let state = self.watch.state();
        let walked =
            state.accounts.get(name).and_then(|one| one.known(Collector::Targets, |it| it.observed)?);
        let kept = held.targets.entry(name.clone()).or_default();
        if walked <= kept.walked {
            return Ok(());
        }
        for (key, days) in &known.snapshot.targets {
            for (day, reading) in &**days {
                let final_from = final_from(*day, &known.account, known.tolerance.lag);
                let is_final = final_from.is_some_and(|from| reading.observed >= from);
                let id = (key.clone(), *day);
                if !is_final || kept.days.contains(&id) {
                    continue;
                }
                let used: Vec<_> =
                    reading.value.iter().map(|one| (one.target.clone(), one.traffic)).collect();
                store.save_targets(name, key, *day, &used).await?;
                kept.days.insert(id);
            }
        }
        kept.walked = walked;
        Ok(())
    }

    /// Puts the kept days of an account into its snapshot.
    pub(super) async fn show_targets(
        &self,
        held: &mut Held,
        holder: &Holder,
        store: &dyn Store,
    ) -> Result<(), StoreError> {
        let account = holder.account();
        let today = account.time_zone.to_datetime(self.watch.clock.now()).date();
        let first = today.checked_sub(DAYS.days()).unwrap_or(today);
        let read = store.targets_read(&account.name, first).await?;
        let mut days: BTreeMap<(SubUserKey, Date), Vec<TargetUsage>> =
            read.iter().map(|id| (id.clone(), Vec::new())).collect();
        let each = &mut |subject: &Subject, day: Date, used: &crate::store::readings::DayUse| {
            if let Subject::Target(key, target) = subject
                && let Some(list) = days.get_mut(&(key.clone(), day))
            {
                list.push(TargetUsage { target: target.clone(), traffic: used.used, requests: None });
            }
        };
        store.each_day(&account.name, first, today, each).await?;
        let lag = self.settings.load().lag;
        holder.update(|snapshot| {
            let mut next = snapshot.clone();
            for ((key, day), value) in days {
                let Some(observed) = final_from(day, account, lag) else { continue };
                let days = Arc::make_mut(next.targets.entry(key).or_default());
                days.entry(day).or_insert(Reading { observed, value });
            }
            next
        });
        held.targets.entry(account.name.clone()).or_default().days.extend(read);
        Ok(())
    }
}

/// From when on a day's figures do not change any more.
fn final_from(day: Date, account: &Account, lag: Duration) -> Option<Timestamp> {
    midnight(day.tomorrow().ok()?, &account.time_zone)?.checked_add(lag).ok()
}
