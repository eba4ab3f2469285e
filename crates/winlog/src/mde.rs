//! Rows that Defender for Endpoint gave away: the CSV of a device's timeline, and results of advanced hunting as CSV or
//! JSON. Its columns are ours, so a row stays a row; what it has beyond them goes to AdditionalFields.

use std::io::{BufReader, Read};

use schema::row::Nanos;
use schema::{Column, Row, Type, col};
use serde_json::{Map, Value};

use crate::csv::next_record;
use crate::limits::{MDE_JSON_BYTES_MAX, ROWS_AT_ONCE};
use crate::source::Damage;
use crate::text::Utf8;
use crate::{Error, parse_time_ns};

/// Gives rows until there are no more.
pub trait RowSource {
    /// The next rows; `None` is the end.
    fn next_some(&mut self) -> Option<Vec<Result<Row, Damage>>>;
}

/// Names of the timeline's export that are not ours without their blanks.
const OTHER_NAMES: [(&str, &str); 5] = [
    ("eventtime", "Timestamp"),
    ("machineid", "DeviceId"),
    ("computername", "DeviceName"),
    ("remotecomputername", "RemoteDeviceName"),
    ("timegenerated", "Timestamp"),
];

/// The column of a header: blanks and case do not count.
fn column_of(header: &str) -> Option<&'static Column> {
    let plain: String = header.chars().filter(|it| !it.is_whitespace()).collect::<String>().to_lowercase();
    let name = OTHER_NAMES.iter().find(|(other, _)| *other == plain).map(|(_, name)| *name);
    let is_it = |column: &&&'static Column| match name {
        Some(name) => column.name == name,
        None => column.name.eq_ignore_ascii_case(&plain),
    };
    col::ALL.iter().find(is_it).copied()
}

/// True when a first line can only be the head of such a CSV.
pub fn is_header(line: &str) -> bool {
    let has = |wanted: &Column| {
        line.split(',').any(|name| column_of(name.trim_matches(['"', '\u{feff}', '\r'])) == Some(wanted))
    };
    has(&col::TIMESTAMP) && has(&col::ACTION_TYPE)
}

/// A row out of names and values.
fn row_of<'a>(cells: impl Iterator<Item = (&'a str, Option<&'static Column>, Value)>) -> Result<Row, Error> {
    let mut row = Row::new();
    let mut extra = Map::new();
    for (name, column, value) in cells {
        let text = match &value {
            Value::Null => continue,
            Value::String(text) if text.is_empty() => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match column {
            // Whose device it is here, the name says; anybody can write an id into a file.
            Some(column) if *column == col::DEVICE_ID => {
                extra.insert("MdeDeviceId".to_owned(), text.into());
            }
            Some(column) if *column == col::REPORT_ID => {
                extra.insert("MdeReportId".to_owned(), text.into());
            }
            Some(column) if *column == col::DEVICE_NAME => {
                row.set(column, text.to_lowercase());
            }
            Some(column) if !set(&mut row, column, &text) => {
                extra.insert(name.to_owned(), text.into());
            }
            Some(_) => {}
            None => {
                extra.insert(name.to_owned(), value);
            }
        }
    }
    if row.get(&col::TIMESTAMP).is_none() || row.get(&col::ACTION_TYPE).is_none() {
        return Err(Error::NotAnEvent);
    }
    if !extra.is_empty() {
        add(&mut row, extra);
    }
    Ok(row)
}

/// Sets a column from a text; false when the text is no such value.
fn set(row: &mut Row, column: &'static Column, text: &str) -> bool {
    let text = text.trim();
    match column.ty {
        Type::String => {
            row.set(column, text);
        }
        Type::Int => match text.parse::<i32>() {
            Ok(number) => {
                row.set(column, i64::from(number));
            }
            Err(_) => return false,
        },
        Type::Long => match text.parse::<i64>() {
            Ok(number) => {
                row.set(column, number);
            }
            Err(_) => return false,
        },
        Type::Bool => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => {
                row.set(column, true);
            }
            "false" | "0" => {
                row.set(column, false);
            }
            _ => return false,
        },
        Type::DateTime => match parse_time_ns(text).or_else(|| english_time_ns(text)) {
            Some(time_ns) => {
                row.set(column, Nanos(time_ns));
            }
            None => return false,
        },
    }
    true
}

/// `Mar 2, 2026 9:15:04 AM`, as the portal's export writes it for English users; taken as UTC, the portal's default.
fn english_time_ns(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split([' ', ',', '\u{202f}']).filter(|word| !word.is_empty());
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| month.get(..3) == Some(name))? + 1;
    let day: u32 = words.next()?.parse().ok()?;
    let year: u32 = words.next()?.parse().ok()?;
    let mut parts = words.next()?.split(':');
    let hour: u32 = parts.next()?.parse().ok()?;
    let minute: u32 = parts.next()?.parse().ok()?;
    let second = parts.next().unwrap_or("0");
    let hour = match words.next() {
        Some("AM") => hour % 12,
        Some("PM") => hour % 12 + 12,
        Some(_) | None => hour,
    };
    let second = if second.find('.').unwrap_or(second.len()) == 1 { format!("0{second}") } else { second.to_owned() };
    parse_time_ns(&format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second}Z"))
}

