#![no_main]
//! A status and the vendor's words about it: two bytes of status, then the body.

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use proxymeter::fuzzing::http::judge;
use proxymeter_fuzz::{CANARY, one_short_line};
use secrecy::SecretString;

fuzz_target!(|input: &[u8]| {
    let [a, b, body @ ..] = input else { return };
    // Printable bytes give statuses too, so that seeds can be read: "40" is 400 and something.
    let status = 100 + u16::from_le_bytes([*a, *b]) % 500;
    let password = format!("{CANARY}\"\\1\n");
    let token = [SecretString::from(format!("{CANARY}.token"))];
    for status in [status, 400, 401, 403, 404, 409, 422, 429, 500] {
        let judged = judge(status, body, Some(Duration::from_secs(5)), &password, &token);
        assert_eq!(judged.is_ok(), (200..=299).contains(&status));
        let Err(error) = judged else { continue };
        let text = error.to_string();
        one_short_line(&text);
        // What is told is one line of escapes, so each secret would stand there as its own.
        for secret in [&password, "canary.token"] {
            let secret: String = secret.escape_debug().collect();
            assert!(!text.contains(&secret), "{text}");
            assert!(!format!("{error:?}").contains(&secret), "{error:?}");
        }
    }
});
