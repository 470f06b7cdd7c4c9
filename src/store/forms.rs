//! Values of actions as short texts, and back, for the columns of any engine.
//!
//! | value | text |
//! | --- | --- |
//! | record | `active 50000000000 yes`: `active` or `disabled`; the limit in bytes, `unlimited`, `blocked`, or `-` where the record does not say; `yes`, `no` or `-` for whether the vendor cuts off there |
//! | change | the same, with `-` for what it does not name |
//! | what is done | `freeze`, `limit 50000000000`, `standing_cap 50000000000`, `restore period_end` |
//! | ceiling | `frozen`, `limit 50000000000` |
//!
//! What a text means never changes, since it stands in every store.

use crate::domain::act::action::{What, Why};
use crate::domain::act::hold::Ceiling;
use crate::domain::act::record::{Change, Record};
use crate::domain::units::{Bytes, Limit};

/// What is not said.
const NOTHING: &str = "-";

/// A record as text.
pub(super) fn record(record: Record) -> String {
    let Record { active, limit, auto_disable } = record;
    change(Change { active: Some(active), limit, auto_disable })
}

/// A record by its text.
pub(super) fn record_of(text: &str) -> Option<Record> {
    let Change { active, limit, auto_disable } = change_of(text)?;
    Some(Record { active: active?, limit, auto_disable })
}

/// A change as text.
pub(super) fn change(change: Change) -> String {
    let Change { active, limit, auto_disable } = change;
    let active = active.map_or(NOTHING, |active| if active { "active" } else { "disabled" });
    let limit = match limit {
        None => NOTHING.to_owned(),
        Some(Limit::Unlimited) => "unlimited".to_owned(),
        Some(Limit::Blocked) => "blocked".to_owned(),
        Some(Limit::Bytes(Bytes(bytes))) => bytes.to_string(),
    };
    let auto_disable = auto_disable.map_or(NOTHING, |cuts_off| if cuts_off { "yes" } else { "no" });
    format!("{active} {limit} {auto_disable}")
}

/// A change by its text.
pub(super) fn change_of(text: &str) -> Option<Change> {
    let mut words = text.split(' ');
    let (active, limit, auto_disable) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() {
        return None;
    }
    Some(Change {
        active: flag(active, "active", "disabled")?,
        limit: match limit {
            NOTHING => None,
            "unlimited" => Some(Limit::Unlimited),
            "blocked" => Some(Limit::Blocked),
            number => Some(Limit::Bytes(bytes(number)?)),
        },
        auto_disable: flag(auto_disable, "yes", "no")?,
    })
}

/// What is done, as text.
pub(super) fn what(what: What) -> String {
    match what {
        What::Freeze => what.as_str().to_owned(),
        What::Limit(Bytes(bytes)) | What::Cap(Bytes(bytes)) => format!("{} {bytes}", what.as_str()),
        What::Restore(why) => format!("{} {}", what.as_str(), why.as_str()),
    }
}

/// What is done, by its text.
pub(super) fn what_of(text: &str) -> Option<What> {
    match text.split_once(' ') {
        None => (text == "freeze").then_some(What::Freeze),
        Some(("limit", number)) => Some(What::Limit(bytes(number)?)),
        Some(("standing_cap", number)) => Some(What::Cap(bytes(number)?)),
        Some(("restore", word)) => Why::ALL.into_iter().find(|why| why.as_str() == word).map(What::Restore),
        Some(_) => None,
    }
}

/// A ceiling as text.
pub(super) fn ceiling(ceiling: Ceiling) -> String {
    match ceiling {
        Ceiling::Frozen => "frozen".to_owned(),
        Ceiling::Limit(Bytes(bytes)) => format!("limit {bytes}"),
    }
}

/// A ceiling by its text.
pub(super) fn ceiling_of(text: &str) -> Option<Ceiling> {
    match text.split_once(' ') {
        None => (text == "frozen").then_some(Ceiling::Frozen),
        Some(("limit", number)) => Some(Ceiling::Limit(bytes(number)?)),
        Some(_) => None,
    }
}

/// A flag that may not be said; nothing where the word is neither.
fn flag(word: &str, yes: &str, no: &str) -> Option<Option<bool>> {
    match word {
        NOTHING => Some(None),
        word if word == yes => Some(Some(true)),
        word if word == no => Some(Some(false)),
        _ => None,
    }
}

fn bytes(number: &str) -> Option<Bytes> {
    number.parse().ok().map(Bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every limit that a record may have.
    const LIMITS: [Option<Limit>; 4] =
        [None, Some(Limit::Unlimited), Some(Limit::Blocked), Some(Limit::Bytes(Bytes(u64::MAX)))];
    const FLAGS: [Option<bool>; 3] = [None, Some(true), Some(false)];

    #[test]
    fn a_text_is_what_it_was_made_of() {
        for limit in LIMITS {
            for auto_disable in FLAGS {
                for active in FLAGS {
                    let made = Change { active, limit, auto_disable };
                    assert_eq!(change_of(&change(made)), Some(made), "{}", change(made));
                    let Some(active) = active else { continue };
                    let made = Record { active, limit, auto_disable };
                    assert_eq!(record_of(&record(made)), Some(made), "{}", record(made));
                }
            }
        }
        let restores = Why::ALL.map(What::Restore);
        for made in
            [What::Freeze, What::Limit(Bytes(0)), What::Cap(Bytes(u64::MAX))].into_iter().chain(restores)
        {
            assert_eq!(what_of(&what(made)), Some(made), "{}", what(made));
        }
        for made in [Ceiling::Frozen, Ceiling::Limit(Bytes(u64::MAX))] {
            assert_eq!(ceiling_of(&ceiling(made)), Some(made), "{}", ceiling(made));
        }
    }

    #[test]
    fn texts_are_short_and_stay_as_they_are() {
        let full = Record {
            active: true,
            limit: Some(Limit::Bytes(Bytes(50_000_000_000))),
            auto_disable: Some(true),
        };
        assert_eq!(record(full), "active 50000000000 yes");
        let frozen = Change { active: Some(false), ..Change::default() };
        assert_eq!(change(frozen), "disabled - -");
        assert_eq!(what(What::Restore(Why::PeriodEnd)), "restore period_end");
        assert_eq!(what(What::Cap(Bytes(5))), "standing_cap 5");
        assert_eq!(ceiling(Ceiling::Limit(Bytes(5))), "limit 5");
    }

    #[test]
    fn another_text_is_none() {
        for text in
            ["", "active", "active -", "active - - -", "on - -", "active 5GB -", "active -5 -", "- - maybe"]
        {
            assert_eq!(change_of(text), None, "{text:?}");
        }
        assert_eq!(record_of("- - -"), None, "a record says whether traffic may flow");
        for text in ["", "frozen", "freeze 5", "limit", "limit x", "cap 5", "restore", "restore never"] {
            assert_eq!(what_of(text), None, "{text:?}");
        }
        for text in ["", "freeze", "frozen 5", "limit", "limit -1"] {
            assert_eq!(ceiling_of(text), None, "{text:?}");
        }
    }
}
