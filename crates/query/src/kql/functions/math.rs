//! Numbers: rounding, logarithms, trigonometry, random ones, ranges.

use super::convert::real_of;
use super::entry::{Function, Parameter, Returns};
use super::scratch::Scratch;
use crate::kql::types::{KqlType, Typed, Types};
use crate::kql::value::{Json, Value};

const REAL: &[Parameter] = &[Parameter::real("x")];
const NUMBER: &[Parameter] = &[Parameter::required("x", Types::SUMMABLE)];
/// Members of an array that `range` makes.
const RANGE_MEMBERS_MAX: usize = 1_048_576;

macro_rules! real_functions {
    ($($name:literal, $prose:literal, $example:literal, $result:literal, $body:expr;)*) => {
        &[$(Function::rows($name, REAL, KqlType::Real, [$prose, $example, $result], |_, values| {
            let work_out: fn(f64) -> f64 = $body;
            values[0].as_real().map_or(Value::Null, |x| finite(work_out(x)))
        })),*]
    };
}

/// Functions of one real number.
pub const OF_REAL: &[Function] = real_functions! {
    "acos", "The angle of a cosine.", "acos(1)", "0.0", f64::acos;
    "asin", "The angle of a sine.", "asin(0)", "0.0", f64::asin;
    "atan", "The angle of a tangent.", "atan(0)", "0.0", f64::atan;
    "cos", "Cosine.", "cos(0)", "1.0", f64::cos;
    "cot", "Cotangent.", "cot(1) > 0.64", "True", |x| 1.0 / x.tan();
    "degrees", "Radians as degrees.", "degrees(0)", "0.0", f64::to_degrees;
    "exp", "e to the power of x.", "exp(0)", "1.0", f64::exp;
    "exp10", "10 to the power of x.", "exp10(2)", "100.0", |x| 10_f64.powf(x);
    "exp2", "2 to the power of x.", "exp2(3)", "8.0", f64::exp2;
    "log", "The natural logarithm; null below 0.", "log(1)", "0.0", f64::ln;
    "log10", "The logarithm to the base 10.", "log10(1000)", "3.0", f64::log10;
    "log2", "The logarithm to the base 2.", "log2(8)", "3.0", f64::log2;
    "radians", "Degrees as radians.", "radians(0)", "0.0", f64::to_radians;
    "sin", "Sine.", "sin(0)", "0.0", f64::sin;
    "sqrt", "The square root; null below 0.", "sqrt(9)", "3.0", f64::sqrt;
    "tan", "Tangent.", "tan(0)", "0.0", f64::tan;
};

