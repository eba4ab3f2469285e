//! Counts of different texts per group. DataFusion keeps a set of texts for every group; this keeps each text once and
//! pairs of (group, number of the text), which is about ten times faster when there are many groups.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListArray, StringArray, StringBuilder};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, HashMap, HashSet, Result, ScalarValue, internal_err};
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, Aggregate, AggregateUDF, AggregateUDFImpl, EmitTo, Expr, ExprSchemable, GroupsAccumulator,
    LogicalPlan, Signature, Volatility,
};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

/// Puts our count in the place of `count(DISTINCT text)`.
#[derive(Debug)]
pub(crate) struct DistinctTexts;

impl OptimizerRule for DistinctTexts {
    fn name(&self) -> &str {
        "distinct_texts"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Aggregate(aggregate) = plan else { return Ok(Transformed::no(plan)) };
        let schema = Arc::clone(aggregate.input.schema());
        let mut is_changed = false;
        let mut expressions = Vec::with_capacity(aggregate.aggr_expr.len());
        for expr in &aggregate.aggr_expr {
            let ours = ours(expr, &schema)?;
            is_changed |= ours.is_some();
            expressions.push(ours.unwrap_or_else(|| expr.clone()));
        }
        if !is_changed {
            return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate)));
        }
        let changed = Aggregate::try_new(aggregate.input, aggregate.group_expr, expressions)?;
        Ok(Transformed::yes(LogicalPlan::Aggregate(changed)))
    }
}

/// The same count under the same name, when it is one of different texts.
fn ours(expr: &Expr, schema: &DFSchema) -> Result<Option<Expr>> {
    let (name, inner) = match expr {
        Expr::Alias(alias) => (alias.name.clone(), alias.expr.as_ref()),
        other => (other.schema_name().to_string(), other),
    };
    let Expr::AggregateFunction(AggregateFunction { func, params }) = inner else { return Ok(None) };
    let is_plain = params.order_by.is_empty() && params.null_treatment.is_none() && params.args.len() == 1;
    if func.name() != "count" || !params.distinct || !is_plain || params.args[0].get_type(schema)? != DataType::Utf8 {
        return Ok(None);
    }
    let params = AggregateFunctionParams { distinct: false, ..params.clone() };
    let count = Expr::AggregateFunction(AggregateFunction { func: Arc::clone(&COUNT), params });
    Ok(Some(count.alias(name)))
}

static COUNT: LazyLock<Arc<AggregateUDF>> =
    LazyLock::new(|| Arc::new(AggregateUDF::new_from_impl(CountTexts { signature: signature() })));

fn signature() -> Signature {
    Signature::exact(vec![DataType::Utf8], Volatility::Immutable)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CountTexts {
    signature: Signature,
}

fn item() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Utf8, true))
}

impl AggregateUDFImpl for CountTexts {
    fn name(&self) -> &str {
        "count_distinct_texts"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _type: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(0)))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format!("{}[texts]", args.name), DataType::List(item()), false))])
    }

    fn accumulator(&self, _args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup(Distinct::default())))
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Distinct::default()))
    }
}

/// Which texts each group has.
#[derive(Debug, Default)]
struct Distinct {
    /// The number of each text.
    numbers: HashMap<Box<str>, u32>,
    text_bytes: usize,
    /// Group in the upper half, number in the lower.
    pairs: HashSet<u64>,
    /// Different texts by group.
    counts: Vec<i64>,
}

impl Distinct {
    fn add(&mut self, group: usize, text: &str) -> Result<()> {
        let number = match self.numbers.get(text) {
            Some(number) => *number,
            None => {
                let Ok(number) = u32::try_from(self.numbers.len()) else {
                    return internal_err!("more than 2^32 different texts");
                };
                self.text_bytes += text.len();
                self.numbers.insert(text.into(), number);
                number
            }
        };
        if self.pairs.insert(pair(group, number)) {
            self.counts[group] += 1;
        }
        Ok(())
    }

    fn grow(&mut self, n_groups: usize) {
        self.counts.resize(n_groups.max(self.counts.len()), 0);
    }

    /// Takes out the first groups and moves the others to their places.
    fn forget(&mut self, emit_to: EmitTo) {
        match emit_to {
            EmitTo::All => *self = Self::default(),
            EmitTo::First(n_groups) => {
                let left = self.pairs.iter().filter(|pair| group_of(**pair) >= n_groups);
                self.pairs = left.map(|it| pair(group_of(*it) - n_groups, number_of(*it))).collect();
                self.counts.drain(..n_groups);
            }
        }
    }

    /// The texts of the first groups as lists.
    fn lists(&self, n_groups: usize) -> Result<ArrayRef> {
        let mut texts: Vec<&str> = vec![""; self.numbers.len()];
        for (text, number) in &self.numbers {
            texts[*number as usize] = text;
        }
        let mut pairs: Vec<u64> = self.pairs.iter().copied().filter(|pair| group_of(*pair) < n_groups).collect();
        pairs.sort_unstable();
        let mut values = StringBuilder::with_capacity(pairs.len(), self.text_bytes);
        for pair in &pairs {
            values.append_value(texts[number_of(*pair) as usize]);
        }
        let lengths = self.counts[..n_groups].iter().map(|count| usize::try_from(*count).unwrap_or(0));
        let offsets = OffsetBuffer::from_lengths(lengths);
        Ok(Arc::new(ListArray::try_new(item(), offsets, Arc::new(values.finish()), None)?))
    }

