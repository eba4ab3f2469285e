//! Expressions: names, calls, operators, paths.

use ::kql::Span;
use ::kql::syntax::{Argument, BinaryOp, Call, Expr as Tree, Name, UnaryOp};
use datafusion::logical_expr::Expr;

use super::names::hint;
use super::{Bind, Binder, Bound, Env, Meaning, literal};
use crate::kql::frame::{Column, Frame, RowOrder};
use crate::kql::functions::{self, Body, convert};
use crate::kql::types::{KqlType, Typed};
use crate::kql::value::Value;

/// The rows that an expression is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'e> {
    pub(crate) columns: &'e [Column],
    pub(crate) order: RowOrder,
    pub(crate) is_open: bool,
    pub(crate) table: Option<&'e str>,
}

impl<'e> Rows<'e> {
    pub(crate) fn of(frame: &'e Frame) -> Self {
        Self { columns: &frame.columns, order: frame.order, is_open: frame.is_open, table: frame.table.as_deref() }
    }

    pub(crate) fn column(&self, name: &str) -> Option<&'e Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Where an expression stands: the names it sees.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'e, 't> {
    pub(crate) env: &'e Env<'t>,
    /// `None` where no row is at hand: in `let`, in `take n`.
    pub(crate) rows: Option<Rows<'e>>,
}

impl<'e, 't> At<'e, 't> {
    pub(crate) fn rows(env: &'e Env<'t>, frame: &'e Frame) -> Self {
        Self { env, rows: Some(Rows::of(frame)) }
    }

    pub(crate) fn nowhere(env: &'e Env<'t>) -> Self {
        Self { env, rows: None }
    }
}

impl<'t> Binder<'t> {
    /// An expression.
    pub(crate) fn expr(&mut self, tree: &'t Tree, at: At<'_, 't>) -> Bind<Bound> {
        self.count_expression()?;
        match tree {
            Tree::Literal { literal, .. } => Ok(Bound::of(literal::constant(literal))),
            Tree::Name(name) => self.name(name, at),
            Tree::Call(call) => self.call(call, at),
            Tree::Member { base, name, span } => {
                if let Some(column) = self.step_column(base, name, at) {
                    return Ok(column.bound());
                }
                let key = Typed::constant(Value::text(name.text.clone()), KqlType::String);
                self.path(base, key, *span, at)
            }
            Tree::Index { base, index, span } => {
                let key = self.typed(index, at)?;
                self.path(base, key, *span, at)
            }
            Tree::Unary { op, operand, span } => {
                let value = self.typed(operand, at)?;
                match op {
                    UnaryOp::Plus => Ok(Bound::of(value)),
                    UnaryOp::Minus => self.operator("-", vec![value], *span, &[operand.span()]),
                }
            }
            Tree::Binary { op: BinaryOp::Search, span, .. } => {
                self.refuse("KQL130", *span, "`column: \"text\"` works in `search` only.", "Use `has` here.")
            }
            Tree::Binary { op, left, right, span, .. } if matches!(left.as_ref(), Tree::Star { .. }) => {
                self.star_compared(*op, right, *span, at)
            }
            Tree::Binary { op, left, right, span, .. } => self.binary(*op, left, right, *span, at),
            Tree::And { operands, span } => {
                self.count_conditions(operands.len(), *span)?;
                self.junction(operands, true, at)
            }
            Tree::Or { operands, .. } => self.junction(operands, false, at),
            Tree::List { op, left, items, span, .. } => self.list(*op, left, items, *span, at),
            Tree::Between { is_negated, value, low, high, span } => {
                self.between(*is_negated, value, low, high, *span, at)
            }
            Tree::ToScalar { pipeline, span } => self.scalar_of(pipeline, *span, at.env),
            Tree::TypeOf { span, .. } | Tree::SchemaOf { span, .. } => self.refuse(
                "KQL131",
                *span,
                "A type is not a value.",
                "`typeof()` stands behind `to` or as a plugin's schema.",
            ),
            Tree::Star { span } => self.refuse("KQL132", *span, "`*` is not a value here.", "Name one column."),
            Tree::Pattern(pattern) => {
                self.refuse("KQL132", pattern.span, "A name with `*` is not a value.", "Name one column.")
            }
            Tree::Method { span, .. } => self.refuse(
                "KQL133",
                *span,
                "Functions of other clusters and databases are not reachable.",
                "All tables are in one database here: leave `cluster()` and `database()` out.",
            ),
            Tree::Pipeline(_)
            | Tree::Materialize { .. }
            | Tree::ToTable { .. }
            | Tree::DataTable { .. }
            | Tree::ExternalData(_) => self.refuse(
                "KQL134",
                tree.span(),
                "A table is not a value.",
                "Wrap it in `toscalar(…)` for the first column of its first row.",
            ),
            Tree::Error { .. } => Err(super::Stop::Reported),
        }
    }

