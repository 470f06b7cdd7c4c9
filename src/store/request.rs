//! What a command asks of the owner: a row that is saved, done once and answered.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::Store;
use super::error::StoreError;
use crate::domain::account::AccountName;

/// How often a command looks for its answer, and the owner for requests.
pub const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The number of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub i64);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRequest {
    /// Who asks, such as `alice` or `cli:root@db1`.
    pub who: String,
    /// The account whose owner is to do it; nothing where it concerns proxymeter itself.
    pub account: Option<AccountName>,
    /// What to do, such as `grant`.
    pub kind: String,
    /// How, as JSON that the store does not look into.
    pub body: String,
}

/// A request as it was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its number, growing with time.
    pub id: RequestId,
    /// What is asked.
    pub asked: NewRequest,
    /// When it was asked, to the millisecond.
    pub at: Timestamp,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What the command ends with.
    pub exit: u8,
    /// What it prints.
    pub text: String,
}

/// Whose requests are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<'a> {
    /// Everybody's: this process owns all accounts.
    OfAny,
    /// Those of one account.
    Of(&'a AccountName),
    /// Those that concern proxymeter itself.
    OfNone,
}

/// Waits until request `id` is answered; the caller bounds the time.
///
/// # Errors
/// A store that cannot be read, or no such request.
pub async fn wait_for_answer(store: &dyn Store, id: RequestId) -> Result<Answer, StoreError> {
    loop {
        if let Some(answer) = store.answer_to(id).await? {
            return Ok(answer);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
