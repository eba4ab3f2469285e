//! Statements, functions of the query's own, and `toscalar`.

use std::collections::BTreeMap;

use ::kql::Span;
use ::kql::syntax::{
    Body, Call, Expr as Tree, Function, Let, LetValue, Literal, Parameter, ParameterType, Pipeline, Query, Statement,
};

use super::literal::{self, type_of};
use super::{At, Bind, Binder, Bound, Env, Meaning, Stop};
use crate::kql::frame::{Frame, project};
use crate::kql::types::{KqlType, Typed};
use crate::kql::value::Value;

/// Nodes of an expression that a function's argument may have: each use of the parameter copies it.
const ARGUMENT_NODES_MAX: usize = 20_000;

impl<'t> Binder<'t> {
    /// The query's last table.
    pub(crate) fn query(&mut self, query: &'t Query) -> Bind<Frame> {
        let mut env = Env::default();
        let mut results: Vec<(&'t Pipeline, Env<'t>)> = Vec::new();
        for statement in &query.statements {
            match statement {
                Statement::Pipeline(pipeline) => results.push((pipeline, env.clone())),
                other => env = self.statement(other, env)?,
            }
        }
        let Some((last, last_env)) = results.pop() else {
            return self.refuse("KQL110", query.span, "The query has no table to answer with.", "End it with a table.");
        };
        for (pipeline, _) in &results {
            self.warn(
                "KQL111",
                pipeline.span,
                "Only the last table of a query is answered; this one is left out.",
                "Ask for it in a query of its own.",
            );
        }
        self.pipeline_or_scalar(last, &last_env)
    }

    /// A query may also be a lone expression in the place of a table.
    fn pipeline_or_scalar(&mut self, pipeline: &'t Pipeline, env: &Env<'t>) -> Bind<Frame> {
        self.pipeline(pipeline, None, env)
    }

