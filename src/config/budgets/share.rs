//! Shares of an amount.

use rust_decimal::Decimal;

use crate::domain::budget::amount::{AmountError, Share};

use super::{Complaint, Section};

/// Reads a share above nothing, and of at most `most` where that is said.
pub(super) fn read(section: &Section<'_>, key: &'static str, most: Option<Share>) -> Option<Share> {
    section.parse(key, "a share such as \"80%\"", |text| {
        let share: Share = text.parse().map_err(|error: AmountError| match meant(text) {
            Some(meant) => Complaint::shape().write(meant),
            None if text.ends_with('%') => Complaint::new(error.to_string()),
            None => Complaint::shape(),
        })?;
        match most {
            _ if share == Share::percent(0) => Err(Complaint::new("a share of nothing is always reached")),
            Some(most) if share > most => Err(Complaint::new("expected a share of at most 100%")),
            _ => Ok(share),
        }
    })
}

/// Reads a factor such as `6x` or `1.5x`, with at most four places.
pub(in crate::config) fn factor(text: &str) -> Option<Share> {
    let number: Decimal = text.strip_suffix('x')?.parse().ok()?;
    let percent = number.checked_mul(Decimal::ONE_HUNDRED)?;
    format!("{}%", percent.normalize()).parse().ok()
}

/// A number without its sign: 0.8 is a part of one, 80 a part of hundred.
fn meant(text: &str) -> Option<String> {
    let number = text.parse().ok().filter(|number: &Decimal| *number > Decimal::ZERO)?;
    let percent = if number <= Decimal::ONE { number * Decimal::ONE_HUNDRED } else { number };
    let meant = format!("{}%", percent.normalize());
    meant.parse::<Share>().is_ok_and(|share| share > Share::percent(0)).then_some(meant)
}
