//! What must hold for every column, table, group and action.

use std::collections::{BTreeSet, HashSet};

use schema::tables::{COLUMN_ALIASES, OLD_COLUMN_NAMES, TABLE_ALIASES, column, event_column_by_wire, table};
use schema::{ACTIONS, EVENT_COLUMNS, EventGroup, TABLES, Type, action, col};

/// The largest protobuf field number whose key takes one byte.
const WIRE_ONE_BYTE_MAX: u32 = 15;

#[test]
fn columns_have_unique_names_and_dense_wire_numbers() {
    let mut names = HashSet::new();
    for (idx, column) in col::ALL.iter().enumerate() {
        assert!(names.insert(column.name), "{} is declared twice", column.name);
        assert_eq!(column.wire as usize, idx + 1, "wire number of {}", column.name);
    }
}

/// Delta, DuckDB and Spark compare column names without case, so only an alias may differ in case alone.
#[test]
fn stored_columns_differ_in_more_than_case() {
    let mut names = HashSet::new();
    for column in col::ALL.iter().filter(|column| column.alias_of.is_none()) {
        assert!(names.insert(column.name.to_lowercase()), "{} differs from another only in case", column.name);
    }
}

#[test]
fn aliases_have_the_type_of_their_column() {
    for column in col::ALL.iter() {
        if let Some(target) = column.alias_of {
            assert_eq!(column.ty, target.ty, "{}", column.name);
            assert!(target.alias_of.is_none(), "{} is an alias of an alias", column.name);
        }
    }
}

#[test]
fn prose_is_sentences() {
    for column in col::ALL.iter() {
        check_prose(column.name, column.prose);
    }
    for table in TABLES {
        check_prose(table.name, table.prose);
    }
}

fn check_prose(name: &str, prose: &str) {
    assert!(prose.ends_with('.'), "prose of {name} has no full stop");
    assert!(prose.starts_with(|first: char| first.is_uppercase()), "prose of {name} starts small");
    assert!(!prose.contains("  ") && prose == prose.trim(), "prose of {name} has stray spaces");
    assert!(!prose.contains(char::is_control), "prose of {name} has a control character");
}

#[test]
fn every_column_is_in_a_table() {
    for column in col::ALL.iter() {
        let used = TABLES.iter().any(|table| table.columns.contains(column)) || EVENT_COLUMNS.contains(column);
        assert!(used, "{} is in no table", column.name);
    }
}

#[test]
fn tables_have_no_column_twice_and_start_like_mde() {
    for table in TABLES {
        let names: BTreeSet<&str> = table.columns.iter().map(|column| column.name).collect();
        assert_eq!(names.len(), table.columns.len(), "{} has a column twice", table.name);
        let second = if table.name.starts_with("Alert") { "AlertId" } else { "DeviceId" };
        assert_eq!((table.columns[0].name, table.columns[1].name), ("Timestamp", second), "{}", table.name);
        if table.in_events {
            assert_eq!((table.columns[2].name, table.columns[3].name), ("DeviceName", "ActionType"), "{}", table.name);
        }
    }
}

/// Column counts of MDE's documentation (2026-07-27), so that a lost column is noticed.
#[test]
fn tables_have_all_of_mdes_columns() {
    let mde_counts = [65, 69, 59, 46, 43, 49, 42, 49, 18, 18, 8, 42];
    for (table, mde_count) in TABLES.iter().zip(mde_counts) {
        let own_count = if table.in_events { 30 } else { 2 };
        assert_eq!(table.columns.len(), mde_count + own_count, "{}", table.name);
    }
}

#[test]
fn physical_table_has_every_event_column_once() {
    for table in TABLES.iter().filter(|table| table.in_events) {
        for column in table.columns {
            let stored = column.alias_of.unwrap_or(column);
            assert!(EVENT_COLUMNS.contains(&stored), "{} of {}", column.name, table.name);
        }
    }
    let names: HashSet<&str> = EVENT_COLUMNS.iter().map(|column| column.name).collect();
    assert_eq!(names.len(), EVENT_COLUMNS.len());
    for name in ["EventTable", "StreamEpoch", "StreamSeq"] {
        assert!(names.contains(name), "{name}");
        assert!(TABLES.iter().all(|table| table.column(name).is_none()), "{name} is physical only");
    }
    assert!(!names.contains("LogonID"));
}

#[test]
fn wire_numbers_find_event_columns_only() {
    for column in EVENT_COLUMNS.iter() {
        assert_eq!(event_column_by_wire(column.wire), Some(*column));
    }
    for wire in [0, col::LOGON_ID_DOC.wire, col::ALERT_ID.wire, col::ALL.len() as u32 + 1, u32::MAX] {
        assert_eq!(event_column_by_wire(wire), None);
    }
    for wire in 1..=WIRE_ONE_BYTE_MAX {
        assert!(event_column_by_wire(wire).is_some(), "cheap number {wire} is not an event column");
    }
}

#[test]
fn second_names_lead_to_declared_names() {
    for (alias, name) in TABLE_ALIASES {
        assert_eq!(table(alias).map(|table| table.name), Some(*name));
        assert!(TABLES.iter().all(|table| table.name != *alias));
    }
    for (old, name) in OLD_COLUMN_NAMES {
        assert!(column(name).is_some(), "{old} stands for no column");
    }
    for (alias, name) in COLUMN_ALIASES {
        assert_eq!(column(alias).map(|column| column.name), Some(*name));
        assert!(col::ALL.iter().all(|column| column.name != *alias));
    }
    assert!(table("NoSuchTable").is_none());
    assert_eq!(column("RemotePort").map(|column| column.ty), Some(Type::Int));
    assert!(column("NoSuchColumn").is_none());
}

#[test]
fn actions_are_unique_and_belong_to_an_event_table() {
    let mut names = HashSet::new();
    for action in ACTIONS {
        assert!(names.insert(action.name), "{} is declared twice", action.name);
        assert!(table(action.table).is_some_and(|table| table.in_events), "table of {}", action.name);
        assert!(!action.en.is_empty() && !action.en.ends_with('.'), "English of {}", action.name);
        assert!(!action.ja.is_empty() && !action.ja.ends_with('。'), "Japanese of {}", action.name);
    }
}

#[test]
fn actions_are_found_by_name() {
    for expected in ACTIONS {
        assert_eq!(action::action(expected.name).map(|action| action.name), Some(expected.name));
    }
    assert!(action::action("filecreated").is_none());
    assert_eq!(action::action("DnsQueryResponse").map(|action| action.group), Some(EventGroup::Dns));
    assert_eq!(action::action("LogonFailed").map(|action| action.group), Some(EventGroup::UserActivity));
    assert_eq!(action::action("ShellCommand").map(|action| action.group), Some(EventGroup::Other));
    assert_eq!(action::action("EventsLost").map(|action| action.group), Some(EventGroup::Sensor));
}

#[test]
fn groups_are_seventeen_and_found_by_name() {
    assert_eq!(EventGroup::ALL.len(), 17);
    for group in EventGroup::ALL {
        assert_eq!(EventGroup::from_name(group.name()), Some(*group));
    }
    assert_eq!(EventGroup::from_name("DNS"), None);
}
