//! Configurations that cannot be, and what is said of them.

use std::time::Duration;

use streamgauge_tokio::{Config, ConfigError, Stats};

fn refusal(config: Config) -> (ConfigError, String) {
    let error = Stats::spawn(config).unwrap_err();
    let message = error.to_string();
    (error, message)
}

#[tokio::test]
async fn a_zero_interval_is_refused() {
    let (error, message) = refusal(Config::new().with_interval(Duration::ZERO));
    assert_eq!(error, ConfigError::ZeroInterval);
    assert_eq!(
        message,
        "the interval is zero; give one of a microsecond or more"
    );
}

#[tokio::test]
async fn an_empty_prefix_is_refused() {
    for prefix in ["", "/", "////"] {
        let (error, message) = refusal(Config::new().with_prefix(prefix));
        assert_eq!(error, ConfigError::EmptyPrefix);
        assert_eq!(
            message,
            "the stats prefix is empty; give it a segment, such as `.stats`"
        );
    }
}

#[tokio::test]
async fn control_characters_in_names_are_refused() {
    let name = |name: &str, character| ConfigError::Name {
        name: name.into(),
        character,
    };
    let (error, message) = refusal(Config::new().with_node("sjc\n1"));
    assert_eq!(error, name("sjc\n1", '\n'));
    assert_eq!(
        message,
        r#"the name "sjc\n1" contains the control character '\n'; leave it out"#
    );
    let (error, _) = refusal(Config::new().with_prefix("a\0b"));
    assert_eq!(error, name("a\0b", '\0'));
    let (error, _) = refusal(Config::new().with_tiers(["edge", "\u{85}"]));
    assert_eq!(error, name("\u{85}", '\u{85}'));
}

#[tokio::test]
async fn tiers_that_are_empty_taken_or_built_in_are_refused() {
    for tiers in [
        vec!["a", "b", "a"],
        vec!["a", "/a/"],
        vec!["a", ""],
        vec!["internal"],
        vec!["/internal"],
    ] {
        let (error, message) = refusal(Config::new().with_tiers(&tiers));
        let tier = tiers.last().unwrap().trim_matches('/').to_owned();
        assert_eq!(
            message,
            format!("the tier name {tier:?} is empty, given twice or built in; choose another")
        );
        assert_eq!(error, ConfigError::TierName { tier });
    }
}

#[tokio::test]
async fn six_tiers_are_taken_and_a_seventh_is_refused() {
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let stats = Stats::spawn(Config::new().with_tiers(&names[..6])).unwrap();
    assert_eq!(stats.tracks().len(), 8 * 3 + 1);
    let (error, message) = refusal(Config::new().with_tiers(names));
    assert_eq!(error, ConfigError::TooManyTiers { given: 7 });
    assert_eq!(
        message,
        "7 tiers besides external and internal; at most 6 can be"
    );
}

#[tokio::test]
async fn more_than_a_table_can_number_is_refused() {
    for config in [
        Config::new().with_series(usize::MAX),
        Config::new().with_cells(usize::MAX),
        Config::new().with_roots(usize::MAX),
    ] {
        let (error, message) = refusal(config);
        assert_eq!(error, ConfigError::TooLarge { given: usize::MAX });
        let expected = format!(
            "room for {} series, cells, roots or levels; at most 1073741823 can be",
            usize::MAX
        );
        assert_eq!(message, expected);
    }
}

#[test]
fn a_node_outside_a_runtime_is_refused() {
    let (error, message) = refusal(Config::new());
    assert_eq!(error, ConfigError::NoRuntime);
    assert_eq!(message, "not inside a tokio runtime; call this from one");
}

#[tokio::test]
async fn odd_names_that_are_no_harm_are_taken() {
    let config = Config::new()
        .with_prefix("\"stats\"")
        .with_node("sjc 1/\\/é");
    let stats = Stats::spawn(config).unwrap();
    assert_eq!(stats.path(), "\"stats\"/node/sjc 1/\\/é");
}

#[test]
fn a_configuration_tells_what_it_is() {
    let config = Config::default()
        .with_node("sjc")
        .with_tiers(["edge"])
        .with_series(7);
    let told = format!("{config:?}");
    for part in [".stats/node/sjc", "series: 7", "edge", "sinks: 0"] {
        assert!(told.contains(part), "{told}");
    }
}
