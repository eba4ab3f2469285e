//! Series: arrays of numbers at equal distances, as `make-series` gives them.

use super::arrays::array;
use super::entry::{Function, Parameter};
use super::scratch::Scratch;
use super::series_math::numbers;
use crate::kql::types::KqlType;
use crate::kql::value::{Json, Value};

const SERIES: &[Parameter] = &[Parameter::dynamic("series")];

/// A function that fills several columns in `extend` and the like. What it gives is a bag with a member for each.
pub struct Several {
    /// The function's name, as it is called.
    pub function: &'static str,
    /// The columns' names behind the function's and the argument's, and their types.
    pub columns: &'static [(&'static str, KqlType)],
}

/// The functions that fill several columns.
pub const SEVERAL: &[Several] = &[
    Several {
        function: "series_stats",
        columns: &[
            ("min", KqlType::Real),
            ("min_idx", KqlType::Long),
            ("max", KqlType::Real),
            ("max_idx", KqlType::Long),
            ("avg", KqlType::Real),
            ("stdev", KqlType::Real),
            ("variance", KqlType::Real),
        ],
    },
    Several {
        function: "series_fit_line",
        columns: &[
            ("rsquare", KqlType::Real),
            ("slope", KqlType::Real),
            ("variance", KqlType::Real),
            ("rvariance", KqlType::Real),
            ("interception", KqlType::Real),
            ("line_fit", KqlType::Dynamic),
        ],
    },
    Several {
        function: "series_fit_2lines",
        columns: &[
            ("rsquare", KqlType::Real),
            ("split_idx", KqlType::Long),
            ("variance", KqlType::Real),
            ("rvariance", KqlType::Real),
            ("line_fit", KqlType::Dynamic),
            ("right_rsquare", KqlType::Real),
            ("right_slope", KqlType::Real),
            ("right_interception", KqlType::Real),
            ("right_variance", KqlType::Real),
            ("right_rvariance", KqlType::Real),
            ("left_rsquare", KqlType::Real),
            ("left_slope", KqlType::Real),
            ("left_interception", KqlType::Real),
            ("left_variance", KqlType::Real),
            ("left_rvariance", KqlType::Real),
        ],
    },
    Several {
        function: "series_decompose_anomalies",
        columns: &[("ad_flag", KqlType::Dynamic), ("ad_score", KqlType::Dynamic), ("baseline", KqlType::Dynamic)],
    },
];

/// The functions of this family.
pub const FUNCTIONS: &[Function] = &[
    Function::rows("series_stats_dynamic", SERIES, KqlType::Dynamic, ["Smallest, largest, average, deviation and variance of a series as a bag.", "series_stats_dynamic(dynamic([1, 2, 3])).avg", "2.0"], |_, values| {
        stats(&values[0])
    })
    .also(&["series_stats"]),
    Function::rows("series_fit_line_dynamic", SERIES, KqlType::Dynamic, ["The straight line that fits best: slope, interception, rsquare and more as a bag.", "series_fit_line_dynamic(dynamic([1, 2, 3])).slope", "1.0"], |_, values| {
        numbers(&values[0]).and_then(|numbers| line(&numbers)).map_or(Value::Null, Value::Dynamic)
    })
    .also(&["series_fit_line"]),
    Function::rows(
        "series_fit_2lines_dynamic",
        SERIES,
        KqlType::Dynamic,
        ["The two straight lines that fit best, with the place of the break, as a bag.", "series_fit_2lines_dynamic(dynamic([1, 1, 1, 5, 5, 5])).split_idx", "3"],
        |_, values| numbers(&values[0]).and_then(|numbers| two_lines(&numbers)).map_or(Value::Null, Value::Dynamic),
    )
    .also(&["series_fit_2lines"]),
    Function::rows("series_outliers", &[Parameter::dynamic("series"), Parameter::text("kind").opt(), Parameter::any("ignore").opt(), Parameter::real("low").opt(), Parameter::real("high").opt()], KqlType::Dynamic, ["How far outside of its quartiles each value is (Tukey's test; `ctukey` uses the 10th and 90th percentile).", "series_outliers(dynamic([1, 2, 2, 1, 100]), 'tukey')[4] > 3", "True"], outliers),
    Function::rows("series_fill_const", &[Parameter::dynamic("series"), Parameter::any("value")], KqlType::Dynamic, ["Nulls replaced by a value.", "series_fill_const(dynamic([1, null]), 0)", "[1,0]"], |_, values| {
        let fill = values[1].to_json();
        array(&values[0]).map_or(Value::Null, |members| {
            Value::Dynamic(members.iter().map(|member| if member.is_null() { fill.clone() } else { member.clone() }).collect())
        })
    }),
    Function::rows("series_fill_forward", SERIES, KqlType::Dynamic, ["Nulls replaced by the value before them.", "series_fill_forward(dynamic([1, null, 2]))", "[1,1,2]"], |_, values| {
        array(&values[0]).map_or(Value::Null, |members| Value::Dynamic(Json::Array(forward(members.iter()))))
    }),
    Function::rows("series_fill_backward", SERIES, KqlType::Dynamic, ["Nulls replaced by the value behind them.", "series_fill_backward(dynamic([null, 2]))", "[2,2]"], |_, values| {
        array(&values[0]).map_or(Value::Null, |members| {
            let mut filled = forward(members.iter().rev());
            filled.reverse();
            Value::Dynamic(Json::Array(filled))
        })
    }),
    Function::rows("series_fill_linear", SERIES, KqlType::Dynamic, ["Nulls replaced by values on the line between their neighbours.", "series_fill_linear(dynamic([1, null, 3]))", "[1,2.0,3]"], |_, values| {
        array(&values[0]).map_or(Value::Null, |members| Value::Dynamic(Json::Array(linear(members))))
    }),
    Function::rows(
        "series_decompose_anomalies",
        &[Parameter::dynamic("series"), Parameter::real("threshold").opt(), Parameter::long("seasonality").opt(), Parameter::text("trend").opt(), Parameter::long("test_points").opt(), Parameter::text("method").opt(), Parameter::real("seasonality_threshold").opt()],
        KqlType::Dynamic,
        ["Which values of a series stand out from its line: 1 above, -1 below, with their scores and the line. Seasons are not taken out.", "series_decompose_anomalies(dynamic([1, 1, 2, 1, 2, 1, 1, 2, 90, 1, 2, 1])).ad_flag[8]", "1"],
        anomalies,
    )
    .warning("series_decompose_anomalies: the average or the linear trend is taken out, seasons are not."),
];

