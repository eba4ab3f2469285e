//! Arrays and sets in dynamics.

use std::collections::HashSet;

use super::entry::{Function, Parameter};
use crate::kql::types::{KqlType, Types};
use crate::kql::value::{Json, Value, compare_json};

const ARRAY: &[Parameter] = &[Parameter::dynamic("array")];
const ARRAYS: &[Parameter] = &[Parameter::dynamic("array"), Parameter::dynamic("more").many()];
const PAIR: &[Parameter] = &[Parameter::dynamic("left"), Parameter::dynamic("right")];
/// Members of one array.
pub const MEMBERS_MAX: usize = 1_048_576;

/// The functions of this family.
pub const FUNCTIONS: &[Function] = &[
    Function::rows(
        "array_length",
        ARRAY,
        KqlType::Long,
        ["How many members; null for what is no array.", "array_length(dynamic([1, 2]))", "2"],
        |_, values| array(&values[0]).map_or(Value::Null, |members| Value::Long(members.len() as i64)),
    )
    .also(&["arraylength"]),
    Function::rows(
        "array_concat",
        ARRAYS,
        KqlType::Dynamic,
        ["All members one after the other.", "array_concat(dynamic([1]), dynamic([2, 3]))", "[1,2,3]"],
        |_, values| {
            let members = values.iter().filter_map(array).flatten().take(MEMBERS_MAX);
            Value::Dynamic(members.cloned().collect())
        },
    ),
    Function::rows(
        "array_slice",
        &[Parameter::dynamic("array"), Parameter::long("start"), Parameter::long("end")],
        KqlType::Dynamic,
        [
            "Members from a start to an end, both included; negative ones count from the end.",
            "array_slice(dynamic([1, 2, 3]), 1, -1)",
            "[2,3]",
        ],
        |_, values| {
            let Some(members) = array(&values[0]) else { return Value::Null };
            let place = |value: &Value| {
                let at = value.as_long().unwrap_or(0);
                if at < 0 { at.saturating_add(members.len() as i64) } else { at }
            };
            let (start, end) = (place(&values[1]).max(0), place(&values[2]).min(members.len() as i64 - 1));
            let part = if start <= end { &members[start as usize..=end as usize] } else { &[] };
            Value::Dynamic(Json::Array(part.to_vec()))
        },
    ),
    Function::rows(
        "array_split",
        &[
            Parameter::dynamic("array"),
            Parameter::required("indices", Types::of(&[KqlType::Dynamic, KqlType::String, KqlType::Long])),
        ],
        KqlType::Dynamic,
        ["The array cut before the given places.", "array_split(dynamic([1, 2, 3]), 1)", "[[1],[2,3]]"],
        |_, values| {
            let Some(members) = array(&values[0]) else { return Value::Null };
            let mut places: Vec<usize> = Vec::new();
            let given = match values[1].as_json() {
                Some(Json::Array(places)) => places.iter().filter_map(Json::as_i64).collect(),
                Some(other) => other.as_i64().into_iter().collect::<Vec<i64>>(),
                None => values[1].as_long().into_iter().collect(),
            };
            for at in given {
                let at = if at < 0 { at.saturating_add(members.len() as i64) } else { at };
                places.push(usize::try_from(at).unwrap_or(0).min(members.len()));
            }
            let mut parts = Vec::new();
            let mut from = 0;
            for at in places {
                parts.push(Json::Array(members[from.min(at)..at].to_vec()));
                from = at;
            }
            parts.push(Json::Array(members[from..].to_vec()));
            Value::Dynamic(Json::Array(parts))
        },
    ),
    Function::rows(
        "array_reverse",
        ARRAY,
        KqlType::Dynamic,
        ["The members from the end to the start.", "array_reverse(dynamic([1, 2]))", "[2,1]"],
        |_, values| {
            array(&values[0]).map_or(Value::Null, |members| Value::Dynamic(members.iter().rev().cloned().collect()))
        },
    ),
    Function::rows(
        "array_index_of",
        &[
            Parameter::dynamic("array"),
            Parameter::any("value"),
            Parameter::long("start").opt(),
            Parameter::long("length").opt(),
            Parameter::long("occurrence").opt(),
        ],
        KqlType::Long,
        ["The place of a member; -1 when there is none.", "array_index_of(dynamic(['a', 'b']), 'b')", "1"],
        |_, values| {
            let Some(members) = array(&values[0]) else { return Value::Null };
            let wanted = values[1].to_json();
            let start = values.get(2).and_then(Value::as_long).unwrap_or(0);
            let start = if start < 0 { (start + members.len() as i64).max(0) } else { start };
            let length = values.get(3).and_then(Value::as_long).filter(|length| *length >= 0).unwrap_or(i64::MAX);
            let occurrence = values.get(4).and_then(Value::as_long).unwrap_or(1).max(1) as usize;
            let places = (0_i64..)
                .zip(members)
                .filter(|(at, member)| *at >= start && *at - start < length && same(member, &wanted));
            Value::Long(places.map(|(at, _)| at).nth(occurrence - 1).unwrap_or(-1))
        },
    ),
    Function::rows(
        "array_sum",
        ARRAY,
        KqlType::Real,
        ["The sum of the numbers.", "array_sum(dynamic([1, 2.5]))", "3.5"],
        |_, values| {
            array(&values[0]).map_or(Value::Null, |members| Value::Real(members.iter().filter_map(Json::as_f64).sum()))
        },
    ),
    Function::rows(
        "array_sort_asc",
        &[Parameter::dynamic("array"), Parameter::required("more_or_nulls_last", Types::ANY).many()],
        KqlType::Dynamic,
        ["The members sorted; nulls last.", "array_sort_asc(dynamic([3, 1, 2]))", "[1,2,3]"],
        |_, values| sorted(&values[0], false),
    ),
    Function::rows(
        "array_sort_desc",
        &[Parameter::dynamic("array"), Parameter::required("more_or_nulls_last", Types::ANY).many()],
        KqlType::Dynamic,
        ["The members sorted from the largest; nulls last.", "array_sort_desc(dynamic([3, 1, 2]))", "[3,2,1]"],
        |_, values| sorted(&values[0], true),
    ),
    Function::rows(
        "array_rotate_left",
        &[Parameter::dynamic("array"), Parameter::long("count")],
        KqlType::Dynamic,
        ["The members moved to the left, around the end.", "array_rotate_left(dynamic([1, 2, 3]), 1)", "[2,3,1]"],
        |_, values| rotated(values, 1),
    ),
    Function::rows(
        "array_rotate_right",
        &[Parameter::dynamic("array"), Parameter::long("count")],
        KqlType::Dynamic,
        ["The members moved to the right, around the end.", "array_rotate_right(dynamic([1, 2, 3]), 1)", "[3,1,2]"],
        |_, values| rotated(values, -1),
    ),
    Function::rows(
        "array_shift_left",
        &[Parameter::dynamic("array"), Parameter::long("count"), Parameter::any("fill").opt()],
        KqlType::Dynamic,
        [
            "The members moved to the left; the places that become free get a value, null without one.",
            "array_shift_left(dynamic([1, 2, 3]), 2, -1)",
            "[3,-1,-1]",
        ],
        |_, values| shifted(values, 1),
    ),
    Function::rows(
        "array_shift_right",
        &[Parameter::dynamic("array"), Parameter::long("count"), Parameter::any("fill").opt()],
        KqlType::Dynamic,
        [
            "The members moved to the right; the places that become free get a value, null without one.",
            "array_shift_right(dynamic([1, 2, 3]), 1)",
            "[null,1,2]",
        ],
        |_, values| shifted(values, -1),
    ),
    Function::rows(
        "array_iff",
        &[Parameter::dynamic("conditions"), Parameter::any("when_true"), Parameter::any("when_false")],
        KqlType::Dynamic,
        [
            "Per member of the conditions one of two values or members.",
            "array_iff(dynamic([true, false]), dynamic([1, 2]), 0)",
            "[1,0]",
        ],
        |_, values| {
            let Some(conditions) = array(&values[0]) else { return Value::Null };
            let pick = |value: &Value, at: usize| match value.as_json() {
                Some(Json::Array(members)) => members.get(at).cloned().unwrap_or(Json::Null),
                _ => value.to_json(),
            };
            let members = conditions.iter().enumerate().map(|(at, condition)| {
                let flag = condition.as_bool().or_else(|| condition.as_f64().map(|number| number != 0.0));
                flag.map_or(Json::Null, |flag| pick(&values[if flag { 1 } else { 2 }], at))
            });
            Value::Dynamic(members.collect())
        },
    )
    .also(&["array_iif"]),
    Function::rows(
        "pack_array",
        &[Parameter::any("value").many()],
        KqlType::Dynamic,
        ["The values as an array.", "pack_array(1, 'a')", "[1,\"a\"]"],
        |_, values| {
            // `*` of the reference is every column; the binder gives their values.
            Value::Dynamic(values.iter().map(Value::to_json).collect())
        },
    ),
    Function::rows(
        "repeat",
        &[Parameter::any("value"), Parameter::long("count")],
        KqlType::Dynamic,
        ["An array of one value, repeated.", "repeat(1, 3)", "[1,1,1]"],
        |_, values| match values[1].as_long() {
            Some(count) => Value::Dynamic(Json::Array(vec![values[0].to_json(); count.clamp(0, 1_024) as usize])),
            None => Value::Null,
        },
    ),
    Function::rows(
        "zip",
        &[Parameter::dynamic("array"), Parameter::dynamic("more").many()],
        KqlType::Dynamic,
        [
            "An array of the first members, of the second members, and so on.",
            "zip(dynamic([1, 2]), dynamic([3, 4]))",
            "[[1,3],[2,4]]",
        ],
        |_, values| {
            let arrays: Vec<&Vec<Json>> = values.iter().filter_map(array).collect();
            let n_members = arrays.iter().map(|members| members.len()).max().unwrap_or(0);
            let at = |at: usize| {
                arrays.iter().map(|members| members.get(at).cloned().unwrap_or(Json::Null)).collect::<Json>()
            };
            Value::Dynamic((0..n_members).map(at).collect())
        },
    ),
    Function::rows(
        "set_union",
        ARRAYS,
        KqlType::Dynamic,
        ["All different members.", "set_union(dynamic([1, 2]), dynamic([2, 3]))", "[1,2,3]"],
        |_, values| distinct(values.iter().filter_map(array).flatten()),
    ),
    Function::rows(
        "set_intersect",
        ARRAYS,
        KqlType::Dynamic,
        ["The different members that all arrays have.", "set_intersect(dynamic([1, 2]), dynamic([2, 3]))", "[2]"],
        |_, values| {
            let Some((first, rest)) = values.split_first() else { return Value::Null };
            let rest: Vec<HashSet<String>> = rest.iter().map(keys).collect();
            distinct(
                array(first).into_iter().flatten().filter(|member| rest.iter().all(|keys| keys.contains(&key(member)))),
            )
        },
    ),
    Function::rows(
        "set_difference",
        ARRAYS,
        KqlType::Dynamic,
        [
            "The different members of the first array that no other has.",
            "set_difference(dynamic([1, 2]), dynamic([2, 3]))",
            "[1]",
        ],
        |_, values| {
            let Some((first, rest)) = values.split_first() else { return Value::Null };
            let rest: Vec<HashSet<String>> = rest.iter().map(keys).collect();
            distinct(
                array(first)
                    .into_iter()
                    .flatten()
                    .filter(|member| !rest.iter().any(|keys| keys.contains(&key(member)))),
            )
        },
    ),
    Function::rows(
        "set_equals",
        PAIR,
        KqlType::Bool,
        ["Whether both have the same different members.", "set_equals(dynamic([1, 2]), dynamic([2, 1, 1]))", "True"],
        |_, values| Value::Bool(keys(&values[0]) == keys(&values[1])),
    ),
    Function::rows(
        "set_has_element",
        &[Parameter::dynamic("set"), Parameter::any("value")],
        KqlType::Bool,
        ["Whether the array has a member.", "set_has_element(dynamic(['a', 'b']), 'b')", "True"],
        |_, values| {
            let wanted = values[1].to_json();
            Value::Bool(array(&values[0]).is_some_and(|members| members.iter().any(|member| same(member, &wanted))))
        },
    ),
    Function::rows(
        "jaccard_index",
        PAIR,
        KqlType::Real,
        [
            "Size of the intersection through size of the union of two sets.",
            "jaccard_index(dynamic([1, 2]), dynamic([2, 3, 4]))",
            "0.25",
        ],
        |_, values| {
            let (left, right) = (keys(&values[0]), keys(&values[1]));
            let n_union = left.union(&right).count();
            if n_union == 0 {
                Value::Null
            } else {
                Value::Real(left.intersection(&right).count() as f64 / n_union as f64)
            }
        },
    ),
];