    /// An expression in its plain form.
    pub(crate) fn typed(&mut self, tree: &'t Tree, at: At<'_, 't>) -> Bind<Typed> {
        Ok(self.expr(tree, at)?.typed)
    }

    /// An expression of a type; numbers are widened, a dynamic is converted.
    pub(crate) fn typed_as(&mut self, tree: &'t Tree, ty: KqlType, at: At<'_, 't>) -> Bind<Typed> {
        let typed = self.typed(tree, at)?;
        self.accepted(typed, ty, tree.span())
    }

    /// Converts as a parameter of that type does.
    pub(crate) fn accepted(&mut self, typed: Typed, ty: KqlType, span: Span) -> Bind<Typed> {
        let types = crate::kql::types::Types::of(&[ty]);
        if types.accept(typed.ty).is_none() {
            let message = format!("This must be {ty}, not {}.", typed.ty);
            return self.refuse("KQL121", span, message, format!("Convert it with `to{ty}()`."));
        }
        self.converted(typed, ty, span)
    }

    /// Converts as `to…()` does.
    pub(crate) fn converted(&mut self, typed: Typed, ty: KqlType, span: Span) -> Bind<Typed> {
        match convert(&self.context, typed, ty) {
            Ok(typed) => Ok(typed),
            Err(error) => self.refuse_call(&error, span, &[span]),
        }
    }

    /// A value that must be the same for all rows.
    pub(crate) fn constant(&mut self, tree: &'t Tree, at: At<'_, 't>) -> Bind<(Value, KqlType)> {
        let typed = self.typed(tree, At { env: at.env, rows: None })?;
        match typed.constant {
            Some(value) => Ok((value, typed.ty)),
            None if self.host.is_analysis => Ok((Value::null_of(typed.ty), typed.ty)),
            None => self.refuse(
                "KQL135",
                tree.span(),
                "This must be a constant.",
                "Columns and random values are not; a `let` of a constant or `toscalar(…)` is.",
            ),
        }
    }

    /// A count of rows, at least 0.
    pub(crate) fn count_of_rows(&mut self, tree: &'t Tree, env: &Env<'t>) -> Bind<usize> {
        let (value, _) = self.constant(tree, At::nowhere(env))?;
        match value.as_long() {
            Some(count) if count >= 0 => Ok(usize::try_from(count).unwrap_or(usize::MAX)),
            _ if self.host.is_analysis => Ok(0),
            _ => self.refuse("KQL136", tree.span(), "This must be a whole number that is not negative.", ""),
        }
    }

    fn name(&mut self, name: &'t Name, at: At<'_, 't>) -> Bind<Bound> {
        if let Some(rows) = at.rows {
            if let Some(column) = rows.column(&name.text)
                && !(column.is_alias && at.env.get(&name.text).is_some())
            {
                return Ok(column.bound());
            }
            if name.text == "$table" {
                let table = rows.table.unwrap_or_default();
                return Ok(Bound::of(Typed::constant(Value::text(table), KqlType::String)));
            }
        }
        match at.env.get(&name.text) {
            Some(Meaning::Scalar(typed)) => return Ok(Bound::of(typed.clone())),
            Some(Meaning::Broken) => return Err(super::Stop::Reported),
            Some(Meaning::Table { .. } | Meaning::Frame(_)) => {
                let message = format!("`{}` is a table, not a value.", name.text);
                return self.refuse("KQL134", name.span, message, "Wrap it in `toscalar(…)`, or use it with `in (…)`.");
            }
            Some(Meaning::Function { .. }) => {
                let message = format!("`{}` is a function.", name.text);
                return self.refuse("KQL137", name.span, message, "Call it with parentheses.");
            }
            None => {}
        }
        let Some(rows) = at.rows else { return self.unknown_name(name, at) };
        if rows.is_open {
            return Ok(Self::null(KqlType::Dynamic));
        }
        self.unknown_name(name, at)
    }

