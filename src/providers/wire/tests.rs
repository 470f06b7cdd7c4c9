//! Numbers, limits, ids and dates in every form, and answers of any kind.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn number(json: &str) -> Result<Number, ProviderError> {
    decode("test", json.as_bytes())
}

fn gigabytes(json: &str) -> Result<Gigabytes, ProviderError> {
    decode("test", json.as_bytes())
}

fn problem<T: fmt::Debug>(result: Result<T, ProviderError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn f38_numbers_are_read_exactly_or_refused_with_the_reason() {
    for (json, bytes) in [
        ("92.45", 92_450_000_000),
        ("1.2354839", 1_235_483_900),
        ("\"12.5\"", 12_500_000_000),
        ("\" 50 \"", 50_000_000_000),
        ("1e1", 10_000_000_000),
        ("0", 0),
        ("-0.0", 0),
        ("728", 728_000_000_000),
        ("123456.78", 123_456_780_000_000),
    ] {
        assert_eq!(gigabytes(json).unwrap().bytes(Gigabyte::Decimal), Bytes(bytes), "{json}");
    }
    for (json, reason) in [
        ("-1", "test: the answer could not be read: a negative number where none can be"),
        ("\"-0.5\"", "test: the answer could not be read: a negative number where none can be"),
        ("1e308", "test: the answer could not be read: a number out of range"),
        (
            "\"NaN\"",
            "test: the answer could not be read: invalid value: text, expected a number, or a number as text",
        ),
        (
            "true",
            "test: the answer could not be read: invalid type: boolean, expected a number, or a number as text",
        ),
    ] {
        let told = problem(number(json));
        assert!(told.starts_with(reason), "{json}: {told}");
    }
    assert!(number("NaN").is_err());
}

#[test]
fn f38_a_figure_that_cannot_be_counted_is_refused_and_not_cut() {
    for json in ["9223372036854775806", "\"9223372036854775806.9\""] {
        assert_eq!(number(json).unwrap().bytes(), Bytes(9_223_372_036_854_775_806), "{json}");
    }
    for json in ["18446744073709551615", "9223372036854775808", "1e28", "\"79228162514264337593543950335\""] {
        assert!(problem(number(json)).contains("a number out of range"), "{json}");
    }
    assert_eq!(gigabytes("8589934591").unwrap().bytes(Gigabyte::Binary), Bytes(8_589_934_591 << 30));
    for json in ["8589934592", "1e11", "1e28", "18446744073709551615"] {
        assert!(problem(gigabytes(json)).contains("a number out of range"), "{json}");
    }
}

#[test]
fn a_line_is_cut_where_its_escapes_would_be_too_long() {
    for (text, most, line) in [
        ("abc", 3, "abc"),
        ("abcd", 3, "abc"),
        ("a\n\u{7f}b", 8, r"a\n"),
        ("a\n\u{7f}b", 9, r"a\n\u{7f}"),
        ("äöü", 2, "äö"),
    ] {
        assert_eq!(one_line(text, most), line);
    }
    let controls = format!("{{\"traffic\":{{\"{}\":true}}}}", "\u{7f}".repeat(200));
    let told = problem(decode::<BTreeMap<String, BTreeMap<String, Number>>>("stats", controls.as_bytes()));
    assert!(told.len() < 400, "{told}");
}

#[test]
fn a_value_of_the_wrong_kind_is_not_repeated() {
    #[derive(Debug, Deserialize)]
    struct Login {
        #[expect(dead_code, reason = "only its reading matters here")]
        token: String,
    }
    for (json, told) in [
        ("\"canary\"", "invalid type: string, expected struct Login at line 1 column 8"),
        ("\"canary, expected \\\"b\\\"\"", "invalid type: string, expected struct Login at line 1 column 24"),
        ("{\"token\":4711}", "at token: invalid type: integer, expected a string at line 1 column 13"),
        ("{\"token\":null}", "at token: invalid type: null, expected a string at line 1 column 13"),
        ("{\"other\":\"canary\"}", "missing field `token` at line 1 column 18"),
    ] {
        let expected = format!("login: the answer could not be read: {told}");
        assert_eq!(problem(decode::<Login>("login", json.as_bytes())), expected, "{json}");
    }
}

#[test]
fn the_field_is_named_and_the_answer_is_not_repeated() {
    #[derive(Debug, Deserialize)]
    struct Row {
        #[expect(dead_code, reason = "only its reading matters here")]
        traffic: Number,
    }
    let long = format!("[{{\"traffic\":1}},{{\"traffic\":\"{}\"}}]", "x".repeat(5000));
    let told = problem(decode::<Vec<Row>>("sub_users", long.as_bytes()));
    assert!(
        told.starts_with("sub_users: the answer could not be read: at [1].traffic: invalid value"),
        "{told}"
    );
    assert!(told.len() < 300, "{}", told.len());
    assert_eq!(
        problem(decode::<Vec<Row>>("sub_users", b"\n <!doctype html>")),
        "sub_users: the answer could not be read: HTML came instead of JSON"
    );
    assert!(decode::<Vec<Row>>("sub_users", b"[] x").is_err());
    assert!(decode::<Vec<Row>>("sub_users", b"[{\"traffic\":1}").is_err());
    assert!(decode::<serde_json::Value>("x", "[".repeat(100_000).as_bytes()).is_err(), "depth is capped");
    assert!(decode::<String>("x", b"\"\xff\"").is_err());
}

#[test]
fn null_zero_and_a_number_are_three_limits_and_missing_is_none() {
    #[derive(Deserialize)]
    struct Row {
        #[serde(default)]
        traffic_limit: Field<Gigabytes>,
    }
    for (json, limit) in [
        ("{}", None),
        (r#"{"traffic_limit":null}"#, Some(Limit::Unlimited)),
        (r#"{"traffic_limit":0}"#, Some(Limit::Blocked)),
        (r#"{"traffic_limit":0.01}"#, Some(Limit::Bytes(Bytes(10_000_000)))),
    ] {
        let row: Row = decode("test", json.as_bytes()).unwrap();
        assert_eq!(row.traffic_limit.limit(Gigabyte::Decimal), limit, "{json}");
    }
}

#[test]
fn moments_and_days_take_the_forms_in_use() {
    #[derive(Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "moment")]
        created: Option<DateTime>,
        #[serde(default, deserialize_with = "day")]
        from: Option<Date>,
    }
    for text in
        ["2019-03-23 13:08", "2019-03-23 13:08:00", "2019-03-23T13:08:00Z", "2019-03-23T13:08:00+00:00"]
    {
        let row: Row =
            decode("test", format!(r#"{{"created":"{text}","from":"{text}"}}"#).as_bytes()).unwrap();
        assert_eq!(row.created.unwrap().to_string(), "2019-03-23T13:08:00", "{text}");
        assert_eq!(row.from.unwrap().to_string(), "2019-03-23");
    }
    let row: Row = decode("test", br#"{"created":"long ago"}"#).unwrap();
    assert_eq!((row.created, row.from), (None, None));
    assert!(decode::<Row>("test", br#"{"from":"soon"}"#).is_err());
}

proptest! {
    #[test]
    fn two_places_of_a_gigabyte_are_never_off_by_a_byte(hundredths in 0_u64..1_000_000_000) {
        let json = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        prop_assert_eq!(gigabytes(&json).unwrap().bytes(Gigabyte::Decimal), Bytes(hundredths * 10_000_000));
    }

    #[test]
    fn no_answer_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _unused = decode::<Vec<Number>>("test", &body);
    }
}
