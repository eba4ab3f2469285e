//! A row in the making: which fields of the event are used, and what goes to AdditionalFields.

use std::borrow::Cow;

use schema::{Row, col};
use serde_json::Value;

use super::values;
use crate::Event;
use crate::limits::TEXT_BYTES_MAX;
use crate::members::Members;

/// Columns that a row usually has before its process fills in the rest.
const ROW_COLUMNS: usize = 24;

/// A row in the making.
pub(crate) struct Build<'a> {
    pub(crate) event: &'a Event,
    pub(crate) row: Row,
    used: Vec<bool>,
    extra: Members<'a>,
}

impl<'a> Build<'a> {
    pub(super) fn new(event: &'a Event) -> Self {
        Self {
            event,
            row: Row::with_capacity(ROW_COLUMNS),
            used: vec![false; event.data.len()],
            extra: Members::default(),
        }
    }

    /// A field that says something, without using it up.
    pub(super) fn peek(&self, name: &str) -> Option<&'a str> {
        self.event.get(name).map(str::trim).filter(|value| values::says_something(value))
    }

    /// A field that says something, which then needs no place in AdditionalFields.
    pub(super) fn take(&mut self, name: &str) -> Option<&'a str> {
        let idx = self.event.data.iter().position(|field| &*field.name == name)?;
        self.used[idx] = true;
        self.peek(name)
    }

    /// Uses up all fields of a name.
    pub(super) fn take_all(&mut self, name: &str) {
        for (idx, field) in self.event.data.iter().enumerate() {
            if &*field.name == name {
                self.used[idx] = true;
            }
        }
    }

    /// A text column, cut at the limit.
    pub(super) fn text(&mut self, column: &'static schema::Column, value: &str) {
        if !value.is_empty() {
            self.row.set(column, values::cut(value, TEXT_BYTES_MAX));
        }
    }

    /// A number column; `0x` means hexadecimal. What is no number goes to AdditionalFields.
    pub(super) fn number(&mut self, column: &'static schema::Column, name: &'static str, value: &str) {
        let fits = |number: &i64| column.ty != schema::Type::Int || i32::try_from(*number).is_ok();
        match values::number(value).filter(fits) {
            // No process acts with pid 0, and no connection has port 0: both mean "none".
            Some(0) if *column == col::INITIATING_PROCESS_ID || *column == col::REMOTE_PORT => {}
            Some(number) => {
                self.row.set(column, number);
            }
            None => self.extra(name, value),
        }
    }

    /// A member of AdditionalFields.
    pub(super) fn extra(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value>) {
        let value = match value.into() {
            Value::String(text) if text.len() > TEXT_BYTES_MAX => Value::String(values::cut(&text, TEXT_BYTES_MAX)),
            value => value,
        };
        self.extra.set(name.into(), value);
    }

    /// A member of AdditionalFields whose name or text is in the event.
    pub(super) fn extra_text(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) {
        self.extra.set_text(name.into(), within(value.into()));
    }

    /// Every field that no rule used, under its own name; a name that comes twice becomes an array.
    pub(super) fn extra_rest(&mut self) {
        let event = self.event;
        for (idx, field) in event.data.iter().enumerate() {
            if self.used[idx] || !values::says_something(field.value.trim()) {
                continue;
            }
            self.extra.add_text(Cow::Borrowed(&field.name), within(Cow::Borrowed(&field.value)));
        }
    }

    pub(super) fn finish(mut self) -> Row {
        if !self.extra.is_empty() {
            self.row.set(&col::ADDITIONAL_FIELDS, self.extra.to_json());
        }
        self.row
    }
}

/// Cut at the limit.
fn within(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.len() > TEXT_BYTES_MAX { Cow::Owned(values::cut(&text, TEXT_BYTES_MAX)) } else { text }
}
