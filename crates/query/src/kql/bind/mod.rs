//! From the syntax tree to plans: names, types, expressions. Operators are in `plan`. Whatever is wrong with a query
//! becomes a diagnostic, and binding goes on where it can, so that one run finds several mistakes.

mod compare;
mod env;
mod expr;
mod list;
mod literal;
mod names;
mod special;
mod state;
mod statements;
mod tables;
mod window;

use std::sync::Arc;

use ::kql::{Diagnostic, Span};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan};
use store::Snapshot;

use super::answer::{Request, Visualization};
use super::exec::Expansion;
use super::frame::{Column, Frame};
use super::functions::{CallError, QueryContext};
use super::plan::AggregateCall;
use super::time::TimeNames;
use super::types::{KqlType, Typed};
use crate::limits::{CONDITIONS_MAX, DIAGNOSTICS_MAX, OPERATORS_MAX};
use crate::{Engine, Error};

pub(crate) use compare::filtering;
pub(crate) use env::{Env, Meaning};
pub(crate) use expr::{At, joined, symbol};
pub(crate) use list::of_json;
pub(crate) use literal::{type_of, value as value_of};
pub(crate) use names::hint;
pub(crate) use tables::schema_of;
pub(crate) use window::WindowCall;

/// Expressions bound between two looks at the clock.
const EXPRESSIONS_UNCHECKED_MAX: usize = 256;

/// An expression, and the same in the form of the store when that is another one.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) typed: Typed,
    /// A stored datetime column as it is.
    pub(crate) stored: Option<Expr>,
}

impl Bound {
    pub(crate) fn of(typed: Typed) -> Self {
        Self { typed, stored: None }
    }
}

/// Why something could not be bound.
#[derive(Debug)]
pub(crate) enum Stop {
    /// There is a diagnostic about it.
    Reported,
    /// Running a part of the query failed.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(error)
    }
}

impl From<datafusion::error::DataFusionError> for Stop {
    fn from(error: datafusion::error::DataFusionError) -> Self {
        Stop::Failed(super::run::error_of(error))
    }
}

impl From<arrow::error::ArrowError> for Stop {
    fn from(error: arrow::error::ArrowError) -> Self {
        Stop::Failed(error.into())
    }
}

pub(crate) type Bind<T> = Result<T, Stop>;

/// What stays the same while a query is bound.
pub(crate) struct Host<'h> {
    pub(crate) engine: &'h Engine,
    pub(crate) state: SessionState,
    /// `None` when nothing is run.
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) request: &'h Request,
    pub(crate) expansion: Arc<Expansion>,
    /// Nothing is run: `analyze`.
    pub(crate) is_analysis: bool,
    pub(crate) deadline: super::deadline::Deadline,
}

/// Binds one query. `'t` is the syntax tree's.
pub(crate) struct Binder<'t> {
    pub(crate) host: &'t Host<'t>,
    pub(crate) context: QueryContext,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) visualization: Option<Visualization>,
    /// Columns that are times.
    pub(crate) times: TimeNames,
    /// Whether the pipeline that is being bound bounds the time of its source itself.
    pub(crate) is_bounded: bool,
    /// Window functions of the expressions that are being bound.
    pub(crate) windows: Vec<WindowCall>,
    /// Aggregates of the `summarize` that is being bound; `None` where there may be none.
    pub(crate) aggregates: Option<Vec<AggregateCall>>,
    n_ids: usize,
    n_expressions: usize,
    n_conditions: usize,
    n_operators: usize,
    n_calls_deep: usize,
}

impl<'t> Binder<'t> {
    pub(crate) fn new(host: &'t Host<'t>, times: TimeNames) -> Self {
        let now = super::frame::ticks_of_us(0).saturating_add(host.request.now_ns / 100);
        Self {
            host,
            context: QueryContext::new(now).until(host.deadline.clone()),
            diagnostics: Vec::new(),
            visualization: None,
            times,
            is_bounded: false,
            windows: Vec::new(),
            aggregates: None,
            n_ids: 0,
            n_expressions: 0,
            n_conditions: 0,
            n_operators: 0,
            n_calls_deep: 0,
        }
    }

    /// A name for a column of a plan that no other column has.
    pub(crate) fn id(&mut self) -> String {
        self.n_ids += 1;
        format!("k{}", self.n_ids)
    }

