//! Every kind of number, held to a naive model over any order of operations, in tables of any size.

use std::collections::BTreeMap;

use proptest::prelude::*;
use streamgauge_core::{Duration, Family, Linger, OVERFLOW};
use streamgauge_tests::{Desk, DeskRoom, Words, plus};

use crate::declared::{
    DEPTH, Held, IO, JOB_BYTES, JOBS, Job, Jobs, OOM, PAYLOAD, WAIT, Writer, lease,
};

#[derive(Clone, Copy, Debug)]
enum Op {
    Open(usize),
    Clone(usize),
    Begin(usize),
    Write(usize),
    Tell(usize, usize),
    Bump(usize, usize),
    Record(usize, usize),
    Set(usize, usize),
    SetByWriter(usize, usize),
    End(usize, usize),
    LetGo(usize),
    Leave(usize),
    DropJob(usize),
    Collect,
    Accept,
}

/// Something open, and the name of its series.
type Open<T> = (T, String);

struct World {
    desk: Desk<Jobs>,
    held: Vec<Open<Held>>,
    jobs: Vec<Open<Job>>,
    writers: Vec<Open<Writer>>,
    /// All that was counted, by the name of the series.
    truth: BTreeMap<String, Jobs>,
    /// What series brought that have retired.
    before: BTreeMap<String, Words>,
    /// As last collected.
    known: BTreeMap<String, Jobs>,
    /// The value of a gauge, in the series' present life.
    depth: BTreeMap<String, u64>,
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn pick<T>(all: &[T], pick: usize) -> Option<&T> {
    all.get(pick.checked_rem(all.len())?)
}

fn remove<T>(all: &mut Vec<T>, pick: usize) -> Option<T> {
    let at = pick.checked_rem(all.len())?;
    Some(all.swap_remove(at))
}

impl World {
    fn new(room: DeskRoom, patching: bool) -> Self {
        let desk = Desk::lingering(room, Linger::AtOnce);
        Self {
            desk: if patching { desk.patching() } else { desk },
            held: Vec::new(),
            jobs: Vec::new(),
            writers: Vec::new(),
            truth: BTreeMap::new(),
            before: BTreeMap::new(),
            known: BTreeMap::new(),
            depth: BTreeMap::new(),
        }
    }

    fn count(&mut self, name: &str, f: impl FnOnce(&mut Jobs)) {
        f(self.truth.entry(name.to_owned()).or_default());
    }

    fn play(&mut self, op: Op) {
        match op {
            Op::Open(n) => {
                let name = NAMES[n % NAMES.len()];
                let held = lease(&self.desk, name);
                let name = if held.is_folded() { OVERFLOW } else { name };
                self.held.push((held, name.to_owned()));
            }
            Op::Clone(n) => {
                if let Some((held, name)) = pick(&self.held, n) {
                    let held = (held.clone(), name.clone());
                    self.held.push(held);
                }
            }
            Op::Begin(n) => {
                if let Some((held, name)) = pick(&self.held, n) {
                    let (job, name) = (held.begin(JOBS), name.clone());
                    self.count(&name, |jobs| jobs.jobs += 1);
                    self.jobs.push((job, name));
                }
            }
            Op::Write(n) => {
                if let Some((held, name)) = pick(&self.held, n) {
                    let writer = (held.writer(), name.clone());
                    self.writers.push(writer);
                }
            }
            Op::Tell(n, by) => self.tell(n, by),
            Op::Bump(n, by) => self.bump(n, by),
            Op::Record(n, value) => self.record(n, value),
            Op::Set(n, value) => {
                if let Some((held, name)) = pick(&self.held, n) {
                    held.set(DEPTH, value);
                    self.depth.insert(name.clone(), value as u64);
                }
            }
            Op::SetByWriter(n, value) => {
                if let Some((writer, name)) = pick(&self.writers, n) {
                    writer.set(DEPTH, value);
                    self.depth.insert(name.clone(), value as u64);
                }
            }
            Op::End(n, value) => self.end(n, value),
            Op::LetGo(n) => drop(remove(&mut self.held, n)),
            Op::Leave(n) => drop(remove(&mut self.writers, n)),
            Op::DropJob(n) => {
                if let Some((job, name)) = remove(&mut self.jobs, n) {
                    drop(job);
                    self.count(&name, |jobs| jobs.jobs_done += 1);
                }
            }
            Op::Collect => self.collect(),
            Op::Accept => self.accept(),
        }
    }

    fn tell(&mut self, n: usize, by: usize) {
        let Some((held, name)) = pick(&self.held, n) else {
            return;
        };
        held.add(OOM, by);
        held.record(WAIT, Duration::from_micros(by as u64));
        let (name, wait) = (name.clone(), Jobs::HISTOGRAMS[2].bounds);
        self.count(&name, |jobs| {
            jobs.failures_oom += by as u64;
            jobs.wait_us.buckets[wait.partition_point(|bound| *bound < by as u64)] += 1;
            jobs.wait_us.sum += by as u64;
        });
    }

    fn bump(&mut self, n: usize, by: usize) {
        let Some(at) = n.checked_rem(self.writers.len()) else {
            return;
        };
        let (writer, name) = &mut self.writers[at];
        // An odd number of bumps, for a writer without a cell counts them.
        writer.add(IO, 1);
        writer.add(PAYLOAD, by);
        writer.add(PAYLOAD, 1);
        let name = name.clone();
        self.count(&name, |jobs| {
            jobs.failures_io += 1;
            jobs.payload_bytes += by as u64 + 1;
        });
    }

