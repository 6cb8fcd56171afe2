//! The file that the fleet is kept in.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::fleet::State;

/// A state file, held by one collector at a time.
#[derive(Debug)]
pub struct Keeper {
    path: PathBuf,
    /// Held as long as this lives, and by nobody else.
    _lock: File,
}

impl Keeper {
    /// Takes the file, and what was kept in it; nothing if there is no such file yet.
    ///
    /// # Errors
    ///
    /// When another collector has it, it cannot be read, or it is not what a collector kept.
    pub fn open(path: &Path) -> Result<(Self, Option<State>)> {
        let lock = lock(path)?;
        let keeper = Self {
            path: path.to_owned(),
            _lock: lock,
        };
        let state = match fs::read(path) {
            Ok(bytes) => State::from_bytes(&bytes).with_context(|| {
                format!(
                    "cannot go on from {}; name another file with --state, or remove this one to begin anew",
                    path.display()
                )
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((keeper, None)),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        Ok((keeper, Some(state)))
    }

    /// Puts the state in the place of the one before, in one step, when all of it is on the disk.
    ///
    /// # Errors
    ///
    /// When it cannot be written; the state before is still there.
    pub fn keep(&self, state: &State) -> Result<()> {
        self.write(&state.to_bytes())
            .with_context(|| format!("cannot keep the totals in {}", self.path.display()))
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let next = beside(&self.path, "next");
        let mut file = File::create(&next)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        fs::rename(&next, &self.path)
    }
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
