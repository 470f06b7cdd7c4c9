//! One question after another, each answer handed on before the next is asked.

use std::ops::ControlFlow;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{Answer, Question, ask};
use crate::collect::clock::Clock;
use crate::providers::{Ask, Provider, ProviderError};

/// Whoever has the ledger and the store: says what is asked next, and keeps what comes.
#[async_trait]
pub trait Keeper: Send {
    /// The next question; nothing ends the walk.
    async fn next(&mut self) -> Option<Question>;

    /// Takes the answer, or why there is none; a break ends the walk.
    async fn take(&mut self, question: Question, answer: Result<Answer, ProviderError>) -> ControlFlow<()>;
}

/// Asks what `keeper` wants known, one at a time: the account's limiter spaces the calls among all others.
///
/// A question gets `patience`, retries included.
pub async fn walk(provider: &dyn Provider, clock: &Clock, patience: Duration, keeper: &mut dyn Keeper) {
    while let Some(question) = keeper.next().await {
        let until = Ask::until(Instant::now() + patience);
        let answer = ask(provider, &question, clock.now(), &until).await;
        if keeper.take(question, answer).await.is_break() {
            return;
        }
    }
}
