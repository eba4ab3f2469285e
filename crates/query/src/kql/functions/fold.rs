//! Aggregates that DataFusion does not have, over values: one accumulator per group. Their partial states are columns of
//! the values' own types, or one of JSON text. Their names say everything (`kql.agg.Set(string)dynamic`), so that an
//! executor on another machine can make them again.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::mem::size_of;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Expr, Signature, Volatility};
use datafusion::scalar::ScalarValue;

use super::arrays::{MEMBERS_MAX, key};
use super::bags::merge_into;
use crate::kql::types::{KqlType, Typed};
use crate::kql::value::{Column, Json, Value, compare_json};

/// What is worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `sum`
    Sum,
    /// `avg`
    Average,
    /// `make_set`
    Set,
    /// `make_list`
    List,
    /// `make_list_with_nulls`
    ListWithNulls,
    /// `make_bag`
    Bag,
    /// `arg_max`
    ArgMax,
    /// `arg_min`
    ArgMin,
    /// `min` of dynamics.
    Smallest,
    /// `max` of dynamics.
    Largest,
    /// `percentile`
    Percentile,
    /// `percentiles_array`
    Percentiles,
    /// `variance`
    Variance,
    /// `variancep`
    PopulationVariance,
    /// `stdev`
    Deviation,
    /// `stdevp`
    PopulationDeviation,
    /// `binary_all_and`
    AllAnd,
    /// `binary_all_or`
    AllOr,
    /// `binary_all_xor`
    AllXor,
}

const KINDS: &[Kind] = &[
    Kind::Sum,
    Kind::Average,
    Kind::Set,
    Kind::List,
    Kind::ListWithNulls,
    Kind::Bag,
    Kind::ArgMax,
    Kind::ArgMin,
    Kind::Smallest,
    Kind::Largest,
    Kind::Percentile,
    Kind::Percentiles,
    Kind::Variance,
    Kind::PopulationVariance,
    Kind::Deviation,
    Kind::PopulationDeviation,
    Kind::AllAnd,
    Kind::AllOr,
    Kind::AllXor,
];

/// An aggregate with one value as its result.
pub fn expr(kind: Kind, returns: KqlType, arguments: &[Typed]) -> Expr {
    let types = arguments.iter().map(|argument| argument.ty).collect();
    let udaf = AggregateUDF::new_from_impl(KqlAggregate::new(kind, types, returns));
    udaf.call(arguments.iter().map(|argument| argument.expr.clone()).collect())
}

/// `arg_max` and `arg_min`: a struct of the arguments' values in the best row, with the fields `c0`, `c1`, ….
pub fn struct_expr(kind: Kind, arguments: &[Typed]) -> Expr {
    expr(kind, arguments.first().map_or(KqlType::Dynamic, |argument| argument.ty), arguments)
}

/// The aggregate that has this name; none when the name is not one of ours.
pub fn udaf_by_name(name: &str) -> Option<AggregateUDF> {
    let (head, returns) = name.strip_prefix("kql.agg.")?.rsplit_once(')')?;
    let (kind, types) = head.rsplit_once('(')?;
    let kind = *KINDS.iter().find(|known| format!("{known:?}") == kind)?;
    let types: Option<Vec<KqlType>> =
        types.split(',').filter(|name| !name.is_empty()).map(KqlType::from_name).collect();
    Some(AggregateUDF::new_from_impl(KqlAggregate::new(kind, types?, KqlType::from_name(returns)?)))
}

#[derive(Clone)]
struct KqlAggregate {
    kind: Kind,
    types: Vec<KqlType>,
    returns: KqlType,
    name: String,
    signature: Signature,
}

impl KqlAggregate {
    fn new(kind: Kind, types: Vec<KqlType>, returns: KqlType) -> Self {
        let names: Vec<&str> = types.iter().map(|ty| ty.name()).collect();
        let name = format!("kql.agg.{kind:?}({}){returns}", names.join(","));
        Self { kind, types, returns, name, signature: Signature::user_defined(Volatility::Immutable) }
    }

