//! The log of the Delta table: which Parquet files are the table.
//!
//! Source: Delta Transaction Log Protocol, `github.com/delta-io/delta/blob/master/PROTOCOL.md`. We are the only
//! writer (the store's lock), so a commit is: write `N.json` under a temporary name, fsync, hard-link it to its
//! place (fails when it exists), fsync the directory. Checkpoints are in `checkpoint.rs`.

mod action;
mod checkpoint;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::Error;
use crate::files::FileMeta;
use crate::limits::TOMBSTONE_KEPT;
use crate::step::step;
use crate::wal::sync_dir;

pub(crate) use checkpoint::check_checkpoints;

/// `txn` application id under which a commit says up to which log segment its files go.
const WAL_APP: &str = "nenrin/wal";

/// A file that was taken out of the table and may still be on disk.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tombstone {
    /// The commit that took it out; snapshots made before it may read the file.
    pub(crate) version: u64,
    pub(crate) deleted_ms: i64,
    pub(crate) size_bytes: u64,
    /// Vacuum has deleted the file, or found it gone.
    pub(crate) gone: bool,
    action: Json,
}

/// The state of the table after all commits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    dir: PathBuf,
    next_version: u64,
    protocol: Json,
    metadata: Json,
    files: BTreeMap<String, FileMeta>,
    tombstones: BTreeMap<String, Tombstone>,
    /// The newest `txn` action of each application.
    transactions: BTreeMap<String, Json>,
    /// Log segments up to this one are in the files.
    pub(crate) flushed_segment: u64,
    /// The newest checkpoint that is known to be good.
    checkpoint: Option<u64>,
    /// A commit is in its place but may not be durable: what is on disk is only known after a restart.
    broken: Option<String>,
}

/// The names in `_delta_log`.
#[derive(Debug, Default)]
struct Listing {
    commits: BTreeSet<u64>,
    checkpoints: BTreeSet<u64>,
}

impl Listing {
    fn read(log_dir: &Path) -> Result<Self, Error> {
        let mut listing = Self::default();
        for entry in std::fs::read_dir(log_dir).map_err(|error| Error::io("list", log_dir, error))? {
            let name = entry.map_err(|error| Error::io("list", log_dir, error))?.file_name();
            let Some(name) = name.to_str() else { continue };
            if let Some(version) = name.strip_suffix(".checkpoint.parquet").and_then(|it| it.parse().ok()) {
                listing.checkpoints.insert(version);
            } else if let Some(version) = name.strip_suffix(".json").and_then(|it| it.parse().ok()) {
                listing.commits.insert(version);
            }
        }
        Ok(listing)
    }
}

impl Table {
    /// Reads the log of the table, creating an empty table when there is none.
    pub(crate) fn open(dir: &Path, now_ms: i64) -> Result<Self, Error> {
        let log_dir = dir.join("_delta_log");
        std::fs::create_dir_all(&log_dir).map_err(|error| Error::io("create", &log_dir, error))?;
        let mut table = Self::load(dir)?;
        if table.next_version == 0 {
            // Files without any log are not leftovers of a crash: the log is durable before the first of them.
            if has_day(dir)? {
                let reason = "column files are there, but the table's log is missing: restore it".to_owned();
                return Err(Error::Corrupt { path: log_dir, reason });
            }
            table.commit(&[action::protocol(), action::metadata(now_ms)], now_ms, "CREATE TABLE")?;
        }
        Ok(table)
    }

    /// Reads the log of the table and changes nothing.
    pub(crate) fn load(dir: &Path) -> Result<Self, Error> {
        let log_dir = dir.join("_delta_log");
        let listing = Listing::read(&log_dir)?;
        let mut table = Self::from_checkpoint(dir, &log_dir, &listing)?;
        while listing.commits.contains(&table.next_version) {
            let path = table.commit_path(table.next_version);
            let text = std::fs::read_to_string(&path).map_err(|error| Error::io("read", &path, error))?;
            table.apply_text(&path, &text)?;
            table.next_version += 1;
        }
        let newest = listing.commits.last().max(listing.checkpoints.last());
        if newest.is_some_and(|newest| *newest >= table.next_version) {
            let path = table.commit_path(table.next_version);
            let reason = "this commit is missing and later ones are there: restore it or a checkpoint".to_owned();
            return Err(Error::Corrupt { path, reason });
        }
        Ok(table)
    }

