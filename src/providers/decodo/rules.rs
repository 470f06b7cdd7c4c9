//! What Decodo takes as a name, a password and a product; checked before anything is sent.
//!
//! Source: the vendor's v2 reference of today for v2, its older v2 specification for v1. The published contract has no
//! rules but that something must be said, and four products.

use secrecy::{ExposeSecret, SecretString};

use super::dialect::Dialect;
use crate::providers::change::{is_plain, is_strong};
use crate::providers::error::ProviderError;

/// The characters of which a password needs one.
const SPECIAL: &str = "_~+=";

/// The products of the published contract.
const PUBLISHED: [&str; 4] = ["residential", "datacenter", "mobile", "isp"];

/// Refuses a name that the vendor is known to refuse.
pub(super) fn check_username(dialect: Dialect, username: &str) -> Result<(), ProviderError> {
    let shortest = match dialect {
        Dialect::Published if username.is_empty() => return invalid("a user name is needed".to_owned()),
        Dialect::Published => return Ok(()),
        Dialect::V1 => 3,
        Dialect::V2 => 6,
    };
    if is_plain(username, shortest..=64) {
        return Ok(());
    }
    let dialect = dialect.as_str();
    invalid(format!(
        "a user name at Decodo {dialect} has {shortest} to 64 characters: Latin letters, digits and underscores only"
    ))
}

/// Refuses a password that the vendor is known to refuse; the longest is stated nowhere.
pub(super) fn check_password(dialect: Dialect, password: &SecretString) -> Result<(), ProviderError> {
    let shortest = match dialect {
        Dialect::Published if password.expose_secret().is_empty() => {
            return invalid("a password is needed".to_owned());
        }
        Dialect::Published => return Ok(()),
        Dialect::V1 => 9,
        Dialect::V2 => 12,
    };
    if is_strong(password, shortest..=usize::MAX, SPECIAL) && !password.expose_secret().contains(['@', ':']) {
        return Ok(());
    }
    let dialect = dialect.as_str();
    invalid(format!(
        "a password at Decodo {dialect} has at least {shortest} characters, among them a lower and an upper case letter, \
         a digit and one of {SPECIAL}, but no @ and no :"
    ))
}

/// The product, which must be said; the real dialects' words are not all known, so that any is passed on.
pub(super) fn service_type(dialect: Dialect, product: Option<&str>) -> Result<&str, ProviderError> {
    let product = product.filter(|product| !product.is_empty());
    match (dialect, product) {
        (Dialect::Published, Some(product)) if PUBLISHED.contains(&product) => Ok(product),
        (Dialect::Published, _) => Err(ProviderError::Invalid(format!(
            "a new sub-user needs a product, in Decodo's published contract one of {}",
            PUBLISHED.join(", ")
        ))),
        (_, Some(product)) => Ok(product),
        (_, None) => Err(ProviderError::Invalid(
            "a new sub-user at Decodo needs a product, such as residential_proxies".to_owned(),
        )),
    }
}

fn invalid(rule: String) -> Result<(), ProviderError> {
    Err(ProviderError::Invalid(rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told<T>(result: Result<T, ProviderError>) -> Option<String> {
        result.err().map(|error| error.to_string())
    }

    #[test]
    fn names_follow_their_dialects_rule() {
        use Dialect::{Published, V1, V2};
        let v1 = Some(
            "a user name at Decodo v1 has 3 to 64 characters: Latin letters, digits and underscores only",
        );
        let v2 = Some(
            "a user name at Decodo v2 has 6 to 64 characters: Latin letters, digits and underscores only",
        );
        let long = "x".repeat(65);
        for (dialect, name, expected) in [
            (Published, "any name!", None),
            (Published, "", Some("a user name is needed")),
            (V1, "abc", None),
            (V1, "ab", v1),
            (V1, "a-b", v1),
            (V1, &long, v1),
            (V2, "abcdef", None),
            (V2, "abcde", v2),
            (V2, "zoë_abc", v2),
        ] {
            assert_eq!(told(check_username(dialect, name)).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn passwords_follow_their_dialects_rule_and_are_not_told() {
        use Dialect::{Published, V1, V2};
        let v1 = Some(
            "a password at Decodo v1 has at least 9 characters, among them a lower and an upper case letter, a digit and one of _~+=, but no @ and no :",
        );
        let v2 = Some(
            "a password at Decodo v2 has at least 12 characters, among them a lower and an upper case letter, a digit and one of _~+=, but no @ and no :",
        );
        for (dialect, password, expected) in [
            (Published, "p", None),
            (Published, "", Some("a password is needed")),
            (V1, "Canary_12", None),
            (V1, "Canary_1", v1),
            (V2, "Canary_pass1", None),
            (V2, "Canary_pas1", v2),
            (V2, "canary_pass1", v2),
            (V2, "Canary#pass1", v2),
            (V2, "Canary_pass@1", v2),
            (V2, "Canary_pass:1", v2),
        ] {
            let password = SecretString::from(password);
            assert_eq!(told(check_password(dialect, &password)).as_deref(), expected);
        }
    }

    #[test]
    fn a_product_is_needed() {
        use Dialect::{Published, V2};
        let four = Some(
            "a new sub-user needs a product, in Decodo's published contract one of residential, datacenter, mobile, isp",
        );
        let one = Some("a new sub-user at Decodo needs a product, such as residential_proxies");
        for (dialect, product, expected) in [
            (Published, Some("mobile"), None),
            (Published, Some("mobile_proxies"), four),
            (Published, None, four),
            (V2, Some("mobile_proxies"), None),
            (V2, Some(""), one),
            (V2, None, one),
        ] {
            assert_eq!(told(service_type(dialect, product)).as_deref(), expected, "{product:?}");
        }
    }
}
