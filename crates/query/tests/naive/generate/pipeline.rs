//! Random pipelines.

use kql::syntax::DataType;

use super::expressions::Expressions;
use super::joins;
use super::literals::literal;
use super::{Generated, Piece, Rng, Shape, TYPES, name_for, table};

/// What a pipeline may refer to.
pub struct Context {
    pub tables: Vec<(String, Shape)>,
    pub scalars: Vec<(String, DataType)>,
    pub subqueries: Vec<(String, DataType)>,
    /// Functions of a table, which add a column.
    pub functions: Vec<String>,
}

/// Makes the operators of one pipeline.
pub struct Builder<'a> {
    pub rng: &'a mut Rng,
    pub context: &'a Context,
    pub shape: Shape,
    pub operators: Vec<Piece>,
    pub is_ordered: bool,
    pub has_bags: bool,
    pub is_nested: bool,
    /// The columns are not known any more.
    pub is_finished: bool,
}

/// Operators in one pipeline.
const OPERATORS_MAX: usize = 5;
/// Depth of expressions.
const DEPTH_MAX: usize = 3;

pub fn query(rng: &mut Rng, stored: &[(String, Shape)]) -> Generated {
    let mut generated = Generated::default();
    let mut context =
        Context { tables: Vec::new(), scalars: Vec::new(), subqueries: Vec::new(), functions: Vec::new() };
    if stored.is_empty() || !rng.one_in(3) {
        for name in ["T", "U"] {
            let (literal, shape) = table(rng, name);
            generated.tables.push(literal);
            context.tables.push((name.to_owned(), shape));
        }
    } else {
        context.tables.extend(stored.iter().cloned());
    }
    definitions(rng, &mut generated, &mut context);
    let (source, shape) = source(rng, &context);
    let mut builder = Builder::new(rng, &context, shape, false);
    builder.operators();
    generated.source = source;
    generated.is_ordered = builder.is_ordered;
    generated.has_bags = builder.has_bags;
    generated.operators = builder.operators;
    generated
}

/// A table, or rows that the query makes.
fn source(rng: &mut Rng, context: &Context) -> (String, Shape) {
    let (name, shape) = rng.pick(&context.tables).clone();
    let of = |name: &str, data_type: DataType| Shape {
        columns: vec![(name.to_owned(), data_type)],
        unique: Some(name.to_owned()),
    };
    match rng.below(16) {
        0 => {
            let bounds = *rng.pick(&[
                "1 to 5 step 1",
                "-7 to 9 step 4",
                "5 to -5 step -3",
                "1 to 0 step 1",
                "int(1) to 4 step 1",
            ]);
            (format!("range l_x from {bounds}"), of("l_x", DataType::Long))
        }
        1 => {
            let bounds = *rng.pick(&[
                "datetime(2024-02-28) to datetime(2024-03-02) step 12h",
                "datetime(2024-03-02) to datetime(2024-02-28) step -1d",
                "datetime(9999-12-30) to datetime(9999-12-31T23:59:59) step 1d",
            ]);
            (format!("range d_x from {bounds}"), of("d_x", DataType::Datetime))
        }
        2 if shape.unique.as_deref() == Some("id") && context.tables.len() > 1 && !name.contains('(') => {
            let other = &context.tables[0].0;
            let condition = *rng.pick(&["id > 2", "id between (1 .. 4)", "id != 3"]);
            let columns = vec![("id".to_owned(), DataType::Long)];
            let text = format!("find withsource=s_w in ({other}, {name}) where {condition} project id | project id");
            (text, Shape { columns, unique: None })
        }
        _ => (name, shape),
    }
}

