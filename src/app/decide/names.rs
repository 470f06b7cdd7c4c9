//! What sub-users are called and which limits they have, kept for rehearsals over the history.

use std::collections::{BTreeMap, HashMap};

use super::{Decider, Held, Known};
use crate::domain::account::AccountName;
use crate::domain::incident::SubUserIdentity;
use crate::domain::snapshot::SubUserKey;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::Named;

pub(super) type ByAccount = BTreeMap<AccountName, HashMap<SubUserKey, Named>>;

impl Decider {
    /// Keeps the names and limits of the newest list that are not kept yet.
    pub(super) async fn keep_names(
        &self,
        held: &mut Held,
        known: &Known,
        store: &dyn Store,
    ) -> Result<(), StoreError> {
        let account = &known.account;
        if !held.names.contains_key(&account.name) {
            let kept = store.names(&account.name).await?;
            let kept = kept.into_iter().map(|named| (named.who.key.clone(), named)).collect();
            held.names.insert(account.name.clone(), kept);
        }
        let Some(kept) = held.names.get_mut(&account.name) else { return Ok(()) };
        let mut changed = Vec::new();
        for row in known.snapshot.rows() {
            let (one, key) = (&row.sub_user, row.sub_user.key());
            let product = one.product.as_ref().unwrap_or(&account.product);
            let is_same = kept.get(&key).is_some_and(|named| {
                named.who.name == one.username && named.who.product == *product && named.limit == one.limit
            });
            if !is_same {
                let who = SubUserIdentity { key, product: product.clone(), name: one.username.clone() };
                changed.push(Named { who, limit: one.limit });
            }
        }
        if changed.is_empty() {
            return Ok(());
        }
        store.save_names(&account.name, &changed).await?;
        kept.extend(changed.into_iter().map(|named| (named.who.key.clone(), named)));
        Ok(())
    }
}
