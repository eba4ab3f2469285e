//! Statements, pipelines and tabular operators.

use std::cmp::Ordering;
use std::rc::Rc;

use kql::syntax::{
    Argument, Expr, Function, LetValue, NamePattern, NamedExpr, Nulls, Operator, OperatorKind, Ordered, ParameterType,
    Pipeline, Query, Reorder, SortOrder, Statement, Target, UnionKind,
};

use super::scalar::{constant, eval, truth};
use super::scope::{Binding, Env, Result, Row};
use super::value::{Column, Table, Value, sort_order};
use super::{aggregate, convert, expand, join, nested, plugins, scan, search, series};

/// What a function gives back.
pub enum Returned {
    Scalar(Value),
    Table(Table),
}

impl Returned {
    pub fn scalar(self) -> Result<Value> {
        match self {
            Self::Scalar(value) => Ok(value),
            Self::Table(_) => Err("a table where a scalar is needed".to_owned()),
        }
    }
}

/// The answer of a query.
pub fn query(env: &Env, query: &Query) -> Result<Table> {
    let mut env = env.clone();
    let mut answer = None;
    for statement in &query.statements {
        match statement {
            Statement::Let(_) => define(&mut env, statement)?,
            Statement::Pipeline(found) => answer = Some(pipeline(&env, found)?),
            other => return Err(format!("statement {other:?}")),
        }
    }
    answer.ok_or_else(|| "no pipeline".to_owned())
}

fn define(env: &mut Env, statement: &Statement) -> Result<()> {
    let Statement::Let(definition) = statement else { return Err(format!("statement {statement:?}")) };
    let binding = match &definition.value {
        LetValue::Function(function) => Binding::Function(Rc::new((**function).clone()), env.clone()),
        LetValue::Expr(expr) => match as_table(env, expr)? {
            Some(table) => Binding::Table(Rc::new(table)),
            None => Binding::Scalar(eval(env, expr, Row::NONE)?),
        },
    };
    env.bind(&definition.name.text, binding);
    Ok(())
}

/// The table that an expression means; `None` when it means a scalar.
pub fn as_table(env: &Env, expr: &Expr) -> Result<Option<Table>> {
    Ok(match expr {
        Expr::Pipeline(inner) => Some(pipeline(env, inner)?),
        Expr::Materialize { pipeline: inner, .. } | Expr::ToTable { pipeline: inner, .. } => {
            Some(pipeline(env, inner)?)
        }
        Expr::DataTable { columns, values, .. } => Some(data_table(columns, values)?),
        Expr::Name(name) => match env.get(&name.text) {
            Some(Binding::Table(table)) => Some((**table).clone()),
            _ => None,
        },
        Expr::Call(call) => match env.get(&call.name.text) {
            Some(Binding::Function(function, outer)) => {
                match call_function(env, function, outer, &call.arguments, Row::NONE) {
                    Ok(Returned::Table(table)) => Some(table),
                    _ => None,
                }
            }
            _ => None,
        },
        _ => None,
    })
}

fn data_table(columns: &[kql::syntax::Column], values: &[Expr]) -> Result<Table> {
    let columns: Vec<Column> = columns.iter().map(|column| Column::new(&column.name.text, column.data_type)).collect();
    let mut rows = Vec::new();
    for chunk in values.chunks(columns.len()) {
        let mut row = Vec::new();
        for (value, column) in chunk.iter().zip(&columns) {
            let Expr::Literal { literal, .. } = value else { return Err("datatable takes constants".to_owned()) };
            row.push(convert::widen(&constant(literal), column.data_type));
        }
        rows.push(row);
    }
    Ok(Table { columns, rows, is_sorted: false })
}

