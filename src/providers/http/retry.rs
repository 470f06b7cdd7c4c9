//! When a call is asked again, and how long that waits.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// Tries of one read, the first included.
pub const MAX_TRIES: u32 = 3;

/// The longest wait that a vendor may ask for and get; more is cut.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// What `Retry-After` asks for at `now`: seconds or an HTTP date; nothing where it cannot be read.
///
/// Source: RFC 9110, section 10.2.3.
#[must_use]
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a very long time.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let at = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
        Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO)
    };
    Some(wait.min(LONGEST_WAIT))
}

/// The pause before try number `next` (2, 3, …): half a second, doubling, give or take half; `random` is in 0..1.
#[must_use]
pub fn pause(next: u32, random: f64) -> Duration {
    let base = Duration::from_millis(500) * 2_u32.saturating_pow(next.saturating_sub(2).min(6));
    base.mul_f64(0.5 + random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        for (value, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("99999999999999999999999", Some(3600)),
            ("Sat, 21 Nov 2026 10:00:30 GMT", Some(30)),
            ("Sat, 21 Nov 2026 09:00:00 GMT", Some(0)),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(retry_after(value, now()), seconds.map(Duration::from_secs), "{value:?}");
        }
    }

    #[test]
    fn pauses_grow_and_vary() {
        assert_eq!(pause(2, 0.5), Duration::from_millis(500));
        assert_eq!(pause(3, 0.5), Duration::from_secs(1));
        assert_eq!(pause(2, 0.0), Duration::from_millis(250));
        assert_eq!(pause(2, 1.0), Duration::from_millis(750));
    }

    proptest! {
        #[test]
        fn no_header_panics(value in "\\PC*") {
            if let Some(wait) = retry_after(&value, now()) {
                prop_assert!(wait <= LONGEST_WAIT);
            }
        }
    }
}
