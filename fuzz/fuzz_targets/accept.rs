#![no_main]
//! `Accept` and `Accept-Encoding`: the same text as either.

use libfuzzer_sys::fuzz_target;
use proxymeter::metrics::exposition::{Encoding, Format};

fuzz_target!(|text: &str| {
    let format = Format::negotiate(Some(text));
    let encoding = Encoding::negotiate(Some(text));
    let known = [
        "text/plain; version=0.0.4; charset=utf-8",
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
    ];
    assert!(known.contains(&format.content_type()));
    assert!(matches!(encoding.header(), None | Some("gzip")));
    // Whoever names nothing of the kind gets the plain one.
    let lower = text.to_ascii_lowercase();
    let wide = lower.contains('*');
    assert!(format == Format::Text || wide || lower.contains("application/openmetrics-text"), "{text:?}");
    assert!(encoding == Encoding::Identity || wide || lower.contains("gzip"), "{text:?}");
    // What we do not have changes nothing, wherever it stands.
    for text in [format!("image/png,{text}"), format!("{text},image/png"), format!(" {text}\t, ,")] {
        assert_eq!(Format::negotiate(Some(&text)), format, "{text:?}");
        assert_eq!(Encoding::negotiate(Some(&text)), encoding, "{text:?}");
    }
});