/// Calls a function of the query's own; arguments may be named, missing ones take their defaults.
pub fn call_function(
    env: &Env,
    function: &Function,
    outer: &Env,
    arguments: &[Argument],
    row: Row,
) -> Result<Returned> {
    let mut inner = outer.clone();
    let mut positional = arguments.iter().filter(|argument| argument.name.is_none());
    for parameter in &function.parameters {
        let named = arguments
            .iter()
            .find(|argument| argument.name.as_ref().is_some_and(|name| name.text == parameter.name.text));
        let value = match (named.or_else(|| positional.next()), &parameter.default) {
            (Some(argument), _) => &argument.value,
            (None, Some(default)) => default,
            (None, None) => return Err(format!("argument {} is missing", parameter.name.text)),
        };
        let binding = match &parameter.parameter_type {
            ParameterType::Scalar(to) => Binding::Scalar(convert::widen(&eval(env, value, row)?, *to)),
            ParameterType::Table { .. } => {
                Binding::Table(Rc::new(as_table(env, value)?.ok_or("a table is needed as the argument")?))
            }
        };
        inner.bind(&parameter.name.text, binding);
    }
    for statement in &function.body.statements {
        define(&mut inner, statement)?;
    }
    let result = function.body.result.as_ref().ok_or("a function without a result")?;
    match as_table(&inner, result)? {
        Some(table) => Ok(Returned::Table(table)),
        None => eval(&inner, result, Row::NONE).map(Returned::Scalar),
    }
}

/// Runs a pipeline.
pub fn pipeline(env: &Env, pipeline: &Pipeline) -> Result<Table> {
    let source = match &pipeline.source {
        Some(source) => as_table(env, source)?.ok_or_else(|| format!("not a table: {source:?}"))?,
        None => Table { columns: Vec::new(), rows: vec![Vec::new()], is_sorted: false },
    };
    run(env, source, &pipeline.operators, pipeline.source.is_some())
}

/// Runs operators over a table.
pub fn run(env: &Env, table: Table, operators: &[Operator], has_source: bool) -> Result<Table> {
    let mut table = table;
    for (index, operator) in operators.iter().enumerate() {
        table = apply(env, table, &operator.kind, has_source || index > 0)?;
    }
    Ok(table)
}

