//! The rows of `parse` and `parse-kv`.

use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::Result;
use regex::Regex;

use crate::kql::exec::{RowOperator, Run};
use crate::kql::types::KqlType;
use crate::kql::value::{
    Column, Json, Value, array, parse_datetime, parse_guid, parse_long, parse_real, parse_timespan,
};

/// How the text is taken apart.
#[derive(Clone, Debug)]
pub(super) enum Method {
    /// Groups `c0`, `c1`, … of an expression.
    Pattern {
        regex: Regex,
        /// A column that does not convert makes the whole row not fit.
        is_strict: bool,
        /// Rows that don't fit go.
        drops: bool,
    },
    /// Keys and values.
    Pairs(Pairs),
}

/// What separates keys and values.
#[derive(Clone, Debug)]
pub(super) struct Pairs {
    pub(super) keys: Vec<String>,
    pub(super) pair_delimiter: String,
    pub(super) kv_delimiter: String,
    /// Opening and closing quote, one of both, or none.
    pub(super) quotes: Vec<char>,
    pub(super) escape: Option<char>,
    /// A value goes on over delimiters that no key follows.
    pub(super) is_greedy: bool,
    pub(super) regex: Option<Regex>,
}

impl Default for Pairs {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            pair_delimiter: " ".to_owned(),
            kv_delimiter: "=".to_owned(),
            quotes: Vec::new(),
            escape: None,
            is_greedy: false,
            regex: None,
        }
    }
}

/// The operator.
#[derive(Debug)]
pub(super) struct Parsing {
    pub(super) source: String,
    pub(super) method: Method,
    pub(super) outputs: Vec<(String, KqlType)>,
}

impl RowOperator for Parsing {
    fn name(&self) -> &'static str {
        "Parse"
    }

    fn details(&self) -> String {
        format!("{} {:?} {:?}", self.source, self.method, self.outputs)
    }

    fn reads(&self) -> Vec<String> {
        vec![self.source.clone()]
    }

    fn keeps_input(&self) -> bool {
        true
    }

    fn drops(&self) -> Vec<String> {
        self.reads()
    }

    fn columns(&self) -> Schema {
        let fields: Vec<Field> = self.outputs.iter().map(|(id, ty)| Field::new(id.clone(), ty.arrow(), true)).collect();
        Schema::new(fields)
    }

    fn is_per_partition(&self) -> bool {
        true
    }

    fn start(&self, input: &SchemaRef, output: &SchemaRef) -> Result<Box<dyn Run>> {
        Ok(Box::new(Working {
            source: input.index_of(&self.source)?,
            kept: self.kept(input),
            method: self.method.clone(),
            types: self.outputs.iter().map(|(_, ty)| *ty).collect(),
            output: Arc::clone(output),
            ready: None,
        }))
    }
}

struct Working {
    source: usize,
    kept: Vec<usize>,
    method: Method,
    types: Vec<KqlType>,
    output: SchemaRef,
    ready: Option<RecordBatch>,
}

impl Run for Working {
    fn push(&mut self, batch: RecordBatch) -> Result<()> {
        let texts = Column::new(batch.column(self.source), KqlType::String)?;
        let mut values: Vec<Vec<Value>> = vec![Vec::with_capacity(batch.num_rows()); self.types.len()];
        let mut fits = Vec::with_capacity(batch.num_rows());
        for row_idx in 0..batch.num_rows() {
            let row = match &self.method {
                Method::Pattern { regex, is_strict, .. } => {
                    by_pattern(regex, *is_strict, texts.text(row_idx), &self.types)
                }
                Method::Pairs(pairs) => Some(by_pairs(pairs, texts.text(row_idx), &self.types)),
            };
            fits.push(row.is_some());
            let row = row.unwrap_or_else(|| self.types.iter().map(|ty| Value::null_of(*ty)).collect());
            for (value, values) in row.into_iter().zip(&mut values) {
                values.push(value);
            }
        }
        let mut arrays: Vec<_> = self.kept.iter().map(|idx| Arc::clone(batch.column(*idx))).collect();
        for (values, ty) in values.iter().zip(&self.types) {
            arrays.push(array(values, *ty));
        }
        let parsed = RecordBatch::try_new(Arc::clone(&self.output), arrays)?;
        self.ready = Some(match self.method {
            Method::Pattern { drops: true, .. } => filter_record_batch(&parsed, &BooleanArray::from(fits))?,
            _ => parsed,
        });
        Ok(())
    }

    fn pull(&mut self) -> Result<Option<RecordBatch>> {
        Ok(self.ready.take())
    }
}

