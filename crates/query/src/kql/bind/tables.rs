//! Tables: those of the schema as views of the events, and every expression that means a table.

use std::sync::Arc;

use ::kql::Span;
use ::kql::syntax::{Call, Expr as Tree, Name, OperatorKind, Pipeline};
use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};
use schema::{Table, Type};

use super::compare::instant;
use super::names::hint;
use super::{At, Bind, Binder, Bound, Env, Meaning};
use crate::kql::frame::{Column, Encoding, Frame, RowOrder, project};
use crate::kql::source::Source;
use crate::kql::types::{KqlType, Typed};
use crate::kql::value::Value;
use crate::search::column_of;

/// Columns, beside `Type`, that the same tables have in a log workspace, and whose content nobody hunts for.
const LOG_COLUMNS: &[&str] = &["SourceSystem", "MachineGroup", "_ResourceId", "_SubscriptionId", "_ItemId"];

/// Columns of the table of alerts of old, which today's lacks.
const OLD_COLUMNS: &[(&str, KqlType)] = &[("ReportId", KqlType::Long), ("Table", KqlType::String)];

/// Functions of Sentinel that stand for tables of other products.
pub(crate) fn is_unavailable(name: &str) -> bool {
    name.starts_with("_Im_") || name.starts_with("_ASim_") || name == "_GetWatchlist"
}

impl<'t> Binder<'t> {
    /// What an expression in the place of a table means.
    pub(crate) fn table(&mut self, tree: &'t Tree, env: &Env<'t>) -> Bind<Frame> {
        match tree {
            Tree::Name(name) => self.table_by_name(name, env),
            Tree::Pipeline(pipeline) => self.pipeline(pipeline, None, env),
            Tree::Materialize { pipeline, .. } | Tree::ToTable { pipeline, .. } => self.pipeline(pipeline, None, env),
            Tree::DataTable { columns, values, span } => self.data_table(columns, values, *span, env),
            Tree::ExternalData(data) => self.external_data(data, env),
            Tree::Call(call) => self.table_call(call, env),
            Tree::Member { base, name, .. } if is_place(base) => {
                self.warn_place(base.span());
                self.table_by_name(name, env)
            }
            Tree::Method { base, call, .. } if is_place(base) => {
                self.warn_place(base.span());
                match call.name.text.as_str() {
                    "database" => {
                        self.refuse("KQL101", call.span, "A database is not a table.", "Name the table behind it.")
                    }
                    _ => self.table_call(call, env),
                }
            }
            Tree::Pattern(pattern) => self.refuse(
                "KQL104",
                pattern.span,
                "A name with `*` stands for tables in `union`, `search` and `find` only.",
                "Name one table.",
            ),
            Tree::Error { .. } => Err(super::Stop::Reported),
            other => {
                self.refuse("KQL105", other.span(), "A table is expected here.", "`print` makes a table of a value.")
            }
        }
    }

    fn warn_place(&mut self, span: Span) {
        self.warn(
            "KQL106",
            span,
            "There is one database here: `cluster()`, `database()` and `workspace()` are left out.",
            "Name the table alone.",
        );
    }

    fn table_call(&mut self, call: &'t Call, env: &Env<'t>) -> Bind<Frame> {
        match env.get(&call.name.text) {
            Some(Meaning::Function { function, env: inside }) => {
                let (function, inside) = (*function, inside.clone());
                return self.call_table(call, function, &inside, None, env);
            }
            Some(Meaning::Broken) => return Err(super::Stop::Reported),
            _ => {}
        }
        if call.name.text == "table"
            && let Some(argument) = call.arguments.first()
        {
            let (value, _) = self.constant(&argument.value, At::nowhere(env))?;
            return self.named_table(value.as_str(), argument.value.span(), env);
        }
        if is_unavailable(&call.name.text) {
            let message =
                format!("`{}` stands for tables of other products, which are not stored here.", call.name.text);
            return self.refuse("KQL107", call.span, message, "Query the `Device…` tables.");
        }
        self.unknown_function(&call.name, At::nowhere(env))
    }

    fn table_by_name(&mut self, name: &'t Name, env: &Env<'t>) -> Bind<Frame> {
        self.named_table(&name.text, name.span, env)
    }

