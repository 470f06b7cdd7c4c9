//! Sub-users that we froze: they leave the vendors' lists of active ones, and are still there.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Time;

use super::holder::Holder;
use super::pass::Pass;
use crate::domain::snapshot::SubUserKey;
use crate::domain::totals;
use crate::domain::traffic::{SubUser, Window};
use crate::providers::{Dates, Span, SubUserStatus};

/// The kept rows that the vendor's list does not hold, without a figure.
///
/// A listed row is always the vendor's own; so is one that came back under the name of a kept one with another id.
pub(super) fn missing(holder: &Holder, list: &[SubUser]) -> Vec<SubUser> {
    let kept = holder.kept();
    if kept.is_empty() {
        return Vec::new();
    }
    let name = |row: &SubUser| (row.product.clone(), row.username.clone());
    let mut keys: HashSet<SubUserKey> = list.iter().map(SubUser::key).collect();
    let mut names: HashSet<(Option<Arc<str>>, Arc<str>)> = list.iter().map(name).collect();
    kept.iter()
        .filter(|row| keys.insert(row.key()) && names.insert(name(row)))
        .map(|row| SubUser {
            status: Some(SubUserStatus::Disabled.as_str().into()),
            usage: None,
            ..SubUser::clone(row)
        })
        .collect()
}

/// What to ask of a row's usage: for a kept one the span that its list counted, so that its figures go on.
///
/// What the vendor counts against a limit is told in a list alone; the statistics nearest to it count a calendar month
/// at Oxylabs, and at Decodo a month of which nobody says when it begins.
pub(super) fn span_of(pass: &Pass, row: &SubUser) -> Span {
    let kept = pass.holder.kept();
    let Some(kept) = kept.iter().find(|kept| kept.key() == row.key()) else { return Span::Current };
    let Some(usage) = kept.usage.as_ref().filter(|_| pass.holder.provider().past().dates != Dates::Nothing)
    else {
        return Span::Current;
    };
    let (account, now) = (pass.holder.account(), pass.clock.now());
    let date = |at: Timestamp| at.to_zoned(account.time_zone.clone()).date();
    let from = match usage.window {
        Window::Period => totals::period(account, &pass.holder.snapshot(), now)
            .map(|period| date(period.start))
            // The month's own call says the same.
            .filter(|start| start.day() != 1),
        Window::Since(since) if since.time() == Time::midnight() => Some(since.date()),
        Window::Dates(from, _) => Some(from),
        _ => None,
    };
    let today = date(now);
    from.filter(|from| *from <= today).map_or(Span::Current, |from| Span::Dates(from, today))
}