    fn is_struct(&self) -> bool {
        matches!(self.kind, Kind::ArgMax | Kind::ArgMin)
    }

    fn fields(&self) -> Fields {
        let field = |(idx, ty): (usize, &KqlType)| Field::new(format!("c{idx}"), ty.arrow(), true);
        self.types.iter().enumerate().map(field).collect()
    }

    /// Types of the partial state.
    fn state(&self) -> Vec<KqlType> {
        match self.kind {
            Kind::ArgMax | Kind::ArgMin => self.types.clone(),
            Kind::Smallest | Kind::Largest => vec![KqlType::Dynamic],
            Kind::AllAnd | Kind::AllOr | Kind::AllXor => vec![KqlType::Long],
            Kind::Sum | Kind::Average => vec![KqlType::Long, KqlType::Long, KqlType::Real],
            Kind::Variance | Kind::PopulationVariance | Kind::Deviation | Kind::PopulationDeviation => {
                vec![KqlType::Long, KqlType::Real, KqlType::Real]
            }
            // The second is the limit or the percentiles, which the last step needs too.
            Kind::Set | Kind::List | Kind::ListWithNulls | Kind::Bag | Kind::Percentile | Kind::Percentiles => {
                vec![KqlType::Dynamic, KqlType::Dynamic]
            }
        }
    }
}

impl AggregateUDFImpl for KqlAggregate {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(if self.is_struct() { DataType::Struct(self.fields()) } else { self.returns.arrow() })
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        if arg_types.len() != self.types.len() {
            return exec_err!("{} takes {} arguments, not {}", self.name, self.types.len(), arg_types.len());
        }
        Ok(self.types.iter().map(|ty| ty.arrow()).collect())
    }

    fn accumulator(&self, _args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Folder { aggregate: self.clone(), fold: Fold::new(self.kind) }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let field =
            |(idx, ty): (usize, KqlType)| Arc::new(Field::new(format!("{}[state{idx}]", args.name), ty.arrow(), true));
        Ok(self.state().into_iter().enumerate().map(field).collect())
    }
}

impl std::fmt::Debug for KqlAggregate {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.name)
    }
}

impl PartialEq for KqlAggregate {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for KqlAggregate {}

impl Hash for KqlAggregate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

#[derive(Debug)]
struct Folder {
    aggregate: KqlAggregate,
    fold: Fold,
}

impl Accumulator for Folder {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let types = self.aggregate.types.clone();
        self.each(values, &types, Fold::add)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let types = self.aggregate.state();
        self.each(states, &types, Fold::merge)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let types = self.aggregate.state();
        let mut values = self.fold.state();
        // A best row that was never seen has no values.
        values.resize(types.len(), Value::Null);
        Ok(values.iter().zip(types).map(|(value, ty)| scalar(value, ty)).collect())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let value = self.fold.finish(self.aggregate.kind, self.aggregate.returns);
        if !self.aggregate.is_struct() {
            return Ok(scalar(&value, self.aggregate.returns));
        }
        let mut best = self.fold.state();
        best.resize(self.aggregate.types.len(), Value::Null);
        let arrays = best.iter().zip(&self.aggregate.types).map(|(value, ty)| scalar(value, *ty).to_array());
        let arrays: Vec<ArrayRef> = arrays.collect::<Result<_>>()?;
        let fields = self.aggregate.fields();
        Ok(ScalarValue::Struct(Arc::new(arrow::array::StructArray::try_new(fields, arrays, None)?)))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.fold.size()
    }
}

/// A null string stays null: it is "" to everybody who reads it.
fn scalar(value: &Value, ty: KqlType) -> ScalarValue {
    if value.is_null() && ty == KqlType::String { ScalarValue::Utf8(None) } else { value.to_scalar(ty) }
}

