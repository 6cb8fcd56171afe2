//! Tracks of any capacities.

use streamgauge_core::track::{InlineRoom, TrackRoom};

use super::{Payload, Track, state::View};

/// A [`Track`] of any capacities. Implemented by nothing else.
pub trait AnyTrack: Sealed + Sync + 'static {
    /// What its frames carry.
    type Payload: Payload;
    #[doc(hidden)]
    type Room: TrackRoom<Self::Payload>;

    #[doc(hidden)]
    fn with<T>(&self, f: impl FnOnce(&mut View<'_, Self::Payload, Self::Room>) -> T) -> T;

    #[doc(hidden)]
    fn change<T>(&self, f: impl FnOnce(&mut View<'_, Self::Payload, Self::Room>) -> T) -> T {
        self.with(|view| {
            let done = f(view);
            view.settle();
            done
        })
    }
}

pub trait Sealed {}

impl<P, const GROUPS: usize, const FRAMES: usize, const READERS: usize, const GONE: usize> Sealed
    for Track<P, GROUPS, FRAMES, READERS, GONE>
{
}

impl<P: Payload, const GROUPS: usize, const FRAMES: usize, const READERS: usize, const GONE: usize>
    AnyTrack for Track<P, GROUPS, FRAMES, READERS, GONE>
{
    type Payload = P;
    type Room = InlineRoom<P, GROUPS, FRAMES, GONE>;

    fn with<T>(&self, f: impl FnOnce(&mut View<'_, P, Self::Room>) -> T) -> T {
        self.0.lock(|state| f(&mut state.borrow_mut().view()))
    }
}