    /// A statement before the result; gives the names that hold behind it.
    fn statement(&mut self, statement: &'t Statement, env: Env<'t>) -> Bind<Env<'t>> {
        match statement {
            Statement::Let(statement) => self.let_statement(statement, env),
            Statement::QueryParameters { parameters, .. } => self.query_parameters(parameters, env),
            Statement::Set { name, .. } => {
                self.warn("KQL112", name.span, format!("`set {}` has no effect here.", name.text), "Leave it out.");
                Ok(env)
            }
            Statement::Pipeline(_) | Statement::Error { .. } => Ok(env),
        }
    }

    fn let_statement(&mut self, statement: &'t Let, env: Env<'t>) -> Bind<Env<'t>> {
        let meaning = match &statement.value {
            LetValue::Function(function) => Meaning::Function { function, env: env.clone() },
            LetValue::Expr(expr) if self.is_table(expr, &env) => Meaning::Table { expr, env: env.clone() },
            LetValue::Expr(expr) => {
                let typed = self.typed(expr, At::nowhere(&env));
                match self.recover(typed)? {
                    Some(typed) => Meaning::Scalar(typed),
                    None => Meaning::Broken,
                }
            }
        };
        Ok(env.with(statement.name.text.clone(), meaning))
    }

    fn query_parameters(&mut self, parameters: &'t [Parameter], env: Env<'t>) -> Bind<Env<'t>> {
        let mut env = env;
        for parameter in parameters {
            let ParameterType::Scalar(data_type) = &parameter.parameter_type else {
                return self.refuse("KQL113", parameter.span, "A query's parameter is a scalar.", "");
            };
            let ty = type_of(*data_type);
            let given = self.host.request.parameters.iter().find(|(name, _)| *name == parameter.name.text);
            let typed = match (given, &parameter.default) {
                (Some((_, text)), _) => self.parameter_value(text, ty, parameter.span)?,
                (None, Some(default)) => self.typed_as(default, ty, At::nowhere(&env))?,
                (None, None) => {
                    let message = format!("The parameter `{}` has no value.", parameter.name.text);
                    return self.refuse("KQL114", parameter.span, message, "Give it one with the request.");
                }
            };
            env = env.with(parameter.name.text.clone(), Meaning::Scalar(typed));
        }
        Ok(env)
    }

    /// A value from outside: a literal, or else its text.
    fn parameter_value(&mut self, text: &str, ty: KqlType, span: Span) -> Bind<Typed> {
        let typed = match literal_of(text) {
            Some(literal) => literal::constant(&literal),
            None => Typed::constant(Value::text(text), KqlType::String),
        };
        let fits = crate::kql::types::Types::of(&[ty]).accept(typed.ty).is_some();
        let typed = if fits { typed } else { Typed::constant(Value::text(text), KqlType::String) };
        self.converted(typed, ty, span)
    }

    /// Whether an expression means a table.
    pub(crate) fn is_table(&self, tree: &Tree, env: &Env<'t>) -> bool {
        self.is_table_within(tree, env, crate::limits::CALLS_DEEP_MAX)
    }

    fn is_table_within(&self, tree: &Tree, env: &Env<'t>, deep: usize) -> bool {
        if deep == 0 {
            return false;
        }
        match tree {
            Tree::Pipeline(_)
            | Tree::Materialize { .. }
            | Tree::ToTable { .. }
            | Tree::DataTable { .. }
            | Tree::ExternalData(_)
            | Tree::Pattern(_)
            | Tree::Method { .. } => true,
            Tree::Name(name) => match env.get(&name.text) {
                Some(Meaning::Table { .. } | Meaning::Frame(_)) => true,
                Some(Meaning::Scalar(_) | Meaning::Broken) => false,
                Some(Meaning::Function { function, env }) => self.gives_table(function, env, deep - 1),
                None => schema::tables::table(&name.text).is_some(),
            },
            Tree::Call(call) => match env.get(&call.name.text) {
                Some(Meaning::Function { function, env }) => self.gives_table(function, env, deep - 1),
                _ => call.name.text == "table" || super::tables::is_unavailable(&call.name.text),
            },
            Tree::Member { base, .. } => {
                matches!(base.as_ref(), Tree::Call(call) if matches!(call.name.text.as_str(), "database" | "cluster" | "workspace" | "app"))
            }
            _ => false,
        }
    }

    /// Whether a function's result is a table.
    fn gives_table(&self, function: &Function, env: &Env<'t>, deep: usize) -> bool {
        let Some(result) = &function.body.result else { return false };
        if let Tree::Name(name) = result {
            for parameter in &function.parameters {
                if parameter.name.text == name.text {
                    return matches!(parameter.parameter_type, ParameterType::Table { .. });
                }
            }
            for statement in function.body.statements.iter().rev() {
                if let Statement::Let(statement) = statement
                    && statement.name.text == name.text
                {
                    return match &statement.value {
                        LetValue::Expr(expr) => self.is_table_within(expr, env, deep),
                        LetValue::Function(inner) => self.gives_table(inner, env, deep),
                    };
                }
            }
        }
        self.is_table_within(result, env, deep)
    }

    /// A call of a function of the query's own that gives a value.
    pub(super) fn call_scalar(
        &mut self,
        call: &'t Call,
        function: &'t Function,
        env: &Env<'t>,
        at: At<'_, 't>,
    ) -> Bind<Bound> {
        self.deeper(call.span, |binder| {
            let inside = binder.parameters(call, function, env, None, at)?;
            let Some((env, result)) = binder.body(&function.body, inside)? else { return Err(Stop::Reported) };
            binder.expr(result, At::nowhere(&env))
        })
    }

    /// A call of a function of the query's own that gives a table; `first` is the table of `invoke`.
    pub(crate) fn call_table(
        &mut self,
        call: &'t Call,
        function: &'t Function,
        env: &Env<'t>,
        first: Option<Frame>,
        outer: &Env<'t>,
    ) -> Bind<Frame> {
        self.deeper(call.span, |binder| {
            let inside = binder.parameters(call, function, env, first, At::nowhere(outer))?;
            let Some((env, result)) = binder.body(&function.body, inside)? else { return Err(Stop::Reported) };
            binder.table(result, &env)
        })
    }

    /// A table that is a function without parameters, or a call without arguments.
    pub(crate) fn call_without(&mut self, span: Span, function: &'t Function, env: &Env<'t>) -> Bind<Frame> {
        self.deeper(span, |binder| {
            let mut inside = env.clone();
            for parameter in &function.parameters {
                inside = binder.default_of(parameter, inside, span)?;
            }
            let Some((env, result)) = binder.body(&function.body, inside)? else { return Err(Stop::Reported) };
            binder.table(result, &env)
        })
    }

    fn body(&mut self, body: &'t Body, env: Env<'t>) -> Bind<Option<(Env<'t>, &'t Tree)>> {
        let mut env = env;
        for statement in &body.statements {
            env = self.statement(statement, env)?;
        }
        Ok(body.result.as_ref().map(|result| (env, result)))
    }

    /// The names that hold inside a function: those where it was written, and its parameters.
    fn parameters(
        &mut self,
        call: &'t Call,
        function: &'t Function,
        env: &Env<'t>,
        first: Option<Frame>,
        at: At<'_, 't>,
    ) -> Bind<Env<'t>> {
        let mut inside = env.clone();
        let mut parameters = function.parameters.iter();
        if let Some(frame) = first {
            match parameters.next() {
                Some(parameter) if matches!(parameter.parameter_type, ParameterType::Table { .. }) => {
                    inside = self.table_parameter(parameter, frame, inside, call.span)?;
                }
                _ => {
                    let message = format!("`{}` takes no table as its first argument.", call.name.text);
                    return self.refuse("KQL115", call.span, message, "Declare it: `(T: (*), …)`.");
                }
            }
        }
        let parameters: Vec<&'t Parameter> = parameters.collect();
        let mut given: BTreeMap<usize, &'t Tree> = BTreeMap::new();
        for (idx, argument) in call.arguments.iter().enumerate() {
            let slot = match &argument.name {
                None => Some(idx),
                Some(name) => parameters.iter().position(|parameter| parameter.name.text == name.text),
            };
            match slot {
                Some(slot) if slot < parameters.len() => {
                    given.insert(slot, &argument.value);
                }
                _ => {
                    let message = format!("`{}` takes {} arguments.", call.name.text, parameters.len());
                    return self.refuse("KQL115", argument.value.span(), message, "");
                }
            }
        }
        for (idx, parameter) in parameters.into_iter().enumerate() {
            inside = match (given.get(&idx), &parameter.parameter_type) {
                (None, _) => self.default_of(parameter, inside, call.span)?,
                (Some(tree), ParameterType::Table { .. }) => {
                    let frame = self.table(tree, at.env)?;
                    self.table_parameter(parameter, frame, inside, tree.span())?
                }
                (Some(tree), ParameterType::Scalar(data_type)) => {
                    let typed = self.typed_as(tree, type_of(*data_type), at)?;
                    if typed.constant.is_none() && nodes_of(&typed.expr) > ARGUMENT_NODES_MAX {
                        return self.refuse(
                            "KQL183",
                            tree.span(),
                            format!("The argument has more than {ARGUMENT_NODES_MAX} parts (ARGUMENT_NODES_MAX)."),
                            "Compute it in an `extend` first.",
                        );
                    }
                    inside.with(parameter.name.text.clone(), Meaning::Scalar(typed))
                }
            };
        }
        Ok(inside)
    }

    fn default_of(&mut self, parameter: &'t Parameter, inside: Env<'t>, call: Span) -> Bind<Env<'t>> {
        match (&parameter.default, &parameter.parameter_type) {
            (Some(default), ParameterType::Scalar(data_type)) => {
                let typed = self.typed_as(default, type_of(*data_type), At::nowhere(&inside))?;
                Ok(inside.with(parameter.name.text.clone(), Meaning::Scalar(typed)))
            }
            _ => {
                let message = format!("The argument `{}` is missing.", parameter.name.text);
                self.refuse("KQL115", call, message, "It has no default value.")
            }
        }
    }

    fn table_parameter(&mut self, parameter: &Parameter, frame: Frame, env: Env<'t>, span: Span) -> Bind<Env<'t>> {
        if let ParameterType::Table { columns, .. } = &parameter.parameter_type {
            for column in columns {
                let ty = type_of(column.data_type);
                match frame.column(&column.name.text) {
                    Some(found) if found.ty == ty => {}
                    None if frame.is_open => {}
                    _ => {
                        let message = format!(
                            "The table has no column `{}` of type {ty}, which `{}` needs.",
                            column.name.text, parameter.name.text
                        );
                        return self.refuse("KQL116", span, message, "Project one.");
                    }
                }
            }
        }
        Ok(env.with(parameter.name.text.clone(), Meaning::Frame(Box::new(frame))))
    }

    /// `toscalar(T)`: runs now, so that it is a constant in the rest of the query.
    pub(super) fn scalar_of(&mut self, pipeline: &'t Pipeline, span: Span, env: &Env<'t>) -> Bind<Bound> {
        // `toscalar(1 + 1)` and `toscalar(name)` are values already.
        if let (Some(source), true) = (&pipeline.source, pipeline.operators.is_empty())
            && !self.is_table(source, env)
        {
            return self.expr(source, At::nowhere(env));
        }
        let frame = self.beside(|binder| binder.deeper(span, |binder| binder.pipeline(pipeline, None, env)))?;
        let Some(column) = frame.shown().next().cloned() else {
            if frame.is_open {
                return Ok(Self::null(KqlType::Dynamic));
            }
            return self.refuse("KQL140", span, "The table has no column.", "Project one.");
        };
        if self.host.is_analysis || self.has_errors() {
            let unknown = Self::null(column.ty).typed;
            return Ok(Bound::of(Typed { constant: None, ..unknown }));
        }
        let plan = project(frame.plan, vec![column.bound().typed.expr.alias("value")])?;
        let plan = datafusion::logical_expr::LogicalPlanBuilder::from(plan).limit(0, Some(1))?.build()?;
        let batches = self.run(plan, 1)?;
        let value = match batches.iter().find(|batch| batch.num_rows() > 0) {
            Some(batch) => crate::kql::value::Column::new(batch.column(0), column.ty)?.value(0),
            None => Value::null_of(column.ty),
        };
        Ok(Bound::of(Typed::constant(value, column.ty)))
    }
}

/// Nodes of an expression, counted up to the limit only.
fn nodes_of(expr: &datafusion::logical_expr::Expr) -> usize {
    use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
    let mut n_nodes = 0;
    let counted = expr.apply(|_| {
        n_nodes += 1;
        Ok(if n_nodes > ARGUMENT_NODES_MAX { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    counted.map_or(usize::MAX, |_| n_nodes)
}

/// The literal that a text is, if it is one.
fn literal_of(text: &str) -> Option<Literal> {
    let (query, diagnostics) = ::kql::parse(&format!("print {text}"));
    if diagnostics.iter().any(::kql::Diagnostic::is_error) {
        return None;
    }
    let [Statement::Pipeline(pipeline)] = query.statements.as_slice() else { return None };
    let [operator] = pipeline.operators.as_slice() else { return None };
    match &operator.kind {
        ::kql::syntax::OperatorKind::Print { columns } => match columns.as_slice() {
            [column] if column.target.is_none() => match &column.expr {
                Tree::Literal { literal, .. } => Some(literal.clone()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}
