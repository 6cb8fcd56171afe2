//! Which format a scraper gets.

use proptest::prelude::*;
use streamgauge_core::{
    Format::{self, OpenMetrics1, OpenMetrics2, Prometheus},
    negotiate,
};

const OPEN: &str = "application/openmetrics-text";

#[test]
fn scrapers_get_what_they_ask_for() {
    // As Prometheus sends them: 2.x, 3.x, and one that has been told to prefer plain text.
    let second = "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,\
                  text/plain;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
    let third = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                 application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
                 text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    let plain = "text/plain;version=0.0.4;q=1,*/*;q=0.1";
    assert_eq!(negotiate(second), OpenMetrics1);
    assert_eq!(negotiate(third), OpenMetrics1);
    assert_eq!(negotiate(plain), Prometheus);
    let newest = format!("{OPEN};version=2.0.0;q=0.9,{second}");
    assert_eq!(negotiate(&newest), OpenMetrics2);
}

#[test]
fn whoever_does_not_say_gets_the_format_that_all_can_read() {
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
    for accept in [
        "",
        "*/*",
        "text/*",
        browser,
        "text/html",
        "garbage",
        ";;,,;q=",
        "text/plain;q=0",
        "*/*;q=0",
    ] {
        assert_eq!(negotiate(accept), Prometheus, "{accept:?}");
    }
}

#[test]
fn the_best_quality_wins_and_among_equals_the_first() {
    let cases = [
        (format!("text/plain;q=0.5,{OPEN};q=0.4"), Prometheus),
        (format!("text/plain;q=0.4,{OPEN};q=0.5"), OpenMetrics1),
        (format!("text/plain;q=0.41,{OPEN};q=0.409"), Prometheus),
        (format!("text/plain,{OPEN}"), Prometheus),
        (format!("{OPEN},text/plain"), OpenMetrics1),
        (
            format!("{OPEN};version=1.0.0,{OPEN};version=2.0.0"),
            OpenMetrics1,
        ),
        (
            format!("{OPEN};version=2.0.0,{OPEN};version=1.0.0"),
            OpenMetrics2,
        ),
        (format!("{OPEN};version=2.0.0,*/*"), OpenMetrics2),
        ("application/*".into(), OpenMetrics1),
        (format!("{OPEN};version=3.0.0"), Prometheus),
        (format!("{OPEN};version=3.0.0,{OPEN};q=0.1"), OpenMetrics1),
    ];
    for (accept, format) in cases {
        assert_eq!(negotiate(&accept), format, "{accept:?}");
    }
}

#[test]
fn the_most_specific_range_tells_the_quality() {
    let cases = [
        (format!("*/*,{OPEN};q=0.1,text/*;q=0.2"), OpenMetrics2),
        ("text/plain;q=0,*/*;q=0.5".to_owned(), OpenMetrics1),
        (
            format!("text/*;q=0.9,text/plain;q=0.1,{OPEN};q=0.5"),
            OpenMetrics1,
        ),
        (
            format!("{OPEN};q=0.9,{OPEN};version=1.0.0;q=0.1,text/plain;q=0.5"),
            Prometheus,
        ),
    ];
    for (accept, format) in cases {
        assert_eq!(negotiate(&accept), format, "{accept:?}");
    }
}

#[test]
fn headers_are_read_as_the_protocol_has_them() {
    let cases = [
        ("APPLICATION/OpenMetrics-Text; Version=1.0.0", OpenMetrics1),
        (
            "application/openmetrics-text;version=\"2.0.0\"",
            OpenMetrics2,
        ),
        (
            " \tapplication/openmetrics-text ;  version=2.0.0 ; q=1.000 , text/plain;q=0.999",
            OpenMetrics2,
        ),
        (
            "text/plain;x=\"a,b;q=0\\\",application/openmetrics-text\"",
            Prometheus,
        ),
        (
            "text/html;x=\"a\\\\\",application/openmetrics-text",
            OpenMetrics1,
        ),
        // What is no quality makes the range one that is not understood.
        (
            "application/openmetrics-text;q=2,text/plain;q=0.1",
            Prometheus,
        ),
        (
            "application/openmetrics-text;q=1.5,text/plain;q=0.1",
            Prometheus,
        ),
        (
            "application/openmetrics-text;q=0.1234,text/plain;q=0.1",
            Prometheus,
        ),
        (
            "application/openmetrics-text;q=-1,text/plain;q=0.1",
            Prometheus,
        ),
        (
            "application/openmetrics-text;q=0.,text/plain;q=0.1",
            Prometheus,
        ),
    ];
    for (accept, format) in cases {
        assert_eq!(negotiate(accept), format, "{accept:?}");
    }
}

#[test]
fn each_format_is_what_its_own_content_type_asks_for() {
    for format in Format::ALL {
        assert_eq!(negotiate(format.content_type()), format);
    }
}

#[test]
fn a_header_of_a_megabyte_is_read_once() {
    let long = "application/openmetrics-text;version=9,".repeat(25_000) + OPEN;
    assert_eq!(negotiate(&long), OpenMetrics1);
}

proptest! {
    #[test]
    fn any_header_gets_some_format(accept in any::<String>()) {
        let _ = negotiate(&accept);
    }

    #[test]
    fn pieces_of_headers_get_some_format(
        accept in "([a-z*]{0,3}/?[a-z*]{0,3}|text/plain|[;,=\" \\\\]|q=[01]?[.]?[0-9]{0,4}|version=){0,12}",
    ) {
        let _ = negotiate(&accept);
    }
}