impl Folder {
    fn each(&mut self, arrays: &[ArrayRef], types: &[KqlType], take: fn(&mut Fold, Kind, &[Value])) -> Result<()> {
        let mut columns = Vec::with_capacity(types.len());
        for (array, ty) in arrays.iter().zip(types) {
            columns.push(Column::new(array, *ty)?);
        }
        let n_rows = arrays.first().map_or(0, |array| array.len());
        let mut row = Vec::with_capacity(columns.len());
        for row_idx in 0..n_rows {
            row.clear();
            row.extend(columns.iter().map(|column| column.value(row_idx)));
            take(&mut self.fold, self.aggregate.kind, &row);
        }
        Ok(())
    }
}

/// What one group has come to.
#[derive(Debug)]
enum Fold {
    /// Count, sum of integers, sum of reals.
    Sum(i64, i128, f64),
    /// Count, mean and sum of squared distances (Welford; Chan et al. 1979 for merging).
    Spread(i64, f64, f64),
    /// Members in order, keys of a set, the limit or percentiles.
    Members { members: Vec<Json>, seen: HashSet<String>, bytes: usize, with: Json },
    /// Members of bags.
    Bag(serde_json::Map<String, Json>, Json),
    /// The best row so far.
    Best(Option<Vec<Value>>),
    /// Bits.
    Bits(Option<i64>),
}

