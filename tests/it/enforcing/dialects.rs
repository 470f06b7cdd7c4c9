//! What each dialect gets, word for word, and how it is put back.

use super::*;

/// Crosses the budget, waits for the confirmed write, undoes it, and waits until it is as it was.
fn lowered_and_put_back(account: &'static str, threshold: &str, body: impl Fn(&Guarded) -> Value) {
    let guarded = Guarded::new(account, &format!("{threshold}\nmode = \"enforce\""));
    let daemon = guarded.serve();
    let before = guarded.row();
    guarded.run_away(&daemon);
    guarded.wait(&daemon, "confirmed", |guarded| guarded.steps().contains(&"confirmed".to_owned()));
    let writes = guarded.vendors.books(account).writes;
    assert_eq!(writes.len(), 1, "{writes:#?}");
    assert_eq!(writes[0].body, body(&guarded), "changed fields only");
    let kind = threshold.split('"').nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let page = daemon.wait_for("/metrics", |page| {
        sample(page, "sub_user_throttled", &[&format!("action=\"{kind}\"")]) == Some(1)
    });
    let labels = [format!("action=\"{kind}\""), "outcome=\"confirmed\"".to_owned()];
    assert_eq!(sample(&page, "actions_total", &[&labels[0], &labels[1]]), Some(1), "{page}");
    assert_eq!(guarded.steps(), ["proposed", "intent", "confirmed"]);
    let log = daemon.log();
    let line = log.lines().find(|line| line.contains("step=\"intent\"")).unwrap();
    assert!(line.contains("before=") && line.contains("after="), "a lost store can be rebuilt: {line}");

    // F5: it has left the vendor's list, and nothing of it is lost.
    let lists = guarded.vendors.calls(account, "list-sub-users");
    guarded.wait(&daemon, "looks", |guarded| guarded.vendors.calls(account, "list-sub-users") > lists + 3);
    let page = daemon.get("/metrics").1;
    assert!(page.lines().any(|line| line.starts_with("proxymeter_sub_user_traffic_bytes{") && line.contains(&guarded.who)), "{page}");
    assert!(page.contains("state=\"firing\""), "the incident stays open: {page}");

    let undone = guarded.vendors.run(&["actions", "undo", "--all", "--yes"]).ended_with(0);
    assert!(undone.stdout.contains("restore of") && undone.stdout.contains("confirmed"), "{}", undone.stdout);
    let after = guarded.row();
    assert_eq!(
        (after.status, after.limit_bytes, after.auto_disable),
        (before.status, before.limit_bytes, before.auto_disable)
    );
    daemon.wait_for("/metrics", |page| sample(page, "sub_user_throttled", &[]).is_none());
    assert_eq!(guarded.actions()["standing"].as_array().unwrap().len(), 0);
    // Undone, its threshold acts no more in this period.
    let lists = guarded.vendors.calls(account, "list-sub-users");
    guarded.wait(&daemon, "looks", |guarded| guarded.vendors.calls(account, "list-sub-users") > lists + 3);
    assert_eq!(guarded.vendors.books(account).writes.len(), 2);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn oxylabs_freezes_by_its_status_alone() {
    lowered_and_put_back("oxylabs", "action = \"freeze\"", |_| serde_json::json!({"status": "disabled"}));
}

#[test]
fn decodo_v2_freezes_by_its_status_alone() {
    lowered_and_put_back("decodo-v2", "action = \"freeze\"", |_| serde_json::json!({"status": "disabled"}));
}

#[test]
fn decodo_v1_freezes_by_a_limit_at_its_counter() {
    lowered_and_put_back("decodo-v1", "action = \"freeze\"", |guarded| {
        let limit = guarded.row().limit_bytes.unwrap();
        // It was to cut off before.
        serde_json::json!({"traffic_limit": limit as f64 / 1e9})
    });
}
