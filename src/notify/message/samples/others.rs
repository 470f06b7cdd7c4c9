//! What is not about budgets: proxymeter's own and the vendors' trouble, and the test of a way.

use super::super::{Content, Message, Operation, Severity, Trouble};
use super::message;

pub(super) fn samples() -> Vec<(&'static str, Message)> {
    let lines = [
        (
            "verify:acme",
            "action 41, scraper_eu at acme: the vendor took a write and its record does not say so (50.00 GB \
           stands); nothing more is lowered at acme until proxymeter resume",
        ),
        ("outage:acme", "acme: no good answer since 2026-11-27 08:05 UTC; 12 judgements wait for it"),
        (
            "stuck:beta",
            "beta: the sub-users stand still while the account's total moves, since 2026-11-27 04:00 UTC: the \
           vendor's data may be stuck",
        ),
        (
            "receiver:pager",
            "receiver pager takes nothing since 2026-11-27 09:10 UTC: 503 Service Unavailable; what is for it waits, see \
             proxymeter notify list",
        ),
    ];
    let troubles = lines.map(|(key, line)| Trouble { key: key.to_owned(), line: line.to_owned() });
    let operation = |severity, troubles: &[Trouble], more| {
        let title = troubles.first().map(|trouble| trouble.line.clone()).unwrap_or_default();
        message(severity, &title, Content::Operation(Operation { troubles: troubles.to_vec(), more }))
    };
    let mut recovered = operation(Severity::Info, &troubles[1..2], 0);
    recovered.title = "acme: answers again, after none since 2026-11-27 08:05 UTC".to_owned();
    recovered.link = None;
    if let Content::Operation(operation) = &mut recovered.content {
        operation.troubles[0].line.clone_from(&recovered.title);
    }
    let mut drill = message(
        Severity::Info,
        "a test of receiver ops: nothing has happened",
        Content::Drill { who: "anna".to_owned() },
    );
    drill.link = None;
    vec![
        ("operation", operation(Severity::Critical, &troubles, 2)),
        ("recovered", recovered),
        ("drill", drill),
    ]
}
