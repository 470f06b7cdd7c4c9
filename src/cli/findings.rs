//! What an account's vendor says that an operator should know before relying on it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::context::Context;
use super::output::on_one_line;
use crate::domain::collector::Collector;
use crate::domain::traffic::{AccountUsage, SubUser, Subscription};
use crate::domain::units::{Gigabyte, GigabyteEvidence, Limit};
use crate::providers::{Provider, ProviderError};

/// One read of everything that takes no call a sub-user.
pub(super) struct Findings {
    pub(super) usage: AccountUsage,
    pub(super) sub_users: Vec<SubUser>,
    pub(super) subscriptions: Vec<Subscription>,
    evidence: Vec<GigabyteEvidence>,
}

/// What the vendor's own figures say of its gigabyte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Implied {
    /// It gives each amount one way only.
    Nothing,
    /// All amounts that it gives twice say the same.
    One(Gigabyte),
    /// They contradict one another, or fit neither size.
    Contradiction,
}

/// How many names are told before the rest is plural.
const NAMES_TOLD: usize = 10;

impl Findings {
    /// Logs in and reads.
    pub(super) async fn read(provider: &dyn Provider) -> Result<Self, ProviderError> {
        let ask = Context::ask();
        let usage = provider.account_usage(&ask).await?;
        let sub_users = provider.sub_users(&ask).await?;
        let subscriptions = if provider.collectors().contains(&Collector::Subscriptions) {
            provider.subscriptions(&ask).await?
        } else {
            Vec::new()
        };
        let evidence = provider.gigabyte_evidence(&ask).await?;
        Ok(Self { usage, sub_users, subscriptions, evidence })
    }

    /// Sub-users whose usage the list does not tell: a call each.
    pub(super) fn silent(&self) -> u64 {
        self.sub_users.iter().filter(|sub_user| sub_user.usage.is_none()).count() as u64
    }

    /// Sub-users that may use everything.
    pub(super) fn uncapped(&self) -> Vec<&SubUser> {
        self.those(|sub_user| sub_user.limit == Some(Limit::Unlimited))
    }

    /// Sub-users of whose cap the vendor says nothing, neither a number nor that there is none.
    pub(super) fn untold(&self) -> Vec<&SubUser> {
        self.those(|sub_user| sub_user.limit.is_none())
    }

    /// Sub-users that go on past their cap.
    pub(super) fn not_enforced(&self) -> Vec<&SubUser> {
        self.those(|sub_user| has_cap(sub_user) && sub_user.limit_enforced == Some(false))
    }

    /// Sub-users with a cap of which nobody knows whether the vendor cuts off at it.
    pub(super) fn perhaps_enforced(&self) -> Vec<&SubUser> {
        self.those(|sub_user| has_cap(sub_user) && sub_user.limit_enforced.is_none())
    }

    fn those(&self, is_meant: impl Fn(&SubUser) -> bool) -> Vec<&SubUser> {
        self.sub_users.iter().filter(|sub_user| is_meant(sub_user)).collect()
    }

    /// The products that the vendor names.
    pub(super) fn products(&self) -> BTreeSet<Arc<str>> {
        self.sub_users.iter().filter_map(|sub_user| sub_user.product.clone()).collect()
    }

    pub(super) fn implied(&self) -> Implied {
        let implied: Vec<_> = self.evidence.iter().map(GigabyteEvidence::implies).collect();
        match implied.first() {
            None => Implied::Nothing,
            Some(Some(first)) if implied.iter().all(|other| *other == Some(*first)) => Implied::One(*first),
            Some(_) => Implied::Contradiction,
        }
    }

    /// The evidence as one clause: the first amount, and how many more there are.
    pub(super) fn evidence(&self) -> Option<String> {
        let first = self.evidence.first()?;
        let more = match self.evidence.len() - 1 {
            0 => String::new(),
            1 => ", and 1 other the same way".to_owned(),
            more => format!(", and {more} others the same way"),
        };
        let more = if self.implied() == Implied::Contradiction { String::new() } else { more };
        let GigabyteEvidence { sub_user, gigabytes, bytes } = first;
        Some(format!(
            "{} has traffic_limit {gigabytes} beside traffic_limit_bytes {}{more}",
            on_one_line(sub_user),
            bytes.0
        ))
    }
}

fn has_cap(sub_user: &SubUser) -> bool {
    matches!(sub_user.limit, Some(Limit::Bytes(_)))
}

/// `1 sub-user`, `2 sub-users`.
pub(super) fn plural(count: usize, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}

/// The names for one line, the first few of many.
pub(super) fn names(sub_users: &[&SubUser]) -> String {
    let mut told: Vec<_> =
        sub_users.iter().take(NAMES_TOLD).map(|sub_user| on_one_line(&sub_user.username)).collect();
    if sub_users.len() > NAMES_TOLD {
        told.push(format!("and {} more", sub_users.len() - NAMES_TOLD));
    }
    told.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::units::Bytes;

    fn findings(evidence: &[(i64, u64)]) -> Findings {
        let of = |(gigabytes, bytes): &(i64, u64)| GigabyteEvidence {
            sub_user: "a\nb".into(),
            gigabytes: (*gigabytes).into(),
            bytes: Bytes(*bytes),
        };
        Findings {
            usage: AccountUsage::default(),
            sub_users: Vec::new(),
            subscriptions: Vec::new(),
            evidence: evidence.iter().map(of).collect(),
        }
    }

    #[test]
    fn f19_evidence_is_one_clause_and_a_contradiction_is_none() {
        let none = findings(&[]);
        assert_eq!((none.implied(), none.evidence()), (Implied::Nothing, None));
        let decimal = findings(&[(2, 2_000_000_000), (3, 3_000_000_000)]);
        assert_eq!(decimal.implied(), Implied::One(Gigabyte::Decimal));
        let told =
            "a\\u{a}b has traffic_limit 2 beside traffic_limit_bytes 2000000000, and 1 other the same way";
        assert_eq!(decimal.evidence().as_deref(), Some(told));
        let mixed = findings(&[(2, 2_000_000_000), (3, 3 << 30)]);
        assert_eq!(mixed.implied(), Implied::Contradiction);
        assert_eq!(findings(&[(2, 2)]).implied(), Implied::Contradiction);
    }
}