    /// "There is no column …", with the closest name.
    pub(crate) fn unknown_name<T>(&mut self, name: &Name, at: At<'_, 't>) -> Bind<T> {
        if self.is_full() {
            return Err(super::Stop::Reported);
        }
        let columns = at.rows.map_or(&[][..], |rows| rows.columns);
        let mut names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        names.extend(at.env.names());
        let otherwise = match columns.is_empty() {
            true => "No columns are known at this place.".to_owned(),
            false => "`getschema` lists the columns at this place of a query.".to_owned(),
        };
        let hint = hint(&name.text, names, &otherwise);
        self.refuse("KQL102", name.span, format!("There is no column or value `{}`.", name.text), hint)
    }

    /// `base.key`, `base[key]`. A string on the left is read as JSON.
    fn path(&mut self, base: &'t Tree, key: Typed, span: Span, at: At<'_, 't>) -> Bind<Bound> {
        let mut value = self.typed(base, at)?;
        if value.ty == KqlType::String {
            value = self.converted(value, KqlType::Dynamic, base.span())?;
        }
        if value.ty != KqlType::Dynamic {
            let message = format!("A {} has no properties.", value.ty);
            return self.refuse("KQL138", span, message, "Only dynamic values (JSON) have them.");
        }
        self.operator("[]", vec![value, key], span, &[base.span(), span])
    }

    fn binary(&mut self, op: BinaryOp, left: &'t Tree, right: &'t Tree, span: Span, at: At<'_, 't>) -> Bind<Bound> {
        let left_bound = self.expr(left, at);
        let left_bound = self.recover(left_bound)?;
        let right_bound = self.expr(right, at)?;
        let Some(left_bound) = left_bound else { return Err(super::Stop::Reported) };
        if let Some(typed) = super::compare::stored(op, &left_bound, &right_bound) {
            return Ok(Bound::of(typed));
        }
        let arguments = vec![left_bound.typed, right_bound.typed];
        self.operator(symbol(op), arguments, span, &[left.span(), right.span()])
    }

    /// `* has "x"`: a comparison that any of the columns fits.
    fn star_compared(&mut self, op: BinaryOp, right: &'t Tree, span: Span, at: At<'_, 't>) -> Bind<Bound> {
        let Some(rows) = at.rows else {
            return self.refuse("KQL132", span, "`*` is about the columns of a row, and there is none here.", "");
        };
        let right = self.expr(right, at)?;
        let mut any = Vec::new();
        for column in rows.columns.iter().filter(|column| !column.is_alias) {
            let left = match column.ty {
                KqlType::String => column.bound(),
                ty if ty == right.typed.ty => column.bound(),
                KqlType::Dynamic if right.typed.ty == KqlType::String => {
                    Bound::of(self.converted(column.bound().typed, KqlType::String, span)?)
                }
                _ => continue,
            };
            if left.typed.ty == KqlType::String && right.typed.ty != KqlType::String {
                continue;
            }
            any.push(self.compared(op, &left, &right, span)?.expr);
        }
        Ok(Bound::of(Typed::new(joined(any, false), KqlType::Bool)))
    }

    /// A call of an entry of the operators.
    pub(crate) fn operator(
        &mut self,
        symbol: &'static str,
        arguments: Vec<Typed>,
        span: Span,
        spans: &[Span],
    ) -> Bind<Bound> {
        let Some(entry) = functions::operator(symbol) else {
            return self.refuse("KQL139", span, format!("The operator `{symbol}` is not supported."), "");
        };
        match functions::call(&self.context, entry, arguments) {
            Ok(typed) => Ok(Bound::of(typed)),
            Err(error) => self.refuse_call(&error, span, spans),
        }
    }

    /// A call of a function of the table by name, for what the binder itself needs.
    pub(crate) fn apply(&mut self, name: &'static str, arguments: Vec<Typed>, span: Span) -> Bind<Typed> {
        let Some(entry) = functions::find(name) else {
            return self.refuse("KQL103", span, format!("There is no function `{name}`."), "");
        };
        match functions::call(&self.context, entry, arguments) {
            Ok(typed) => Ok(typed),
            Err(error) => self.refuse_call(&error, span, &[]),
        }
    }

