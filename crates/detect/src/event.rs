//! A row as the evaluator reads it.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

use rsigma_eval::{Event, EventValue};
use schema::{Row, Value, col};

use crate::fields::{self, From};
use crate::sources::Platform;

/// The column `AdditionalFields`, parsed when a rule first asks for a member of it.
#[derive(Default)]
pub(crate) struct More(OnceCell<Option<serde_json::Value>>);

impl More {
    pub(crate) fn get<'a>(&'a self, row: &Row, name: &str) -> Option<EventValue<'a>> {
        let json = self.0.get_or_init(|| serde_json::from_str(row.text(&col::ADDITIONAL_FIELDS)?).ok());
        match json.as_ref()?.get(name)? {
            serde_json::Value::String(value) => Some(fields::text(Cow::Borrowed(value))),
            serde_json::Value::Null => None,
            other => Some(EventValue::from(other)),
        }
    }
}

/// A row seen through the fields of one log source.
pub(crate) struct RowEvent<'a> {
    pub(crate) row: &'a Row,
    pub(crate) platform: Platform,
    pub(crate) fields: &'a HashMap<&'static str, From>,
    pub(crate) more: &'a More,
}

impl Event for RowEvent<'_> {
    fn get_field(&self, path: &str) -> Option<EventValue<'_>> {
        fields::value(*self.fields.get(path)?, self.row, self.platform, self.more)
    }

    fn any_string_value(&self, pred: &dyn Fn(&str) -> bool) -> bool {
        self.row.values().iter().any(|(_, value)| matches!(value, Value::Str(text) if pred(text)))
    }

    fn all_string_values(&self) -> Vec<Cow<'_, str>> {
        let mut texts = Vec::new();
        for (_, value) in self.row.values() {
            if let Value::Str(text) = value {
                texts.push(Cow::Borrowed(text.as_str()));
            }
        }
        texts
    }

    fn to_json(&self) -> serde_json::Value {
        let mut members = serde_json::Map::new();
        for name in self.fields.keys() {
            if let Some(value) = self.get_field(name) {
                members.insert((*name).to_owned(), value.to_json());
            }
        }
        serde_json::Value::Object(members)
    }
}
