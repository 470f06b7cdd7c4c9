//! What a budget thinks of its targets and why, in words: inputs with their ages, state, what happens next.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::act::action::Stage;
use crate::domain::act::books::Books;
use crate::domain::act::caps;
use crate::domain::act::hold::By;
use crate::domain::budget::amount::Share;
use crate::domain::budget::threshold::{Mode, Threshold};
use crate::domain::budget::{Budget, Per};
use crate::domain::cause::cause;
use crate::domain::evaluate::measure::{self, Measure, Span};
use crate::domain::evaluate::{View, explain};
use crate::domain::incident::{Incident, Incidents, SubUserIdentity, Target, Track};
use crate::domain::truth::Truth;
use crate::domain::units::Limit;

/// Targets that are explained where none is named.
const AT_MOST: usize = 5;

/// The window in which a cause is looked for.
const CAUSE_WINDOW: std::time::Duration = std::time::Duration::from_secs(6 * 3_600);

/// What was explained.
pub(super) struct Explained {
    pub(super) text: String,
    /// How many targets fit.
    pub(super) targets: usize,
    /// Whether a threshold is met.
    pub(super) is_over: bool,
    /// Whether a threshold cannot be judged.
    pub(super) is_unknown: bool,
}

struct Of {
    share: Option<Share>,
    text: String,
    over: bool,
    unknown: bool,
}