/// Scalars, subqueries, views and functions by `let`.
fn definitions(rng: &mut Rng, generated: &mut Generated, context: &mut Context) {
    for index in 0..rng.below(3) {
        let name = format!("k{index}");
        let data_type = *rng.pick(TYPES);
        if rng.one_in(3)
            && let Some((source, shape)) = context.tables.first().cloned()
            && let Some(column) = shape.names(DataType::Long).first()
        {
            generated.lets.push(format!("let {name} = toscalar({source} | summarize max({column}))"));
            context.scalars.push((name, DataType::Long));
        } else if data_type != DataType::Dynamic {
            generated.lets.push(format!("let {name} = {}", literal(rng, data_type, false)));
            context.scalars.push((name, data_type));
        }
    }
    if rng.one_in(6) {
        generated.lets.push("let f = (x:long, y:string = \"abc\") { strlen(y) + x * 2 }".to_owned());
        context.scalars.push(("f(3)".to_owned(), DataType::Long));
    }
    if rng.one_in(3) {
        let body = "T | where id > n | extend l_g = id * n";
        generated.lets.push(format!("let g = (T:(id:long, *), n:long = 2) {{ {body} }}"));
        context.functions.push("g".to_owned());
    }
    let (source, shape) = rng.pick(&context.tables).clone();
    for data_type in [DataType::String, DataType::Long, DataType::Int] {
        let names = shape.names(data_type);
        if rng.one_in(2) && !names.is_empty() {
            let column = rng.pick(&names);
            context.subqueries.push((format!("{source} | where isnotempty({column}) | project {column}"), data_type));
        }
    }
    if rng.one_in(4) {
        let (source, shape) = rng.pick(&context.tables).clone();
        let mut builder = Builder::new(rng, context, shape, true);
        builder.where_();
        if builder.rng.one_in(2) {
            builder.extend();
        }
        let (shape, operators) = (builder.shape, builder.operators);
        let body: String = operators.iter().map(|operator| format!(" | {}", operator.text())).collect();
        let text = match rng.below(3) {
            0 => format!("let V = {source}{body}"),
            1 => format!("let V = materialize({source}{body})"),
            _ => format!("let V = view () {{ {source}{body} }}"),
        };
        let name = if text.contains("view") { "V()" } else { "V" };
        generated.lets.push(text);
        context.tables.push((name.to_owned(), shape));
    }
}

impl<'a> Builder<'a> {
    pub fn new(rng: &'a mut Rng, context: &'a Context, shape: Shape, is_nested: bool) -> Self {
        Self {
            rng,
            context,
            shape,
            operators: Vec::new(),
            is_ordered: false,
            has_bags: false,
            is_nested,
            is_finished: false,
        }
    }

    fn operators(&mut self) {
        for _ in 0..1 + self.rng.below(OPERATORS_MAX) {
            if self.is_finished {
                return;
            }
            match self.rng.below(32) {
                26..=31 => self.rare_operator(),
                0..=3 => self.where_(),
                4..=6 => self.extend(),
                7 | 8 => self.project(),
                9 => self.choose_columns(),
                10..=12 => self.summarize(),
                13 => self.distinct(),
                14 | 15 => self.sort(),
                16 | 17 => joins::join(self),
                18 => joins::union(self),
                19 => self.mv_expand(),
                20 => self.parse(),
                21 | 22 => self.window(),
                23 | 24 => self.mv_apply(),
                _ => self.finish(),
            }
        }
    }

    pub fn expression(&mut self, data_type: DataType) -> String {
        let depth = self.rng.below(DEPTH_MAX + 1);
        self.expressions().of(data_type, depth)
    }

