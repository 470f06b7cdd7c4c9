//! What stands of our actions, as a segment of one account.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::catalog::FamilyId;
use super::exposition::{SampleWriter, Segment};
use crate::domain::account::Account;
use crate::domain::incident::SubUserIdentity;

/// Encodes who is held lower by which action; several holds of one action on a sub-user are one series.
///
/// The words are those of [`What::WORDS`](crate::domain::act::action::What::WORDS), and of holds, so never `restore`.
#[must_use]
pub fn throttled(account: &Account, rows: &[(Arc<SubUserIdentity>, &'static str)]) -> Segment {
    let mut writer = SampleWriter::new(FamilyId::SubUserThrottled, account.provider, account.name.as_str());
    let rows: BTreeSet<[&str; 3]> =
        rows.iter().map(|(who, action)| [&*who.product, &*who.name, *action]).collect();
    for labels in rows {
        writer.sample(&labels, 1_u64);
    }
    writer.finish().1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::example;
    use crate::domain::snapshot::SubUserKey;

    fn who(id: &str, product: &str, name: &str) -> Arc<SubUserIdentity> {
        let key = SubUserKey(id.into());
        Arc::new(SubUserIdentity { key, product: product.into(), name: name.into() })
    }

    #[test]
    fn a_sub_user_has_one_series_an_action_however_many_hold_it() {
        let (first, second) = (who("1", "mobile", "scraper_1"), who("2", "mobile", "scraper_2"));
        let rows = [
            (second.clone(), "limit"),
            (first.clone(), "standing_cap"),
            (first.clone(), "limit"),
            (second, "limit"),
            // The same name with a new id, while the former one is still on the books.
            (who("3", "mobile", "scraper_1"), "limit"),
            (who("4", "datacenter", "scraper_3"), "freeze"),
        ];
        let segment = throttled(&example::account(), &rows);
        assert_eq!((segment.series(), segment.duplicates()), (4, 0));
        insta::assert_snapshot!(String::from_utf8_lossy(segment.text()), @r#"
        proxymeter_sub_user_throttled{provider="oxylabs",account="acme",product="datacenter",sub_user="scraper_3",action="freeze"} 1
        proxymeter_sub_user_throttled{provider="oxylabs",account="acme",product="mobile",sub_user="scraper_1",action="limit"} 1
        proxymeter_sub_user_throttled{provider="oxylabs",account="acme",product="mobile",sub_user="scraper_1",action="standing_cap"} 1
        proxymeter_sub_user_throttled{provider="oxylabs",account="acme",product="mobile",sub_user="scraper_2",action="limit"} 1
        "#);
    }

    #[test]
    fn where_nothing_stands_there_is_nothing() {
        assert_eq!(throttled(&example::account(), &[]).series(), 0);
    }
}
