//! Decodo's calls as values, in each dialect.

use jiff::civil::Date;
use secrecy::{ExposeSecret, SecretString};

use super::dialect::Dialect;
use crate::domain::traffic::Window;
use crate::providers::Span;
use crate::providers::error::ProviderError;
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

/// A path of the account, which starts with the user id where the dialect has one.
pub(super) fn of_user(dialect: Dialect, user_id: &str, rest: &str) -> String {
    if dialect.has_user_in_path() { format!("/users/{}{rest}", segment(user_id)) } else { rest.to_owned() }
}

/// All active sub-users.
pub(super) fn sub_users(dialect: Dialect, user_id: &str) -> ApiRequest {
    ApiRequest::get("sub_users", of_user(dialect, user_id, "/sub-users"))
}

/// One sub-user; v2 alone has this.
pub(super) fn sub_user(dialect: Dialect, user_id: &str, sub_user_id: &str) -> ApiRequest {
    ApiRequest::get("sub_user", of_user(dialect, user_id, &format!("/sub-users/{}", segment(sub_user_id))))
}

/// Which traffic of a sub-user is asked for; the published contract knows no types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TrafficType {
    /// What the published contract tells, and `month` elsewhere; which month is stated nowhere.
    Usual,
    /// The last 24 hours.
    Last24Hours,
    /// The last 7 days.
    Last7Days,
    /// From a first to a last day, both inclusive.
    Dates(Date, Date),
    /// From the day that the sub-user was made to today, which v2 answers where dates are left out.
    SinceCreated,
}

impl TrafficType {
    /// What `span` is in this dialect, or what to ask for instead.
    pub(super) fn of(dialect: Dialect, span: Span) -> Result<Self, ProviderError> {
        Ok(match (span, dialect) {
            (Span::Current, _) => Self::Usual,
            (_, Dialect::Published) => {
                return Err(ProviderError::Unsupported(
                    "Decodo's published contract tells one total a sub-user and knows no dates; leave out --by and --since, or use dialect v1 or v2",
                ));
            }
            (Span::Last24Hours, _) => Self::Last24Hours,
            (Span::Last7Days, _) => Self::Last7Days,
            (Span::Dates(from, to), _) if from > to => {
                return Err(ProviderError::Invalid(format!(
                    "{from} is after {to}: put the earlier one first"
                )));
            }
            (Span::Dates(from, to), _) => Self::Dates(from, to),
            (Span::Lifetime, Dialect::V2) => Self::SinceCreated,
            (Span::Lifetime, _) => {
                return Err(ProviderError::Unsupported(
                    "Decodo v1 tells no traffic of a lifetime; ask from the day that the sub-user was made",
                ));
            }
            (Span::Last30Days | Span::CalendarMonth, _) => {
                return Err(ProviderError::Unsupported(
                    "Decodo does not say which month its type \"month\" is; ask from a first to a last day",
                ));
            }
            (Span::Hours(..), _) => {
                return Err(ProviderError::Unsupported(
                    "Decodo tells no traffic by the hour; ask from a first to a last day",
                ));
            }
        })
    }

    /// The span that the answer counts, where that is known without it.
    pub(super) const fn window(self) -> Option<Window> {
        match self {
            Self::Usual => None,
            Self::Last24Hours | Self::Last7Days => Some(Window::Unknown),
            Self::Dates(from, to) => Some(Window::Dates(from, to)),
            Self::SinceCreated => Some(Window::Lifetime),
        }
    }
}

/// One sub-user's usage.
///
/// The published contract names the sub-user by its name and knows no parameter. The vendor's own README says name,
/// but live clients pass the id, and `type` is required.
pub(super) fn traffic(
    dialect: Dialect,
    user_id: &str,
    username: &str,
    sub_user_id: Option<&str>,
    kind: TrafficType,
) -> ApiRequest {
    let name = match dialect {
        Dialect::Published => username,
        Dialect::V1 | Dialect::V2 => sub_user_id.unwrap_or(username),
    };
    let path = of_user(dialect, user_id, &format!("/sub-users/{}/traffic", segment(name)));
    let request = ApiRequest::get("sub_user_traffic", path);
    match (dialect, kind) {
        (Dialect::Published, _) => request,
        (_, TrafficType::Usual) => request.with_query("type", "month"),
        (_, TrafficType::Last24Hours) => request.with_query("type", "24h"),
        (_, TrafficType::Last7Days) => request.with_query("type", "7days"),
        (_, TrafficType::SinceCreated) => request.with_query("type", "custom"),
        (_, TrafficType::Dates(from, to)) => request
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
        let usual = TrafficType::Usual;
        for (request, expected) in [
            (sub_users(Published, "u-1"), "GET /users/u-1/sub-users"),
            (sub_users(V1, "u-1"), "GET /users/u-1/sub-users"),
            (sub_users(V2, ""), "GET /sub-users"),
            (sub_user(V2, "", "7"), "GET /sub-users/7"),
            (traffic(Published, "u-1", "name", Some("7"), usual), "GET /users/u-1/sub-users/name/traffic"),
            (traffic(V1, "u-1", "name", Some("7"), usual), "GET /users/u-1/sub-users/7/traffic?type=month"),
            (traffic(V1, "u-1", "name", None, usual), "GET /users/u-1/sub-users/name/traffic?type=month"),
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

    #[test]
    fn traffic_of_every_type() {
        let (from, to) = (date(2026, 1, 1), date(2026, 1, 15));
        for (span, query) in [
            (Span::Current, "type=month"),
            (Span::Last24Hours, "type=24h"),
            (Span::Last7Days, "type=7days"),
            (Span::Dates(from, to), "type=custom&from=2026-01-01&to=2026-01-15"),
            (Span::Lifetime, "type=custom"),
        ] {
            let kind = TrafficType::of(Dialect::V2, span).unwrap();
            let request = traffic(Dialect::V2, "", "name", Some("7"), kind);
            assert_eq!(line(&request), format!("GET /sub-users/7/traffic?{query}"));
        }
    }

    #[test]
    fn what_a_dialect_does_not_tell_is_refused_with_what_to_ask_instead() {
        use Dialect::{Published, V1, V2};
        let (from, to) = (date(2026, 1, 1), date(2026, 1, 15));
        let hours = Span::Hours(from.at(0, 0, 0, 0), from.at(1, 0, 0, 0));
        let one_span = "Decodo's published contract tells one total a sub-user and knows no dates; leave out --by and --since, or use dialect v1 or v2";
        let no_month =
            "Decodo does not say which month its type \"month\" is; ask from a first to a last day";
        for (dialect, span, told) in [
            (Published, Span::Dates(from, to), one_span),
            (Published, Span::Last24Hours, one_span),
            (V1, Span::CalendarMonth, no_month),
            (V2, Span::Last30Days, no_month),
            (V2, hours, "Decodo tells no traffic by the hour; ask from a first to a last day"),
            (
                V1,
                Span::Lifetime,
                "Decodo v1 tells no traffic of a lifetime; ask from the day that the sub-user was made",
            ),
            (V2, Span::Dates(to, from), "2026-01-15 is after 2026-01-01: put the earlier one first"),
        ] {
            assert_eq!(TrafficType::of(dialect, span).unwrap_err().to_string(), told);
        }
    }
}
