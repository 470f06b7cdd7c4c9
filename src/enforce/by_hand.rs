//! What people alone do: reads back a sub-user that was made, and one that was deleted.

use std::collections::BTreeSet;

use super::batch::ask;
use super::read_back::{ABSENCES, BETWEEN, LOOKS, as_before};
use crate::domain::act::settle::Found;
use crate::domain::snapshot::SubUserKey;
use crate::domain::traffic::{SubUser, SubUserId};
use crate::providers::{ProviderError, Span, Writer};

/// The row of a sub-user that was made, by its name in the list; nothing where two looks do not show it.
///
/// # Errors
/// The list could not be read the second time either.
pub async fn read_back_created(
    writer: &dyn Writer,
    username: &str,
) -> Result<Option<SubUser>, ProviderError> {
    let mut seen = Ok(None);
    for look in 0..LOOKS {
        if look > 0 {
            tokio::time::sleep(BETWEEN).await;
        }
        seen = match writer.sub_users(&ask()).await {
            Ok(list) => match list.into_iter().find(|row| &*row.username == username) {
                Some(row) => return Ok(Some(row)),
                None => Ok(None),
            },
            Err(error) => Err(error),
        };
    }
    seen
}

/// What became of a deletion; `known` are the sub-users of the list before, and `took` says whether the vendor answered
/// that it took the request.
pub async fn read_back_deleted(
    writer: &dyn Writer,
    id: &SubUserId,
    row: &SubUser,
    known: &BTreeSet<SubUserKey>,
    took: bool,
) -> Found {
    let mut absences = 0;
    let mut seen = Found::Unknown("its record could not be read".to_owned());
    for look in 0..LOOKS {
        if look > 0 {
            tokio::time::sleep(BETWEEN).await;
        }
        seen = match writer.sub_user(id, &ask()).await {
            Ok(_) => as_before(took),
            Err(ProviderError::NotFound { .. }) => Found::Confirmed,
            Err(ProviderError::Unsupported(_)) => in_list(writer, row, known, took, &mut absences).await,
            Err(error) => Found::Unknown(error.to_string()),
        };
        if seen == Found::Confirmed {
            break;
        }
    }
    seen
}

async fn in_list(
    writer: &dyn Writer,
    row: &SubUser,
    known: &BTreeSet<SubUserKey>,
    took: bool,
    absences: &mut u32,
) -> Found {
    let key = row.key();
    let listed: BTreeSet<SubUserKey> = match writer.sub_users(&ask()).await {
        Ok(list) => list.iter().map(SubUser::key).collect(),
        Err(error) => return Found::Unknown(error.to_string()),
    };
    if listed.contains(&key) {
        return as_before(took);
    }
    if let Some(missing) = known.iter().find(|other| **other != key && !listed.contains(*other)) {
        return Found::Unknown(format!("the list is not complete: it lacks {} as well", missing.0));
    }
    *absences += 1;
    match writer.usage(row, Span::Current, &ask()).await {
        Err(ProviderError::NotFound { .. }) => Found::Confirmed,
        Err(error) => {
            Found::Unknown(format!("absent from the list, and its statistics do not answer: {error}"))
        }
        // A vendor may keep the statistics of what it has deleted.
        Ok(_) if took && *absences >= ABSENCES && known.contains(&key) => Found::Confirmed,
        Ok(_) => Found::Unknown(
            "absent from the list, but its statistics answer, as those of a disabled one do".to_owned(),
        ),
    }
}