fn apply(env: &Env, mut table: Table, operator: &OperatorKind, has_input: bool) -> Result<Table> {
    match operator {
        OperatorKind::Where { predicate } => {
            let (data_type, _) = evaluate_column(env, &Table { rows: Vec::new(), ..table.clone() }, predicate)?;
            if data_type != kql::syntax::DataType::Bool {
                return Err("a condition must be a bool".to_owned());
            }
            let mut rows = Vec::new();
            for row in std::mem::take(&mut table.rows) {
                if truth(&eval(env, predicate, Row::new(&table.columns, &row))?) == Some(true) {
                    rows.push(row);
                }
            }
            table.rows = rows;
            Ok(table)
        }
        OperatorKind::Extend { columns } | OperatorKind::Serialize { columns } => extend(env, table, columns),
        OperatorKind::Project { columns } => project(env, &table, columns),
        OperatorKind::Print { columns } => print(env, columns),
        OperatorKind::ProjectAway { columns } => Ok(keep(&table, |name| !fits(columns, name))),
        OperatorKind::ProjectKeep { columns } => Ok(keep(&table, |name| fits(columns, name))),
        OperatorKind::ProjectRename { columns } => rename(table, columns),
        OperatorKind::ProjectReorder { columns } => Ok(reorder(&table, columns)),
        OperatorKind::Distinct { columns } => distinct(env, &table, columns),
        OperatorKind::Summarize { aggregates, by } => aggregate::summarize(env, &table, aggregates, by),
        OperatorKind::Count { name } => {
            let name = name.as_ref().map_or("Count", |name| name.text.as_str());
            let count = Value::Long(Some(table.rows.len() as i64));
            let columns = vec![Column::new(name, kql::syntax::DataType::Long)];
            Ok(Table { columns, rows: vec![vec![count]], is_sorted: false })
        }
        OperatorKind::Take { count } => take(env, table, count),
        OperatorKind::Sort { by } => sort(env, table, by),
        OperatorKind::Top { count, by } => take(env, sort(env, table, by)?, count),
        OperatorKind::Join(spec) => join::join(env, &table, spec),
        OperatorKind::Lookup(spec) => join::lookup(env, &table, spec),
        OperatorKind::Union(spec) => {
            let mut tables = if has_input { vec![table] } else { Vec::new() };
            for other in &spec.tables {
                tables.push(as_table(env, other)?.ok_or_else(|| format!("not a table: {other:?}"))?);
            }
            Ok(union(&tables, spec.kind == Some(UnionKind::Inner)))
        }
        OperatorKind::MvExpand(spec) => expand::mv_expand(env, &table, spec),
        OperatorKind::MvApply(spec) => expand::mv_apply(env, &table, spec),
        OperatorKind::Parse(spec) => expand::parse(env, table, spec, false),
        OperatorKind::ParseWhere(spec) => expand::parse(env, table, spec, true),
        OperatorKind::MakeSeries(spec) => series::make_series(env, &table, spec),
        OperatorKind::TopNested { levels } => nested::top_nested(env, &table, levels),
        OperatorKind::Partition(spec) => nested::partition(env, &table, spec),
        OperatorKind::Scan(spec) => scan::scan(env, &table, spec),
        OperatorKind::Evaluate(spec) => plugins::evaluate(env, &table, spec),
        OperatorKind::Search(spec) => search::search(env, &table, spec),
        OperatorKind::Find(spec) => search::find(env, spec),
        OperatorKind::Invoke { function: Expr::Call(call) } => match env.get(&call.name.text) {
            Some(Binding::Function(function, outer)) => {
                let mut inner = env.clone();
                inner.bind("invoke input", Binding::Table(Rc::new(table)));
                invoke(&inner, function, outer, call)
            }
            _ => Err(format!("no function {}", call.name.text)),
        },
        OperatorKind::Range { name, from, to, step } => range(env, &name.text, from, to, step.as_ref()),
        OperatorKind::As { name: _ } | OperatorKind::Render(_) => Ok(table),
        other => Err(format!("operator {}", other.name())),
    }
}

/// `T | invoke f(…)`: the table is the first argument.
fn invoke(env: &Env, function: &Function, outer: &Env, call: &kql::syntax::Call) -> Result<Table> {
    let table = kql::syntax::Name { text: "invoke input".to_owned(), ..call.name.clone() };
    let mut arguments = vec![Argument { name: None, value: Expr::Name(table) }];
    arguments.extend(call.arguments.iter().cloned());
    match call_function(env, function, outer, &arguments, Row::NONE)? {
        Returned::Table(table) => Ok(table),
        Returned::Scalar(_) => Err("a scalar where a table is needed".to_owned()),
    }
}

/// The name of a result that has none of its own: that of a column or of a path's last step.
fn default_name(expr: &Expr, index: usize) -> String {
    match expr {
        Expr::Name(name) => name.text.clone(),
        Expr::Member { base, name, .. } => match default_name(base, index) {
            base if base.starts_with("Column") || base.starts_with('$') => name.text.clone(),
            base => format!("{base}_{}", name.text),
        },
        _ => format!("Column{index}"),
    }
}

/// Given name, or the default one.
pub fn name_of(column: &NamedExpr, index: usize) -> String {
    match &column.target {
        Some(Target::Name(name)) => name.text.clone(),
        _ => default_name(&column.expr, index),
    }
}

/// The values of an expression in each row, and its type, which is that of its value in a row of nulls.
pub fn evaluate_column(env: &Env, table: &Table, expr: &Expr) -> Result<(kql::syntax::DataType, Vec<Value>)> {
    let data_type = eval(env, expr, Row::new(&table.columns, &table.null_row()))?.data_type();
    let mut values = Vec::new();
    for (index, values_of_row) in table.rows.iter().enumerate() {
        let row = Row { window: Some((&table.rows, index)), ..Row::new(&table.columns, values_of_row) };
        values.push(convert::widen(&eval(env, expr, row)?, data_type));
    }
    Ok((data_type, values))
}

