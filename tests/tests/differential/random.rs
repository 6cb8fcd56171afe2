//! Scripts by chance.

use proptest::{collection::vec, prelude::*};

use crate::{
    play::play,
    script::{PATHS, Place, Step},
};

fn place() -> impl Strategy<Value = Place> {
    // Half of all places are one path, so that its guards meet.
    let path = prop_oneof![Just(0), 0..PATHS.len()];
    (path, any::<bool>(), any::<bool>()).prop_map(|(path, internal, subscriber)| Place {
        path,
        internal,
        subscriber,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => place().prop_map(Step::Announce),
        2 => any::<usize>().prop_map(Step::Unannounce),
        2 => place().prop_map(Step::Subscribe),
        3 => any::<usize>().prop_map(Step::SubscribeUnder),
        4 => any::<usize>().prop_map(Step::Unsubscribe),
        2 => (any::<usize>(), 0..5000_usize).prop_map(|(n, bytes)| Step::Bytes(n, bytes)),
        1 => any::<usize>().prop_map(Step::Frame),
        1 => any::<usize>().prop_map(Step::Group),
        4 => Just(Step::Tick),
        1 => Just(Step::Late),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_script_publishes_what_the_model_publishes(script in vec(step(), 0..120)) {
        play("sjc/1", &script);
    }
}
