//! Every metric by name, with its kind, unit, labels and HELP: the one place from which all others are derived.
//!
//! `/metrics` takes its headers here, proxymeter's own instruments their names, `metrics --list` and
//! `docs/METRICS.md` their rows.

/// What a metric is to Prometheus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// May rise and fall.
    Gauge,
    /// Only rises, and starts anew with the process.
    Counter,
    /// Counts by size.
    Histogram,
}

impl Kind {
    /// The word after `# TYPE`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

/// What a metric counts; always a base unit, always the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes, whatever a vendor calls a gigabyte.
    Bytes,
    /// Seconds, as a span or since 1970.
    Seconds,
}

impl Unit {
    /// The word after `# UNIT`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Seconds => "seconds",
        }
    }
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// The full name, with `proxymeter_`, and with `_total` where it is a counter.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its unit, where it has one.
    pub unit: Option<Unit>,
    /// Its labels, in the order in which they are written.
    pub labels: &'static [&'static str],
    /// One sentence: what it is, in which unit, and who says so.
    pub help: &'static str,
}

/// What is given up when there are more series than allowed, whole families in this order.
///
/// Traffic of accounts and sub-users, plans and limits are never among them.
pub const GIVEN_UP_FIRST: &[FamilyId] = &[
    FamilyId::TargetRequests,
    FamilyId::TargetTraffic,
    FamilyId::BudgetForecast,
    FamilyId::BudgetExhaustion,
    FamilyId::BudgetBurnRatio,
    FamilyId::SubUserInfo,
    FamilyId::SubUserLimitEnforced,
    FamilyId::AccountInfo,
];

macro_rules! scheduled {
    ($help:literal) => {
        concat!($help, ", collected on a schedule because the vendors meter and limit their APIs.")
    };
}

macro_rules! families {
    ($($id:ident = $kind:ident $name:literal $unit:expr, [$($label:literal)*], $help:expr;)*) => {
        /// A row of [`FAMILIES`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FamilyId {
            $(#[doc = concat!("`proxymeter_", $name, "`")] $id,)*
        }

        impl FamilyId {
            /// Every row, in the order of [`FAMILIES`], which is the order on the page.
            pub const ALL: &[Self] = &[$(Self::$id,)*];
        }

        /// Every metric of ours; `process_*` comes from the client library.
        pub static FAMILIES: &[Family] = &[$(Family {
            name: concat!("proxymeter_", $name),
            kind: Kind::$kind,
            unit: $unit,
            labels: &[$($label),*],
            help: $help,
        },)*];
    };
}

use Unit::{Bytes, Seconds};