/// The functions of this family.
pub const FUNCTIONS: &[Function] = &[
    Function::rows("abs", NUMBER, KqlType::Real, ["The value without its sign.", "abs(-5)", "5"], |_, values| {
        match &values[0] {
            Value::Int(int) => Value::Long(i64::from(*int).abs()),
            Value::Long(long) => long.checked_abs().map_or(Value::Null, Value::Long),
            Value::TimeSpan(ticks) => ticks.checked_abs().map_or(Value::Null, Value::TimeSpan),
            Value::Real(real) => Value::Real(real.abs()),
            _ => Value::Null,
        }
    })
    .returning(Returns::From(abs_type)),
    Function::rows(
        "ceiling",
        NUMBER,
        KqlType::Real,
        ["The next integer above.", "ceiling(1.1)", "2.0"],
        |_, values| rounded(&values[0], f64::ceil),
    )
    .returning(Returns::Argument(0)),
    Function::rows(
        "round",
        &[Parameter::required("x", Types::NUMBER), Parameter::long("digits").opt()],
        KqlType::Real,
        ["Rounded to a number of digits behind the point; halves away from 0.", "round(2.345, 2)", "2.35"],
        |_, values| {
            let Some(x) = values[0].as_real() else { return Value::Null };
            let digits = values.get(1).and_then(Value::as_long).unwrap_or(0).clamp(-300, 300);
            if digits > 15 {
                return values[0].clone();
            }
            let scale = 10_f64.powi(digits as i32);
            // The nearest real of 2.345 * 100 is 234.49999999999997; the decimal that was written rounds up.
            let rounded = (x * scale * (1.0 + f64::EPSILON)).round() / scale;
            match &values[0] {
                whole @ (Value::Int(_) | Value::Long(_)) if digits >= 0 => whole.clone(),
                Value::Int(_) => Value::Int(rounded as i32),
                Value::Long(_) => Value::Long(rounded as i64),
                _ => Value::Real(rounded),
            }
        },
    )
    .returning(Returns::Argument(0)),
    Function::rows("sign", NUMBER, KqlType::Real, ["-1, 0 or 1.", "sign(-3.5)", "-1.0"], |_, values| {
        match real_of(&values[0]) {
            Some(real) => Value::Real(f64::from(i32::from(real > 0.0) - i32::from(real < 0.0))),
            None => Value::Null,
        }
    }),
    Function::rows(
        "pow",
        &[Parameter::real("base"), Parameter::real("exponent")],
        KqlType::Real,
        ["A power.", "pow(2, 10)", "1024.0"],
        |_, values| match (values[0].as_real(), values[1].as_real()) {
            (Some(base), Some(exponent)) => finite(base.powf(exponent)),
            _ => Value::Null,
        },
    ),
    Function::rows(
        "atan2",
        &[Parameter::real("y"), Parameter::real("x")],
        KqlType::Real,
        ["The angle of a point.", "atan2(0, 1)", "0.0"],
        |_, values| match (values[0].as_real(), values[1].as_real()) {
            (Some(y), Some(x)) => finite(y.atan2(x)),
            _ => Value::Null,
        },
    ),
    Function::rows("pi", &[], KqlType::Real, ["The number pi.", "round(pi(), 4)", "3.1416"], |_, _| {
        Value::Real(std::f64::consts::PI)
    }),
    Function::rows(
        "gamma",
        REAL,
        KqlType::Real,
        ["The gamma function, for whole numbers up to 171.", "gamma(5)", "24.0"],
        |_, values| match values[0].as_real() {
            Some(x) if (1.0..=171.0).contains(&x) && x.fract() == 0.0 => {
                Value::Real((1..x as u32).map(f64::from).product())
            }
            _ => Value::Null,
        },
    ),
    Function::rows(
        "isnan",
        REAL,
        KqlType::Bool,
        ["Whether it is no number.", "isnan(0.0 / 0.0)", "True"],
        |_, values| Value::Bool(values[0].as_real().is_some_and(f64::is_nan)),
    ),
    Function::rows(
        "isinf",
        REAL,
        KqlType::Bool,
        ["Whether it is infinite.", "isinf(1.0 / 0.0)", "True"],
        |_, values| Value::Bool(values[0].as_real().is_some_and(f64::is_infinite)),
    ),
    Function::rows(
        "isfinite",
        REAL,
        KqlType::Bool,
        ["Whether it is an ordinary number.", "isfinite(1.0)", "True"],
        |_, values| Value::Bool(values[0].as_real().is_some_and(f64::is_finite)),
    ),
    Function::rows(
        "min_of",
        &[Parameter::any("value"), Parameter::any("more").many()],
        KqlType::Dynamic,
        ["The smallest of the values that are not null.", "min_of(3, 1, 2)", "1"],
        |_, values| extreme(values, std::cmp::Ordering::Less),
    )
    .returning(Returns::From(widest)),
    Function::rows(
        "max_of",
        &[Parameter::any("value"), Parameter::any("more").many()],
        KqlType::Dynamic,
        ["The largest of the values that are not null.", "max_of(3, 1, 2)", "3"],
        |_, values| extreme(values, std::cmp::Ordering::Greater),
    )
    .returning(Returns::From(widest)),
    Function::rows(
        "rand",
        &[Parameter::long("below").opt()],
        KqlType::Real,
        ["A random real from 0 to 1, or a whole number below a limit.", "rand() < 1.0", "True"],
        |scratch, values| {
            let random = scratch.random();
            match values.first().and_then(Value::as_long) {
                Some(below) if below > 1 => Value::Real((random * below as f64).floor()),
                _ => Value::Real(random),
            }
        },
    )
    .volatile(),
    Function::rows(
        "range",
        &[
            Parameter::required("start", Types::SUMMABLE),
            Parameter::required("stop", Types::SUMMABLE),
            Parameter::required("step", Types::SUMMABLE).opt(),
        ],
        KqlType::Dynamic,
        ["An array of values from a start to a stop, both included; 1,048,576 at most.", "range(1, 7, 2)", "[1,3,5,7]"],
        range,
    ),
    Function::rows(
        "format_bytes",
        &[Parameter::real("size"), Parameter::long("precision").opt(), Parameter::text("units").opt()],
        KqlType::String,
        [
            "A number of bytes with a unit of 1,024s.",
            "strcat(format_bytes(564), ', ', format_bytes(10332, 1))",
            "564 Bytes, 10.1 KB",
        ],
        format_bytes,
    ),
    Function::rows(
        "tohex",
        &[Parameter::long("value"), Parameter::long("length").opt()],
        KqlType::String,
        ["Hexadecimal digits, filled with zeros.", "tohex(255, 4)", "00ff"],
        |_, values| {
            let Some(long) = values[0].as_long() else { return Value::text("") };
            let length = values.get(1).and_then(Value::as_long).unwrap_or(0).clamp(0, 64) as usize;
            Value::Text(format!("{long:0length$x}"))
        },
    ),
];

