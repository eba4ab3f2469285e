//! Functions over rows in order, as one operator: it holds the rows, computes one column, and gives them back.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt64Array};
use arrow::compute::{concat_batches, take};
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::row::{RowConverter, SortField};
use datafusion::common::Result;

use crate::kql::exec::{BATCH_ROWS, RowOperator, Run};
use crate::kql::types::KqlType;
use crate::kql::value::{Column, Value, array};

/// Which function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WindowKind {
    /// Value, and default if given, of so many rows before.
    Prev(usize),
    /// Value, and default if given, of so many rows behind.
    Next(usize),
    /// Counts from a number; begins anew where the argument is true.
    RowNumber(i64),
    /// Value, and where to begin anew.
    CumulativeSum,
    /// Value, and where to begin anew.
    RankDense,
    /// Value, and where to begin anew.
    RankMin,
    /// Time, longest session, longest gap, and where to begin anew: the session's beginning.
    Session,
}

/// The operator.
#[derive(Debug)]
pub(crate) struct Window {
    kind: WindowKind,
    arguments: Vec<(String, KqlType)>,
    /// Rows with equal values are next to each other, and what is counted begins anew for each such group.
    group: Vec<String>,
    id: String,
    ty: KqlType,
}

impl Window {
    pub(crate) fn new(
        kind: WindowKind,
        arguments: Vec<(String, KqlType)>,
        group: Vec<String>,
        id: String,
        ty: KqlType,
    ) -> Self {
        Self { kind, arguments, group, id, ty }
    }
}

impl RowOperator for Window {
    fn name(&self) -> &'static str {
        "Window"
    }

    fn details(&self) -> String {
        let arguments: Vec<&str> = self.arguments.iter().map(|(id, _)| id.as_str()).collect();
        format!("{} = {:?}({})", self.id, self.kind, arguments.join(", "))
    }

    fn reads(&self) -> Vec<String> {
        self.arguments.iter().map(|(id, _)| id.clone()).chain(self.group.iter().cloned()).collect()
    }

    fn keeps_input(&self) -> bool {
        true
    }

    fn columns(&self) -> Schema {
        Schema::new(vec![Field::new(self.id.clone(), self.ty.arrow(), true)])
    }

    fn is_per_partition(&self) -> bool {
        false
    }

    fn start(&self, input: &SchemaRef, output: &SchemaRef) -> Result<Box<dyn Run>> {
        let mut arguments = Vec::with_capacity(self.arguments.len());
        for (id, ty) in &self.arguments {
            arguments.push((input.index_of(id)?, *ty));
        }
        let mut group = Vec::with_capacity(self.group.len());
        for id in &self.group {
            group.push(input.index_of(id)?);
        }
        Ok(Box::new(Holding {
            group,
            kind: self.kind,
            ty: self.ty,
            arguments,
            input: Arc::clone(input),
            output: Arc::clone(output),
            batches: Vec::new(),
            n_bytes: 0,
            whole: None,
        }))
    }
}

struct Holding {
    group: Vec<usize>,
    kind: WindowKind,
    ty: KqlType,
    arguments: Vec<(usize, KqlType)>,
    input: SchemaRef,
    output: SchemaRef,
    batches: Vec<RecordBatch>,
    n_bytes: usize,
    /// All rows with the new column, and how many were given back.
    whole: Option<(RecordBatch, usize)>,
}

impl Run for Holding {
    fn push(&mut self, batch: RecordBatch) -> Result<()> {
        self.n_bytes += batch.get_array_memory_size();
        self.batches.push(batch);
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        let whole = concat_batches(&self.input, &self.batches)?;
        self.batches.clear();
        let mut arguments = Vec::with_capacity(self.arguments.len());
        for (idx, ty) in &self.arguments {
            arguments.push((Arc::clone(whole.column(*idx)), *ty));
        }
        let groups = Groups::new(&whole, &self.group)?;
        let computed = compute(self.kind, self.ty, &arguments, &groups)?;
        let mut columns = whole.columns().to_vec();
        columns.push(computed);
        self.whole = Some((RecordBatch::try_new(Arc::clone(&self.output), columns)?, 0));
        Ok(())
    }