/// The members of an array.
pub fn array(value: &Value) -> Option<&Vec<Json>> {
    value.as_json().and_then(Json::as_array)
}

/// Whether two members are the same; numbers by value.
fn same(left: &Json, right: &Json) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left == right,
        _ => left == right,
    }
}

/// Equal members have equal keys.
pub fn key(member: &Json) -> String {
    match member {
        Json::Number(number) if number.is_f64() => match number.as_f64() {
            // Both zeros are one number; the sum of the negative one and zero is the positive one.
            Some(real) if real.fract() == 0.0 && real.abs() < 1e15 => format!("{:.0}", real + 0.0),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

fn keys(value: &Value) -> HashSet<String> {
    array(value).into_iter().flatten().map(key).collect()
}

fn distinct<'a>(members: impl Iterator<Item = &'a Json>) -> Value {
    let mut seen = HashSet::new();
    Value::Dynamic(members.filter(|member| seen.insert(key(member))).cloned().collect())
}

fn sorted(value: &Value, descending: bool) -> Value {
    let Some(members) = array(value) else { return Value::Null };
    let (nulls, mut rest): (Vec<Json>, Vec<Json>) = members.iter().cloned().partition(Json::is_null);
    rest.sort_by(|left, right| if descending { compare_json(right, left) } else { compare_json(left, right) });
    rest.extend(nulls);
    Value::Dynamic(Json::Array(rest))
}

fn shifted(values: &[Value], direction: i64) -> Value {
    let (Some(members), Some(count)) = (array(&values[0]), values[1].as_long()) else { return Value::Null };
    let fill = values.get(2).map_or(Json::Null, Value::to_json);
    let count = count.saturating_mul(direction);
    let moved = (0..members.len()).map(|at| {
        let from = i64::try_from(at).ok().and_then(|at| at.checked_add(count));
        let member = from.and_then(|from| usize::try_from(from).ok()).and_then(|from| members.get(from));
        member.unwrap_or(&fill).clone()
    });
    Value::Dynamic(moved.collect())
}

fn rotated(values: &[Value], sign: i64) -> Value {
    let (Some(members), Some(count)) = (array(&values[0]), values[1].as_long()) else { return Value::Null };
    let mut members = members.clone();
    if !members.is_empty() {
        let by = (count % members.len() as i64 * sign).rem_euclid(members.len() as i64);
        members.rotate_left(by as usize);
    }
    Value::Dynamic(Json::Array(members))
}
