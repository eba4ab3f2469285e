//! Operators → text.

use super::Printer;
use crate::syntax::{Operator, OperatorKind, Property, Reorder, ReorderOrder};

impl Printer {
    pub(super) fn operator(&mut self, operator: &Operator) {
        self.text(operator.kind.name());
        for hint in &operator.hints {
            self.text(" ");
            self.property(hint);
        }
        self.operator_kind(&operator.kind);
    }

    /// Everything behind the keyword and the hints, with the blank before it.
    fn operator_kind(&mut self, kind: &OperatorKind) {
        match kind {
            OperatorKind::Where { predicate } => self.after_blank(|printer| printer.expr(predicate)),
            OperatorKind::Extend { columns }
            | OperatorKind::Project { columns }
            | OperatorKind::ProjectRename { columns }
            | OperatorKind::Distinct { columns }
            | OperatorKind::Serialize { columns }
            | OperatorKind::Print { columns } => self.after_blank(|printer| printer.named_list(columns)),
            OperatorKind::ProjectAway { columns } | OperatorKind::ProjectKeep { columns } => {
                self.after_blank(|printer| printer.list(columns, Self::pattern));
            }
            OperatorKind::ProjectReorder { columns } => {
                self.after_blank(|printer| printer.list(columns, Self::reorder));
            }
            OperatorKind::Summarize { aggregates, by } => {
                if !aggregates.is_empty() {
                    self.after_blank(|printer| printer.named_list(aggregates));
                }
                self.by(by);
            }
            OperatorKind::Count { name } => {
                if let Some(name) = name {
                    self.text(" as ");
                    self.name(name);
                }
            }
            OperatorKind::Take { count } | OperatorKind::Sample { count } => {
                self.after_blank(|printer| printer.expr(count));
            }
            OperatorKind::Sort { by } => {
                self.text(" by ");
                self.list(by, Self::ordered);
            }
            OperatorKind::As { name } => self.after_blank(|printer| printer.name(name)),
            OperatorKind::Invoke { function } => self.after_blank(|printer| printer.expr(function)),
            OperatorKind::AssertSchema { columns } => self.after_blank(|printer| printer.columns(columns)),
            OperatorKind::GetSchema
            | OperatorKind::Consume
            | OperatorKind::Unsupported { .. }
            | OperatorKind::Error => {}
            OperatorKind::SampleDistinct { .. }
            | OperatorKind::Top { .. }
            | OperatorKind::TopHitters { .. }
            | OperatorKind::TopNested { .. }
            | OperatorKind::ParseKv { .. }
            | OperatorKind::Range { .. }
            | OperatorKind::Facet { .. }
            | OperatorKind::Reduce { .. } => self.operator_of_clauses(kind),
            OperatorKind::Join(join) | OperatorKind::Lookup(join) => self.join(join),
            OperatorKind::Union(union) => self.union(union),
            OperatorKind::MvExpand(expand) => self.mv_expand(expand),
            OperatorKind::MvApply(apply) => self.mv_apply(apply),
            OperatorKind::Parse(parse) | OperatorKind::ParseWhere(parse) => self.parse(parse),
            OperatorKind::MakeSeries(series) => self.make_series(series),
            OperatorKind::Evaluate(evaluate) => self.evaluate(evaluate),
            OperatorKind::Render(render) => self.render(render),
            OperatorKind::Partition(partition) => self.partition(partition),
            OperatorKind::Scan(scan) => self.scan(scan),
            OperatorKind::Search(search) => self.search(search),
            OperatorKind::Find(find) => self.find(find),
            OperatorKind::Fork(fork) => self.fork(fork),
        }
    }

    fn reorder(&mut self, reorder: &Reorder) {
        self.pattern(&reorder.pattern);
        self.text(match reorder.order {
            Some(ReorderOrder::Ascending) => " asc",
            Some(ReorderOrder::Descending) => " desc",
            Some(ReorderOrder::GrannyAscending) => " granny-asc",
            Some(ReorderOrder::GrannyDescending) => " granny-desc",
            None => "",
        });
    }

    /// Those of which each part has a word before it.
    fn operator_of_clauses(&mut self, kind: &OperatorKind) {
        match kind {
            OperatorKind::SampleDistinct { count, of } => {
                self.clause(" ", count);
                self.text(" of ");
                self.named(of);
            }
            OperatorKind::Top { count, by } => {
                self.clause(" ", count);
                self.text(" by ");
                self.list(by, Self::ordered);
            }
            OperatorKind::TopHitters { count, of, by } => {
                self.clause(" ", count);
                self.text(" of ");
                self.named(of);
                if let Some(by) = by {
                    self.text(" by ");
                    self.named(by);
                }
            }
            OperatorKind::TopNested { levels } => self.top_nested(levels),
            OperatorKind::ParseKv { expr, columns, properties } => {
                self.clause(" ", expr);
                self.text(" as ");
                self.columns(columns);
                self.properties(properties);
            }
            OperatorKind::Range { name, from, to, step } => {
                self.after_blank(|printer| printer.name(name));
                self.clause(" from ", from);
                self.clause(" to ", to);
                if let Some(step) = step {
                    self.clause(" step ", step);
                }
            }
            OperatorKind::Facet { by, with } => {
                self.by(by);
                if let Some(pipeline) = with {
                    self.text(" with (");
                    self.pipeline(pipeline, " ");
                    self.text(")");
                }
            }
            OperatorKind::Reduce { by, properties } => {
                self.text(" by ");
                self.named(by);
                if !properties.is_empty() {
                    self.text(" with ");
                    self.list(properties, |printer: &mut Self, property: &Property| printer.property(property));
                }
            }
            _ => {}
        }
    }
}
