//! The process tree around one process: all ancestors, and two levels down.

use std::collections::{BTreeMap, HashSet};

use schema::{Row, col};
use store::Snapshot;

use crate::limits::{TREE_ANCESTORS_MAX, TREE_CHILDREN_MAX};
use crate::lineage::Lineage;
use crate::{Engine, Error};

pub(crate) const STARTS: [&str; 2] = ["ProcessCreated", "ProcessFound"];
/// Levels below the focus.
pub(crate) const LEVELS_DOWN: usize = 2;
pub(crate) const TREE_COLUMNS: &[&str] = &[
    "Timestamp",
    "TimestampNanos",
    "StreamSeq",
    "StreamEpoch",
    "ActionType",
    "FileName",
    "FolderPath",
    "ProcessId",
    "ProcessUniqueId",
    "ProcessCommandLine",
    "ProcessScriptPath",
    "ProcessCreationTime",
    "AccountName",
    "ErrorName",
    "Outcome",
    "InitiatingProcessId",
    "InitiatingProcessUniqueId",
    "InitiatingProcessFileName",
    "InitiatingProcessFolderPath",
    "InitiatingProcessCommandLine",
    "InitiatingProcessCreationTime",
    "InitiatingProcessAccountName",
    "InitiatingProcessParentUniqueId",
    "InitiatingProcessParentId",
    "InitiatingProcessParentFileName",
    "InitiatingProcessParentCreationTime",
    "InitiatingScriptPath",
];

/// One process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// `ProcessUniqueId`.
    pub key: String,
    /// Process id.
    pub pid: Option<i64>,
    /// Base name of the image.
    pub name: Option<String>,
    /// Path of the image.
    pub path: Option<String>,
    /// Command line.
    pub command_line: Option<String>,
    /// Script that it runs.
    pub script: Option<String>,
    /// User.
    pub user: Option<String>,
    /// Start, nanoseconds since 1970.
    pub started_ns: Option<i64>,
    /// End, nanoseconds since 1970; `None` while it runs or when the end was not seen.
    pub ended_ns: Option<i64>,
    /// `exit 1`, `SIGKILL`; `exit 0` for a clean end.
    pub exit: Option<String>,
    /// False when only a child or an action of it was seen, not its start.
    pub start_seen: bool,
    /// All children, listed or not.
    pub n_children: usize,
    /// Children, oldest first.
    pub children: Vec<Node>,
}

/// The tree of one process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// Key of the process in the middle.
    pub focus: String,
    /// Root first, the parent last.
    pub ancestors: Vec<Node>,
    /// The process itself, with two levels of children.
    pub node: Node,
}

impl Engine {
    /// The tree around the process that an event is about: the created one, else the acting one.
    ///
    /// # Errors
    /// As for `page`. `Ok(None)` when the event names no process.
    pub fn tree(&self, snapshot: &Snapshot, event: &Row) -> Result<Option<Tree>, Error> {
        let Some(device) = event.text(&col::DEVICE_ID) else { return Ok(None) };
        let own = event.text(&col::PROCESS_UNIQUE_ID).filter(|_| is_process_event(event));
        let Some(focus) = own.or(event.text(&col::INITIATING_PROCESS_UNIQUE_ID)) else { return Ok(None) };
        let lineage = self.lineage(snapshot, device, focus, event)?;
        Self::tree_of(&lineage, focus, event)
    }

    pub(crate) fn tree_of(lineage: &Lineage, focus: &str, event: &Row) -> Result<Option<Tree>, Error> {
        let seed = Node { key: focus.to_owned(), ..actor_node(event) };
        let starts = lineage.rows("ProcessUniqueId", &[focus.to_owned()], &STARTS)?;
        let (mut node, mut parent) = match starts.last() {
            Some(start) => (start_node(start), parent_of(start)),
            None => (seed, grandparent_of(event)),
        };
        // A row names its actor's parent too: it goes on from there when the actor's own start is not (yet) stored.
        let mut above = starts.last().and_then(grandparent_of);
        let mut ancestors = Vec::new();
        let mut seen = HashSet::from([focus.to_owned()]);
        while let Some(hint) = parent {
            if ancestors.len() == TREE_ANCESTORS_MAX || !seen.insert(hint.key.clone()) {
                break;
            }
            let starts = lineage.rows("ProcessUniqueId", std::slice::from_ref(&hint.key), &STARTS)?;
            let (found, next) = match starts.last() {
                Some(start) => {
                    above = grandparent_of(start);
                    (start_node(start), parent_of(start))
                }
                None => (hint, above.take()),
            };
            ancestors.push(found);
            parent = next;
        }
        ancestors.reverse();
        add_children(lineage, &mut node)?;
        let mut keys: Vec<String> = ancestors.iter().map(|node| node.key.clone()).collect();
        collect_keys(&node, &mut keys);
        let ends = ends(lineage, &keys)?;
        for ancestor in &mut ancestors {
            set_ends(ancestor, &ends);
        }
        set_ends(&mut node, &ends);
        Ok(Some(Tree { focus: focus.to_owned(), ancestors, node }))
    }
}

