use jiff::Timestamp;

use super::*;

fn chart(used: &[(&str, u64)], amount: Option<u64>, forecast: Option<[u64; 3]>) -> Chart {
    Chart {
        title: "scraper_eu at acme".to_owned(),
        from: "2026-11-01T00:00:00Z".parse().unwrap(),
        until: "2026-12-01T00:00:00Z".parse().unwrap(),
        used: used.iter().map(|(at, bytes)| (at.parse().unwrap(), *bytes)).collect(),
        amount_bytes: amount,
        forecast_bytes: forecast,
    }
}

/// Whatever may come, by name.
fn cases() -> Vec<(&'static str, Chart)> {
    let (early, late) = ("2026-11-03T00:00:00Z", "2026-11-27T10:00:00Z");
    let gb = 1_000_000_000;
    let mut cases = vec![
        ("nothing", chart(&[], None, None)),
        ("no points", chart(&[], Some(35 * gb), Some([30 * gb, 20 * gb, 40 * gb]))),
        ("one point", chart(&[(late, 20 * gb)], Some(35 * gb), Some([30 * gb, 20 * gb, 40 * gb]))),
        ("one point at the start", chart(&[("2026-11-01T00:00:00Z", 0)], Some(35 * gb), None)),
        ("one point at the end", chart(&[("2026-12-01T00:00:00Z", gb)], None, Some([gb, gb, gb]))),
        ("no amount", chart(&[(early, gb), (late, 20 * gb)], None, Some([30 * gb, 20 * gb, 40 * gb]))),
        ("no forecast", chart(&[(early, gb), (late, 20 * gb)], Some(35 * gb), None)),
        ("zero", chart(&[(early, 0), (late, 0)], Some(0), Some([0, 0, 0]))),
        (
            "far over",
            chart(&[(early, gb), (late, 900 * gb)], Some(gb), Some([2_000 * gb, 900 * gb, u64::MAX])),
        ),
        ("all there is", chart(&[(early, 1), (late, u64::MAX)], Some(u64::MAX), Some([u64::MAX; 3]))),
        (
            "corrected",
            chart(&[(early, 40 * gb), (late, 20 * gb)], Some(35 * gb), Some([10 * gb, 5 * gb, 60 * gb])),
        ),
        ("out of order", chart(&[(late, 20 * gb), (early, gb), ("2027-01-01T00:00:00Z", gb)], None, None)),
    ];
    let mut named = chart(&[(late, 20 * gb)], Some(35 * gb), None);
    named.title = format!("\u{202e}<b>日本🙂 &\"\0\n{}", "W".repeat(10_000));
    cases.push(("odd name", named));
    let mut backwards = chart(&[(late, 20 * gb)], Some(35 * gb), Some([gb; 3]));
    std::mem::swap(&mut backwards.from, &mut backwards.until);
    cases.push(("backwards", backwards));
    let mut eternal = chart(&[(early, gb), (late, 20 * gb)], Some(35 * gb), Some([gb; 3]));
    (eternal.from, eternal.until) = (Timestamp::MIN, Timestamp::MAX);
    cases.push(("eternal", eternal));
    let start: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    let mut dense = chart(&[], Some(35 * gb), Some([41 * gb, 40 * gb, 45 * gb]));
    dense.used = (0..20_000_u32)
        .map(|minute| {
            (start + jiff::SignedDuration::from_mins(i64::from(minute)), u64::from(minute) * 2_000_000)
        })
        .collect();
    cases.push(("dense", dense));
    cases
}

/// The pixels of a picture, and its width.
fn decoded(packed: &[u8]) -> (Vec<u8>, u32, u32) {
    let mut reader = ::png::Decoder::new(std::io::Cursor::new(packed)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (pixels, info.width, info.height)
}

fn has(pixels: &[u8], colour: [u8; 3]) -> bool {
    pixels.chunks(3).any(|pixel| pixel == colour)
}

/// Drawing is slow without optimisation, so most is drawn small.
fn small() -> Sizes {
    Sizes { width: 300, height: 160, density: 1, ..Sizes::default() }
}

#[test]
fn whatever_comes_is_a_picture_of_the_size_that_was_asked_for() {
    for (name, chart) in cases() {
        let (pixels, width, height) = decoded(&png(&chart, &small()).unwrap());
        assert_eq!((width, height), (300, 160), "{name}");
        assert!(pixels.chunks(3).any(|pixel| pixel.iter().all(|part| *part < 90)), "{name}: no ink");
    }
    let (_, dense) = cases().pop().unwrap();
    let packed = png(&dense, &Sizes::default()).unwrap();
    let (_, width, height) = decoded(&packed);
    assert_eq!((width, height), (1_200, 600));
    assert!(packed.len() < 100_000, "{} bytes", packed.len());
}

#[test]
fn what_is_past_the_budget_has_a_colour_of_its_own() {
    let (blue, red) = ([0, 114, 178], [213, 62, 0]);
    let late = "2026-11-27T10:00:00Z";
    for (used, amount, colours) in
        [(30, Some(35), [true, false]), (40, Some(35), [true, true]), (40, None, [true, false])]
    {
        let chart = chart(&[(late, used)], amount, None);
        let (pixels, ..) = decoded(&png(&chart, &small()).unwrap());
        assert_eq!([blue, red].map(|colour| has(&pixels, colour)), colours, "{used} of {amount:?}");
    }
}

#[test]
fn the_same_chart_is_the_same_bytes() {
    for (name, chart) in cases() {
        assert_eq!(png(&chart, &small()), png(&chart, &small()), "{name}");
        assert_eq!(svg(&chart), svg(&chart), "{name}");
    }
}

#[test]
fn f39_an_svg_is_well_formed_whatever_the_name() {
    for (name, chart) in cases() {
        let text = svg(&chart).unwrap();
        let mut depth = 0;
        let mut rest = text.as_str();
        while let Some(start) = rest.find('<') {
            let (outside, inside) = rest.split_at(start);
            assert!(!outside.contains('>'), "{name}: {outside}");
            let end = inside.find('>').unwrap();
            let tag = &inside[1..end];
            assert!(
                tag.starts_with(|letter: char| letter.is_ascii_lowercase() || letter == '/'),
                "{name}: {tag}"
            );
            assert_eq!(tag.matches('"').count() % 2, 0, "{name}: {tag}");
            depth += if tag.starts_with('/') { -1 } else { i32::from(!tag.ends_with('/')) };
            rest = &inside[end + 1..];
        }
        assert_eq!((depth, rest.trim()), (0, ""), "{name}");
        assert!(!text.contains(|letter: char| letter.is_control() && letter != '\n'), "{name}");
        assert!(!text.contains("NaN") && !text.contains("inf"), "{name}");
    }
}

#[test]
fn the_newest_figure_of_the_period_is_named() {
    let (_, chart) = cases().into_iter().find(|(name, _)| *name == "out of order").unwrap();
    let text = svg(&chart).unwrap();
    assert!(text.contains("used 20.00 GB"), "{text}");
}

#[test]
fn a_size_out_of_bounds_is_refused() {
    for (width, height, density) in
        [(0, 300, 2), (600, 10, 2), (600, 300, 0), (100_000, 300, 1), (600, 300, 9)]
    {
        let sizes = Sizes { width, height, density, ..Sizes::default() };
        let error = png(&chart(&[], None, None), &sizes).unwrap_err();
        assert_eq!(error, ChartError::Size { width, height, density });
    }
}
