#![no_main]
//! Every body is read by every decoder of Oxylabs, in both gigabytes.

use libfuzzer_sys::fuzz_target;
use proxymeter::domain::units::{Bytes, Gigabyte};
use proxymeter::fuzzing::{oxylabs, writes};
use proxymeter_fuzz::{Digits, message};

fuzz_target!(|body: &[u8]| {
    let digits = Digits::of(body);
    let tell = |error| message(body, &error);
    match oxylabs::login(body) {
        Ok(login) => assert!(!login.user_id.unwrap_or_default().is_empty()),
        Err(error) => tell(error),
    }
    for gigabyte in Gigabyte::ALL {
        let list = oxylabs::sub_users(body, gigabyte);
        match &list {
            Ok(rows) => rows.iter().for_each(|row| digits.sub_user(row)),
            Err(error) => message(body, error),
        }
        if let Err(error) = writes::find_created("fresh", list) {
            // Two messages in one, each of them short.
            assert!(error.to_string().chars().count() < 600, "{error}");
        }
        match oxylabs::stats(body, gigabyte) {
            Ok(statistics) => {
                digits.usage(&statistics.usage);
                assert!(statistics.series.is_sorted_by(|a, b| a.0 < b.0), "in order, each once");
                let sum = statistics.series.iter().map(|row| row.1).sum::<Bytes>();
                let report = oxylabs::by_day(statistics);
                assert!(report.days.is_sorted_by(|a, b| a.0 < b.0), "in order, each once");
                assert_eq!(report.days.iter().map(|row| row.1).sum::<Bytes>(), sum);
            }
            Err(error) => tell(error),
        }
        match oxylabs::client_stats(body, gigabyte) {
            Ok(usage) => digits.account(&usage),
            Err(error) => tell(error),
        }
        match oxylabs::target_stats(body, gigabyte) {
            Ok(rows) => {
                for row in rows {
                    digits.bytes(Some(row.traffic));
                    digits.figure(row.requests);
                }
            }
            Err(error) => tell(error),
        }
    }
    if let Err(error) = writes::done(body) {
        tell(error);
    }
    match writes::created(body) {
        Ok(id) => assert!(id.is_none_or(|id| !id.0.is_empty())),
        Err(error) => tell(error),
    }
});