families! {
    AccountTraffic = Gauge "account_traffic_bytes" Some(Bytes), ["provider" "account"],
        scheduled!("Bytes that the account used in its current period by the vendor's own total");
    AccountPlan = Gauge "account_plan_bytes" Some(Bytes), ["provider" "account"],
        scheduled!("Bytes that the account's plan includes for a period, by its subscriptions or else the configuration");
    AccountAllocated = Gauge "account_allocated_bytes" Some(Bytes), ["provider" "account"],
        scheduled!("Bytes that the limits of all sub-users add up to by the vendor's own count");
    AccountSubUsers = Gauge "account_sub_users" None, ["provider" "account"],
        scheduled!("Number of sub-users in the vendor's newest list, and of those that left it because we froze them");
    AccountStaleSubUsers = Gauge "account_stale_sub_users" None, ["provider" "account"],
        scheduled!("Number of sub-users for which the newest pass brought no figure from the vendor");
    AccountUnattributedTraffic = Gauge "account_unattributed_traffic_bytes" Some(Bytes), ["provider" "account"],
        scheduled!("Bytes of the account's total that no sub-user's figure explains, below zero where they explain more, absent unless all count the same span");
    AccountPeriodStart = Gauge "account_period_start_timestamp_seconds" Some(Seconds), ["provider" "account"],
        scheduled!("Start of the account's current period in seconds since 1970, by the vendor's dates or else the configured billing day");
    AccountPeriodEnd = Gauge "account_period_end_timestamp_seconds" Some(Seconds), ["provider" "account"],
        scheduled!("End of the account's current period in seconds since 1970, by the vendor's dates or else the configured billing day");
    AccountClockSkew = Gauge "account_clock_skew_seconds" Some(Seconds), ["provider" "account"],
        "Seconds by which the vendor's clock is ahead of proxymeter's, below zero where it is behind, to about a second, by the Date of its newest answer.";
    AccountInfo = Gauge "account_info" None, ["provider" "account" "writes" "gigabyte" "dialect"],
        "How the account is configured, always 1.";
    AccountEntryNameValid = Gauge "account_entry_name_valid" None, ["provider" "account" "entry"],
        "Whether the operator's own entry name is a CNAME to the vendor's entry node: 1 if so, 0 if not, absent while the DNS does not say.";
    AccountOwner = Gauge "account_owner" None, ["provider" "account"],
        "Whether this process decides and acts for the account: 1 if so, 0 while it cannot use the store or another process has it.";

    SubUserTraffic = Gauge "sub_user_traffic_bytes" Some(Bytes), ["provider" "account" "product" "sub_user"],
        scheduled!("Bytes that the sub-user used in the vendor's current period by the vendor's own figure");
    SubUserTrafficLimit = Gauge "sub_user_traffic_limit_bytes" Some(Bytes), ["provider" "account" "product" "sub_user"],
        scheduled!("Bytes that the sub-user may use by the vendor's record, 0 where it is blocked, absent where it is unlimited");
    SubUserRequests = Gauge "sub_user_requests" None, ["provider" "account" "product" "sub_user"],
        scheduled!("Number of requests that the sub-user made in the vendor's current period by the vendor's own figure");
    SubUserLimitEnforced = Gauge "sub_user_limit_enforced" None, ["provider" "account" "product" "sub_user"],
        scheduled!("Whether the vendor cuts the sub-user off at its limit: 1 if so, 0 where it does not or where there is no limit");
    SubUserThrottled = Gauge "sub_user_throttled" None, ["provider" "account" "product" "sub_user" "action"],
        "An action of ours that stands at the sub-user, a freeze, a limit or a standing_cap, always 1, absent where none stands.";
    SubUserInfo = Gauge "sub_user_info" None, ["provider" "account" "product" "sub_user" "sub_user_id" "status" "owner"],
        scheduled!("What the vendor's newest list says of the sub-user beside figures, always 1");

    TargetTraffic = Gauge "target_traffic_bytes" Some(Bytes), ["provider" "account" "product" "sub_user" "target"],
        scheduled!("Bytes that the sub-user exchanged with the target since the period's start by the vendor's own figure, over the dates that were read");
    TargetRequests = Gauge "target_requests" None, ["provider" "account" "product" "sub_user" "target"],
        scheduled!("Number of requests that the sub-user sent to the target since the period's start by the vendor's own figure, over the dates that were read");

    SubscriptionTraffic = Gauge "subscription_traffic_bytes" Some(Bytes), ["provider" "account" "product" "subscription"],
        scheduled!("Bytes used of the subscription in its current billing period by the vendor's own figure");
    SubscriptionTrafficLimit = Gauge "subscription_traffic_limit_bytes" Some(Bytes), ["provider" "account" "product" "subscription"],
        scheduled!("Bytes that the subscription includes for a billing period by the vendor's record, absent where it is unlimited");
    SubscriptionValidUntil = Gauge "subscription_valid_until_timestamp_seconds" Some(Seconds), ["provider" "account" "product" "subscription"],
        scheduled!("End of the subscription's validity in seconds since 1970 by the vendor's record");

    TrafficConsumed = Counter "traffic_consumed_bytes_total" Some(Bytes), ["provider" "account" "product" "sub_user"],
        "Bytes that the sub-user consumed since proxymeter first saw it, by the vendor's figures but rising through its resets and corrections, collected on a schedule because the vendors meter and limit their APIs.";

    BudgetAmount = Gauge "budget_amount_bytes" Some(Bytes), ["provider" "account" "product" "sub_user" "target" "subscription" "budget"],
        "Bytes that the budget allows in its period, with what was granted, labels that do not apply left out.";
    BudgetUsed = Gauge "budget_used_bytes" Some(Bytes), ["provider" "account" "product" "sub_user" "target" "subscription" "budget"],
        scheduled!("Bytes that were used of the budget in its period, by the vendor's figure where that counts just this period and else by the history");
    BudgetForecast = Gauge "budget_forecast_bytes" Some(Bytes), ["provider" "account" "product" "sub_user" "target" "subscription" "budget"],
        "Bytes that will be used by the end of the budget's period if it goes on as the last weeks did, absent without enough history.";
    BudgetBurnRatio = Gauge "budget_burn_ratio" None, ["provider" "account" "product" "sub_user" "target" "subscription" "budget" "window"],
        "How many times the pace that would just last the budget's period was used over the window, absent without enough history.";
    BudgetExhaustion = Gauge "budget_exhaustion_timestamp_seconds" Some(Seconds), ["provider" "account" "product" "sub_user" "target" "subscription" "budget"],
        "When the budget will be used up in seconds since 1970 if it goes on as the last weeks did, absent where it lasts.";
    BudgetPeriodEnd = Gauge "budget_period_end_timestamp_seconds" Some(Seconds), ["provider" "account" "product" "sub_user" "target" "subscription" "budget"],
        "End of the budget's period in seconds since 1970, absent for rolling periods.";
    BudgetTargets = Gauge "budget_targets" None, ["budget"],
        "Number of accounts, sub-users, targets or subscriptions that the budget's selectors fit now.";
    Incidents = Gauge "incidents" None, ["budget" "threshold" "state"],
        "Number of incidents in the state, of ended ones those of the last 24 hours.";
    IncidentState = Gauge "incident_state" None, ["provider" "account" "product" "sub_user" "target" "subscription" "budget" "threshold" "state"],
        "An open incident, always 1.";

    Actions = Counter "actions_total" None, ["provider" "account" "action" "outcome"],
        "Number of attempts to lower or restore a sub-user's record at the vendor, by what became of them.";
    ActionsBlocked = Counter "actions_blocked_total" None, ["provider" "account" "action" "reason"],
        "Number of actions that were due and not carried out, by the gate that stopped them, each counted when the gate first does.";
    ActionsPending = Gauge "actions_pending" None, ["provider" "account"],
        "Number of lowering actions that are not over: they wait for approval or their time, are due or blocked, or are under way.";
    RestoresDue = Gauge "restores_due" None, ["provider" "account"],
        "Number of restores that are due and not confirmed by the vendor's record yet, so that a sub-user is still throttled.";
    WritesPaused = Gauge "writes_paused" None, ["provider" "account"],
        "Whether lowering is paused at the account: 1 if so, 0 if not; restores go on either way.";

    StoreUp = Gauge "store_up" None, ["part"],
        "Whether the part of the store can be used: 1 if so, 0 if not, and then no decision is made or no history is kept.";
    StoreFailures = Counter "store_failures_total" None, ["reason"],
        "Number of times that the store did not do what was asked, by reason.";

    Notices = Counter "notices_total" None, ["receiver" "outcome"],
        "Number of tries to tell a recipient of the receiver, by what became of them; dead, fallback and superseded are counted once a notice.";
    OutboxPending = Gauge "outbox_pending" None, ["receiver"],
        "Number of notices that wait for a recipient of the receiver.";
    OutboxOldest = Gauge "outbox_oldest_timestamp_seconds" Some(Seconds), ["receiver"],
        "When the oldest notice that still waits for a recipient of the receiver was decided, in seconds since 1970 by proxymeter's clock, absent while none waits.";
    ReceiverUp = Gauge "receiver_up" None, ["receiver"],
        "Whether the receiver takes what it is sent: 1 if so, 0 after several failures in a row or once it answered that it is gone.";

    SeriesDropped = Gauge "series_dropped" None, ["family"],
        "Number of series of the family that are left out because there are more than collect.max_series.";

    CollectorUp = Gauge "collector_up" None, ["provider" "account" "collector"],
        "Whether the collector's newest attempt brought a good answer: 1 if so, 0 if not, absent before the first.";
    CollectorOverdue = Gauge "collector_overdue" None, ["provider" "account" "collector"],
        "Whether the collector should have begun a pass by its schedule and has not: 1 if so, 0 if not.";
    CollectorLastAttempt = Gauge "collector_last_attempt_timestamp_seconds" Some(Seconds), ["provider" "account" "collector"],
        "Start of the collector's newest attempt in seconds since 1970 by proxymeter's clock.";
    CollectorLastSuccess = Gauge "collector_last_success_timestamp_seconds" Some(Seconds), ["provider" "account" "collector"],
        "End of the collector's newest attempt that brought a good answer, in seconds since 1970 by proxymeter's clock.";
    CollectorDuration = Gauge "collector_duration_seconds" Some(Seconds), ["provider" "account" "collector"],
        "Seconds that the collector's newest pass took.";
    CollectorInterval = Gauge "collector_interval_seconds" Some(Seconds), ["provider" "account" "collector"],
        "Seconds between two passes of the collector by its schedule, the longest where they differ.";
    CollectorStaleAfter = Gauge "collector_stale_after_seconds" Some(Seconds), ["provider" "account" "collector"],
        "Seconds after which what the collector read is too old and its series disappear.";
    Observed = Gauge "observed_timestamp_seconds" Some(Seconds), ["provider" "account" "collector"],
        "When the vendor gave the data that is held for the collector, in seconds since 1970 by proxymeter's clock.";
    CollectorFailures = Counter "collector_failures_total" None, ["provider" "account" "collector" "reason"],
        "Number of the vendor's answers to the collector that were not accepted, retried or not, by reason.";

    ApiRequests = Counter "api_requests_total" None, ["provider" "account" "endpoint" "code"],
        "Number of requests that proxymeter sent to the vendor's API by the HTTP status of its answer, or none where no answer came.";
    ApiRequestDuration = Histogram "api_request_duration_seconds" Some(Seconds), ["provider" "account" "endpoint"],
        "Seconds from a request to the vendor's API to the end of its answer.";

    ConfigLastReloadSuccessful = Gauge "config_last_reload_successful" None, [],
        "Whether the newest attempt to load the configuration succeeded: 1 if so, 0 if the one before stays in force.";
    ConfigLastReloadSuccessTimestamp = Gauge "config_last_reload_success_timestamp_seconds" Some(Seconds), [],
        "When the configuration that is in force was loaded, in seconds since 1970 by proxymeter's clock.";

    BuildInfo = Gauge "build_info" None, ["version"],
        "Which proxymeter this is, always 1.";
}

