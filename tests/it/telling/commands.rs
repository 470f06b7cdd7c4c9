//! `notify test`, `list` and `render`, `check` of templates, and commands that tell people where no daemon runs.

use std::fs;

use super::desk::{
    FIRST, Hook, Post, amount, budget, configure, configure_writing, listed, look_again, run_away,
};
use crate::support::vendors::Vendors;

/// Two webhooks, and a budget that one of them hears of.
fn two(vendors: &Vendors, ops: &Hook, boss: &Hook) {
    let amount = amount(vendors);
    let receivers = ops.receiver("ops", "") + &boss.receiver("boss", "");
    let budget = budget(FIRST, amount, "[\"ops\"]", "[\"ops\"]");
    configure(vendors, "operator.notify = [\"boss\"]\n", &format!("{receivers}{budget}"));
}

#[test]
fn notify_test_goes_the_way_of_real_news_and_says_what_each_server_answered() {
    let vendors = Vendors::start();
    let (ops, boss) = (Hook::start(), Hook::start());
    two(&vendors, &ops, &boss);
    // It may be the first thing that is run, but is no new start where limits may be lowered.
    configure_writing(&vendors, "operator.notify = [\"boss\"]\n", &ops.receiver("boss", ""));
    let none = vendors.run(&["notify", "test"]).ended_with(1).stderr;
    assert!(none.contains("--new-store") && !vendors.folder().join("proxymeter.db").exists(), "{none}");
    two(&vendors, &ops, &boss);
    vendors.run(&["notify", "test", "boss"]).ended_with(0);
    let stranger = |vendors: &Vendors| {
        let refused = vendors.run(&["notify", "test", "opps"]).ended_with(2).stderr;
        assert!(refused.contains("\"opps\"") && refused.contains("boss, ops"), "{refused}");
    };

    let daemon = vendors.serve();
    ops.until_told(&daemon, FIRST);
    stranger(&vendors);
    let both = vendors.run(&["notify", "test"]).ended_with(0).stdout;
    assert_eq!(both.lines().filter(|line| line.contains("webhook  taken: 204")).count(), 2, "{both}");
    let drill = ops.until_told(&daemon, "a test of receiver ops");
    assert_eq!(drill["type"], "drill");
    assert!(drill["data"]["title"].as_str().unwrap().starts_with("[DRILL] "), "{drill:#}");
    assert!(drill["data"].get("items").is_none() && drill["data"].get("budget").is_none(), "{drill:#}");
    boss.answer(500, "out of order");
    let failed = vendors.run(&["notify", "test", "boss"]).ended_with(1).stdout;
    assert!(failed.contains("not taken yet") && failed.contains("out of order"), "{failed}");
    boss.answer(403, "who are you");
    assert_eq!(daemon.stop(), Some(0));

    // The same without a daemon; what waited before is tried as well.
    stranger(&vendors);
    let failed = vendors.run(&["notify", "test", "boss", "ops"]).ended_with(1).stdout;
    assert!(failed.contains("ops  webhook  taken: 204") && failed.contains("who are you"), "{failed}");
    assert!(ops.titles().last().unwrap().starts_with("[DRILL] "), "{:?}", ops.titles());
}

