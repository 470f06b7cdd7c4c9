//! The series of each sub-user's targets: the largest by name, the rest as one, so that the sum is kept.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::Context;
use crate::domain::collector::Collector;
use crate::domain::snapshot::TargetDays;
use crate::domain::units::Bytes;
use crate::metrics::catalog::FamilyId;
use crate::metrics::exposition::SampleWriter;

/// The label `target` of all that have no series of their own.
const OTHER: &str = "_other";

#[derive(Clone, Copy, Default)]
struct Sum {
    traffic: Bytes,
    /// Unknown once a part of it is.
    requests: Option<u64>,
}

impl Sum {
    fn of(traffic: Bytes, requests: Option<u64>) -> Self {
        Self { traffic, requests }
    }

    fn plus(self, other: Self) -> Self {
        let requests = self.requests.zip(other.requests).map(|(a, b)| a.saturating_add(b));
        Self { traffic: self.traffic.saturating_add(other.traffic), requests }
    }
}

pub(super) fn write(context: &Context<'_>) -> Vec<SampleWriter> {
    let mut traffic = context.writer(FamilyId::TargetTraffic);
    let mut requests = context.writer(FamilyId::TargetRequests);
    for row in context.snapshot.rows() {
        let sub_user = &row.sub_user;
        let Some(days) = context.snapshot.targets.get(&sub_user.key()) else { continue };
        // Days that are over stay as they are; the newest tells how old the sum is.
        let newest = days.values().max_by_key(|reading| reading.observed);
        if context.fresh(Collector::Targets, newest).is_none() {
            continue;
        }
        let (product, name) = (context.product(sub_user.product.as_deref()), &*sub_user.username);
        for (target, sum) in largest(days, context.targets_top) {
            traffic.sample(&[product, name, target], sum.traffic);
            if let Some(count) = sum.requests {
                requests.sample(&[product, name, target], count);
            }
        }
    }
    vec![traffic, requests]
}

/// The `top` largest targets over all days, then the sum of the others.
fn largest(days: &TargetDays, top: usize) -> Vec<(&str, Sum)> {
    let mut sums: HashMap<&str, Sum> = HashMap::new();
    for usage in days.values().flat_map(|reading| &reading.value) {
        let part = Sum::of(usage.traffic, usage.requests);
        sums.entry(&usage.target).and_modify(|sum| *sum = sum.plus(part)).or_insert(part);
    }
    // A target that the vendor itself calls so joins the others.
    let mut other = sums.remove(OTHER);
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_unstable_by_key(|(target, sum)| (Reverse(sum.traffic), *target));
    for (_, sum) in sums.drain(top.min(sums.len())..) {
        other = Some(other.map_or(sum, |other| other.plus(sum)));
    }
    sums.extend(other.map(|other| (OTHER, other)));
    sums
}
