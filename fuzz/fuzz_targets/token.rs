#![no_main]
//! The claims of a token: as it came, and with the input as the claims themselves.

use std::time::Duration;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use proxymeter::providers::http::token::renew_after;

const LONGEST: Duration = Duration::from_secs(24 * 3600);

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let token = format!("e30.{}.c2ln", base64_url(input));
    for now in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
        for token in [&*text, &token] {
            let after = renew_after(token, now);
            assert!(after > Duration::ZERO && after < LONGEST, "{after:?}");
        }
    }
});

fn base64_url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            text.push(char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize]));
        }
    }
    text
}
