//! `node.json`: the state of a reporter, and the totals of its lanes.

use super::{
    error::{Expected, ParseError},
    frame::{Entry, Rows},
    scan::{Scanner, Token},
};
use crate::{node::Health, pool::Usage, schema::Family};

/// Reads a `node.json` as it comes in, in pieces of any size: the state of the reporter, and the totals of
/// its lanes as far as they are of family `F`. What it has not got is zero.
///
/// The totals come as the rows of a frame, by the name of their track without `.json`, such as
/// `internal/publisher`. Those of other families come too, with no number that `F` knows.
#[derive(Clone, Debug)]
pub struct NodeReader<F: Family, const KEY: usize> {
    scanner: Scanner<KEY>,
    members: Members<F, KEY>,
}

impl<F: Family, const KEY: usize> NodeReader<F, KEY> {
    /// Before the first byte. `KEY` is at least 32, for the names of members.
    pub const fn new() -> Self {
        const { assert!(KEY >= 32, "there is room for the name of a counter") };
        Self {
            scanner: Scanner::new(),
            members: Members {
                place: Place::Report,
                health: NO_HEALTH,
                totals: Rows::new(),
                depth: 0,
            },
        }
    }

    /// Before the first byte of a merge patch of what this told: what that leaves out is as it was. Totals
    /// come as far as they changed.
    pub const fn after(health: &Health) -> Self {
        let mut reader = Self::new();
        reader.members.health = *health;
        reader
    }

    /// Reads the next piece; `report` is called for the totals of each lane as soon as they are read.
    ///
    /// # Errors
    /// What is wrong, and where. The reader is of no more use then: it is to be made anew.
    pub fn push(
        &mut self,
        piece: &[u8],
        mut report: impl FnMut(Entry<'_, F>),
    ) -> Result<(), ParseError> {
        let members = &mut self.members;
        self.scanner
            .push(piece, &mut |token| members.take(token, &mut report))
    }

    /// Says that there are no more pieces, and hands over what the reporter tells of itself. The reader
    /// is ready for the next one.
    ///
    /// # Errors
    /// When the report is not whole.
    pub fn finish(&mut self) -> Result<Health, ParseError> {
        let members = &mut self.members;
        let mut none = |_: Entry<'_, F>| {};
        self.scanner
            .finish(&mut |token| members.take(token, &mut none))?;
        Ok(core::mem::take(self).members.health)
    }
}

impl<F: Family, const KEY: usize> Default for NodeReader<F, KEY> {
    fn default() -> Self {
        Self::new()
    }
}

const NO_USAGE: Usage = Usage {
    series: 0,
    series_capacity: 0,
    cells: 0,
    cells_capacity: 0,
    folded_keys: 0,
    folded_guards: 0,
    folded_events: 0,
};

const NO_HEALTH: Health = Health {
    epoch: 0,
    since: 0,
    ts_ms: 0,
    interval_ms: 0,
    ticks: 0,
    late_ticks: 0,
    skipped_ticks: 0,
    early_ticks: 0,
    frames: 0,
    frame_bytes: 0,
    refused_frames: 0,
    boots: 0,
    restored_boots: 0,
    refused_boots: 0,
    traffic: NO_USAGE,
    presence: NO_USAGE,
};

/// Where in the report.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Before its brace.
    Report,
    /// Before a member's name, or the end.
    Names,
    /// Behind a member's name.
    Member(Member),
    /// In the usage of a table, before a name or the end.
    Usage(Table),
    /// Behind a name there.
    Figure(Table, Option<Figure>),
    /// So deep in something that means nothing to us, and in whose usage that is.
    Skip(u32, Option<Table>),
    /// Among the totals.
    Totals,
}

/// What a member of the report stands for.
#[derive(Clone, Copy, Debug)]
enum Member {
    Number(fn(&mut Health) -> &mut u64),
    Usage(Table),
    Totals,
    Unknown,
}

/// A number of a table's usage.
type Figure = fn(&mut Usage) -> &mut usize;

#[derive(Clone, Copy, Debug)]
enum Table {
    Traffic,
    Presence,
}

impl Member {
    fn named(name: &str) -> Self {
        Self::Number(match name {
            "epoch" => |health| &mut health.epoch,
            "since" => |health| &mut health.since,
            "ts_ms" => |health| &mut health.ts_ms,
            "interval_ms" => |health| &mut health.interval_ms,
            "ticks" => |health| &mut health.ticks,
            "late_ticks" => |health| &mut health.late_ticks,
            "skipped_ticks" => |health| &mut health.skipped_ticks,
            "early_ticks" => |health| &mut health.early_ticks,
            "frames" => |health| &mut health.frames,
            "frame_bytes" => |health| &mut health.frame_bytes,
            "refused_frames" => |health| &mut health.refused_frames,
            "boots" => |health| &mut health.boots,
            "restored_boots" => |health| &mut health.restored_boots,
            "refused_boots" => |health| &mut health.refused_boots,
            "traffic" => return Self::Usage(Table::Traffic),
            "presence" => return Self::Usage(Table::Presence),
            "totals" => return Self::Totals,
            _ => return Self::Unknown,
        })
    }
}

