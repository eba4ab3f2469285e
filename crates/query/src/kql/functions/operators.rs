//! The operators of expressions, as entries like functions.

use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, lit, when};

use super::bags;
use super::call::{CallError, convert};
use super::context::QueryContext;
use super::entry::{Function, Parameter, Returns};
use super::scratch::Scratch;
use super::terms::{self, Ends, equal_folded, fold};
use crate::kql::types::{KqlType, Typed, Types};
use crate::kql::value::{Json, TICKS_MAX, Value};
use crate::needle;

/// One list per kind of operator.
pub const OPERATORS: &[&[Function]] = &[COMPARISONS, ARITHMETIC, TEXT, ACCESS];

/// What the binder makes out of the operators' entries and of the engine's own expressions.
pub struct Form {
    /// As written in KQL.
    pub name: &'static str,
    /// How it is written.
    pub syntax: &'static str,
    /// What it does.
    pub prose: &'static str,
    /// An expression that is a test.
    pub example: &'static str,
    /// What the example gives, printed as `tostring` does.
    pub example_result: &'static str,
}

const fn form(name: &'static str, syntax: &'static str, doc: [&'static str; 3]) -> Form {
    let [prose, example, example_result] = doc;
    Form { name, syntax, prose, example, example_result }
}

/// The operators without an entry of their own, for documentation and tests.
pub const FORMS: &[Form] = &[
    form("and", "a and b", ["Both are true; null counts as not true.", "1 < 2 and 2 < 3", "True"]),
    form("or", "a or b", ["One of them is true.", "1 > 2 or 2 < 3", "True"]),
    form(
        "between",
        "x between (low .. high)",
        [
            "Not less than one value and not more than another; a timespan behind `..` is a length.",
            "datetime(2024-01-02) between (datetime(2024-01-01) .. 1d)",
            "True",
        ],
    ),
    form("!between", "x !between (low .. high)", ["Outside of two values.", "5 !between (1 .. 5)", "False"]),
    form(
        "in",
        "x in (values)",
        [
            "Equal to one of the values: constants, arrays, or the first column of a table.",
            "2 in (1, dynamic([2, 3]))",
            "True",
        ],
    ),
    form("!in", "x !in (values)", ["Equal to none of the values.", "'b' !in ('a', 'B')", "True"]),
    form(
        "!in~",
        "x !in~ (values)",
        ["Equal to none of the values without regard to case.", "'b' !in~ ('a', 'B')", "False"],
    ),
];

const PAIR: &[Parameter] = &[Parameter::any("left"), Parameter::any("right")];
const TEXTS: &[Parameter] = &[Parameter::text("text"), Parameter::text("value")];
const LIST: &[Parameter] = &[Parameter::text("text"), Parameter::text("value").many()];

const COMPARISONS: &[Function] = &[
    Function::plan("==", PAIR, KqlType::Bool, ["Equal. Two nulls give null.", "1 == 1.0", "True"], equal),
    Function::plan("!=", PAIR, KqlType::Bool, ["Not equal. Two nulls give null.", "'a' != 'A'", "True"], not_equal),
    Function::plan("<", PAIR, KqlType::Bool, ["Less.", "1d < 25h", "True"], less),
    Function::plan("<=", PAIR, KqlType::Bool, ["Less or equal.", "2 <= 2", "True"], less_or_equal),
    Function::plan(">", PAIR, KqlType::Bool, ["Greater.", "2 > 10", "False"], greater),
    Function::plan(">=", PAIR, KqlType::Bool, ["Greater or equal.", "2.5 >= 2", "True"], greater_or_equal),
];

/// What arithmetic takes.
const AMOUNT: Types = Types::of(&[
    KqlType::Int,
    KqlType::Long,
    KqlType::Real,
    KqlType::Decimal,
    KqlType::DateTime,
    KqlType::TimeSpan,
    KqlType::Dynamic,
    KqlType::Bool,
]);
const AMOUNTS: &[Parameter] = &[Parameter::required("left", AMOUNT), Parameter::required("right", AMOUNT)];

const ARITHMETIC: &[Function] = &[
    Function::rows("+", AMOUNTS, KqlType::Long, ["Sum; also of a datetime and a timespan.", "1 + 2", "3"], add)
        .returning(Returns::From(sum_type)),
    Function::rows(
        "-",
        &[Parameter::required("left", AMOUNT), Parameter::optional("right", AMOUNT)],
        KqlType::Long,
        [
            "Difference, also of two datetimes; with one value its negative.",
            "datetime(2024-01-02) - datetime(2024-01-01)",
            "1.00:00:00",
        ],
        subtract,
    )
    .returning(Returns::From(difference_type)),
    Function::rows(
        "*",
        AMOUNTS,
        KqlType::Long,
        ["Product; also of a timespan and a number.", "1h * 2", "02:00:00"],
        multiply,
    )
    .returning(Returns::From(product_type)),
    Function::rows(
        "/",
        AMOUNTS,
        KqlType::Long,
        ["Quotient; of two integers cut to an integer, of two timespans a real.", "7 / 2", "3"],
        divide,
    )
    .returning(Returns::From(quotient_type)),
    Function::rows("%", AMOUNTS, KqlType::Long, ["Rest of a division, never negative.", "-7 % 3", "2"], modulo)
        .returning(Returns::From(modulo_type)),
];

const TEXT: &[Function] = &[
    Function::test("=~", TEXTS, ["Equal without regard to case.", "'ABC' =~ 'abc'", "True"], |_, text, values| {
        Some(equal_folded(text, values[0].as_str()))
    }),
    Function::test("!~", TEXTS, ["Not equal without regard to case.", "'ABC' !~ 'abc'", "False"], |_, text, values| {
        Some(!equal_folded(text, values[0].as_str()))
    }),
    Function::test("has", TEXTS, ["Has the term, without regard to case.", "'C:\\\\a.EXE' has 'exe'", "True"], has),
    Function::test("!has", TEXTS, ["Has not the term.", "'abc' !has 'ab'", "True"], |scratch, text, values| {
        has(scratch, text, values).map(|flag| !flag)
    }),
    Function::test("has_cs", TEXTS, ["Has the term.", "'a.EXE' has_cs 'exe'", "False"], has_cs),
    Function::test(
        "!has_cs",
        TEXTS,
        ["Has not the term.", "'a.EXE' !has_cs 'exe'", "True"],
        |scratch, text, values| has_cs(scratch, text, values).map(|flag| !flag),
    ),
    Function::test(
        "hasprefix",
        TEXTS,
        ["A term begins with the value.", "'North America' hasprefix 'ame'", "True"],
        |scratch, text, values| folded(scratch, text, values, |text, value| terms::has(text, value, Ends::Start)),
    ),
    Function::test(
        "!hasprefix",
        TEXTS,
        ["No term begins with the value.", "'North America' !hasprefix 'mer'", "True"],
        |scratch, text, values| folded(scratch, text, values, |text, value| !terms::has(text, value, Ends::Start)),
    ),
    Function::test(
        "hasprefix_cs",
        TEXTS,
        ["A term begins with the value.", "'North America' hasprefix_cs 'ame'", "False"],
        |_, text, values| Some(terms::has(text, values[0].as_str(), Ends::Start)),
    ),
    Function::test(
        "!hasprefix_cs",
        TEXTS,
        ["No term begins with the value.", "'North' !hasprefix_cs 'no'", "True"],
        |_, text, values| Some(!terms::has(text, values[0].as_str(), Ends::Start)),
    ),
    Function::test(
        "hassuffix",
        TEXTS,
        ["A term ends with the value.", "'North America' hassuffix 'RTH'", "True"],
        |scratch, text, values| folded(scratch, text, values, |text, value| terms::has(text, value, Ends::End)),
    ),
    Function::test(
        "!hassuffix",
        TEXTS,
        ["No term ends with the value.", "'North' !hassuffix 'nor'", "True"],
        |scratch, text, values| folded(scratch, text, values, |text, value| !terms::has(text, value, Ends::End)),
    ),
    Function::test(
        "hassuffix_cs",
        TEXTS,
        ["A term ends with the value.", "'North' hassuffix_cs 'TH'", "False"],
        |_, text, values| Some(terms::has(text, values[0].as_str(), Ends::End)),
    ),
    Function::test(
        "!hassuffix_cs",
        TEXTS,
        ["No term ends with the value.", "'North' !hassuffix_cs 'TH'", "True"],
        |_, text, values| Some(!terms::has(text, values[0].as_str(), Ends::End)),
    ),
    Function::test(
        "contains",
        TEXTS,
        ["Contains the text, without regard to case.", "'FabriKam' contains 'BRik'", "True"],
        contains,
    ),
    Function::test(
        "!contains",
        TEXTS,
        ["Does not contain the text.", "'FabriKam' !contains 'x'", "True"],
        |scratch, text, values| contains(scratch, text, values).map(|flag| !flag),
    ),
    Function::test(
        "contains_cs",
        TEXTS,
        ["Contains the text.", "'FabriKam' contains_cs 'Kam'", "True"],
        |_, text, values| Some(text.contains(values[0].as_str())),
    ),
    Function::test(
        "!contains_cs",
        TEXTS,
        ["Does not contain the text.", "'FabriKam' !contains_cs 'kam'", "True"],
        |_, text, values| Some(!text.contains(values[0].as_str())),
    ),
    Function::test(
        "startswith",
        TEXTS,
        ["Begins with the text, without regard to case.", "'Fabrikam' startswith 'fab'", "True"],
        |scratch, text, values| folded(scratch, text, values, |text, value| text.starts_with(value)),
    ),
    Function::test(
        "!startswith",
        TEXTS,
        ["Does not begin with the text.", "'Fabrikam' !startswith 'kam'", "True"],
        |scratch, text, values| folded(scratch, text, values, |text, value| !text.starts_with(value)),
    ),
    Function::test(
        "startswith_cs",
        TEXTS,
        ["Begins with the text.", "'Fabrikam' startswith_cs 'fab'", "False"],
        |_, text, values| Some(text.starts_with(values[0].as_str())),
    ),
    Function::test(
        "!startswith_cs",
        TEXTS,
        ["Does not begin with the text.", "'Fabrikam' !startswith_cs 'fab'", "True"],
        |_, text, values| Some(!text.starts_with(values[0].as_str())),
    ),
    Function::test(
        "endswith",
        TEXTS,
        ["Ends with the text, without regard to case.", "'Fabrikam' endswith 'KAM'", "True"],
        |scratch, text, values| folded(scratch, text, values, |text, value| text.ends_with(value)),
    ),
    Function::test(
        "!endswith",
        TEXTS,
        ["Does not end with the text.", "'Fabrikam' !endswith 'brik'", "True"],
        |scratch, text, values| folded(scratch, text, values, |text, value| !text.ends_with(value)),
    ),
    Function::test(
        "endswith_cs",
        TEXTS,
        ["Ends with the text.", "'Fabrikam' endswith_cs 'KAM'", "False"],
        |_, text, values| Some(text.ends_with(values[0].as_str())),
    ),
    Function::test(
        "!endswith_cs",
        TEXTS,
        ["Does not end with the text.", "'Fabrikam' !endswith_cs 'KAM'", "True"],
        |_, text, values| Some(!text.ends_with(values[0].as_str())),
    ),
    Function::test(
        "matches regex",
        &[Parameter::text("text"), Parameter::regex("regex")],
        ["The regular expression (RE2 syntax) matches somewhere.", "'a42' matches regex '[0-9]+$'", "True"],
        |scratch, text, values| scratch.regex(values[0].as_str()).map(|regex| regex.is_match(text)),
    ),
    Function::test(
        "like",
        TEXTS,
        ["Matches a pattern with `*`, without regard to case.", "'Fabrikam' like 'FAB*'", "True"],
        |scratch, text, values| like(scratch, text, values, false),
    ),
    Function::test(
        "notlike",
        TEXTS,
        ["Does not match the pattern.", "'Fabrikam' notlike 'b*'", "True"],
        |scratch, text, values| like(scratch, text, values, false).map(|flag| !flag),
    ),
    Function::test(
        "likecs",
        TEXTS,
        ["Matches a pattern with `*`.", "'Fabrikam' likecs 'FAB*'", "False"],
        |scratch, text, values| like(scratch, text, values, true),
    ),
    Function::test(
        "notlikecs",
        TEXTS,
        ["Does not match the pattern.", "'Fabrikam' notlikecs 'FAB*'", "True"],
        |scratch, text, values| like(scratch, text, values, true).map(|flag| !flag),
    ),
    Function::test(
        "in~",
        LIST,
        ["Equal to one of the values, without regard to case.", "'B' in~ ('a', 'b')", "True"],
        |scratch, text, values| any_folded(scratch, text, values, |text, value| text == value),
    ),
    Function::test(
        "has_any",
        LIST,
        ["Has one of the terms, without regard to case.", "'x.EXE' has_any ('dll', 'exe')", "True"],
        |scratch, text, values| any_folded(scratch, text, values, |text, value| terms::has(text, value, Ends::Both)),
    ),
    Function::test(
        "has_all",
        LIST,
        ["Has all of the terms, without regard to case.", "'x.EXE y' has_all ('y', 'exe')", "True"],
        |scratch, text, values| {
            let text = fold(text);
            let needles = scratch.prepare_list(values, needles)?;
            Some(needles.iter().all(|needle| terms::has(&text, needle, Ends::Both)))
        },
    ),
];

const ACCESS: &[Function] = &[Function::rows(
    "[]",
    &[Parameter::dynamic("value"), Parameter::required("key", Types::of(&[KqlType::String, KqlType::Long]))],
    KqlType::Dynamic,
    [
        "A property of a bag by name, or a member of an array by index; negative ones count from the end.",
        "dynamic([1, 2, 3])[-1]",
        "3",
    ],
    |_, values| match values {
        [Value::Dynamic(json), key] => bags::member(json, key).map_or(Value::Null, |json| Value::dynamic(json.clone())),
        _ => Value::Null,
    },
)];

/// Both sides as one type. A dynamic becomes what the other side is, text a time, guid or flag; text and a number are
/// compared as text, unless the text is a constant.
fn aligned(context: &QueryContext, arguments: &[Typed]) -> Result<(Typed, Typed), CallError> {
    let [left, right] = arguments else { return Err(CallError::new("a comparison has two sides")) };
    let ty = match (left.ty, right.ty) {
        (left, right) if left == right && left != KqlType::Dynamic => left,
        (KqlType::Dynamic, KqlType::Dynamic) => KqlType::String,
        (KqlType::Dynamic, other) | (other, KqlType::Dynamic) => other,
        (KqlType::Int, KqlType::Long) | (KqlType::Long, KqlType::Int) => KqlType::Long,
        (left, right) if left.is_numeric() && right.is_numeric() => KqlType::Real,
        (KqlType::Bool, other) | (other, KqlType::Bool) if other.is_numeric() => other,
        (KqlType::String, other) | (other, KqlType::String) => {
            let text = if left.ty == KqlType::String { left } else { right };
            match (other.is_numeric(), &text.constant) {
                (true, None) => KqlType::String,
                // A text that is no number is equal to none; as a null it would be equal to a null.
                (true, Some(value)) => number_in(value.as_str(), other).unwrap_or(KqlType::String),
                (false, _) => other,
            }
        }
        _ => return Err(mismatch(left, right)),
    };
    Ok((convert(context, left.clone(), ty)?, convert(context, right.clone(), ty)?))
}

/// The type in which a number and a constant text are compared; none when the text is no number.
fn number_in(text: &str, number: KqlType) -> Option<KqlType> {
    match number {
        KqlType::Int | KqlType::Long if text.parse::<i64>().is_ok() => Some(KqlType::Long),
        _ => text.parse::<f64>().is_ok().then_some(KqlType::Real),
    }
}

fn mismatch(left: &Typed, right: &Typed) -> CallError {
    CallError::new(format!(
        "cannot compare {} with {}: convert one of them, for example with tostring()",
        left.ty, right.ty
    ))
}

/// The expression with "" in the place of a null string.
fn whole(typed: &Typed) -> Expr {
    match (typed.ty, &typed.constant) {
        (KqlType::String, None) => coalesce(vec![typed.expr.clone(), lit("")]),
        _ => typed.expr.clone(),
    }
}

/// Of two nulls null, of one null false (Kusto, "Null values").
fn equal(context: &QueryContext, arguments: &[Typed]) -> Result<Expr, CallError> {
    let (left, right) = aligned(context, arguments)?;
    let equal = whole(&left).eq(whole(&right));
    if left.ty == KqlType::String {
        return Ok(equal);
    }
    let both_null = left.expr.is_null().and(right.expr.is_null());
    when(both_null, lit(datafusion::scalar::ScalarValue::Boolean(None)))
        .otherwise(equal.is_true())
        .map_err(|error| CallError::new(error.to_string()))
}

fn not_equal(context: &QueryContext, arguments: &[Typed]) -> Result<Expr, CallError> {
    Ok(Expr::Not(Box::new(equal(context, arguments)?)))
}

fn less(context: &QueryContext, arguments: &[Typed]) -> Result<Expr, CallError> {
    aligned(context, arguments).map(|(left, right)| whole(&left).lt(whole(&right)))
}

fn less_or_equal(context: &QueryContext, arguments: &[Typed]) -> Result<Expr, CallError> {
    aligned(context, arguments).map(|(left, right)| whole(&left).lt_eq(whole(&right)))
}

fn greater(context: &QueryContext, arguments: &[Typed]) -> Result<Expr, CallError> {
    aligned(context, arguments).map(|(left, right)| whole(&left).gt(whole(&right)))
}

fn greater_or_equal(context: &QueryContext, arguments: &[Typed]) -> Result<Expr, CallError> {
    aligned(context, arguments).map(|(left, right)| whole(&left).gt_eq(whole(&right)))
}

fn pair(arguments: &[Typed]) -> (KqlType, KqlType) {
    let ty = |idx: usize| arguments.get(idx).map_or(KqlType::Long, |typed| typed.ty);
    (ty(0), ty(1))
}

/// Whole numbers give a long, two ints too, as Microsoft's reference and binder say; anything else a real.
fn number_type(left: KqlType, right: KqlType) -> KqlType {
    match (left, right) {
        (KqlType::Int | KqlType::Long | KqlType::Bool, KqlType::Int | KqlType::Long | KqlType::Bool) => KqlType::Long,
        _ => KqlType::Real,
    }
}

fn sum_type(arguments: &[Typed]) -> KqlType {
    match pair(arguments) {
        (KqlType::DateTime, _) | (_, KqlType::DateTime) => KqlType::DateTime,
        (KqlType::TimeSpan, _) | (_, KqlType::TimeSpan) => KqlType::TimeSpan,
        (left, right) => number_type(left, right),
    }
}

fn difference_type(arguments: &[Typed]) -> KqlType {
    match (pair(arguments), arguments.len()) {
        ((ty, _), 1) => ty,
        ((KqlType::DateTime, KqlType::DateTime), _) => KqlType::TimeSpan,
        ((KqlType::DateTime, KqlType::Dynamic), _) => KqlType::TimeSpan,
        (_, _) => sum_type(arguments),
    }
}

fn product_type(arguments: &[Typed]) -> KqlType {
    sum_type(arguments)
}

fn quotient_type(arguments: &[Typed]) -> KqlType {
    match pair(arguments) {
        (KqlType::TimeSpan | KqlType::DateTime, KqlType::TimeSpan) => KqlType::Real,
        (KqlType::TimeSpan, _) => KqlType::TimeSpan,
        (left, right) => number_type(left, right),
    }
}

fn modulo_type(arguments: &[Typed]) -> KqlType {
    match pair(arguments) {
        (KqlType::DateTime | KqlType::TimeSpan, _) => KqlType::TimeSpan,
        (left, right) => number_type(left, right),
    }
}

/// What a value is in arithmetic; dynamics are looked into.
enum Operand {
    Integer(i64, bool),
    Real(f64),
    DateTime(i64),
    TimeSpan(i64),
}

fn operand(value: &Value) -> Option<Operand> {
    Some(match value {
        Value::Int(int) => Operand::Integer(i64::from(*int), true),
        Value::Long(long) => Operand::Integer(*long, false),
        Value::Bool(flag) => Operand::Integer(i64::from(*flag), false),
        Value::Real(real) => Operand::Real(*real),
        Value::DateTime(ticks) => Operand::DateTime(*ticks),
        Value::TimeSpan(ticks) => Operand::TimeSpan(*ticks),
        Value::Dynamic(Json::Number(number)) => Operand::Real(number.as_f64()?),
        Value::Null | Value::Text(_) | Value::Guid(_) | Value::Dynamic(_) => return None,
    })
}

fn integer(narrow: bool, long: Option<i64>) -> Value {
    match (narrow, long) {
        (true, Some(long)) => i32::try_from(long).map_or(Value::Null, Value::Int),
        (false, Some(long)) => Value::Long(long),
        (_, None) => Value::Null,
    }
}

fn long(long: Option<i64>) -> Value {
    long.map_or(Value::Null, Value::Long)
}

fn datetime(ticks: Option<i64>) -> Value {
    ticks.filter(|ticks| (0..=TICKS_MAX).contains(ticks)).map_or(Value::Null, Value::DateTime)
}

fn timespan(ticks: Option<i64>) -> Value {
    ticks.map_or(Value::Null, Value::TimeSpan)
}

/// A real number of ticks as a timespan, null when it does not fit.
fn ticks_of(real: f64) -> Option<i64> {
    // 2^63 is a real number exactly; what is below it fits.
    (real.abs() < 9_223_372_036_854_775_808.0).then_some(real as i64)
}

fn operands(values: &[Value]) -> Option<(Operand, Operand)> {
    Some((operand(values.first()?)?, operand(values.get(1)?)?))
}

fn real_of(operand: &Operand) -> f64 {
    match operand {
        Operand::Integer(long, _) | Operand::DateTime(long) | Operand::TimeSpan(long) => *long as f64,
        Operand::Real(real) => *real,
    }
}

fn add(_: &mut Scratch, values: &[Value]) -> Value {
    use Operand::{DateTime, Integer, TimeSpan};
    match operands(values) {
        None => Value::Null,
        Some((Integer(left, _), Integer(right, _))) => long(left.checked_add(right)),
        Some((DateTime(left), TimeSpan(right)) | (TimeSpan(left), DateTime(right))) => {
            datetime(left.checked_add(right))
        }
        Some((TimeSpan(left), TimeSpan(right))) => timespan(left.checked_add(right)),
        Some((DateTime(_) | TimeSpan(_), _) | (_, DateTime(_) | TimeSpan(_))) => Value::Null,
        Some((left, right)) => Value::Real(real_of(&left) + real_of(&right)),
    }
}

fn subtract(_: &mut Scratch, values: &[Value]) -> Value {
    use Operand::{DateTime, Integer, Real, TimeSpan};
    if values.len() == 1 {
        return match operand(&values[0]) {
            Some(Integer(long, narrow)) => integer(narrow, long.checked_neg()),
            Some(Real(real)) => Value::Real(-real),
            Some(TimeSpan(ticks)) => timespan(ticks.checked_neg()),
            Some(DateTime(_)) | None => Value::Null,
        };
    }
    match operands(values) {
        None => Value::Null,
        Some((Integer(left, _), Integer(right, _))) => long(left.checked_sub(right)),
        Some((DateTime(left), DateTime(right)) | (TimeSpan(left), TimeSpan(right))) => {
            timespan(left.checked_sub(right))
        }
        Some((DateTime(left), TimeSpan(right))) => datetime(left.checked_sub(right)),
        Some((DateTime(_) | TimeSpan(_), _) | (_, DateTime(_) | TimeSpan(_))) => Value::Null,
        Some((left, right)) => Value::Real(real_of(&left) - real_of(&right)),
    }
}

fn multiply(_: &mut Scratch, values: &[Value]) -> Value {
    use Operand::{DateTime, Integer, TimeSpan};
    match operands(values) {
        None => Value::Null,
        Some((Integer(left, _), Integer(right, _))) => long(left.checked_mul(right)),
        Some((TimeSpan(ticks), Integer(number, _)) | (Integer(number, _), TimeSpan(ticks))) => {
            timespan(ticks.checked_mul(number))
        }
        Some((TimeSpan(_), TimeSpan(_)) | (DateTime(_), _) | (_, DateTime(_))) => Value::Null,
        Some((TimeSpan(ticks), number) | (number, TimeSpan(ticks))) => {
            timespan(ticks_of(ticks as f64 * real_of(&number)))
        }
        Some((left, right)) => Value::Real(real_of(&left) * real_of(&right)),
    }
}

fn divide(_: &mut Scratch, values: &[Value]) -> Value {
    use Operand::{DateTime, Integer, TimeSpan};
    match operands(values) {
        None => Value::Null,
        Some((Integer(left, _), Integer(right, _))) => long(left.checked_div(right)),
        Some((TimeSpan(left) | DateTime(left), TimeSpan(right))) => Value::Real(left as f64 / right as f64),
        Some((TimeSpan(left), Integer(right, _))) => timespan(left.checked_div(right)),
        Some((TimeSpan(left), Operand::Real(right))) => timespan(ticks_of(left as f64 / right)),
        Some((DateTime(_), _) | (_, DateTime(_) | TimeSpan(_))) => Value::Null,
        Some((left, right)) => Value::Real(real_of(&left) / real_of(&right)),
    }
}

fn modulo(_: &mut Scratch, values: &[Value]) -> Value {
    use Operand::{DateTime, Integer, TimeSpan};
    match operands(values) {
        None => Value::Null,
        Some((Integer(left, _), Integer(right, _))) => long(left.checked_rem_euclid(right)),
        Some((DateTime(left) | TimeSpan(left), TimeSpan(right))) => timespan(left.checked_rem_euclid(right)),
        Some((DateTime(_) | TimeSpan(_), _) | (_, DateTime(_) | TimeSpan(_))) => Value::Null,
        Some((left, right)) => Value::Real(real_of(&left).rem_euclid(real_of(&right))),
    }
}

/// Both texts folded, the value once per batch.
fn folded(scratch: &mut Scratch, text: &str, values: &[Value], test: fn(&str, &str) -> bool) -> Option<bool> {
    let needles = scratch.prepare_list(values, needles)?;
    let needle = needles.first()?;
    if text.is_ascii() && text.bytes().all(|byte| !byte.is_ascii_uppercase()) {
        return Some(test(text, needle));
    }
    Some(test(&fold(text), needle))
}

fn needles(values: &[Value]) -> Vec<String> {
    values.iter().map(|value| fold(value.as_str())).collect()
}

fn any_folded(scratch: &mut Scratch, text: &str, values: &[Value], test: fn(&str, &str) -> bool) -> Option<bool> {
    let text = fold(text);
    let needles = scratch.prepare_list(values, needles)?;
    Some(needles.iter().any(|needle| test(&text, needle)))
}

fn has(scratch: &mut Scratch, text: &str, values: &[Value]) -> Option<bool> {
    folded(scratch, text, values, |text, value| terms::has(text, value, Ends::Both))
}

fn has_cs(_: &mut Scratch, text: &str, values: &[Value]) -> Option<bool> {
    Some(terms::has(text, values[0].as_str(), Ends::Both))
}

fn contains(scratch: &mut Scratch, text: &str, values: &[Value]) -> Option<bool> {
    if text.is_ascii()
        && let Some(needle) = scratch.prepare_list(values, needles)?.first().filter(|needle| needle.is_ascii())
    {
        return Some(needle::contains(text.as_bytes(), needle.as_bytes()));
    }
    folded(scratch, text, values, |text, value| text.contains(value))
}

/// `*` is any text; everything else stands for itself.
fn like(scratch: &mut Scratch, text: &str, values: &[Value], cased: bool) -> Option<bool> {
    let parts: Vec<String> = values[0].as_str().split('*').map(regex::escape).collect();
    let flags = if cased { "(?s)" } else { "(?si)" };
    scratch.regex(&format!("{flags}^{}$", parts.join(".*"))).map(|regex| regex.is_match(text))
}
