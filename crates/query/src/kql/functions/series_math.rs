//! Series member by member, and one number out of two series.

use super::arrays::array;
use super::entry::{Function, Parameter};
use crate::kql::types::{KqlType, Types};
use crate::kql::value::{Json, Value};

/// An array, or a number that stands for an array of it.
const MEMBERS: Types = Types::of(&[KqlType::Dynamic, KqlType::Real]);
const SERIES: &[Parameter] = &[Parameter::dynamic("series")];
const PAIR: &[Parameter] = &[Parameter::required("left", MEMBERS), Parameter::required("right", MEMBERS)];

macro_rules! of_one {
    ($($name:literal, $prose:literal, $example:literal, $result:literal, $body:expr;)*) => {
        &[$(Function::rows($name, SERIES, KqlType::Dynamic, [$prose, $example, $result], |_, values| {
            let work_out: fn(f64) -> f64 = $body;
            let Some(members) = array(&values[0]) else { return Value::Null };
            Value::Dynamic(members.iter().map(|member| member.as_f64().map_or(Json::Null, |x| work_out(x).into())).collect())
        })),*]
    };
}

macro_rules! of_two {
    ($($name:literal, $prose:literal, $example:literal, $result:literal, $body:expr;)*) => {
        &[$(Function::rows($name, PAIR, KqlType::Dynamic, [$prose, $example, $result], |_, values| {
            by_member(values, $body)
        })),*]
    };
}

/// Functions of each member of a series.
pub const OF_ONE: &[Function] = of_one! {
    "series_abs", "Values without their signs.", "series_abs(dynamic([-1, 2]))", "[1.0,2.0]", f64::abs;
    "series_acos", "Angles of cosines.", "series_acos(dynamic([1]))", "[0.0]", f64::acos;
    "series_asin", "Angles of sines.", "series_asin(dynamic([0]))", "[0.0]", f64::asin;
    "series_atan", "Angles of tangents.", "series_atan(dynamic([0]))", "[0.0]", f64::atan;
    "series_ceiling", "The next integers above.", "series_ceiling(dynamic([1.2, -1.2]))", "[2.0,-1.0]", f64::ceil;
    "series_cos", "Cosines.", "series_cos(dynamic([0]))", "[1.0]", f64::cos;
    "series_exp", "e to the power of each.", "series_exp(dynamic([0]))", "[1.0]", f64::exp;
    "series_floor", "The next integers below.", "series_floor(dynamic([1.8, -1.2]))", "[1.0,-2.0]", f64::floor;
    "series_log", "Natural logarithms; null below 0.", "series_log(dynamic([1, -1]))", "[0.0,null]", f64::ln;
    "series_sign", "-1, 0 or 1 of each.", "series_sign(dynamic([-6, 0, 8]))", "[-1.0,0.0,1.0]", |x| {
        f64::from(i32::from(x > 0.0) - i32::from(x < 0.0))
    };
    "series_sin", "Sines.", "series_sin(dynamic([0]))", "[0.0]", f64::sin;
    "series_tan", "Tangents.", "series_tan(dynamic([0]))", "[0.0]", f64::tan;
};

/// Functions of the members of two series at the same places.
pub const OF_TWO: &[Function] = of_two! {
    "series_add", "Sums member by member.", "series_add(dynamic([1, 2]), dynamic([3, 4]))", "[4.0,6.0]",
        |left, right| (left + right).into();
    "series_subtract", "Differences member by member.", "series_subtract(dynamic([3, 4]), dynamic([1, 1]))", "[2.0,3.0]",
        |left, right| (left - right).into();
    "series_multiply", "Products member by member; a number goes with each.", "series_multiply(dynamic([3, 4]), 2)",
        "[6.0,8.0]", |left, right| (left * right).into();
    "series_divide", "Quotients member by member.", "series_divide(dynamic([3, 4]), dynamic([2, 2]))", "[1.5,2.0]",
        |left, right| (left / right).into();
    "series_pow", "Powers member by member.", "series_pow(dynamic([1, 2, 3, 4]), dynamic([1, 2, 3, 0.5]))",
        "[1.0,4.0,27.0,2.0]", |left, right| left.powf(right).into();
    "series_equals", "Whether members are equal.", "series_equals(dynamic([1, 2]), dynamic([1, 3]))", "[true,false]",
        |left, right| (left == right).into();
    "series_not_equals", "Whether members differ.", "series_not_equals(dynamic([1, 2]), dynamic([1, 3]))",
        "[false,true]", |left, right| (left != right).into();
    "series_greater", "Whether members are greater.", "series_greater(dynamic([1, 2, 4]), dynamic([4, 2, 1]))",
        "[false,false,true]", |left, right| (left > right).into();
    "series_greater_equals", "Whether members are not less.",
        "series_greater_equals(dynamic([1, 2, 4]), dynamic([4, 2, 1]))", "[false,true,true]",
        |left, right| (left >= right).into();
    "series_less", "Whether members are less.", "series_less(dynamic([1, 2, 4]), dynamic([4, 2, 1]))",
        "[true,false,false]", |left, right| (left < right).into();
    "series_less_equals", "Whether members are not greater.",
        "series_less_equals(dynamic([1, 2, 4]), dynamic([4, 2, 1]))", "[true,true,false]",
        |left, right| (left <= right).into();
};

