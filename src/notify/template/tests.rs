use std::fmt::Write as _;

use super::*;
use crate::notify::message::{Detail, Severity};

fn built_in() -> Templates {
    Templates::new(Overrides::default(), TimeZone::UTC).unwrap()
}

fn own(part: Part, source: &str) -> Result<Templates, TemplateError> {
    let source = Some(source.to_owned());
    let overrides = match part {
        Part::Title => Overrides { title: source, ..Overrides::default() },
        Part::Text => Overrides { text: source, ..Overrides::default() },
        Part::Html => Overrides { html: source, ..Overrides::default() },
    };
    Templates::new(overrides, TimeZone::UTC)
}

fn sample(name: &str) -> Message {
    samples().into_iter().find(|(found, _)| *found == name).unwrap().1
}

fn complaints(part: Part, source: &str) -> Vec<String> {
    own(part, source).unwrap().check().iter().map(ToString::to_string).collect()
}

#[test]
fn every_message_as_text() {
    let templates = built_in();
    for (name, message) in samples() {
        let (subject, text) = (templates.subject(&message).unwrap(), templates.text(&message).unwrap());
        insta::assert_snapshot!(format!("text_{name}"), format!("subject: {subject}\n\n{text}"));
    }
}

#[test]
fn mails_as_html() {
    let templates = built_in();
    for name in ["firing", "digest", "drill", "ugly_names"] {
        let message = sample(name);
        let cid = matches!(name, "firing" | "digest").then_some("chart");
        insta::assert_snapshot!(format!("html_{name}"), templates.html(&message, cid).unwrap());
    }
}

#[test]
fn our_templates_fail_on_no_sample() {
    assert_eq!(built_in().check(), []);
}

#[test]
fn a_subject_says_how_loud_it_is() {
    let templates = built_in();
    let mut subjects = String::new();
    for (name, message) in samples() {
        let subject = templates.subject(&message).unwrap();
        let end = subject.find(']').unwrap();
        writeln!(subjects, "{name} {}", &subject[..=end]).unwrap();
    }
    insta::assert_snapshot!(subjects);
}

#[test]
fn f39_names_are_text_and_nothing_else_in_html() {
    let html = built_in().html(&sample("ugly_names"), Some("chart")).unwrap();
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script"));
    assert!(!html.contains(|letter: char| letter.is_control() && letter != '\n'));
    assert!(!html.contains(['\u{202e}', '\u{2066}', '\u{200f}']));
    // As many tags as with names of letters.
    let mut plain = sample("ugly_names").to_json();
    for (ugly, letter) in [("<", "a"), (">", "b"), ("&", "c"), ("'", "d")] {
        plain = plain.replace(ugly, letter);
    }
    let plain = built_in().html(&Message::from_json(&plain).unwrap(), Some("chart")).unwrap();
    for sign in ["<", ">", "\""] {
        assert_eq!(html.matches(sign).count(), plain.matches(sign).count(), "{sign}");
    }
}

#[test]
fn f39_names_break_no_line_of_a_title_or_a_text() {
    let (templates, message) = (built_in(), sample("ugly_names"));
    let text = templates.text(&message).unwrap();
    assert!(!text.lines().any(|line| line.starts_with("Bcc") || line == "."), "{text}");
    assert!(!text.contains(|letter: char| letter.is_control() && letter != '\n'));
    for (name, message) in samples() {
        let subject = templates.subject(&message).unwrap();
        assert!(subject.chars().count() <= TITLE && !subject.contains(char::is_control), "{name}");
    }
}

#[test]
fn the_largest_message_stays_within_bounds() {
    let mut message = sample("firing_many");
    let Content::Budget(news) = &mut message.content else { unreachable!() };
    let huge = || "<&\"é".repeat(3_000);
    let mut item = news.items[0].clone();
    item.line = huge();
    item.details = (0..10).map(|_| Detail { name: "cause".to_owned(), text: huge() }).collect();
    news.items = vec![item; 40];
    message.title = huge();
    let templates = built_in();
    assert_eq!(templates.title(&message).unwrap().chars().count(), TITLE);
    let text = templates.text(&message).unwrap();
    assert!(text.chars().count() <= 100_000 && text.ends_with("left out here\n"), "{}", text.chars().count());
    let html = templates.html(&message, None).unwrap();
    assert!(html.len() <= 500_000 && html.trim_end().ends_with("</html>"), "{}", html.len());
}