/// An int gives a long, as in Microsoft's binder.
fn abs_type(arguments: &[Typed]) -> KqlType {
    match arguments.first().map(|typed| typed.ty) {
        Some(KqlType::Int) => KqlType::Long,
        Some(ty) => ty,
        None => KqlType::Real,
    }
}

fn finite(real: f64) -> Value {
    if real.is_nan() { Value::Null } else { Value::Real(real) }
}

fn rounded(value: &Value, round: fn(f64) -> f64) -> Value {
    match value {
        Value::Real(real) => Value::Real(round(*real)),
        other => other.clone(),
    }
}

/// The type of several values that are compared: one of them, a wider number, or dynamic.
fn widest(arguments: &[Typed]) -> KqlType {
    super::conditional::common_type(arguments)
}

fn extreme(values: &[Value], wanted: std::cmp::Ordering) -> Value {
    let mut best = Value::Null;
    for value in values.iter().filter(|value| !value.is_null()) {
        if best.is_null() || value.compare(&best) == wanted {
            best = value.clone();
        }
    }
    best
}

fn range(_: &mut Scratch, values: &[Value]) -> Value {
    let mut members = Vec::new();
    if values.iter().any(|value| matches!(value, Value::Real(_))) {
        let (Some(start), Some(stop)) = (real_of(&values[0]), real_of(&values[1])) else { return Value::Null };
        let step = values.get(2).map_or(Some(1.0), real_of).unwrap_or(0.0);
        let n_members = ((stop - start) / step).floor();
        if step == 0.0 || !n_members.is_finite() {
            return Value::Null;
        }
        let mut member_idx = 0.0;
        while member_idx <= n_members && members.len() < RANGE_MEMBERS_MAX {
            members.push(Value::Real(start + member_idx * step).to_json());
            member_idx += 1.0;
        }
        return Value::Dynamic(Json::Array(members));
    }
    let (Some(start), Some(stop)) = (values[0].as_long(), values[1].as_long()) else { return Value::Null };
    let default = if matches!(values[0], Value::DateTime(_) | Value::TimeSpan(_)) { 36_000_000_000 } else { 1 };
    let step = values.get(2).map_or(Some(default), Value::as_long).unwrap_or(0);
    let mut next = Some(start);
    while let Some(member) = next
        && step != 0
        && (step > 0 && member <= stop || step < 0 && member >= stop)
        && members.len() < RANGE_MEMBERS_MAX
    {
        let value = match values[0] {
            Value::DateTime(_) => Value::DateTime(member),
            Value::TimeSpan(_) => Value::TimeSpan(member),
            _ => Value::Long(member),
        };
        members.push(value.to_json());
        next = member.checked_add(step);
    }
    if step == 0 { Value::Null } else { Value::Dynamic(Json::Array(members)) }
}

fn format_bytes(_: &mut Scratch, values: &[Value]) -> Value {
    const UNITS: [&str; 7] = ["Bytes", "KB", "MB", "GB", "TB", "PB", "EB"];
    let Some(mut size) = values[0].as_real() else { return Value::text("") };
    let precision = values.get(1).and_then(Value::as_long).unwrap_or(0).clamp(0, 15) as i32;
    let wanted = values.get(2).map_or("", Value::as_str);
    let mut unit_idx = 0;
    while unit_idx + 1 < UNITS.len()
        && (if wanted.is_empty() { size.abs() >= 1_024.0 } else { UNITS[unit_idx] != wanted })
    {
        size /= 1_024.0;
        unit_idx += 1;
    }
    let scale = 10_f64.powi(precision);
    // No point behind whole numbers: `564 Bytes`.
    Value::Text(format!("{} {}", (size * scale).round() / scale, UNITS[unit_idx]))
}
