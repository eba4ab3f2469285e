//! Operators with many parts → text.

use super::Printer;
use crate::syntax::{
    Evaluate, Expr, Find, FindColumns, Fork, Join, JoinCondition, MakeSeries, MvApply, MvExpand, MvExpandItem,
    MvExpandKind, Name, NamedExpr, Parse, ParseKind, ParsePart, Partition, PluginSchema, Render, Scan, ScanOutput,
    Search, TopNested, Union, UnionKind,
};

impl Printer {
    pub(super) fn after_blank(&mut self, print: impl FnOnce(&mut Self)) {
        self.text(" ");
        print(self);
    }

    /// A word with blanks, and an expression.
    pub(super) fn clause(&mut self, word: &str, expr: &Expr) {
        self.text(word);
        self.expr(expr);
    }

    fn optional_clause(&mut self, word: &str, expr: Option<&Expr>) {
        if let Some(expr) = expr {
            self.clause(word, expr);
        }
    }

    pub(super) fn by(&mut self, by: &[NamedExpr]) {
        if !by.is_empty() {
            self.text(" by ");
            self.named_list(by);
        }
    }

    fn named_property(&mut self, property: &str, name: Option<&Name>) {
        if let Some(name) = name {
            self.text(property);
            self.name(name);
        }
    }

    pub(super) fn join(&mut self, join: &Join) {
        if let Some(kind) = join.kind {
            self.text(" kind=");
            self.text(kind.name());
        }
        self.text(" ");
        self.operand(&join.right);
        if !join.on.is_empty() {
            self.text(" on ");
            self.list(&join.on, |printer, condition| match condition {
                JoinCondition::Column(name) => printer.name(name),
                JoinCondition::Expr(expr) => printer.expr(expr),
            });
        }
    }

    pub(super) fn union(&mut self, union: &Union) {
        match union.kind {
            Some(UnionKind::Inner) => self.text(" kind=inner"),
            Some(UnionKind::Outer) => self.text(" kind=outer"),
            None => {}
        }
        self.named_property(" withsource=", union.with_source.as_ref());
        if union.is_fuzzy {
            self.text(" isfuzzy=true");
        }
        self.text(" ");
        self.list(&union.tables, Self::operand);
    }

    pub(super) fn top_nested(&mut self, levels: &[TopNested]) {
        for (at, level) in levels.iter().enumerate() {
            if at > 0 {
                self.text(", top-nested");
            }
            self.optional_clause(" ", level.count.as_ref());
            self.text(" of ");
            self.named(&level.of);
            self.optional_clause(" with others = ", level.others.as_ref());
            self.text(" by ");
            self.ordered(&level.by);
        }
    }

    fn mv_items(&mut self, items: &[MvExpandItem]) {
        self.text(" ");
        self.list(items, |printer, item| {
            printer.named(&item.value);
            if let Some(data_type) = item.to_type {
                printer.text(" to typeof(");
                printer.text(data_type.name());
                printer.text(")");
            }
        });
    }

    pub(super) fn mv_expand(&mut self, expand: &MvExpand) {
        match expand.kind {
            Some(MvExpandKind::Bag) => self.text(" kind=bag"),
            Some(MvExpandKind::Array) => self.text(" kind=array"),
            None => {}
        }
        self.named_property(" with_itemindex=", expand.item_index.as_ref());
        self.mv_items(&expand.items);
        self.optional_clause(" limit ", expand.limit.as_ref());
    }

    pub(super) fn mv_apply(&mut self, apply: &MvApply) {
        self.named_property(" with_itemindex=", apply.item_index.as_ref());
        self.mv_items(&apply.items);
        self.optional_clause(" limit ", apply.limit.as_ref());
        self.text(" on (");
        self.pipeline(&apply.on, " ");
        self.text(")");
    }

    pub(super) fn parse(&mut self, parse: &Parse) {
        match parse.kind {
            Some(ParseKind::Simple) => self.text(" kind=simple"),
            Some(ParseKind::Regex) => self.text(" kind=regex"),
            Some(ParseKind::Relaxed) => self.text(" kind=relaxed"),
            None => {}
        }
        if let Some(flags) = &parse.flags {
            self.text(" flags=");
            self.string(flags, false);
        }
        self.clause(" ", &parse.expr);
        self.text(" with");
        for part in &parse.pattern {
            self.text(" ");
            match part {
                ParsePart::Star { .. } => self.text("*"),
                ParsePart::Text(expr) => self.expr(expr),
                ParsePart::Column { name, data_type } => {
                    self.name(name);
                    if let Some(data_type) = data_type {
                        self.text(":");
                        self.text(data_type.name());
                    }
                }
            }
        }
    }

