//! One page of entities as OData answers it.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::options::Options;

/// All entities that there are, in the order of the answer, each with its number.
pub struct Page {
    /// Number and JSON.
    pub entities: Vec<(i64, Value)>,
    /// Largest number that the first page has seen.
    pub newest: i64,
    /// Where the entities are, without the query: `https://host/api/alerts`.
    pub address: String,
    /// `https://host/api/$metadata#Alerts`.
    pub context: String,
}

/// The answer, and the numbers of the entities in it.
pub struct Answer {
    /// JSON.
    pub body: Value,
    /// Entities that the filter let through, on all pages.
    pub n_matching: usize,
}

/// Filters, sorts, cuts and selects.
pub fn answer(page: Page, options: &Options) -> Answer {
    let upto = options.upto.unwrap_or(page.newest);
    let mut found = Vec::new();
    for (number, entity) in page.entities {
        if number <= upto && options.filter.as_ref().is_none_or(|filter| filter.matches(&entity)) {
            found.push(entity);
        }
    }
    if !options.order.is_empty() {
        // Stable: entities that are equal by the keys keep the order they came in.
        found.sort_by(|one, other| by_keys(one, other, &options.order));
    }
    let n_matching = found.len();
    let end = options.skip.saturating_add(options.top.unwrap_or(options.page).min(options.page));
    let mut value: Vec<Value> = found.into_iter().take(end).skip(options.skip).collect();
    if !options.select.is_empty() {
        for entity in &mut value {
            *entity = selected(entity, &options.select);
        }
    }
    let mut body = Map::new();
    body.insert("@odata.context".to_owned(), Value::String(page.context));
    if options.count {
        body.insert("@odata.count".to_owned(), json!(n_matching));
    }
    body.insert("value".to_owned(), Value::Array(value));
    // As in MDE: who names `$top` gets that many and no link.
    let is_linked = options.top.is_none() || options.is_paged && options.top != Some(0);
    if is_linked && n_matching > end {
        let link = format!("{}?{}", page.address, options.next(end, upto));
        body.insert("@odata.nextLink".to_owned(), Value::String(link));
    }
    Answer { body: Value::Object(body), n_matching }
}

fn selected(entity: &Value, names: &[&'static str]) -> Value {
    let mut members = Map::new();
    for name in names {
        members.insert((*name).to_owned(), entity.get(name).cloned().unwrap_or(Value::Null));
    }
    Value::Object(members)
}

fn by_keys(one: &Value, other: &Value, keys: &[(&'static str, bool)]) -> Ordering {
    for (name, largest_first) in keys {
        let order = by_value(&one[*name], &other[*name]);
        let order = if *largest_first { order.reverse() } else { order };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Null is smaller than everything, as OData says. Times are all in UTC with seven digits, so their texts are in order.
fn by_value(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Number(one), Value::Number(other)) => one.as_i64().cmp(&other.as_i64()),
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (one, other) => one.as_str().unwrap_or_default().cmp(other.as_str().unwrap_or_default()),
    }
}
