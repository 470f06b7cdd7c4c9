//! How long the standing caps of a budget take to move, where the number of sub-users is known.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::super::kept;
use crate::config::{AccountConfig, Config, MAX_REQUESTS_PER_SECOND, Place, Problem};
use crate::domain::account::AccountName;
use crate::domain::budget::Budget;
use crate::domain::budget::standing::Moving;

/// The caps of one budget at one account.
#[derive(Debug)]
pub(super) struct Caps {
    budget: Arc<str>,
    account: AccountName,
    rate: NonZeroU32,
    moving: Moving,
}

/// The caps at an account whose sub-users are these, by product and name; whose limits are never lowered has none.
pub(super) fn caps(
    config: &Config,
    account: &AccountConfig,
    sub_users: &[(Arc<str>, Arc<str>)],
) -> Vec<Caps> {
    let own = account.own_users();
    let moves = |name: &str| !own.contains(&name) && !account.guard.protects(name);
    let caps = |budget: &Budget| {
        let fits = |(product, name): &&(Arc<str>, Arc<str>)| {
            budget.selectors.fits_sub_user(product, name) && moves(name)
        };
        let count = sub_users.iter().filter(fits).count() as u64;
        Some(Caps {
            budget: budget.name.clone(),
            account: account.account.name.clone(),
            rate: account.requests_per_second,
            moving: Moving::of(count, account.requests_per_second, budget.period)?,
        })
    };
    with_caps(config, account).filter_map(caps).collect()
}

/// The budgets with a standing cap that fit an account.
fn with_caps<'a>(config: &'a Config, account: &AccountConfig) -> impl Iterator<Item = &'a Budget> {
    let (provider, name) = (account.account.provider, account.account.name.clone());
    let has_cap = |budget: &&Budget| budget.standing_cap.is_some();
    config
        .budgets
        .iter()
        .filter(has_cap)
        .filter(move |budget| budget.selectors.fits_account(provider, name.as_str()))
}

/// What the store's names say of all accounts, and a line for each cap of which they say nothing.
pub(super) async fn by_store(config: &Config) -> (Vec<Caps>, Vec<String>) {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    if config.budgets.iter().all(|budget| budget.standing_cap.is_none()) {
        return (known, unknown);
    }
    // Before the first start there is none, and one that cannot be read is told by other commands.
    let store = kept::to_read(config).await.ok();
    for account in config.accounts.values() {
        let named = match &store {
            Some(store) => store.names(&account.account.name).await.unwrap_or_default(),
            None => Vec::new(),
        };
        if named.is_empty() {
            unknown.extend(with_caps(config, account).map(|budget| {
                format!(
                    "budgets.{}.standing_cap at {}: how many sub-users have one is not known yet; --online counts them.",
                    budget.name, account.account.name
                )
            }));
            continue;
        }
        let names: Vec<_> = named.into_iter().map(|named| (named.who.product, named.who.name)).collect();
        known.extend(caps(config, account, &names));
    }
    if let Some(store) = store {
        store.close().await;
    }
    (known, unknown)
}

impl Caps {
    /// How long they take.
    pub(super) fn told(&self) -> String {
        format!("budgets.{}.standing_cap at {}: {}.", self.budget, self.account, self.takes())
    }

    /// What is wrong where they take too long.
    pub(super) fn problem(&self, config: &Config) -> Option<Problem> {
        if self.moving.is_in_time() {
            return None;
        }
        let place = config.standing_caps.get(&self.budget).cloned();
        Some(Problem {
            place: place.unwrap_or_else(|| Place::File(config.file.display().to_string().into())),
            key: format!("budgets.{}.standing_cap", self.budget),
            message: format!(
                "{}, longer than a tenth of the period ({})",
                self.takes(),
                for_people(self.moving.at_most)
            ),
            hint: Some(self.hint()),
        })
    }

    fn hint(&self) -> String {
        let slower = "a longer period, or a sub_user that fits fewer";
        match self.moving.least_rate {
            rate @ ..=MAX_REQUESTS_PER_SECOND => format!(
                "write: requests_per_second = {rate} in accounts.{}, where the vendor takes that; or {slower}",
                self.account
            ),
            _ => format!("write: {slower}"),
        }
    }