impl Fold {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Sum | Kind::Average => Fold::Sum(0, 0, 0.0),
            Kind::Variance | Kind::PopulationVariance | Kind::Deviation | Kind::PopulationDeviation => {
                Fold::Spread(0, 0.0, 0.0)
            }
            Kind::Set | Kind::List | Kind::ListWithNulls | Kind::Percentile | Kind::Percentiles => {
                Fold::Members { members: Vec::new(), seen: HashSet::new(), bytes: 0, with: Json::Null }
            }
            Kind::Bag => Fold::Bag(serde_json::Map::new(), Json::Null),
            Kind::ArgMax | Kind::ArgMin | Kind::Smallest | Kind::Largest => Fold::Best(None),
            Kind::AllAnd | Kind::AllOr | Kind::AllXor => Fold::Bits(None),
        }
    }

    fn add(&mut self, kind: Kind, row: &[Value]) {
        let Some(value) = row.first() else { return };
        match self {
            Fold::Sum(count, whole, real) => match value {
                Value::Null => {}
                Value::Real(more) => {
                    *count += 1;
                    *real += more;
                }
                other => {
                    let Some(more) = other.as_long() else { return };
                    *count += 1;
                    *whole += i128::from(more);
                }
            },
            Fold::Spread(count, mean, squares) => {
                let Some(number) = super::convert::real_of(value) else { return };
                *count += 1;
                let distance = number - *mean;
                *mean += distance / *count as f64;
                *squares += distance * (number - *mean);
            }
            Fold::Members { .. } => {
                let is_percentile = matches!(kind, Kind::Percentile | Kind::Percentiles);
                let with = match is_percentile {
                    true => Json::Array(row[1..].iter().map(Value::to_json).collect()),
                    false => row.get(1).map_or(Json::Null, Value::to_json),
                };
                self.remember(with);
                match value {
                    _ if value.is_null() && kind != Kind::ListWithNulls => {}
                    // Ticks are kept as numbers: they are sorted and given back as what they were.
                    Value::DateTime(ticks) | Value::TimeSpan(ticks) if is_percentile => {
                        self.push(kind, Json::from(*ticks))
                    }
                    // A set of arrays is a set of their members.
                    Value::Dynamic(Json::Array(members)) if kind == Kind::Set => {
                        members.iter().for_each(|member| self.push(kind, member.clone()));
                    }
                    other => self.push(kind, other.to_json()),
                }
            }
            Fold::Bag(bag, limit) => {
                *limit = row.get(1).map_or(Json::Null, Value::to_json);
                merge_into(bag, value);
            }
            Fold::Best(best) => {
                if !value.is_null() && best.as_ref().is_none_or(|best| is_better(kind, value, &best[0])) {
                    *best = Some(row.to_vec());
                }
            }
            Fold::Bits(bits) => {
                let Some(more) = value.as_long() else { return };
                *bits = Some(match (kind, *bits) {
                    (_, None) => more,
                    (Kind::AllAnd, Some(bits)) => bits & more,
                    (Kind::AllOr, Some(bits)) => bits | more,
                    (_, Some(bits)) => bits ^ more,
                });
            }
        }
    }

    fn remember(&mut self, value: Json) {
        if let Fold::Members { with, .. } = self
            && !value.is_null()
        {
            *with = value;
        }
    }

    fn push(&mut self, kind: Kind, member: Json) {
        let Fold::Members { members, seen, bytes, with } = self else { return };
        let most = with.as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(MEMBERS_MAX).min(MEMBERS_MAX);
        if members.len() >= most {
            return;
        }
        let text = key(&member);
        let n_bytes = text.len();
        if kind != Kind::Set || seen.insert(text) {
            *bytes += size_of::<Json>() + n_bytes;
            members.push(member);
        }
    }

    fn state(&self) -> Vec<Value> {
        match self {
            Fold::Sum(count, whole, real) => {
                // A sum beyond 64 bits is null in the end; its sign of that is a count below 0.
                match i64::try_from(*whole) {
                    Ok(whole) => vec![Value::Long(*count), Value::Long(whole), Value::Real(*real)],
                    Err(_) => vec![Value::Long(-1), Value::Long(0), Value::Real(*real)],
                }
            }
            Fold::Spread(count, mean, squares) => vec![Value::Long(*count), Value::Real(*mean), Value::Real(*squares)],
            Fold::Members { members, with, .. } => {
                vec![Value::Dynamic(Json::Array(members.clone())), Value::dynamic(with.clone())]
            }
            Fold::Bag(bag, limit) => vec![Value::Dynamic(Json::Object(bag.clone())), Value::dynamic(limit.clone())],
            Fold::Best(best) => best.clone().unwrap_or_default(),
            Fold::Bits(bits) => vec![bits.map_or(Value::Null, Value::Long)],
        }
    }

    fn merge(&mut self, kind: Kind, state: &[Value]) {
        match self {
            Fold::Sum(count, whole, real) => {
                let more = state[0].as_long().unwrap_or(0);
                *whole += if more < 0 { i128::from(i64::MAX) * 4 } else { i128::from(state[1].as_long().unwrap_or(0)) };
                *count += more.max(0);
                *real += state[2].as_real().unwrap_or(0.0);
            }
            Fold::Spread(count, mean, squares) => {
                let (more, its_mean, its_squares) = (
                    state[0].as_long().unwrap_or(0),
                    state[1].as_real().unwrap_or(0.0),
                    state[2].as_real().unwrap_or(0.0),
                );
                if more > 0 {
                    let total = (*count + more) as f64;
                    let distance = its_mean - *mean;
                    *squares += its_squares + distance * distance * *count as f64 * more as f64 / total;
                    *mean += distance * more as f64 / total;
                    *count += more;
                }
            }
            Fold::Members { .. } => {
                self.remember(state[1].to_json());
                for member in state[0].as_json().and_then(Json::as_array).into_iter().flatten() {
                    self.push(kind, member.clone());
                }
            }
            Fold::Bag(bag, limit) => {
                *limit = state[1].to_json();
                merge_into(bag, &state[0]);
            }
            Fold::Best(_) | Fold::Bits(_) => self.add(kind, state),
        }
    }

    fn finish(&self, kind: Kind, returns: KqlType) -> Value {
        match self {
            Fold::Sum(count, whole, real) => total(kind, returns, *count, *whole, *real),
            Fold::Spread(count, _, squares) => Value::Real(spread(kind, *count, *squares)),
            Fold::Members { members, with, .. } => match kind {
                Kind::Set => {
                    let mut members = members.clone();
                    members.sort_by(compare_json);
                    Value::Dynamic(Json::Array(members))
                }
                Kind::Percentile | Kind::Percentiles => percentiles(kind, returns, members, with),
                _ => Value::Dynamic(Json::Array(members.clone())),
            },
            Fold::Bag(bag, limit) => {
                let most = limit.as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(MEMBERS_MAX);
                let members = bag.iter().take(most.min(MEMBERS_MAX));
                Value::Dynamic(Json::Object(members.map(|(name, json)| (name.clone(), json.clone())).collect()))
            }
            Fold::Best(best) => best.as_ref().map_or(Value::Null, |best| best[0].clone()),
            Fold::Bits(bits) => bits.map_or(Value::Null, Value::Long),
        }
    }

    fn size(&self) -> usize {
        match self {
            Fold::Sum(..) | Fold::Spread(..) | Fold::Bits(_) => 0,
            Fold::Members { bytes, .. } => *bytes * 2,
            Fold::Bag(bag, _) => bag.len() * 128,
            Fold::Best(best) => best.as_ref().map_or(0, |best| best.iter().map(value_size).sum()),
        }
    }
}

