//! `portal/src/generated/schema.ts`: the same declarations for the portal.

use std::fmt::Write;

use schema::{ACTIONS, EventGroup, TABLES, Type, col};

pub fn schema() -> String {
    let mut file = String::from("// Generated from crates/schema by `cargo xtask codegen`. Do not edit.\n\n");
    groups(&mut file);
    actions(&mut file);
    columns(&mut file);
    tables(&mut file);
    interfaces(&mut file);
    file
}

fn groups(file: &mut String) {
    let names: Vec<String> = EventGroup::ALL.iter().map(|group| quoted(group.name())).collect();
    writeln!(file, "export type EventGroup =\n  | {};\n", names.join("\n  | ")).expect("string");
    file.push_str("/** Labels of the event groups, in the order of the filter. */\n");
    file.push_str("export const GROUPS: Record<EventGroup, { en: string; ja: string }> = {\n");
    for group in EventGroup::ALL {
        let (name, en, ja) = (group.name(), quoted(group.en()), quoted(group.ja()));
        writeln!(file, "  {name}: {{ en: {en}, ja: {ja} }},").expect("string");
    }
    file.push_str("};\n\n");
}

fn actions(file: &mut String) {
    file.push_str("/** Words for every ActionType. */\n");
    file.push_str("export const ACTIONS: Record<string, { group: EventGroup; en: string; ja: string }> = {\n");
    let mut actions: Vec<_> = ACTIONS.iter().collect();
    actions.sort_by_key(|action| action.name);
    for action in actions {
        let (group, en, ja) = (quoted(action.group.name()), quoted(action.en), quoted(action.ja));
        writeln!(file, "  {}: {{ group: {group}, en: {en}, ja: {ja} }},", action.name).expect("string");
    }
    file.push_str("};\n\n");
}

fn columns(file: &mut String) {
    file.push_str("export type ColumnType = \"string\" | \"int\" | \"long\" | \"bool\" | \"datetime\";\n\n");
    file.push_str("/** Type and meaning of every column. */\n");
    file.push_str("export const COLUMNS: Record<string, { type: ColumnType; prose: string }> = {\n");
    for column in col::ALL.iter() {
        let (name, ty, prose) = (column.name, quoted(column.ty.kql_name()), quoted(column.prose));
        writeln!(file, "  {name}: {{ type: {ty}, prose: {prose} }},").expect("string");
    }
    file.push_str("};\n\n");
}

fn tables(file: &mut String) {
    file.push_str("/** Meaning of every table. */\n");
    file.push_str("export const TABLES: Record<string, string> = {\n");
    for table in TABLES {
        writeln!(file, "  {}: {},", table.name, quoted(table.prose)).expect("string");
    }
    file.push_str("};\n");
}

/// A row as JSON: null columns are absent, times are RFC 3339 text.
fn interfaces(file: &mut String) {
    for table in TABLES {
        writeln!(file, "\n/** {} */\nexport interface {} {{", table.prose, table.name).expect("string");
        for column in table.columns {
            let ty = match column.ty {
                Type::String | Type::DateTime => "string",
                Type::Int | Type::Long => "number",
                Type::Bool => "boolean",
            };
            writeln!(file, "  {}?: {ty};", column.name).expect("string");
        }
        file.push_str("}\n");
    }
}

/// A TypeScript string literal; the prose holds no control characters, which a test of `declarations.rs` sees to.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
