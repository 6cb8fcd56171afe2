//! What may happen to a track, at random.

use proptest::{prelude::*, sample::select};
use streamgauge_core::{Duration, track::Policy};

/// One of as many as there are, by its remainder.
pub(crate) type Pick = usize;

/// A sequence.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sequence {
    /// So far above the script's own base.
    Near(u64),
    /// So far above the highest there is.
    Above(u64),
    /// So far below the last one.
    Last(u64),
    /// Any.
    Any(u64),
}

/// What happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Create(Sequence),
    Append,
    WriteFrame(usize),
    /// Into one of the groups that are cached.
    Write(Pick, usize),
    /// Into one of all the groups that ever were.
    WriteAny(Pick, usize),
    FinishGroup(Pick),
    AbortGroup(Pick, u32),
    Finish,
    FinishAt(Sequence),
    Abort(u32),
    Close,
    Restart(Policy),
    Sleep(u64),
    JumpBack(u64),
    JumpTo(u64),
    /// The clock shows this once, and then what it showed before.
    Astray(u64),
    Timeout,
    Seed(u64),
    /// Until nothing is due.
    Idle,
    ReadGroups,
    StartAt(Pick, Sequence),
    ReadGroup(Sequence),
    /// The frames of one of all the groups that ever were.
    ReadFrames(Pick),
    /// The end of the track.
    ReadEnd,
    /// The end of one of all the groups that ever were.
    ReadGroupEnd(Pick),
    Clone(Pick),
    Leave(Pick),
    /// A reader that does not wait polls.
    Poll(Pick),
    /// All readers that do not wait poll until they do.
    PollAll,
    Wakes(usize),
    Events(usize),
}

fn sequence() -> impl Strategy<Value = Sequence> {
    prop_oneof![
        16 => (0..24u64).prop_map(Sequence::Near),
        6 => (1..4u64).prop_map(Sequence::Above),
    ]
}

/// Also those that leave no room for others above.
fn wild_sequence() -> impl Strategy<Value = Sequence> {
    prop_oneof![
        100 => sequence(),
        1 => (0..3u64).prop_map(Sequence::Last),
        1 => any::<u64>().prop_map(Sequence::Any),
    ]
}

fn bytes() -> impl Strategy<Value = usize> {
    prop_oneof![
        2 => Just(0),
        16 => 1..20usize,
        2 => 20..200usize,
        1 => select(&[usize::MAX, usize::MAX - 1, usize::MAX / 2][..]),
    ]
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let pick = any::<usize>;
    let few = || 0..4usize;
    prop_oneof![
        40 => wild_sequence().prop_map(Op::Create),
        16 => Just(Op::Append),
        16 => bytes().prop_map(Op::WriteFrame),
        40 => (pick(), bytes()).prop_map(|(p, b)| Op::Write(p, b)),
        6 => (pick(), bytes()).prop_map(|(p, b)| Op::WriteAny(p, b)),
        16 => pick().prop_map(Op::FinishGroup),
        6 => (pick(), any::<u32>()).prop_map(|(p, c)| Op::AbortGroup(p, c)),
        1 => Just(Op::Finish),
        2 => sequence().prop_map(Op::FinishAt),
        1 => any::<u32>().prop_map(Op::Abort),
        1 => Just(Op::Close),
        2 => any_policy().prop_map(Op::Restart),
        24 => (0..30u64).prop_map(Op::Sleep),
        6 => (0..90u64).prop_map(Op::JumpBack),
        1 => select(&[0, u64::MAX / 2, u64::MAX - 9, u64::MAX][..]).prop_map(Op::JumpTo),
        1 => select(&[0, u64::MAX / 2, u64::MAX][..]).prop_map(Op::Astray),
        12 => Just(Op::Timeout),
        3 => Just(Op::Idle),
        1 => any::<u64>().prop_map(Op::Seed),
        10 => Just(Op::ReadGroups),
        4 => (pick(), wild_sequence()).prop_map(|(p, s)| Op::StartAt(p, s)),
        16 => wild_sequence().prop_map(Op::ReadGroup),
        20 => pick().prop_map(Op::ReadFrames),
        2 => Just(Op::ReadEnd),
        6 => pick().prop_map(Op::ReadGroupEnd),
        4 => pick().prop_map(Op::Clone),
        6 => pick().prop_map(Op::Leave),
        30 => pick().prop_map(Op::Poll),
        24 => Just(Op::PollAll),
        12 => few().prop_map(Op::Wakes),
        24 => Just(Op::Wakes(usize::MAX)),
        6 => few().prop_map(Op::Events),
        6 => Just(Op::Events(usize::MAX)),
    ]
}

/// Where a script's sequences begin.
pub(crate) fn base() -> impl Strategy<Value = u64> {
    prop_oneof![8 => Just(0), 2 => Just(u64::MAX - 20), 1 => any::<u64>()]
}

fn policy(age: u64, groups: usize, bytes: usize) -> Policy {
    Policy::new()
        .with_max_age(Duration::from_micros(age))
        .with_max_groups(groups)
        .with_max_bytes(bytes)
}

pub(crate) fn any_policy() -> impl Strategy<Value = Policy> {
    let age = prop_oneof![Just(0), 1..40u64, 40..200u64, Just(1 << 40)];
    let groups = prop_oneof![3 => 0..9usize, 3 => Just(usize::MAX)];
    let bytes = prop_oneof![1 => Just(0), 4 => 1..100usize, 2 => Just(usize::MAX)];
    (age, groups, bytes).prop_map(|(age, groups, bytes)| policy(age, groups, bytes))
}

/// One that lets frames in, and not many.
pub(crate) fn tight_policy() -> impl Strategy<Value = Policy> {
    let age = prop_oneof![1 => 1..60u64, 1 => Just(1 << 40)];
    let groups = prop_oneof![2..6usize, Just(usize::MAX)];
    (age, groups, 10..60usize).prop_map(|(age, groups, bytes)| policy(age, groups, bytes))
}
