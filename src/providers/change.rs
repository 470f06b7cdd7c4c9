//! What may be said of a sub-user to a vendor: a new one, or a change; and a limit as bodies hold it.

use jiff::civil::DateTime;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};

use super::error::ProviderError;
use crate::domain::units::{Gigabyte, Limit};

/// The two states that can be set; a vendor's list may tell of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubUserStatus {
    /// Traffic flows.
    Active,
    /// No more traffic; the row leaves lists of active sub-users.
    Disabled,
}

impl SubUserStatus {
    /// The vendors' word, the same at both.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

impl Serialize for SubUserStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What is to change about a sub-user; what is `None` stays, and is in no body.
#[derive(Clone, Debug, Default)]
pub struct SubUserChange {
    /// A new password.
    pub password: Option<SecretString>,
    /// A new limit, in absolute terms; `Unlimited` lifts it, `Blocked` is refused.
    pub limit: Option<Limit>,
    /// A new state.
    pub status: Option<SubUserStatus>,
    /// Whether the vendor cuts off at the limit.
    pub auto_disable: Option<bool>,
    /// Whether the counter never resets; Oxylabs alone.
    pub lifetime: Option<bool>,
    /// The moment from which traffic counts against the limit, in the account's zone; Decodo alone.
    pub count_from: Option<DateTime>,
}

impl SubUserChange {
    /// Whether nothing is to change.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        let Self { password, limit, status, auto_disable, lifetime, count_from } = self;
        password.is_none()
            && limit.is_none()
            && status.is_none()
            && auto_disable.is_none()
            && lifetime.is_none()
            && count_from.is_none()
    }

    /// A change of the limit alone.
    #[must_use]
    pub fn of_limit(limit: Limit) -> Self {
        Self { limit: Some(limit), ..Self::default() }
    }

    /// A change of the state alone.
    #[must_use]
    pub fn of_status(status: SubUserStatus) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// Refuses a change of nothing.
    pub(super) fn not_empty(&self) -> Result<(), ProviderError> {
        if self.is_empty() {
            return Err(ProviderError::Invalid("nothing is to change: say at least one field".to_owned()));
        }
        Ok(())
    }
}

/// A sub-user that is to be made.
#[derive(Clone, Debug)]
pub struct NewSubUser {
    /// The name.
    pub username: String,
    /// The password.
    pub password: SecretString,
    /// The vendor's word for the product (`service_type`); Decodo needs it, Oxylabs has none.
    pub product: Option<String>,
    /// The limit; `Unlimited` is in no body, `Blocked` is refused.
    pub limit: Limit,
    /// Whether the vendor cuts off at the limit; where nothing is said Decodo does not, and Oxylabs does not say.
    pub auto_disable: Option<bool>,
    /// Whether the counter never resets; Oxylabs alone.
    pub lifetime: Option<bool>,
    /// The moment from which traffic counts against the limit, in the account's zone; Decodo alone.
    pub count_from: Option<DateTime>,
}

impl NewSubUser {
    /// A sub-user without limit, of whom no more is said.
    #[must_use]
    pub fn new(username: impl Into<String>, password: SecretString) -> Self {
        Self {
            username: username.into(),
            password,
            product: None,
            limit: Limit::Unlimited,
            auto_disable: None,
            lifetime: None,
            count_from: None,
        }
    }

    /// The limit as the body of a new sub-user holds it: none is said by leaving it out.
    pub(super) fn body_limit(&self, gigabyte: Gigabyte) -> Result<Option<BodyLimit>, ProviderError> {
        match self.limit {
            Limit::Unlimited => Ok(None),
            limit => BodyLimit::new(limit, gigabyte).map(Some),
        }
    }
}

/// A limit in a body: gigabytes in steps of 0.01, rounded down, or `null`; never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BodyLimit(Option<Decimal>);

impl BodyLimit {
    /// The limit in the account's gigabytes.
    ///
    /// 0 is never written: it blocks at Oxylabs, at Decodo its meaning is stated nowhere, and elsewhere in this field
    /// it lifts the limit; `disabled` says the same without a doubt.
    pub(super) fn new(limit: Limit, gigabyte: Gigabyte) -> Result<Self, ProviderError> {
        let bytes = match limit {
            Limit::Unlimited => return Ok(Self(None)),
            Limit::Blocked => {
                return Err(ProviderError::Invalid(
                    "a limit of 0 is never written: disable the sub-user instead".to_owned(),
                ));
            }
            Limit::Bytes(bytes) => bytes,
        };
        let steps = gigabyte.whole_steps(bytes);
        if steps == 0 {
            return Err(ProviderError::Invalid(format!(
                "a limit of {bytes} is less than 0.01 GB, the vendors' smallest step, and 0 is never written: \
                 write at least 0.01 GB, or disable the sub-user"
            )));
        }
        Ok(Self(Some(Gigabyte::gigabytes_of_steps(steps))))
    }

