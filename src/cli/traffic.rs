//! `traffic`: what the accounts used, or one sub-user by day or by target.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use jiff::{Span as TimeSpan, ToSpan};

use super::context::{Context, Which, of};
use super::output::{self, Cell, Listing, print_json};
use super::sub_users::find;
use super::{Exit, Misused};
use crate::domain::traffic::SubUser;
use crate::domain::units::Bytes;
use crate::providers::{Provider, Span};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// One sub-user, by name or id; the accounts' totals where nothing is said
    sub_user: Option<String>,
    /// Split one sub-user's usage
    #[arg(long, value_enum, requires = "sub_user")]
    by: Option<By>,
    /// The first day, such as 2026-01-15, or a span back from today, such as 7d
    #[arg(long, value_name = "DAY", requires = "sub_user")]
    since: Option<String>,
    #[command(flatten)]
    which: Which,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum By {
    /// A row a day, where the vendor tells
    Day,
    /// A row a domain (Oxylabs; one call a day, 30 days back at most)
    Target,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Table,
    /// For machines; bytes as whole numbers
    Json,
    /// For spreadsheets; bytes as whole numbers
    Csv,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let context = Context::new(&arguments.which)?;
    let listing = match &arguments.sub_user {
        None => totals(&context).await?,
        Some(name) => {
            let (provider, sub_user) = find(&context, name).await?;
            let today = context.now().to_zoned(provider.account().time_zone.clone()).date();
            let since = arguments.since.as_deref().map(|text| first_day(text, today)).transpose()?;
            match arguments.by {
                Some(By::Target) => by_target(provider, &sub_user, since.unwrap_or(today), today).await?,
                Some(By::Day) => {
                    by_day(provider, &sub_user, since.unwrap_or(today.first_of_month()), today).await?
                }
                None => one(provider, &sub_user, since, today).await?,
            }
        }
    };
    match arguments.format {
        Format::Table => output::print(&listing.to_table())?,
        Format::Json => print_json(&listing.to_json())?,
        Format::Csv => output::print(&listing.to_csv()?)?,
    }
    Ok(Exit::Done)
}

async fn totals(context: &Context) -> anyhow::Result<Listing> {
    let mut listing = Listing::new(&["account", "provider", "used", "allocated", "period_start", "as_of"]);
    for provider in &context.providers {
        let usage = of(&**provider, provider.account_usage(&Context::ask()).await)?;
        listing.add(vec![
            Cell::text(provider.account().name.as_str()),
            Cell::text(provider.account().provider),
            Cell::bytes(usage.traffic),
            Cell::bytes(usage.allocated),
            Cell::display(usage.period_start),
            Cell::display(usage.as_of),
        ]);
    }
    Ok(listing)
}

async fn one(
    provider: &dyn Provider,
    sub_user: &SubUser,
    since: Option<Date>,
    today: Date,
) -> anyhow::Result<Listing> {
    let span = since.map_or(Span::Current, |since| Span::Dates(since, today));
    let report = of(provider, provider.usage(sub_user, span, &Context::ask()).await)?;
    let mut listing = Listing::new(&["account", "sub_user", "used", "requests"]);
    listing.add(vec![
        Cell::text(provider.account().name.as_str()),
        Cell::text(&sub_user.username),
        Cell::bytes(Some(report.usage.traffic)),
        Cell::count(report.usage.requests),
    ]);
    Ok(listing)
}

async fn by_day(
    provider: &dyn Provider,
    sub_user: &SubUser,
    since: Date,
    today: Date,
) -> anyhow::Result<Listing> {
    let report = of(provider, provider.usage(sub_user, Span::Dates(since, today), &Context::ask()).await)?;
    if report.days.is_empty() && report.usage.traffic > Bytes(0) {
        anyhow::bail!(
            "{}: the vendor tells a total of {}, but not by day",
            provider.account().name,
            report.usage.traffic
        );
    }
    let mut listing = Listing::new(&["day", "used"]);
    for (day, traffic) in report.days {
        listing.add(vec![Cell::text(&day.to_string()), Cell::bytes(Some(traffic))]);
    }
    Ok(listing)
}

async fn by_target(
    provider: &dyn Provider,
    sub_user: &SubUser,
    since: Date,
    today: Date,
) -> anyhow::Result<Listing> {
    let mut sums: BTreeMap<String, (Bytes, Option<u64>)> = BTreeMap::new();
    let mut day = since;
    while day <= today {
        for usage in of(provider, provider.targets(sub_user, day, &Context::ask()).await)? {
            let sum = sums.entry(usage.target.to_string()).or_insert((Bytes(0), Some(0)));
            sum.0 = sum.0.saturating_add(usage.traffic);
            sum.1 = sum.1.zip(usage.requests).map(|(a, b)| a.saturating_add(b));
        }
        day = day.tomorrow()?;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, (traffic, _))| std::cmp::Reverse(*traffic));
    let mut listing = Listing::new(&["target", "used", "requests"]);
    for (target, (traffic, requests)) in sums {
        listing.add(vec![Cell::text(&target), Cell::bytes(Some(traffic)), Cell::count(requests)]);
    }
    Ok(listing)
}

/// A day by its date, or by how long ago it was.
fn first_day(text: &str, today: Date) -> anyhow::Result<Date> {
    let wrong =
        || Misused(format!("--since {text:?}: expected a day such as 2026-01-15, or a span such as 7d"));
    let day = match text.parse::<Date>() {
        Ok(day) => day,
        Err(_) => {
            let back: TimeSpan = text
                .strip_suffix('d')
                .and_then(|days| Some(i32::from(days.parse::<u16>().ok()?).days()))
                .ok_or_else(wrong)?;
            today.checked_sub(back)?
        }
    };
    if day > today {
        return Err(Misused(format!("--since {text}: that day has not come")).into());
    }
    Ok(day)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_first_day_is_a_date_or_a_span() {
        let today = date(2026, 1, 15);
        assert_eq!(first_day("2026-01-02", today).unwrap(), date(2026, 1, 2));
        assert_eq!(first_day("20d", today).unwrap(), date(2025, 12, 26));
        for wrong in ["", "d", "-3d", "2026-01-16", "yesterday"] {
            assert!(first_day(wrong, today).unwrap_err().is::<Misused>(), "{wrong}");
        }
    }
}
