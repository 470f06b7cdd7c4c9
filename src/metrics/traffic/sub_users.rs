//! The series of each sub-user.

use super::Context;
use crate::domain::collector::Collector;
use crate::domain::units::Limit;
use crate::metrics::catalog::FamilyId;
use crate::metrics::exposition::SampleWriter;

pub(super) fn write(context: &Context<'_>) -> Vec<SampleWriter> {
    let mut traffic = context.writer(FamilyId::SubUserTraffic);
    let mut limit = context.writer(FamilyId::SubUserTrafficLimit);
    let mut requests = context.writer(FamilyId::SubUserRequests);
    let mut enforced = context.writer(FamilyId::SubUserLimitEnforced);
    let mut info = context.writer(FamilyId::SubUserInfo);
    let rows = context.fresh(Collector::SubUsers, context.snapshot.sub_users.as_deref());
    for row in rows.into_iter().flatten() {
        let sub_user = &row.sub_user;
        let (product, name) = (context.product(sub_user.product.as_deref()), &*sub_user.username);
        if let Some(usage) = context.fresh(Collector::SubUsers, row.usage.as_ref()) {
            traffic.sample(&[product, name], usage.traffic);
            if let Some(count) = usage.requests {
                requests.sample(&[product, name], count);
            }
        }
        if let Some(bytes) = sub_user.limit.and_then(Limit::bytes) {
            limit.sample(&[product, name], bytes);
        }
        if let Some(yes) = sub_user.limit_enforced {
            enforced.sample(&[product, name], yes);
        }
        let id = sub_user.id.as_ref().map_or("", |id| &id.0);
        let status = sub_user.status.as_deref().unwrap_or_default();
        let owners: Vec<&str> = context.owners.receivers_of(name).map(|owner| &**owner).collect();
        info.sample(&[product, name, id, status, &owners.join(",")], 1_u64);
    }
    vec![traffic, limit, requests, enforced, info]
}
