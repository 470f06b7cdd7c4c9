//! Why something could not be told, by what may be done about it.

use std::time::Duration;

/// A try that failed. Texts hold no secret: no address with a token in it, no body, no header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotifyError {
    /// The other side will never take it: an answer such as 400, or 550 for an address.
    #[error("refused: {0}")]
    Refused(String),
    /// The other side is gone for good: 410. Nothing more is sent there until the configuration names another.
    #[error("gone: {0}")]
    Gone(String),
    /// It was surely not taken, and may be later: no connection, 500, 429, a temporary answer by mail.
    #[error("{answer}")]
    Later {
        /// What was answered, or what went wrong.
        answer: String,
        /// How long the other side asks to wait.
        retry_after: Option<Duration>,
    },
    /// It may have been taken: the connection broke or fell silent after everything was sent (F26).
    #[error("unknown: {0}")]
    Unknown(String),
}

impl NotifyError {
    /// Whether another try may help.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Later { .. } | Self::Unknown(_))
    }

    /// A failure before anything was taken, without a wish of the other side.
    #[must_use]
    pub fn later(answer: impl Into<String>) -> Self {
        Self::Later { answer: answer.into(), retry_after: None }
    }
}

/// A message that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RenderError(pub String);
