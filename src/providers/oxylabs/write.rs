//! Oxylabs' changes as values: POST, PATCH and DELETE of sub-users.
//!
//! Fields and rules after the vendor's Swagger page (v1) and a client made from v2's.

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::request::of_sub_user;
use crate::domain::units::Gigabyte;
use crate::providers::change::{
    BodyLimit, NewSubUser, SubUserChange, SubUserStatus, is_plain, is_strong, json,
};
use crate::providers::error::ProviderError;
use crate::providers::http::request::{ApiRequest, segment};
use crate::providers::writer::{CREATE, DELETE, UPDATE};

/// The characters of which a password needs one.
const SPECIAL: &str = "#_~+=";

const NO_COUNT_FROM: ProviderError = ProviderError::Unsupported(
    "Oxylabs cannot count from another moment; set lifetime, or raise the limit by what was used",
);

#[derive(Serialize)]
struct CreateBody<'a> {
    username: &'a str,
    password: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    traffic_limit: Option<BodyLimit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifetime: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_disable: Option<bool>,
}

/// A new sub-user.
pub(super) fn create(
    new: &NewSubUser,
    gigabyte: Gigabyte,
) -> Result<impl Fn(&str) -> ApiRequest + use<>, ProviderError> {
    if new.product.is_some() {
        return Err(ProviderError::Unsupported(
            "Oxylabs' sub-users have no product of their own: it is that of the account's main user; leave it out",
        ));
    }
    if new.count_from.is_some() {
        return Err(NO_COUNT_FROM);
    }
    if !is_plain(&new.username, 1..=usize::MAX) {
        return Err(ProviderError::Invalid(
            "a user name at Oxylabs has Latin letters, digits and underscores only".to_owned(),
        ));
    }
    check_password(&new.password)?;
    let body = json(&CreateBody {
        username: &new.username,
        password: new.password.expose_secret(),
        traffic_limit: new.body_limit(gigabyte)?,
        lifetime: new.lifetime,
        auto_disable: new.auto_disable,
    });
    Ok(move |user_id: &str| {
        let path = format!("/users/{}/sub-users", segment(user_id));
        ApiRequest::write(Method::POST, CREATE, path, Some(body.clone()))
    })
}

#[derive(Serialize)]
struct UpdateBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traffic_limit: Option<BodyLimit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifetime: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<SubUserStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_disable: Option<bool>,
}

/// A change of one sub-user.
pub(super) fn update(
    sub_user_id: &str,
    change: &SubUserChange,
    gigabyte: Gigabyte,
) -> Result<impl Fn(&str) -> ApiRequest + use<>, ProviderError> {
    change.not_empty()?;
    if change.count_from.is_some() {
        return Err(NO_COUNT_FROM);
    }
    if let Some(password) = &change.password {
        check_password(password)?;
    }
    let body = json(&UpdateBody {
        password: change.password.as_ref().map(ExposeSecret::expose_secret),
        traffic_limit: change.limit.map(|limit| BodyLimit::new(limit, gigabyte)).transpose()?,
        lifetime: change.lifetime,
        status: change.status,
        auto_disable: change.auto_disable,
    });
    let id = sub_user_id.to_owned();
    Ok(move |user_id: &str| {
        ApiRequest::write(Method::PATCH, UPDATE, of_sub_user(user_id, &id), Some(body.clone()))
    })
}

/// The end of one sub-user.
pub(super) fn delete(user_id: &str, sub_user_id: &str) -> ApiRequest {
    ApiRequest::write(Method::DELETE, DELETE, of_sub_user(user_id, sub_user_id), None)
}

