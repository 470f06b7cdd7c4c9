//! The account's own series.

use super::Context;
use crate::domain::collector::Collector;
use crate::domain::snapshot::{Snapshot, SubUserRow};
use crate::domain::totals;
use crate::metrics::catalog::FamilyId;
use crate::metrics::exposition::{SampleWriter, Value};

pub(super) fn write(context: &Context<'_>) -> Vec<SampleWriter> {
    let (account, now) = (context.account, context.now);
    let fresh = fresh_only(context);
    let usage = fresh.account.as_ref().map(|reading| &reading.value);
    let list = fresh.sub_users.as_ref();
    let period = totals::period(account, &fresh, now);
    if let Some(period) = period {
        context.ends(period.end);
    }
    let listed = list.map(|list| list.value.len() as u64);
    let stale = list.map(|list| {
        let is_stale =
            |row: &&SubUserRow| row.usage.as_ref().is_none_or(|usage| usage.observed < list.observed);
        list.value.iter().filter(is_stale).count()
    });
    let mut writers = vec![];
    let mut one = |family, value: Option<Value>| {
        let mut writer = context.writer(family);
        if let Some(value) = value {
            writer.sample(&[], value);
        }
        writers.push(writer);
    };
    one(FamilyId::AccountTraffic, totals::traffic(&fresh).map(Value::from));
    one(FamilyId::AccountPlan, totals::plan(account, &fresh).map(Value::from));
    one(FamilyId::AccountAllocated, usage.and_then(|usage| usage.allocated).map(Value::from));
    one(FamilyId::AccountSubUsers, listed.or(usage.and_then(|usage| usage.sub_users)).map(Value::from));
    one(FamilyId::AccountStaleSubUsers, stale.map(Value::from));
    one(FamilyId::AccountUnattributedTraffic, totals::unattributed(account, &fresh, now).map(Value::from));
    one(FamilyId::AccountPeriodStart, period.map(|period| period.start.as_second().into()));
    one(FamilyId::AccountPeriodEnd, period.map(|period| period.end.as_second().into()));
    let mut info = context.writer(FamilyId::AccountInfo);
    let writes = if account.writes { "true" } else { "false" };
    info.sample(&[writes, account.gigabyte.as_str(), account.dialect], 1_u64);
    writers.push(info);
    writers
}

/// The snapshot without what is too old.
fn fresh_only(context: &Context<'_>) -> Snapshot {
    let held = context.snapshot;
    let account = context.fresh(Collector::Account, held.account.as_ref());
    let list = context.fresh(Collector::SubUsers, held.sub_users.as_deref());
    let plans = context.fresh(Collector::Subscriptions, held.subscriptions.as_deref());
    Snapshot {
        account: account.and(held.account.clone()),
        sub_users: list.and(held.sub_users.clone()),
        subscriptions: plans.and(held.subscriptions.clone()),
        ..Snapshot::default()
    }
}
