//! What became of a write, in whole sentences.

use crate::domain::act::settle::Found;
use crate::providers::ProviderError;

/// What became of a write; `confirmed` and `seen` say what the record then said.
pub(in crate::cli) fn told(
    found: &Found,
    lost: Option<&ProviderError>,
    confirmed: String,
    seen: &str,
) -> String {
    let no_answer = lost.map_or_else(String::new, |error| format!(" ({error})"));
    match found {
        Found::Confirmed if lost.is_some() => format!("{confirmed}, though no answer came{no_answer}"),
        Found::Confirmed => confirmed,
        Found::Ignored => format!("the vendor took the request, and its record is as before{}", says(seen)),
        Found::NotApplied => {
            format!(
                "no answer came{no_answer}, and the record is as before: it did not arrive, and can be run again"
            )
        }
        Found::Other(_) => {
            format!("the vendor's record is neither as before nor as written{}", says(seen))
        }
        Found::Gone => "it is no longer there".to_owned(),
        Found::Rejected(words) => format!("the vendor refused, which changed nothing: {words}"),
        Found::NotSent(words) => format!("nothing was changed: {words}"),
        Found::Unknown(words) => {
            format!(
                "it is not known whether it was carried out{no_answer}: {words}. Look again before you repeat it"
            )
        }
    }
}

fn says(seen: &str) -> String {
    if seen.is_empty() { String::new() } else { format!(": {seen}") }
}
