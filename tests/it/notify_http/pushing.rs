//! What Alertmanagers are told; and the real one, which fires, groups, is silenced and resolves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proxymeter::collect::clock::Clock;
use proxymeter::notify::alertmanager::{About, OpenAlert, Pusher, Settings, annotations, labels};
use proxymeter::notify::error::NotifyError;
use proxymeter::notify::message::Severity;
use serde_json::{Value, json};

use super::server::{Act, Server, reply};
use super::{now, pusher_settings, render, samples};
use crate::support::alertmanager::Alertmanager;
use crate::support::require;

fn alert(sub_user: &str, starts_at: Timestamp) -> OpenAlert {
    let own = BTreeMap::from([("team".to_owned(), "data".to_owned())]);
    let about = About {
        severity: Severity::Critical,
        provider: "oxylabs",
        account: "acme",
        product: Some("residential"),
        sub_user: Some(sub_user),
        budget: "scrapers",
        threshold: "stop",
        own: &own,
    };
    let annotations = annotations(&format!("{sub_user} is over"), &[("since", "yesterday")]);
    OpenAlert { labels: labels(&about), annotations, starts_at }
}

fn open(pusher: &Pusher, alerts: &[OpenAlert]) {
    pusher.open().store(Arc::new(alerts.to_vec()));
}

fn body(server: &Server) -> Vec<Value> {
    serde_json::from_slice(&server.seen().last().unwrap().body).unwrap()
}

/// Who is told to be open or ended at that moment, by sub-user or name.
fn told(server: &Server) -> Vec<String> {
    let name = |alert: &Value| {
        let labels = &alert["labels"];
        let name = labels.get("sub_user").unwrap_or(&labels["alertname"]).as_str().unwrap().to_owned();
        format!("{name} until {}", alert["endsAt"].as_str().unwrap())
    };
    body(server).iter().map(name).collect()
}

#[tokio::test]
async fn all_that_is_open_is_pushed_and_what_is_no_longer_is_ended_once() {
    let server = Server::start(reply(200, "", "")).await;
    let pusher = Pusher::new(pusher_settings(&server.url(), Duration::from_secs(10))).unwrap();
    let start = now() - SignedDuration::from_hours(2);
    open(&pusher, &[alert("a", start), alert("b", start)]);
    assert_eq!(pusher.resend(now()).await, []);
    assert_eq!(told(&server), ["a until 2026-11-21T10:04:00Z", "b until 2026-11-21T10:04:00Z"]);
    assert_eq!(
        body(&server)[0],
        json!({
            "labels": {
                "alertname": "ProxymeterBudget", "severity": "critical", "provider": "oxylabs", "account": "acme",
                "product": "residential", "sub_user": "a", "budget": "scrapers", "threshold": "stop", "team": "data",
            },
            "annotations": { "summary": "a is over", "description": "since: yesterday" },
            "startsAt": "2026-11-21T08:00:00Z",
            "endsAt": "2026-11-21T10:04:00Z",
            "generatorURL": "https://proxymeter.example.com/",
        })
    );

    open(&pusher, &[alert("b", start)]);
    let later = now() + SignedDuration::from_mins(1);
    assert_eq!(pusher.resend(later).await, []);
    assert_eq!(told(&server), ["b until 2026-11-21T10:05:00Z", "a until 2026-11-21T10:01:00Z"]);
    assert_eq!(pusher.resend(later).await, []);
    assert_eq!(told(&server), ["b until 2026-11-21T10:05:00Z"]);
}

#[tokio::test]
async fn a_message_pushes_what_is_open_and_itself_where_nothing_of_it_stands() {
    let server = Server::start(reply(200, "", "")).await;
    let url = server.url();
    let pusher = Pusher::new(pusher_settings(&url, Duration::from_secs(10))).unwrap();
    open(&pusher, &[alert("a", now())]);
    let until = "until 2026-11-21T10:04:00Z";
    for (name, message) in samples::all() {
        let told_of = render(&pusher, &message, &url).send(&pusher, now()).await;
        assert_eq!(told_of.unwrap(), "200 OK");
        let own = match name {
            "operation" => vec![format!("ProxymeterOperation {until}")],
            "drill" => vec![format!("ProxymeterDrill {until}")],
            _ => Vec::new(),
        };
        assert_eq!(told(&server), [vec![format!("a {until}")], own].concat(), "{name}");
        if name == "operation" {
            insta::assert_snapshot!(
                "alertmanager_operation",
                serde_json::to_string_pretty(&body(&server)[1]).unwrap()
            );
        }
    }
    // What it is by itself is not said again, and not ended either: it runs out.
    assert_eq!(pusher.resend(now()).await, []);
    assert_eq!(told(&server), [format!("a {until}")]);
}

#[tokio::test]
async fn each_alertmanager_is_told_apart_from_the_others() {
    let (good, silent) = (Server::start(reply(200, "", "")).await, Server::start(Act::HangAfterwards).await);
    let urls = [good.url(), silent.url()].map(|url| url.parse().unwrap()).to_vec();
    let settings = Settings { urls, ..pusher_settings(&good.url(), Duration::from_millis(200)) };
    let pusher = Pusher::new(settings).unwrap();
    let names = [good.address.to_string(), silent.address.to_string()];
    assert_eq!(pusher.recipients().iter().map(ToString::to_string).collect::<Vec<_>>(), names);
    open(&pusher, &[alert("a", now())]);
    let failed = pusher.resend(now()).await;
    let [(who, NotifyError::Unknown(_))] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!(**who, *names[1]);

    // It may have taken `a`, so that the end of `a` is told; both still hold it until then.
    open(&pusher, &[]);
    pusher.resend(now()).await;
    assert_eq!(told(&good), ["a until 2026-11-21T10:00:00Z"]);
    assert_eq!(told(&silent), ["a until 2026-11-21T10:00:00Z"]);
    pusher.resend(now()).await;
    assert_eq!(told(&good), Vec::<String>::new());
    assert_eq!(told(&silent), ["a until 2026-11-21T10:00:00Z"]);

    let saved = render(&pusher, &samples::firing(), "http://gone.example:9093");
    let refused = saved.send(&pusher, now()).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "refused: gone.example:9093 is no Alertmanager of receiver pager any more"
    );
}