fn figure(name: &str) -> Option<Figure> {
    Some(match name {
        "series" => |usage| &mut usage.series,
        "series_capacity" => |usage| &mut usage.series_capacity,
        "cells" => |usage| &mut usage.cells,
        "cells_capacity" => |usage| &mut usage.cells_capacity,
        "folded_keys" => |usage| &mut usage.folded_keys,
        "folded_guards" => |usage| &mut usage.folded_guards,
        "folded_events" => |usage| &mut usage.folded_events,
        _ => return None,
    })
}

/// Makes sense of tokens.
#[derive(Clone, Debug)]
struct Members<F: Family, const KEY: usize> {
    place: Place,
    health: Health,
    totals: Rows<F, KEY>,
    /// How deep among the totals.
    depth: u32,
}

impl<F: Family, const KEY: usize> Members<F, KEY> {
    fn take(
        &mut self,
        token: Token<'_>,
        report: &mut impl FnMut(Entry<'_, F>),
    ) -> Result<(), Expected> {
        self.place = match (self.place, token) {
            (Place::Report, Token::Open { object: true }) => Place::Names,
            (Place::Report, _) => return Err(Expected::Node),
            (Place::Names, Token::Name(name)) => {
                Place::Member(name.map_or(Member::Unknown, Member::named))
            }
            (Place::Member(Member::Totals) | Place::Totals, token) => self.total(token, report)?,
            (Place::Member(member), token) => self.member(member, token)?,
            (Place::Usage(table), Token::Name(name)) => Place::Figure(table, name.and_then(figure)),
            (Place::Names | Place::Usage(_), _) => Place::Names,
            (Place::Figure(table, figure), token) => self.figure(table, figure, token)?,
            (Place::Skip(depth, within), token) => skipped(depth, within, token),
        };
        Ok(())
    }

    fn total(
        &mut self,
        token: Token<'_>,
        report: &mut impl FnMut(Entry<'_, F>),
    ) -> Result<Place, Expected> {
        if self.depth == 0 {
            self.totals = Rows::new();
        }
        self.totals.take(token, report)?;
        match token {
            Token::Open { .. } => self.depth += 1,
            Token::Close => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        Ok(if self.depth == 0 {
            Place::Names
        } else {
            Place::Totals
        })
    }

    fn member(&mut self, member: Member, token: Token<'_>) -> Result<Place, Expected> {
        match (member, token) {
            (Member::Number(number), Token::Number(Some(value))) => {
                *number(&mut self.health) = value;
            }
            (Member::Usage(table), Token::Open { object: true }) => {
                return Ok(Place::Usage(table));
            }
            (Member::Unknown, Token::Open { .. }) => return Ok(Place::Skip(1, None)),
            (Member::Unknown, _) => {}
            (Member::Number(_), _) => return Err(Expected::Counter),
            (Member::Usage(_) | Member::Totals, _) => return Err(Expected::Node),
        }
        Ok(Place::Names)
    }

    fn figure(
        &mut self,
        table: Table,
        figure: Option<Figure>,
        token: Token<'_>,
    ) -> Result<Place, Expected> {
        let usage = match table {
            Table::Traffic => &mut self.health.traffic,
            Table::Presence => &mut self.health.presence,
        };
        match (figure, token) {
            (Some(figure), Token::Number(Some(value))) => {
                // More than this machine can count is as many as it can.
                *figure(usage) = usize::try_from(value).unwrap_or(usize::MAX);
            }
            (Some(_), _) => return Err(Expected::Counter),
            (None, Token::Open { .. }) => return Ok(Place::Skip(1, Some(table))),
            (None, _) => {}
        }
        Ok(Place::Usage(table))
    }
}

fn skipped(depth: u32, within: Option<Table>, token: Token<'_>) -> Place {
    match (depth, token, within) {
        (depth, Token::Open { .. }, _) => Place::Skip(depth + 1, within),
        (1, Token::Close, Some(table)) => Place::Usage(table),
        (1, Token::Close, None) => Place::Names,
        (depth, Token::Close, _) => Place::Skip(depth - 1, within),
        (depth, _, _) => Place::Skip(depth, within),
    }
}