    fn pull(&mut self) -> Result<Option<RecordBatch>> {
        let Some((whole, n_given)) = &mut self.whole else { return Ok(None) };
        let n_rows = (whole.num_rows() - *n_given).min(BATCH_ROWS);
        if n_rows == 0 {
            return Ok(None);
        }
        let batch = whole.slice(*n_given, n_rows);
        *n_given += n_rows;
        Ok(Some(batch))
    }

    fn bytes(&self) -> usize {
        self.n_bytes
    }
}

fn compute(kind: WindowKind, ty: KqlType, arguments: &[(ArrayRef, KqlType)], groups: &Groups) -> Result<ArrayRef> {
    let n_rows = groups.n_rows;
    match kind {
        WindowKind::Prev(offset) => shifted(arguments, groups, |row_idx| row_idx.checked_sub(offset)),
        WindowKind::Next(offset) => {
            shifted(arguments, groups, |row_idx| row_idx.checked_add(offset).filter(|other| *other < n_rows))
        }
        WindowKind::RowNumber(start) => {
            let restart = Restart::new(arguments.first(), groups)?;
            let mut number = start;
            let mut values = Vec::with_capacity(n_rows);
            for row_idx in 0..n_rows {
                number = if row_idx == 0 || restart.at(row_idx) { start } else { number.wrapping_add(1) };
                values.push(Value::Long(number));
            }
            Ok(array(&values, KqlType::Long))
        }
        WindowKind::CumulativeSum => cumulative(ty, arguments, groups),
        WindowKind::RankDense | WindowKind::RankMin => rank(kind, arguments, groups),
        WindowKind::Session => sessions(arguments, groups),
    }
}

/// The value of another row; the default, else null, where there is none.
fn shifted(
    arguments: &[(ArrayRef, KqlType)],
    groups: &Groups,
    other: impl Fn(usize) -> Option<usize>,
) -> Result<ArrayRef> {
    let (values, ty) = &arguments[0];
    let n_rows = groups.n_rows;
    let same = |row_idx: usize| other(row_idx).filter(|other| groups.of(*other) == groups.of(row_idx));
    let indices: UInt64Array = (0..n_rows).map(|row_idx| same(row_idx).map(|other| other as u64)).collect();
    let taken = take(values, &indices, None)?;
    let Some((defaults, _)) = arguments.get(1) else { return Ok(taken) };
    let taken = Column::new(&taken, *ty)?;
    let defaults = Column::new(defaults, *ty)?;
    let mut result = Vec::with_capacity(n_rows);
    for row_idx in 0..n_rows {
        let column = if indices.is_null(row_idx) { &defaults } else { &taken };
        result.push(column.value(row_idx));
    }
    Ok(array(&result, *ty))
}

/// Which rows belong together: the number of each row's group, or one group for all.
struct Groups {
    n_rows: usize,
    numbers: Vec<u32>,
}

impl Groups {
    fn new(whole: &RecordBatch, columns: &[usize]) -> Result<Self> {
        let n_rows = whole.num_rows();
        if columns.is_empty() {
            return Ok(Self { n_rows, numbers: Vec::new() });
        }
        let arrays: Vec<ArrayRef> = columns.iter().map(|idx| Arc::clone(whole.column(*idx))).collect();
        let fields = arrays.iter().map(|array| SortField::new(array.data_type().clone())).collect();
        let rows = RowConverter::new(fields)?.convert_columns(&arrays)?;
        let mut numbers = Vec::with_capacity(n_rows);
        let mut number = 0;
        for row_idx in 0..n_rows {
            if row_idx > 0 && rows.row(row_idx) != rows.row(row_idx - 1) {
                number += 1;
            }
            numbers.push(number);
        }
        Ok(Self { n_rows, numbers })
    }

    fn of(&self, row_idx: usize) -> u32 {
        self.numbers.get(row_idx).copied().unwrap_or(0)
    }
}