    pub(super) fn make_series(&mut self, series: &MakeSeries) {
        if series.is_nonempty {
            self.text(" kind=nonempty");
        }
        self.text(" ");
        self.list(&series.series, |printer, item| {
            printer.named(&item.aggregate);
            printer.optional_clause(" default=", item.default.as_ref());
        });
        self.text(" on ");
        self.named(&series.on);
        let words = if series.is_in_range { [" in range(", ", ", ", "] } else { [" from ", " to ", " step "] };
        for (word, bound) in words.iter().zip([&series.from, &series.to, &series.step]) {
            self.optional_clause(word, bound.as_ref());
        }
        if series.is_in_range {
            self.text(")");
        }
        self.by(&series.by);
    }

    pub(super) fn evaluate(&mut self, evaluate: &Evaluate) {
        self.text(" ");
        self.call(&evaluate.call);
        if let Some(schema) = &evaluate.schema {
            self.text(" : ");
            self.plugin_schema(schema);
        }
    }

    pub(super) fn plugin_schema(&mut self, schema: &PluginSchema) {
        self.text("(");
        if schema.keeps_input {
            self.text(if schema.columns.is_empty() { "*" } else { "*, " });
        }
        self.list(&schema.columns, Self::column);
        self.text(")");
    }

    pub(super) fn render(&mut self, render: &Render) {
        self.text(" ");
        self.name(&render.chart);
        self.properties(&render.properties);
    }

    pub(super) fn partition(&mut self, partition: &Partition) {
        self.text(" by ");
        self.named(&partition.by);
        self.text(if partition.is_braced { " { " } else { " (" });
        self.pipeline(&partition.body, " ");
        self.text(if partition.is_braced { " }" } else { ")" });
    }

    pub(super) fn scan(&mut self, scan: &Scan) {
        self.named_property(" with_match_id=", scan.match_id.as_ref());
        if !scan.order_by.is_empty() {
            self.text(" order by ");
            self.list(&scan.order_by, Self::ordered);
        }
        if !scan.partition_by.is_empty() {
            self.text(" partition by ");
            self.named_list(&scan.partition_by);
        }
        if !scan.declare.is_empty() {
            self.text(" declare ");
            self.columns(&scan.declare);
        }
        self.text(" with (");
        for step in &scan.steps {
            self.text("step ");
            self.name(&step.name);
            if step.is_optional {
                self.text(" optional");
            }
            match step.output {
                Some(ScanOutput::All) => self.text(" output=all"),
                Some(ScanOutput::Last) => self.text(" output=last"),
                Some(ScanOutput::None) => self.text(" output=none"),
                None => {}
            }
            self.clause(": ", &step.condition);
            if !step.assignments.is_empty() {
                self.text(" => ");
                self.named_list(&step.assignments);
            }
            self.text("; ");
        }
        self.text(")");
    }

    fn tables_in(&mut self, tables: &[Expr]) {
        if !tables.is_empty() {
            self.text(" in (");
            self.list(tables, Self::operand);
            self.text(")");
        }
    }

    pub(super) fn search(&mut self, search: &Search) {
        if search.is_case_sensitive {
            self.text(" kind=case_sensitive");
        }
        self.tables_in(&search.tables);
        self.clause(" ", &search.predicate);
    }

    pub(super) fn find(&mut self, find: &Find) {
        self.named_property(" withsource=", find.with_source.as_ref());
        self.tables_in(&find.tables);
        self.clause(" where ", &find.predicate);
        match &find.columns {
            Some(FindColumns::Smart) => self.text(" project-smart"),
            Some(FindColumns::Project { columns, packs_rest }) => {
                self.text(" project ");
                self.list(columns, |printer, (name, data_type)| {
                    printer.name(name);
                    if let Some(data_type) = data_type {
                        printer.text(":");
                        printer.text(data_type.name());
                    }
                });
                if *packs_rest {
                    self.text(if columns.is_empty() { "pack(*)" } else { ", pack(*)" });
                }
            }
            None => {}
        }
        if !find.project_away.is_empty() {
            self.text(" project-away ");
            self.list(&find.project_away, Self::pattern);
        }
    }

    pub(super) fn fork(&mut self, fork: &Fork) {
        for branch in &fork.branches {
            self.text(" ");
            if let Some(name) = &branch.name {
                self.name(name);
                self.text(" = ");
            }
            self.text("(");
            self.pipeline(&branch.pipeline, " ");
            self.text(")");
        }
    }
}