    /// A table by its name: `let`, then schema.
    pub(crate) fn named_table(&mut self, name: &str, span: Span, env: &Env<'t>) -> Bind<Frame> {
        match env.get(name) {
            Some(Meaning::Table { expr, env: inside }) => {
                let (expr, inside) = (*expr, inside.clone());
                return self.deeper(span, |binder| binder.table(expr, &inside));
            }
            Some(Meaning::Frame(frame)) => {
                let frame = frame.as_ref().clone();
                return self.renewed(&frame);
            }
            Some(Meaning::Function { function, env: inside }) => {
                let (function, inside) = (*function, inside.clone());
                return self.call_without(span, function, &inside);
            }
            Some(Meaning::Broken) => return Err(super::Stop::Reported),
            Some(Meaning::Scalar(typed)) => {
                let message = format!("`{name}` is a {}, not a table.", typed.ty);
                return self.refuse("KQL105", span, message, "`print` makes a table of a value.");
            }
            None => {}
        }
        let Some(table) = schema::tables::table(name) else { return self.unknown_table(name, span, env) };
        let mut frame = self.stored_table(table)?;
        if table.name != name {
            self.add_old_names(&mut frame)?;
        }
        Ok(frame)
    }

    /// The columns that a table had under its old name.
    fn add_old_names(&mut self, frame: &mut Frame) -> Bind<()> {
        for (old, name) in schema::tables::OLD_COLUMN_NAMES {
            if let Some(column) = frame.column(name).cloned()
                && frame.column(old).is_none()
            {
                frame.columns.push(Column { name: (*old).to_owned(), is_alias: true, ..column });
            }
        }
        self.add_hidden(frame, OLD_COLUMNS.iter().map(|(name, ty)| (*name, Value::null_of(*ty), *ty)))
    }

    /// Constant columns that only those see who name them.
    fn add_hidden<'n>(
        &mut self,
        frame: &mut Frame,
        columns: impl Iterator<Item = (&'n str, Value, KqlType)>,
    ) -> Bind<()> {
        let mut expressions = Vec::new();
        for (name, value, ty) in columns {
            if frame.column(name).is_none() {
                let (column, expr) = self.compute(name, &Bound::of(Typed::constant(value, ty)));
                expressions.push(expr);
                frame.columns.push(Column { is_alias: true, ..column });
            }
        }
        Ok(frame.add(expressions)?)
    }

    /// "There is no table …", with the closest name.
    pub(crate) fn unknown_table<T>(&mut self, name: &str, span: Span, env: &Env<'t>) -> Bind<T> {
        let mut names: Vec<&str> = schema::TABLES.iter().map(|table| table.name).collect();
        names.extend(schema::tables::TABLE_ALIASES.iter().map(|(old, _)| *old));
        names.extend(env.names());
        let hint = hint(name, names, "The schema page lists the tables that are stored.");
        self.refuse("KQL101", span, format!("There is no table `{name}`."), hint)
    }

    /// A table of the schema. What nobody holds rows of is an empty table with the right columns.
    pub(crate) fn stored_table(&mut self, table: &'static Table) -> Bind<Frame> {
        let mut frame = if table.in_events { self.event_table(table)? } else { self.state_table(table)? };
        frame.table = Some(table.name.to_owned());
        crate::kql::plan::add_aliases(&mut frame);
        let type_of_rows = ("Type", Value::text(table.name), KqlType::String);
        let empty = LOG_COLUMNS.iter().map(|name| (*name, Value::text(""), KqlType::String));
        self.add_hidden(&mut frame, std::iter::once(type_of_rows).chain(empty))?;
        Ok(frame)
    }

    fn event_table(&mut self, table: &'static Table) -> Bind<Frame> {
        let source =
            provider_as_source(Arc::new(Source::new(self.host.snapshot.clone(), Arc::clone(&self.host.engine.files))));
        let mut conditions = vec![column_of("EventTable").eq(lit(table.name))];
        conditions.extend(self.visible());
        let mut builder = LogicalPlanBuilder::scan("events", source, None)?;
        for condition in conditions {
            builder = builder.filter(condition)?;
        }
        let plan = builder.build()?;
        let mut expressions = Vec::with_capacity(table.columns.len());
        let mut columns = Vec::with_capacity(table.columns.len());
        for column in table.columns {
            let id = self.id();
            let stored = column.alias_of.unwrap_or(column);
            expressions.push(column_of(stored.name).alias(id.clone()));
            columns.push(column_of_schema(column, id));
        }
        Ok(Frame::new(project(plan, expressions)?, columns))
    }

    /// What the asker may see, and the default range of time.
    fn visible(&self) -> Vec<Expr> {
        let request = self.host.request;
        let mut conditions = Vec::new();
        if let Some(tenant) = &request.access.tenant {
            conditions.push(column_of("TenantId").eq(lit(tenant.clone())));
        }
        if let Some(devices) = &request.access.devices {
            let list = devices.iter().map(|device| lit(device.clone())).collect();
            conditions.push(column_of("DeviceId").in_list(list, false));
        }
        if let (Some(range), false) = (&request.default_range, self.is_bounded) {
            conditions.push(column_of("Timestamp").gt_eq(instant(range.from_us)));
            conditions.push(column_of("Timestamp").lt_eq(instant(range.to_us)));
        }
        conditions
    }

