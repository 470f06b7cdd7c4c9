//! Whom a budget concerns, and which accounts that are.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::budget::Per;
use crate::domain::budget::selector::Selectors;
use crate::domain::collector::Collector;

use super::super::accounts::AccountConfig;
use super::super::pattern;
use super::{Around, Complaint, Section};

/// Reads the six selectors.
pub(super) fn selectors(section: &Section<'_>) -> Selectors {
    let read = |key| {
        section.parse(key, "a regular expression such as \"scraper_.*\"", |text| {
            pattern::read(text).map_err(|complaint| match text {
                "" => complaint.advise("take it out to fit every name"),
                _ => complaint,
            })
        })
    };
    Selectors {
        provider: read("provider"),
        account: read("account"),
        product: read("product"),
        sub_user: read("sub_user"),
        target: read("target"),
        subscription: read("subscription"),
    }
}

/// The accounts that a budget fits, as far as they are without a mistake.
pub(super) struct Scope<'a> {
    fitting: Vec<&'a AccountConfig>,
    around: &'a Around<'a>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(selectors: &Selectors, around: &'a Around<'a>) -> Self {
        let accounts = around.accounts.values();
        let fits = |account: &&AccountConfig| {
            selectors.fits_account(account.account.provider, account.account.name.as_str())
        };
        Self { fitting: accounts.filter(fits).collect(), around }
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = &'a AccountConfig> {
        self.fitting.iter().copied()
    }

    /// The longest pause between two looks at what a budget is about.
    pub(super) fn longest_pause(&self, per: Per) -> Duration {
        let collector = if per == Per::Account { Collector::Account } else { Collector::SubUsers };
        let crons = self.fitting.iter().filter_map(|account| account.schedule.get(&collector));
        // Any moment will do, and the same one says the same of the same file.
        crons.map(|cron| cron.longest_pause(Timestamp::UNIX_EPOCH)).max().unwrap_or_default()
    }

    /// What can be said of the selectors: whom they fit, and whether they go with what an incident is about.
    pub(super) fn check(&self, section: &Section<'_>, per: Option<Per>) {
        let Some(per) = per else { return self.check_accounts(section) };
        self.check_accounts(section);
        let belongs = [
            ("target", Per::Target, per == Per::Target),
            ("subscription", Per::Subscription, per == Per::Subscription),
            ("product", Per::SubUser, per != Per::Unattributed),
            ("sub_user", Per::SubUser, !matches!(per, Per::Unattributed | Per::Subscription)),
        ];
        for (key, meant, _) in belongs.into_iter().filter(|(.., belongs)| !belongs) {
            let message = format!("this chooses nothing with per = \"{}\"", per.as_str());
            let hint = format!("write: per = \"{}\", or take it out", meant.as_str());
            section.refuse(key, Complaint::new(message).hiding().advise(hint));
        }
        let (collector, hint) = match per {
            Per::Target => (
                Collector::Targets,
                "write: targets = \"0 20 * * * *\" in an account's schedule; Oxylabs alone has them",
            ),
            Per::Subscription => {
                (Collector::Subscriptions, "only accounts of Decodo have subscriptions: choose one")
            }
            _ => return,
        };
        let is_read = self.fitting.iter().any(|account| account.schedule.contains_key(&collector));
        if !is_read && !self.fitting.is_empty() && self.around.has_all {
            let message = format!("none of the accounts that this fits reads {collector}");
            section.refuse("per", Complaint::new(message).hiding().advise(hint));
        }
    }

    /// What changes something at the vendor says whose limits those are; `key` says that it does, and `what` is its name.
    pub(super) fn check_whom(
        &self,
        section: &Section<'_>,
        key: &'static str,
        what: &str,
        budget: &Section<'_>,
        per: Option<Per>,
    ) {
        if per.is_some_and(|per| per != Per::SubUser) {
            let complaint = Complaint::new("only sub-users are acted on").hiding();
            section.refuse(key, complaint.advise("write: per = \"sub_user\", or take it out"));
            return;
        }
        let absent: Vec<&str> = ["account", "sub_user"].into_iter().filter(|key| !budget.has(key)).collect();
        if !absent.is_empty() {
            let complaint = Complaint::new(format!("{what} says whose limits it may touch")).hiding();
            let lines: Vec<String> = absent.iter().map(|key| format!("{key} = \"…\"")).collect();
            section.refuse(key, complaint.advise(format!("write in the budget: {}", lines.join(" and "))));
        }
    }

    /// What changes something at the vendor needs accounts where that may be, and can; `key` says that it does.
    pub(super) fn check_writable(&self, section: &Section<'_>, key: &'static str) {
        let unwritten = self.fitting.iter().find(|account| !account.account.writes);
        if let Some(account) = unwritten {
            let message =
                format!("accounts.{} has writes = false, so nothing is changed there", account.account.name);
            let hint = format!("write: {key} = \"observe\", or writes = true at the account");
            section.refuse(key, Complaint::new(message).hiding().advise(hint));
        }
        let nameless = self.fitting.iter().find(|account| !account.vendor.names_changed());
        if let Some(account) = nameless {
            let message = format!(
                "accounts.{} has update_route = \"collection\", which says not whose limit it changes",
                account.account.name
            );
            let hint = format!("write: {key} = \"observe\", or update_route = \"id\" at the account");
            section.refuse(key, Complaint::new(message).hiding().advise(hint));
        }
    }

    fn check_accounts(&self, section: &Section<'_>) {
        if !self.fitting.is_empty() || !self.around.has_all {
            return;
        }
        let names = self.around.accounts.values();
        let names = names.map(|account| format!("{} ({})", account.account.name, account.account.provider));
        let hint = format!("accounts: {}", names.collect::<Vec<_>>().join(", "));
        // Without either it would fit every account, of which there is one at least.
        if let Some(key) = ["account", "provider"].into_iter().find(|key| section.has(key)) {
            section.refuse(key, Complaint::new("this fits no account").advise(hint));
        }
    }
}