    /// Says what is wrong; nothing can be made of it.
    pub(crate) fn refuse<T>(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Bind<T> {
        if !self.is_full() {
            self.diagnostics.push(Diagnostic::error(code, span, message, hint));
        }
        Err(Stop::Reported)
    }

    /// Whether there are as many diagnostics as one query may have, an error among them.
    pub(crate) fn is_full(&self) -> bool {
        self.diagnostics.len() >= DIAGNOSTICS_MAX && self.has_errors()
    }

    /// Says what may surprise.
    pub(crate) fn warn(&mut self, code: &'static str, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        let diagnostic = Diagnostic::warning(code, span, message, hint);
        if !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// A refused call as a diagnostic.
    pub(crate) fn refuse_call<T>(&mut self, error: &CallError, call: Span, arguments: &[Span]) -> Bind<T> {
        let span = error.argument.and_then(|idx| arguments.get(idx).copied()).unwrap_or(call);
        let (message, hint) = match error.message.split_once(": ") {
            Some((message, hint)) => (message.to_owned(), format!("{hint}.")),
            None => (error.message.clone(), String::new()),
        };
        self.refuse("KQL120", span, format!("{message}."), hint)
    }

    /// Looks at the clock now and then.
    pub(crate) fn count_expression(&mut self) -> Bind<()> {
        self.n_expressions += 1;
        if self.n_expressions.is_multiple_of(EXPRESSIONS_UNCHECKED_MAX) {
            self.host.deadline.check()?;
        }
        Ok(())
    }

    /// Counts conditions that must all hold.
    pub(crate) fn count_conditions(&mut self, n_conditions: usize, span: Span) -> Bind<()> {
        self.n_conditions += n_conditions;
        if self.n_conditions <= CONDITIONS_MAX {
            return Ok(());
        }
        let message = format!("More than {CONDITIONS_MAX} conditions are joined by `and` (CONDITIONS_MAX).");
        self.refuse("KQL186", span, message, "Use `in (…)` or `has_any (…)` for long lists.")
    }

    /// Counts an operator of the plan.
    pub(crate) fn count_operator(&mut self, span: Span) -> Bind<()> {
        self.host.deadline.check()?;
        self.n_operators += 1;
        if self.n_operators <= OPERATORS_MAX {
            return Ok(());
        }
        self.refuse(
            "KQL180",
            span,
            format!("The query has more than {OPERATORS_MAX} operators once its `let`s are put in (OPERATORS_MAX)."),
            "Use fewer tables, or split the query.",
        )
    }

    /// Goes into a function or a named table.
    pub(crate) fn deeper<T>(&mut self, span: Span, inside: impl FnOnce(&mut Self) -> Bind<T>) -> Bind<T> {
        if self.n_calls_deep >= crate::limits::CALLS_DEEP_MAX {
            return self.refuse(
                "KQL181",
                span,
                format!(
                    "Functions and tables are more than {} deep inside each other (CALLS_DEEP_MAX).",
                    crate::limits::CALLS_DEEP_MAX
                ),
                "A function cannot call itself; write the steps one after the other.",
            );
        }
        self.n_calls_deep += 1;
        let result = inside(self);
        self.n_calls_deep -= 1;
        result
    }

    /// Binds a table beside the pipeline's own: what the pipeline says of time is not about it.
    pub(crate) fn beside<T>(&mut self, inside: impl FnOnce(&mut Self) -> Bind<T>) -> Bind<T> {
        let outer = std::mem::take(&mut self.is_bounded);
        let result = inside(self);
        self.is_bounded = outer;
        result
    }

    /// Takes note of an error that was reported already, and fails for others.
    pub(crate) fn recover<T>(&mut self, result: Bind<T>) -> Bind<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(Stop::Reported) => Ok(None),
            Err(Stop::Failed(error)) => Err(Stop::Failed(error)),
        }
    }

    /// Whether there are errors already: then nothing needs to run.
    pub(crate) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Adds a computed column to the plan of a frame, and gives it as a column of that name.
    pub(crate) fn compute(&mut self, name: impl Into<String>, bound: &Bound) -> (Column, Expr) {
        let id = self.id();
        let mut column = Column::plain(name, bound.typed.ty, id.clone());
        let expr = match &bound.stored {
            Some(stored) => {
                column.encoding = super::frame::Encoding::Micros;
                stored.clone()
            }
            None => bound.typed.expr.clone(),
        };
        (column, expr.alias(id))
    }

    /// The frame with new names in its plan: what is used twice must not have the same names twice.
    pub(crate) fn renewed(&mut self, frame: &Frame) -> Bind<Frame> {
        let mut fresh = frame.clone();
        let mut expressions = Vec::new();
        let mut known: std::collections::HashMap<String, String> = std::collections::HashMap::new();
        for column in &mut fresh.columns {
            let id = match known.get(&column.id) {
                Some(id) => id.clone(),
                None => {
                    let id = self.id();
                    expressions.push(column.raw().alias(id.clone()));
                    known.insert(column.id.clone(), id.clone());
                    id
                }
            };
            column.id = id;
        }
        fresh.plan = super::frame::project(std::mem::take(&mut fresh.plan), expressions)?;
        Ok(fresh)
    }

    /// Runs a plan now and holds its rows.
    pub(crate) fn run(&mut self, plan: LogicalPlan, n_rows_max: usize) -> Bind<Vec<arrow::array::RecordBatch>> {
        Ok(super::run::collect(self.host, plan, n_rows_max)?)
    }

    /// A null of a type, for what could not be bound.
    pub(crate) fn null(ty: KqlType) -> Bound {
        Bound::of(Typed::constant(super::value::Value::null_of(ty), ty))
    }
}
