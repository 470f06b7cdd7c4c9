//! proxymeter's own health: its collectors, its calls to the vendors, its process.

mod actions;
mod budgets;
mod notices;
pub(super) mod openmetrics;

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

pub use budgets::{IncidentCounts, StorePart};
use jiff::{SignedDuration, Timestamp};
use prometheus::core::{Collector as _, MetricVec, MetricVecBuilder};
use prometheus::{
    GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder,
};

use super::catalog::{Family, FamilyId};
use super::exposition::Format;
use crate::domain::account::Account;
use crate::domain::collector::{Collector, FailureReason};

/// Upper bounds in seconds: a fast API answers in the first, the default timeout is the last.
const CALL_SECONDS: [f64; 9] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0];

/// Series of an account that are instruments here, and so do not count against `max_series`.
pub const OF_ACCOUNTS: [FamilyId; 3] =
    [FamilyId::AccountEntryNameValid, FamilyId::AccountClockSkew, FamilyId::AccountOwner];

/// The labels that every metric of an account carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<'a> {
    /// The label `provider`.
    pub provider: &'a str,
    /// The label `account`.
    pub account: &'a str,
}

impl<'a> From<&'a Account> for Owner<'a> {
    fn from(account: &'a Account) -> Self {
        Self { provider: account.provider, account: account.name.as_str() }
    }
}

/// Instruments of the `prometheus` crate, on a registry of their own.
#[derive(Clone)]
pub struct OwnMetrics {
    registry: Registry,
    up: IntGaugeVec,
    entry_name_valid: IntGaugeVec,
    reload_successful: IntGaugeVec,
    reload_success_timestamp: GaugeVec,
    clock_skew: GaugeVec,
    overdue: IntGaugeVec,
    last_attempt: GaugeVec,
    last_success: GaugeVec,
    duration: GaugeVec,
    interval: GaugeVec,
    stale_after: GaugeVec,
    observed: GaugeVec,
    failures: IntCounterVec,
    requests: IntCounterVec,
    request_duration: HistogramVec,
    budgets: budgets::Instruments,
    actions: actions::Instruments,
    notices: notices::Instruments,
}

impl OwnMetrics {
    /// All instruments, none with a series yet but `build_info` and the process's.
    ///
    /// # Errors
    /// A name that is not one or is there twice, which the catalog's tests rule out.
    pub fn new(version: &str) -> prometheus::Result<Self> {
        let registry = Registry::new();
        #[cfg(target_os = "linux")]
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        let build_info = gauge(&registry, FamilyId::BuildInfo)?;
        build_info.with_label_values(&[version]).set(1.0);
        Ok(Self {
            up: integer(&registry, FamilyId::CollectorUp)?,
            clock_skew: gauge(&registry, FamilyId::AccountClockSkew)?,
            reload_successful: integer(&registry, FamilyId::ConfigLastReloadSuccessful)?,
            reload_success_timestamp: gauge(&registry, FamilyId::ConfigLastReloadSuccessTimestamp)?,
            entry_name_valid: integer(&registry, FamilyId::AccountEntryNameValid)?,
            overdue: integer(&registry, FamilyId::CollectorOverdue)?,
            last_attempt: gauge(&registry, FamilyId::CollectorLastAttempt)?,
            last_success: gauge(&registry, FamilyId::CollectorLastSuccess)?,
            duration: gauge(&registry, FamilyId::CollectorDuration)?,
            interval: gauge(&registry, FamilyId::CollectorInterval)?,
            stale_after: gauge(&registry, FamilyId::CollectorStaleAfter)?,
            observed: gauge(&registry, FamilyId::Observed)?,
            failures: counter(&registry, FamilyId::CollectorFailures)?,
            requests: counter(&registry, FamilyId::ApiRequests)?,
            request_duration: histogram(&registry, FamilyId::ApiRequestDuration)?,
            budgets: budgets::Instruments::new(&registry)?,
            actions: actions::Instruments::new(&registry)?,
            notices: notices::Instruments::new(&registry)?,
            registry,
        })
    }

