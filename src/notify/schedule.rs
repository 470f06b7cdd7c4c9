//! When a try follows another: at once, after 5, 10, 20, 40 s, doubling to an hour, each a fifth more or less.

use std::time::Duration;

/// The longest pause between two tries.
pub const LONGEST: Duration = Duration::from_secs(3_600);

const FIRST: Duration = Duration::from_secs(5);

/// The longest pause that a server may ask for.
pub const MOST_ASKED: Duration = Duration::from_secs(6 * 3_600);

/// The pause after the `tries`th try, of which there was at least one; `chance` is a number from 0 to 1.
#[must_use]
pub fn pause(tries: u32, asked: Option<Duration>, chance: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX));
    let spread = doubled.min(LONGEST).mul_f64(0.8 + 0.4 * chance.clamp(0.0, 1.0));
    spread.max(asked.unwrap_or_default().min(MOST_ASKED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_five_seconds_to_an_hour_a_fifth_more_or_less() {
        let middle: Vec<u64> = (1..=12).map(|tries| pause(tries, None, 0.5).as_secs()).collect();
        assert_eq!(middle, [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600]);
        assert_eq!(pause(1, None, 0.0), Duration::from_secs(4));
        assert_eq!(pause(1, None, 1.0), Duration::from_secs(6));
        assert_eq!(pause(400, None, 0.5), LONGEST);
    }

    #[test]
    fn what_a_server_asks_for_is_heeded_where_it_is_longer_and_sane() {
        let asked = |seconds| pause(1, Some(Duration::from_secs(seconds)), 0.5).as_secs();
        assert_eq!((asked(1), asked(90), asked(999_999_999)), (5, 90, 21_600));
    }
}
