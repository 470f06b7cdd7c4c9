#![no_main]
//! `Retry-After`: seconds or a date, an hour at most.

use std::time::Duration;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use proxymeter::providers::http::retry::retry_after;

fuzz_target!(|value: &str| {
    let waits = [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX].map(|now| retry_after(value, now));
    for wait in waits.into_iter().flatten() {
        assert!(wait <= Duration::from_secs(3600), "{wait:?}");
    }
    assert_eq!(waits[0].is_some(), waits[2].is_some(), "whether it can be read does not hang on the clock");
    assert!(waits[0] >= waits[2], "later there is less to wait");
    // A refusal of seconds is no refusal of a date, but both need a digit.
    assert!(waits[0].is_none() || value.bytes().any(|byte| byte.is_ascii_digit()));
});
