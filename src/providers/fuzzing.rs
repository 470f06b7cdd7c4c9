//! The answers to writes, for the fuzzers.

use super::error::ProviderError;
use super::writer;
use crate::domain::traffic::{SubUser, SubUserId};

/// An answer of which only its being JSON matters.
///
/// # Errors
/// It is none.
pub fn done(body: &[u8]) -> Result<(), ProviderError> {
    writer::done(writer::UPDATE, body)
}

/// The id of a new sub-user.
///
/// # Errors
/// The answer cannot be read.
pub fn created(body: &[u8]) -> Result<Option<SubUserId>, ProviderError> {
    writer::created(body)
}

/// The id of a new sub-user, by its name in a list.
///
/// # Errors
/// The list does not tell it.
pub fn find_created(
    username: &str,
    list: Result<Vec<SubUser>, ProviderError>,
) -> Result<SubUserId, ProviderError> {
    writer::find_created(username, list)
}
