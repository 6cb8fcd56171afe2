//! An exposition comes in pieces of any size, and all of it is of one moment.

use streamgauge_core::{Exposition, FamilySection, Format, Section};
use streamgauge_tests::text::{Book, Probe, Random, Scene};

use crate::golden::pumps;

fn busy_scene() -> Scene {
    let mut random = Random(7);
    let mut scene = Scene::new(2, &[("node", "a \"node\"")]);
    for _ in 0..12 {
        scene.play(&random.step());
    }
    scene.tick(false);
    scene
}

#[test]
fn pieces_of_any_size_make_the_same_text() {
    for format in Format::ALL {
        let whole = pumps(format, 1 << 20);
        for room in 1..=whole.len() {
            assert_eq!(pumps(format, room), whole, "{format:?} by {room}");
        }
    }
}

#[test]
fn pieces_of_a_large_exposition_make_the_same_text() {
    let scene = busy_scene();
    for format in Format::ALL {
        let whole = scene.write(format, 1 << 20);
        for room in [64, 499, 4096] {
            assert_eq!(scene.write(format, room), whole, "{format:?} by {room}");
        }
    }
}

#[test]
fn a_name_longer_than_any_copy_is_written_whole() {
    let label = "long \"label\" ".repeat(30);
    let mut scene = Scene::new(2, &[("node", &label)]);
    scene.play(&Random(11).step());
    scene.tick(false);
    for format in Format::ALL {
        let whole = scene.write(format, 1 << 20);
        assert!(whole.contains(&label.replace('"', "\\\"")));
        for room in [100, 400, 1_000, 10_000] {
            assert_eq!(scene.write(format, room), whole, "{format:?} by {room}");
        }
    }
}

#[test]
fn a_buffer_without_room_takes_nothing_and_loses_nothing() {
    let book = Book::<Probe>::new(1, 1, 0);
    let section = FamilySection::new(&book.ledger, book.meter());
    let sections: [&dyn Section; 1] = [&section];
    let mut exposition = Exposition::new(Format::OpenMetrics1, &sections);
    let nothing = exposition.encode(&mut []);
    assert_eq!((nothing.len, nothing.end), (0, false));
    let mut buf = vec![0; 1 << 16];
    let all = exposition.encode(&mut buf);
    assert!(all.end && buf[..all.len].ends_with(b"# EOF\n"));
    let nothing = exposition.encode(&mut buf);
    assert_eq!(
        (nothing.len, nothing.end),
        (0, true),
        "what ended has no more"
    );
}