    fn junction(&mut self, operands: &'t [Tree], is_and: bool, at: At<'_, 't>) -> Bind<Bound> {
        let mut expressions: Vec<Typed> = Vec::with_capacity(operands.len());
        let mut is_broken = false;
        for operand in operands {
            let typed = self.condition(operand, at);
            match self.recover(typed)? {
                Some(typed) => expressions.push(typed),
                None => is_broken = true,
            }
        }
        if is_broken {
            return Err(super::Stop::Reported);
        }
        if let Some(value) = junction_of_constants(&expressions, is_and) {
            return Ok(Bound::of(Typed::constant(value, KqlType::Bool)));
        }
        let expressions = expressions.into_iter().map(|typed| typed.expr).collect();
        Ok(Bound::of(Typed::new(joined(expressions, is_and), KqlType::Bool)))
    }

    /// A bool.
    pub(crate) fn condition(&mut self, tree: &'t Tree, at: At<'_, 't>) -> Bind<Typed> {
        let typed = self.typed(tree, at)?;
        match typed.ty {
            KqlType::Bool => Ok(typed),
            KqlType::Dynamic | KqlType::Int | KqlType::Long => self.converted(typed, KqlType::Bool, tree.span()),
            other => {
                let message = format!("A condition must be bool, not {other}.");
                self.refuse("KQL122", tree.span(), message, "Compare it with something.")
            }
        }
    }

    fn between(
        &mut self,
        is_negated: bool,
        value: &'t Tree,
        low: &'t Tree,
        high: &'t Tree,
        span: Span,
        at: At<'_, 't>,
    ) -> Bind<Bound> {
        let value_bound = self.expr(value, at)?;
        let low_bound = self.expr(low, at)?;
        let mut high_bound = self.expr(high, at)?;
        // `datetime .. timespan` is a beginning and a length.
        if low_bound.typed.ty == KqlType::DateTime && high_bound.typed.ty == KqlType::TimeSpan {
            let ends = vec![low_bound.typed.clone(), high_bound.typed];
            high_bound = self.operator("+", ends, span, &[low.span(), high.span()])?;
        }
        let at_least = self.compared(BinaryOp::GreaterOrEqual, &value_bound, &low_bound, span)?;
        let at_most = self.compared(BinaryOp::LessOrEqual, &value_bound, &high_bound, span)?;
        let both = match junction_of_constants(&[at_least.clone(), at_most.clone()], true) {
            Some(value) => Typed::constant(value, KqlType::Bool),
            None => Typed::new(joined(vec![at_least.expr, at_most.expr], true), KqlType::Bool),
        };
        if is_negated { Ok(Bound::of(self.apply("not", vec![both], span)?)) } else { Ok(Bound::of(both)) }
    }

    /// A comparison of two bound values.
    pub(crate) fn compared(&mut self, op: BinaryOp, left: &Bound, right: &Bound, span: Span) -> Bind<Typed> {
        if let Some(typed) = super::compare::stored(op, left, right) {
            return Ok(typed);
        }
        Ok(self.operator(symbol(op), vec![left.typed.clone(), right.typed.clone()], span, &[])?.typed)
    }

    fn call(&mut self, call: &'t Call, at: At<'_, 't>) -> Bind<Bound> {
        if let Some(Meaning::Function { function, env }) = at.env.get(&call.name.text) {
            let (function, env) = (*function, env.clone());
            return self.call_scalar(call, function, &env, at);
        }
        if let Some(Meaning::Broken) = at.env.get(&call.name.text) {
            return Err(super::Stop::Reported);
        }
        if let Some(entry) = functions::find(&call.name.text) {
            if let Body::Special(special) = entry.body {
                return self.special(special, call, at);
            }
            let (given, wanted) = without_type(entry.name, &call.arguments);
            let arguments = self.arguments(given, at)?;
            let spans: Vec<Span> = call.arguments.iter().map(|argument| argument.value.span()).collect();
            let typed = match functions::call(&self.context, entry, arguments) {
                Ok(typed) => typed,
                Err(error) => return self.refuse_call(&error, call.span, &spans),
            };
            return match wanted {
                Some(ty) => Ok(Bound::of(self.converted(typed, ty, call.span)?)),
                None => Ok(Bound::of(typed)),
            };
        }
        if let Some(bound) = self.aggregate_call(call, at)? {
            return Ok(bound);
        }
        self.unknown_function(&call.name, at)
    }

