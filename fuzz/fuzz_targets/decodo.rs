#![no_main]
//! Every body is read by every decoder of Decodo, in both gigabytes.

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use proxymeter::domain::units::Gigabyte;
use proxymeter::fuzzing::{decodo, writes};
use proxymeter_fuzz::{Digits, message};

fuzz_target!(|body: &[u8]| {
    let digits = Digits::of(body);
    let tell = |error| message(body, &error);
    match decodo::auth(body) {
        Ok(login) => assert!(!login.user_id.unwrap_or_default().is_empty()),
        Err(error) => tell(error),
    }
    for gigabyte in Gigabyte::ALL {
        match decodo::sub_users(body, gigabyte) {
            Ok(rows) => rows.iter().for_each(|row| digits.sub_user(row)),
            Err(error) => tell(error),
        }
        match decodo::sub_user(body, gigabyte) {
            Ok(row) => digits.sub_user(&row),
            Err(error) => tell(error),
        }
        match decodo::traffic(body, gigabyte) {
            Ok(report) => digits.usage(&report.usage),
            Err(error) => tell(error),
        }
        match decodo::allocated(body, gigabyte) {
            Ok(usage) => digits.account(&usage),
            Err(error) => tell(error),
        }
        match decodo::subscriptions(body, gigabyte) {
            Ok(plans) => {
                for plan in &plans {
                    digits.bytes(plan.traffic);
                    digits.limit(plan.limit);
                }
                let names: BTreeSet<_> = plans.iter().map(|plan| &*plan.name).collect();
                assert_eq!(names.len(), plans.len(), "each plan has a name of its own: {plans:?}");
            }
            Err(error) => tell(error),
        }
    }
    match decodo::evidence(body) {
        Ok(rows) => {
            for row in rows {
                digits.bytes(Some(row.bytes));
                assert!(row.bytes.0 > 0 && !row.gigabytes.is_sign_negative());
                let _either_or_none = row.implies();
            }
        }
        Err(error) => tell(error),
    }
    match decodo::whitelist(body) {
        Ok(rows) => assert!(rows.iter().all(|row| !row.id.is_empty())),
        Err(error) => tell(error),
    }
    match decodo::endpoints(body) {
        Ok(rows) => rows.iter().for_each(|row| digits.figure(row.available_locations)),
        Err(error) => tell(error),
    }
    if let Err(error) = writes::done(body) {
        tell(error);
    }
    match writes::created(body) {
        Ok(id) => assert!(id.is_none_or(|id| !id.0.is_empty())),
        Err(error) => tell(error),
    }
});
