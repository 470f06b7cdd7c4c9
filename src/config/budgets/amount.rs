//! How much a budget allows, with the price where that is money.

use rust_decimal::Decimal;

use crate::domain::budget::amount::{Amount, AmountError};
use crate::domain::units::{Bytes, Gigabyte, Limit, UnitError};

use super::super::accounts::size_meant;
use super::{Complaint, Section};

const SHAPE: &str = "an amount such as \"50GB\", \"80% of limit\", \"10% of plan\" or \"400 USD\"";

/// Reads `amount` and `price_per_gb`; each mistake stands where it was made.
pub(super) fn read(section: &Section<'_>) -> Option<Amount> {
    if !section.has("amount") {
        section.missing("amount", "write: amount = \"50GB\", or \"80% of limit\", \"10% of plan\"");
    }
    let price =
        section.decimal("price_per_gb", "a price above 0, such as 3.5", |price| *price > Decimal::ZERO);
    let is_priced = section.has("price_per_gb");
    // Whether the price is there and right is no matter of the amount's shape.
    let amount = section.parse("amount", SHAPE, |text| match Amount::parse(text, None) {
        Err(AmountError::NoPrice) if is_priced => {
            checked(text, Amount::parse(text, price.or(Some(Decimal::ONE))))
        }
        read => checked(text, read),
    })?;
    if is_priced && !matches!(amount, Amount::Money { .. }) {
        let complaint = Complaint::new("a price belongs to an amount of money, such as \"400 USD\"");
        section.refuse("price_per_gb", complaint.hiding().advise("take it out"));
        return None;
    }
    // The price may have been refused.
    (!is_priced || price.is_some()).then_some(amount)
}

fn checked(text: &str, read: Result<Amount, AmountError>) -> Result<Amount, Complaint> {
    let amount = read.map_err(|error| complaint(text, error))?;
    let bytes = amount.bytes(Gigabyte::Binary, Some(Limit::Bytes(Bytes(u64::MAX))), Some(Bytes(u64::MAX)));
    match bytes {
        Ok(Bytes(0)) => Err(Complaint::new("an amount of nothing is always used up")),
        Ok(_) => Ok(amount),
        Err(_) => Err(Complaint::new("this is more than can be counted")),
    }
}

fn complaint(text: &str, error: AmountError) -> Complaint {
    match error {
        AmountError::NoPrice => Complaint::new("an amount of money needs a price for a gigabyte")
            .advise("write: price_per_gb = 3.5 below it, in the same currency"),
        AmountError::ShareOfWhat => Complaint::new("a share needs \"of limit\" or \"of plan\" behind it")
            .write(format!("{} of limit", text.trim())),
        AmountError::Size(UnitError::NotASize) => match meant(text) {
            Some(meant) => Complaint::shape().write(meant),
            None => Complaint::shape(),
        },
        other => Complaint::new(other.to_string()),
    }
}

/// What a habit from elsewhere stands for: `50 gb`, `50`, `400usd`.
fn meant(text: &str) -> Option<String> {
    let compact = text.replace(' ', "").to_uppercase();
    let letters = compact.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = &compact[..compact.len() - letters.len()];
    let money = format!("{number} {letters}");
    if letters.len() == 3 && Amount::parse(&money, Some(Decimal::ONE)).is_ok() && !letters.ends_with("IB") {
        return Some(money);
    }
    size_meant(text)
}
