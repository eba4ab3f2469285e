//! Starts and ends of a device's processes, for a tree. Bloom filters say which row groups can hold a process; of
//! those the ids are read once, the tree is walked on ids alone, and only then the rows that it needs are read.

use std::collections::HashSet;
use std::sync::{Mutex, OnceLock};

use datafusion::logical_expr::{Expr, lit};
use schema::{Row, col};
use store::Snapshot;

use crate::filter::Filter;
use crate::limits::{TREE_ANCESTORS_MAX, TREE_ROWS_MAX};
use crate::matcher::{Key, Matcher, Texts, key_of};
use crate::page::sort_keys;
use crate::search::column_of;
use crate::source::{Picked, Source};
use crate::table::Scope;
use crate::tree::{LEVELS_DOWN, STARTS, TREE_COLUMNS};
use crate::walk::{Found, Walk};
use crate::{Engine, Error, arrow_rows};

const END: &str = "ProcessTerminated";
/// Process, parent, and the parent's parent as far as a start row names them.
const ID_COLUMNS: [&str; 4] =
    ["ActionType", "ProcessUniqueId", "InitiatingProcessUniqueId", "InitiatingProcessParentUniqueId"];

/// Where the rows of a tree come from.
pub(crate) enum Lineage<'a> {
    /// All that the tree can need, in the order of time.
    Held(Vec<Row>),
    /// A query for each step.
    Asked { engine: &'a Engine, snapshot: &'a Snapshot, device: String },
}

impl Engine {
    /// What the tree around a process can need.
    pub(crate) fn lineage<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        device: &str,
        focus: &str,
        event: &Row,
    ) -> Result<Lineage<'a>, Error> {
        let actions = STARTS.iter().copied().chain([END]).map(str::to_owned).collect();
        let matcher = Matcher::new(&Filter { device: device.to_owned(), actions, ..Filter::default() }, None)?;
        let walk = self.walk(snapshot);
        let ids = Ids::new(&walk, &matcher)?;
        let hint = event.text(&col::INITIATING_PROCESS_PARENT_UNIQUE_ID);
        let Some(needed) = ids.needed(focus, hint)? else {
            return Ok(Lineage::Asked { engine: self, snapshot, device: device.to_owned() });
        };
        Ok(Lineage::Held(walk.rows(&needed, TREE_COLUMNS)?))
    }
}

impl Lineage<'_> {
    /// Rows that have one of the keys and one of the actions, in the order of time.
    pub(crate) fn rows(&self, key_column: &str, keys: &[String], actions: &[&str]) -> Result<Vec<Row>, Error> {
        let rows = match self {
            Lineage::Asked { engine, snapshot, device } => {
                return engine.process_rows(snapshot, device, key_column, keys, actions);
            }
            Lineage::Held(rows) => rows,
        };
        let column =
            if key_column == "ProcessUniqueId" { &col::PROCESS_UNIQUE_ID } else { &col::INITIATING_PROCESS_UNIQUE_ID };
        let keys: HashSet<&str> = keys.iter().map(String::as_str).collect();
        let has_key = |row: &&Row| row.text(column).is_some_and(|key| keys.contains(key));
        let has_action = |row: &&Row| row.text(&col::ACTION_TYPE).is_some_and(|action| actions.contains(&action));
        Ok(rows.iter().filter(has_key).filter(has_action).cloned().collect())
    }
}

impl Engine {
    pub(crate) fn process_rows(
        &self,
        snapshot: &Snapshot,
        device: &str,
        key_column: &str,
        keys: &[String],
        actions: &[&str],
    ) -> Result<Vec<Row>, Error> {
        let keys = keys.iter().map(|key| lit(key.clone())).collect();
        let actions = actions.iter().map(|action| lit(*action)).collect();
        let expr = column_of("DeviceId")
            .eq(lit(device))
            .and(column_of(key_column).in_list(keys, false))
            .and(column_of("ActionType").in_list(actions, false));
        let frame = self
            .events(snapshot, Scope { device: Some(device.to_owned()), ..Scope::default() })?
            .filter(expr)?
            .select(TREE_COLUMNS.iter().map(|name| column_of(name)).collect::<Vec<Expr>>())?
            .sort(sort_keys(true))?;
        Ok(arrow_rows::rows(&self.collect(frame)?))
    }
}

/// The ids in a start or an end.
struct IdRow {
    key: Key,
    row: u32,
    is_end: bool,
    own: String,
    parent: String,
    grandparent: String,
}

/// The ids of a device's starts and ends, each source read when it is first needed.
struct Ids<'a> {
    walk: &'a Walk<'a>,
    matcher: &'a Matcher,
    parts: Vec<IdPart>,
    n_rows: Mutex<usize>,
}

struct IdPart {
    source: Source,
    rows: OnceLock<Vec<IdRow>>,
}

/// A start or an end that was found: number of its part, and of its row therein.
type At = (usize, usize);

impl<'a> Ids<'a> {
    fn new(walk: &'a Walk<'a>, matcher: &'a Matcher) -> Result<Self, Error> {
        let sources = walk.all_sources(matcher)?.into_iter();
        let of_device = sources.filter(|source| source.time_bounds(matcher.device()).is_some());
        let parts = of_device.map(|source| IdPart { source, rows: OnceLock::new() }).collect();
        Ok(Self { walk, matcher, parts, n_rows: Mutex::default() })
    }

