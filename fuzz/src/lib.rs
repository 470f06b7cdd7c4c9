//! Laws that the targets have in common.

use proxymeter::domain::traffic::{AccountUsage, SubUser, Usage};
use proxymeter::domain::units::{Bytes, Limit};
use proxymeter::providers::ProviderError;

/// Stands for a secret in seeds; what holds it is looked for in every message.
pub const CANARY: &str = "canary";

/// What an error about `body` may say: little, on one line, and none of the body's values.
///
/// # Panics
/// It says more.
pub fn message(body: &[u8], error: &ProviderError) {
    let text = error.to_string();
    one_short_line(&text);
    let all = format!("{text} {error:?}");
    if holds_canary(body) == Some(Place::ValueAlone) {
        assert!(!all.contains(CANARY), "a value of the answer is told: {all}");
    }
}

/// # Panics
/// The text is long, or breaks its line.
pub fn one_short_line(text: &str) {
    assert!(text.chars().count() < 400, "{} characters: {text}", text.chars().count());
    assert!(!text.chars().any(char::is_control), "a control character: {text:?}");
}

/// Where a body holds the canary.
#[derive(PartialEq, Eq)]
enum Place {
    /// In texts that are values, and nowhere else.
    ValueAlone,
    /// In a key, which an error may name, or outside of any text.
    Elsewhere,
}

fn holds_canary(body: &[u8]) -> Option<Place> {
    let body = String::from_utf8_lossy(body);
    if !body.contains(CANARY) {
        return None;
    }
    let mut rest = &*body;
    let mut outside = String::new();
    let mut in_key = false;
    while let Some(start) = rest.find('"') {
        outside.push_str(&rest[..start]);
        outside.push('"');
        let text = &rest[start + 1..];
        let mut escaped = false;
        let end = text.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let Some(end) = end else {
            rest = "";
            break;
        };
        rest = &text[end + 1..];
        in_key |= rest.trim_start().starts_with(':') && text[..end].contains(CANARY);
    }
    outside.push_str(rest);
    Some(if in_key || outside.contains(CANARY) { Place::Elsewhere } else { Place::ValueAlone })
}

/// The law of silence: a body without a digit gives no number.
#[derive(Clone, Copy)]
pub struct Digits(bool);

impl Digits {
    /// Whether the body has any.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        Self(body.iter().any(u8::is_ascii_digit))
    }

    /// # Panics
    /// The figure is the largest there is, so it was cut to that, or it comes from nowhere.
    pub fn figure(self, figure: Option<u64>) {
        assert_ne!(figure, Some(u64::MAX), "a figure that does not fit is taken for the largest");
        assert!(self.0 || figure.is_none(), "{figure:?} of a body without a digit");
    }

    /// # Panics
    /// As with a figure.
    pub fn bytes(self, bytes: Option<Bytes>) {
        self.figure(bytes.map(|bytes| bytes.0));
    }

    /// # Panics
    /// As with a figure; also where a limit is 0 bytes without being a block.
    pub fn limit(self, limit: Option<Limit>) {
        assert_ne!(limit, Some(Limit::Bytes(Bytes(0))));
        self.bytes(limit.and_then(Limit::bytes));
    }

    /// # Panics
    /// As with a figure.
    pub fn usage(self, usage: &Usage) {
        self.bytes(Some(usage.traffic));
        self.figure(usage.requests);
    }

    /// # Panics
    /// As with a figure; also where an absent limit, or none, is said to be enforced.
    pub fn sub_user(self, row: &SubUser) {
        self.limit(row.limit);
        if let Some(usage) = &row.usage {
            self.usage(usage);
        }
        match row.limit {
            None => assert_eq!(row.limit_enforced, None),
            Some(Limit::Unlimited) => assert_eq!(row.limit_enforced, Some(false)),
            Some(_) => {}
        }
        assert!(row.id.as_ref().is_none_or(|id| !id.0.is_empty()));
    }

    /// # Panics
    /// As with a figure.
    pub fn account(self, usage: &AccountUsage) {
        self.bytes(usage.traffic);
        self.bytes(usage.allocated);
        self.figure(usage.sub_users);
    }
}
