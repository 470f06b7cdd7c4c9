//! Changes of sub-users: what a body may say, and what becomes of the account.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::account::Account;
use super::scenario::{Shape, SubUserSpec, Workload};
use super::sub_user::Status;
use super::wire;
use super::workload::Flow;
use crate::domain::units::{Bytes, Gigabyte, Limit};

/// What a body asks to change; what it does not name stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) limit: Option<Limit>,
    pub(super) auto_disable: Option<bool>,
    pub(super) lifetime: Option<bool>,
    pub(super) enabled: Option<bool>,
    pub(super) counted_from: Option<Timestamp>,
}

/// What a person changes of a sub-user in the vendor's dashboard; what is `None` stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByHand {
    /// The cap.
    pub limit: Option<Limit>,
    /// Whether the vendor cuts off at it.
    pub auto_disable: Option<bool>,
    /// Whether traffic flows.
    pub enabled: Option<bool>,
}

impl From<ByHand> for Change {
    fn from(ByHand { limit, auto_disable, enabled }: ByHand) -> Self {
        Self { limit, auto_disable, enabled, ..Self::default() }
    }
}

/// A field, and what is wrong with it.
pub(super) type Problem = (&'static str, &'static str);

impl Change {
    /// Reads those of the `known` fields that a body has; others are ignored, as the vendors do.
    pub(super) fn read(
        body: &Map<String, Value>,
        known: &[&'static str],
        gigabyte: Gigabyte,
    ) -> Result<Self, Problem> {
        let mut change = Self::default();
        for &field in known {
            let Some(value) = body.get(field) else { continue };
            match field {
                "traffic_limit" => {
                    change.limit =
                        Some(limit(value, gigabyte).ok_or((field, "must be a number, at least 0, or null"))?)
                }
                "auto_disable" => change.auto_disable = Some(boolean(field, value)?),
                "lifetime" => change.lifetime = Some(boolean(field, value)?),
                "status" => {
                    change.enabled = Some(match value.as_str() {
                        Some("active") => true,
                        Some("disabled") => false,
                        _ => return Err((field, "must be active or disabled")),
                    });
                }
                "traffic_count_from" => {
                    change.counted_from = Some(moment(value).ok_or((field, "must be yyyy-mm-dd hh:mm:ss"))?);
                }
                _ => {}
            }
        }
        Ok(change)
    }
}

/// A cap as the vendor keeps it: in steps of 0.01 GB, rounded down; what does not fit is the largest.
pub(super) fn limit(value: &Value, gigabyte: Gigabyte) -> Option<Limit> {
    let Value::Number(number) = value else {
        return value.is_null().then_some(Limit::Unlimited);
    };
    let text = number.to_string();
    let parsed = text.parse().or_else(|_| Decimal::from_scientific(&text));
    let Ok(gigabytes) = parsed else {
        let is_huge = number.as_f64().is_some_and(|number| number >= 1.0);
        let is_tiny = number.as_f64().is_some_and(|number| (0.0..1.0).contains(&number));
        return match (is_huge, is_tiny) {
            (true, _) => Some(Limit::Bytes(Bytes(u64::MAX))),
            (_, true) => Some(Limit::Blocked),
            _ => None,
        };
    };
    if gigabytes.is_sign_negative() && !gigabytes.is_zero() {
        return None;
    }
    Some(Limit::of(gigabyte.to_bytes(gigabytes.trunc_with_scale(wire::STEP)).unwrap_or(Bytes(u64::MAX))))
}

fn boolean(field: &'static str, value: &Value) -> Result<bool, Problem> {
    value.as_bool().ok_or((field, "must be true or false"))
}

fn moment(value: &Value) -> Option<Timestamp> {
    let at = DateTime::strptime("%Y-%m-%d %H:%M:%S", value.as_str()?).ok()?;
    at.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
}

/// Whether a password has a lower and an upper case letter, a digit and one of `special`, in so many characters.
pub(super) fn is_strong(password: &str, length: std::ops::RangeInclusive<usize>, special: &str) -> bool {
    length.contains(&password.chars().count())
        && password.chars().any(char::is_lowercase)
        && password.chars().any(char::is_uppercase)
        && password.chars().any(|c| c.is_ascii_digit())
        && password.chars().any(|c| special.contains(c))
}

/// Whether a name is letters, digits and underscores, in so many characters.
pub(super) fn is_plain(name: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl Account {
    /// Makes a sub-user, which sends nothing; its id.
    pub(super) fn create(&mut self, username: &str, product: Option<&str>, change: &Change) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let idle = Workload::new(Bytes(0), Shape::Idle, &[]);
        let mut spec = SubUserSpec::new(username, change.limit.unwrap_or(Limit::Unlimited), idle);
        spec.auto_disable = change.auto_disable.unwrap_or(false);
        spec.product = product.map(str::to_owned);
        spec.lifetime = change.lifetime.unwrap_or(false);
        let flow = Flow::new(&spec.workload, self.seed, self.at, 1);
        let mut user = super::sub_user::SubUser::new(id, &spec, flow, self.at);
        user.counted_from = change.counted_from.unwrap_or(self.at);
        self.sub_users.push(user);
        id
    }

    /// Changes a sub-user; `reopens` says that a raised limit alone ends the vendor's cut-off.
    pub(super) fn update(&mut self, id: u64, change: &Change, reopens: bool) {
        let at = self.at;
        let Some(user) = self.sub_users.iter_mut().find(|user| user.id == id) else { return };
        user.limit = change.limit.unwrap_or(user.limit);
        user.auto_disable = change.auto_disable.unwrap_or(user.auto_disable);
        user.lifetime = change.lifetime.unwrap_or(user.lifetime);
        if let Some(from) = change.counted_from {
            user.count_from(from, at);
        }
        let has_room = user.limit.bytes().is_none_or(|limit| user.counter < limit.0);
        match change.enabled {
            Some(true) => user.switch_on(at),
            Some(false) => user.switch_off(at, Status::Disabled),
            None if reopens && has_room && user.status == Status::CutOff => user.switch_on(at),
            None => user.reconsider(),
        }
    }

    /// Deletes a sub-user; what it used stays in the account's total.
    pub(super) fn delete(&mut self, id: u64) {
        let at = self.at;
        if let Some(user) = self.sub_users.iter_mut().find(|user| user.id == id) {
            user.switch_off(at, Status::Deleted);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn caps_are_kept_in_steps() {
        let gb = |hundredths: u64| Limit::of(Bytes(hundredths * 10_000_000));
        for (value, expected) in [
            (json!(null), Some(Limit::Unlimited)),
            (json!(0), Some(Limit::Blocked)),
            (json!(0.009), Some(Limit::Blocked)),
            (json!(2000.68), Some(gb(200_068))),
            (json!(12.349), Some(gb(1234))),
            (json!(1e300), Some(Limit::Bytes(Bytes(u64::MAX)))),
            (json!(1e-300), Some(Limit::Blocked)),
            (json!(-0.1), None),
            (json!("12.5"), None),
            (json!(true), None),
        ] {
            assert_eq!(limit(&value, Gigabyte::Decimal), expected, "{value}");
        }
    }

    #[test]
    fn passwords_and_names_follow_the_rules() {
        assert!(is_strong("Abcdefghij1_", 12..=64, "#_~+="));
        for weak in ["Abcdefghi1_", "abcdefghij1_", "ABCDEFGHIJ1_", "Abcdefghijk_", "Abcdefghijk1"] {
            assert!(!is_strong(weak, 12..=64, "#_~+="), "{weak}");
        }
        assert!(is_plain("scraper_1", 1..=64) && !is_plain("scraper-1", 1..=64) && !is_plain("ab", 3..=64));
    }
}