#[test]
fn an_operators_templates_stand_in_place_of_ours() {
    let overrides = Overrides {
        title: Some("{{ severity|upper }}\n {{ title }}".to_owned()),
        text: Some("{% include 'built-in/text.txt' %}\n-- {{ at|moment }}".to_owned()),
        html: Some("<p>{{ title }}</p>{% for line in lines %}<p>{{ line }}</p>{% endfor %}".to_owned()),
    };
    let templates = Templates::new(overrides, TimeZone::get("Europe/Berlin").unwrap()).unwrap();
    assert_eq!(templates.check(), []);
    let message = sample("operation");
    assert!(templates.subject(&message).unwrap().starts_with("CRITICAL action 41, "));
    assert!(templates.text(&message).unwrap().ends_with("\n-- Fri 27 Nov, 11:15 CET\n"));
    let html = templates.html(&sample("ugly_names"), None).unwrap();
    assert!(html.starts_with("<p>scrapers: &lt;script&gt;"), "{html}");
}

#[test]
fn a_drill_is_marked_whatever_the_template_says() {
    for templates in [built_in(), own(Part::Title, "all is lost").unwrap()] {
        let title = templates.title(&sample("drill")).unwrap();
        assert!(title.starts_with("[DRILL] ") && title.matches("DRILL").count() == 1, "{title}");
        assert_eq!(templates.subject(&sample("drill")).unwrap(), title);
    }
}

#[test]
fn an_error_says_which_template_and_line_and_what() {
    let errors = [
        own(Part::Title, "{{ title"),
        own(Part::Text, "one\n{% for item in items %}\n"),
        own(Part::Html, "one\ntwo\n{% nonsense %}"),
    ]
    .map(|result| result.unwrap_err().to_string());
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn what_fails_on_a_message_is_found_before_there_is_one() {
    let sources = [
        (Part::Title, "{{ titel }}"),
        (Part::Title, "{# nothing #}"),
        (Part::Text, "{% if nonsense %}a{% endif %}"),
        (
            Part::Text,
            "first\n{% if type == 'budget' %}{% for item in items %}{{ item.used_bytes|bytes }}{% endfor %}{% endif %}",
        ),
        (Part::Text, "{{ title|bytes }}"),
        (Part::Text, "{{ title|moment }}"),
        (Part::Text, "{{ title|nonsense }}"),
        (Part::Text, "{{ at|ago(now=at) }}{{ at|ago }}"),
        (Part::Html, "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}"),
        (Part::Html, "{% for a in range(9999) %}{{ 'a' * 100 }}{% endfor %}"),
    ];
    let found: Vec<String> = sources
        .iter()
        .map(|(part, source)| format!("{source}\n  {}", complaints(*part, source).join("\n  ")))
        .collect();
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn a_template_that_fails_gives_way_to_ours() {
    let message = sample("firing");
    let ours = built_in();
    for (part, source) in
        [(Part::Title, "{{ nonsense }}"), (Part::Text, "{{ nonsense }}"), (Part::Html, "{{ nonsense }}")]
    {
        let templates = own(part, source).unwrap();
        assert_eq!(templates.title(&message), ours.title(&message));
        assert_eq!(templates.text(&message), ours.text(&message));
        assert_eq!(templates.html(&message, None), ours.html(&message, None));
    }
}

#[test]
fn a_text_that_is_too_long_is_cut_with_a_mark() {
    let templates = own(Part::Text, "{% for a in range(9999) %}{{ 'ä' * 100 }}{% endfor %}").unwrap();
    let text = templates.text(&sample("drill")).unwrap();
    assert!(text.chars().count() <= 100_000);
    assert!(text.ends_with("ä\n… and more, which is left out here\n"));
}

#[test]
fn below_a_title_it_is_not_said_again() {
    let templates = built_in();
    for (name, message) in samples() {
        let (all, below) = (templates.text(&message).unwrap(), templates.below_title(&message).unwrap());
        assert_eq!(all.lines().skip(1).collect::<Vec<_>>(), below.lines().collect::<Vec<_>>(), "{name}");
    }
    let own = own(Part::Text, "{{ state }}").unwrap();
    assert_eq!(own.below_title(&sample("firing")), own.text(&sample("firing")));
}

#[test]
fn what_never_stood_open_is_not_resolved() {
    let tags = ["unjudged", "put_back", "resolved"].map(|name| context::tag(&sample(name)));
    assert_eq!(tags, ["warning", "info", "resolved"]);
    let mut reminder = sample("reminder");
    reminder.severity = Severity::Warning;
    assert_eq!(context::tag(&reminder), "warning, reminder");
}

#[test]
fn a_message_with_a_chart_has_its_picture() {
    let templates = built_in();
    let with: Vec<&str> = samples()
        .iter()
        .filter(|(_, message)| templates.chart(message).is_some())
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(with, ["firing", "ugly_names", "digest"]);
    assert!(templates.html(&sample("firing"), Some("a\"b")).unwrap().contains("cid:a&quot;b"));
}
