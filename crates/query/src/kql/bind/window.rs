//! Functions over rows in order: `prev`, `next`, `row_number` and their like. Each becomes a column of the plan that an
//! operator computes before the expression that uses it.

use std::sync::Arc;

use ::kql::Span;
use ::kql::syntax::Call;
use datafusion::logical_expr::Expr;

use super::{At, Bind, Binder, Bound};
use crate::kql::exec::OperatorNode;
use crate::kql::frame::{Frame, RowOrder, project, reference};
use crate::kql::functions::Special;
use crate::kql::plan::{Window, WindowKind};
use crate::kql::types::{KqlType, Typed};
use crate::kql::value::Value;

/// A call that waits for its operator.
#[derive(Clone, Debug)]
pub(crate) struct WindowCall {
    id: String,
    ty: KqlType,
    kind: WindowKind,
    arguments: Vec<Typed>,
}

impl<'t> Binder<'t> {
    pub(super) fn window(&mut self, special: Special, call: &'t Call, at: At<'_, 't>) -> Bind<Bound> {
        let Some(rows) = at.rows else { return self.needs_order(call) };
        if rows.order == RowOrder::None {
            return self.needs_order(call);
        }
        let arguments = self.arguments(&call.arguments, at)?;
        let (kind, ty, arguments) = self.window_kind(special, call, arguments)?;
        let id = self.id();
        self.windows.push(WindowCall { id: id.clone(), ty, kind, arguments });
        Ok(Bound::of(Typed::new(reference(&id), ty)))
    }

    fn needs_order<T>(&mut self, call: &Call) -> Bind<T> {
        self.refuse(
            "KQL150",
            call.span,
            format!("`{}` needs rows in order.", call.name.text),
            "Put `sort by …` or `serialize` before it.",
        )
    }

    fn window_kind(
        &mut self,
        special: Special,
        call: &'t Call,
        mut arguments: Vec<Typed>,
    ) -> Bind<(WindowKind, KqlType, Vec<Typed>)> {
        let spans: Vec<Span> = call.arguments.iter().map(|argument| argument.value.span()).collect();
        let n_arguments = arguments.len();
        let (least, most) = match special {
            Special::Prev | Special::Next => (1, 3),
            Special::RowNumber => (0, 2),
            Special::RowWindowSession => (3, 4),
            _ => (1, 2),
        };
        if n_arguments < least || n_arguments > most {
            let message = format!("`{}` takes {least} to {most} arguments, not {n_arguments}.", call.name.text);
            return self.refuse("KQL120", call.span, message, "");
        }
        match special {
            Special::Prev | Special::Next => self.neighbour(special, arguments, &spans),
            Special::RowNumber => {
                let start = match arguments.first() {
                    None => 1,
                    Some(typed) => match typed.constant.as_ref().and_then(Value::as_long) {
                        Some(start) => start,
                        None => return self.refuse("KQL136", spans[0], "The first number must be a constant.", ""),
                    },
                };
                if n_arguments > 0 {
                    arguments.remove(0);
                }
                Ok((WindowKind::RowNumber(start), KqlType::Long, arguments))
            }
            Special::RowCumSum => {
                let ty = arguments[0].ty;
                if !ty.is_numeric() && ty != KqlType::TimeSpan {
                    return self.refuse("KQL120", spans[0], format!("`row_cumsum` adds numbers, not {ty}."), "");
                }
                Ok((WindowKind::CumulativeSum, ty, arguments))
            }
            Special::RowRankDense => Ok((WindowKind::RankDense, KqlType::Long, arguments)),
            Special::RowRankMin => Ok((WindowKind::RankMin, KqlType::Long, arguments)),
            Special::RowWindowSession => {
                for idx in [1, 2] {
                    if arguments[idx].constant.is_none() {
                        return self.refuse("KQL136", spans[idx], "This distance must be a constant.", "");
                    }
                }
                Ok((WindowKind::Session, KqlType::DateTime, arguments))
            }
            _ => self.refuse("KQL139", call.span, format!("`{}` is not supported.", call.name.text), ""),
        }
    }

    /// `prev` and `next`: the value, how far, and what to give where there is no row.
    fn neighbour(
        &mut self,
        special: Special,
        mut arguments: Vec<Typed>,
        spans: &[Span],
    ) -> Bind<(WindowKind, KqlType, Vec<Typed>)> {
        let offset = match arguments.get(1) {
            None => 1,
            Some(typed) => match typed.constant.as_ref().and_then(Value::as_long) {
                Some(offset) if offset >= 0 => usize::try_from(offset).unwrap_or(usize::MAX),
                _ => return self.refuse("KQL136", spans[1], "The offset must be a constant whole number.", ""),
            },
        };
        let ty = arguments[0].ty;
        let default = if arguments.len() == 3 { arguments.pop() } else { None };
        arguments.truncate(1);
        if let Some(default) = default {
            arguments.push(self.converted(default, ty, spans[2])?);
        }
        let kind = if special == Special::Prev { WindowKind::Prev(offset) } else { WindowKind::Next(offset) };
        Ok((kind, ty, arguments))
    }

    /// Puts the operators of the window functions that were met below the frame's next operator.
    pub(crate) fn apply_windows(&mut self, frame: &mut Frame) -> Bind<()> {
        let group = frame.group.as_ref().map(|group| group.keys.clone()).unwrap_or_default();
        for call in std::mem::take(&mut self.windows) {
            let mut expressions: Vec<Expr> = Vec::new();
            let mut ids = Vec::new();
            for argument in &call.arguments {
                let id = self.id();
                expressions.push(argument.expr.clone().alias(id.clone()));
                ids.push((id, argument.ty));
            }
            let before: Vec<Expr> = frame.plan.schema().fields().iter().map(|field| reference(field.name())).collect();
            frame.add(expressions)?;
            let operator = Window::new(call.kind, ids, group.clone(), call.id.clone(), call.ty);
            let plan = OperatorNode::plan(Arc::new(operator), std::mem::take(&mut frame.plan))?;
            let mut after = before;
            after.push(reference(&call.id));
            frame.plan = project(plan, after)?;
        }
        Ok(())
    }
}
