//! `make-series`.

use ::kql::Span;
use ::kql::syntax::MakeSeries;

use crate::kql::bind::{Bind, Binder, Env};
use crate::kql::frame::Frame;

impl<'t> Binder<'t> {
    pub(super) fn make_series(
        &mut self,
        _series: &'t MakeSeries,
        _input: Frame,
        span: Span,
        _env: &Env<'t>,
    ) -> Bind<Frame> {
        self.refuse("KQL139", span, "`make-series` is not supported yet.", "")
    }
}
