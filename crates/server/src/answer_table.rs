//! An answer on a terminal: a table, and what was found wrong with the query, with a mark under the place.
//! What comes from events is made harmless first: control characters could drive the terminal.

use std::io::{IsTerminal, Write};

use anyhow::Result;
use comfy_table::{ContentArrangement, presets};
use serde_json::{Value, json};

use crate::clock::local_text;

/// Rows that a table shows; more are for --csv, --json and --parquet.
const ROWS_SHOWN_MAX: usize = 1_000;
/// Characters of one cell on the screen.
const CELL_CHARS_MAX: usize = 300;

/// An answer being collected.
pub struct Table {
    local_time: bool,
    columns: Value,
    /// Warnings of parser and binder.
    pub warnings: Value,
    visualization: Value,
    rows: Vec<Value>,
    done: Value,
    error: Value,
}

impl Table {
    /// An empty one.
    pub fn new(local_time: bool) -> Self {
        Self {
            local_time,
            columns: Value::Null,
            warnings: Value::Null,
            visualization: Value::Null,
            rows: Vec::new(),
            done: Value::Null,
            error: Value::Null,
        }
    }

    /// Takes one line of the answer.
    pub fn take(&mut self, mut line: Value) {
        if let Value::Array(rows) = line["rows"].take() {
            self.rows.extend(rows);
        } else if !line["columns"].is_null() {
            self.columns = line["columns"].take();
            self.warnings = line["warnings"].take();
            self.visualization = line["visualization"].take();
        } else if !line["done"].is_null() {
            self.done = line["done"].take();
        } else {
            self.error = line["error"].take();
        }
    }

    /// Whether the answer came to its end.
    pub fn is_whole(&self) -> bool {
        self.done.is_object()
    }

    /// For machines.
    pub fn to_json(&self) -> Value {
        json!({
            "columns": self.columns,
            "rows": self.rows,
            "warnings": self.warnings,
            "visualization": self.visualization,
            "done": self.done,
            "error": self.error,
        })
    }

    /// For people.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn print(&self) -> Result<()> {
        let columns = self.columns.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut table = comfy_table::Table::new();
        table.load_preset(presets::NOTHING);
        if std::io::stdout().is_terminal() {
            table.set_content_arrangement(ContentArrangement::Dynamic);
        }
        table.set_header(columns.iter().map(|column| harmless(column["name"].as_str().unwrap_or_default())));
        for row in self.rows.iter().take(ROWS_SHOWN_MAX) {
            let cells = row.as_array().map(Vec::as_slice).unwrap_or_default();
            table.add_row(cells.iter().zip(columns).map(|(cell, column)| self.cell(cell, column)));
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "{table}")?;
        out.flush()?;
        self.say_rest();
        Ok(())
    }

    fn cell(&self, cell: &Value, column: &Value) -> String {
        match cell {
            Value::Null => String::new(),
            Value::String(text) if self.local_time && column["type"] == "datetime" => {
                local_text(text).unwrap_or_else(|| harmless(text))
            }
            Value::String(text) => harmless(text),
            other => harmless(&other.to_string()),
        }
    }

    fn say_rest(&self) {
        let n_rows = self.rows.len();
        let shown =
            if n_rows > ROWS_SHOWN_MAX { format!(", {ROWS_SHOWN_MAX} shown (--csv has all)") } else { String::new() };
        let plural = if n_rows == 1 { "" } else { "s" };
        eprintln!("{n_rows} row{plural}{shown}, {} ms", self.done["elapsedMs"].as_u64().unwrap_or_default());
        for cap in self.done["caps"].as_array().into_iter().flatten() {
            eprintln!("cap {}: {}", text_of(&cap["name"]), text_of(&cap["message"]));
        }
        if self.error.is_object() {
            eprintln!("not the whole answer: {}", text_of(&self.error["message"]));
        }
        if self.done["complete"]["state"] == "gaps" {
            let gaps = self.done["complete"]["gaps"].as_array().map(Vec::as_slice).unwrap_or_default();
            let n_lost: i64 = gaps.iter().filter_map(|gap| gap["count"].as_i64()).sum();
            eprintln!("incomplete: {} gap(s) in this time range, {n_lost} events are known to be missing", gaps.len());
        }
    }
}

