//! Families that cannot be published together.

use streamgauge_tokio::{Config, ConfigError, Family, FamilyMeter, Stats};

use crate::sensor::Sensor;

mod named {
    macro_rules! families {
        ($($family:ident: $name:literal,)*) => { $(streamgauge_tokio::family! {
            /// One of many.
            pub(crate) struct $family: $name { counter things: "things"; }
        })* };
    }
    families! {
        Node: "node",
        Egress: "publisher",
    }
}

fn refused<F: Family>() {
    let config = Config::new().with_family(&FamilyMeter::<F>::new(1));
    let error = Stats::spawn(config).expect_err("refused");
    assert_eq!(error, ConfigError::FamilyName { family: F::NAME });
}

#[tokio::test]
async fn a_family_named_as_a_track_of_the_node_is_refused() {
    refused::<named::Node>();
    refused::<named::Egress>();
}

#[tokio::test]
async fn two_families_of_one_name_are_refused() {
    let config = [FamilyMeter::<Sensor>::new(1), FamilyMeter::new(1)]
        .iter()
        .fold(Config::new(), Config::with_family);
    let error = Stats::spawn(config).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "the family name \"sensor\" is empty, given twice, that of a track, or has a slash in it; \
         choose another"
    );
}

#[tokio::test]
async fn two_families_with_a_metric_in_common_are_refused() {
    streamgauge_tokio::family! {
        /// Its metrics are called as those of traffic.
        struct Spoof: "spoof" as "streamgauge_traffic" { counter packets: "packets"; counter frames: "frames"; }
    }
    let config = Config::new().with_family(&FamilyMeter::<Spoof>::new(1));
    let error = Stats::spawn(config).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "another family has the metric streamgauge_traffic_frames of the family \"spoof\"; declare one of them \
         with other metric names"
    );
}

#[tokio::test]
async fn two_families_whose_totals_would_be_one_metric_are_refused() {
    streamgauge_tokio::family! {
        /// Its totals would be called as those of traffic.
        struct Spoof: "spoof" as "traffic" { counter frames: "frames"; }
    }
    let config = Config::new().with_family(&FamilyMeter::<Spoof>::new(1));
    let error = Stats::spawn(config).expect_err("refused");
    let metric = "another family has the metric traffic_frames ";
    assert!(error.to_string().starts_with(metric), "{error}");
}
