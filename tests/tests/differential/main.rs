//! One script, played to moq-net 0.1.7's own stats and to a node of ours in the same paused time: what
//! they publish is compared tick by tick, field by field.
//!
//! The differences are deliberate, and are all that the comparison allows:
//! * `broadcasts` and `broadcasts_closed` count every transition, the model at most one per tick;
//! * `viewers`, `viewers_closed` and `since` are additions;
//! * a series that ended starts anew when it comes back, while the model goes on counting as long as
//!   another tier or role of the same path is open; a new life is a new frame even if its nine
//!   counters are those of the life before, since its `since` is later.

mod compare;
mod model;
mod ours;
mod play;
mod random;
mod script;
mod scripts;