    /// Makes a collector known: its schedule's longest interval, its tolerance, and 0 for all that can be counted.
    pub fn register(
        &self,
        owner: Owner<'_>,
        collector: Collector,
        interval: Duration,
        stale_after: Duration,
    ) {
        let labels = labels(owner, collector);
        self.interval.with_label_values(&labels).set(interval.as_secs_f64());
        self.stale_after.with_label_values(&labels).set(stale_after.as_secs_f64());
        self.overdue.with_label_values(&labels).set(0);
        for reason in FailureReason::ALL {
            self.failures.with_label_values(&with_reason(labels, reason)).inc_by(0);
        }
    }

    /// A pass begins.
    pub fn attempt(&self, owner: Owner<'_>, collector: Collector, at: Timestamp) {
        self.last_attempt.with_label_values(&labels(owner, collector)).set(seconds(at));
    }

    /// The pass ended at `at` with a good answer.
    pub fn success(&self, owner: Owner<'_>, collector: Collector, at: Timestamp, took: Duration) {
        let labels = labels(owner, collector);
        self.up.with_label_values(&labels).set(1);
        self.last_success.with_label_values(&labels).set(seconds(at));
        self.duration.with_label_values(&labels).set(took.as_secs_f64());
    }

    /// The pass ended without a good answer; what was refused on the way is told by [`failure`](Self::failure).
    pub fn no_success(&self, owner: Owner<'_>, collector: Collector, took: Duration) {
        let labels = labels(owner, collector);
        self.up.with_label_values(&labels).set(0);
        self.duration.with_label_values(&labels).set(took.as_secs_f64());
    }

    /// An answer was not accepted, whether it is asked for again or not.
    pub fn failure(&self, owner: Owner<'_>, collector: Collector, reason: FailureReason) {
        self.failures.with_label_values(&with_reason(labels(owner, collector), reason)).inc();
    }

    /// Whether the collector should have begun a pass and has not.
    pub fn overdue(&self, owner: Owner<'_>, collector: Collector, overdue: bool) {
        self.overdue.with_label_values(&labels(owner, collector)).set(overdue.into());
    }

    /// When the data was given that is held now.
    pub fn observed(&self, owner: Owner<'_>, collector: Collector, at: Timestamp) {
        self.observed.with_label_values(&labels(owner, collector)).set(seconds(at));
    }

    /// One request to the vendor, with the status of its answer if there was one.
    pub fn call(&self, owner: Owner<'_>, endpoint: &str, status: Option<u16>, took: Duration) {
        let Owner { provider, account } = owner;
        let code = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        self.requests.with_label_values(&[provider, account, endpoint, &code]).inc();
        self.request_duration.with_label_values(&[provider, account, endpoint]).observe(took.as_secs_f64());
    }

    /// The configuration was loaded then, or could not be.
    pub fn reloaded(&self, at: Option<Timestamp>) {
        self.reload_successful.with_label_values::<&str>(&[]).set(at.is_some().into());
        if let Some(at) = at {
            self.reload_success_timestamp.with_label_values::<&str>(&[]).set(seconds(at));
        }
    }

    /// By how much the vendor's clock is ahead of ours.
    pub fn clock_skew(&self, owner: Owner<'_>, by: SignedDuration) {
        self.clock_skew.with_label_values(&[owner.provider, owner.account]).set(by.as_secs_f64());
    }

    /// Whether the account's own entry name leads to the vendor's; nothing while the DNS does not say.
    pub fn entry_name(&self, owner: Owner<'_>, entry: &str, is_valid: Option<bool>) {
        let labels = [owner.provider, owner.account, entry];
        match is_valid {
            Some(is_valid) => self.entry_name_valid.with_label_values(&labels).set(is_valid.into()),
            // It may not have been there.
            None => drop(self.entry_name_valid.remove_label_values(&labels)),
        }
    }

