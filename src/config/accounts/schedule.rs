//! `[accounts.NAME.schedule]`: when each collector looks.

use std::collections::BTreeMap;

use crate::domain::collector::Collector;
use crate::domain::cron::{Cron, CronError};

use super::vendor::Vendor;
use super::{Complaint, Section};

/// Every five minutes: when account and sub-users are looked at when nothing is said.
pub const DEFAULT_SCHEDULE: &str = "0 */5 * * * *";

/// Every hour: when Decodo's subscriptions are looked at when nothing is said.
pub const DEFAULT_SUBSCRIPTIONS_SCHEDULE: &str = "0 0 * * * *";

const SHAPE: &str = "six fields (second minute hour day month weekday), such as \"0 */5 * * * *\"";

const FIELDS: &str =
    "fields: second 0-59, minute 0-59, hour 0-23, day 1-31, month 1-12, weekday 0-7 (0 and 7 are Sunday)";

impl Vendor {
    /// Whether the vendor has what a collector reads.
    #[must_use]
    pub const fn has(&self, collector: Collector) -> bool {
        match collector {
            Collector::Account | Collector::SubUsers => true,
            Collector::Subscriptions => matches!(self, Self::Decodo { .. }),
            Collector::Targets => matches!(self, Self::Oxylabs),
        }
    }
}

pub(super) fn read(account: &Section<'_>, vendor: Option<&Vendor>) -> BTreeMap<Collector, Cron> {
    let section = account.section("schedule");
    let mut schedule = BTreeMap::new();
    for collector in Collector::ALL {
        let key = collector.as_str();
        if let Some(vendor) = vendor.filter(|vendor| !vendor.has(collector)) {
            let message = format!("{} has no {key} to read", vendor.title());
            section.refuse(key, Complaint::new(message).hiding().advise("take it out"));
            continue;
        }
        let written = section.parse(key, SHAPE, cron);
        let default = match collector {
            Collector::Account | Collector::SubUsers => Some(DEFAULT_SCHEDULE),
            Collector::Subscriptions => Some(DEFAULT_SUBSCRIPTIONS_SCHEDULE),
            Collector::Targets => None,
        };
        if let Some(cron) = written.or_else(|| default?.parse().ok()) {
            schedule.insert(collector, cron);
        }
    }
    schedule
}

fn cron(text: &str) -> Result<Cron, Complaint> {
    text.parse().map_err(|error| match error {
        CronError::SecondsMissing(fields) => {
            Complaint::new("five fields, but the seconds come first here").write(format!("0 {fields}"))
        }
        CronError::FieldCount(_) => Complaint::shape(),
        CronError::Field(fault) => {
            let fault = fault.trim_start_matches("component error: ").to_lowercase();
            Complaint::new(fault).advise(FIELDS)
        }
        CronError::NeverDue => Complaint::new(CronError::NeverDue.to_string()),
    })
}
