//! Labels that all samples carry.

use streamgauge_core::{Format, LabelError, Labels};
use streamgauge_tests::text::{Scene, Step, check, parse};

#[test]
fn names_that_no_scraper_reads_are_refused() {
    for name in ["", "1a", "_a", "__name__", "a-b", "a:b", "é", "a b", "a\n"] {
        let pairs = [(name, "value")];
        assert_eq!(
            Labels::new(&pairs).err(),
            Some(LabelError::Malformed(name)),
            "{name:?}"
        );
    }
    for name in ["le", "quantile"] {
        let pairs = [(name, "value")];
        assert_eq!(Labels::new(&pairs).err(), Some(LabelError::Reserved(name)));
    }
    let pairs = [("a", "1"), ("b", "2"), ("a", "1")];
    assert_eq!(Labels::new(&pairs).err(), Some(LabelError::Twice("a")));
    let errors = [
        LabelError::Malformed("1a"),
        LabelError::Reserved("le"),
        LabelError::Twice("a"),
    ];
    for error in errors {
        assert!(!error.to_string().is_empty());
    }
    assert!(Labels::new(&[("node", ""), ("Zone_2", "\0\"\n")]).is_ok());
}

#[test]
fn a_label_that_a_family_has_itself_stands_alone() {
    let names = [
        "node",
        "tier",
        "role",
        "broadcast",
        "kind",
        "side",
        "family",
        "root",
        "name",
    ];
    let labels = names.map(|name| (name, "mine"));
    let mut scene = Scene::new(4, &labels);
    for family in 0..6 {
        scene.play(&Step {
            family,
            lane: 1,
            name: "theirs".into(),
            amounts: [3; 10],
            set: true,
            held: true,
            tick: (false, false),
        });
    }
    scene.tick(false);
    for format in Format::ALL {
        let metrics = parse(&scene.write(format, 4096), format).expect("no label stands twice");
        check(&metrics, format);
        assert_eq!(metrics[..scene.meant(format).len()], scene.meant(format));
    }
    let text = scene.write(Format::Prometheus, 4096);
    let line = "streamgauge_traffic_bytes_total{node=\"mine\",kind=\"mine\",side=\"mine\",family=\"mine\",\
                root=\"mine\",name=\"mine\",tier=\"external\",role=\"subscriber\",broadcast=\"theirs\"} 3\n";
    assert!(text.contains(line), "{text}");
}
