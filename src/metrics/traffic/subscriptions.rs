//! The series of each plan.

use super::Context;
use crate::domain::collector::Collector;
use crate::domain::period::midnight;
use crate::domain::units::Limit;
use crate::metrics::catalog::FamilyId;
use crate::metrics::exposition::SampleWriter;

pub(super) fn write(context: &Context<'_>) -> Vec<SampleWriter> {
    let mut traffic = context.writer(FamilyId::SubscriptionTraffic);
    let mut limit = context.writer(FamilyId::SubscriptionTrafficLimit);
    let mut valid_until = context.writer(FamilyId::SubscriptionValidUntil);
    let plans = context.fresh(Collector::Subscriptions, context.snapshot.subscriptions.as_deref());
    for plan in plans.into_iter().flatten() {
        let (product, name) = (context.product(plan.product.as_deref()), &*plan.name);
        if let Some(bytes) = plan.traffic {
            traffic.sample(&[product, name], bytes);
        }
        if let Some(bytes) = plan.limit.and_then(Limit::bytes) {
            limit.sample(&[product, name], bytes);
        }
        // The last day is inclusive: validity ends with it.
        let end =
            plan.valid_until.and_then(|last| midnight(last.tomorrow().ok()?, &context.account.time_zone));
        if let Some(end) = end {
            valid_until.sample(&[product, name], end.as_second());
        }
    }
    vec![traffic, limit, valid_until]
}