    /// "There is no function …", with the closest name.
    pub(crate) fn unknown_function<T>(&mut self, name: &Name, at: At<'_, 't>) -> Bind<T> {
        let mut names = functions::names();
        names.extend(at.env.names());
        let hint = hint(&name.text, names, "The documentation lists the functions that there are.");
        self.refuse("KQL103", name.span, format!("There is no function `{}`.", name.text), hint)
    }

    /// All arguments of a call; what is wrong with any of them is reported.
    pub(crate) fn arguments(&mut self, arguments: &'t [Argument], at: At<'_, 't>) -> Bind<Vec<Typed>> {
        let mut bound = Vec::with_capacity(arguments.len());
        let mut is_broken = false;
        for argument in arguments {
            let typed = self.typed(&argument.value, at);
            match self.recover(typed)? {
                Some(typed) => bound.push(typed),
                None => is_broken = true,
            }
        }
        if is_broken { Err(super::Stop::Reported) } else { Ok(bound) }
    }
}

/// The arguments without a `typeof(…)` at the end, and its type: what `extract` gives is converted to it.
fn without_type<'a>(name: &str, arguments: &'a [Argument]) -> (&'a [Argument], Option<KqlType>) {
    match arguments.split_last() {
        Some((Argument { value: Tree::TypeOf { data_type, .. }, .. }, given))
            if matches!(name, "extract" | "extract_json") =>
        {
            (given, Some(literal::type_of(*data_type)))
        }
        _ => (arguments, None),
    }
}

/// `and` or `or` of constants; `None` when one is not constant.
fn junction_of_constants(operands: &[Typed], is_and: bool) -> Option<Value> {
    let mut result = Some(is_and);
    for operand in operands {
        match operand.constant.as_ref()?.as_bool() {
            Some(flag) if flag != is_and => return Some(Value::Bool(flag)),
            Some(_) => {}
            None => result = None,
        }
    }
    Some(result.map_or(Value::Null, Value::Bool))
}

/// All of them or any of them, as a tree that is not deep.
pub(crate) fn joined(mut expressions: Vec<Expr>, is_and: bool) -> Expr {
    while expressions.len() > 1 {
        let mut halved = Vec::with_capacity(expressions.len().div_ceil(2));
        let mut rest = expressions.into_iter();
        while let Some(left) = rest.next() {
            halved.push(match rest.next() {
                Some(right) if is_and => left.and(right),
                Some(right) => left.or(right),
                None => left,
            });
        }
        expressions = halved;
    }
    expressions.pop().unwrap_or_else(|| datafusion::logical_expr::lit(is_and))
}

/// The operator's entry in the function table.
pub(crate) fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessOrEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterOrEqual => ">=",
        BinaryOp::EqualIgnoreCase => "=~",
        BinaryOp::NotEqualIgnoreCase => "!~",
        BinaryOp::Has | BinaryOp::Search => "has",
        BinaryOp::NotHas => "!has",
        BinaryOp::HasCs => "has_cs",
        BinaryOp::NotHasCs => "!has_cs",
        BinaryOp::HasPrefix => "hasprefix",
        BinaryOp::NotHasPrefix => "!hasprefix",
        BinaryOp::HasPrefixCs => "hasprefix_cs",
        BinaryOp::NotHasPrefixCs => "!hasprefix_cs",
        BinaryOp::HasSuffix => "hassuffix",
        BinaryOp::NotHasSuffix => "!hassuffix",
        BinaryOp::HasSuffixCs => "hassuffix_cs",
        BinaryOp::NotHasSuffixCs => "!hassuffix_cs",
        BinaryOp::Contains => "contains",
        BinaryOp::NotContains => "!contains",
        BinaryOp::ContainsCs => "contains_cs",
        BinaryOp::NotContainsCs => "!contains_cs",
        BinaryOp::StartsWith => "startswith",
        BinaryOp::NotStartsWith => "!startswith",
        BinaryOp::StartsWithCs => "startswith_cs",
        BinaryOp::NotStartsWithCs => "!startswith_cs",
        BinaryOp::EndsWith => "endswith",
        BinaryOp::NotEndsWith => "!endswith",
        BinaryOp::EndsWithCs => "endswith_cs",
        BinaryOp::NotEndsWithCs => "!endswith_cs",
        BinaryOp::MatchesRegex => "matches regex",
        BinaryOp::Like => "like",
        BinaryOp::NotLike => "notlike",
        BinaryOp::LikeCs => "likecs",
        BinaryOp::NotLikeCs => "notlikecs",
    }
}
