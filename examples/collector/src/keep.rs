//! The files that the fleet is kept in.
//!
//! One has all of it, as it was at one moment. It is written beside the one before and takes its place in one
//! step, so that there is a whole one at every moment. The other, its journal, has what changed since: a batch
//! for each tick. When that has become the longer of the two, a new whole one is written, and the journal
//! begins anew. Each whole one has a number, from the clock, and a journal the number of the one that it goes on
//! from: one that the program's end left behind goes on from nothing.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::batch::{Next, batch, next};
use crate::clock::now_micros;
use crate::fleet::{Fleet, RestoreError, State};

/// What the whole file begins with; the last byte is the version.
const WHOLE: [u8; 8] = *b"sgfleet\x03";

/// What a journal begins with.
const JOURNAL: [u8; 8] = *b"sgjourn\x03";

/// State files, held by one collector at a time.
#[derive(Debug)]
pub struct Keeper {
    path: PathBuf,
    /// The number of the whole one that is there.
    number: u64,
    /// How long it is, in bytes.
    whole: u64,
    /// Its journal, once this keeper has written both.
    journal: Option<Journal>,
    /// Held as long as this lives, and by nobody else.
    _lock: File,
}

#[derive(Debug)]
struct Journal {
    file: File,
    len: u64,
}

impl Keeper {
    /// Takes the files, and what was kept in them; nothing if there are none yet.
    ///
    /// # Errors
    ///
    /// When another collector has them, they cannot be read, or are not what a collector kept.
    pub fn open(path: &Path) -> Result<(Self, Option<State>)> {
        let mut keeper = Self {
            path: path.to_owned(),
            number: 0,
            whole: 0,
            journal: None,
            _lock: lock(path)?,
        };
        let Some(bytes) = read(path)? else {
            return Ok((keeper, None));
        };
        let journal = read(&keeper.journal())?.unwrap_or_default();
        let state = restored(&bytes, &journal).with_context(|| {
            format!(
                "cannot go on from {}; name another file with --state, or remove this one to begin anew",
                path.display()
            )
        })?;
        keeper.number = state.0;
        Ok((keeper, Some(state.1)))
    }

    /// Keeps what has changed: when this returns, all of it is on the disk. Cost: what changed, and now and
    /// then all of the fleet, for as many bytes at the most as changes took before.
    ///
    /// # Errors
    ///
    /// When it cannot be written; what was kept before is still there.
    pub fn keep(&mut self, fleet: &mut Fleet) -> Result<()> {
        let kept = match self.journal.take() {
            Some(journal) if journal.len <= self.whole => self.append(journal, fleet),
            _ => self.write(fleet),
        };
        kept.with_context(|| format!("cannot keep the totals in {}", self.path.display()))
    }

    fn append(&mut self, mut journal: Journal, fleet: &mut Fleet) -> io::Result<()> {
        let changes = fleet.keep_changes();
        if !changes.is_empty() {
            journal.append(&changes)?;
            journal.file.sync_data()?;
        }
        self.journal = Some(journal);
        Ok(())
    }

    /// Writes all of it, and begins a journal.
    fn write(&mut self, fleet: &mut Fleet) -> io::Result<()> {
        let number = now_micros().max(self.number + 1);
        let body = [&number.to_le_bytes(), &fleet.keep_all()[..]].concat();
        let next = beside(&self.path, "next");
        let mut file = File::create(&next)?;
        file.write_all(&WHOLE)?;
        file.write_all(&batch(&body))?;
        file.sync_data()?;
        fs::rename(&next, &self.path)?;
        sync_directory(&self.path)?;
        (self.number, self.whole) = (number, body.len() as u64);
        self.journal = Some(Journal::begin(&self.journal(), number)?);
        Ok(())
    }

    fn journal(&self) -> PathBuf {
        beside(&self.path, "journal")
    }
}

impl Journal {
    /// Takes the place of the one before.
    fn begin(path: &Path, number: u64) -> io::Result<Self> {
        let file = File::create(path)?;
        let mut journal = Self { file, len: 0 };
        journal.file.write_all(&JOURNAL)?;
        journal.append(&number.to_le_bytes())?;
        Ok(journal)
    }

    fn append(&mut self, body: &[u8]) -> io::Result<()> {
        let batch = batch(body);
        self.file.write_all(&batch)?;
        self.len += batch.len() as u64;
        Ok(())
    }
}

/// The number of a whole file, and what it and its journal come to.
fn restored(whole: &[u8], journal: &[u8]) -> Result<(u64, State), RestoreError> {
    let (magic, rest) = whole.split_first_chunk().ok_or(RestoreError::Damaged)?;
    if *magic != WHOLE {
        return Err(RestoreError::Foreign);
    }
    let Next::Batch(body, []) = next(rest) else {
        return Err(RestoreError::Damaged);
    };
    let (number, records) = body.split_first_chunk().ok_or(RestoreError::Damaged)?;
    let mut state = State::default();
    state.apply(records)?;
    follow(*number, journal, &mut state)?;
    Ok((u64::from_le_bytes(*number), state))
}

/// Takes in the batches of a journal, if it goes on from the whole one of this number.
fn follow(number: [u8; 8], journal: &[u8], state: &mut State) -> Result<(), RestoreError> {
    let Some((magic, rest)) = journal.split_first_chunk() else {
        return Ok(());
    };
    if *magic != JOURNAL {
        return Err(RestoreError::Foreign);
    }
    let mut rest = match next(rest) {
        Next::Batch(of, rest) if of == number => rest,
        _ => return Ok(()),
    };
    loop {
        match next(rest) {
            Next::Batch(records, after) => {
                state.apply(records)?;
                rest = after;
            }
            Next::End => return Ok(()),
            Next::Damaged => return Err(RestoreError::Damaged),
        }
    }
}

/// A file's bytes; nothing if there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Has the directory know on the disk which files are in it, where that can be asked for.
fn sync_directory(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

fn lock(path: &Path) -> Result<File> {
    let name = beside(path, "lock");
    let file = File::create(&name)
        .with_context(|| format!("cannot write {}; does its directory exist?", name.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "another collector keeps its totals in {}; stop it, or name another file with --state",
            path.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", name.display()))
        }
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}
