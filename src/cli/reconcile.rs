//! `reconcile`: an account's total against its sub-users, and against an invoice.

mod invoice;

use clap::Args;
use serde_json::{Value, json};

use super::context::Which;
use super::findings::names;
use super::output::{self, Cell, Format, Listing, print_json};
use super::sub_users::counted;
use super::{Exit, Misused};
use crate::app::once::{self, Brought, BroughtAccount};
use crate::config::Config;
use crate::domain::collector::Collector;
use crate::domain::totals;
use crate::domain::traffic::SubUser;
use crate::domain::units::{Bytes, Gigabyte};
use invoice::{Compared, Invoice};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The traffic on the invoice of the current period, such as 500GB (the vendor's own gigabyte) or 465GiB (exact)
    #[arg(long, value_name = "SIZE")]
    invoice: Option<Invoice>,
    #[command(flatten)]
    which: Which,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// One account's result.
struct Reconciled {
    notes: Vec<String>,
    is_fine: bool,
    compared: Option<Compared>,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let mut config = arguments.which.load()?;
    if arguments.invoice.is_some() && config.accounts.len() > 1 {
        let names: Vec<_> = config.accounts.keys().map(|name| name.as_str()).collect();
        let told = format!("an invoice is one account's; name it by --account: {}", names.join(", "));
        return Err(Misused(told).into());
    }
    for account in config.accounts.values_mut() {
        // A call a sub-user that nothing here is compared with.
        account.schedule.remove(&Collector::Targets);
    }
    let brought = once::collect(&config, || ()).await?;
    let results: Vec<_> = brought
        .accounts
        .iter()
        .map(|account| reconcile(account, &brought, &config, arguments.invoice.as_ref()))
        .collect();
    let listing = listing(&brought.accounts, &results, arguments.invoice.is_some());
    match arguments.format {
        Format::Table => output::print(&table(&listing, &brought.accounts, &results))?,
        Format::Json => print_json(&json(&listing, &results))?,
    }
    Ok(if brought.failures.len() == brought.passes {
        Exit::Failed
    } else if results.iter().all(|result| result.is_fine) {
        Exit::Done
    } else {
        Exit::Unknown
    })
}

fn reconcile(
    account: &BroughtAccount,
    brought: &Brought,
    config: &Config,
    invoice: Option<&Invoice>,
) -> Reconciled {
    let failed = brought.failures.iter().filter(|(name, ..)| *name == account.account.name);
    let mut notes: Vec<String> = failed
        .map(|(_, collector, failure)| {
            format!("{collector} did not come ({}): {}", failure.reason, failure.message)
        })
        .collect();
    let mut is_fine = notes.is_empty();
    if let Some(total) = account.traffic() {
        let (note, agrees) = sub_users(account, total);
        notes.push(note);
        is_fine &= agrees;
    } else if notes.is_empty() {
        notes.push("the account's total is unknown: the vendor does not tell it".to_owned());
        is_fine = false;
    }
    let is_pinned = config.accounts.get(&account.account.name).is_some_and(|account| account.gigabyte_pinned);
    let compare =
        |invoice: &Invoice| Some(invoice.compare(account.traffic()?, account.account.gigabyte, is_pinned));
    let compared = invoice.and_then(compare);
    if let Some(compared) = &compared {
        notes.push(compared.to_text(&since(account)));
        is_fine &= compared.is_fine();
    }
    Reconciled { notes, is_fine, compared }
}

fn since(account: &BroughtAccount) -> String {
    let start =
        account.period().map(|period| period.start.to_zoned(account.account.time_zone.clone()).date());
    start.map_or_else(|| "the period's start, which is unknown".to_owned(), |start| start.to_string())
}

/// What the vendors round a figure by: 0.01 GB, in bytes.
const STEP: u128 = 10_000_000;

/// What no sub-user explains, in a sentence, and whether that is little enough.
fn sub_users(account: &BroughtAccount, total: Bytes) -> (String, bool) {
    let Some(unattributed) = account.unattributed() else { return (why_unknown(account), false) };
    let attributed = attributed((total, unattributed));
    let share = share(unattributed, total);
    let rounding = STEP * (account.snapshot.rows().len() as u128 + 1);
    if attributed.is_within_a_hundredth_of(total) || unattributed.unsigned_abs() <= rounding {
        let told = format!(
            "the sub-users add up to the account's total, give or take 1 % and rounding: {attributed} of {total}"
        );
        return (told, true);
    }
    let amount = output::signed(unattributed);
    let told = if unattributed > 0 {
        format!(
            "{amount} ({share}) belongs to no sub-user of the list: it went through the account's own credentials, which no \
             sub-user's limit binds, or through sub-users that were deleted or disabled in this period"
        )
    } else {
        format!(
            "the sub-users add up to {} more than the account's total: the vendor's figures are of different ages, or one \
             of them was corrected",
            amount.trim_start_matches('-')
        )
    };
    let advice = "; a gigabyte of the other size explains as much, `proxymeter check --online` shows what the vendor says of it";
    let is_units = explained_by_other_gigabyte(total, attributed, account.account.gigabyte);
    (if is_units { told + advice } else { told }, false)
}

/// Whether the total would be the sub-users' sum if the API's gigabyte were the other one (F19).
fn explained_by_other_gigabyte(total: Bytes, attributed: Bytes, gigabyte: Gigabyte) -> bool {
    let others = Gigabyte::ALL.into_iter().filter(|other| *other != gigabyte);
    let mut as_other = others.filter_map(|other| other.to_bytes(gigabyte.from_bytes(total)).ok());
    as_other.any(|total| attributed.is_within_a_hundredth_of(total))
}

/// What the sub-users add up to.
fn attributed((total, unattributed): (Bytes, i128)) -> Bytes {
    Bytes(u64::try_from(i128::from(total.0) - unattributed).unwrap_or_default())
}

fn share(part: i128, total: Bytes) -> String {
    format!("{:.1} %", part as f64 * 100.0 / (total.0.max(1) as f64))
}

fn why_unknown(account: &BroughtAccount) -> String {
    const WHY: &str = "the sub-users cannot be compared with the account's total";
    let rows = account.snapshot.rows();
    let Some(period) = account.period() else {
        return format!("{WHY}: the account's period is unknown; set billing_day");
    };
    if account.snapshot.account.as_ref().is_none_or(|reading| reading.value.traffic.is_none()) {
        return format!("{WHY}: the vendor tells that total by its subscriptions alone");
    }
    if account.snapshot.sub_users.is_none() {
        return format!("{WHY}: their list did not come");
    }
    let silent: Vec<&SubUser> =
        rows.iter().filter(|row| row.usage.is_none()).map(|row| &row.sub_user).collect();
    if !silent.is_empty() {
        return format!("{WHY}: no figure came for {}", names(&silent));
    }
    let others = rows.iter().filter_map(|row| Some((&row.sub_user, &row.usage.as_ref()?.value)));
    let others: Vec<_> =
        others.filter(|(_, usage)| !totals::counts_period(usage, &period, &account.account)).collect();
    let Some((first, usage)) = others.first() else {
        return format!("{WHY}: a figure is older than the list");
    };
    let alike: Vec<_> = others
        .iter()
        .filter(|(_, other)| other.window == usage.window)
        .map(|(sub_user, _)| *sub_user)
        .collect();
    let rest = match others.len() - alike.len() {
        0 => String::new(),
        rest => format!(", and {rest} more other spans"),
    };
    let count = if alike.len() == 1 { "counts" } else { "count" };
    let who = if alike.is_empty() { output::on_one_line(&first.username) } else { names(&alike) };
    format!("{WHY} since {}: {who} {count} {}{rest}", since(account), counted(&usage.window))
}

const COLUMNS: [&str; 7] =
    ["account", "period_start", "used", "sub_users", "unattributed", "invoice", "difference"];

fn listing(accounts: &[BroughtAccount], results: &[Reconciled], has_invoice: bool) -> Listing {
    const WITHOUT_INVOICE: usize = COLUMNS.len() - 2;
    let columns = if has_invoice { &COLUMNS[..] } else { &COLUMNS[..WITHOUT_INVOICE] };
    let mut listing = Listing::new(columns);
    for (account, result) in accounts.iter().zip(results) {
        let compared = result.compared.as_ref();
        let mut row = vec![
            Cell::text(account.account.name.as_str()),
            Cell::time(account.period().map(|period| period.start)),
            Cell::bytes(account.traffic()),
            Cell::bytes(account.traffic().zip(account.unattributed()).map(attributed)),
            Cell::difference(account.unattributed()),
            Cell::bytes(compared.map(|compared| compared.invoice)),
            Cell::difference(compared.map(|compared| compared.difference)),
        ];
        row.truncate(columns.len());
        listing.add(row);
    }
    listing
}

fn table(listing: &Listing, accounts: &[BroughtAccount], results: &[Reconciled]) -> String {
    let mut text = listing.to_table();
    for (account, result) in accounts.iter().zip(results) {
        for note in &result.notes {
            text += &format!("\n{}: {note}\n", account.account.name);
        }
    }
    text
}

fn json(listing: &Listing, results: &[Reconciled]) -> Value {
    let mut rows = listing.to_json();
    for (row, result) in rows.as_array_mut().into_iter().flatten().zip(results) {
        row["agrees"] = json!(result.is_fine);
        row["notes"] = json!(result.notes);
    }
    rows
}
