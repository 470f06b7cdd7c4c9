//! What grants add to the amounts of a budget's sub-users.

use std::collections::HashMap;

use jiff::Timestamp;

use super::View;
use super::measure::Span;
use crate::domain::budget::Budget;
use crate::domain::grant::Grant;
use crate::domain::units::Bytes;

/// The bytes granted by key and product.
pub(super) struct Granted<'a>(HashMap<(&'a str, &'a str), Bytes>);

impl<'a> Granted<'a> {
    pub(super) fn new(budget: &Budget, view: &View<'a>, span: &Span, now: Timestamp) -> Self {
        let mut found = HashMap::new();
        for grant in live(budget, view, span, now) {
            let sum: &mut Bytes = found.entry((&*grant.who_for.key.0, &*grant.who_for.product)).or_default();
            *sum = sum.saturating_add(grant.bytes);
        }
        Self(found)
    }

    pub(super) fn to(&self, key: &str, product: &str) -> Bytes {
        // Nearly always there is none, and nothing to look for.
        if self.0.is_empty() { Bytes(0) } else { self.0.get(&(key, product)).copied().unwrap_or_default() }
    }
}

/// The grants that count for a budget at an account now.
pub(super) fn live<'a>(
    budget: &Budget,
    view: &View<'a>,
    span: &Span,
    now: Timestamp,
) -> impl Iterator<Item = &'a Grant> {
    let (grants, account) = (view.grants, &view.account.name);
    grants.iter().filter(move |grant| {
        grant.budget == budget.name && grant.account == *account && !grant.is_over(span.start(), now)
    })
}