    /// Takes every series of the account away.
    pub fn remove_account(&self, owner: Owner<'_>) {
        forget(&self.up, owner);
        forget(&self.entry_name_valid, owner);
        forget(&self.overdue, owner);
        for gauge in [
            &self.clock_skew,
            &self.last_attempt,
            &self.last_success,
            &self.duration,
            &self.interval,
            &self.stale_after,
            &self.observed,
        ] {
            forget(gauge, owner);
        }
        forget(&self.failures, owner);
        forget(&self.requests, owner);
        forget(&self.request_duration, owner);
        self.actions.forget(owner);
    }

    /// Takes every series of one collector away.
    pub fn remove_collector(&self, owner: Owner<'_>, collector: Collector) {
        let labels = labels(owner, collector);
        // Some may not have been there yet.
        drop(self.up.remove_label_values(&labels));
        drop(self.overdue.remove_label_values(&labels));
        for gauge in [
            &self.last_attempt,
            &self.last_success,
            &self.duration,
            &self.interval,
            &self.stale_after,
            &self.observed,
        ] {
            drop(gauge.remove_label_values(&labels));
        }
        for reason in FailureReason::ALL {
            drop(self.failures.remove_label_values(&with_reason(labels, reason)));
        }
    }

    /// All of it as text, without a final `# EOF`.
    #[must_use]
    pub fn encode(&self, format: Format) -> String {
        let families = self.registry.gather();
        match format {
            Format::OpenMetrics => openmetrics::encode(&families),
            Format::Text => TextEncoder::new().encode_to_string(&families).unwrap_or_else(|error| {
                tracing::error!(%error, "proxymeter's own metrics cannot be written");
                String::new()
            }),
        }
    }
}

impl fmt::Debug for OwnMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnMetrics").finish_non_exhaustive()
    }
}

fn labels<'a>(owner: Owner<'a>, collector: Collector) -> [&'a str; 3] {
    [owner.provider, owner.account, collector.as_str()]
}

fn with_reason([provider, account, collector]: [&str; 3], reason: FailureReason) -> [&str; 4] {
    [provider, account, collector, reason.as_str()]
}

fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}

fn opts(family: &Family) -> Opts {
    Opts::new(family.name, family.help)
}

fn gauge(registry: &Registry, id: FamilyId) -> prometheus::Result<GaugeVec> {
    let family = id.family();
    registered(registry, GaugeVec::new(opts(family), family.labels)?)
}

fn integer(registry: &Registry, id: FamilyId) -> prometheus::Result<IntGaugeVec> {
    let family = id.family();
    registered(registry, IntGaugeVec::new(opts(family), family.labels)?)
}

fn counter(registry: &Registry, id: FamilyId) -> prometheus::Result<IntCounterVec> {
    let family = id.family();
    registered(registry, IntCounterVec::new(opts(family), family.labels)?)
}

fn histogram(registry: &Registry, id: FamilyId) -> prometheus::Result<HistogramVec> {
    let family = id.family();
    let opts = HistogramOpts { common_opts: opts(family), buckets: CALL_SECONDS.to_vec() };
    registered(registry, HistogramVec::new(opts, family.labels)?)
}

fn registered<B>(registry: &Registry, vec: MetricVec<B>) -> prometheus::Result<MetricVec<B>>
where
    B: MetricVecBuilder + 'static,
{
    registry.register(Box::new(vec.clone()))?;
    Ok(vec)
}

/// Removes the series whose labels name the owner; which other labels they have is known to the vector alone.
fn forget<B: MetricVecBuilder>(vec: &MetricVec<B>, owner: Owner<'_>) {
    for metric in vec.collect().iter().flat_map(|family| family.get_metric()) {
        let labels: HashMap<&str, &str> =
            metric.get_label().iter().map(|pair| (pair.name(), pair.value())).collect();
        if labels.get("provider") == Some(&owner.provider) && labels.get("account") == Some(&owner.account) {
            // Gone already is as good.
            drop(vec.remove(&labels));
        }
    }
}

#[cfg(test)]
mod tests;
