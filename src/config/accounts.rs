//! `[accounts.NAME]`: one login at a vendor.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use jiff::tz::TimeZone;
use url::Url;

use crate::domain::account::{Account, AccountName};
use crate::domain::collector::Collector;
use crate::domain::cron::Cron;
use crate::domain::guard::Guard;
use crate::domain::units::{Bytes, Gigabyte, Size, UnitError};

use super::complaint::Complaint;
use super::guard;
use super::name;
use super::nearest::nearest;
use super::reader::Section;

pub(super) mod address;
pub(super) mod credential;
pub(super) mod schedule;
pub(super) mod vendor;

use credential::CredentialSource;
use vendor::Vendor;

/// How often a vendor is asked at most when nothing is said, in requests a second.
pub const DEFAULT_REQUESTS_PER_SECOND: NonZeroU32 = match NonZeroU32::new(5) {
    Some(rate) => rate,
    None => NonZeroU32::MIN,
};

/// How often a vendor may be asked at most, in requests a second.
pub const MAX_REQUESTS_PER_SECOND: u64 = 1000;

/// How long a vendor may take to answer when nothing is said.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

/// One login at a vendor, and how it is used.
#[derive(Clone, Debug)]
pub struct AccountConfig {
    /// What the domain knows of it.
    pub account: Account,
    /// Whether the operator has said what a gigabyte is; where not, it is read as decimal.
    pub gigabyte_pinned: bool,
    /// The vendor, with what only that vendor has.
    pub vendor: Vendor,
    /// Where the vendor's API is, without a slash behind its path.
    pub base_url: Url,
    /// How often the vendor is asked at most, in requests a second; 1 to 1000.
    pub requests_per_second: NonZeroU32,
    /// How long the vendor may take to answer; 1 second to 10 minutes.
    pub timeout: Duration,
    /// The sub-user that the login itself is: never frozen.
    pub main_user: Option<String>,
    /// What bounds lowering here.
    pub guard: Guard,
    /// The operator's own name for Oxylabs' entry node.
    pub entry: Option<String>,
    /// When each collector looks, in UTC; a collector without a schedule is not read.
    pub schedule: BTreeMap<Collector, Cron>,
    /// How to log in.
    pub credential: CredentialSource,
}

impl AccountConfig {
    /// The sub-users that this login itself may be: what stops them stops everything.
    #[must_use]
    pub fn own_users(&self) -> Vec<&str> {
        let login = match &self.credential {
            CredentialSource::Login { username, .. } => Some(username.as_str()),
            CredentialSource::ApiKey(_) => None,
        };
        let main_user = self.main_user.as_deref();
        let login = login.filter(|login| main_user != Some(*login));
        main_user.into_iter().chain(login).collect()
    }
}

pub(super) fn read(
    root: &Section<'_>,
    folder: &Path,
    guard: &guard::Written,
) -> BTreeMap<AccountName, AccountConfig> {
    let named = root.named("accounts");
    if root.is_empty("accounts") {
        root.missing("accounts", "write: [accounts.NAME] with provider, username and password_file below");
    }
    let in_file = name::in_file(&named);
    let mut accounts = BTreeMap::new();
    for (name, section) in &named {
        if !section.is_in_file() && !section.has("provider") {
            name::stranger(section, name, "account", "provider", &in_file);
            continue;
        }
        let checked = name::check(name, section, "accounts").then(|| AccountName::new(name)).flatten();
        // What is below a bad name is read all the same, for its problems.
        let read = read_account(checked.as_ref(), section, folder, guard);
        if let (Some(name), Some(account)) = (checked, read) {
            accounts.insert(name, account);
        }
    }
    accounts
}

