//! `docs/schema/`: what a person who hunts reads.

use std::fmt::Write;

use schema::tables::{COLUMN_ALIASES, OLD_COLUMN_NAMES, TABLE_ALIASES};
use schema::{ACTIONS, EventGroup, TABLES, Table};

const NOTICE: &str = "<!-- Generated from crates/schema by `cargo xtask codegen`. Do not edit. -->\n\n";

pub fn index() -> String {
    let mut page = String::from(NOTICE);
    page.push_str("# Tables\n\n");
    page.push_str(
        "Names, order and types are those of Microsoft Defender's advanced hunting; our own columns follow.\n\n",
    );
    page.push_str("| table | one row is | columns |\n|---|---|---|\n");
    for table in TABLES {
        let (name, prose, n_columns) = (table.name, table.prose, table.columns.len());
        writeln!(page, "| [{name}]({name}.md) | {} | {n_columns} |", cell(prose)).expect("string");
    }
    page.push_str("\nWhat can happen: [actions](actions.md).\n\n## Second names\n\n");
    page.push_str(
        "Old queries keep working: these names are read as the ones beside them.\n\n| name | read as |\n|---|---|\n",
    );
    for (alias, name) in TABLE_ALIASES.iter().chain(COLUMN_ALIASES) {
        writeln!(page, "| `{alias}` | `{name}` |").expect("string");
    }
    page.push_str("\nWhere a table is named by an old name, these old names of columns hold too.\n\n");
    page.push_str("| name | read as |\n|---|---|\n");
    for (old, name) in OLD_COLUMN_NAMES {
        writeln!(page, "| `{old}` | `{name}` |").expect("string");
    }
    page
}

pub fn table(table: &Table) -> String {
    let mut page = format!("{NOTICE}# {}\n\n{}\n\n", table.name, table.prose);
    page.push_str("| column | type | meaning |\n|---|---|---|\n");
    for column in table.columns {
        writeln!(page, "| `{}` | {} | {} |", column.name, column.ty.kql_name(), cell(column.prose)).expect("string");
    }
    let mut actions: Vec<_> = ACTIONS.iter().filter(|action| action.table == table.name).collect();
    if actions.is_empty() {
        return page;
    }
    actions.sort_by_key(|action| action.name);
    page.push_str("\n## Actions\n\n| ActionType | meaning |\n|---|---|\n");
    for action in actions {
        writeln!(page, "| `{}` | {} |", action.name, action.en).expect("string");
    }
    page
}

pub fn actions() -> String {
    let mut page = format!("{NOTICE}# Actions\n\nEvery value of `ActionType`, by event group. ");
    page.push_str("Those marked *Nenrin* are not in Microsoft Defender.\n");
    for group in EventGroup::ALL {
        let mut actions: Vec<_> = ACTIONS.iter().filter(|action| action.group == *group).collect();
        writeln!(page, "\n## {} ({})\n", group.en(), group.name()).expect("string");
        if actions.is_empty() {
            page.push_str("No action yet.\n");
            continue;
        }
        actions.sort_by_key(|action| action.name);
        page.push_str("| ActionType | meaning | 意味 | table | from |\n|---|---|---|---|---|\n");
        for action in actions {
            let from = if action.ours { "Nenrin" } else { "MDE" };
            let (name, table) = (action.name, action.table);
            writeln!(page, "| `{name}` | {} | {} | [{table}]({table}.md) | {from} |", action.en, action.ja)
                .expect("string");
        }
    }
    page
}

/// Text inside a table cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
