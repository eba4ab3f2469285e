//! `mv-expand` and `mv-apply`.

use ::kql::Span;
use ::kql::syntax::{MvApply, MvExpand};

use crate::kql::bind::{Bind, Binder, Env};
use crate::kql::frame::Frame;

impl<'t> Binder<'t> {
    pub(super) fn mv_expand(
        &mut self,
        _expand: &'t MvExpand,
        _input: Frame,
        span: Span,
        _env: &Env<'t>,
    ) -> Bind<Frame> {
        self.refuse("KQL139", span, "`mv-expand` is not supported yet.", "")
    }

    pub(super) fn mv_apply(&mut self, _apply: &'t MvApply, _input: Frame, span: Span, _env: &Env<'t>) -> Bind<Frame> {
        self.refuse("KQL139", span, "`mv-apply` is not supported yet.", "")
    }
}