    /// All rows that a tree can need, in the order of time; `None` when they are too many to be held.
    fn needed(&self, focus: &str, hint: Option<&str>) -> Result<Option<Vec<Found>>, Error> {
        let mut needed: HashSet<At> = HashSet::new();
        let mut keys = HashSet::from([focus.to_owned()]);
        self.add_ancestors(focus, hint, &mut needed, &mut keys)?;
        let mut level = HashSet::from([focus.to_owned()]);
        for _ in 0..LEVELS_DOWN {
            let children = self.find("InitiatingProcessUniqueId", &level)?;
            let starts = children.into_iter().filter(|at| !self.row(*at).is_end);
            level = HashSet::new();
            for at in starts {
                needed.insert(at);
                level.insert(self.row(at).own.clone());
            }
            keys.extend(level.iter().cloned());
        }
        let of_keys = self.find("ProcessUniqueId", &keys)?;
        needed.extend(of_keys.into_iter().filter(|at| self.row(*at).is_end));
        if *self.n_rows.lock().expect("no panic under the lock") > TREE_ROWS_MAX {
            return Ok(None);
        }
        let mut found = Vec::with_capacity(needed.len());
        for at in needed {
            let row = self.row(at);
            found.push(Found { key: row.key.clone(), source: self.parts[at.0].source.clone(), row: row.row });
        }
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Some(found))
    }

    /// Goes up from start to start, and over one that is missing by what the one below it says.
    fn add_ancestors(
        &self,
        focus: &str,
        hint: Option<&str>,
        needed: &mut HashSet<At>,
        keys: &mut HashSet<String>,
    ) -> Result<(), Error> {
        let mut next = Some(focus.to_owned());
        let mut above = hint.map(str::to_owned);
        // The focus itself counts as one.
        for _ in 0..=TREE_ANCESTORS_MAX {
            let Some(key) = next.take() else { break };
            let found = self.find("ProcessUniqueId", &HashSet::from([key]))?;
            let starts: Vec<At> = found.into_iter().filter(|at| !self.row(*at).is_end).collect();
            needed.extend(starts.iter().copied());
            let last = starts.into_iter().map(|at| self.row(at)).max_by(|a, b| a.key.cmp(&b.key));
            let not_empty = |text: &String| (!text.is_empty()).then(|| text.clone());
            next = match last {
                Some(start) => {
                    above = not_empty(&start.grandparent);
                    not_empty(&start.parent)
                }
                None => above.take(),
            };
            if next.as_ref().is_none_or(|next| !keys.insert(next.clone())) {
                break;
            }
        }
        Ok(())
    }

    fn row(&self, at: At) -> &IdRow {
        &self.parts[at.0].rows.get().expect("it was found there")[at.1]
    }

    /// Starts and ends that have one of the keys.
    fn find(&self, column: &str, keys: &HashSet<String>) -> Result<Vec<At>, Error> {
        let numbered: Vec<(usize, &IdPart)> = self.parts.iter().enumerate().collect();
        let found = self.walk.parallel(&numbered, |(part_idx, part)| {
            if !part.source.may_hold(column, keys)? {
                return Ok(Vec::new());
            }
            let rows = self.rows_of(part)?;
            let has_key = |row: &IdRow| keys.contains(if column == "ProcessUniqueId" { &row.own } else { &row.parent });
            let found = rows.iter().enumerate().filter(|(_, row)| has_key(row));
            Ok(found.map(|(row_idx, _)| (*part_idx, row_idx)).collect::<Vec<At>>())
        })?;
        Ok(found.concat())
    }

    fn rows_of<'p>(&self, part: &'p IdPart) -> Result<&'p Vec<IdRow>, Error> {
        if let Some(rows) = part.rows.get() {
            return Ok(rows);
        }
        let mut rows = Vec::new();
        let is_full = *self.n_rows.lock().expect("no panic under the lock") > TREE_ROWS_MAX;
        // Once there are too many, the answer is `None` whatever the rest says.
        if !is_full && let Some(picked) = part.source.matches(self.matcher, &ID_COLUMNS)? {
            rows = id_rows(&picked);
        }
        *self.n_rows.lock().expect("no panic under the lock") += rows.len();
        Ok(part.rows.get_or_init(|| rows))
    }
}

fn id_rows(picked: &Picked) -> Vec<IdRow> {
    let batch = &picked.columns;
    let [actions, own, parent, grandparent] = ID_COLUMNS.map(|name| Texts::of(batch, name));
    let text = |texts: &Option<Texts>, row_idx: usize| {
        texts.as_ref().and_then(|texts| texts.get(row_idx)).unwrap_or_default().to_owned()
    };
    let mut rows = Vec::with_capacity(picked.rows.len());
    for (row_idx, row) in picked.rows.iter().enumerate() {
        rows.push(IdRow {
            key: key_of(batch, row_idx),
            row: *row,
            is_end: actions.as_ref().and_then(|actions| actions.get(row_idx)) == Some(END),
            own: text(&own, row_idx),
            parent: text(&parent, row_idx),
            grandparent: text(&grandparent, row_idx),
        });
    }
    rows
}