fn bag(members: &[(&str, Json)]) -> Json {
    Json::Object(members.iter().map(|(name, json)| ((*name).to_owned(), json.clone())).collect())
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// Sum of the squared distances from the mean.
fn squares(numbers: &[f64]) -> f64 {
    let mean = mean(numbers);
    numbers.iter().map(|number| (number - mean).powi(2)).sum()
}

fn stats(value: &Value) -> Value {
    let Some(numbers) = numbers(value) else { return Value::Null };
    let place = |best: fn(f64, f64) -> bool| {
        let mut found = 0;
        for (at, number) in numbers.iter().enumerate() {
            if best(*number, numbers[found]) {
                found = at;
            }
        }
        found
    };
    let (low, high) = (place(|left, right| left < right), place(|left, right| left > right));
    let variance = if numbers.len() > 1 { squares(&numbers) / (numbers.len() - 1) as f64 } else { 0.0 };
    Value::Dynamic(bag(&[
        ("min", numbers[low].into()),
        ("min_idx", low.into()),
        ("max", numbers[high].into()),
        ("max_idx", high.into()),
        ("avg", mean(&numbers).into()),
        ("stdev", variance.sqrt().into()),
        ("variance", variance.into()),
        ("sum", numbers.iter().sum::<f64>().into()),
        ("len", numbers.len().into()),
    ]))
}

/// Least squares over the places 0, 1, 2, …: slope and interception.
fn fit(numbers: &[f64]) -> (f64, f64) {
    let n = numbers.len() as f64;
    let x_mean = (n - 1.0) / 2.0;
    let y_mean = mean(numbers);
    let (mut xy, mut xx) = (0.0, 0.0);
    for (at, number) in numbers.iter().enumerate() {
        let x = at as f64 - x_mean;
        xy += x * (number - y_mean);
        xx += x * x;
    }
    let slope = if xx == 0.0 { 0.0 } else { xy / xx };
    (slope, y_mean - slope * x_mean)
}

/// Squared distances from the line.
fn residual(numbers: &[f64]) -> f64 {
    let (slope, interception) = fit(numbers);
    numbers.iter().enumerate().map(|(at, number)| (number - slope * at as f64 - interception).powi(2)).sum()
}

fn line(numbers: &[f64]) -> Option<Json> {
    let (slope, interception) = fit(numbers);
    let (total, rest) = (squares(numbers), residual(numbers));
    let n = numbers.len() as f64;
    let fitted: Vec<f64> = (0..numbers.len()).map(|at| slope * at as f64 + interception).collect();
    Some(bag(&[
        ("rsquare", (if total == 0.0 { 1.0 } else { 1.0 - rest / total }).into()),
        ("slope", slope.into()),
        ("variance", (if n > 1.0 { total / (n - 1.0) } else { 0.0 }).into()),
        ("rvariance", (if n > 1.0 { rest / (n - 1.0) } else { 0.0 }).into()),
        ("interception", interception.into()),
        ("line_fit", fitted.into()),
    ]))
}

fn two_lines(numbers: &[f64]) -> Option<Json> {
    let splits = 1..numbers.len();
    let rest = |at: usize| residual(&numbers[..at]) + residual(&numbers[at..]);
    let split = splits.min_by(|left, right| rest(*left).total_cmp(&rest(*right)))?;
    let total = squares(numbers);
    let rsquare = if total == 0.0 { 1.0 } else { 1.0 - rest(split) / total };
    let (left, right) = (fit(&numbers[..split]), fit(&numbers[split..]));
    let mut fitted: Vec<f64> = (0..split).map(|at| left.0 * at as f64 + left.1).collect();
    fitted.extend((0..numbers.len() - split).map(|at| right.0 * at as f64 + right.1));
    let spread = |numbers: &[f64], sum: f64| if numbers.len() > 1 { sum / (numbers.len() - 1) as f64 } else { 0.0 };
    let share = |numbers: &[f64]| match squares(numbers) {
        0.0 => 1.0,
        total => 1.0 - residual(numbers) / total,
    };
    let (before, behind) = numbers.split_at(split);
    let mut members: Vec<(String, Json)> = vec![
        ("rsquare".to_owned(), rsquare.into()),
        ("split_idx".to_owned(), split.into()),
        ("variance".to_owned(), spread(numbers, total).into()),
        ("rvariance".to_owned(), spread(numbers, rest(split)).into()),
        ("line_fit".to_owned(), fitted.into()),
    ];
    for (side, numbers, (slope, interception)) in [("right", behind, right), ("left", before, left)] {
        members.extend([
            (format!("{side}_rsquare"), share(numbers).into()),
            (format!("{side}_slope"), slope.into()),
            (format!("{side}_interception"), interception.into()),
            (format!("{side}_variance"), spread(numbers, squares(numbers)).into()),
            (format!("{side}_rvariance"), spread(numbers, residual(numbers)).into()),
        ]);
    }
    Some(Json::Object(members.into_iter().collect()))
}

/// The value at a share of the sorted numbers, between neighbours in proportion.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

/// How far a number lies outside of a range, in units of the range's width; 0 inside of it.
fn outside(number: f64, low: f64, high: f64) -> f64 {
    let width = high - low;
    let distance = if number > high {
        number - high
    } else if number < low {
        number - low
    } else {
        0.0
    };
    if distance == 0.0 || width == 0.0 { distance } else { distance / width }
}

fn outliers(_: &mut Scratch, values: &[Value]) -> Value {
    let Some(numbers) = numbers(&values[0]) else { return Value::Null };
    let is_tukey = values.get(1).is_some_and(|kind| kind.as_str().eq_ignore_ascii_case("tukey"));
    let share = |idx: usize, default: f64| {
        values.get(idx).and_then(Value::as_real).map_or(default, |percent| (percent / 100.0).clamp(0.0, 1.0))
    };
    let (low, high) = if is_tukey { (0.25, 0.75) } else { (share(3, 0.1), share(4, 0.9)) };
    let mut sorted = numbers.clone();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (quantile(&sorted, low), quantile(&sorted, high));
    Value::Dynamic(numbers.iter().map(|number| Json::from(outside(*number, low, high))).collect())
}

fn anomalies(_: &mut Scratch, values: &[Value]) -> Value {
    let Some(numbers) = numbers(&values[0]) else { return Value::Null };
    let threshold = values.get(1).and_then(Value::as_real).unwrap_or(1.5);
    let (slope, interception) = match values.get(3).map(Value::as_str) {
        Some("linefit") => fit(&numbers),
        Some("none") => (0.0, 0.0),
        Some(_) | None => (0.0, mean(&numbers)),
    };
    let baseline: Vec<f64> = (0..numbers.len()).map(|at| slope * at as f64 + interception).collect();
    let rests: Vec<f64> = numbers.iter().zip(&baseline).map(|(number, line)| number - line).collect();
    let mut sorted = rests.clone();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (quantile(&sorted, 0.1), quantile(&sorted, 0.9));
    let scores: Vec<f64> = rests.iter().map(|rest| outside(*rest, low, high)).collect();
    let flags = scores.iter().map(|score| Json::from(i64::from(*score > threshold) - i64::from(*score < -threshold)));
    Value::Dynamic(bag(&[
        ("ad_flag", flags.collect()),
        ("ad_score", scores.clone().into()),
        ("baseline", baseline.into()),
    ]))
}

fn forward<'a>(members: impl Iterator<Item = &'a Json>) -> Vec<Json> {
    let mut last = Json::Null;
    let mut filled = Vec::new();
    for member in members {
        if !member.is_null() {
            last = member.clone();
        }
        filled.push(last.clone());
    }
    filled
}

fn linear(members: &[Json]) -> Vec<Json> {
    let known: Vec<(usize, f64)> =
        members.iter().enumerate().filter_map(|(at, member)| member.as_f64().map(|number| (at, number))).collect();
    let mut filled = members.to_vec();
    for (at, member) in filled.iter_mut().enumerate().filter(|(_, member)| member.is_null()) {
        let before = known.iter().rev().find(|(place, _)| *place < at);
        let after = known.iter().find(|(place, _)| *place > at);
        *member = match (before, after) {
            (Some((from, low)), Some((to, high))) => {
                Json::from(low + (high - low) * (at - from) as f64 / (to - from) as f64)
            }
            (Some((_, only)), None) | (None, Some((_, only))) => Json::from(*only),
            (None, None) => Json::Null,
        };
    }
    filled
}
