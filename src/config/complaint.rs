//! What is wrong with a value, before it is known where it stands.

/// What is wrong with a value.
#[derive(Debug, Default)]
pub(super) struct Complaint {
    pub(super) message: Option<String>,
    pub(super) hint: Option<Hint>,
    pub(super) hides_value: bool,
}

/// What to do about it.
#[derive(Debug)]
pub(super) enum Hint {
    /// Write this as the value, in the words of the layer that it came from.
    Value {
        /// In the file.
        in_file: String,
        /// In the environment.
        in_environment: String,
    },
    /// Anything else.
    Do(String),
}

impl Complaint {
    /// The value is not of the expected shape, and that says it all.
    pub(super) fn shape() -> Self {
        Self::default()
    }

    /// Something else than its shape is wrong; the value is shown behind the message.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..Self::default() }
    }

    /// The value is not shown: the message says enough, or the value may hold a secret.
    pub(super) fn hiding(mut self) -> Self {
        self.hides_value = true;
        self
    }

    /// The text to write instead.
    pub(super) fn write(self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.write_bare(format!("\"{text}\""), text)
    }

    /// The value to write instead, where it is no text.
    pub(super) fn write_bare(
        mut self,
        in_file: impl Into<String>,
        in_environment: impl Into<String>,
    ) -> Self {
        self.hint = Some(Hint::Value { in_file: in_file.into(), in_environment: in_environment.into() });
        self
    }

    /// What to do.
    pub(super) fn advise(mut self, text: impl Into<String>) -> Self {
        self.hint = Some(Hint::Do(text.into()));
        self
    }

    /// The same where a key goes by another name.
    pub(super) fn in_words_of(mut self, key: &str, other: &str) -> Self {
        if let Some(Hint::Do(text)) = &mut self.hint {
            *text = text.replace(key, other);
        }
        self
    }
}
