//! Rows out of rows by other operators: `narrow` and `sliding_window_counts`.

use std::sync::Arc;

use ::kql::syntax::{BinaryOp, Call, Expr as Tree};

use super::expand_rows::{Expand, Item, Number};
use super::summarize::Output;
use crate::kql::bind::{At, Bind, Binder, Bound, Env, joined};
use crate::kql::exec::OperatorNode;
use crate::kql::frame::{Column, Frame, project};
use crate::kql::functions;
use crate::kql::types::{KqlType, Typed};
use crate::kql::value::Value;

impl<'t> Binder<'t> {
    /// The members of a bag as rows: the row's number, the name, the value as text.
    pub(super) fn cells(&mut self, mut input: Frame, bag: Typed) -> Bind<Frame> {
        let (number, source, pair) = (self.id(), self.id(), self.id());
        input.plan = OperatorNode::plan(Arc::new(Number { id: number.clone() }), std::mem::take(&mut input.plan))?;
        input.add(vec![bag.expr.alias(source.clone())])?;
        let operator = Expand {
            items: vec![Item { source, id: pair.clone(), ty: KqlType::Dynamic }],
            is_array_kind: true,
            index: None,
            limit: usize::MAX,
            expansion: Arc::clone(&self.host.expansion),
        };
        let plan = OperatorNode::plan(Arc::new(operator), std::mem::take(&mut input.plan))?;
        let pair = Column::plain("", KqlType::Dynamic, pair).bound().typed;
        let mut expressions = Vec::new();
        let mut columns = Vec::new();
        let number = Column::plain("Row", KqlType::Long, number).bound();
        for (name, bound) in
            [("Row", number), ("Column", self.item_text(&pair, 0)?), ("Value", self.item_text(&pair, 1)?)]
        {
            let (column, expr) = self.compute(name, &bound);
            expressions.push(expr);
            columns.push(column);
        }
        Ok(Frame::new(project(plan, expressions)?, columns))
    }

    fn item_text(&mut self, array: &Typed, idx: i64) -> Bind<Bound> {
        let idx = Typed::constant(Value::Long(idx), KqlType::Long);
        let item = self.operator("[]", vec![array.clone(), idx], ::kql::Span::default(), &[])?;
        Ok(Bound::of(self.converted(item.typed, KqlType::String, ::kql::Span::default())?))
    }

    /// `sliding_window_counts(Id, Time, Start, End, Lookback, Bin, dims…)`: each row counts in every bin that looks back
    /// far enough to see it.
    pub(super) fn sliding_window_counts(&mut self, call: &'t Call, mut input: Frame, env: &Env<'t>) -> Bind<Frame> {
        let at = At::nowhere(env);
        let (id_tree, time_tree) = (self.argument(call, 0)?, self.argument(call, 1)?);
        let id = self.expr(id_tree, At::rows(env, &input))?;
        let time = self.typed(time_tree, At::rows(env, &input))?;
        let mut constants = Vec::new();
        for idx in 2..6 {
            let tree = self.argument(call, idx)?;
            let typed = self.typed(tree, at)?;
            if typed.constant.is_none() && !self.host.is_analysis {
                return self.refuse("KQL135", tree.span(), "This must be a constant.", "");
            }
            constants.push(typed);
        }
        let [start, end, lookback, bin] = constants.try_into().expect("four were pushed");
        let mut dims: Vec<(Option<String>, Bound)> = Vec::new();
        for argument in call.arguments.iter().skip(6) {
            let bound = self.expr(&argument.value, At::rows(env, &input))?;
            dims.push((super::columns::default_name(&argument.value), bound));
        }
        let n_bins = match (lookback.constant.as_ref(), bin.constant.as_ref()) {
            (Some(lookback), Some(bin)) => {
                lookback.as_long().unwrap_or(1) / bin.as_long().filter(|bin| *bin > 0).unwrap_or(i64::MAX)
            }
            _ => 1,
        };
        let first = self.apply("bin", vec![time, bin.clone()], call.span)?;
        let count = n_bins.max(1) - 1;
        let last = Typed::constant(Value::Long(count), KqlType::Long);
        let zero = Typed::constant(Value::Long(0), KqlType::Long);
        let numbers = self.apply("range", vec![zero, last], call.span)?;
        let (source, number) = (self.id(), self.id());
        input.add(vec![numbers.expr.alias(source.clone())])?;
        let operator = Expand {
            items: vec![Item { source, id: number.clone(), ty: KqlType::Long }],
            is_array_kind: false,
            index: None,
            limit: usize::MAX,
            expansion: Arc::clone(&self.host.expansion),
        };
        input.plan = OperatorNode::plan(Arc::new(operator), std::mem::take(&mut input.plan))?;
        let number = Column::plain("", KqlType::Long, number).bound().typed;
        let distance = self.operator("*", vec![number, bin], call.span, &[])?;
        let timeline = self.operator("+", vec![first, distance.typed], call.span, &[])?;
        let timeline = Bound::of(timeline.typed);
        let after = self.compared(BinaryOp::GreaterOrEqual, &timeline, &Bound::of(start), call.span)?;
        let before = self.compared(BinaryOp::LessOrEqual, &timeline, &Bound::of(end), call.span)?;
        input.filter(joined(vec![after.expr, before.expr], true))?;
        let name = super::columns::default_name(time_tree).unwrap_or_else(|| "Timeline".to_owned());
        let mut keys = vec![(Some(name), timeline)];
        keys.extend(dims);
        self.aggregates = Some(Vec::new());
        let outputs = self.count_and_dcount(&id, id_tree);
        let calls = self.aggregates.take().unwrap_or_default();
        self.grouped(input, keys, outputs?, calls)
    }

    fn count_and_dcount(&mut self, id: &Bound, tree: &'t Tree) -> Bind<Vec<Output>> {
        let count = self.counted()?;
        let Some(entry) = functions::find_aggregate("dcount") else {
            return self.refuse("KQL139", tree.span(), "`dcount` is not supported.", "");
        };
        let distinct = self.aggregated(entry, vec![id.typed.clone()], tree.span(), &[])?;
        Ok(vec![Output::new("Count", count), Output::new("Dcount", distinct)])
    }
}