/// Who each webhook of the real one named, with the status: "firing a,b".
fn notified(server: &Server) -> Vec<String> {
    let all = server.seen().into_iter().map(|request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let alerts = body["alerts"].as_array().unwrap();
        let mut names: Vec<String> = alerts
            .iter()
            .map(|alert| {
                let name = alert["labels"]["sub_user"].as_str().unwrap_or("-");
                format!("{name} {}", alert["status"].as_str().unwrap())
            })
            .collect();
        names.sort();
        names.join(", ")
    });
    all.collect()
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let seen = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), seen)
        .await
        .unwrap_or_else(|_| panic!("waited in vain for {what}"));
}

/// The real Alertmanager, what it tells, and a pusher to it.
async fn stand(resend: Duration) -> Option<(Alertmanager, Server, Pusher)> {
    let program = require("prometheus-alertmanager")?;
    let hook = Server::start(reply(200, "", "")).await;
    let real = Alertmanager::start(&program, &hook.url()).await;
    let settings = Settings { resend, basic: None, ..pusher_settings(&real.url(), Duration::from_secs(10)) };
    Some((real, hook, Pusher::new(settings).unwrap()))
}

#[tokio::test]
async fn the_real_alertmanager_fires_groups_is_silenced_and_resolves() {
    let Some((real, hook, pusher)) = stand(Duration::from_secs(60)).await else { return };
    let clock = Clock::new();
    let start = clock.now() - SignedDuration::from_mins(5);
    open(&pusher, &[alert("a", start), alert("b", start)]);
    let told = render(&pusher, &samples::firing(), &real.url()).send(&pusher, clock.now()).await;
    assert_eq!(told.unwrap(), "200 OK");
    until("both as one group", || notified(&hook) == ["a firing, b firing"]).await;

    let (from, to) = (clock.now(), clock.now() + SignedDuration::from_hours(1));
    real.silence("sub_user", "c", &from.to_string(), &to.to_string()).await;
    open(&pusher, &[alert("a", start), alert("b", start), alert("c", start)]);
    assert_eq!(pusher.resend(clock.now()).await, []);
    let is_silenced = |alerts: &[Value]| {
        alerts
            .iter()
            .any(|alert| alert["labels"]["sub_user"] == "c" && alert["status"]["state"] == "suppressed")
    };
    real.until("c to be silenced", is_silenced).await;

    // `b`, of which nothing is known any more, is still among what is open; `a` is over.
    open(&pusher, &[alert("b", start), alert("c", start)]);
    assert_eq!(pusher.resend(clock.now()).await, []);
    until("the end of a", || notified(&hook).last().is_some_and(|last| last == "a resolved, b firing")).await;
    assert!(notified(&hook).iter().all(|told| !told.contains("c ")), "{:?}", notified(&hook));

    open(&pusher, &[]);
    assert_eq!(pusher.resend(clock.now()).await, []);
    until("the end of all", || notified(&hook).last().is_some_and(|last| last.contains("b resolved"))).await;
    real.until("nothing to be left", <[Value]>::is_empty).await;
}

#[tokio::test]
async fn what_a_dead_proxymeter_left_open_ends_by_itself() {
    let Some((real, hook, pusher)) = stand(Duration::from_millis(500)).await else { return };
    let clock = Clock::new();
    open(&pusher, &[alert("a", clock.now())]);
    let begun = clock.now();
    // While it is said again, it stands, for longer than one saying lasts.
    let mut every = tokio::time::interval(Duration::from_millis(500));
    while clock.now() < begun + SignedDuration::from_secs(4) {
        every.tick().await;
        assert_eq!(pusher.resend(clock.now()).await, []);
        assert_eq!(real.alerts().await.len(), 1);
    }
    assert_eq!(notified(&hook), ["a firing"]);
    drop(pusher);
    until("its end", || notified(&hook).last().is_some_and(|last| last == "a resolved")).await;
}

#[tokio::test]
async fn f39_the_real_alertmanager_takes_ugly_names() {
    let Some((real, _hook, pusher)) = stand(Duration::from_secs(60)).await else { return };
    let clock = Clock::new();
    let long = "Ä".repeat(10_000);
    let names = ["<b>\"x\" & 'y'</b>", "two\r\nlines\0\u{1b}", "\u{202e}gnp.exe", "{{ .Labels }}", &long];
    let alerts: Vec<OpenAlert> = names.iter().map(|name| alert(name, clock.now())).collect();
    open(&pusher, &alerts);
    assert_eq!(pusher.resend(clock.now()).await, []);
    let held = real.alerts().await;
    let mut held: Vec<&str> =
        held.iter().map(|alert| alert["labels"]["sub_user"].as_str().unwrap()).collect();
    held.sort_unstable();
    let mut names = names.to_vec();
    names.sort_unstable();
    assert_eq!(held, names);
}
