//! Mail of a budget from its first threshold to its end: one a recipient and moment, all in one thread.

use serde_json::Value;

use super::desk::{FIRST, Post, SECOND, budget, configure, is_firing, look_again, run_away, used};
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
    let amount = used(&vendors, FIRST) / 4 * 5;
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
        assert_eq!(header(mail, "Content-Language").map(str::len).unwrap_or(2), 2);
        for kind in ["text/plain", "text/html"] {
            assert!(text(mail, kind).contains(FIRST) && text(mail, kind).contains(SECOND), "{mail:#}");
        }
        let parts = mail["understood"]["parts"].as_array().unwrap();
        let chart = parts.iter().find(|part| part["type"] == "image/png").unwrap();
        let cid = chart["cid"].as_str().unwrap().trim_matches(['<', '>']);
        assert!(text(mail, "text/html").contains(&format!("cid:{cid}")) && chart["size"].as_u64() > Some(1_000));
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
    let granted = vendors.run(&["grant", "scrapers", FIRST, "50TB"]).ended_with(0).stdout;
    let third = post.mails(2);
    assert!(text(&third[0], "text/plain").contains("50"), "{granted}: {:#}", third[0]);
    of(amount * 1_000);
    daemon.reload();
    let last = post.mails(2);
    let words = text(&last[0], "text/plain");
    assert!(words.contains("more is allowed than before"), "{words}");

    let root = header(&first[0], "Message-ID").unwrap();
    let mut ids = vec![root];
    for mail in [&second[0], &third[0], &last[0]] {
        assert!(header(mail, "References").is_some_and(|all| all.contains(root)), "{mail:#}");
        assert!(header(mail, "In-Reply-To").is_none_or(|id| id == root), "{mail:#}");
        let id = header(mail, "Message-ID").unwrap();
        assert!(!ids.contains(&id), "{id} twice");
        ids.push(id);
    }
    assert_eq!(daemon.stop(), Some(0));
    post.no_mail();
}