fn read_account(
    name: Option<&AccountName>,
    section: &Section<'_>,
    folder: &Path,
    guard: &guard::Written,
) -> Option<AccountConfig> {
    let vendor = vendor::read(section);
    let base_url =
        section.parse("base_url", "an address such as \"https://api.example.com/v1\"", address::base_url);
    let gigabyte =
        section.choice("gigabyte", &[("decimal", Gigabyte::Decimal), ("binary", Gigabyte::Binary)]);
    let product = section.text("product").unwrap_or_default();
    let plan =
        section.parse("plan", "a size such as \"500GB\"", |text| plan(text, gigabyte.unwrap_or_default()));
    let billing_day = section.whole("billing_day", 1..=31).and_then(|day| i8::try_from(day).ok());
    let time_zone = section.parse("time_zone", "a zone such as \"UTC\" or \"Europe/Berlin\"", time_zone);
    let rate = section.whole("requests_per_second", 1..=MAX_REQUESTS_PER_SECOND);
    let rate = rate.and_then(|rate| NonZeroU32::new(u32::try_from(rate).ok()?));
    let timeout = section.duration("timeout", Duration::from_secs(1)..=Duration::from_secs(600));
    let main_user = section.text("main_user");
    let entry = section.parse("entry", "a host name such as \"entry.example.com\"", address::host_name);
    let writes = section.flag("writes").unwrap_or_default();
    // A gigabyte with a mistake is told at its own line.
    if writes && !section.has("gigabyte") {
        section.refuse("writes", gigabyte_not_pinned());
    }
    let guard = guard::of_account(section, guard);
    let schedule = schedule::read(section, vendor.as_ref());
    let credential = credential::read(section, vendor.as_ref(), folder);

    let vendor = vendor?;
    Some(AccountConfig {
        account: Account {
            provider: vendor.provider(),
            name: name?.clone(),
            product: product.into(),
            dialect: vendor.dialect(),
            gigabyte: gigabyte.unwrap_or_default(),
            writes,
            plan,
            billing_day,
            time_zone: time_zone.unwrap_or(TimeZone::UTC),
        },
        gigabyte_pinned: gigabyte.is_some(),
        base_url: match base_url {
            Some(base_url) => base_url,
            None => Url::parse(vendor.default_base_url()).ok()?,
        },
        vendor,
        requests_per_second: rate.unwrap_or(DEFAULT_REQUESTS_PER_SECOND),
        timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
        main_user,
        guard,
        entry,
        schedule,
        credential: credential?,
    })
}

/// Limits are written in gigabytes, and reading one back proves that it arrived, not how large it is.
fn gigabyte_not_pinned() -> Complaint {
    let message = "limits are written only where `gigabyte` is set: in the wrong one each would be 7 % off";
    let hint = "write: gigabyte = \"decimal\" (10^9 bytes) or \"binary\" (2^30); proxymeter reconcile --invoice SIZE tells which";
    Complaint::new(message).hiding().advise(hint)
}

fn plan(text: &str, gigabyte: Gigabyte) -> Result<Bytes, Complaint> {
    let size: Size = text.parse().map_err(|error: UnitError| {
        if error == UnitError::Negative {
            return Complaint::new(error.to_string());
        }
        match size_meant(text) {
            Some(meant) => Complaint::shape().write(meant),
            None => Complaint::shape(),
        }
    })?;
    match size.bytes(gigabyte) {
        Ok(Bytes(0)) => Err(Complaint::new("a plan has more than nothing")),
        Ok(bytes) => Ok(bytes),
        Err(error) => Err(Complaint::new(error.to_string())),
    }
}

/// The size that a habit from elsewhere stands for, such as `50 gb` or `50`.
pub(super) fn size_meant(text: &str) -> Option<String> {
    let meant = text.replace(' ', "").to_uppercase();
    let meant = if meant.ends_with(|c: char| c.is_ascii_digit()) { meant + "GB" } else { meant };
    meant.parse::<Size>().is_ok().then_some(meant)
}

pub(super) fn time_zone(text: &str) -> Result<TimeZone, Complaint> {
    let zones = jiff::tz::db();
    zones.get(text).map_err(|_| {
        let known: Vec<String> = zones.available().map(|name| name.to_string()).collect();
        // People write the city alone, or spaces for underscores.
        let meant = text.trim().replace(' ', "_").to_lowercase();
        let city = known.iter().find(|name| name.to_lowercase().rsplit('/').next() == Some(&meant));
        match city.map(String::as_str).or_else(|| nearest(text, known.iter().map(String::as_str))) {
            Some(near) => Complaint::shape().advise(format!("did you mean \"{near}\"?")),
            None => Complaint::shape().advise("names are those of the IANA time zone database"),
        }
    })
}