fn by_pattern(regex: &Regex, is_strict: bool, text: &str, types: &[KqlType]) -> Option<Vec<Value>> {
    let captures = regex.captures(text)?;
    let mut values = Vec::with_capacity(types.len());
    for (idx, ty) in types.iter().enumerate() {
        let found = captures.name(&format!("c{idx}")).map_or("", |found| found.as_str());
        let value = of_text(found, *ty);
        if is_strict && value.is_null() {
            return None;
        }
        values.push(value);
    }
    Some(values)
}

/// A text as a value of a type; null when it is none.
pub(super) fn of_text(text: &str, ty: KqlType) -> Value {
    match ty {
        KqlType::String => Value::text(text),
        KqlType::Long => parse_long(text.trim()).map_or(Value::Null, Value::Long),
        KqlType::Int => {
            parse_long(text.trim()).and_then(|long| i32::try_from(long).ok()).map_or(Value::Null, Value::Int)
        }
        KqlType::Real | KqlType::Decimal => parse_real(text).map_or(Value::Null, Value::Real),
        KqlType::Bool => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Value::Bool(true),
            "false" | "0" => Value::Bool(false),
            _ => Value::Null,
        },
        KqlType::DateTime => parse_datetime(text.trim()).map_or(Value::Null, Value::DateTime),
        KqlType::TimeSpan => parse_timespan(text.trim()).map_or(Value::Null, Value::TimeSpan),
        KqlType::Guid => parse_guid(text.trim()).map_or(Value::Null, Value::Guid),
        KqlType::Dynamic => {
            let json: std::result::Result<Json, _> = serde_json::from_str(text);
            Value::dynamic(json.unwrap_or_else(|_| Json::String(text.to_owned())))
        }
    }
}

/// The values of the wanted keys; of a key that is there twice the first counts.
fn by_pairs(pairs: &Pairs, text: &str, types: &[KqlType]) -> Vec<Value> {
    let mut values: Vec<Value> = types.iter().map(|ty| Value::null_of(*ty)).collect();
    let mut is_set = vec![false; types.len()];
    let found = match &pairs.regex {
        Some(regex) => {
            let each = regex.captures_iter(text).map(|captures| (captures[1].to_owned(), captures[2].to_owned()));
            each.collect()
        }
        None => split_pairs(pairs, text),
    };
    for (key, value) in found {
        if let Some(idx) = pairs.keys.iter().position(|wanted| *wanted == key)
            && !is_set[idx]
        {
            values[idx] = of_text(&value, types[idx]);
            is_set[idx] = true;
        }
    }
    values
}

fn split_pairs(pairs: &Pairs, text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for piece in pieces(pairs, text) {
        match piece.split_once(pairs.kv_delimiter.as_str()) {
            Some((key, value)) => found.push((key.trim().to_owned(), unquoted(pairs, value))),
            None if pairs.is_greedy => {
                if let Some((_, value)) = found.last_mut() {
                    value.push_str(&pairs.pair_delimiter);
                    value.push_str(&piece);
                }
            }
            None => {}
        }
    }
    found
}

/// The text between pair delimiters that are not quoted.
fn pieces(pairs: &Pairs, text: &str) -> Vec<String> {
    let (open, close) = (pairs.quotes.first(), pairs.quotes.last());
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut is_quoted = false;
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let after = &rest[char.len_utf8()..];
        if Some(char) == pairs.escape && is_quoted {
            piece.push(char);
            if let Some(escaped) = after.chars().next() {
                piece.push(escaped);
                rest = &after[escaped.len_utf8()..];
                continue;
            }
        } else if is_quoted && Some(&char) == close {
            is_quoted = false;
            piece.push(char);
        } else if !is_quoted && Some(&char) == open {
            is_quoted = true;
            piece.push(char);
        } else if !is_quoted && !pairs.pair_delimiter.is_empty() && rest.starts_with(&pairs.pair_delimiter) {
            pieces.push(std::mem::take(&mut piece));
            rest = &rest[pairs.pair_delimiter.len()..];
            continue;
        } else {
            piece.push(char);
        }
        rest = after;
    }
    pieces.push(piece);
    pieces
}

fn unquoted(pairs: &Pairs, value: &str) -> String {
    let (Some(open), Some(close)) = (pairs.quotes.first(), pairs.quotes.last()) else { return value.to_owned() };
    let Some(inside) = value.trim().strip_prefix(*open).and_then(|rest| rest.strip_suffix(*close)) else {
        return value.to_owned();
    };
    let mut text = String::with_capacity(inside.len());
    let mut chars = inside.chars();
    while let Some(char) = chars.next() {
        match Some(char) == pairs.escape {
            true => text.extend(chars.next()),
            false => text.push(char),
        }
    }
    text
}