    /// The state of the newest checkpoint that can be read; an empty one when there is none.
    fn from_checkpoint(dir: &Path, log_dir: &Path, listing: &Listing) -> Result<Self, Error> {
        for &version in listing.checkpoints.iter().rev() {
            let path = checkpoint::path(log_dir, version);
            let mut table = Self { dir: dir.to_owned(), next_version: version, ..Self::default() };
            match checkpoint::read(&path).and_then(|actions| table.apply_all(&path, &actions)) {
                Ok(()) => {
                    table.next_version = version + 1;
                    table.checkpoint = Some(version);
                    return Ok(table);
                }
                Err(error @ Error::NewerFormat { .. }) => return Err(error),
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "checkpoint can't be read, an older one is used");
                }
            }
        }
        Ok(Self { dir: dir.to_owned(), ..Self::default() })
    }

    fn commit_path(&self, version: u64) -> PathBuf {
        self.dir.join("_delta_log").join(format!("{version:020}.json"))
    }

    /// Live files, by path.
    pub(crate) fn files(&self) -> impl Iterator<Item = &FileMeta> {
        self.files.values()
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// The number of commits so far: snapshots made now see the table as of the one before it.
    pub(crate) fn next_version(&self) -> u64 {
        self.next_version
    }

    /// Files taken out of the table that may still be on disk.
    pub(crate) fn tombstones(&self) -> impl Iterator<Item = (&String, &Tombstone)> {
        self.tombstones.iter().filter(|(_, tombstone)| !tombstone.gone)
    }

    pub(crate) fn is_tombstoned(&self, path: &str) -> bool {
        self.tombstones.contains_key(path)
    }

    /// Vacuum deleted the file, or found it gone.
    pub(crate) fn set_gone(&mut self, path: &str) {
        if let Some(tombstone) = self.tombstones.get_mut(path) {
            tombstone.gone = true;
        }
    }

    /// Adds files, and says which log segment they reach, in one atomic commit.
    pub(crate) fn add(&mut self, files: &[FileMeta], flushed_segment: u64, now_ms: i64) -> Result<(), Error> {
        let mut actions = vec![action::transaction(WAL_APP, flushed_segment, now_ms)];
        actions.extend(files.iter().map(|file| action::add(file, true)));
        self.commit(&actions, now_ms, "WRITE")
    }

    /// Adds files that no log segment has, in one atomic commit.
    pub(crate) fn import(&mut self, files: &[FileMeta], now_ms: i64) -> Result<(), Error> {
        let actions: Vec<Json> = files.iter().map(|file| action::add(file, true)).collect();
        self.commit(&actions, now_ms, "WRITE")
    }

    /// Takes files out of the table; vacuum deletes them later.
    pub(crate) fn remove(&mut self, files: &[FileMeta], now_ms: i64) -> Result<(), Error> {
        let actions: Vec<Json> = files.iter().map(|file| action::remove(file, true, now_ms)).collect();
        self.commit(&actions, now_ms, "DELETE")
    }

    /// Puts one file with the same rows into the place of others, in one atomic commit.
    pub(crate) fn replace(&mut self, old: &[FileMeta], new: &FileMeta, now_ms: i64) -> Result<(), Error> {
        let mut actions: Vec<Json> = old.iter().map(|file| action::remove(file, false, now_ms)).collect();
        actions.push(action::add(new, false));
        self.commit(&actions, now_ms, "OPTIMIZE")
    }

    fn commit(&mut self, actions: &[Json], now_ms: i64, operation: &str) -> Result<(), Error> {
        if let Some(reason) = &self.broken {
            return Err(Error::Poisoned { reason: reason.clone() });
        }
        let mut text =
            json!({"commitInfo": {"timestamp": now_ms, "operation": operation, "engineInfo": "nenrin"}}).to_string();
        for action in actions {
            text.push('\n');
            text.push_str(&action.to_string());
        }
        text.push('\n');
        let path = self.commit_path(self.next_version);
        self.write_commit(&path, &text)?;
        self.apply_text(&path, &text)?;
        self.next_version += 1;
        step("committed");
        Ok(())
    }

    fn write_commit(&mut self, path: &Path, text: &str) -> Result<(), Error> {
        let temporary = path.with_extension("json.tmp");
        let io = |action: &'static str| move |error| Error::io(action, path, error);
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).open(&temporary).map_err(io("create"))?;
        step("commit created");
        file.write_all(text.as_bytes()).map_err(io("write"))?;
        file.sync_all().map_err(io("fsync"))?;
        step("commit written");
        if let Err(error) = std::fs::hard_link(&temporary, path) {
            if error.kind() == std::io::ErrorKind::AlreadyExists {
                let reason = "another program committed to the table: stop it and restart nenrin".to_owned();
                return Err(Error::Corrupt { path: path.to_owned(), reason });
            }
            return Err(Error::io("commit", path, error));
        }
        step("commit linked");
        if let Err(error) = sync_dir(&self.dir.join("_delta_log")) {
            self.broken = Some(error.to_string());
            return Err(error);
        }
        if let Err(error) = std::fs::remove_file(&temporary) {
            tracing::warn!(path = %temporary.display(), %error, "temporary file of a commit stays");
        }
        Ok(())
    }

    fn apply_text(&mut self, path: &Path, text: &str) -> Result<(), Error> {
        let mut actions = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let action: Json = serde_json::from_str(line)
                .map_err(|error| Error::Corrupt { path: path.to_owned(), reason: error.to_string() })?;
            actions.push(action);
        }
        self.apply_all(path, &actions)
    }

    fn apply_all(&mut self, path: &Path, actions: &[Json]) -> Result<(), Error> {
        for action in actions {
            self.apply(action).map_err(|error| error.into_error(path))?;
        }
        Ok(())
    }

    fn apply(&mut self, action: &Json) -> Result<(), action::Refused> {
        let corrupt = action::Refused::corrupt;
        if let Some(protocol) = action.get("protocol") {
            action::check_protocol(protocol)?;
            self.protocol = action.clone();
        } else if action.get("metaData").is_some() {
            self.metadata = action.clone();
        } else if let Some(add) = action.get("add") {
            let file = FileMeta::from_add(add).ok_or_else(|| {
                corrupt(format!("{}: not written by nenrin, or damaged", add.get("path").unwrap_or(&Json::Null)))
            })?;
            self.tombstones.remove(&file.path);
            self.files.insert(file.path.clone(), file);
        } else if let Some(remove) = action.get("remove") {
            let path = remove.get("path").and_then(Json::as_str).ok_or_else(|| corrupt("remove action".to_owned()))?;
            self.files.remove(path);
            let tombstone = Tombstone {
                version: self.next_version,
                deleted_ms: remove.get("deletionTimestamp").and_then(Json::as_i64).unwrap_or(0),
                size_bytes: remove.get("size").and_then(Json::as_u64).unwrap_or(0),
                gone: false,
                action: action.clone(),
            };
            self.tombstones.insert(path.to_owned(), tombstone);
        } else if let Some(app) = action.pointer("/txn/appId").and_then(Json::as_str) {
            if app == WAL_APP {
                let version = action.pointer("/txn/version").and_then(Json::as_u64);
                self.flushed_segment = version.ok_or_else(|| corrupt("txn action".to_owned()))?;
            }
            self.transactions.insert(app.to_owned(), action.clone());
        }
        Ok(())
    }

    /// Commits since the newest checkpoint.
    pub(crate) fn commits_since_checkpoint(&self) -> u64 {
        self.next_version - self.checkpoint.map_or(0, |version| version + 1)
    }

    /// Everything a checkpoint says: the state as actions.
    fn actions(&self) -> Vec<Json> {
        let mut actions = vec![self.protocol.clone(), self.metadata.clone()];
        actions.extend(self.transactions.values().cloned());
        actions.extend(self.files.values().map(|file| action::add(file, false)));
        actions.extend(self.tombstones.values().map(|tombstone| tombstone.action.clone()));
        actions
    }

    /// Forgets files that were deleted longer ago than any reader remembers.
    pub(crate) fn forget_tombstones(&mut self, now_ms: i64) {
        let kept_ms = i64::try_from(TOMBSTONE_KEPT.as_millis()).unwrap_or(i64::MAX);
        self.tombstones.retain(|_, tombstone| !tombstone.gone || now_ms.saturating_sub(tombstone.deleted_ms) < kept_ms);
    }

    /// Writes a checkpoint of this state and deletes what it makes needless; returns its version.
    pub(crate) fn write_checkpoint(&self) -> Result<u64, Error> {
        let version = self.next_version - 1;
        checkpoint::write(&self.dir.join("_delta_log"), version, &self.actions())?;
        Ok(version)
    }

    /// A checkpoint is durable and was read back.
    pub(crate) fn set_checkpoint(&mut self, version: u64) {
        self.checkpoint = self.checkpoint.max(Some(version));
    }
}

fn has_day(dir: &Path) -> Result<bool, Error> {
    for entry in std::fs::read_dir(dir).map_err(|error| Error::io("list", dir, error))? {
        let entry = entry.map_err(|error| Error::io("list", dir, error))?;
        if entry.file_name().to_string_lossy().starts_with("day=") {
            return Ok(true);
        }
    }
    Ok(false)
}
