//! Operators that are made less often than those in `pipeline`.

use kql::syntax::DataType;

use super::pipeline::Builder;
use super::{Piece, Shape, literals};

impl Builder<'_> {
    /// One of the rarer operators; nothing when the columns at hand don't allow it.
    pub fn rare_operator(&mut self) {
        match self.rng.below(13) {
            0 => self.top_nested(),
            1 => self.partition(),
            2 | 3 => self.scan(),
            4 => self.pivot(),
            5 => self.bag_unpack(),
            6 | 7 => self.search(),
            8 => self.expand_several(),
            9 => self.parse_regex(),
            10 => self.invoke(),
            11 => self.series(),
            _ => self.distinct_all(),
        }
    }

    /// The column without equals, when it is a number.
    fn number(&self) -> Option<String> {
        let unique = self.shape.unique.clone()?;
        self.shape.columns.contains(&(unique.clone(), DataType::Long)).then_some(unique)
    }

    fn named(&mut self, data_type: DataType) -> Option<String> {
        let names = self.shape.names(data_type);
        if names.is_empty() { None } else { Some(self.rng.pick(&names).clone()) }
    }

    fn plain(&mut self, text: String, columns: Vec<(String, DataType)>) {
        self.operators.push(Piece::plain(text));
        self.shape = Shape { columns, unique: None };
        self.is_ordered = false;
    }

    /// Ranked by the largest `id`, which no two values share.
    fn top_nested(&mut self) {
        let (Some(unique), Some(first)) = (self.number(), self.named(DataType::String)) else { return };
        let order = *self.rng.pick(&["", " asc", " desc"]);
        let count = 1 + self.rng.below(3);
        let mut text = format!("top-nested {count} of s_n = {first} by l_n = max({unique}){order}");
        let mut columns = vec![("s_n".to_owned(), DataType::String), ("l_n".to_owned(), DataType::Long)];
        if let Some(second) = self.named(DataType::Int)
            && self.rng.one_in(2)
        {
            let count = *self.rng.pick(&["", "1 ", "2 "]);
            text.push_str(&format!(", top-nested {count}of i_n = {second} by l_o = min({unique})"));
            columns.extend([("i_n".to_owned(), DataType::Int), ("l_o".to_owned(), DataType::Long)]);
        }
        self.plain(text, columns);
    }

    fn partition(&mut self) {
        let (Some(unique), Some(key)) = (self.number(), self.named(DataType::String)) else { return };
        let columns = self.shape.columns.clone();
        let own = vec![("l_a".to_owned(), DataType::Long), ("l_b".to_owned(), DataType::Long)];
        let count = 1 + self.rng.below(2);
        match self.rng.below(4) {
            0 => self.plain(format!("partition by {key} (top {count} by {unique})"), columns),
            1 => self.plain(format!("partition by {key} (summarize l_a = count(), l_b = max({unique}))"), own),
            2 => self.plain(
                format!("partition by {key} (where {unique} > {count} | project l_a = {unique}, l_b = {unique} * 2)"),
                own,
            ),
            _ => self.plain(format!("partition by {key} (sort by {unique} asc | take {count})"), columns),
        }
    }

    fn scan(&mut self) {
        let Some(unique) = self.number() else { return };
        let is_taken = self.shape.columns.iter().any(|column| column.0 == "l_s");
        let (Some(text), false) = (self.named(DataType::String), is_taken) else { return };
        let condition = |builder: &mut Self| {
            let part = literals::part_not_empty(builder.rng);
            format!("{text} {} {part}", builder.rng.pick(&["has", "contains", "!=", "=~", "!has"]))
        };
        let (first, second) = (condition(self), condition(self));
        self.operators.push(Piece::plain(format!("sort by {unique} asc")));
        let body = match self.rng.below(5) {
            0 => "step s: true => l_s = s.l_s + 1;".to_owned(),
            1 => format!("step s: {first} => l_s = s.l_s + {unique};"),
            2 => format!("step a: {first}; step b: {second} => l_s = a.{unique};"),
            3 => format!(
                "step a output=none: {first}; step b: {unique} > a.{unique} + 1 and {second} => l_s = a.{unique};"
            ),
            _ => format!(
                "step a: {first} => l_s = {unique}; step b: {second} => l_s = a.l_s; step c: {first} => l_s = b.l_s * 2;"
            ),
        };
        let columns = self.shape.columns.clone();
        self.plain(format!("scan declare (l_s: long = 0) with ({body})"), columns);
        self.shape.set("l_s", DataType::Long);
    }

    /// The columns depend on the data: nothing but a count may follow.
    fn pivot(&mut self) {
        let (Some(pivot), Some(other)) = (self.named(DataType::String), self.named(DataType::Int)) else { return };
        let sum = self.named(DataType::Long).filter(|_| self.rng.one_in(2));
        self.operators.push(Piece::plain(format!("where isnotempty({pivot})")));
        let items: Vec<String> = [pivot.clone(), other.clone()].into_iter().chain(sum.clone()).collect();
        self.operators.push(Piece::new("project", items, ""));
        let sum = sum.map(|sum| format!(", sum({sum})")).unwrap_or_default();
        self.plain(format!("evaluate pivot({pivot}{sum})"), vec![(other, DataType::Int)]);
        self.is_finished = true;
    }

    fn bag_unpack(&mut self) {
        let (Some(number), Some(text)) = (self.named(DataType::Long), self.named(DataType::String)) else { return };
        let bag =
            format!("y_u = bag_pack(\"p_b\", coalesce({number}, 0), \"p_a\", strcat(\"-\", {text}), \"p c\", true)");
        self.operators.push(Piece::plain(format!("project l_u = {number}, {bag}")));
        self.plain("evaluate bag_unpack(y_u)".to_owned(), vec![("l_u".to_owned(), DataType::Long)]);
        self.is_finished = true;
    }

    fn search(&mut self) {
        const WORDS: &[&str] =
            &["foo", "abc", "FOO", "needle", "年輪", "İstanbul", "fo*", "*bar", "*oo*", "cmd.exe", "straße"];
        let columns = self.shape.columns.clone();
        let word = |builder: &mut Self| literals::quoted(builder.rng.pick::<&str>(WORDS));
        let predicate = match (self.rng.below(4), self.named(DataType::String)) {
            (0, Some(column)) => format!("{column}: {}", word(self)),
            (1, _) => format!("{} and {}", word(self), word(self)),
            (2, _) => format!("{} or {}", word(self), word(self)),
            _ => word(self),
        };
        let kind = *self.rng.pick(&["", "", "kind=case_sensitive "]);
        self.plain(format!("search {kind}{predicate}"), columns);
        self.operators.push(Piece::plain("project-away $table"));
    }

    fn expand_several(&mut self) {
        let (Some(first), Some(second)) = (self.named(DataType::Dynamic), self.named(DataType::Dynamic)) else {
            return;
        };
        let columns = self.shape.columns.clone();
        let kind = *self.rng.pick(&["", "", "kind=array ", "bagexpansion=array ", "with_itemindex=l_x "]);
        if kind.contains("l_x") && columns.iter().any(|column| column.0 == "l_x") {
            return;
        }
        let limit = *self.rng.pick(&["", "", " limit 2"]);
        let (data_type, to) = *self.rng.pick(&[
            (DataType::Dynamic, ""),
            (DataType::Long, " to typeof(long)"),
            (DataType::Real, " to typeof(real)"),
            (DataType::Bool, " to typeof(bool)"),
            (DataType::Datetime, " to typeof(datetime)"),
            (DataType::String, " to typeof(string)"),
        ]);
        let second = if first == second { "pack_array(7, \"z\")".to_owned() } else { second };
        self.plain(format!("mv-expand {kind}{first}, x_v = {second}{to}{limit}"), columns);
        self.shape.set("x_v", data_type);
        if kind.contains("l_x") {
            self.shape.set("l_x", DataType::Long);
        }
        self.operators.push(Piece::plain("project-away x_v"));
        self.shape.columns.retain(|column| column.0 != "x_v");
    }

    fn parse_regex(&mut self) {
        let Some(name) = self.named(DataType::String) else { return };
        let columns = self.shape.columns.clone();
        let (kind, pattern) = *self.rng.pick(&[
            ("regex", "* \"[a-c]+\" s_p"),
            ("regex", "s_p \"[=;]\" *"),
            ("regex", "s_p \"[0-9]+\" s_q"),
            ("regex", "\"x=\" s_p \"[;,]\" s_q"),
            ("relaxed", "\"x=\" s_p \";\" *"),
            ("relaxed", "\"k=\" l_p:long \";\" s_q"),
            ("simple", "* \"x=\" l_p:long \";\" *"),
            ("simple", "* \"-\" s_p \"-\" s_q"),
        ]);
        let operator = *self.rng.pick(&["parse", "parse-where"]);
        self.plain(format!("{operator} kind={kind} {name} with {pattern}"), columns);
        for (column, data_type) in [("s_p", DataType::String), ("s_q", DataType::String), ("l_p", DataType::Long)] {
            if pattern.contains(column) {
                self.shape.set(column, data_type);
            }
        }
    }

    /// Functions of the query's own that take a table.
    fn invoke(&mut self) {
        let (Some(unique), false) = (self.shape.unique.clone(), self.is_nested) else { return };
        if unique != "id" || self.context.functions.is_empty() {
            return;
        }
        let columns = self.shape.columns.clone();
        let call = *self.rng.pick(&["g()", "g(3)", "g(n = 1)"]);
        self.plain(format!("invoke {call}"), columns);
        self.shape.set("l_g", DataType::Long);
        self.shape.unique = Some(unique);
    }

    fn series(&mut self) {
        let key = self.named(DataType::String).filter(|_| self.rng.one_in(2));
        let by = key.as_ref().map(|key| format!(" by {key}")).unwrap_or_default();
        let number = self.named(DataType::Int).or_else(|| self.named(DataType::Long));
        let aggregate = match (self.rng.below(6), number) {
            (0, Some(number)) => format!("avg({number}) default = real(null)"),
            (1, Some(number)) => format!("min({number})"),
            (2, Some(number)) => format!("max({number}) default = -1"),
            (3, Some(number)) => format!("dcount({number})"),
            (4, Some(number)) => format!("countif({number} > 1)"),
            _ => "count() default = 0".to_owned(),
        };
        let (axis, bounds) = match self.rng.below(2) {
            0 => (
                self.named(DataType::Long),
                *self.rng.pick(&["from -10 to 45 step 5", "from 0 to 4 step 3", "from 7 to 7 step 1"]),
            ),
            _ => (
                self.named(DataType::Datetime),
                *self.rng.pick(&[
                    "from datetime(2023-12-31T12:00) to datetime(2024-03-02) step 3d",
                    "from datetime(2026-01-01) to datetime(2026-01-20) step 100h",
                ]),
            ),
        };
        let Some(axis) = axis else { return };
        let text = format!("make-series y_m = {aggregate}, y_o = count() on {axis} {bounds}{by}");
        let mut columns: Vec<(String, DataType)> = key.into_iter().map(|key| (key, DataType::String)).collect();
        columns
            .extend([("y_m", DataType::Dynamic), ("y_o", DataType::Dynamic)].map(|(name, of)| (name.to_owned(), of)));
        columns.push((axis, DataType::Dynamic));
        self.plain(text, columns);
    }

    fn distinct_all(&mut self) {
        let columns = self.shape.columns.clone();
        let unique = self.shape.unique.clone();
        self.plain("distinct *".to_owned(), columns);
        self.shape.unique = unique;
    }
}
