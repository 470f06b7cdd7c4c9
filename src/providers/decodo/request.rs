//! Decodo's calls as values, in each dialect.

use jiff::civil::Date;
use secrecy::{ExposeSecret, SecretString};

use super::dialect::Dialect;
use crate::providers::http::request::{ApiRequest, segment};

/// The login with name and password in the body, as the published contract has it.
pub(super) fn login_json(username: &str, password: &SecretString) -> ApiRequest {
    let body = serde_json::json!({ "username": username, "password": password.expose_secret() });
    ApiRequest { body: Some(body.to_string()), ..ApiRequest::post("auth", "/auth".to_owned()) }
}

/// The login with basic authentication and no body (source: the vendor's own README).
pub(super) fn login_basic(_username: &str, _password: &SecretString) -> ApiRequest {
    ApiRequest::post("auth", "/auth".to_owned())
}

fn of_user(dialect: Dialect, user_id: &str, rest: &str) -> String {
    if dialect.has_user_in_path() { format!("/users/{}{rest}", segment(user_id)) } else { rest.to_owned() }
}

/// All active sub-users.
pub(super) fn sub_users(dialect: Dialect, user_id: &str) -> ApiRequest {
    ApiRequest::get("sub_users", of_user(dialect, user_id, "/sub-users"))
}

/// One sub-user's usage, of a month or between dates.
///
/// The published contract names the sub-user by its name and knows no parameter. The vendor's own README says name,
/// but live clients pass the id, and `type` is required.
pub(super) fn traffic(
    dialect: Dialect,
    user_id: &str,
    username: &str,
    sub_user_id: Option<&str>,
    dates: Option<(Date, Date)>,
) -> ApiRequest {
    let name = match dialect {
        Dialect::Published => username,
        Dialect::V1 | Dialect::V2 => sub_user_id.unwrap_or(username),
    };
    let path = of_user(dialect, user_id, &format!("/sub-users/{}/traffic", segment(name)));
    let request = ApiRequest::get("sub_user_traffic", path);
    match (dialect, dates) {
        (Dialect::Published, _) => request,
        (_, None) => request.with_query("type", "month"),
        (_, Some((from, to))) => request
            .with_query("type", "custom")
            .with_query("from", from.to_string())
            .with_query("to", to.to_string()),
    }
}

/// What the limits of all sub-users add up to; v1 has no such call in the vendor's own README.
pub(super) fn allocated(dialect: Dialect, user_id: &str) -> ApiRequest {
    let rest = match dialect {
        Dialect::Published | Dialect::V1 => "/allocated-traffic",
        Dialect::V2 => "/allocated-traffic-limit",
    };
    ApiRequest::get("allocated_traffic", of_user(dialect, user_id, rest))
}

/// The plans.
pub(super) fn subscriptions(dialect: Dialect, user_id: &str) -> ApiRequest {
    ApiRequest::get("subscriptions", of_user(dialect, user_id, "/subscriptions"))
}

/// The addresses that need no password.
pub(super) fn whitelist(dialect: Dialect, user_id: &str) -> ApiRequest {
    ApiRequest::get("whitelisted_ips", of_user(dialect, user_id, "/whitelisted-ips"))
}

/// The ways into the proxies; the path holds no user in any dialect.
pub(super) fn endpoints(kind: Option<&str>) -> ApiRequest {
    let path = kind.map_or_else(|| "/endpoints".to_owned(), |kind| format!("/endpoints/{}", segment(kind)));
    ApiRequest::get("endpoints", path)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn line(request: &ApiRequest) -> String {
        let query: Vec<_> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        format!("{} {}{query}", request.method, request.path)
    }

    #[test]
    fn logins_differ_in_where_the_password_goes() {
        let password = SecretString::from("p\"w");
        let json = login_json("sp_user", &password);
        assert_eq!(line(&json), "POST /auth");
        assert_eq!(json.body.as_deref(), Some(r#"{"password":"p\"w","username":"sp_user"}"#));
        assert_eq!(login_basic("sp_user", &password).body, None);
    }

    #[test]
    fn requests_are_those_of_each_dialect() {
        use Dialect::{Published, V1, V2};
        let dates = Some((date(2026, 1, 1), date(2026, 1, 15)));
        for (request, expected) in [
            (sub_users(Published, "u-1"), "GET /users/u-1/sub-users"),
            (sub_users(V1, "u-1"), "GET /users/u-1/sub-users"),
            (sub_users(V2, ""), "GET /sub-users"),
            (traffic(Published, "u-1", "name", Some("7"), None), "GET /users/u-1/sub-users/name/traffic"),
            (traffic(V1, "u-1", "name", Some("7"), None), "GET /users/u-1/sub-users/7/traffic?type=month"),
            (traffic(V1, "u-1", "name", None, None), "GET /users/u-1/sub-users/name/traffic?type=month"),
            (
                traffic(V2, "", "name", Some("7"), dates),
                "GET /sub-users/7/traffic?type=custom&from=2026-01-01&to=2026-01-15",
            ),
            (allocated(Published, "u-1"), "GET /users/u-1/allocated-traffic"),
            (allocated(V2, ""), "GET /allocated-traffic-limit"),
            (subscriptions(Published, "u-1"), "GET /users/u-1/subscriptions"),
            (subscriptions(V2, ""), "GET /subscriptions"),
            (whitelist(Published, "u-1"), "GET /users/u-1/whitelisted-ips"),
            (whitelist(V2, ""), "GET /whitelisted-ips"),
            (endpoints(None), "GET /endpoints"),
            (endpoints(Some("sticky")), "GET /endpoints/sticky"),
        ] {
            assert_eq!(line(&request), expected);
            assert_eq!(request.body, None);
        }
    }
}