fn value_size(value: &Value) -> usize {
    size_of::<Value>() + if let Value::Text(text) | Value::Guid(text) = value { text.len() } else { 0 }
}

/// Of equal rows the first stays.
fn is_better(kind: Kind, value: &Value, best: &Value) -> bool {
    let order = value.compare(best);
    if matches!(kind, Kind::ArgMax | Kind::Largest) { order.is_gt() } else { order.is_lt() }
}

fn total(kind: Kind, returns: KqlType, count: i64, whole: i128, real: f64) -> Value {
    if kind == Kind::Sum {
        return match returns {
            KqlType::Real | KqlType::Decimal => Value::Real(real + whole as f64),
            KqlType::TimeSpan => i64::try_from(whole).map_or(Value::Null, Value::TimeSpan),
            _ => i64::try_from(whole).map_or(Value::Null, Value::Long),
        };
    }
    if count == 0 {
        return Value::Null;
    }
    let ticks = || i64::try_from(whole.div_euclid(i128::from(count))).ok();
    match returns {
        KqlType::TimeSpan => ticks().map_or(Value::Null, Value::TimeSpan),
        KqlType::DateTime => ticks().map_or(Value::Null, Value::DateTime),
        _ => Value::Real((real + whole as f64) / count as f64),
    }
}

fn spread(kind: Kind, count: i64, squares: f64) -> f64 {
    let of_sample = matches!(kind, Kind::Variance | Kind::Deviation);
    let divisor = if of_sample { count - 1 } else { count };
    let variance = if divisor <= 0 { 0.0 } else { squares / divisor as f64 };
    if matches!(kind, Kind::Deviation | Kind::PopulationDeviation) { variance.sqrt() } else { variance }
}

/// Nearest rank: the smallest value that at least the share of all values does not exceed.
fn percentiles(kind: Kind, returns: KqlType, members: &[Json], shares: &Json) -> Value {
    let mut sorted = members.to_vec();
    sorted.sort_by(compare_json);
    let at = |share: &Json| {
        let share = share.as_f64().unwrap_or(50.0).clamp(0.0, 100.0);
        // In this order: 7 / 100 * 100 is more than 7.
        let rank = (share * sorted.len() as f64 / 100.0).ceil() as usize;
        sorted.get(rank.max(1) - 1).cloned().unwrap_or(Json::Null)
    };
    let shares = shares.as_array().map(Vec::as_slice).unwrap_or_default();
    if kind == Kind::Percentiles {
        return Value::Dynamic(shares.iter().map(at).collect());
    }
    let found = shares.first().map_or(Json::Null, at);
    match returns {
        KqlType::DateTime => found.as_i64().map_or(Value::Null, Value::DateTime),
        KqlType::TimeSpan => found.as_i64().map_or(Value::Null, Value::TimeSpan),
        KqlType::Int => found.as_i64().and_then(|long| i32::try_from(long).ok()).map_or(Value::Null, Value::Int),
        KqlType::Long => found.as_i64().map_or(Value::Null, Value::Long),
        _ => found.as_f64().map_or(Value::Null, Value::Real),
    }
}