fn add_children(lineage: &Lineage, focus: &mut Node) -> Result<(), Error> {
    let mut level: Vec<&mut Node> = vec![focus];
    for _ in 0..LEVELS_DOWN {
        let keys: Vec<String> = level.iter().map(|node| node.key.clone()).collect();
        if keys.is_empty() {
            break;
        }
        let found = lineage.rows("InitiatingProcessUniqueId", &keys, &STARTS)?;
        let mut by_parent: BTreeMap<String, Vec<Node>> = BTreeMap::new();
        for row in &found {
            let (Some(parent), Some(key)) =
                (row.text(&col::INITIATING_PROCESS_UNIQUE_ID), row.text(&col::PROCESS_UNIQUE_ID))
            else {
                continue;
            };
            let siblings = by_parent.entry(parent.to_owned()).or_default();
            // A process that execs twice has two start rows; the later image is what it became.
            siblings.retain(|node| node.key != key);
            if key != parent {
                siblings.push(start_node(row));
            }
        }
        let mut next = Vec::new();
        for node in level {
            let mut children = by_parent.remove(&node.key).unwrap_or_default();
            node.n_children = children.len();
            children.truncate(TREE_CHILDREN_MAX);
            node.children = children;
            next.extend(node.children.iter_mut());
        }
        level = next;
    }
    Ok(())
}

/// End time and exit text by process key.
fn ends(lineage: &Lineage, keys: &[String]) -> Result<Ends, Error> {
    let mut ends = Ends::new();
    for end in &lineage.rows("ProcessUniqueId", keys, &["ProcessTerminated"])? {
        let key = end.text(&col::PROCESS_UNIQUE_ID).unwrap_or_default().to_owned();
        let exit = end.text(&col::ERROR_NAME).unwrap_or("exit 0").to_owned();
        ends.insert(key, (end.number(&col::TIMESTAMP), exit));
    }
    Ok(ends)
}

fn is_process_event(event: &Row) -> bool {
    event.text(&col::EVENT_TABLE) == Some("DeviceProcessEvents")
}

type Ends = BTreeMap<String, (Option<i64>, String)>;

fn collect_keys(node: &Node, keys: &mut Vec<String>) {
    keys.push(node.key.clone());
    for child in &node.children {
        collect_keys(child, keys);
    }
}

fn set_ends(node: &mut Node, ends: &Ends) {
    if let Some((ended_ns, exit)) = ends.get(&node.key) {
        node.ended_ns = *ended_ns;
        node.exit = Some(exit.clone());
    }
    for child in &mut node.children {
        set_ends(child, ends);
    }
}

fn owned(row: &Row, column: &'static schema::Column) -> Option<String> {
    row.text(column).map(str::to_owned)
}

fn start_node(row: &Row) -> Node {
    Node {
        key: row.text(&col::PROCESS_UNIQUE_ID).unwrap_or_default().to_owned(),
        pid: row.number(&col::PROCESS_ID),
        name: owned(row, &col::FILE_NAME),
        path: owned(row, &col::FOLDER_PATH),
        command_line: owned(row, &col::PROCESS_COMMAND_LINE),
        script: owned(row, &col::PROCESS_SCRIPT_PATH),
        user: owned(row, &col::ACCOUNT_NAME),
        started_ns: row.number(&col::PROCESS_CREATION_TIME).or(row.number(&col::TIMESTAMP)),
        start_seen: true,
        ..Node::default()
    }
}

/// The acting process of a row whose own start was not seen.
fn actor_node(row: &Row) -> Node {
    Node {
        key: row.text(&col::INITIATING_PROCESS_UNIQUE_ID).unwrap_or_default().to_owned(),
        pid: row.number(&col::INITIATING_PROCESS_ID),
        name: owned(row, &col::INITIATING_PROCESS_FILE_NAME),
        path: owned(row, &col::INITIATING_PROCESS_FOLDER_PATH),
        command_line: owned(row, &col::INITIATING_PROCESS_COMMAND_LINE),
        script: owned(row, &col::INITIATING_SCRIPT_PATH),
        user: owned(row, &col::INITIATING_PROCESS_ACCOUNT_NAME),
        started_ns: row.number(&col::INITIATING_PROCESS_CREATION_TIME),
        ..Node::default()
    }
}

fn parent_of(start: &Row) -> Option<Node> {
    start.text(&col::INITIATING_PROCESS_UNIQUE_ID)?;
    Some(actor_node(start))
}

/// The parent of the acting process, as far as the row itself tells.
fn grandparent_of(row: &Row) -> Option<Node> {
    let key = row.text(&col::INITIATING_PROCESS_PARENT_UNIQUE_ID)?.to_owned();
    Some(Node {
        key,
        pid: row.number(&col::INITIATING_PROCESS_PARENT_ID),
        name: owned(row, &col::INITIATING_PROCESS_PARENT_FILE_NAME),
        started_ns: row.number(&col::INITIATING_PROCESS_PARENT_CREATION_TIME),
        ..Node::default()
    })
}