/// All columns of one `extend` see the input, not each other.
fn extend(env: &Env, table: Table, columns: &[NamedExpr]) -> Result<Table> {
    let mut result = table.clone();
    for (index, column) in columns.iter().enumerate() {
        let (data_type, values) = evaluate_column(env, &table, &column.expr)?;
        let new = Column::new(name_of(column, index + 1), data_type);
        match result.position(&new.name) {
            Some(at) => {
                result.columns[at] = new;
                for (row, value) in result.rows.iter_mut().zip(values) {
                    row[at] = value;
                }
            }
            None => {
                result.columns.push(new);
                for (row, value) in result.rows.iter_mut().zip(values) {
                    row.push(value);
                }
            }
        }
    }
    Ok(result)
}

fn project(env: &Env, table: &Table, columns: &[NamedExpr]) -> Result<Table> {
    let empty = vec![Vec::new(); table.rows.len()];
    let mut result = Table { columns: Vec::new(), rows: empty, is_sorted: table.is_sorted };
    for (index, column) in columns.iter().enumerate() {
        let (data_type, values) = evaluate_column(env, table, &column.expr)?;
        result.columns.push(Column::new(name_of(column, index + 1), data_type));
        for (row, value) in result.rows.iter_mut().zip(values) {
            row.push(value);
        }
    }
    Ok(result)
}

fn print(env: &Env, columns: &[NamedExpr]) -> Result<Table> {
    let mut result = Table { columns: Vec::new(), rows: vec![Vec::new()], is_sorted: false };
    for (index, column) in columns.iter().enumerate() {
        let value = eval(env, &column.expr, Row::NONE)?;
        let name = match &column.target {
            Some(Target::Name(name)) => name.text.clone(),
            _ => format!("print_{index}"),
        };
        result.columns.push(Column::new(name, value.data_type()));
        result.rows[0].push(value);
    }
    Ok(result)
}

fn fits(patterns: &[NamePattern], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}

fn keep(table: &Table, keeps: impl Fn(&str) -> bool) -> Table {
    let kept: Vec<usize> = (0..table.columns.len()).filter(|at| keeps(&table.columns[*at].name)).collect();
    select(table, &kept)
}

/// The columns at the given places.
pub fn select(table: &Table, places: &[usize]) -> Table {
    Table {
        columns: places.iter().map(|at| table.columns[*at].clone()).collect(),
        rows: table.rows.iter().map(|row| places.iter().map(|at| row[*at].clone()).collect()).collect(),
        is_sorted: table.is_sorted,
    }
}

fn rename(mut table: Table, columns: &[NamedExpr]) -> Result<Table> {
    let before = table.clone();
    for column in columns {
        let Expr::Name(old) = &column.expr else { return Err("project-rename takes names".to_owned()) };
        let at = before.position(&old.text).ok_or_else(|| format!("no column {}", old.text))?;
        table.columns[at].name = name_of(column, 0);
    }
    Ok(table)
}

/// Named columns first, in the order named; those of a pattern in the table's order or by name.
fn reorder(table: &Table, columns: &[Reorder]) -> Table {
    let mut places: Vec<usize> = Vec::new();
    for entry in columns {
        let mut found: Vec<usize> = (0..table.columns.len())
            .filter(|at| entry.pattern.matches(&table.columns[*at].name) && !places.contains(at))
            .collect();
        if let Some(order) = entry.order {
            found.sort_by_key(|at| table.columns[*at].name.clone());
            if matches!(order, kql::syntax::ReorderOrder::Descending | kql::syntax::ReorderOrder::GrannyDescending) {
                found.reverse();
            }
        }
        places.extend(found);
    }
    let rest: Vec<usize> = (0..table.columns.len()).filter(|at| !places.contains(at)).collect();
    places.extend(rest);
    select(table, &places)
}