/// Where counting begins anew.
struct Restart<'g> {
    condition: Option<Column>,
    groups: &'g Groups,
}

impl<'g> Restart<'g> {
    fn new(argument: Option<&(ArrayRef, KqlType)>, groups: &'g Groups) -> Result<Self> {
        let condition = argument.map(|(array, _)| Column::new(array, KqlType::Bool)).transpose()?;
        Ok(Self { condition, groups })
    }

    fn at(&self, row_idx: usize) -> bool {
        let is_new_group = row_idx > 0 && self.groups.of(row_idx) != self.groups.of(row_idx - 1);
        is_new_group || self.condition.as_ref().is_some_and(|column| column.value(row_idx).as_bool() == Some(true))
    }
}

fn cumulative(ty: KqlType, arguments: &[(ArrayRef, KqlType)], groups: &Groups) -> Result<ArrayRef> {
    let n_rows = groups.n_rows;
    let terms = Column::new(&arguments[0].0, ty)?;
    let restart = Restart::new(arguments.get(1), groups)?;
    let mut values = Vec::with_capacity(n_rows);
    let (mut whole, mut real) = (0_i64, 0.0_f64);
    for row_idx in 0..n_rows {
        if restart.at(row_idx) {
            (whole, real) = (0, 0.0);
        }
        let term = terms.value(row_idx);
        whole = whole.wrapping_add(term.as_long().unwrap_or(0));
        real += term.as_real().unwrap_or(0.0);
        values.push(match ty {
            KqlType::Real | KqlType::Decimal => Value::Real(real),
            KqlType::TimeSpan => Value::TimeSpan(whole),
            _ => Value::Long(whole),
        });
    }
    Ok(array(&values, ty))
}

/// Equal neighbours have the same rank; the next rank is one more, or the row's number.
fn rank(kind: WindowKind, arguments: &[(ArrayRef, KqlType)], groups: &Groups) -> Result<ArrayRef> {
    let n_rows = groups.n_rows;
    let (terms, ty) = &arguments[0];
    let terms = Column::new(terms, *ty)?;
    let restart = Restart::new(arguments.get(1), groups)?;
    let mut values = Vec::with_capacity(n_rows);
    let (mut rank, mut row_number) = (0_i64, 0_i64);
    let mut last: Option<Value> = None;
    for row_idx in 0..n_rows {
        if restart.at(row_idx) {
            (rank, row_number, last) = (0, 0, None);
        }
        row_number += 1;
        let term = terms.value(row_idx);
        if last.as_ref() != Some(&term) {
            rank = if kind == WindowKind::RankMin { row_number } else { rank + 1 };
        }
        values.push(Value::Long(rank));
        last = Some(term);
    }
    Ok(array(&values, KqlType::Long))
}

fn sessions(arguments: &[(ArrayRef, KqlType)], groups: &Groups) -> Result<ArrayRef> {
    let n_rows = groups.n_rows;
    let mut columns = Vec::with_capacity(arguments.len());
    for (argument, ty) in arguments {
        columns.push(Column::new(argument, *ty)?);
    }
    let restart = Restart::new(arguments.get(3), groups)?;
    let mut values = Vec::with_capacity(n_rows);
    let mut begin: Option<i64> = None;
    let mut before: Option<i64> = None;
    for row_idx in 0..n_rows {
        let Some(time) = columns[0].value(row_idx).as_long() else {
            values.push(Value::Null);
            continue;
        };
        let longest = columns[1].value(row_idx).as_long().unwrap_or(i64::MAX);
        let gap = columns[2].value(row_idx).as_long().unwrap_or(i64::MAX);
        let goes_on = !restart.at(row_idx)
            && begin.is_some_and(|begin| time.saturating_sub(begin) <= longest)
            && before.is_some_and(|before| time.saturating_sub(before) <= gap);
        if !goes_on {
            begin = Some(time);
        }
        before = Some(time);
        values.push(begin.map_or(Value::Null, Value::DateTime));
    }
    Ok(array(&values, KqlType::DateTime))
}