impl FamilyId {
    /// The row.
    #[must_use]
    pub fn family(self) -> &'static Family {
        &FAMILIES[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn rows_and_their_names_agree() {
        assert_eq!(FAMILIES.len(), FamilyId::ALL.len());
        assert_eq!(FamilyId::SubUserInfo.family().name, "proxymeter_sub_user_info");
        let names: BTreeSet<_> = FAMILIES.iter().map(|family| family.name).collect();
        assert_eq!(names.len(), FAMILIES.len());
    }

    #[test]
    fn names_follow_the_conventions() {
        for family in FAMILIES {
            let base = family.name.strip_suffix("_total").unwrap_or(family.name);
            assert_eq!(family.name.ends_with("_total"), family.kind == Kind::Counter, "{}", family.name);
            for unit in [Unit::Bytes, Unit::Seconds] {
                assert_eq!(base.ends_with(unit.as_str()), family.unit == Some(unit), "{}", family.name);
            }
            let global = [
                FamilyId::SeriesDropped,
                FamilyId::BuildInfo,
                FamilyId::BudgetTargets,
                FamilyId::Incidents,
                FamilyId::StoreUp,
                FamilyId::StoreFailures,
                FamilyId::Notices,
                FamilyId::OutboxPending,
                FamilyId::OutboxOldest,
                FamilyId::ReceiverUp,
                FamilyId::ConfigLastReloadSuccessful,
                FamilyId::ConfigLastReloadSuccessTimestamp,
            ];
            let global = global.map(|id| id.family().name);
            assert_eq!(
                family.labels.starts_with(&["provider", "account"]),
                !global.contains(&family.name),
                "{}",
                family.name
            );
        }
    }

    #[test]
    fn help_is_one_sentence_that_needs_no_escaping() {
        for Family { name, help, .. } in FAMILIES {
            assert!(help.ends_with('.') && help.matches(". ").count() == 0, "{name}: {help}");
            assert!(!help.contains(['\\', '\n', '"']), "{name}: {help}");
        }
    }

    #[test]
    fn traffic_and_limits_are_never_given_up() {
        for id in GIVEN_UP_FIRST {
            let name = id.family().name;
            assert!(!name.contains("limit_bytes") && !name.contains("user_traffic"), "{name}");
        }
    }
}