#[test]
fn notify_list_says_who_was_told_what_and_when() {
    let vendors = Vendors::start();
    let (ops, boss) = (Hook::start(), Hook::start());
    two(&vendors, &ops, &boss);
    let daemon = vendors.serve();
    ops.until_told(&daemon, FIRST);
    vendors.run(&["notify", "test", "boss"]).ended_with(0);
    let all = listed(&vendors, &[], 0);
    let receivers: Vec<_> = all.iter().map(|one| one["receiver"].as_str().unwrap()).collect();
    assert_eq!(receivers, ["boss", "ops"], "the newest first");
    for one in &all {
        assert_eq!((&one["state"], &one["tries"]), (&"delivered".into(), &1.into()), "{one:#}");
        assert!(one["answer"].as_str().unwrap().contains("204"), "{one:#}");
        assert_eq!(one["notice"].as_str().unwrap().len(), 32);
    }
    assert!(all[1]["title"].as_str().unwrap().contains(FIRST));
    assert_eq!(listed(&vendors, &["--receiver", "ops"], 0), all[1..]);
    assert_eq!(listed(&vendors, &["--waiting"], 0), [""; 0]);
    let table = vendors.run(&["notify", "list", "--since", "1h"]).ended_with(0).stdout;
    assert!(table.contains("delivered") && table.contains("204") && table.contains(FIRST), "{table}");
    let unknown = vendors.run(&["notify", "list", "--receiver", "opps"]).ended_with(2).stderr;
    assert!(unknown.contains("receivers: boss, ops"), "{unknown}");
    vendors.run(&["notify", "list", "--since", "soon"]).ended_with(2);
    boss.answer(500, "");
    vendors.run(&["notify", "test", "boss"]).ended_with(1);
    assert_eq!(listed(&vendors, &["--waiting"], 4).len(), 1);
    assert_eq!(listed(&vendors, &["--receiver", "ops"], 0).len(), 1, "nothing is wrong with it");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn notify_render_writes_what_would_be_sent() {
    let vendors = Vendors::start();
    let more = "[smtp]\nhost = \"127.0.0.1\"\ntls = \"none\"\n[receivers.mail.email]\nto = [\"ops@example.com\"]\n\
                from = \"proxymeter@example.com\"\n[receivers.hook]\n\
                webhook = { url = \"https://hooks.example.com/T0/B0\", format = \"slack\" }\n[receivers.pager.alertmanager]\n\
                url = \"http://127.0.0.1:9\"\n[receivers.console]\nlog = true\n";
    configure(&vendors, "operator.notify = []\n", more);
    let samples = vendors.run(&["notify", "render", "--samples"]).ended_with(0).stdout;
    let samples: Vec<&str> = samples.lines().collect();
    assert!(samples.contains(&"firing") && samples.len() > 5, "{samples:?}");
    let render = |receiver: &str, sample: &str, file: &str| {
        let ran = vendors.run(&["notify", "render", receiver, "--sample", sample, "--to", file]);
        ran.ended_with(0);
        fs::read(vendors.folder().join(file)).unwrap()
    };
    for sample in &samples {
        let mail = String::from_utf8(render("mail", sample, "a.eml")).unwrap();
        assert!(mail.contains("Subject: ") && mail.contains("ops@example.com"), "{sample}: {mail}");
        let body: serde_json::Value = serde_json::from_slice(&render("hook", sample, "a.json")).unwrap();
        assert!(body["text"].is_string() || body["blocks"].is_array(), "{sample}: {body:#}");
        let text = String::from_utf8(render("mail", sample, "a.txt")).unwrap();
        assert!(!text.contains("<p") && text.lines().count() > 1, "{sample}: {text}");
        let html = String::from_utf8(render("mail", sample, "a.html")).unwrap();
        assert!(html.contains("</html>") && !html.contains("cid:"), "{sample}: {html}");
        render("pager", sample, "b.json");
        render("console", sample, "b.txt");
    }
    assert!(render("mail", "firing", "a.png").starts_with(b"\x89PNG"));
    for (arguments, words) in [
        (&["opps", "--to", "x"][..], "receivers: console, hook, mail, pager"),
        (&["mail", "--sample", "fire", "--to", "x"], "samples: "),
        (&["mail"], "--to"),
    ] {
        let refused = vendors.run(&[&["notify", "render"], arguments].concat()).ended_with(2).stderr;
        assert!(refused.contains(words), "{refused}");
    }
    assert!(!vendors.folder().join("x").exists());
}

#[test]
fn check_names_receiver_template_and_sample_of_a_text_that_does_not_work() {
    let vendors = Vendors::start();
    let of = |template: &str| {
        let chat = "webhook = { format = \"slack\", url = \"https://hooks.example.com/x\" }";
        let more = format!("[receivers.console]\n{chat}\ntemplates.title = '{template}'\n");
        configure(&vendors, "operator.notify = []\n", &more);
    };
    of("{{ title }}!");
    vendors.run(&["check"]).ended_with(0);
    for (template, words) in [
        ("{{ title", &["receivers.console", "title"][..]),
        ("{{ nothing.of.it }}", &["receivers.console", "title", "firing"]),
    ] {
        of(template);
        let told = vendors.run(&["check"]).ended_with(2).told();
        assert!(words.iter().all(|word| told.contains(word)), "{told}");
    }
}

#[test]
fn what_a_command_does_without_a_daemon_is_told_and_waits_in_the_outbox_where_nobody_takes_it() {
    let vendors = Vendors::start();
    let ops = Hook::start();
    let amount = amount(&vendors);
    let frozen = "action = \"freeze\"\nmode = \"enforce\"\n";
    let budget = budget(FIRST, amount, "[\"ops\"]", "[\"ops\"]") + frozen;
    configure_writing(&vendors, "operator.notify = []\n", &format!("{}{budget}", ops.receiver("ops", "")));
    let daemon = vendors.serve_new();
    ops.until_told(&daemon, FIRST);
    look_again(&vendors, &daemon);
    run_away(&vendors, FIRST, amount);
    ops.until_told(&daemon, "froze");
    assert_eq!(daemon.stop(), Some(0));

    // A grant has nothing to tell before figures are held against it.
    let before = ops.titles().len();
    vendors.run(&["grant", "scrapers", FIRST, "50TB"]).ended_with(0);
    assert_eq!(ops.titles().len(), before);
    ops.answer(503, "");
    vendors.run(&["actions", "undo", "--all", "--yes"]).ended_with(0);
    let waiting = listed(&vendors, &["--waiting"], 4);
    assert_eq!(waiting.len(), 1, "{waiting:#?}");
    ops.answer(204, "");
    let daemon = vendors.serve();
    daemon.wait_for("/-/healthy", |_| listed_is_empty(&vendors));
    let told = ops.until_told(&daemon, "put back");
    assert!(told.to_string().contains(FIRST), "{told:#}");
    ops.until_told(&daemon, "more is allowed than before");
    assert_eq!(daemon.stop(), Some(0));
}

fn listed_is_empty(vendors: &Vendors) -> bool {
    vendors.run(&["notify", "list", "--waiting", "--format", "json"]).stdout.trim() == "[]"
}

#[test]
fn a_mail_server_that_refuses_is_quoted_by_notify_test() {
    let Some(post) = Post::with(&["--password", "right"]) else { return };
    let vendors = Vendors::start();
    let more = format!(
        "{}[receivers.ops.email]\nto = [\"ops@example.com\"]\nfrom = \"proxymeter@example.com\"\n",
        post.smtp("")
    );
    configure(&vendors, "operator.notify = []\n", &more);
    let daemon = vendors.serve();
    daemon.wait_for("/-/ready", |body| body.starts_with("ready"));
    let refused = vendors.run(&["notify", "test"]).ended_with(1).stdout;
    assert!(refused.contains("ops  ops@example.com  ") && refused.contains("530"), "{refused}");
    assert_eq!(daemon.stop(), Some(0));
}