fn add(row: &mut Row, extra: Map<String, Value>) {
    let mut fields = match row.text(&col::ADDITIONAL_FIELDS).map(serde_json::from_str) {
        Some(Ok(Value::Object(fields))) => fields,
        // What is no object stays as it is, as one member.
        Some(Ok(other)) => Map::from_iter([("AdditionalFields".to_owned(), other)]),
        Some(Err(_)) => {
            let text = row.text(&col::ADDITIONAL_FIELDS).unwrap_or_default();
            Map::from_iter([("AdditionalFields".to_owned(), text.into())])
        }
        None => Map::new(),
    };
    for (name, value) in extra {
        fields.entry(name).or_insert(value);
    }
    row.set(&col::ADDITIONAL_FIELDS, Value::Object(fields).to_string());
}

/// CSV with a head.
pub struct CsvReader<R: Read> {
    reader: BufReader<Utf8<R>>,
    head: Vec<(String, Option<&'static Column>)>,
    n_records: u64,
}

impl<R: Read> CsvReader<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// When it does not name a time and an action.
    pub fn open(reader: R) -> Result<Self, Damage> {
        let mut reader = BufReader::with_capacity(64 << 10, Utf8::new(reader));
        let head = match next_record(&mut reader) {
            Ok(Some(Ok(head))) => head,
            Ok(Some(Err(error))) => return Err(Damage::File(error.to_string())),
            Ok(None) => return Err(Damage::File("the file is empty".to_owned())),
            Err(error) => return Err(Damage::File(error.to_string())),
        };
        if !is_header(&head.join(",")) {
            return Err(Damage::File("the head names no Timestamp and ActionType".to_owned()));
        }
        let head = head.into_iter().map(|name| (name.trim().to_owned(), column_of(&name))).collect();
        Ok(Self { reader, head, n_records: 0 })
    }
}

impl<R: Read> RowSource for CsvReader<R> {
    fn next_some(&mut self) -> Option<Vec<Result<Row, Damage>>> {
        let mut items = Vec::new();
        while items.len() < ROWS_AT_ONCE {
            match next_record(&mut self.reader) {
                Ok(Some(Ok(fields))) if fields.iter().all(|field| field.trim().is_empty()) => {}
                Ok(Some(record)) => {
                    self.n_records += 1;
                    let record_id = self.n_records;
                    let row = record.and_then(|fields| {
                        let cells = self.head.iter().zip(fields);
                        row_of(cells.map(|((name, column), text)| (name.as_str(), *column, Value::String(text))))
                    });
                    items.push(row.map_err(|error| Damage::Event { record_id, error }));
                }
                Ok(None) => break,
                Err(error) => {
                    items.push(Err(Damage::File(error.to_string())));
                    break;
                }
            }
        }
        (!items.is_empty()).then_some(items)
    }
}

/// An answer of the hunting API, one JSON document: `Results` of MDE's, `results` of Graph's, or a list.
pub struct JsonAnswer {
    rows: std::vec::IntoIter<Value>,
    n_rows: u64,
}

impl JsonAnswer {
    /// Reads the document.
    ///
    /// # Errors
    /// When it is larger than `MDE_JSON_BYTES_MAX`, no JSON, or no such answer.
    pub fn open(reader: impl Read) -> Result<Self, Damage> {
        let file = |error: &dyn std::fmt::Display| Damage::File(error.to_string());
        let mut text = Vec::new();
        let n_read =
            Utf8::new(reader).take(MDE_JSON_BYTES_MAX + 1).read_to_end(&mut text).map_err(|error| file(&error))?;
        if n_read as u64 > MDE_JSON_BYTES_MAX {
            return Err(Damage::File("one JSON document of more than 64 MB: export it as CSV".to_owned()));
        }
        let value: Value = serde_json::from_slice(&text).map_err(|error| file(&error))?;
        let rows = match value {
            Value::Array(rows) => rows,
            Value::Object(mut answer) => match answer.remove("Results").or_else(|| answer.remove("results")) {
                Some(Value::Array(rows)) => rows,
                Some(_) | None => return Err(Damage::File("no Results in it".to_owned())),
            },
            _ => return Err(Damage::File("no results in it".to_owned())),
        };
        Ok(Self { rows: rows.into_iter(), n_rows: 0 })
    }
}

impl RowSource for JsonAnswer {
    fn next_some(&mut self) -> Option<Vec<Result<Row, Damage>>> {
        let mut items = Vec::new();
        for value in self.rows.by_ref().take(ROWS_AT_ONCE) {
            self.n_rows += 1;
            let record_id = self.n_rows;
            let row = match value {
                Value::Object(object) => {
                    let cells = object.iter().filter(|(name, _)| !name.contains('@'));
                    row_of(cells.map(|(name, value)| (name.as_str(), column_of(name), value.clone())))
                }
                _ => Err(Error::NotAnEvent),
            };
            items.push(row.map_err(|error| Damage::Event { record_id, error }));
        }
        (!items.is_empty()).then_some(items)
    }
}
