//! One account at a vendor, for changing: sub-users and the whitelist.

use std::net::IpAddr;

use async_trait::async_trait;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::change::{NewSubUser, SubUserChange};
use super::error::ProviderError;
use super::wire::{Id, decode};
use super::{Ask, Provider};
use crate::domain::account::FreezeBy;
use crate::domain::traffic::{SubUser, SubUserId};

/// What can be changed at an account.
///
/// Each call is one request that is never repeated, but for one replay after a refused token, which changed nothing.
/// `Ok` says that the vendor took the request; whether it did what it was told is known only from reading back.
/// After an error, [`ProviderError::may_have_applied`] tells whether to read back as well.
#[async_trait]
pub trait Writer: Provider {
    /// Whether this vendor can express such a change, without asking it.
    ///
    /// # Errors
    /// What the dialect lacks, with what to use instead, or what is wrong with a value.
    fn check_change(&self, change: &SubUserChange) -> Result<(), ProviderError>;

    /// Whether this vendor can express such a new sub-user, without asking it.
    ///
    /// # Errors
    /// As of [`Writer::check_change`].
    fn check_new(&self, new: &NewSubUser) -> Result<(), ProviderError>;

    /// How a sub-user is stopped here.
    fn freeze_by(&self) -> FreezeBy;

    /// Whether a limit can be lifted here, so that one where there was none can be undone.
    fn can_lift(&self) -> bool;

    /// Makes a sub-user and gives its id; where the vendor answers without one, the list is asked for it.
    async fn create_sub_user(&self, new: &NewSubUser, ask: &Ask) -> Result<SubUserId, ProviderError>;

    /// Changes what `change` says about one sub-user.
    async fn update_sub_user(
        &self,
        id: &SubUserId,
        change: &SubUserChange,
        ask: &Ask,
    ) -> Result<(), ProviderError>;

    /// Deletes a sub-user; this cannot be undone.
    async fn delete_sub_user(&self, id: &SubUserId, ask: &Ask) -> Result<(), ProviderError>;

    /// One sub-user by its id, active or not; `Unsupported` where the vendor only has lists.
    async fn sub_user(&self, id: &SubUserId, ask: &Ask) -> Result<SubUser, ProviderError>;

    /// Lets addresses in without a password.
    async fn add_to_whitelist(&self, addresses: &[IpAddr], ask: &Ask) -> Result<(), ProviderError>;

    /// Takes one record, by its id, off the list of addresses that need no password.
    async fn remove_from_whitelist(&self, id: &str, ask: &Ask) -> Result<(), ProviderError>;
}

/// The endpoint of a new sub-user, at both vendors.
pub(super) const CREATE: &str = "create_sub_user";

/// The endpoint of a changed sub-user, at both vendors.
pub(super) const UPDATE: &str = "update_sub_user";

/// The endpoint of a deleted sub-user, at both vendors.
pub(super) const DELETE: &str = "delete_sub_user";

/// An answer to a write of which only its being JSON, or nothing, matters: any page in between could say 200.
pub(super) fn done(endpoint: &'static str, body: &[u8]) -> Result<(), ProviderError> {
    if body.trim_ascii().is_empty() {
        return Ok(());
    }
    decode::<IgnoredAny>(endpoint, body).map(|_| ())
}

#[derive(Deserialize)]
struct CreatedAnswer {
    id: Option<Id>,
    uuid: Option<Id>,
}

/// The id that a new sub-user got, where the answer says it; `{}`, `[]` or nothing is an answer as well.
pub(super) fn created(body: &[u8]) -> Result<Option<SubUserId>, ProviderError> {
    if matches!(body.trim_ascii(), b"" | b"[]") {
        return Ok(None);
    }
    let answer: CreatedAnswer = decode(CREATE, body)?;
    Ok(answer.id.or(answer.uuid).map(|id| SubUserId(id.0)))
}

/// The id of the sub-user just made, by its name in a list that was read after.
pub(super) fn find_created(
    username: &str,
    list: Result<Vec<SubUser>, ProviderError>,
) -> Result<SubUserId, ProviderError> {
    let may_exist = |problem: String| ProviderError::MayExist { username: username.to_owned(), problem };
    let list = list.map_err(|error| may_exist(format!("the list could not be read ({error})")))?;
    let named: Vec<_> = list.iter().filter(|row| &*row.username == username).collect();
    match &*named {
        [row] => row.id.clone().ok_or_else(|| may_exist("the list tells no id of it".to_owned())),
        [] => Err(may_exist("the list does not hold it yet".to_owned())),
        several => Err(may_exist(format!("the list holds that name {} times", several.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(username: &str, id: Option<&str>) -> SubUser {
        SubUser {
            id: id.map(|id| SubUserId(id.into())),
            username: username.into(),
            status: None,
            product: None,
            limit: None,
            limit_enforced: None,
            auto_disable: None,
            lifetime: None,
            created: None,
            usage: None,
        }
    }

    #[test]
    fn answers_with_and_without_an_id() {
        for (body, id) in [
            (r#"{"id":12345}"#, Some("12345")),
            (r#"{"id":"a-1","username":"one","service_type":"mobile","traffic_limit":5.5}"#, Some("a-1")),
            (r#"{"uuid":"8b6c"}"#, Some("8b6c")),
            (r#"{"username":"one","service_type":"mobile"}"#, None),
            ("{}", None),
            ("[]", None),
            ("", None),
        ] {
            let id = id.map(|id| SubUserId(id.into()));
            assert_eq!(created(body.as_bytes()).unwrap(), id, "{body}");
        }
        for body in ["<html>", "3", r#"{"id":""}"#, r#"{"id":1"#] {
            assert!(created(body.as_bytes()).unwrap_err().may_have_applied(), "{body}");
        }
    }

    #[test]
    fn any_json_or_nothing_ends_a_write() {
        for body in ["", " \n", "{}", "[]", "null", r#"{"id":"1","username":"one"}"#] {
            assert!(done(UPDATE, body.as_bytes()).is_ok(), "{body}");
        }
        for body in ["<html>ok</html>", "OK", "{"] {
            assert!(done(UPDATE, body.as_bytes()).unwrap_err().may_have_applied(), "{body}");
        }
    }

    #[test]
    fn the_list_tells_the_id_or_what_to_do_instead() {
        let list = || Ok(vec![row("other", Some("1")), row("fresh", Some("2"))]);
        assert_eq!(find_created("fresh", list()).unwrap(), SubUserId("2".into()));
        let unread = ProviderError::RateLimited { endpoint: "sub_users", retry_after: None };
        for (list, problem) in [
            (Ok(vec![row("Fresh", Some("1"))]), "the list does not hold it yet"),
            (Ok(vec![row("fresh", None)]), "the list tells no id of it"),
            (Ok(vec![row("fresh", Some("1")), row("fresh", Some("2"))]), "the list holds that name 2 times"),
            (
                Err(unread),
                "the list could not be read (sub_users: the vendor asks to wait (HTTP 429). Lower requests_per_second or the schedule)",
            ),
        ] {
            let error = find_created("fresh", list).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "create_sub_user: the vendor named no id, and {problem}: \"fresh\" may exist. Look for it with \
                     `proxymeter sub-users list` in some minutes, and make it again only if it is not there"
                )
            );
            assert!(error.may_have_applied());
        }
    }
}
