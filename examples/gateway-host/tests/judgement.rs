//! The host is a fair judge: what a real node counts agrees with its model, and what is wrong is found.

use bytes::Bytes;
use proptest::{collection::vec, prelude::*};
use streamgauge_core::{Role, Tier, TrackId};
use streamgauge_gateway_host::delivery::Delivery;
use streamgauge_gateway_host::gauges::Gauges;
use streamgauge_gateway_host::model::{Event, Model};
use streamgauge_tokio::{Config, PublisherStats, PublisherTrack, Stats, SubscriberStats};

/// What the gateway holds for a broadcast.
struct Broadcast {
    offered: PublisherStats,
    incoming: PublisherTrack,
    outgoing: Vec<PublisherTrack>,
    _announced: SubscriberStats,
}

/// Something to do with one of the broadcasts.
#[derive(Clone, Copy, Debug)]
enum Act {
    Subscribe,
    Unsubscribe,
    Group,
    Frame(usize),
}

fn acts() -> impl Strategy<Value = Vec<(usize, Act)>> {
    let act = prop_oneof![
        Just(Act::Subscribe),
        Just(Act::Unsubscribe),
        Just(Act::Group),
        (0_usize..1000).prop_map(Act::Frame),
    ];
    vec((0..BROADCASTS, act), 0..150)
}

const BROADCASTS: usize = 6;

/// Does with a real node what the gateway does, and tells the model.
fn play(stats: &Stats, acts: &[(usize, Act)]) -> (Vec<Broadcast>, Model) {
    let mut model = Model::default();
    let mut broadcasts: Vec<Broadcast> = (0..BROADCASTS)
        .map(|number| {
            let path = format!("demo/{number}");
            let broadcast = stats.tier(Tier::External).broadcast(&path);
            model.note(Event::Announce {
                broadcast: id(number),
                path,
            });
            let announced = broadcast.subscriber();
            Broadcast {
                offered: broadcast.publisher(),
                incoming: announced.track("data"),
                outgoing: Vec::new(),
                _announced: announced,
            }
        })
        .collect();
    for (number, act) in acts {
        let open = &mut broadcasts[*number];
        model_act(&mut model, *number, open.outgoing.len(), *act);
        match act {
            Act::Subscribe => open.outgoing.push(open.offered.track("data")),
            Act::Unsubscribe => drop(open.outgoing.pop()),
            Act::Group => all(open, PublisherTrack::group),
            Act::Frame(bytes) => all(open, |track| track.whole_frame(*bytes)),
        }
    }
    (broadcasts, model)
}

fn all(broadcast: &mut Broadcast, count: impl Fn(&mut PublisherTrack)) {
    count(&mut broadcast.incoming);
    broadcast.outgoing.iter_mut().for_each(count);
}

fn model_act(model: &mut Model, number: usize, open: usize, act: Act) {
    let broadcast = id(number);
    let subscription = |place: usize| id(number * 40 + place % 40);
    match act {
        Act::Subscribe => model.note(Event::Subscribe {
            subscription: subscription(open),
            broadcast,
        }),
        Act::Unsubscribe if open > 0 => model.note(Event::Unsubscribe {
            subscription: subscription(open - 1),
        }),
        Act::Unsubscribe => {}
        Act::Group => model.note(Event::Group { broadcast }),
        Act::Frame(bytes) => model.note(Event::Frame { broadcast, bytes }),
    }
}

fn id(number: usize) -> u8 {
    u8::try_from(number).expect("few")
}

/// What the node tells, in the gauges of a host.
fn read(stats: &Stats) -> Gauges {
    let mut gauges = Gauges::default();
    let tracks = [
        (
            "publisher.json",
            TrackId::Traffic(Tier::External, Role::Publisher),
        ),
        (
            "subscriber.json",
            TrackId::Traffic(Tier::External, Role::Subscriber),
        ),
        ("node.json", TrackId::Node),
    ];
    for (name, track) in tracks {
        let latest = stats.latest(name).and_then(|latest| latest.frame());
        let payload = latest.expect("a frame after a flush").payload;
        gauges.update(track, &payload).expect("a lawful frame");
    }
    gauges
}

/// The differences between a real node with so many series and the model, and the same after one more
/// frame that the node does not see.
fn judge(series: usize, acts: &[(usize, Act)]) -> (Vec<String>, Vec<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let stats = Stats::spawn(Config::new().with_series(series)).expect("a node");
        let (open, mut model) = play(&stats, acts);
        // A guard in the overflow series keeps what it counted last until it drops.
        if series < 2 * BROADCASTS {
            drop(open);
            model.note(Event::Reset);
        }
        stats.flush().await;
        let gauges = read(&stats);
        let right = gauges.differences(&model);
        model.note(Event::Race {
            path: "demo/0",
            frames: 1,
        });
        (right, gauges.differences(&model))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_real_node_agrees_with_the_model(acts in acts()) {
        let subscribers = |number: usize| acts.iter().filter(|act| act.0 == number).count();
        prop_assume!((0..BROADCASTS).all(|number| subscribers(number) < 40));
        let (right, wrong) = judge(2 * BROADCASTS, &acts);
        prop_assert_eq!(right, Vec::<String>::new());
        prop_assert!(!wrong.is_empty());
    }

    #[test]
    fn a_node_without_room_for_all_agrees_with_the_model(acts in acts(), series in 0_usize..12) {
        let subscribers = |number: usize| acts.iter().filter(|act| act.0 == number).count();
        prop_assume!((0..BROADCASTS).all(|number| subscribers(number) < 40));
        let (right, wrong) = judge(series, &acts);
        prop_assert_eq!(right, Vec::<String>::new());
        prop_assert!(!wrong.is_empty());
    }
}

#[test]
fn what_arrives_otherwise_than_it_was_sent_is_found() {
    let mut delivery = Delivery::default();
    delivery.expect_group(1, 7);
    delivery.expect_frame(1, Bytes::from_static(b"abc"));
    delivery.expect_frame(1, Bytes::from_static(b"def"));
    assert!(delivery.group(1, 7).is_ok());
    assert!(delivery.frame(1, b"abc").is_ok());
    assert_eq!(delivery.missing(), 1);
    assert!(delivery.frame(1, b"deF").is_err());
    assert!(delivery.frame(2, b"def").is_err(), "nobody sent it there");
    assert!(
        delivery.frame(1, b"def").is_err(),
        "it came once, if otherwise"
    );
}

#[test]
fn a_frame_that_breaks_a_law_is_found() {
    let track = TrackId::Traffic(Tier::External, Role::Publisher);
    let row = |frames: u64, closed: u64, since: u64| {
        let row = format!(
            r#"{{"a":{{"subscriptions":2,"subscriptions_closed":{closed},"frames":{frames},"since":{since}}}}}"#
        );
        row.into_bytes()
    };
    let mut gauges = Gauges::default();
    assert!(gauges.update(track, &row(5, 0, 1)).is_ok());
    assert!(gauges.update(track, &row(4, 0, 1)).is_err(), "frames fell");
    assert!(gauges.update(track, &row(4, 0, 2)).is_ok(), "another life");
    assert!(
        gauges.update(track, &row(4, 3, 2)).is_err(),
        "more closed than opened"
    );
}