fn distinct(env: &Env, table: &Table, columns: &[NamedExpr]) -> Result<Table> {
    let is_all = matches!(columns, [NamedExpr { expr: Expr::Star { .. }, .. }]);
    let result = if is_all { table.clone() } else { project(env, table, columns)? };
    Ok(unique(&result))
}

/// Each row once.
pub fn unique(table: &Table) -> Table {
    let mut result = Table { is_sorted: false, ..table.clone() };
    let mut seen = Vec::new();
    result.rows.retain(|row| {
        let key: Vec<String> = row.iter().map(Value::key).collect();
        let is_new = !seen.contains(&key);
        seen.push(key);
        is_new
    });
    result
}

fn take(env: &Env, mut table: Table, count: &Expr) -> Result<Table> {
    let count = eval(env, count, Row::NONE)?.as_i64().ok_or("take needs a number")?;
    table.rows.truncate(usize::try_from(count).unwrap_or(0));
    Ok(table)
}

fn sort(env: &Env, mut table: Table, by: &[Ordered]) -> Result<Table> {
    let mut keys = Vec::new();
    for ordered in by {
        keys.push(evaluate_column(env, &table, &ordered.expr.expr)?.1);
    }
    let mut order: Vec<usize> = (0..table.rows.len()).collect();
    order.sort_by(|left, right| {
        for (ordered, values) in by.iter().zip(&keys) {
            let is_descending = ordered.order != Some(SortOrder::Ascending);
            let nulls_first = ordered.nulls.map_or(!is_descending, |nulls| nulls == Nulls::First);
            let order = sort_order(&values[*left], &values[*right], is_descending, nulls_first);
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    });
    table.rows = order.iter().map(|at| table.rows[*at].clone()).collect();
    table.is_sorted = true;
    Ok(table)
}

/// Columns by name; what a table doesn't have is null, or with `inner` left out.
pub fn union(tables: &[Table], is_inner: bool) -> Table {
    let mut columns: Vec<Column> = Vec::new();
    for column in tables.iter().flat_map(|table| &table.columns) {
        let is_everywhere = tables.iter().all(|table| table.columns.contains(column));
        if !columns.contains(column) && (!is_inner || is_everywhere) {
            columns.push(column.clone());
        }
    }
    let mut rows = Vec::new();
    for table in tables {
        let places: Vec<Option<usize>> =
            columns.iter().map(|column| table.columns.iter().position(|other| other == column)).collect();
        for row in &table.rows {
            let value = |(at, column): (&Option<usize>, &Column)| match at {
                Some(at) => row[*at].clone(),
                None => Value::null(column.data_type),
            };
            rows.push(places.iter().zip(&columns).map(value).collect());
        }
    }
    Table { columns, rows, is_sorted: false }
}

fn range(env: &Env, name: &str, from: &Expr, to: &Expr, step: Option<&Expr>) -> Result<Table> {
    let from = eval(env, from, Row::NONE)?;
    let to = eval(env, to, Row::NONE)?;
    let step = step.map_or(Ok(Value::Long(Some(1))), |step| eval(env, step, Row::NONE))?;
    let mut rows = Vec::new();
    let mut at = match from {
        Value::Int(_) => convert::widen(&from, kql::syntax::DataType::Long),
        other => other,
    };
    let columns = vec![Column::new(name, at.data_type())];
    let goes_up = step.as_f64().is_some_and(|step| step > 0.0);
    while at.compare(&to).is_some_and(|order| if goes_up { order.is_le() } else { order.is_ge() }) {
        rows.push(vec![at.clone()]);
        at = super::arithmetic::arithmetic(kql::syntax::BinaryOp::Add, &at, &step)?;
    }
    Ok(Table { columns, rows, is_sorted: false })
}
