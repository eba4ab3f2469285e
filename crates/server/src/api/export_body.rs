//! The bytes of an exported timeline in its formats.

use axum::body::Bytes;
use query::kql::csv_line;
use query::{Chunk, EventsFile};
use schema::{Column, EVENT_COLUMNS, Row, Value};
use serde_json::{Map, Value as Json};

use super::answer_body::Pending;
use super::export::ExportFormat;
use super::item::Item;
use crate::clock::text_of_ns;

/// What Timesketch asks of every row (its documentation, "Import from CSV or JSONL").
const TIMESKETCH: [&str; 3] = ["message", "datetime", "timestamp_desc"];
/// How a spreadsheet knows a formula.
const FORMULA_SIGNS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\0'];

/// Turns rows into bytes, chunk by chunk.
pub struct Writer {
    format: ExportFormat,
    pending: Pending,
    parquet: Option<EventsFile<Pending>>,
}

impl Writer {
    /// Begins with the head.
    ///
    /// # Errors
    /// When a Parquet file can't be begun.
    pub fn new(format: ExportFormat) -> Result<Self, query::Error> {
        let pending = Pending::default();
        let names = EVENT_COLUMNS.iter().map(|column| column.name);
        let mut parquet = None;
        match format {
            ExportFormat::Ndjson => {}
            ExportFormat::Csv => pending.text(&csv_line(names)),
            ExportFormat::Timesketch => pending.text(&csv_line(TIMESKETCH.into_iter().chain(names))),
            ExportFormat::Parquet => parquet = Some(EventsFile::new(pending.clone())?),
        }
        Ok(Self { format, pending, parquet })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// When the Parquet file can't be written.
    pub fn chunk(&mut self, chunk: &Chunk) -> Result<(), query::Error> {
        if let Some(parquet) = &mut self.parquet {
            return parquet.write(chunk);
        }
        for row in &chunk.rows {
            match self.format {
                ExportFormat::Csv => self.pending.text(&csv_line(cells(row).iter().map(String::as_str))),
                ExportFormat::Timesketch => {
                    let mut all = sketch(row).to_vec();
                    all.extend(cells(row));
                    self.pending.text(&csv_line(all.iter().map(String::as_str)));
                }
                ExportFormat::Ndjson | ExportFormat::Parquet => {
                    self.pending.text(&Json::Object(members(row)).to_string());
                    self.pending.text("\n");
                }
            }
        }
        Ok(())
    }

    /// Writes what comes last.
    ///
    /// # Errors
    /// When a Parquet file can't be finished.
    pub fn finish(&mut self) -> Result<(), query::Error> {
        self.parquet.take().map_or(Ok(()), EventsFile::finish)
    }

    /// What is ready to be sent.
    pub fn take(&mut self) -> Bytes {
        self.pending.take()
    }
}

fn members(row: &Row) -> Map<String, Json> {
    let mut members = Map::new();
    for column in EVENT_COLUMNS.iter() {
        let value = match row.get(column) {
            None => continue,
            Some(Value::Str(text)) => text.clone().into(),
            Some(Value::Int(number)) => (*number).into(),
            Some(Value::Bool(flag)) => (*flag).into(),
            Some(Value::Time(nanos)) => text_of_ns(*nanos).into(),
        };
        members.insert(column.name.to_owned(), value);
    }
    members
}

fn cells(row: &Row) -> Vec<String> {
    EVENT_COLUMNS.iter().map(|column| cell(row, column)).collect()
}

/// A text that a spreadsheet would take for a formula gets an apostrophe in front; JSON and Parquet have it as it is.
fn cell(row: &Row, column: &'static Column) -> String {
    match row.get(column) {
        None => String::new(),
        Some(Value::Str(text)) => unharmed(text),
        Some(Value::Int(number)) => number.to_string(),
        Some(Value::Bool(flag)) => flag.to_string(),
        Some(Value::Time(nanos)) => text_of_ns(*nanos),
    }
}

fn unharmed(text: &str) -> String {
    if text.starts_with(FORMULA_SIGNS) { format!("'{text}") } else { text.to_owned() }
}

/// Message, time and what the time is of.
fn sketch(row: &Row) -> [String; 3] {
    let item = Item::of(row);
    let mut message = item.action_type.clone();
    if let Some(process) = &item.process_name {
        message = format!("{message} by {process}");
    }
    for part in [&item.object, &item.object_detail].into_iter().flatten() {
        message = format!("{message}: {part}");
    }
    if item.outcome == "failed" {
        message = format!("{message} (failed {})", item.error_name.as_deref().unwrap_or_default());
    }
    [message, item.time, format!("{} Time", item.action_type)]
}

#[cfg(test)]
mod tests {
    use schema::{Type, col};

    use super::*;

    #[test]
    fn formulas_are_texts_and_numbers_stay() {
        for sign in FORMULA_SIGNS {
            assert_eq!(unharmed(&format!("{sign}1+1")), format!("'{sign}1+1"));
        }
        assert_eq!(unharmed("a=1"), "a=1");
        let mut row = Row::new();
        row.set(&col::ERROR_CODE, -111).set(&col::FILE_NAME, "=cmd()");
        assert_eq!(cell(&row, &col::ERROR_CODE), "-111");
        assert_eq!(cell(&row, &col::FILE_NAME), "'=cmd()");
        assert_eq!(members(&row)["FileName"], "=cmd()");
        assert_eq!(col::ERROR_CODE.ty, Type::Int);
    }
}
