//! `search` and `find`.

use ::kql::Span;
use ::kql::syntax::{Find, Search};

use crate::kql::bind::{Bind, Binder, Env};
use crate::kql::frame::Frame;

impl<'t> Binder<'t> {
    pub(super) fn search(
        &mut self,
        _search: &'t Search,
        _input: Option<Frame>,
        span: Span,
        _env: &Env<'t>,
    ) -> Bind<Frame> {
        self.refuse("KQL139", span, "`search` is not supported yet.", "")
    }

    pub(super) fn find(&mut self, _find: &'t Find, _input: Option<Frame>, span: Span, _env: &Env<'t>) -> Bind<Frame> {
        self.refuse("KQL139", span, "`find` is not supported yet.", "")
    }
}