    fn n_groups(&self, emit_to: EmitTo) -> usize {
        match emit_to {
            EmitTo::All => self.counts.len(),
            EmitTo::First(n_groups) => n_groups,
        }
    }

    fn bytes(&self) -> usize {
        // A map's entry has a pointer, a length, a number and a control byte, and a third of the places are free.
        self.numbers.capacity() * 33 + self.text_bytes + self.pairs.capacity() * 9 + self.counts.capacity() * 8
    }
}

fn pair(group: usize, number: u32) -> u64 {
    (group as u64) << 32 | u64::from(number)
}

fn group_of(pair: u64) -> usize {
    (pair >> 32) as usize
}

fn number_of(pair: u64) -> u32 {
    (pair & u64::from(u32::MAX)) as u32
}

impl GroupsAccumulator for Distinct {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        n_groups: usize,
    ) -> Result<()> {
        self.grow(n_groups);
        let texts: &StringArray = values[0].as_string();
        for (row_idx, group) in groups.iter().enumerate() {
            let passes = filter.is_none_or(|filter| filter.is_valid(row_idx) && filter.value(row_idx));
            if passes && texts.is_valid(row_idx) {
                self.add(*group, texts.value(row_idx))?;
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let n_groups = self.n_groups(emit_to);
        let counts = Int64Array::from(self.counts[..n_groups].to_vec());
        self.forget(emit_to);
        Ok(Arc::new(counts))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let lists = self.lists(self.n_groups(emit_to))?;
        self.forget(emit_to);
        Ok(vec![lists])
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], n_groups: usize) -> Result<()> {
        self.grow(n_groups);
        let lists: &ListArray = values[0].as_list();
        let texts: &StringArray = lists.values().as_string();
        for (row_idx, group) in groups.iter().enumerate() {
            if lists.is_null(row_idx) {
                continue;
            }
            let offsets = lists.value_offsets();
            for text_idx in offsets[row_idx] as usize..offsets[row_idx + 1] as usize {
                self.add(*group, texts.value(text_idx))?;
            }
        }
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let mut each = Self::default();
        let groups: Vec<usize> = (0..values[0].len()).collect();
        each.update_batch(values, &groups, filter, groups.len())?;
        Ok(vec![each.lists(groups.len())?])
    }

    fn size(&self) -> usize {
        self.bytes()
    }
}

/// A count without groups.
#[derive(Debug)]
struct OneGroup(Distinct);

impl Accumulator for OneGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let groups = vec![0; values[0].len()];
        GroupsAccumulator::update_batch(&mut self.0, values, &groups, None, 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.0.grow(1);
        Ok(ScalarValue::Int64(Some(self.0.counts[0])))
    }

    fn size(&self) -> usize {
        self.0.bytes()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.0.grow(1);
        let lists = self.0.lists(1)?;
        Ok(vec![ScalarValue::try_from_array(&lists, 0)?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let groups = vec![0; states[0].len()];
        GroupsAccumulator::merge_batch(&mut self.0, states, &groups, 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Two accumulators of random rows, one merged into the other, against sets of texts.
    #[test]
    fn counts_and_states() {
        let mut state = 3u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..50 {
            let n_groups = random(20) as usize + 1;
            let mut expect = vec![BTreeSet::new(); n_groups];
            let mut parts = [Distinct::default(), Distinct::default()];
            for part in &mut parts {
                let n_rows = random(300) as usize;
                let groups: Vec<usize> = (0..n_rows).map(|_| random(n_groups as u64) as usize).collect();
                let texts: Vec<Option<String>> =
                    (0..n_rows).map(|_| (random(5) > 0).then(|| format!("text {}", random(40)))).collect();
                let passes: Vec<bool> = (0..n_rows).map(|_| random(4) > 0).collect();
                for row_idx in (0..n_rows).filter(|row_idx| passes[*row_idx]) {
                    expect[groups[row_idx]].extend(texts[row_idx].clone());
                }
                let array: ArrayRef = Arc::new(StringArray::from(texts));
                let filter = BooleanArray::from(passes);
                GroupsAccumulator::update_batch(part, &[array], &groups, Some(&filter), n_groups).unwrap();
            }
            let [mut left, mut right] = parts;
            let n_first = random(n_groups as u64 + 1) as usize;
            let order: Vec<usize> = (0..n_groups).collect();
            let first = right.state(EmitTo::First(n_first)).unwrap();
            GroupsAccumulator::merge_batch(&mut left, &first, &order[..n_first], n_groups).unwrap();
            let rest = right.state(EmitTo::All).unwrap();
            GroupsAccumulator::merge_batch(&mut left, &rest, &order[n_first..], n_groups).unwrap();
            let head = left.evaluate(EmitTo::First(n_first)).unwrap();
            let tail = left.evaluate(EmitTo::All).unwrap();
            let found: Vec<i64> = [head, tail]
                .iter()
                .flat_map(|array| array.as_primitive::<arrow::datatypes::Int64Type>().values().to_vec())
                .collect();
            assert_eq!(found, expect.iter().map(|texts| texts.len() as i64).collect::<Vec<i64>>());
        }
    }
}