/// Explains a budget for the target that is named, or for those that used the largest share.
pub(super) fn of_budget(
    budget: &Budget,
    named: Option<&str>,
    views: &[View<'_>],
    incidents: &Incidents,
    books: &Books,
    now: Timestamp,
) -> Explained {
    let mut found = Vec::new();
    for view in views {
        let account = view.account;
        if !budget.selectors.fits_account(account.provider, account.name.as_str()) {
            continue;
        }
        let span = Span::new(budget.period, view, now);
        measure::each(budget, view, &span, now, true, |measure, span| {
            let target = measure.of.target();
            let name = name_of(&target, view);
            if named.is_none_or(|named| named == name) {
                let known = (incidents, books);
                found.push(of_target(budget, &name, &target, &measure, span, view, known, now));
            }
        });
    }
    found.sort_by_key(|one| std::cmp::Reverse(one.share));
    let targets = found.len();
    let mut text = format!(
        "budget {}: {} per {}, period {}\n",
        budget.name,
        budget.amount,
        budget.per.as_str(),
        budget.period
    );
    for one in found.iter().take(AT_MOST) {
        text += &one.text;
    }
    if targets > AT_MOST {
        line(&mut text, &format!("and {} more: proxymeter explain {} NAME", targets - AT_MOST, budget.name));
    }
    Explained {
        text,
        targets,
        is_over: found.iter().any(|one| one.over),
        is_unknown: found.iter().any(|one| one.unknown),
    }
}

fn line(text: &mut String, words: &str) {
    text.push_str(words);
    text.push('\n');
}

fn name_of(target: &Target, view: &View<'_>) -> String {
    match target {
        Target::Account => view.account.name.to_string(),
        Target::Unattributed => "unattributed".to_owned(),
        Target::SubUser(who) => who.name.to_string(),
        Target::Domain(name) | Target::Subscription(name) => name.to_string(),
    }
}

#[expect(clippy::too_many_arguments, reason = "one target's figures, borrowed apart")]
fn of_target(
    budget: &Budget,
    name: &str,
    target: &Target,
    measure: &Measure<'_>,
    span: &Span,
    view: &View<'_>,
    (incidents, books): (&Incidents, &Books),
    now: Timestamp,
) -> Of {
    let mut text = format!("\n{name} at {}\n", view.account.name);
    let share =
        measure.used.ok().zip(measure.amount.ok()).and_then(|(used, amount)| Share::between(used, amount));
    line(&mut text, &format!("  used      {}", used(measure, share, now)));
    line(&mut text, &format!("  period    {}", period(span, &view.account.time_zone, now)));
    if budget.per == Per::SubUser {
        line(&mut text, &format!("  limit     {}", limit(measure)));
    }
    if let Some(mode) = budget.standing_cap {
        let does = if mode == Mode::Enforce {
            "the vendor's own limit is kept at"
        } else {
            "the vendor's own limit would be kept at"
        };
        let at = caps::cap(measure, view.account.gigabyte);
        let at = at.map_or_else(|| "what is not known now".to_owned(), |(cap, _)| cap.to_string());
        line(&mut text, &format!("  cap       {does} {at}"));
    }
    let track = track(budget, target, view, incidents);
    let acts = |threshold: &str| match target {
        Target::SubUser(who) => is_acted_on(&budget.name, threshold, who, view, books),
        _ => false,
    };
    let (mut over, mut unknown) = (false, false);
    for (at, threshold) in budget.thresholds.iter().enumerate() {
        let (truth, why) = explain(budget, at, measure, span, view, now);
        let why = why.trim_start_matches("not known: ");
        over |= truth == Truth::Yes;
        unknown |= matches!(truth, Truth::Unknown(reason) if !reason.passes());
        let state = state(at, truth, track);
        line(&mut text, &format!("  {:<9} {state}: {why}", threshold.name));
        // What is done, or waits, has lines of its own.
        if let Some(next) = next(threshold, at, truth, track).filter(|_| !acts(&threshold.name)) {
            line(&mut text, &format!("            {next}"));
        }
    }
    if let Target::SubUser(who) = target {
        text += &actions(budget, who, view, books, now);
    }
    if let (true, Target::SubUser(who)) = (over, target) {
        text += &causes(view, who, now);
    }
    Of { share, text, over, unknown }
}

fn used(measure: &Measure<'_>, share: Option<Share>, now: Timestamp) -> String {
    let amount = measure
        .amount
        .map_or_else(|reason| format!("an amount that is not known ({reason})"), |amount| amount.to_string());
    let share = share.map_or_else(String::new, |share| format!(", {share}"));
    let at_least = if measure.at_least { "at least " } else { "" };
    let age = measure
        .observed
        .map_or_else(String::new, |observed| format!(", observed {} ago", age(now, observed)));
    match measure.used {
        Ok(used) => format!("{at_least}{used} of {amount}{share}{age}"),
        Err(reason) => format!("not known: {reason}; of {amount}{age}"),
    }
}

fn period(span: &Span, zone: &TimeZone, now: Timestamp) -> String {
    let period = match span.period {
        Ok(period) => period,
        Err(reason) => return format!("not known: {reason}"),
    };
    let moment = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%F %H:%M %Z").to_string();
    if span.start().is_none() {
        return format!("the time since {}", moment(period.start));
    }
    format!("{} to {}, which is in {}", moment(period.start), moment(period.end), age(period.end, now))
}

fn limit(measure: &Measure<'_>) -> String {
    match (measure.limit, measure.enforced) {
        (None, _) => "the vendor does not say".to_owned(),
        (Some(Limit::Unlimited), _) => "none: only proxymeter watches".to_owned(),
        (Some(limit), Some(false)) => format!("{limit}, at which the vendor does not cut off"),
        (Some(limit), _) => format!("{limit} at the vendor"),
    }
}

fn track<'i>(
    budget: &Budget,
    target: &Target,
    view: &View<'_>,
    incidents: &'i Incidents,
) -> Option<&'i Track> {
    let tracks = incidents.budgets.get(&budget.name)?.accounts.get(&view.account.name)?;
    tracks.tracks.iter().find(|track| track.target == *target)
}

fn incident(at: usize, track: Option<&Track>) -> Option<&Incident> {
    track?.incidents().iter().find(|incident| usize::from(incident.threshold) == at)
}

fn state(at: usize, truth: Truth, track: Option<&Track>) -> String {
    let moment = |at: Timestamp| at.strftime("%F %H:%M UTC").to_string();
    if let Some(incident) = incident(at, track) {
        return format!("{} since {}", incident.state.as_str(), moment(incident.since));
    }
    let matter = track.and_then(|track| track.matter.as_ref());
    let pending =
        matter.and_then(|matter| matter.pending.iter().find(|(place, _)| usize::from(*place) == at));
    if let Some((_, since)) = pending {
        return format!("pending since {}", moment(*since));
    }
    let was_told = track.is_some_and(|track| track.latched.has(at));
    match (truth, was_told) {
        (Truth::Yes, true) => "met, and told in this period".to_owned(),
        (Truth::Yes, false) => "met".to_owned(),
        (Truth::No, true) => "not met, and told in this period".to_owned(),
        (Truth::No, false) => "not met".to_owned(),
        (Truth::Unknown(_), _) => "unknown".to_owned(),
    }
}

