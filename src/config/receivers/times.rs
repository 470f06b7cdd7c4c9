//! Local times: quiet hours and digests as they are written.

use jiff::civil::{Time, Weekday};

use crate::domain::digest_rule::{DigestRule, short};
use crate::domain::quiet::QuietHours;

use super::super::complaint::Complaint;

/// What quiet hours look like, for messages.
pub(super) const QUIET_HOURS: &str = "two local times such as \"22:00-07:00\"";

/// What a digest looks like, for messages.
pub(super) const DIGEST: &str = "a day and a local time, such as \"daily 08:00\" or \"weekly mon 08:00\"";

const WEEKDAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// The same as people write them out.
const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// A local time in hours and minutes, with both digits of each.
fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| {
        let is_number = text.len() == 2 && text.chars().all(|c| c.is_ascii_digit());
        text.parse().ok().filter(|_| is_number)
    };
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

/// The time that a habit from elsewhere stands for: `7`, `7:30` and `24:00`.
fn time_meant(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':').unwrap_or((text.trim(), "00"));
    let hour = if hour == "24" && minute == "00" { "00" } else { hour };
    time(&format!("{hour:0>2}:{minute}"))
}

pub(super) fn quiet_hours(text: &str) -> Result<QuietHours, Complaint> {
    let read = |time: fn(&str) -> Option<Time>, text: &str| {
        let (from, until) = text.split_once('-')?;
        Some(QuietHours { from: time(from)?, until: time(until)? })
    };
    match read(time, text) {
        Some(hours) if hours.from == hours.until => {
            let complaint = Complaint::new("these hours end when they begin");
            Err(complaint.advise("to tell a receiver nothing, name it nowhere"))
        }
        Some(hours) => Ok(hours),
        None => match read(time_meant, &text.replace(['–', '—'], "-")) {
            Some(QuietHours { from, until }) if from != until => {
                let [from, until] = [from, until].map(|time| time.strftime("%H:%M"));
                Err(Complaint::shape().write(format!("{from}-{until}")))
            }
            _ => Err(Complaint::shape()),
        },
    }
}

pub(super) fn digest(text: &str) -> Result<DigestRule, Complaint> {
    let words: Vec<&str> = text.split(' ').collect();
    let weekday = |name: &str| WEEKDAYS.into_iter().find(|weekday| short(*weekday) == name);
    let read = match words.as_slice() {
        ["daily", at] => time(at).map(|at| DigestRule { weekday: None, at }),
        ["weekly", day, at] => {
            weekday(day).zip(time(at)).map(|(day, at)| DigestRule { weekday: Some(day), at })
        }
        _ => None,
    };
    read.ok_or_else(|| match digest_meant(text) {
        Some(meant) => Complaint::shape().write(meant.to_string()),
        None => Complaint::shape(),
    })
}

/// The digest that a habit from elsewhere stands for, such as `Monday 8:00` and `08:00`.
fn digest_meant(text: &str) -> Option<DigestRule> {
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split([' ', ',']).filter(|word| !word.is_empty() && *word != "at").collect();
    let (at, words) = words.split_last()?;
    let at = time_meant(at)?;
    let day = words.iter().filter(|word| word.len() >= 3).find_map(|word| {
        let at = NAMES.iter().position(|name| name.starts_with(word))?;
        WEEKDAYS.get(at).copied()
    });
    match (day, words) {
        (Some(day), _) => Some(DigestRule { weekday: Some(day), at }),
        (None, [] | ["daily" | "day" | "every" | "everyday", ..]) => Some(DigestRule { weekday: None, at }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn habits_are_understood() {
        for (text, meant) in [
            ("08:00", Some("daily 08:00")),
            ("daily 8:00", Some("daily 08:00")),
            ("daily at 8", Some("daily 08:00")),
            ("weekly Monday 08:00", Some("weekly mon 08:00")),
            ("Monday 08:00", Some("weekly mon 08:00")),
            ("weekly 08:00", None),
            ("monthly 08:00", None),
            ("daily 25:00", None),
            ("daily", None),
        ] {
            assert_eq!(digest_meant(text).map(|rule| rule.to_string()).as_deref(), meant, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "-", "22:00", "22:00-7:00", "22:00-24:00", "22:60-07:00", "22-07", "+2:00-07:00"] {
            assert!(quiet_hours(text).is_err(), "{text}");
        }
        for text in ["", "daily", "daily  08:00", "weekly 08:00", "weekly monday 08:00", "Daily 08:00"] {
            assert!(digest(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_digest_is_read_as_it_is_shown(hour in 0_i8..24, minute in 0_i8..60, day in 0_usize..8) {
            let rule = DigestRule { weekday: WEEKDAYS.get(day).copied(), at: Time::constant(hour, minute, 0, 0) };
            prop_assert_eq!(digest(&rule.to_string()).unwrap(), rule);
        }

        #[test]
        fn no_text_panics(text in "(daily|weekly|mon|at|[0-9:–-]| |\\PC){0,8}") {
            let _unused = (quiet_hours(&text).is_ok(), digest(&text).is_ok());
        }
    }
}