fn text_of(value: &Value) -> String {
    harmless(value.as_str().unwrap_or_default())
}

/// Text without control characters, cut to what a screen can show.
fn harmless(text: &str) -> String {
    let mut shown = String::new();
    for (char_idx, char) in text.chars().enumerate() {
        if char_idx == CELL_CHARS_MAX {
            shown.push('…');
            break;
        }
        if char.is_control() || is_bidi(char) { shown.extend(char.escape_unicode()) } else { shown.push(char) }
    }
    shown
}

/// Characters that reorder the line they stand in (Unicode Standard Annex 9, section 2).
fn is_bidi(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The names and types of an answer's columns.
pub fn print_columns(columns: &Value) {
    match columns.as_array() {
        Some(columns) => {
            for column in columns {
                println!("{}: {}", text_of(&column["name"]), text_of(&column["type"]));
            }
        }
        None => println!("the columns depend on the data"),
    }
}

/// Says what is wrong with a query, each with its line and a mark below the place.
pub fn say_diagnostics(text: &str, diagnostics: &Value) {
    let colour = std::io::stderr().is_terminal();
    for diagnostic in diagnostics.as_array().into_iter().flatten() {
        let at = |name: &str| diagnostic[name].as_u64().and_then(|at| usize::try_from(at).ok()).unwrap_or(0);
        eprint!("{}", diagnostic_text(text, diagnostic, at("start"), at("end"), colour));
    }
}

fn diagnostic_text(text: &str, diagnostic: &Value, start: usize, end: usize, colour: bool) -> String {
    let severity = text_of(&diagnostic["severity"]);
    let (on, off) = match (colour, severity.as_str()) {
        (false, _) => ("", ""),
        (true, "error") => ("\x1b[31m", "\x1b[0m"),
        (true, _) => ("\x1b[33m", "\x1b[0m"),
    };
    let head = text.get(..start).unwrap_or(text);
    let line_idx = head.matches('\n').count();
    let line_start = head.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
    let before = head.get(line_start..).unwrap_or_default().chars().count();
    let marked = text.get(start..end).unwrap_or_default().lines().next().unwrap_or_default().chars().count();
    let mut shown =
        format!("{on}{severity} {}{off}: {}\n", text_of(&diagnostic["code"]), text_of(&diagnostic["message"]));
    shown += &format!("  {}:{} | {}\n", line_idx + 1, before + 1, harmless(line));
    if before + marked <= CELL_CHARS_MAX {
        let margin = format!("  {}:{} | ", line_idx + 1, before + 1).chars().count();
        shown += &format!("{}{on}{}{off}\n", " ".repeat(margin + before), "^".repeat(marked.max(1)));
    }
    let hint = text_of(&diagnostic["hint"]);
    if !hint.is_empty() {
        shown += &format!("  {hint}\n");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_the_place_in_its_line() {
        let text = "DeviceEvents\n| where 年 == Fool";
        let start = text.find("Fool").expect("it is there");
        let diagnostic = json!({ "code": "KQL101", "severity": "error", "message": "No column Fool.", "hint": "" });
        let shown = diagnostic_text(text, &diagnostic, start, start + 4, false);
        assert_eq!(shown, "error KQL101: No column Fool.\n  2:14 | | where 年 == Fool\n                      ^^^^\n");
    }

    #[test]
    fn hostile_cells_cannot_drive_the_terminal() {
        assert_eq!(harmless("a\x1b[2Jb\u{202e}c"), "a\\u{1b}[2Jb\\u{202e}c");
        assert_eq!(harmless(&"x".repeat(1_000)).chars().count(), CELL_CHARS_MAX + 1);
    }
}
