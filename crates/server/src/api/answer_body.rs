//! The bytes of an answer in the three formats of the hunting API.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use query::kql::{Answer, AnswerColumn, Batch, Outcome, ParquetFile, csv_line, json_rows, text_rows};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::hunting::{ColumnBody, DiagnosticBody};
use super::item::CompleteBody;

/// Rows in one line of NDJSON: few enough that a reader shows the first ones early.
const ROWS_PER_LINE: usize = 1_000;

/// See `RunParams`.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON lines.
    #[default]
    Ndjson,
    /// Comma-separated.
    Csv,
    /// A Parquet file.
    Parquet,
}

impl Format {
    /// For the response's head.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Ndjson => "application/x-ndjson",
            Format::Csv => "text/csv; charset=utf-8",
            Format::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// Bytes that a file writer left for the network.
#[derive(Clone, Default)]
pub(super) struct Pending(Arc<Mutex<Vec<u8>>>);

impl Pending {
    pub(super) fn text(&self, text: &str) {
        self.0.lock().expect("no panic under the lock").extend_from_slice(text.as_bytes());
    }

    pub(super) fn take(&self) -> Bytes {
        std::mem::take(&mut *self.0.lock().expect("no panic under the lock")).into()
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic under the lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Turns an answer into bytes, batch by batch.
pub struct Writer {
    format: Format,
    columns: Vec<AnswerColumn>,
    complete: Option<CompleteBody>,
    pending: Pending,
    parquet: Option<ParquetFile<Pending>>,
}

impl Writer {
    /// Begins with the head.
    ///
    /// # Errors
    /// When a Parquet file can't hold the columns.
    pub fn new(format: Format, answer: &Answer, complete: CompleteBody) -> Result<Self, query::Error> {
        let pending = Pending::default();
        let parquet = match format {
            Format::Parquet => Some(ParquetFile::new(pending.clone(), &answer.columns)?),
            Format::Ndjson | Format::Csv => None,
        };
        let mut writer = Self { format, columns: answer.columns.clone(), complete: Some(complete), pending, parquet };
        match format {
            Format::Ndjson => writer.line(&head(answer)),
            Format::Csv => writer.text(&csv_line(answer.columns.iter().map(|column| column.name.as_str()))),
            Format::Parquet => {}
        }
        Ok(writer)
    }

    /// Adds rows.
    ///
    /// # Errors
    /// When the batch is not what the columns say.
    pub fn rows(&mut self, batch: &Batch) -> Result<(), query::Error> {
        match self.format {
            Format::Ndjson => {
                for rows in json_rows(&self.columns, batch)?.chunks(ROWS_PER_LINE) {
                    self.line(&json!({ "rows": rows }));
                }
            }
            Format::Csv => {
                for row in text_rows(&self.columns, batch)? {
                    self.text(&csv_line(row.iter().map(String::as_str)));
                }
            }
            Format::Parquet => {
                if let Some(parquet) = &mut self.parquet {
                    parquet.write(batch)?;
                }
            }
        }
        Ok(())
    }

    /// What is ready to be sent.
    pub fn take(&mut self) -> Bytes {
        self.pending.take()
    }

    /// Says that the query failed; false when the format can't.
    pub fn failed(&mut self, error: &query::Error) -> bool {
        if self.format != Format::Ndjson {
            return false;
        }
        self.line(&json!({ "error": { "code": error.code(), "message": error.to_string() } }));
        true
    }

    /// The last bytes.
    ///
    /// # Errors
    /// When a Parquet file can't be finished.
    pub fn finish(&mut self, outcome: &Outcome) -> Result<Bytes, query::Error> {
        if let Some(parquet) = self.parquet.take() {
            parquet.finish()?;
        }
        if self.format == Format::Ndjson {
            let caps = outcome.caps.iter().map(|cap| json!({ "name": cap.name, "message": cap.message }));
            let done = json!({ "done": {
                "rows": outcome.n_rows,
                "rowsScanned": outcome.n_rows_scanned,
                "elapsedMs": u64::try_from(outcome.elapsed.as_millis()).unwrap_or(u64::MAX),
                "caps": caps.collect::<Vec<Value>>(),
                "complete": self.complete.take(),
            } });
            self.line(&done);
        }
        Ok(self.take())
    }

    fn line(&mut self, value: &Value) {
        self.text(&value.to_string());
        self.text("\n");
    }

    fn text(&mut self, text: &str) {
        self.pending.text(text);
    }
}

fn head(answer: &Answer) -> Value {
    let columns: Vec<ColumnBody> = answer.columns.iter().map(ColumnBody::from).collect();
    let warnings: Vec<DiagnosticBody> = answer.warnings.iter().map(DiagnosticBody::from).collect();
    let visualization = answer.visualization.as_ref().map(|shown| {
        let properties = shown.properties.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        json!({ "chart": shown.chart, "properties": properties.collect::<serde_json::Map<_, _>>() })
    });
    json!({ "columns": columns, "warnings": warnings, "visualization": visualization })
}
