//! Which process tree a process belongs to, so that what one attacker does becomes one alert and one incident.
//!
//! A tree begins with the first process below a service manager: below `systemd` or `services.exe` everything would be
//! one tree. What is not known (a process from before the server's start) is a tree of its own.

use std::collections::HashMap;

use schema::{Row, col};

use crate::limits::TREES_MAX;

/// Parents whose children have nothing to do with each other.
const MANAGERS: &[&str] = &[
    "systemd",
    "init",
    "launchd",
    "sshd",
    "cron",
    "crond",
    "containerd-shim-runc-v2",
    "services.exe",
    "svchost.exe",
    "explorer.exe",
    "wininit.exe",
];

/// Process to tree, for all devices, in two generations: the older one goes when the younger one is full.
#[derive(Default)]
pub(super) struct Trees {
    young: HashMap<String, String>,
    old: HashMap<String, String>,
}

impl Trees {
    /// Learns from a row, and says which tree it belongs to. Process ids are never reused, so they need no device.
    pub(super) fn of(&mut self, row: &Row) -> String {
        let actor = row.text(&col::INITIATING_PROCESS_UNIQUE_ID);
        if row.text(&col::ACTION_TYPE) != Some("ProcessCreated") {
            return actor.map(|actor| self.tree(actor)).unwrap_or_default();
        }
        let Some(child) = row.text(&col::PROCESS_UNIQUE_ID) else { return String::new() };
        let manager = row.text(&col::INITIATING_PROCESS_FILE_NAME).is_some_and(is_manager);
        let tree = match actor {
            Some(parent) if !manager => self.tree(parent),
            _ => child.to_owned(),
        };
        if self.young.len() >= TREES_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(child.to_owned(), tree.clone());
        tree
    }

    fn tree(&self, process: &str) -> String {
        let known = self.young.get(process).or_else(|| self.old.get(process));
        known.cloned().unwrap_or_else(|| process.to_owned())
    }
}

fn is_manager(name: &str) -> bool {
    MANAGERS.iter().any(|manager| manager.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(child: &str, parent: &str, parent_name: &str) -> Row {
        let mut row = Row::new();
        row.set(&col::ACTION_TYPE, "ProcessCreated")
            .set(&col::PROCESS_UNIQUE_ID, child)
            .set(&col::INITIATING_PROCESS_UNIQUE_ID, parent)
            .set(&col::INITIATING_PROCESS_FILE_NAME, parent_name);
        row
    }

    #[test]
    fn a_tree_begins_below_a_manager() {
        let mut trees = Trees::default();
        assert_eq!(trees.of(&started("a", "1", "systemd")), "a");
        assert_eq!(trees.of(&started("b", "a", "bash")), "a");
        assert_eq!(trees.of(&started("c", "b", "curl")), "a");
        assert_eq!(trees.of(&started("d", "1", "systemd")), "d");
        assert_eq!(trees.of(&started("e", "unknown", "bash")), "unknown");
        let mut file = Row::new();
        file.set(&col::ACTION_TYPE, "FileCreated").set(&col::INITIATING_PROCESS_UNIQUE_ID, "c");
        assert_eq!(trees.of(&file), "a");
        assert_eq!(trees.of(&Row::new()), "");
    }
}
