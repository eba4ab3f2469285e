//! `top-nested` and `top-hitters`.

use ::kql::syntax::{Expr, NamedExpr, TopNested};

use crate::kql::bind::{Bind, Binder, Env};
use crate::kql::frame::Frame;

impl<'t> Binder<'t> {
    pub(super) fn top_nested(&mut self, levels: &'t [TopNested], _input: Frame, _env: &Env<'t>) -> Bind<Frame> {
        self.refuse("KQL139", levels[0].span, "`top-nested` is not supported yet.", "")
    }

    pub(super) fn top_hitters(
        &mut self,
        count: &'t Expr,
        _of: &'t NamedExpr,
        _by: Option<&'t NamedExpr>,
        _input: Frame,
        _env: &Env<'t>,
    ) -> Bind<Frame> {
        self.refuse("KQL139", count.span(), "`top-hitters` is not supported yet.", "")
    }
}
