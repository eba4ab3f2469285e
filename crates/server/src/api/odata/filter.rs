//! A condition on entities in their JSON form.

use std::cmp::Ordering;

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Fault;
use super::parser::{Case, Condition, Function, Operand, Operator, parse};
use super::schema::{Kind, Schema};

/// A `$filter`.
#[derive(Clone, Debug)]
pub struct Filter(Condition);

impl Filter {
    /// Reads a filter over entities of a type.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn parse(text: &str, schema: &'static Schema) -> Result<Self, Fault> {
        parse(text, schema).map(Self)
    }

    /// Whether an entity fulfils it. Comparisons with null are false, as OData says, but for `eq null` and `ne`.
    pub fn matches(&self, entity: &Value) -> bool {
        holds(&self.0, entity, None)
    }
}

/// The earliest time that a filter lets a property have, nanoseconds since 1970: what need not be read at all.
pub fn lower_bound(filter: &Filter, property: &str) -> Option<i64> {
    let parts = match &filter.0 {
        Condition::And(parts) => parts.as_slice(),
        other => std::slice::from_ref(other),
    };
    let mut bound = None;
    for part in parts {
        let Condition::Compare(Operand::Path { names, of_member: false, .. }, operator, Operand::Time(nanos)) = part
        else {
            continue;
        };
        if names.as_slice() == [property] && matches!(operator, Operator::Gt | Operator::Ge | Operator::Eq) {
            bound = Some(bound.map_or(*nanos, |known: i64| known.max(*nanos)));
        }
    }
    bound
}

/// A value of a comparison.
#[derive(Debug, PartialEq)]
enum Found {
    Text(String),
    Number(i64),
    Time(i64),
    Flag(bool),
    Null,
}

fn holds(condition: &Condition, entity: &Value, member: Option<&Value>) -> bool {
    match condition {
        Condition::And(parts) => parts.iter().all(|part| holds(part, entity, member)),
        Condition::Or(parts) => parts.iter().any(|part| holds(part, entity, member)),
        Condition::Not(inner) => !holds(inner, entity, member),
        Condition::Compare(left, operator, right) => {
            compare(&find(left, entity, member), *operator, &find(right, entity, member))
        }
        Condition::In(left, values) => {
            let left = find(left, entity, member);
            values.iter().any(|value| compare(&left, Operator::Eq, &find(value, entity, member)))
        }
        Condition::Call(function, text, part) => {
            let (Found::Text(text), Found::Text(part)) = (find(text, entity, member), find(part, entity, member))
            else {
                return false;
            };
            match function {
                Function::StartsWith => text.starts_with(&part),
                Function::EndsWith => text.ends_with(&part),
                Function::Contains => text.contains(&part),
            }
        }
        Condition::Flag(operand) => find(operand, entity, member) == Found::Flag(true),
        Condition::Over { list, all, condition } => {
            let members = entity.get(list.name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            match condition {
                None => !members.is_empty(),
                Some(condition) if *all => members.iter().all(|it| holds(condition, entity, Some(it))),
                Some(condition) => members.iter().any(|it| holds(condition, entity, Some(it))),
            }
        }
    }
}

fn compare(left: &Found, operator: Operator, right: &Found) -> bool {
    let order = match (left, right) {
        (Found::Null, Found::Null) => return operator == Operator::Eq,
        (Found::Null, _) | (_, Found::Null) => return operator == Operator::Ne,
        (Found::Text(left), Found::Text(right)) => left.cmp(right),
        (Found::Number(left), Found::Number(right)) | (Found::Time(left), Found::Time(right)) => left.cmp(right),
        (Found::Flag(left), Found::Flag(right)) => left.cmp(right),
        // The parser has compared the types; only a value of the wrong type in the data comes here.
        _ => return operator == Operator::Ne,
    };
    match operator {
        Operator::Eq => order == Ordering::Equal,
        Operator::Ne => order != Ordering::Equal,
        Operator::Gt => order == Ordering::Greater,
        Operator::Ge => order != Ordering::Less,
        Operator::Lt => order == Ordering::Less,
        Operator::Le => order != Ordering::Greater,
    }
}

fn find(operand: &Operand, entity: &Value, member: Option<&Value>) -> Found {
    match operand {
        Operand::Text(text) => Found::Text(text.clone()),
        Operand::Number(number) => Found::Number(*number),
        Operand::Time(nanos) => Found::Time(*nanos),
        Operand::Flag(flag) => Found::Flag(*flag),
        Operand::Null => Found::Null,
        Operand::Path { names, of_member, kind, case } => {
            let mut value = if *of_member { member.unwrap_or(&Value::Null) } else { entity };
            for name in names {
                value = value.get(name).unwrap_or(&Value::Null);
            }
            match (value, kind) {
                (Value::String(text), Kind::Time) => nanos_of(text).map_or(Found::Null, Found::Time),
                (Value::String(text), _) => Found::Text(match case {
                    Case::AsIs => text.clone(),
                    Case::Lower => text.to_lowercase(),
                    Case::Upper => text.to_uppercase(),
                }),
                (Value::Number(number), Kind::Text) => Found::Text(number.to_string()),
                (Value::Number(number), _) => number.as_i64().map_or(Found::Null, Found::Number),
                (Value::Bool(flag), _) => Found::Flag(*flag),
                _ => Found::Null,
            }
        }
    }
}

/// Nanoseconds since 1970 of an RFC 3339 text.
pub(super) fn nanos_of(text: &str) -> Option<i64> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(time.unix_timestamp_nanos()).ok()
}
