//! The budgets that a configuration has, a line a standing cap and a threshold.

use super::super::output::{Cell, Listing};
use crate::config::Config;
use crate::domain::budget::Budget;
use crate::domain::budget::period::PeriodRule;
use crate::domain::budget::threshold::Action;

/// The budgets with their standing caps and thresholds.
pub(super) fn listing(config: &Config) -> Listing {
    let mut listing = Listing::new(&[
        "budget",
        "accounts",
        "per",
        "period",
        "threshold",
        "when",
        "severity",
        "notify",
        "action",
    ]);
    for budget in &config.budgets {
        if let Some(mode) = budget.standing_cap {
            listing.add(vec![
                Cell::text(&budget.name),
                Cell::text(&accounts(config, budget)),
                Cell::text(budget.per.as_str()),
                Cell::text(&period(budget.period)),
                Cell::text(""),
                Cell::text("always"),
                Cell::text(""),
                Cell::text(""),
                Cell::text(&format!("standing cap ({mode})")),
            ]);
        }
        for threshold in &budget.thresholds {
            listing.add(vec![
                Cell::text(&budget.name),
                Cell::text(&accounts(config, budget)),
                Cell::text(budget.per.as_str()),
                Cell::text(&period(budget.period)),
                Cell::text(&threshold.name),
                Cell::text(&threshold.when.to_string()),
                Cell::text(threshold.severity.as_str()),
                Cell::text(&threshold.notify.join(", ")),
                Cell::text(&threshold.action.as_ref().map_or_else(String::new, action)),
            ]);
        }
    }
    listing
}

fn accounts(config: &Config, budget: &Budget) -> String {
    let fits = |account: &crate::domain::account::Account| {
        budget.selectors.fits_account(account.provider, account.name.as_str())
    };
    let fitting = config.accounts.values().map(|account| &account.account).filter(|account| fits(account));
    fitting.map(|account| account.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn period(period: PeriodRule) -> String {
    match period {
        PeriodRule::Vendor => "vendor".to_owned(),
        PeriodRule::Month => "month".to_owned(),
        PeriodRule::Week => "week".to_owned(),
        PeriodRule::Day => "day".to_owned(),
        PeriodRule::Rolling(days) => format!("rolling {days}d"),
    }
}

fn action(action: &Action) -> String {
    format!("{} ({})", action.what, action.mode)
}