    /// Whether it is `null`.
    pub(super) const fn is_none(self) -> bool {
        self.0.is_none()
    }
}

impl Serialize for BodyLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(gigabytes) = self.0 else { return serializer.serialize_unit() };
        match gigabytes.to_u64().filter(|_| gigabytes.fract().is_zero()) {
            Some(whole) => serializer.serialize_u64(whole),
            // Eleven digits and two places are within a float's fifteen, and its shortest text is the number's own.
            None => serializer.serialize_f64(gigabytes.to_f64().unwrap_or(f64::NAN)),
        }
    }
}

/// A body as JSON.
pub(super) fn json(body: &impl Serialize) -> String {
    #[expect(clippy::expect_used, reason = "structs of texts, numbers and flags become JSON always")]
    serde_json::to_string(body).expect("a body becomes JSON")
}

/// Whether a name is Latin letters, digits and underscores, in so many characters.
pub(super) fn is_plain(name: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether a password has a lower and an upper case letter, a digit and one of `special`, in so many characters.
pub(super) fn is_strong(
    password: &SecretString,
    length: std::ops::RangeInclusive<usize>,
    special: &str,
) -> bool {
    let password = password.expose_secret();
    length.contains(&password.chars().count())
        && password.bytes().any(|byte| byte.is_ascii_lowercase())
        && password.bytes().any(|byte| byte.is_ascii_uppercase())
        && password.bytes().any(|byte| byte.is_ascii_digit())
        && password.contains(|c| special.contains(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::units::Bytes;
    use crate::providers::wire::Gigabytes;

    fn written(limit: Limit, gigabyte: Gigabyte) -> Result<String, String> {
        BodyLimit::new(limit, gigabyte).map(|limit| json(&limit)).map_err(|error| error.to_string())
    }

    #[test]
    fn f20_limits_are_written_in_steps_rounded_down_and_never_as_0() {
        for (bytes, gigabyte, expected) in [
            (1_000_000_000_000, Gigabyte::Decimal, "1000"),
            (92_456_789_012, Gigabyte::Decimal, "92.45"),
            (92_459_999_999, Gigabyte::Decimal, "92.45"),
            (10_000_000, Gigabyte::Decimal, "0.01"),
            (1_610_612_736, Gigabyte::Binary, "1.5"),
            (u64::MAX, Gigabyte::Decimal, "18446744073.7"),
        ] {
            let limit = Limit::Bytes(Bytes(bytes));
            assert_eq!(written(limit, gigabyte).as_deref(), Ok(expected), "{bytes}");
        }
        assert_eq!(written(Limit::Unlimited, Gigabyte::Decimal).as_deref(), Ok("null"));
        for (limit, expected) in [
            (Limit::Blocked, "a limit of 0 is never written: disable the sub-user instead"),
            (
                Limit::Bytes(Bytes(9_999_999)),
                "a limit of 9.99 MB is less than 0.01 GB, the vendors' smallest step, and 0 is never written: write at least 0.01 GB, or disable the sub-user",
            ),
        ] {
            assert_eq!(written(limit, Gigabyte::Decimal), Err(expected.to_owned()));
        }
    }

    #[test]
    fn a_change_says_nothing_of_its_password() {
        let change = SubUserChange { password: Some("canary".to_owned().into()), ..SubUserChange::default() };
        let new = NewSubUser::new("name", "canary".to_owned().into());
        assert!(!format!("{change:?} {new:?}").contains("canary"));
        assert!(!change.is_empty() && SubUserChange::default().is_empty());
    }

    proptest! {
        #[test]
        fn a_limit_that_was_read_is_put_back_as_it_was(hundredths in 1_u64..100_000_000_000, binary: bool) {
            let gigabyte = if binary { Gigabyte::Binary } else { Gigabyte::Decimal };
            let before = Decimal::new(hundredths as i64, 2);
            let read = gigabyte.to_bytes(before).unwrap();
            let after: Decimal = written(Limit::Bytes(read), gigabyte).unwrap().parse().unwrap();
            prop_assert_eq!(after, before);
        }

        #[test]
        fn what_is_read_back_of_a_limit_is_in_steps_and_never_raised(bytes in 10_737_418_u64..=1 << 60, binary: bool) {
            let gigabyte = if binary { Gigabyte::Binary } else { Gigabyte::Decimal };
            let text = written(Limit::Bytes(Bytes(bytes)), gigabyte).unwrap();
            let read: Gigabytes = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(read.bytes(gigabyte), gigabyte.in_steps(Bytes(bytes)));
            prop_assert!(read.bytes(gigabyte) <= Bytes(bytes));
        }
    }
}