    fn record(&mut self, n: usize, value: usize) {
        let Some(at) = n.checked_rem(self.writers.len()) else {
            return;
        };
        let (writer, name) = &mut self.writers[at];
        // So often that a writer without a cell hands over what it kept, and may get one.
        (0..20).for_each(|_| writer.record(JOB_BYTES, value));
        let name = name.clone();
        self.count(&name, |jobs| recorded(jobs, value, 20));
    }

    fn end(&mut self, n: usize, value: usize) {
        let Some((mut job, name)) = remove(&mut self.jobs, n) else {
            return;
        };
        job.end(|tally| {
            tally.add(OOM, 1);
            tally.record(JOB_BYTES, value);
        });
        self.count(&name, |jobs| {
            jobs.jobs_done += 1;
            jobs.failures_oom += 1;
            recorded(jobs, value, 1);
        });
    }

    fn collect(&mut self) {
        self.desk.collect();
        self.note();
        self.desk.check_parts();
        self.desk.check_order();
        let usage = self.desk.usage();
        assert!(usage.series <= usage.series_capacity && usage.cells <= usage.cells_capacity);
        for (name, jobs) in &self.known {
            self.check(name, jobs);
        }
    }

    fn accept(&mut self) {
        self.desk.accept();
        self.note();
    }

    /// Notes what is known, and what is no more.
    fn note(&mut self) {
        let all = self.desk.all();
        let gone = std::mem::replace(&mut self.known, all);
        for (name, jobs) in gone {
            if !self.known.contains_key(&name) {
                let before = self.before.entry(name.clone()).or_default();
                *before = plus(before, &jobs.words()[..summed()]);
                let open =
                    |opened: &[(Held, String)]| opened.iter().any(|(_, other)| *other == name);
                assert!(!open(&self.held), "{name}: released while it is held");
                self.depth.remove(&name);
            }
        }
    }

    /// A series says what is true of it, but for what writers without a cell keep.
    fn check(&self, name: &str, jobs: &Jobs) {
        let truth = self.truth.get(name).copied().unwrap_or_default();
        let told = self.told(name, jobs);
        assert_eq!(
            told[2..4],
            truth.words()[2..4],
            "{name}: what is under the lock is exact"
        );
        assert_eq!(told[5], truth.failures_oom, "{name}");
        for (word, (told, truth)) in told.iter().zip(truth.words()).enumerate() {
            assert!(
                *told <= truth,
                "{name}: word {word} is {told}, and {truth} was counted"
            );
        }
        let depth = self.depth.get(name).copied().filter(|_| name != OVERFLOW);
        assert_eq!(jobs.depth, depth, "{name}");
    }

    /// All that was told of a series over all its lives.
    fn told(&self, name: &str, jobs: &Jobs) -> Words {
        let none = Words::new();
        plus(
            self.before.get(name).unwrap_or(&none),
            &jobs.words()[..summed()],
        )
    }

    /// After the last guard, every series has told all that is true of it, and all room is free.
    fn finish(mut self) {
        for job in 0..self.jobs.len() {
            self.play(Op::DropJob(job));
        }
        self.jobs.clear();
        self.writers.clear();
        self.held.clear();
        for _ in 0..3 {
            self.collect();
            self.accept();
        }
        for (name, truth) in &self.truth {
            let jobs = self.known.get(name).copied().unwrap_or_default();
            assert_eq!(self.told(name, &jobs), truth.words()[..summed()], "{name}");
        }
        let usage = self.desk.usage();
        assert_eq!((usage.series, usage.cells), (0, 0));
    }
}

/// Words that add up.
fn summed() -> usize {
    Jobs::default().words().len() - 2
}

fn recorded(jobs: &mut Jobs, value: usize, times: u64) {
    let place = [64, 256, 1_024]
        .iter()
        .filter(|bound| value > **bound)
        .count();
    jobs.job_bytes.buckets[place] += times;
    jobs.job_bytes.sum += value as u64 * times;
}

fn op() -> impl Strategy<Value = Op> {
    let (n, value) = (any::<usize>(), 0..2_000_usize);
    prop_oneof![
        3 => (0..NAMES.len()).prop_map(Op::Open),
        1 => n.prop_map(Op::Clone),
        2 => n.prop_map(Op::Begin),
        2 => n.prop_map(Op::Write),
        2 => (n, value.clone()).prop_map(|(n, value)| Op::Tell(n, value)),
        3 => (n, value.clone()).prop_map(|(n, value)| Op::Bump(n, value)),
        3 => (n, value.clone()).prop_map(|(n, value)| Op::Record(n, value)),
        1 => (n, value.clone()).prop_map(|(n, value)| Op::Set(n, value)),
        1 => (n, value.clone()).prop_map(|(n, value)| Op::SetByWriter(n, value)),
        2 => (n, value).prop_map(|(n, value)| Op::End(n, value)),
        2 => n.prop_map(Op::LetGo),
        2 => n.prop_map(Op::Leave),
        1 => n.prop_map(Op::DropJob),
        3 => Just(Op::Collect),
        2 => Just(Op::Accept),
    ]
}

proptest! {
    #[test]
    fn every_series_tells_its_own_truth(
        series in 0..4_usize,
        cells in 0..4_usize,
        shards in 1..3_usize,
        patching in any::<bool>(),
        ops in prop::collection::vec(op(), 0..120),
    ) {
        let mut world = World::new(DeskRoom { series, cells, shards }, patching);
        for op in ops {
            world.play(op);
        }
        world.finish();
    }
}
