//! What changed in `node.json`, as a JSON merge patch.

use super::{Health, NUMBERS, Names, USAGE, front, lane_name, of_usage};
use crate::{
    encode::{Out, Window, json, number::number, patch},
    families::{Presence, Traffic},
    feed::Chunk,
    label::Role,
    ledger::{Books, Ledger},
    pool::Usage,
    schema::Family,
};

/// What a reader of patches was told of `node.json`, the totals apart, which the books have marks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told(Option<Health>);

impl Told {
    /// Nothing: the next patch says all.
    pub const NOTHING: Self = Self(None);

    pub(crate) fn tell(&mut self, health: &Health) {
        self.0 = Some(*health);
    }
}

/// Writes the part of the patch after `skip` bytes that fits into `buf`.
pub(crate) fn encode_patch<N: Names + ?Sized, T: Books<Traffic>, P: Books<Presence>>(
    told: &Told,
    health: &Health,
    names: &N,
    (traffic, presence): (&Ledger<Traffic, T>, &Ledger<Presence, P>),
    skip: usize,
    buf: &mut [u8],
) -> Chunk {
    let Some(told) = &told.0 else {
        return super::encode(health, names, traffic, presence, skip, buf);
    };
    let mut out = Window::new(buf, skip);
    out.put(b"{");
    let mut members = Members::new(&mut out);
    members.changed(&NUMBERS, &front(told), &front(health));
    members.usage("traffic", &told.traffic, &health.traffic);
    members.usage("presence", &told.presence, &health.presence);
    members.object("families", |members| families(members, names));
    members.object("totals", |members| {
        totals(members, names, traffic, presence);
    });
    out.put(b"}");
    Chunk {
        len: out.written(),
        end: out.is_complete(),
    }
}

fn families<O: Out>(members: &mut Members<'_, O>, names: &(impl Names + ?Sized)) {
    let told = names.families_told();
    for (place, (name, of)) in names.families().iter().enumerate() {
        match told.get(place) {
            Some(told) => members.usage(name, told, of),
            None => members.object(name, |members| members.all(&USAGE, &of_usage(of))),
        }
    }
}

fn totals<O: Out, T: Books<Traffic>, P: Books<Presence>>(
    members: &mut Members<'_, O>,
    names: &(impl Names + ?Sized),
    traffic: &Ledger<Traffic, T>,
    presence: &Ledger<Presence, P>,
) {
    for lane in 0..traffic.lanes() {
        let role = Role::ALL.get(lane % Role::ALL.len());
        let role = role.map_or("", |role| role.as_str());
        members.total(names, lane / Role::ALL.len(), role, traffic, lane);
    }
    for lane in 0..presence.lanes() {
        members.total(names, lane, "sessions", presence, lane);
    }
}

/// The members of one object, which is there only if one of them is.
struct Members<'a, O> {
    out: &'a mut O,
    first: bool,
}

impl<'a, O: Out> Members<'a, O> {
    fn new(out: &'a mut O) -> Self {
        Self { out, first: true }
    }

    /// Writes the numbers that differ. Their names have what stands before and behind them in the whole
    /// document.
    fn changed(&mut self, names: &[&str], told: &[u64], now: &[u64]) {
        for ((name, told), now) in names.iter().zip(told).zip(now) {
            if told != now {
                self.number(name, *now);
            }
        }
    }

    fn all(&mut self, names: &[&str], now: &[u64]) {
        for (name, now) in names.iter().zip(now) {
            self.number(name, *now);
        }
    }

    fn number(&mut self, name: &str, value: u64) {
        let name = name.trim_start_matches(['{', ',']);
        self.comma();
        self.out.put(name.as_bytes());
        number(self.out, value);
    }

    fn usage(&mut self, name: &str, told: &Usage, now: &Usage) {
        if told != now {
            self.object(name, |members| {
                members.changed(&USAGE, &of_usage(told), &of_usage(now));
            });
        }
    }

    /// Writes an object, if anything is written into it.
    fn object(&mut self, name: &str, write: impl FnOnce(&mut Members<'_, Opened<'_, '_, O>>)) {
        let mut opened = Opened {
            outer: self,
            name,
            is_open: false,
        };
        write(&mut Members::new(&mut opened));
        if opened.is_open {
            self.out.put(b"}");
        }
    }

    fn total<F: Family, B: Books<F>>(
        &mut self,
        names: &(impl Names + ?Sized),
        tier: usize,
        track: &str,
        ledger: &Ledger<F, B>,
        lane: usize,
    ) {
        let changed = ledger.total_changes(lane);
        if !changed.is_empty() {
            lane_name(self.out, names, self.first, tier, track);
            self.first = false;
            self.out.put(b"{");
            patch::words::<F>(self.out, ledger.lane_words(lane), changed);
            self.out.put(b"}");
        }
    }

    fn comma(&mut self) {
        if !core::mem::take(&mut self.first) {
            self.out.put(b",");
        }
    }
}

/// Opens an object when the first bytes of it are written.
struct Opened<'a, 'b, O> {
    outer: &'a mut Members<'b, O>,
    name: &'a str,
    is_open: bool,
}

impl<O: Out> Out for Opened<'_, '_, O> {
    const IS_PART: bool = O::IS_PART;

    fn put(&mut self, bytes: &[u8]) {
        if !core::mem::replace(&mut self.is_open, true) {
            self.outer.comma();
            self.outer.out.put(b"\"");
            json::text(self.outer.out, self.name.as_bytes());
            self.outer.out.put(b"\":{");
        }
        self.outer.out.put(bytes);
    }
}
