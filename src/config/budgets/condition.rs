//! What a threshold judges: exactly one of five keys.

use std::time::Duration;

use crate::domain::budget::amount::Share;
use crate::domain::budget::threshold::{BurnRule, Condition};

use super::{Complaint, Section, duration, share};

/// The keys; a threshold has one of them.
pub(super) const KEYS: [&str; 5] = ["used", "forecast", "burn", "uncapped", "silent"];

const SECOND: Duration = Duration::from_secs(1);
const YEAR: Duration = Duration::from_secs(365 * 86_400);
const BURN: &str = "a rule such as \"6x over 3h and 30m\"";

/// Reads the one condition of a threshold.
pub(super) fn read(section: &Section<'_>) -> Option<Condition> {
    // Each is read for its own mistakes.
    let read = [
        share::read(section, "used", None).map(Condition::Used),
        share::read(section, "forecast", None).map(Condition::Forecast),
        section.parse("burn", BURN, burn).map(Condition::Burn),
        uncapped(section),
        section.duration("silent", SECOND..=YEAR).map(Condition::Silent),
    ];
    let present: Vec<&'static str> = KEYS.into_iter().filter(|key| section.has(key)).collect();
    match present.as_slice() {
        [] => {
            let hint = format!("write one of {}: used = \"80%\"", KEYS.join(", "));
            section.refuse_whole("this threshold has no condition".to_owned(), Some(hint));
            None
        }
        [_] => read.into_iter().flatten().next(),
        [first, others @ ..] => {
            for key in others {
                let message = format!("a threshold has one condition, and `{first}` is set as well");
                let hint = "take one of the two out, or give it a threshold of its own";
                section.refuse(key, Complaint::new(message).hiding().advise(hint));
            }
            None
        }
    }
}

fn uncapped(section: &Section<'_>) -> Option<Condition> {
    match section.flag("uncapped")? {
        true => Some(Condition::Uncapped),
        false => {
            let complaint = Complaint::new("this is true or not there").hiding();
            section.refuse("uncapped", complaint.write_bare("true", "true"));
            None
        }
    }
}

/// Reads `6x over 3h and 30m`.
fn burn(text: &str) -> Result<BurnRule, Complaint> {
    let [factor, "over", long, "and", short] = text.split_whitespace().collect::<Vec<_>>()[..] else {
        return Err(Complaint::shape());
    };
    let (long, short) = (duration::parse(long), duration::parse(short));
    let (Some(factor), Some(long), Some(short)) = (share::factor(factor), long, short) else {
        return Err(Complaint::shape());
    };
    if factor < Share::WHOLE {
        return Err(Complaint::new("a pace below 1x lasts longer than the period, and is no burning"));
    }
    if long <= short {
        let complaint = Complaint::new("the long window stands first, and the short one is shorter");
        return Err(match long < short {
            true => complaint.write(format!(
                "{}x over {} and {}",
                factor.ratio(),
                duration::format(short),
                duration::format(long)
            )),
            false => complaint,
        });
    }
    Ok(BurnRule { factor, long, short })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_of_burning_is_read() {
        let rule = burn("6.5x over 3h and 30m").unwrap();
        assert_eq!(rule.to_string(), "6.5x over 3h and 30m");
        for text in ["", "6x", "6 over 3h and 30m", "6x over 3h", "x over 3h and 30m", "0.5x over 3h and 30m"]
        {
            assert!(burn(text).is_err(), "{text}");
        }
        assert!(burn("6x over 30m and 30m").is_err());
        assert!(burn("999999999x over 3h and 30m").is_err());
    }
}
