//! Durations as people write them: `90s`, `5m`, `1h30m`, `400d`.

use std::time::Duration;

/// What a duration looks like, for messages.
pub(super) const SHAPE: &str = "a duration such as \"90s\", \"5m\" or \"1h30m\"";

/// The units and their seconds, from large to small; a duration names them in this order.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Reads a duration: whole numbers, each with its unit, the larger unit first.
pub fn parse(text: &str) -> Option<Duration> {
    let mut units = UNITS.iter();
    let mut rest = text;
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        let unit = after.chars().next()?;
        let (_, seconds) = units.find(|(name, _)| *name == unit)?;
        let seconds = number.parse::<u64>().ok()?.checked_mul(*seconds)?;
        total = total.checked_add(Duration::from_secs(seconds))?;
        rest = &after[unit.len_utf8()..];
    }
    Some(total)
}

/// A duration as it may be written, in whole seconds.
pub(super) fn format(duration: Duration) -> String {
    let mut rest = duration.as_secs();
    let mut text = String::new();
    for (name, seconds) in UNITS {
        if rest >= seconds {
            text.push_str(&format!("{}{name}", rest / seconds));
            rest %= seconds;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, seconds) in
            [("90s", 90), ("5m", 300), ("1h30m", 5400), ("400d", 34_560_000), ("1d1s", 86_401), ("0s", 0)]
        {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "5",
            "m",
            "5 m",
            "5min",
            "-5m",
            "1.5h",
            "30m1h",
            "5m5m",
            "1h30",
            "99999999999999999999d",
            "٣s",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(seconds in any::<u32>()) {
            let duration = Duration::from_secs(seconds.into());
            prop_assert_eq!(parse(&format(duration)), Some(duration));
        }

        #[test]
        fn no_text_panics(text in "[0-9dhms]*|\\PC*") {
            let _unused = parse(&text);
        }
    }
}