fn check_password(password: &SecretString) -> Result<(), ProviderError> {
    if is_strong(password, 12..=64, SPECIAL) {
        return Ok(());
    }
    Err(ProviderError::Invalid(format!(
        "a password at Oxylabs has 12 to 64 characters, among them a lower and an upper case letter, a digit and one of \
         {SPECIAL}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::units::{Bytes, Limit};

    const GB: Gigabyte = Gigabyte::Decimal;
    const PASSWORD: &str = "Canary_pass1";

    fn text(request: &ApiRequest) -> String {
        format!("{} {} {}", request.method, request.path, request.body.as_deref().unwrap_or_default())
    }

    fn new() -> NewSubUser {
        NewSubUser::new("fresh_1", PASSWORD.to_owned().into())
    }

    #[test]
    fn new_sub_users_as_whole_requests() {
        let whole = NewSubUser {
            limit: Limit::Bytes(Bytes(2_000_689_999_999)),
            auto_disable: Some(true),
            lifetime: Some(true),
            ..new()
        };
        for (new, expected) in [
            (new(), r#"POST /users/u-1/sub-users {"username":"fresh_1","password":"Canary_pass1"}"#),
            (
                whole,
                r#"POST /users/u-1/sub-users {"username":"fresh_1","password":"Canary_pass1","traffic_limit":2000.68,"lifetime":true,"auto_disable":true}"#,
            ),
        ] {
            let request = create(&new, GB).unwrap()("u-1");
            assert_eq!(text(&request), expected);
            assert!(!request.is_read());
        }
    }

    #[test]
    fn changes_hold_changed_fields_only() {
        use SubUserStatus::{Active, Disabled};
        let gigabytes = |gigabytes: u64| Some(Limit::Bytes(Bytes(gigabytes * 1_000_000_000)));
        let none = SubUserChange::default;
        for (change, body) in [
            (SubUserChange::of_status(Disabled), r#"{"status":"disabled"}"#),
            (SubUserChange::of_limit(Limit::Unlimited), r#"{"traffic_limit":null}"#),
            (SubUserChange { auto_disable: Some(false), ..none() }, r#"{"auto_disable":false}"#),
            (SubUserChange { lifetime: Some(false), ..none() }, r#"{"lifetime":false}"#),
            (
                SubUserChange { password: Some(PASSWORD.to_owned().into()), ..none() },
                r#"{"password":"Canary_pass1"}"#,
            ),
            (
                SubUserChange { limit: gigabytes(75), status: Some(Active), ..none() },
                r#"{"traffic_limit":75,"status":"active"}"#,
            ),
        ] {
            let request = update("12345", &change, GB).unwrap()("u-1");
            assert_eq!(text(&request), format!("PATCH /users/u-1/sub-users/12345 {body}"));
        }
        assert_eq!(text(&delete("u-1", "a/b")), "DELETE /users/u-1/sub-users/a%2Fb ");
    }

    #[test]
    fn what_breaks_a_rule_is_not_sent_and_the_rule_is_told() {
        let password = "a password at Oxylabs has 12 to 64 characters, among them a lower and an upper case letter, a digit and one of #_~+=";
        let name = "a user name at Oxylabs has Latin letters, digits and underscores only";
        let named = |username: &str| NewSubUser { username: username.to_owned(), ..new() };
        let with = |password: &str| NewSubUser { password: password.to_owned().into(), ..new() };
        let long = format!("Canary_1{}", "x".repeat(57));
        for (new, told) in [
            (named(""), name),
            (named("a-b"), name),
            (named("zoë"), name),
            (with("Canary_pas1"), password),
            (with("canary_pass1"), password),
            (with("CANARY_PASS1"), password),
            (with("Canary_passw"), password),
            (with("Canarypasss1"), password),
            (with(&long), password),
            (
                NewSubUser { limit: Limit::Blocked, ..new() },
                "a limit of 0 is never written: disable the sub-user instead",
            ),
            (
                NewSubUser { product: Some("mobile".to_owned()), ..new() },
                "Oxylabs' sub-users have no product of their own: it is that of the account's main user; leave it out",
            ),
        ] {
            let error = create(&new, GB).err().unwrap();
            assert_eq!(error.to_string(), told);
            assert!(!error.may_have_applied());
        }
        let weak = SubUserChange { password: Some("canary".to_owned().into()), ..SubUserChange::default() };
        assert_eq!(update("1", &weak, GB).err().unwrap().to_string(), password);
        let empty = update("1", &SubUserChange::default(), GB).err().unwrap();
        assert_eq!(empty.to_string(), "nothing is to change: say at least one field");
        let moment = Some("2026-01-01T00:00:00".parse().unwrap());
        let counted = update("1", &SubUserChange { count_from: moment, ..SubUserChange::default() }, GB);
        assert_eq!(
            counted.err().unwrap().to_string(),
            "Oxylabs cannot count from another moment; set lifetime, or raise the limit by what was used"
        );
    }
}
