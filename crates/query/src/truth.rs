//! The truth of a filter for the rows of a batch whose texts are codes: what is asked of one text column is asked once
//! per different text, and the answer is looked up for each row.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, RecordBatch, RecordBatchOptions};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{and_kleene, cast, not, or_kleene, take};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use datafusion::common::Result;
use datafusion::common::cast::as_boolean_array;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, NotExpr};
use datafusion::physical_expr::utils::{collect_columns, reassign_expr_columns};

/// True, false or null for each row. Columns are found by name.
pub(crate) fn truth(expr: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<BooleanArray> {
    truth_once(expr, batch, &mut HashMap::new())
}

/// What was asked before is not asked again: the tables of a union share most of their conditions. Without `and` and
/// `or`: to look for one of thousands of conditions would cost as much as all of them.
type Known = HashMap<Arc<dyn PhysicalExpr>, BooleanArray>;

fn truth_once(expr: &Arc<dyn PhysicalExpr>, batch: &RecordBatch, known: &mut Known) -> Result<BooleanArray> {
    if let Some(binary) = expr.downcast_ref::<BinaryExpr>()
        && matches!(binary.op(), Operator::And | Operator::Or)
    {
        let left = truth_once(binary.left(), batch, known)?;
        let right = truth_once(binary.right(), batch, known)?;
        let is_and = *binary.op() == Operator::And;
        return Ok(if is_and { and_kleene(&left, &right)? } else { or_kleene(&left, &right)? });
    }
    if let Some(answers) = known.get(expr) {
        return Ok(answers.clone());
    }
    let answers = truth_of(expr, batch, known)?;
    known.insert(Arc::clone(expr), answers.clone());
    Ok(answers)
}

fn truth_of(expr: &Arc<dyn PhysicalExpr>, batch: &RecordBatch, known: &mut Known) -> Result<BooleanArray> {
    if let Some(negated) = expr.downcast_ref::<NotExpr>() {
        return Ok(not(&truth_once(negated.arg(), batch, known)?)?);
    }
    let mut names: Vec<String> = collect_columns(expr).iter().map(|column| column.name().to_owned()).collect();
    names.sort();
    if let [name] = names.as_slice()
        && let Some(dictionary) = batch.column_by_name(name).and_then(|array| array.as_dictionary_opt::<Int32Type>())
    {
        return of_texts(expr, name, dictionary.keys(), dictionary.values());
    }
    let mut columns = Vec::with_capacity(names.len());
    for name in names {
        let Some(array) = batch.column_by_name(&name) else {
            return datafusion::common::internal_err!("a filter reads {name}, which is not there");
        };
        let array = match array.data_type() {
            DataType::Dictionary(_, values) => cast(array, values)?,
            _ => Arc::clone(array),
        };
        columns.push((name, array));
    }
    evaluate(expr, columns, batch.num_rows())
}

/// Asks each text that a row has, and null, once.
fn of_texts(expr: &Arc<dyn PhysicalExpr>, name: &str, codes: &Int32Array, texts: &ArrayRef) -> Result<BooleanArray> {
    if texts.len() <= codes.len() {
        return of_all_texts(expr, name, codes, texts);
    }
    let mut place_of: Vec<i32> = vec![-1; texts.len()];
    let mut asked: Vec<Option<i32>> = vec![None];
    let mut places: Vec<i32> = Vec::with_capacity(codes.len());
    for code in codes {
        let Some(code) = code else {
            places.push(0);
            continue;
        };
        let place = &mut place_of[code as usize];
        if *place < 0 {
            *place = asked.len() as i32;
            asked.push(Some(code));
        }
        places.push(*place);
    }
    let n_asked = asked.len();
    let different = take(texts, &Int32Array::from(asked), None)?;
    let answers = evaluate(expr, vec![(name.to_owned(), different)], n_asked)?;
    Ok(as_boolean_array(&take(&answers, &Int32Array::from(places), None)?)?.clone())
}

/// As `of_texts`, for a dictionary of which most texts are some row's: all are asked, and when none is wanted, as is
/// usual in a search, no row is looked at.
fn of_all_texts(
    expr: &Arc<dyn PhysicalExpr>,
    name: &str,
    codes: &Int32Array,
    texts: &ArrayRef,
) -> Result<BooleanArray> {
    let answers = evaluate(expr, vec![(name.to_owned(), Arc::clone(texts))], texts.len())?;
    let null = arrow::array::new_null_array(texts.data_type(), 1);
    let of_null = evaluate(expr, vec![(name.to_owned(), null)], 1)?;
    let of_null = (!of_null.is_null(0)).then(|| of_null.value(0));
    if answers.null_count() == 0 && answers.true_count() == 0 && (codes.null_count() == 0 || of_null == Some(false)) {
        return Ok(BooleanArray::new(BooleanBuffer::new_unset(codes.len()), None));
    }
    if answers.null_count() > 0 {
        let truth_at = |code: i32| answers.is_valid(code as usize).then(|| answers.value(code as usize));
        return Ok(codes.iter().map(|code| code.map_or(of_null, truth_at)).collect());
    }
    // What stands in the place of a null may be no code.
    let answers: Vec<bool> = answers.values().iter().collect();
    let places = codes.values();
    let truths = BooleanBuffer::collect_bool(codes.len(), |row_idx| {
        answers.get(places[row_idx] as usize).copied().unwrap_or(false)
    });
    Ok(match (codes.nulls(), of_null) {
        (None, _) => BooleanArray::new(truths, None),
        (Some(nulls), None) => BooleanArray::new(truths, Some(nulls.clone())),
        (Some(nulls), Some(true)) => BooleanArray::new(&truths | &!nulls.inner(), None),
        (Some(nulls), Some(false)) => BooleanArray::new(&truths & nulls.inner(), None),
    })
}

fn evaluate(expr: &Arc<dyn PhysicalExpr>, columns: Vec<(String, ArrayRef)>, n_rows: usize) -> Result<BooleanArray> {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let expr = reassign_expr_columns(Arc::clone(expr), &schema)?;
    let options = RecordBatchOptions::new().with_row_count(Some(n_rows));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new_with_options(schema, arrays, &options)?;
    let answers = expr.evaluate(&batch)?.into_array(n_rows)?;
    Ok(as_boolean_array(&answers)?.clone())
}
