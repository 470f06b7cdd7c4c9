//! Mail of a budget from its first threshold to its end: one a recipient and moment, all in one thread.

use serde_json::Value;

use super::desk::{FIRST, Post, SECOND, amount, budget, configure, is_firing, look_again, run_away};
use crate::support::vendors::Vendors;

fn header<'a>(mail: &'a Value, name: &str) -> Option<&'a str> {
    let headers = mail["understood"]["headers"].as_array().unwrap();
    headers.iter().find(|header| header[0] == name)?[1].as_str()
}

fn text<'a>(mail: &'a Value, kind: &str) -> &'a str {
    let parts = mail["understood"]["parts"].as_array().unwrap();
    parts.iter().find(|part| part["type"] == kind).unwrap()["text"].as_str().unwrap()
}

#[test]
fn a_budget_is_one_thread_of_mails_from_its_first_threshold_to_its_end() {
    let Some(mut post) = Post::start() else { return };
    let vendors = Vendors::start();
    let amount = amount(&vendors);
    let receiver = "[receivers.ops.email]\nto = [\"ops@example.com\", \"Second <second@example.com>\"]\n\
                    from = \"proxymeter@example.com\"\n";
    let smtp = post.smtp("");
    let of = |amount: u64| {
        let budget = budget(&format!("{FIRST}|{SECOND}"), amount, "[\"ops\"]", "[\"ops\"]");
        configure(&vendors, "operator.notify = []\n", &format!("{smtp}{receiver}{budget}"));
    };
    of(amount);
    let daemon = vendors.serve();

    // Two sub-users pass the first threshold: one mail to each recipient, which names both.
    let first = post.mails(2);
    for (mail, recipient) in first.iter().zip(["ops@example.com", "second@example.com"]) {
        assert_eq!(mail["recipients"], serde_json::json!([recipient]));
        let subject = header(mail, "Subject").unwrap();
        assert!(subject.contains("scrapers") && subject.contains('2'), "{subject}");
        assert_eq!(header(mail, "Auto-Submitted"), Some("auto-generated"));
        for kind in ["text/plain", "text/html"] {
            assert!(text(mail, kind).contains(FIRST) && text(mail, kind).contains(SECOND), "{mail:#}");
        }
        let parts = mail["understood"]["parts"].as_array().unwrap();
        let chart = parts.iter().find(|part| part["type"] == "image/png").unwrap();
        let cid = chart["cid"].as_str().unwrap().trim_matches(['<', '>']);
        assert!(
            text(mail, "text/html").contains(&format!("cid:{cid}")) && chart["size"].as_u64() > Some(1_000)
        );
        assert_eq!(mail["understood"]["defects"], serde_json::json!([]));
    }
    look_again(&vendors, &daemon);
    post.no_mail();

    // It gets worse.
    run_away(&vendors, FIRST, amount);
    daemon.wait_for("/metrics", is_firing(FIRST, "stop"));
    let second = post.mails(2);
    assert!(header(&second[0], "Subject").unwrap().contains(FIRST), "{:#}", second[0]);

    // More is granted to the one, and then to all.
    vendors.run(&["grant", "scrapers", FIRST, "50TB"]).ended_with(0);
    let third = post.mails(2);
    let words = text(&third[0], "text/plain").replace('\n', " ");
    assert!(words.contains("stop is over: more is allowed than before"), "{words}");
    assert!(words.contains("1 incident of budget scrapers stands open"), "{words}");
    of(amount * 1_000);
    daemon.reload();
    let last = post.mails(2);
    let words = text(&last[0], "text/plain");
    assert!(words.contains(&format!("{SECOND} at oxylabs: warn is over: ")), "{words}");
    assert!(words.contains("nothing of budget scrapers stands open any more"), "{words}");

    // Whoever reads them sees one conversation.
    let thread = header(&first[0], "References").unwrap();
    let mut ids = Vec::new();
    for mail in [&first[0], &second[0], &third[0], &last[0]] {
        assert_eq!((header(mail, "References"), header(mail, "In-Reply-To")), (Some(thread), Some(thread)));
        let id = header(mail, "Message-ID").unwrap();
        assert!(!ids.contains(&id), "{id} twice");
        ids.push(id);
    }
    assert_eq!(daemon.stop(), Some(0));
    post.no_mail();
}
