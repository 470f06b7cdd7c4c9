//! The headers of Standard Webhooks: one id for every try, the moment of this one, and a signature by each key.
//!
//! Source: standard-webhooks, specification 1.0.0, "Signature scheme".

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::notify::Parcel;
use crate::notify::error::NotifyError;

const PREFIX: &str = "whsec_";

/// Bytes of a key.
const LEAST: usize = 24;
const MOST: usize = 64;

/// Keys come with padding or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The headers of a try; without keys, all but the signature.
pub(super) fn headers(keys: Option<&SecretString>, parcel: &Parcel<'_>) -> Result<HeaderMap, NotifyError> {
    let id = format!("msg_{}", parcel.id);
    let timestamp = parcel.now.as_second();
    let mut values = vec![("webhook-id", id.clone()), ("webhook-timestamp", timestamp.to_string())];
    if let Some(keys) = keys {
        let keys = decode(keys.expose_secret()).map_err(NotifyError::later)?;
        let signatures: Vec<String> = keys.iter().map(|key| sign(key, &id, timestamp, parcel.body)).collect();
        values.push(("webhook-signature", signatures.join(" ")));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in values {
        let value = HeaderValue::from_str(&value).map_err(|_| {
            NotifyError::Refused(format!("{name} cannot be sent: the notice's id is not ASCII"))
        })?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

/// The keys, one a line, the newest first.
///
/// Whoever reads the error sees which line is wrong, and nothing of it.
pub(super) fn decode(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let wanted = format!("wanted {PREFIX} and base64 of {LEAST} to {MOST} bytes, one key a line");
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    let keys: Result<Vec<Vec<u8>>, String> = lines
        .map(|(at, line)| {
            let wrong = |what: &str| format!("line {} of the secret {what}; {wanted}", at + 1);
            let key = line.strip_prefix(PREFIX).ok_or_else(|| wrong("does not start so"))?;
            let key = LENIENT.decode(key).map_err(|_| wrong("is not base64"))?;
            match key.len() {
                LEAST..=MOST => Ok(key),
                length => Err(wrong(&format!("is a key of {length} bytes"))),
            }
        })
        .collect();
    match keys {
        Ok(keys) if keys.is_empty() => Err(format!("the secret is empty; {wanted}")),
        keys => keys,
    }
}

fn sign(key: &[u8], id: &str, timestamp: i64, body: &[u8]) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the reference libraries test themselves with.
    #[test]
    fn the_published_vector_is_met() {
        let keys = decode("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature =
            sign(&keys[0], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn keys_come_one_a_line_and_bad_ones_are_named_by_their_line() {
        let key = |length: usize| format!("whsec_{}", STANDARD.encode(vec![7; length]));
        let lengths = |text: &str| decode(text).map(|keys| keys.iter().map(Vec::len).collect::<Vec<_>>());
        assert_eq!(lengths(&format!("{}\r\n\n {} \n", key(24), key(64))).unwrap(), [24, 64]);
        assert_eq!(lengths(key(25).trim_end_matches('=')).unwrap(), [25]);
        let wanted = "wanted whsec_ and base64 of 24 to 64 bytes, one key a line";
        for (text, problem) in [
            (String::new(), "the secret is empty"),
            ("\n".to_owned(), "the secret is empty"),
            (format!("{}\nhunter2hunter2", key(24)), "line 2 of the secret does not start so"),
            ("whsec_???".to_owned(), "line 1 of the secret is not base64"),
            (key(23), "line 1 of the secret is a key of 23 bytes"),
            (key(65), "line 1 of the secret is a key of 65 bytes"),
        ] {
            assert_eq!(decode(&text).unwrap_err(), format!("{problem}; {wanted}"));
        }
    }
}