    fn takes(&self) -> String {
        let ending = if self.moving.sub_users == 1 { "" } else { "s" };
        format!(
            "moving the caps of {} sub-user{ending} takes {} at {} request{} a second",
            thousands(self.moving.sub_users),
            for_people(self.moving.takes),
            self.rate,
            if self.rate.get() == 1 { "" } else { "s" }
        )
    }
}

/// A span in as much detail as tells it from a tenth of a period: 40 s, 4 min, 2.5 h.
fn for_people(span: Duration) -> String {
    let millis = span.as_millis();
    match millis {
        0..120_000 => format!("{} s", millis.div_ceil(1_000)),
        120_000..7_200_000 => format!("{} min", (millis + 30_000) / 60_000),
        _ => {
            let tenths = millis.div_ceil(360_000);
            format!("{}.{} h", tenths / 10, tenths % 10)
        }
    }
}

/// A number with a comma before each three digits.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config;

    const TEXT: &str = "operator.notify = []\n\
        [accounts.a]\nprovider = \"oxylabs\"\nusername = \"main\"\npassword = \"p\"\nguard.protect = [\"billing_.*\"]\n\
        [accounts.other]\nprovider = \"oxylabs\"\nusername = \"main\"\npassword = \"p\"\n\
        [budgets.day]\naccount = \"a\"\nsub_user = \".*\"\nper = \"sub_user\"\namount = \"1GB\"\nperiod = \"day\"\n\
        standing_cap = \"observe\"\n\
        [budgets.told]\naccount = \"a\"\nsub_user = \".*\"\nper = \"sub_user\"\namount = \"1GB\"\n\
        thresholds.warn = { used = \"80%\", action = \"freeze\" }\n";

    fn found(count: usize) -> (Config, Vec<Caps>) {
        let config = config::load_text(Path::new("t.toml"), TEXT, []).unwrap();
        let names = ["main", "billing_1"].into_iter().map(str::to_owned);
        let names = names.chain((0..count).map(|at| format!("user_{at}")));
        let names: Vec<(Arc<str>, Arc<str>)> = names.map(|name| ("".into(), name.into())).collect();
        let found = config.accounts.values().flat_map(|account| caps(&config, account, &names)).collect();
        (config, found)
    }

    #[test]
    fn the_time_is_told_without_those_who_are_never_lowered() {
        let (config, found) = found(1_200);
        let told: Vec<_> = found.iter().map(Caps::told).collect();
        let expected = "budgets.day.standing_cap at a: moving the caps of 1,200 sub-users takes 4 min at 5 requests a second.";
        assert_eq!(told, [expected]);
        assert_eq!(found[0].problem(&config), None);
    }

    #[test]
    fn what_takes_longer_than_a_tenth_of_the_period_is_a_mistake_at_its_line() {
        let (config, found) = found(100_000);
        insta::assert_snapshot!(found[0].problem(&config).unwrap(), @"
        t.toml:17:16: budgets.day.standing_cap: moving the caps of 100,000 sub-users takes 5.6 h at 5 requests a second, longer than a tenth of the period (2.4 h)
            write: requests_per_second = 12 in accounts.a, where the vendor takes that; or a longer period, or a sub_user that fits fewer
        ");
    }

    #[test]
    fn numbers_and_spans_are_for_people() {
        let numbers = [0, 7, 999, 1_000, 12_345, 1_000_000];
        assert_eq!(numbers.map(thousands), ["0", "7", "999", "1,000", "12,345", "1,000,000"]);
        for (millis, text) in [
            (400, "1 s"),
            (119_999, "120 s"),
            (240_400, "4 min"),
            (8_640_000, "2.4 h"),
            (8_640_200, "2.5 h"),
            (20_000_400, "5.6 h"),
            (241_920_000, "67.2 h"),
        ] {
            assert_eq!(for_people(Duration::from_millis(millis)), text);
        }
    }
}
