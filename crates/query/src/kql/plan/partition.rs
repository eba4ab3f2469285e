//! `partition`.

use ::kql::Span;
use ::kql::syntax::Partition;

use crate::kql::bind::{Bind, Binder, Env};
use crate::kql::frame::Frame;

impl<'t> Binder<'t> {
    pub(super) fn partition(
        &mut self,
        _partition: &'t Partition,
        _input: Frame,
        span: Span,
        _env: &Env<'t>,
    ) -> Bind<Frame> {
        self.refuse("KQL139", span, "`partition` is not supported yet.", "")
    }
}