/// What follows once the threshold is met, or while it is.
fn next(threshold: &Threshold, at: usize, truth: Truth, track: Option<&Track>) -> Option<String> {
    let action = threshold.action.as_ref()?;
    let how = match action.mode {
        Mode::Observe => "would",
        Mode::Approve => "asks to",
        Mode::Enforce => "is to",
    };
    Some(match (truth, incident(at, track)) {
        (Truth::Unknown(_), _) => {
            format!("what is not known acts on nothing; once met it {how} {}", action.what)
        }
        (_, Some(incident)) if !incident.borne_out => {
            format!("{how} {} once the next look bears it out", action.what)
        }
        (_, Some(_)) => format!("{how} {}", action.what),
        (_, None) => format!("once met it {how} {}", action.what),
    })
}

/// Whether something of a threshold stands on a sub-user, or is to be done.
fn is_acted_on(budget: &str, threshold: &str, who: &SubUserIdentity, view: &View<'_>, books: &Books) -> bool {
    let place = (view.account.name.clone(), who.key.clone());
    let is_meant = |by: &By| *by.budget == *budget && by.threshold() == threshold;
    let mut holds = books.throttles.get(&place).into_iter().flat_map(|throttle| &throttle.holds);
    holds.any(|hold| is_meant(&hold.by)) || books.open_at(&place).any(|action| is_meant(&action.by))
}

/// What was done about a target, and what is to be done and why it is not yet.
fn actions(budget: &Budget, who: &SubUserIdentity, view: &View<'_>, books: &Books, now: Timestamp) -> String {
    let mut text = String::new();
    let place = (view.account.name.clone(), who.key.clone());
    for action in books.open_at(&place).filter(|action| action.by.budget == budget.name) {
        let until = match (action.stage, action.expires.or(action.not_before)) {
            (Stage::Waiting, Some(at)) => format!(" for approval for {}", age(at, now)),
            (Stage::Counting, Some(at)) => format!(" for {} more", age(at, now)),
            _ => String::new(),
        };
        let stage = action.stage.as_str();
        line(&mut text, &format!("  action    {}: {}, {stage}{until}", action.id, action.what));
        if let Some(gate) = action.blocked {
            line(&mut text, &format!("            stopped by {gate}: {}", gate.advice()));
        }
    }
    let throttle = books.throttles.get(&place);
    for hold in throttle.into_iter().flat_map(|throttle| &throttle.holds) {
        let orphaned = if hold.orphaned { ", whose budget is in the configuration no more" } else { "" };
        line(
            &mut text,
            &format!(
                "  stands    {} by {}, action {}, for {}{orphaned}",
                hold.what,
                hold.by,
                hold.action,
                age(now, hold.since)
            ),
        );
    }
    text
}

/// What made the traffic rise, where anything did.
fn causes(view: &View<'_>, who: &crate::domain::incident::SubUserIdentity, now: Timestamp) -> String {
    let found = cause(view.account, view.snapshot, view.history, Some(&who.key), CAUSE_WINDOW, now);
    let mut text = String::new();
    // One without a day before has nothing to be compared with.
    let sub_users = found.sub_users.iter().filter(|risen| !risen.is_new);
    for risen in sub_users.chain(&found.targets) {
        let new = if risen.is_new { ", never seen before" } else { "" };
        line(&mut text, &format!("  cause     {}: {} more than usual{new}", risen.name, risen.by));
    }
    if let (Some(now), Some(before)) = found.bytes_a_request {
        line(&mut text, &format!("  cause     {now} bytes a request, {before} before"));
    }
    text
}

/// The time between two moments, in as much detail as matters.
fn age(later: Timestamp, earlier: Timestamp) -> String {
    let minutes = later.duration_since(earlier).as_mins().max(0);
    match minutes {
        0 => "less than a minute".to_owned(),
        1 => "1 minute".to_owned(),
        2..120 => format!("{minutes} minutes"),
        120..2_880 => format!("{} hours", minutes / 60),
        _ => format!("{} days", minutes / 1_440),
    }
}
