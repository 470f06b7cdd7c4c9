//! Pieces of vendor JSON that both vendors share: numbers as number or text, three kinds of limit, ids, dates.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde::de::{DeserializeOwned, Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, de};

use super::error::ProviderError;
use crate::domain::units::{Bytes, Gigabyte, Limit};

/// Characters kept of what is told about an unreadable answer.
const PROBLEM_CHARS: usize = 160;

/// Reads a whole answer; an error names the field.
pub(super) fn decode<T: DeserializeOwned>(endpoint: &'static str, body: &[u8]) -> Result<T, ProviderError> {
    let failed = |problem: String| ProviderError::Decode { endpoint, problem };
    if body.trim_ascii_start().first() == Some(&b'<') {
        return Err(failed("HTML came instead of JSON".to_owned()));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let at = error.path().to_string();
        let problem = one_line(&without_value(&error.inner().to_string()), PROBLEM_CHARS);
        failed(if at == "." { problem } else { format!("at {}: {problem}", one_line(&at, PROBLEM_CHARS)) })
    })?;
    json.end().map_err(|_| failed("more follows after the end of the JSON".to_owned()))?;
    Ok(value)
}

/// What the parser says of a value of the wrong kind, without the value, which may be a token that came alone.
fn without_value(problem: &str) -> String {
    let Some((kind, value)) = problem.split_once(['"', '`']).filter(|_| problem.starts_with("invalid "))
    else {
        return problem.to_owned();
    };
    // What is expected has no such words in it; a text may.
    value
        .rfind(", expected ")
        .map_or_else(|| kind.to_owned(), |end| format!("{}{}", kind.trim_end(), &value[end..]))
}

/// Vendor text made fit for a message: on one line and, its escapes counted, at most `most` characters.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let mut line = String::new();
    let mut room = most;
    for c in text.chars() {
        let escape = c.escape_debug();
        let Some(left) = room.checked_sub(escape.len()) else { break };
        room = left;
        line.extend(escape);
    }
    line
}

/// The largest figure that is one; what is above is a −1 that was taken for a whole number, or an overflow.
const MOST: u64 = i64::MAX.unsigned_abs();

/// A number that is not negative, given as a number or as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number(Decimal);

impl Number {
    /// The number as bytes.
    pub(super) fn bytes(self) -> Bytes {
        Bytes(self.count())
    }

    /// The number as a count, rounded down.
    pub(super) fn count(self) -> u64 {
        // A number that was read fits; see `Number::checked`.
        self.0.trunc().try_into().unwrap_or(MOST)
    }

    fn checked<E: Error>(number: Decimal) -> Result<Self, E> {
        if number.is_sign_negative() && !number.is_zero() {
            return Err(E::custom("a negative number where none can be"));
        }
        if number > Decimal::from(MOST) {
            return Err(E::custom("a number out of range"));
        }
        Ok(Self(number))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a number as text")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Number, E> {
                Number::checked(Decimal::from(number))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
                Number::checked(Decimal::from(number))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Number, E> {
                // The shortest text that reads as this float is the text that the vendor sent.
                let read = Decimal::from_str(&number.to_string());
                Number::checked(read.map_err(|_| E::custom("a number out of range"))?)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
                let text = text.trim();
                let read = Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text));
                Number::checked(read.map_err(|_| E::invalid_value(Unexpected::Other("text"), &self))?)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A number of the vendor's gigabytes, of which the bytes can be counted, whatever a gigabyte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gigabytes(pub(super) Decimal);

impl Gigabytes {
    /// The same in bytes.
    pub(super) fn bytes(self, gigabyte: Gigabyte) -> Bytes {
        // A number that was read fits the larger gigabyte.
        gigabyte.to_bytes(self.0).unwrap_or(Bytes(MOST))
    }
}

impl<'de> Deserialize<'de> for Gigabytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Number(number) = Number::deserialize(deserializer)?;
        match Gigabyte::Binary.to_bytes(number) {
            Ok(bytes) if bytes <= Bytes(MOST) => Ok(Self(number)),
            _ => Err(D::Error::custom("a number out of range")),
        }
    }
}

/// A field that may be missing, `null`, or say something: three different things for a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Field<T> {
    #[default]
    Missing,
    Null,
    Is(T),
}

impl<T> Field<T> {
    /// What it says, where it says something.
    pub(super) fn value(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Missing | Self::Null => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Is))
    }
}

impl Field<Gigabytes> {
    /// A limit in gigabytes; a missing one is unknown.
    pub(super) fn limit(self, gigabyte: Gigabyte) -> Option<Limit> {
        match self {
            Self::Missing => None,
            Self::Null => Some(Limit::Unlimited),
            Self::Is(number) => Some(Limit::of(number.bytes(gigabyte))),
        }
    }
}

/// An id, given as a number or as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Id(pub(super) Arc<str>);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "an id, as a whole number or as text")]
        enum Either {
            Number(u64),
            Text(String),
        }
        match Either::deserialize(deserializer)? {
            Either::Number(number) => Ok(Self(number.to_string().into())),
            Either::Text(text) if text.is_empty() => Err(de::Error::custom("an empty id")),
            Either::Text(text) => Ok(Self(text.into())),
        }
    }
}

/// A day, `2026-01-15`, also where a time follows; an error where it is none.
pub(super) fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let day = text.get(..10).and_then(|day| day.parse().ok());
    day.map(Some).ok_or_else(|| de::Error::custom("no date such as 2026-01-15"))
}

/// A moment, `2019-03-23 13:08`, with seconds or in RFC 3339; nothing where it is none, since nobody depends on it.
pub(super) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| {
        let text = text.trim();
        let exact = Timestamp::from_str(text).map(|moment| moment.to_zoned(TimeZone::UTC).datetime());
        exact.or_else(|_| DateTime::from_str(text)).ok()
    }))
}

#[cfg(test)]
mod tests;
