//! What a scenario did, as conditions on the columns of exactly one row.

use serde_json::{Map, Value as Json};

/// All columns of an event.
pub(super) type Fields = Map<String, Json>;

/// One act: exactly one row must meet all conditions.
pub(super) struct Act {
    pub(super) what: &'static str,
    conditions: Vec<(&'static str, String)>,
}

impl Act {
    pub(super) fn new(what: &'static str, action: &str) -> Self {
        Self { what, conditions: vec![("ActionType", action.to_owned())] }
    }

    /// The column has exactly this text; an empty text means that it is null.
    pub(super) fn with(mut self, column: &'static str, value: impl ToString) -> Self {
        self.conditions.push((column, value.to_string()));
        self
    }

    pub(super) fn meets(&self, fields: &Fields) -> bool {
        self.conditions.iter().all(|(column, value)| text(fields, column) == *value)
    }

    /// The conditions that the nearest row does not meet, to say why an act was not found.
    pub(super) fn nearest(&self, rows: &[Fields]) -> String {
        let misses =
            |fields: &Fields| self.conditions.iter().filter(|(column, value)| text(fields, column) != *value).count();
        let of_action = rows.iter().filter(|fields| text(fields, "ActionType") == self.conditions[0].1);
        let Some(nearest) = of_action.min_by_key(|fields| misses(fields)) else {
            return format!("no {} at all", self.conditions[0].1);
        };
        let mut differences = Vec::new();
        for (column, value) in &self.conditions {
            let found = text(nearest, column);
            if found != *value {
                differences.push(format!("{column} is {found:?}, not {value:?}"));
            }
        }
        differences.join("; ")
    }
}

/// A column as text, empty for null.
pub(super) fn text(fields: &Fields, column: &str) -> String {
    match fields.get(column) {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