    fn state_table(&mut self, table: &'static Table) -> Bind<Frame> {
        let mut columns = Vec::with_capacity(table.columns.len());
        for column in table.columns {
            let id = self.id();
            columns.push(Column { encoding: Encoding::Plain, ..column_of_schema(column, id) });
        }
        let batches = self.state_rows(table)?.into_iter().collect();
        Ok(Frame::new(self.values(&columns, batches)?, columns))
    }

    /// Rows that are in memory, as a plan.
    pub(crate) fn values(&mut self, columns: &[Column], batches: Vec<RecordBatch>) -> Bind<LogicalPlan> {
        let schema = Arc::new(schema_of(columns));
        let mut renamed = Vec::with_capacity(batches.len());
        for batch in batches {
            let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            renamed.push(RecordBatch::try_new_with_options(Arc::clone(&schema), batch.columns().to_vec(), &options)?);
        }
        let table = MemTable::try_new(Arc::clone(&schema), vec![renamed])?;
        let plan = LogicalPlanBuilder::scan("rows", provider_as_source(Arc::new(table)), None)?.build()?;
        // Without the table's name in front, as everywhere in our plans.
        let expressions =
            columns.iter().map(|column| column_of(&column.id).alias(column.id.clone())).collect::<Vec<_>>();
        Ok(project(plan, expressions)?)
    }

    /// One row without columns.
    pub(crate) fn one_row() -> LogicalPlan {
        LogicalPlanBuilder::empty(true).build().expect("an empty plan has nothing that can be wrong")
    }

    /// A source and its operators; `input` stands for the source where the text has none.
    pub(crate) fn pipeline(&mut self, pipeline: &'t Pipeline, input: Option<Frame>, env: &Env<'t>) -> Bind<Frame> {
        let outer = self.is_bounded;
        let result = self.pipeline_within(pipeline, input, env, outer);
        self.is_bounded = outer;
        result
    }

    /// A pipeline inside of one that bounds its time, or not.
    fn pipeline_within(
        &mut self,
        pipeline: &'t Pipeline,
        input: Option<Frame>,
        env: &Env<'t>,
        outer: bool,
    ) -> Bind<Frame> {
        let bounded = self.times.bounded_from(&pipeline.operators);
        self.is_bounded = outer || bounded[0];
        let mut env = env.clone();
        let mut frame = match (&pipeline.source, input) {
            (Some(source), _) => Some(self.table(source, &env)?),
            (None, input) => input,
        };
        let mut is_broken = false;
        for (idx, operator) in pipeline.operators.iter().enumerate() {
            self.count_operator(operator.keyword_span)?;
            // A table that comes in here is bounded by what follows; `search` and `find` have their own condition.
            let has_own = matches!(operator.kind, OperatorKind::Search(_) | OperatorKind::Find(_));
            self.is_bounded = outer || bounded[if has_own { idx } else { idx + 1 }];
            let before = frame.clone();
            let result = self.step(operator, frame, &mut env);
            frame = match self.recover(result)? {
                Some(frame) => Some(frame),
                // The other operators are looked at with the columns as they were, so that names they can't know
                // are not reported: an open frame.
                None => {
                    is_broken = true;
                    before.map(|before| Frame { is_open: true, order: RowOrder::Serialized, ..before })
                }
            };
        }
        match frame {
            Some(frame) if !is_broken => Ok(frame),
            Some(_) => Err(super::Stop::Reported),
            None if is_broken => Err(super::Stop::Reported),
            None => self.refuse("KQL105", pipeline.span, "A table is expected here.", ""),
        }
    }
}

fn is_place(tree: &Tree) -> bool {
    match tree {
        Tree::Call(call) => matches!(call.name.text.as_str(), "database" | "cluster" | "workspace" | "app"),
        Tree::Method { base, call, .. } => call.name.text == "database" && is_place(base),
        _ => false,
    }
}

fn column_of_schema(column: &schema::Column, id: String) -> Column {
    let (ty, encoding) = match column.ty {
        Type::String => (KqlType::String, Encoding::Plain),
        Type::Int => (KqlType::Int, Encoding::Plain),
        Type::Long => (KqlType::Long, Encoding::Plain),
        Type::Bool => (KqlType::Bool, Encoding::Plain),
        Type::DateTime => (KqlType::DateTime, Encoding::Micros),
    };
    Column { name: column.name.to_owned(), ty, id, encoding, is_alias: false }
}

/// The Arrow schema of computed columns.
pub(crate) fn schema_of(columns: &[Column]) -> Schema {
    let fields: Vec<Field> =
        columns.iter().map(|column| Field::new(column.id.clone(), column.ty.arrow(), true)).collect();
    Schema::new(fields)
}
