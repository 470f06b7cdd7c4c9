//! The tables below `[accounts]`.

use super::super::scenario::{
    AccountSpec, Dialect, Event, EventKind, Nature, Shape, StatisticsShape, SubUserSpec, TargetSpec, Truth,
    Workload,
};
use super::narrow;
use super::section::Section;
use crate::domain::account::AccountName;
use crate::domain::units::{Bytes, Gigabyte, Limit};

/// Sub-users of one table; beyond it a mistake is likelier than a wish.
const MOST: u64 = 1_000_000;

/// Bytes of one request where nothing is said.
const REQUEST: Bytes = Bytes(100_000);

/// One account.
pub(super) fn read(name: String, section: Section<'_>) -> AccountSpec {
    if AccountName::new(&name).is_none() {
        section.wrong("", "an account's name is small letters, digits and -, and begins with a letter");
    }
    let dialect = dialect(&section);
    let products = ["residential", "mobile", "datacenter", "isp"].map(|product| (product, product));
    let product = section.word("product", &products).unwrap_or("residential");
    let (username, secret) = match dialect {
        Dialect::DecodoV2 => (String::new(), section.required("api_key")),
        _ => (section.required("username"), section.required("password")),
    };
    let gigabytes = [("decimal", Gigabyte::Decimal), ("binary", Gigabyte::Binary)];
    let gigabyte = section.word("gigabyte", &gigabytes).unwrap_or_default();
    let usual = AccountSpec::new(&name, dialect, product, &username, &secret);
    let statistics = [
        ("results", StatisticsShape::Results),
        ("by-period", StatisticsShape::ByPeriod),
        ("by-period-camel-case", StatisticsShape::ByPeriodCamelCase),
    ];
    let sub_users: Vec<_> = section
        .tables("sub_users")
        .into_iter()
        .flat_map(|(name, below)| sub_user(&name, below, gigabyte))
        .collect();
    let events = section.tables("events").into_iter();
    let account = AccountSpec {
        gigabyte,
        plan: section.limit("plan", gigabyte).unwrap_or(usual.plan),
        billing_day: section.whole("billing_day", 1..=31).and_then(|day| i8::try_from(day).ok()).unwrap_or(1),
        lag: section.duration("lag").unwrap_or(usual.lag),
        enforcement_lag: section.duration("enforcement_lag").unwrap_or(usual.enforcement_lag),
        token_life: section.duration("token_life").unwrap_or(usual.token_life),
        requests_per_second: section.whole("requests_per_second", 1..=1_000_000).map(narrow),
        statistics: section.word("statistics", &statistics).unwrap_or_default(),
        update_by_id: section.flag("update_by_id").unwrap_or(true),
        null_limits: section.flag("null_limits").unwrap_or(false),
        unattributed: section.table("unattributed").map(|below| {
            let workload = workload(&below, gigabyte);
            below.finish();
            workload
        }),
        events: events.filter_map(|(_, below)| event(below, gigabyte, &sub_users)).collect(),
        whitelist: section.texts("whitelist").unwrap_or_default(),
        sub_users,
        ..usual
    };
    section.finish();
    account
}

fn dialect(section: &Section<'_>) -> Dialect {
    if !section.has("provider") {
        section.wrong("provider", "is missing: \"oxylabs\" or \"decodo\"");
    }
    let is_decodo = section.word("provider", &[("oxylabs", false), ("decodo", true)]) == Some(true);
    let dialects =
        [("published", Dialect::DecodoPublished), ("v1", Dialect::DecodoV1), ("v2", Dialect::DecodoV2)];
    let dialect = section.word("dialect", &dialects);
    match (is_decodo, dialect) {
        (true, dialect) => dialect.unwrap_or(Dialect::DecodoPublished),
        (false, Some(_)) => {
            section.wrong("dialect", "is for decodo only");
            Dialect::Oxylabs
        }
        (false, None) => Dialect::Oxylabs,
    }
}

/// One sub-user, or `copies` of it with a number behind the name.
fn sub_user(name: &str, section: Section<'_>, gigabyte: Gigabyte) -> Vec<SubUserSpec> {
    let workload = workload(&section, gigabyte);
    let limit = section.limit("limit", gigabyte).unwrap_or(Limit::Unlimited);
    let user = SubUserSpec {
        product: section.text("product"),
        auto_disable: section.flag("auto_disable").unwrap_or(true),
        lifetime: section.flag("lifetime").unwrap_or(false),
        enabled: section.flag("enabled").unwrap_or(true),
        used_before: section.size("used_before", gigabyte).unwrap_or_default(),
        truth: truth(&section),
        ..SubUserSpec::new(name, limit, workload)
    };
    let copies = section.whole("copies", 1..=MOST);
    section.finish();
    match copies {
        None => vec![user],
        Some(copies) => (1..=copies)
            .map(|number| SubUserSpec { username: format!("{name}_{number:06}"), ..user.clone() })
            .collect(),
    }
}