    fn expressions(&mut self) -> Expressions<'_> {
        Expressions {
            rng: self.rng,
            columns: &self.shape.columns,
            scalars: &self.context.scalars,
            subqueries: &self.context.subqueries,
        }
    }

    fn push(&mut self, piece: Piece) {
        self.operators.push(piece);
    }

    pub fn where_(&mut self) {
        let depth = self.rng.below(DEPTH_MAX + 1);
        let predicate = self.expressions().bool(depth);
        self.push(Piece::plain(format!("where {predicate}")));
    }

    /// New columns, none of which is the unique one; a name at most once.
    fn new_columns(&mut self) -> Vec<(String, DataType, String)> {
        let mut columns: Vec<(String, DataType, String)> = Vec::new();
        for _ in 0..1 + self.rng.below(3) {
            let data_type = *self.rng.pick(TYPES);
            let name = name_for(self.rng, data_type);
            if !columns.iter().any(|column| column.0 == name) {
                let expression = self.expression(data_type);
                columns.push((name, data_type, expression));
            }
        }
        columns
    }

    pub fn extend(&mut self) {
        let columns = self.new_columns();
        let items = columns.iter().map(|(name, _, expression)| format!("{name} = {expression}")).collect();
        for (name, data_type, _) in &columns {
            self.shape.set(name, *data_type);
        }
        self.push(Piece::new("extend", items, ""));
    }

    fn project(&mut self) {
        let columns = self.new_columns();
        let mut kept: Vec<(String, DataType)> = Vec::new();
        for column in self.shape.columns.clone() {
            let is_new = columns.iter().any(|other| other.0 == column.0);
            if !is_new && (self.shape.unique.as_ref() == Some(&column.0) || self.rng.one_in(2)) {
                kept.push(column);
            }
        }
        let mut items: Vec<String> = kept.iter().map(|column| column.0.clone()).collect();
        items.extend(columns.iter().map(|(name, _, expression)| format!("{name} = {expression}")));
        kept.extend(columns.into_iter().map(|(name, data_type, _)| (name, data_type)));
        self.shape.columns = kept;
        self.push(Piece::new("project", items, ""));
    }

    /// `project-away`, `-keep`, `-rename`, `-reorder`.
    fn choose_columns(&mut self) {
        let others: Vec<(String, DataType)> =
            self.shape.columns.iter().filter(|column| Some(&column.0) != self.shape.unique.as_ref()).cloned().collect();
        if others.len() < 2 {
            return;
        }
        let chosen = self.rng.pick(&others).clone();
        match self.rng.below(4) {
            0 => {
                self.shape.columns.retain(|column| *column != chosen);
                self.push(Piece::plain(format!("project-away {}", chosen.0)));
            }
            1 => {
                let unique = self.shape.unique.clone();
                self.shape.columns.retain(|column| *column == chosen || Some(&column.0) == unique.as_ref());
                let names: Vec<String> = self.shape.columns.iter().map(|column| column.0.clone()).collect();
                self.push(Piece::new("project-keep", names, ""));
            }
            2 => {
                let new = format!("{}n", chosen.0);
                if self.shape.columns.iter().all(|column| column.0 != new) {
                    self.shape
                        .columns
                        .iter_mut()
                        .filter(|column| **column == chosen)
                        .for_each(|column| column.0.clone_from(&new));
                    self.push(Piece::plain(format!("project-rename {new} = {}", chosen.0)));
                }
            }
            _ => self.push(Piece::plain(format!("project-reorder {}", chosen.0))),
        }
    }

    fn distinct(&mut self) {
        let mut names: Vec<String> = Vec::new();
        for (name, data_type) in self.shape.columns.clone() {
            if data_type != DataType::Dynamic && Some(&name) != self.shape.unique.as_ref() && self.rng.one_in(2) {
                names.push(name);
            }
        }
        if !names.is_empty() {
            self.shape.columns.retain(|column| names.contains(&column.0));
            names = self.shape.columns.iter().map(|column| column.0.clone()).collect();
            self.shape.unique = None;
            self.is_ordered = false;
            self.push(Piece::new("distinct", names, ""));
        }
    }

    /// A total order, perhaps with `take`; or `top`.
    fn sort(&mut self) {
        let Some(unique) = self.shape.unique.clone() else { return };
        let sortable: Vec<String> = self
            .shape
            .columns
            .iter()
            .filter(|column| column.1 != DataType::Dynamic)
            .map(|column| column.0.clone())
            .collect();
        let mut keys = Vec::new();
        for _ in 0..self.rng.below(3) {
            let column = self.rng.pick(&sortable);
            let order = *self.rng.pick(&["", " asc", " desc", " asc nulls last", " desc nulls first"]);
            keys.push(format!("{column}{order}"));
        }
        keys.push(format!("{unique}{}", self.rng.pick(&["", " asc", " desc"])));
        self.is_ordered = true;
        match self.rng.below(3) {
            0 => self.push(Piece::plain(format!("sort by {}", keys.join(", ")))),
            1 => {
                self.push(Piece::plain(format!("order by {}", keys.join(", "))));
                let count = self.rng.below(6);
                self.push(Piece::plain(format!("take {count}")));
            }
            _ => {
                let count = self.rng.below(6);
                let key = keys.last().expect("a key");
                let nulls = *self.rng.pick(&["", "", " nulls first", " nulls last"]);
                self.push(Piece::plain(format!("top {count} by {key}{nulls}")));
            }
        }
    }

    fn summarize(&mut self) {
        let mut keys: Vec<(String, DataType, String)> = Vec::new();
        for _ in 0..self.rng.below(3) {
            let data_type = *self.rng.pick(&[
                DataType::String,
                DataType::String,
                DataType::Int,
                DataType::Bool,
                DataType::Datetime,
            ]);
            let name = format!("k{}", name_for(self.rng, data_type));
            let expression = self.expression(data_type);
            if !keys.iter().any(|key| key.0 == name) {
                keys.push((name, data_type, expression));
            }
        }
        let mut aggregates: Vec<(String, DataType, String)> = Vec::new();
        for index in 0..1 + self.rng.below(3) {
            let (data_type, expression) = self.aggregate();
            let letter = name_for(self.rng, data_type);
            aggregates.push((format!("{}{}", &letter[..1], ["_ax", "_bx", "_cx"][index]), data_type, expression));
        }
        let is_taken = keys.iter().any(|key| self.shape.columns.iter().any(|column| column.0 == key.0));
        if let Some(unique) = self.shape.unique.clone().filter(|_| self.rng.one_in(5) && !is_taken) {
            self.arg_max(&unique, &keys);
            return;
        }
        let text = |columns: &[(String, DataType, String)]| -> Vec<String> {
            columns.iter().map(|(name, _, expression)| format!("{name} = {expression}")).collect()
        };
        let tail = if keys.is_empty() { String::new() } else { format!(" by {}", text(&keys).join(", ")) };
        self.shape.columns = keys.iter().chain(&aggregates).map(|column| (column.0.clone(), column.1)).collect();
        self.shape.unique = None;
        self.is_ordered = false;
        self.push(Piece::new("summarize", text(&aggregates), tail));
    }

    /// `arg_max(id, *)` by plain columns.
    fn arg_max(&mut self, unique: &str, keys: &[(String, DataType, String)]) {
        let name = *self.rng.pick(&["arg_max", "arg_min"]);
        let by: Vec<String> = keys.iter().map(|(name, _, expression)| format!("{name} = {expression}")).collect();
        let tail = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ")) };
        let mut columns: Vec<(String, DataType)> = keys.iter().map(|key| (key.0.clone(), key.1)).collect();
        columns.extend(self.shape.columns.iter().find(|column| column.0 == unique).cloned());
        for column in &self.shape.columns {
            if column.0 != unique && !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        self.shape.columns = columns;
        self.is_ordered = false;
        self.shape.unique = (!by.is_empty()).then(|| unique.to_owned());
        self.push(Piece::plain(format!("summarize {name}({unique}, *){tail}")));
    }

    fn aggregate(&mut self) -> (DataType, String) {
        use DataType::{Bool, Datetime, Dynamic, Int, Long, Real, String, Timespan};
        let number = *self.rng.pick(&[Int, Long, Real]);
        let scalar = *self.rng.pick(&[Int, Long, Real, Datetime, Timespan, String]);
        let ordered = *self.rng.pick(&[Int, Long, Real, Datetime, Timespan]);
        let summed = if number == Real { Real } else { Long };
        match self.rng.below(12) {
            0 | 1 => (Long, "count()".to_owned()),
            2 => (Long, format!("countif({})", self.expression(Bool))),
            3 => (summed, format!("sum({})", self.expression(number))),
            4 => (summed, format!("sumif({}, {})", self.expression(number), self.expression(Bool))),
            5 => (Real, format!("avg({})", self.expression(number))),
            6 => (ordered, format!("{}({})", self.rng.pick(&["min", "max"]), self.expression(ordered))),
            7 => (
                ordered,
                format!(
                    "{}({}, {})",
                    self.rng.pick(&["minif", "maxif"]),
                    self.expression(ordered),
                    self.expression(Bool)
                ),
            ),
            8 => (Long, format!("{}({})", self.rng.pick(&["dcount", "count_distinct"]), self.expression(scalar))),
            9 => (Long, format!("dcountif({}, {})", self.expression(scalar), self.expression(Bool))),
            10 => {
                let function = *self.rng.pick(&["make_list_if", "make_set_if"]);
                (Long, format!("array_length({function}({}, {}))", self.expression(scalar), self.expression(Bool)))
            }
            _ => {
                self.has_bags = true;
                let function = *self.rng.pick(&["make_set", "make_list"]);
                let list = format!("{function}({})", self.expression(scalar));
                if self.is_nested || scalar == Real || self.rng.one_in(2) {
                    (Long, format!("array_length({list})"))
                } else {
                    (Dynamic, format!("array_sort_asc({list})"))
                }
            }
        }
    }

    fn mv_expand(&mut self) {
        let names = self.shape.names(DataType::Dynamic);
        if names.is_empty() {
            return;
        }
        let name = self.rng.pick(&names).clone();
        self.is_ordered = false;
        self.shape.unique = None;
        match self.rng.below(5) {
            0 => {
                let data_type = *self.rng.pick(&[DataType::String, DataType::Long]);
                let new = format!("{}e", name_for(self.rng, data_type));
                self.shape.set(&new, data_type);
                self.push(Piece::plain(format!("mv-expand {new} = {name} to typeof({})", data_type.name())));
            }
            1 => {
                self.shape.set("l_ix", DataType::Long);
                self.push(Piece::plain(format!("mv-expand with_itemindex=l_ix {name}")));
            }
            2 => {
                self.shape.set("y_e", DataType::Dynamic);
                self.push(Piece::plain(format!("mv-expand y_e = pack_array(1, \"b\", {name})")));
            }
            _ => self.push(Piece::plain(format!("mv-expand {name}"))),
        }
    }

    /// A total order and what looks at the rows beside.
    fn window(&mut self) {
        let Some(unique) = self.shape.unique.clone() else { return };
        let sortable: Vec<(String, DataType)> =
            self.shape.columns.iter().filter(|column| column.1 != DataType::Dynamic).cloned().collect();
        let (name, data_type) = self.rng.pick(&sortable).clone();
        let order = *self.rng.pick(&["asc", "desc"]);
        self.push(Piece::plain(format!("sort by {unique} {order}")));
        self.is_ordered = true;
        let (data_type, expression) = match self.rng.below(4) {
            0 => (DataType::Long, "row_number()".to_owned()),
            1 => (data_type, format!("prev({name})")),
            2 => (data_type, format!("next({name}, {})", 1 + self.rng.below(2))),
            _ => (data_type, format!("iff(row_number() > 2, prev({name}, 2), {name})")),
        };
        let new = format!("{}w", name_for(self.rng, data_type));
        self.shape.set(&new, data_type);
        self.push(Piece::plain(format!("extend {new} = {expression}")));
    }

    fn mv_apply(&mut self) {
        let names = self.shape.names(DataType::Dynamic);
        let is_taken = self.shape.columns.iter().any(|column| matches!(column.0.as_str(), "s_m" | "l_m"));
        if names.is_empty() || is_taken {
            return;
        }
        let name = self.rng.pick(&names).clone();
        self.is_ordered = false;
        self.shape.unique = None;
        let (body, columns): (&str, &[(&str, DataType)]) = *self.rng.pick(&[
            ("where s_m has \"a\"", &[("s_m", DataType::String)][..]),
            ("summarize l_m = countif(isnotempty(s_m))", &[("l_m", DataType::Long)]),
            ("extend l_m = strlen(s_m)", &[("s_m", DataType::String), ("l_m", DataType::Long)]),
            ("where isnotempty(s_m) | project l_m = strlen(s_m)", &[("l_m", DataType::Long)]),
        ]);
        for (name, data_type) in columns {
            self.shape.set(name, *data_type);
        }
        self.push(Piece::plain(format!("mv-apply s_m = {name} to typeof(string) on ({body})")));
    }

    fn parse(&mut self) {
        let names = self.shape.names(DataType::String);
        if names.is_empty() {
            return;
        }
        let name = self.rng.pick(&names).clone();
        let (pattern, columns): (&str, &[(&str, DataType)]) = *self.rng.pick(&[
            ("\"x=\" l_p:long \";\" s_p", &[("l_p", DataType::Long), ("s_p", DataType::String)][..]),
            ("* \"=\" s_p \";\" *", &[("s_p", DataType::String)]),
            ("s_p \" \" s_q", &[("s_p", DataType::String), ("s_q", DataType::String)]),
            ("s_p \"-\" *", &[("s_p", DataType::String)]),
            ("* \"a\" s_p", &[("s_p", DataType::String)]),
        ]);
        let operator = *self.rng.pick(&["parse", "parse", "parse-where"]);
        for (name, data_type) in columns {
            self.shape.set(name, *data_type);
        }
        self.push(Piece::plain(format!("{operator} {name} with {pattern}")));
    }

    /// `count`, or a series.
    fn finish(&mut self) {
        let datetimes = self.shape.names(DataType::Datetime);
        if datetimes.is_empty() || self.rng.one_in(2) {
            self.shape =
                Shape { columns: vec![("Count".to_owned(), DataType::Long)], unique: Some("Count".to_owned()) };
            self.is_ordered = false;
            self.push(Piece::plain("count"));
            return;
        }
        let axis = self.rng.pick(&datetimes).clone();
        let size = *self.rng.pick(&["1d", "7d", "36h"]);
        let key = self.shape.names(DataType::String).first().cloned().filter(|_| self.rng.one_in(2));
        let by = key.as_ref().map(|key| format!(" by {key}")).unwrap_or_default();
        let aggregate = match self.shape.names(DataType::Int).first().filter(|_| self.rng.one_in(2)) {
            Some(column) => format!("sum({column})"),
            None => "count()".to_owned(),
        };
        self.push(Piece::plain(format!(
            "make-series y_n = {aggregate} default=0 on {axis} from datetime(2023-12-25) to datetime(2024-03-05) step {size}{by}"
        )));
        let mut columns: Vec<(String, DataType)> = key.into_iter().map(|name| (name, DataType::String)).collect();
        columns.extend([("y_n".to_owned(), DataType::Dynamic), (axis, DataType::Dynamic)]);
        self.shape = Shape { columns, unique: None };
        self.is_ordered = false;
    }
}
