//! `partition`: a query for each value of a key.

use ::kql::Span;
use ::kql::syntax::Partition;

use crate::kql::bind::{At, Bind, Binder, Env};
use crate::kql::frame::{Frame, Group, RowOrder};

impl<'t> Binder<'t> {
    pub(super) fn partition(
        &mut self,
        partition: &'t Partition,
        mut input: Frame,
        span: Span,
        env: &Env<'t>,
    ) -> Bind<Frame> {
        if partition.body.source.is_some() {
            return self.refuse(
                "KQL139",
                span,
                "`partition` with a query of its own in braces is not supported.",
                "Use `partition by Key ( | … )`, or a join.",
            );
        }
        let key = self.expr(&partition.by.expr, At::rows(env, &input))?;
        self.apply_windows(&mut input)?;
        let (column, expr) = self.key_column("", &key);
        input.add(vec![expr])?;
        input.group = Some(Group { keys: vec![column.id], carried: Vec::new() });
        input.order = RowOrder::None;
        let mut result = self.pipeline(&partition.body, Some(input), env)?;
        result.group = None;
        result.order = RowOrder::None;
        Ok(result)
    }
}
