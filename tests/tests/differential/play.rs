//! Plays a script to both systems at once.

use std::{collections::BTreeSet, time::Duration};

use tokio::{
    runtime::Builder,
    time::{advance, sleep},
};

use crate::{
    compare::Comparison,
    model::Model,
    ours::Ours,
    script::{Hands, Step, TRACKS},
};

const TICK: Duration = Duration::from_secs(1);

/// Plays a script in a paused time of its own; panics where the systems differ.
pub(crate) fn play(node: &str, script: &[Step]) {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut stage = Stage::open(node).await;
        for step in script {
            stage.act(*step).await;
        }
        stage.close().await;
    });
}

struct Stage {
    model: Hands<Model>,
    ours: Hands<Ours>,
    comparison: Comparison,
}

impl Stage {
    /// Both systems, half an interval after their first ticks.
    async fn open(node: &str) -> Self {
        let (model, ours) = (Model::spawn(node), Ours::spawn(node));
        let mut stage = Self {
            model: Hands::new(model),
            ours: Hands::new(ours),
            comparison: Comparison::default(),
        };
        let path = stage.model.system.announced().await;
        assert_eq!(stage.ours.system.path(), path);
        sleep(TICK / 2).await;
        stage.compare().await;
        stage
    }

    async fn act(&mut self, step: Step) {
        self.model.act(step);
        self.ours.act(step);
        match step {
            Step::Tick => sleep(TICK).await,
            Step::Late => {
                advance(TICK * 9 / 4).await;
                sleep(TICK / 2).await;
            }
            _ => return,
        }
        self.compare().await;
    }

    async fn compare(&mut self) {
        for track in 0..TRACKS.len() {
            let model = self.model.system.frames(track).await;
            let ours = self.ours.system.frames(track);
            self.comparison.tick(track, &model, &ours);
        }
        self.comparison.ended(&self.open_series());
    }

    /// The series that guards refer to, by track and path.
    fn open_series(&self) -> BTreeSet<(usize, String)> {
        let announced = self.ours.announces().iter().map(|announce| announce.1);
        let subscribed = self.ours.tracks().iter().map(|track| track.1);
        let places = announced.chain(subscribed);
        places.map(|place| (place.track(), place.key())).collect()
    }

    /// Closes every guard, and sees both systems show that and then nothing.
    async fn close(mut self) {
        self.model.drop_all();
        self.ours.drop_all();
        self.act(Step::Tick).await;
        self.act(Step::Tick).await;
        assert!(self.comparison.is_empty());
    }
}