/// One number out of one series or two.
pub const TO_ONE: &[Function] = &[
    Function::rows(
        "series_sum",
        SERIES,
        KqlType::Real,
        ["The sum of a series.", "series_sum(dynamic([1, 2]))", "3.0"],
        |_, values| numbers(&values[0]).map_or(Value::Null, |numbers| Value::Real(numbers.iter().sum())),
    ),
    Function::rows(
        "series_product",
        SERIES,
        KqlType::Real,
        ["The product of a series.", "series_product(dynamic([1, 2, 3, 4]))", "24.0"],
        |_, values| numbers(&values[0]).map_or(Value::Null, |numbers| Value::Real(numbers.iter().product())),
    ),
    Function::rows(
        "series_magnitude",
        SERIES,
        KqlType::Real,
        ["The length of a series as a vector.", "series_magnitude(dynamic([3, 4]))", "5.0"],
        |_, values| numbers(&values[0]).map_or(Value::Null, |numbers| Value::Real(dot(&numbers, &numbers).sqrt())),
    ),
    Function::rows(
        "series_dot_product",
        PAIR,
        KqlType::Real,
        [
            "The sum of the products of two series.",
            "series_dot_product(dynamic([1, 2, 3]), dynamic([4, 5, 6]))",
            "32.0",
        ],
        |_, values| of_vectors(values, dot),
    ),
    Function::rows(
        "series_cosine_similarity",
        &[Parameter::dynamic("left"), Parameter::dynamic("right")],
        KqlType::Real,
        [
            "The cosine of the angle between two series as vectors.",
            "series_cosine_similarity(dynamic([1, 0]), dynamic([0, 1]))",
            "0.0",
        ],
        |_, values| of_vectors(values, |left, right| dot(left, right) / (dot(left, left) * dot(right, right)).sqrt()),
    ),
    Function::rows(
        "series_pearson_correlation",
        &[Parameter::dynamic("left"), Parameter::dynamic("right")],
        KqlType::Real,
        [
            "How far two series go together: 1 fully, -1 the other way.",
            "round(series_pearson_correlation(dynamic([1, 2, 3]), dynamic([10, 20, 30])), 6)",
            "1.0",
        ],
        |_, values| {
            of_vectors(values, |left, right| {
                let (left, right) = (around_mean(left), around_mean(right));
                dot(&left, &right) / (dot(&left, &left) * dot(&right, &right)).sqrt()
            })
        },
    ),
];

/// The numbers of a series; none when it has none.
pub fn numbers(value: &Value) -> Option<Vec<f64>> {
    let numbers: Vec<f64> = array(value)?.iter().filter_map(Json::as_f64).collect();
    (!numbers.is_empty()).then_some(numbers)
}

/// A place that only one of the series has, or where one has no number, is null.
fn by_member(values: &[Value], work_out: fn(f64, f64) -> Json) -> Value {
    let sides = [&values[0], &values[1]].map(|value| (array(value), value.as_real()));
    let n_members = sides.iter().filter_map(|(members, _)| members.as_ref().map(|members| members.len())).max();
    let Some(n_members) = n_members else { return Value::Null };
    if sides.iter().any(|(members, number)| members.is_none() && number.is_none()) {
        return Value::Null;
    }
    let [left, right] = sides;
    let member = |(members, number): &(Option<&Vec<Json>>, Option<f64>), at: usize| match members {
        Some(members) => members.get(at).and_then(Json::as_f64),
        None => *number,
    };
    let made = (0..n_members).map(|at| match (member(&left, at), member(&right, at)) {
        (Some(left), Some(right)) => work_out(left, right),
        _ => Json::Null,
    });
    Value::Dynamic(made.collect())
}

/// Two series of the same length, all numbers; a number stands for a series of it.
fn of_vectors(values: &[Value], work_out: fn(&[f64], &[f64]) -> f64) -> Value {
    let (left, right) = match (numbers(&values[0]), numbers(&values[1])) {
        (Some(left), Some(right)) => (left, right),
        (Some(left), None) => match values[1].as_real() {
            Some(number) => (left.clone(), vec![number; left.len()]),
            None => return Value::Null,
        },
        (None, Some(right)) => match values[0].as_real() {
            Some(number) => (vec![number; right.len()], right),
            None => return Value::Null,
        },
        (None, None) => return Value::Null,
    };
    if left.len() != right.len() {
        return Value::Null;
    }
    let real = work_out(&left, &right);
    if real.is_nan() { Value::Null } else { Value::Real(real) }
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

fn around_mean(numbers: &[f64]) -> Vec<f64> {
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    numbers.iter().map(|number| number - mean).collect()
}
