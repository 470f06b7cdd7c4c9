//! `check --write-test`: writes a sub-user's present values back, and finds nothing changed anywhere.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::Exit;
use super::super::context::Context;
use super::super::writing::{Asking, Desk, Note, Seat, limit_in_gigabytes, moved, told};
use crate::config::{UpdateRoute, Vendor};
use crate::domain::act::record::Record;
use crate::domain::act::settle::Found;
use crate::domain::snapshot::SubUserKey;
use crate::domain::traffic::SubUser;
use crate::domain::units::{Gigabyte, Limit};
use crate::enforce::Sent;
use crate::providers::{SubUserChange, Writer};

/// A vendor's list may be a moment behind its records.
const SETTLES: Duration = Duration::from_secs(1);

pub(super) async fn run(context: &Context, sub_user: &str, asking: Asking) -> anyhow::Result<Exit> {
    let desk = Desk::open(context).await?;
    let done = test(&desk, sub_user, asking).await;
    desk.close().await;
    done
}

async fn test(desk: &Desk<'_>, sub_user: &str, asking: Asking) -> anyhow::Result<Exit> {
    let seat = Seat::find(desk, sub_user).await?;
    let gigabyte = seat.account().gigabyte;
    let change = as_it_stands(&seat.row, seat.writer);
    if change.is_empty() {
        anyhow::bail!(
            "{} cannot be tested: {}. Take a sub-user with a limit",
            seat.name(),
            why_not(&seat, gigabyte)
        );
    }
    let what = in_words(&change, gigabyte);
    let mut lines = vec![
        format!("{}, to be written at the vendor as it stands there:", seat.whole_name()),
        format!("  {what}"),
    ];
    let account = desk.account(seat.writer)?;
    if matches!(account.vendor, Vendor::Decodo { update_route: UpdateRoute::Collection, .. }) {
        lines.push(
            "update_route = \"collection\" names no sub-user: the vendor alone knows whom it changes"
                .to_owned(),
        );
    }
    if !desk.agrees(asking, lines)? {
        return Ok(Exit::Failed);
    }
    let (seat, before) = seat.if_as_shown().await?;
    let record = Record::of(&seat.row);
    let note = Note {
        account: &seat.account().name,
        name: &seat.row.username,
        what: format!("check --write-test, {what}"),
        before: Some(record),
        after: Some(record),
    };
    desk.intend(&note).await?;
    let lost = match Sent::of(seat.writer.update_sub_user(&seat.id(), &change, &Context::ask()).await) {
        Sent::Maybe { lost } => lost,
        Sent::Not(found) => return desk.end(&note, &found, told(&found, None, String::new(), "")).await,
    };
    tokio::time::sleep(SETTLES).await;
    let (found, changed) = match seat.writer.sub_users(&Context::ask()).await {
        Err(error) => (Found::Unknown(format!("the list cannot be read after it: {error}")), String::new()),
        Ok(after) => match (differences(&before, &after, gigabyte), &lost) {
            (differences, _) if !differences.is_empty() => {
                (Found::Other(record), format!("this changed in the list: {}", differences.join("; ")))
            }
            (_, Some(_)) => {
                let words = "nothing in the list differs, which proves nothing without an answer";
                (Found::Unknown(words.to_owned()), String::new())
            }
            (_, None) => (Found::Confirmed, String::new()),
        },
    };
    let confirmed = format!(
        "wrote {what} as it stood. The vendor took it, and of {} nothing differs but traffic: the route works. It does \
         not prove how large the vendor's gigabyte is, for what is written comes back in the same unit; proxymeter \
         reconcile --invoice SIZE tells",
        super::super::findings::plural(before.len(), "sub-user")
    );
    let told = match &found {
        Found::Other(_) => changed,
        found => told(found, lost.as_ref(), confirmed, ""),
    };
    desk.end(&note, &found, told).await
}

/// What the row says of limit and cut-off, as far as the vendor can be told that without changing it.
fn as_it_stands(row: &SubUser, writer: &dyn Writer) -> SubUserChange {
    let gigabyte = writer.account().gigabyte;
    let limit = row.limit.filter(|limit| match limit {
        Limit::Unlimited => writer.can_lift(),
        Limit::Blocked => false,
        Limit::Bytes(bytes) => gigabyte.in_steps(*bytes) == *bytes,
    });
    let change = SubUserChange { limit, auto_disable: row.auto_disable, ..SubUserChange::default() };
    if writer.check_change(&change).is_ok() { change } else { SubUserChange::default() }
}

fn why_not(seat: &Seat<'_>, gigabyte: Gigabyte) -> String {
    match seat.row.limit {
        _ if !seat.is_told => "it left the vendor's list, and its record cannot be read".to_owned(),
        None => "the vendor tells no limit of it, and what is not told cannot be written back".to_owned(),
        Some(limit) => {
            format!("a limit of {} cannot be written back unchanged", limit_in_gigabytes(limit, gigabyte))
        }
    }
}

fn in_words(change: &SubUserChange, gigabyte: Gigabyte) -> String {
    let limit = change.limit.map(|limit| format!("limit {}", limit_in_gigabytes(limit, gigabyte)));
    let flag = change.auto_disable.map(|flag| format!("auto_disable {flag}"));
    limit.into_iter().chain(flag).collect::<Vec<_>>().join(", ")
}

/// What differs between two lists but traffic.
fn differences(before: &[SubUser], after: &[SubUser], gigabyte: Gigabyte) -> Vec<String> {
    let by_key = |list: &[SubUser]| -> BTreeMap<SubUserKey, SubUser> {
        list.iter().map(|row| (row.key(), row.clone())).collect()
    };
    let (before, after) = (by_key(before), by_key(after));
    let mut told = Vec::new();
    for (key, row) in &before {
        match after.get(key) {
            None => told.push(format!("{} is no longer there", row.username)),
            Some(now) => {
                let other = |row: &SubUser| (row.product.clone(), row.limit_enforced, row.created);
                match moved(row, now, gigabyte) {
                    Some(moved) => told.push(format!("{}: {moved}", row.username)),
                    None if other(row) != other(now) => {
                        told.push(format!("{}: product, creation or enforcement", row.username));
                    }
                    None => {}
                }
            }
        }
    }
    let new = after.iter().filter(|(key, _)| !before.contains_key(*key));
    told.extend(new.map(|(_, row)| format!("{} is new", row.username)));
    told
}