/// A word that holds always, or a table with the span in which it does.
fn truth(section: &Section<'_>) -> Option<Truth> {
    const WORDS: [(&str, Nature); 2] = [("wanted", Nature::Wanted), ("runaway", Nature::Runaway)];
    if !section.is_table("truth") {
        return section.word("truth", &WORDS).map(|is| Truth { is, span: None });
    }
    let below = section.table("truth")?;
    let is = below.word("is", &WORDS);
    let span = below.duration("after").zip(below.duration("lasts"));
    if is.is_none() && !below.has("is") {
        below.wrong("is", "is missing: \"wanted\" or \"runaway\"");
    }
    if !below.has("after") || !below.has("lasts") {
        below.wrong("", "a truth with a span has after and lasts; without one, write truth = \"wanted\"");
    }
    below.finish();
    Some(Truth { is: is?, span: Some(span?) })
}

/// The keys of a workload, which stand among those of its owner.
fn workload(section: &Section<'_>, gigabyte: Gigabyte) -> Workload {
    let per_day = section.size("per_day", gigabyte).unwrap_or_default();
    let request = section.size("request", gigabyte).unwrap_or(REQUEST);
    let mut targets = Vec::new();
    if let Some(below) = section.table("targets") {
        for (name, share) in below.entries() {
            let share = share.as_integer().and_then(|share| share.as_str().parse().ok());
            match share {
                Some(share @ 1..=1_000_000) => targets.push(TargetSpec { name: name.into(), share, request }),
                _ => below.wrong(name, "must be a share, a whole number from 1 to 1000000"),
            }
        }
    }
    if targets.is_empty() {
        targets.push(TargetSpec { name: "example.com".into(), share: 1, request });
    }
    Workload { per_day, shape: shape(section, request), targets }
}

fn shape(section: &Section<'_>, request: Bytes) -> Shape {
    let words = ["steady", "weekday", "idle", "runaway", "ramp", "retry-storm"].map(|word| (word, word));
    let word = section.word("shape", &words).unwrap_or("steady");
    let takes: &[&str] = match word {
        "runaway" => &["after", "factor"],
        "ramp" => &["after", "factor", "lasts"],
        "retry-storm" => &["after", "factor", "lasts", "storm_target"],
        _ => &[],
    };
    let after = section.duration("after").unwrap_or_default();
    let factor = section.whole("factor", 1..=100_000).map_or(10, narrow);
    let lasts = section.duration("lasts").unwrap_or(jiff::SignedDuration::from_hours(1));
    let storm_target = section.text("storm_target");
    for key in ["after", "factor", "lasts", "storm_target"] {
        if section.has(key) && !takes.contains(&key) {
            section.wrong(key, &format!("is not a parameter of the shape {word}"));
        }
    }
    match word {
        "weekday" => Shape::Weekday,
        "idle" => Shape::Idle,
        "runaway" => Shape::Runaway { after, factor },
        "ramp" => Shape::Ramp { after, lasts, factor },
        "retry-storm" => {
            let name = storm_target.unwrap_or_else(|| "retry.example.com".into());
            Shape::RetryStorm { after, lasts, factor, target: TargetSpec { name, share: 0, request } }
        }
        _ => Shape::Steady,
    }
}

fn event(section: Section<'_>, gigabyte: Gigabyte, sub_users: &[SubUserSpec]) -> Option<Event> {
    if !section.has("after") {
        section.wrong("after", "is missing");
    }
    let after = section.duration("after");
    let kinds = ["correction", "top_up", "freeze", "set_limit", "set_enabled"];
    let given: Vec<_> = kinds.into_iter().filter(|key| section.has(key)).collect();
    let correction = section.size("correction", gigabyte);
    let top_up = section.size("top_up", gigabyte);
    let freeze = section.duration("freeze");
    let limit = section.limit("set_limit", gigabyte);
    let enabled = section.flag("set_enabled");
    let is_person = matches!(given[..], ["set_limit"] | ["set_enabled"] | ["set_limit", "set_enabled"]);
    if given.len() != 1 && !is_person {
        section.wrong("", "an event has one of correction, top_up, freeze and set_limit or set_enabled");
    }
    let sub_user = section.text("sub_user");
    let is_of_one = is_person || given == ["correction"];
    match &sub_user {
        Some(name) if !sub_users.iter().any(|user| user.username == *name) => {
            let known = sub_users.iter().map(|user| user.username.as_str());
            section.wrong("sub_user", &super::super::fault_text::unknown(name, known));
        }
        Some(_) if !is_of_one => section.wrong("sub_user", "is for correction, set_limit and set_enabled"),
        None if is_of_one => section.wrong("sub_user", "is missing: whose?"),
        _ => {}
    }
    section.finish();
    let kind = match (correction, top_up, freeze) {
        (Some(bytes), _, _) => EventKind::Correction { sub_user: sub_user?, bytes },
        (_, Some(bytes), _) => EventKind::TopUp(bytes),
        (_, _, Some(lasts)) => EventKind::Freeze(lasts),
        _ => EventKind::Person { sub_user: sub_user?, limit, enabled },
    };
    Some(Event { after: after?, kind })
}
