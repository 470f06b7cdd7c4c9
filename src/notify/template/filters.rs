//! What templates can do with figures and moments, beside what the engine brings.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error, ErrorKind};

use crate::domain::budget::amount::Share;
use crate::domain::units::Bytes;

/// What stands for a figure that there is not.
const UNKNOWN: &str = "not known";

pub(super) fn add(environment: &mut Environment<'static>, zone: &TimeZone) {
    environment.add_filter("bytes", |used: Value| figure(&used).map(bytes));
    environment
        .add_filter("share", |used: Value, of: Value| Ok::<_, Error>(share(figure(&used)?, figure(&of)?)));
    environment.add_filter("percent", |used: Value, of: Value| {
        Ok::<_, Error>(percent(figure(&used)?, figure(&of)?))
    });
    environment.add_filter("ago", |at: Value, named: Kwargs| {
        let now = instant(&named.get::<Value>("now")?)?;
        named.assert_all_used()?;
        Ok::<_, Error>(instant(&at)?.zip(now).map_or_else(|| UNKNOWN.to_owned(), |(at, now)| ago(at, now)))
    });
    let zone = zone.clone();
    environment.add_filter("moment", move |at: Value| {
        Ok::<_, Error>(instant(&at)?.map_or_else(|| UNKNOWN.to_owned(), |at| moment(at, &zone)))
    });
}

/// A figure, or the none that a message may have in its place.
fn figure(value: &Value) -> Result<Option<u64>, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    if value.is_none() {
        return Ok(None);
    }
    let figure = u64::try_from(value.clone());
    figure.map(Some).map_err(|_| {
        let what = format!("expected a number of bytes, not a {}", value.kind());
        Error::new(ErrorKind::InvalidOperation, what)
    })
}

/// A moment, or the none that a message may have in its place.
fn instant(value: &Value) -> Result<Option<Timestamp>, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    if value.is_none() {
        return Ok(None);
    }
    let at = value.as_str().and_then(|text| text.parse().ok());
    at.map(Some).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("expected a moment such as 2026-11-28T04:00:00Z, not a {}", value.kind()),
        )
    })
}

/// Such as "12.30 GB".
pub(super) fn bytes(figure: Option<u64>) -> String {
    figure.map_or_else(|| UNKNOWN.to_owned(), |figure| Bytes(figure).to_string())
}

/// Such as "116.28 %"; nothing where one of both is not known, or the whole is 0.
pub(super) fn share(used: Option<u64>, of: Option<u64>) -> String {
    let share = used.zip(of).and_then(|(used, of)| Share::between(Bytes(used), Bytes(of)));
    share.map_or_else(String::new, |share| share.to_string())
}

/// How long a bar is: from 0 to 100.
pub(super) fn percent(used: Option<u64>, of: Option<u64>) -> u64 {
    match used.zip(of) {
        Some((0, _)) | None => 0,
        Some((_, 0)) => 100,
        Some((used, of)) => {
            u64::try_from(u128::from(used) * 100 / u128::from(of)).unwrap_or(100).clamp(1, 100)
        }
    }
}

/// Such as "Fri 27 Nov, 10:15 UTC".
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %-d %b, %H:%M %Z").to_string()
}

/// Such as "4 min ago".
fn ago(at: Timestamp, now: Timestamp) -> String {
    let minutes = now.duration_since(at).as_mins();
    match minutes {
        ..=-1 => "in the future".to_owned(),
        0 => "just now".to_owned(),
        1..120 => format!("{minutes} min ago"),
        120..2_880 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1_440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_as_everywhere_else() {
        assert_eq!(
            (bytes(Some(12_300_000_000)), bytes(None)),
            ("12.30 GB".to_owned(), "not known".to_owned())
        );
        assert_eq!(share(Some(407), Some(350)), "116.28 %");
        assert_eq!((share(Some(1), Some(0)), share(None, Some(1))), (String::new(), String::new()));
        let percents = [(0, 0), (0, 10), (1, 100_000), (5, 10), (u64::MAX, 1), (1, 0)];
        assert_eq!(percents.map(|(used, of)| percent(Some(used), Some(of))), [0, 0, 1, 50, 100, 100]);
    }

    #[test]
    fn moments_are_told_in_the_zone_of_the_reader() {
        let at: Timestamp = "2026-11-27T10:15:00Z".parse().unwrap();
        assert_eq!(moment(at, &TimeZone::UTC), "Fri 27 Nov, 10:15 UTC");
        assert_eq!(moment(at, &TimeZone::get("Europe/Berlin").unwrap()), "Fri 27 Nov, 11:15 CET");
        let told = [0, 59, 60, 7_199, 7_200, 172_800, -61]
            .map(|ago_seconds| ago(at - jiff::SignedDuration::from_secs(ago_seconds), at));
        assert_eq!(
            told,
            ["just now", "just now", "1 min ago", "119 min ago", "2 h ago", "2 days ago", "in the future"]
        );
    }
}
