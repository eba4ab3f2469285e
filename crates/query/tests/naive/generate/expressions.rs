//! Random expressions of a wanted type over the columns at hand.

use kql::syntax::DataType;

use super::literals::{self, literal};
use super::rng::Rng;

/// The columns that an expression may use.
pub type Columns = [(String, DataType)];

/// Makes expressions.
pub struct Expressions<'a> {
    pub rng: &'a mut Rng,
    pub columns: &'a Columns,
    /// Names of scalar `let`s, and calls of functions of the query's own.
    pub scalars: &'a Columns,
    /// One-column subqueries: text, and the column's type.
    pub subqueries: &'a Columns,
}

use DataType::{Bool, Datetime, Dynamic, Int, Long, Real, String as Text, Timespan};

impl Expressions<'_> {
    fn leaf(&mut self, data_type: DataType) -> String {
        let names = |columns: &Columns| -> Vec<String> {
            columns.iter().filter(|column| column.1 == data_type).map(|column| column.0.clone()).collect()
        };
        let mut candidates = names(self.columns);
        candidates.extend(names(self.scalars));
        if candidates.is_empty() || self.rng.one_in(6) {
            return literal(self.rng, data_type, true);
        }
        self.rng.pick(&candidates).clone()
    }

    /// An expression of a type, at most `depth` operators deep.
    pub fn of(&mut self, data_type: DataType, depth: usize) -> String {
        if depth == 0 || self.rng.one_in(4) {
            return self.leaf(data_type);
        }
        let depth = depth - 1;
        if self.rng.one_in(8)
            && let Some(expression) = self.rare(data_type, depth)
        {
            return expression;
        }
        if self.rng.one_in(12) && data_type != Bool {
            return self.choice(data_type, depth);
        }
        match data_type {
            Bool => self.bool(depth),
            Int => self.int(depth),
            Long => self.long(depth),
            Real | DataType::Decimal => self.real(depth),
            Datetime => self.datetime(depth),
            Timespan => self.timespan(depth),
            Text => self.string(depth),
            Dynamic => self.dynamic(depth),
            DataType::Guid => self.leaf(DataType::Guid),
        }
    }

    /// `iff`, `case`, `coalesce`.
    fn choice(&mut self, data_type: DataType, depth: usize) -> String {
        let (first, second) = (self.of(data_type, depth), self.of(data_type, depth));
        let condition = self.of(Bool, depth);
        match self.rng.below(3) {
            0 => format!("iff({condition}, {first}, {second})"),
            1 => format!("case({condition}, {first}, {}, {second}, {first})", self.of(Bool, depth)),
            _ if data_type == Dynamic => first,
            _ => format!("coalesce({first}, {second})"),
        }
    }

    fn simple_type(&mut self) -> DataType {
        *self.rng.pick(&[Int, Long, Real, Datetime, Timespan, Text, Text])
    }

    pub fn bool(&mut self, depth: usize) -> String {
        match self.rng.below(14) {
            0 | 1 => {
                let data_type = self.simple_type();
                let other = match data_type {
                    Int | Long | Real => *self.rng.pick(&[Int, Long, Real]),
                    other => other,
                };
                let op = *self.rng.pick(if data_type == Text {
                    &["==", "!="][..]
                } else {
                    &["==", "!=", "<", "<=", ">", ">="]
                });
                format!("({} {op} {})", self.of(data_type, depth), self.of(other, depth))
            }
            2..=4 => self.string_test(depth),
            5 => self.membership(depth),
            6 => {
                let data_type = *self.rng.pick(&[Int, Long, Real, Datetime, Timespan]);
                let (value, low, high) = (self.of(data_type, depth), self.of(data_type, 0), self.of(data_type, 0));
                let not = if self.rng.one_in(4) { "!" } else { "" };
                format!("({value} {not}between ({low} .. {high}))")
            }
            7 => {
                let data_type = *self.rng.pick(&[Int, Long, Real, Datetime, Timespan, Dynamic]);
                format!("{}({})", self.rng.pick(&["isnull", "isnotnull"]), self.of(data_type, depth))
            }
            8 => format!("{}({})", self.rng.pick(&["isempty", "isnotempty"]), self.of(Text, depth)),
            9 => format!("not({})", self.of(Bool, depth)),
            10 => format!("({} and {})", self.of(Bool, depth), self.of(Bool, depth)),
            11 => format!("({} or {})", self.of(Bool, depth), self.of(Bool, depth)),
            12 => {
                let element = literal(self.rng, Text, false);
                format!("(set_has_element({}, {element}) == true)", self.array(depth))
            }
            _ => format!("({} matches regex {})", self.of(Text, depth), literals::regex(self.rng)),
        }
    }

    fn string_test(&mut self, depth: usize) -> String {
        const OPERATORS: &[&str] = &[
            "has",
            "!has",
            "has_cs",
            "!has_cs",
            "hasprefix",
            "!hasprefix",
            "hasprefix_cs",
            "hassuffix",
            "!hassuffix",
            "hassuffix_cs",
            "contains",
            "!contains",
            "contains_cs",
            "!contains_cs",
            "startswith",
            "!startswith",
            "startswith_cs",
            "!startswith_cs",
            "endswith",
            "!endswith",
            "endswith_cs",
            "=~",
            "!~",
            "==",
            "!=",
        ];
        let op = *self.rng.pick(OPERATORS);
        let left = if self.rng.one_in(8) && op.contains("has") { self.of(Dynamic, 0) } else { self.of(Text, depth) };
        let right = if self.rng.one_in(4) { self.of(Text, depth) } else { literals::part(self.rng) };
        format!("({left} {op} {right})")
    }

    fn membership(&mut self, depth: usize) -> String {
        if self.rng.one_in(3) && !self.subqueries.is_empty() {
            let (subquery, data_type) = self.rng.pick(self.subqueries).clone();
            let ops: &[&str] = if data_type == Text { &["in", "!in", "in~", "has_any"] } else { &["in", "!in"] };
            return format!("({} {} ({subquery}))", self.of(data_type, depth), self.rng.pick(ops));
        }
        let data_type = *self.rng.pick(&[Int, Long, Datetime, Text, Text, Text]);
        let ops: &[&str] =
            if data_type == Text { &["in", "!in", "in~", "!in~", "has_any", "has_all"] } else { &["in", "!in"] };
        let op = *self.rng.pick(ops);
        let n_items = 1 + self.rng.below(4);
        let items: Vec<String> = (0..n_items)
            .map(|_| match (data_type, op.starts_with("has")) {
                (Text, true) => literals::part_not_empty(self.rng),
                (other, _) => literal(self.rng, other, false),
            })
            .collect();
        let list = items.join(", ");
        if data_type == Text && self.rng.one_in(5) {
            return format!("({} {op} (dynamic([{list}])))", self.of(data_type, depth));
        }
        format!("({} {op} ({list}))", self.of(data_type, depth))
    }

    fn int(&mut self, depth: usize) -> String {
        match self.rng.below(5) {
            0 => format!("toint({})", self.of(Text, depth)),
            1 => format!("toint({})", self.of(Long, depth)),
            2 => format!(
                "{}({})",
                self.rng.pick(&["getyear", "monthofyear", "dayofmonth", "hourofday", "dayofyear"]),
                self.of(Datetime, depth)
            ),
            3 => format!("toint(bin({}, int({})))", self.of(Int, depth), self.rng.pick(&["1", "5", "10"])),
            _ => format!("toint({})", self.of(Real, depth)),
        }
    }

    fn whole(&mut self, depth: usize) -> String {
        let data_type = *self.rng.pick(&[Int, Long, Long]);
        self.of(data_type, depth)
    }

    fn long(&mut self, depth: usize) -> String {
        match self.rng.below(16) {
            0..=2 => {
                format!("({} {} {})", self.whole(depth), self.rng.pick(&["+", "-", "*", "/", "%"]), self.whole(depth))
            }
            3 => format!("strlen({})", self.of(Text, depth)),
            4 => format!("indexof({}, {})", self.of(Text, depth), literals::part_not_empty(self.rng)),
            5 => format!("countof({}, {})", self.of(Text, depth), literals::part_not_empty(self.rng)),
            6 => format!("tolong({})", self.of(Text, depth)),
            7 => format!("tolong({})", self.of(Real, depth)),
            8 => format!("array_length({})", self.of(Dynamic, depth)),
            9 => {
                let unit = *self.rng.pick(&[
                    "year",
                    "quarter",
                    "month",
                    "week",
                    "day",
                    "hour",
                    "minute",
                    "second",
                    "millisecond",
                ]);
                format!("datetime_diff('{unit}', {}, {})", self.of(Datetime, depth), self.of(Datetime, depth))
            }
            10 => {
                let part = *self.rng.pick(&[
                    "year",
                    "quarter",
                    "month",
                    "week_of_year",
                    "day",
                    "dayOfYear",
                    "hour",
                    "minute",
                    "second",
                ]);
                format!("tolong(datetime_part('{part}', {}))", self.of(Datetime, depth))
            }
            11 => format!("bin({}, {})", self.of(Long, depth), self.rng.pick(&["1", "5", "10", "1000"])),
            12 => format!(
                "{}({}, {})",
                self.rng.pick(&["binary_and", "binary_or", "binary_xor"]),
                self.whole(depth),
                self.whole(depth)
            ),
            13 => {
                format!("{}({}, {})", self.rng.pick(&["max_of", "min_of"]), self.of(Long, depth), self.of(Long, depth))
            }
            14 => format!("tolong({}.{})", self.of_column(), self.rng.pick(&["a", "b"])),
            _ => format!("tolong({}[{}])", self.of_column(), self.rng.pick(&["0", "1", "-1"])),
        }
    }

    fn real(&mut self, depth: usize) -> String {
        match self.rng.below(9) {
            0 | 1 => {
                let (left, right) = if self.rng.one_in(2) { (Real, Real) } else { (Real, Int) };
                format!("({} {} {})", self.of(left, depth), self.rng.pick(&["+", "-", "*"]), self.of(right, depth))
            }
            2 => format!("({} / {})", self.of(Real, depth), self.rng.pick(&["2.0", "0.5", "4", "real(-8)"])),
            3 => format!("toreal({})", self.whole(depth)),
            4 => format!("bin({}, {})", self.of(Real, depth), self.rng.pick(&["0.5", "1.0", "2.5"])),
            5 => format!("round({}, {})", self.of(Real, depth), self.rng.below(3)),
            6 => format!("({} / {})", self.of(Timespan, depth), literals::size(self.rng)),
            7 => format!("abs({})", self.of(Real, depth)),
            _ => format!("toreal({})", self.of(Text, 0)),
        }
    }

    fn datetime(&mut self, depth: usize) -> String {
        match self.rng.below(8) {
            0 | 1 => format!("({} {} {})", self.of(Datetime, depth), self.rng.pick(&["+", "-"]), self.of(Timespan, 0)),
            2 => format!("bin({}, {})", self.of(Datetime, depth), literals::size(self.rng)),
            3 => {
                let unit = *self.rng.pick(&["day", "week", "month", "year"]);
                format!("{}{unit}({})", self.rng.pick(&["startof", "endof"]), self.of(Datetime, depth))
            }
            4 => format!(
                "startof{}({}, {})",
                self.rng.pick(&["day", "week", "month", "year"]),
                self.of(Datetime, depth),
                self.rng.pick(&["-1", "1", "2"])
            ),
            5 => {
                let unit = *self.rng.pick(&["year", "quarter", "month", "week", "day", "hour", "minute", "second"]);
                format!(
                    "datetime_add('{unit}', {}, {})",
                    self.rng.pick(&["-1", "1", "13", "-5"]),
                    self.of(Datetime, depth)
                )
            }
            6 => format!("todatetime(tostring({}))", self.of(Datetime, depth)),
            _ => {
                (*self.rng.pick(&["now()", "ago(1d)", "ago(90s)", "now(-1h)", "make_datetime(2024, 2, 29)"])).to_owned()
            }
        }
    }

    fn timespan(&mut self, depth: usize) -> String {
        match self.rng.below(6) {
            0 => format!("({} {} {})", self.of(Timespan, depth), self.rng.pick(&["+", "-"]), self.of(Timespan, depth)),
            1 => format!("({} - {})", self.of(Datetime, depth), self.of(Datetime, depth)),
            2 => format!("({} * {})", self.of(Timespan, 0), self.rng.pick(&["2", "-3", "10"])),
            3 => format!("bin({}, {})", self.of(Timespan, depth), literals::size(self.rng)),
            4 => format!("totimespan(tostring({}))", self.of(Timespan, depth)),
            _ => format!("dayofweek({})", self.of(Datetime, depth)),
        }
    }

    fn string(&mut self, depth: usize) -> String {
        match self.rng.below(18) {
            0 | 1 => {
                format!("strcat({}, {}, {})", self.of(Text, depth), literals::part(self.rng), self.of(Text, depth))
            }
            2 => format!(
                "substring({}, {}, {})",
                self.of(Text, depth),
                self.rng.pick(&["0", "1", "3", "-2"]),
                self.rng.below(5)
            ),
            3 => format!("substring({}, {})", self.of(Text, depth), self.rng.below(4)),
            4 => format!("{}({})", self.rng.pick(&["tolower", "toupper"]), self.of(Text, depth)),
            5 => {
                let data_type = *self.rng.pick(&[Int, Long, Datetime, Timespan, Bool]);
                format!("tostring({})", self.of(data_type, depth))
            }
            6 => format!(
                "replace_string({}, {}, {})",
                self.of(Text, depth),
                literals::part_not_empty(self.rng),
                literals::part(self.rng)
            ),
            7 => format!(
                "replace_regex({}, {}, {})",
                self.of(Text, depth),
                literals::regex(self.rng),
                self.rng.pick(&["\"_\"", "@\"<\\0>\"", "\"\""])
            ),
            8 => format!(
                "extract({}, {}, {})",
                self.rng.pick(&["\"([a-z]+)=?([0-9]*)\"", "\"(a)(b)?(c)?\"", "\"([0-9]+)[.]([0-9]+)\""]),
                self.rng.below(3),
                self.of(Text, depth)
            ),
            9 => format!(
                "{}({}, {})",
                self.rng.pick(&["trim", "trim_start", "trim_end"]),
                self.rng.pick(&["\" +\"", "\"a\"", "\"[a-c]+\"", "\"[^a-z]+\""]),
                self.of(Text, depth)
            ),
            10 => format!(
                "tostring(split({}, {})[{}])",
                self.of(Text, depth),
                literals::part_not_empty(self.rng),
                self.rng.pick(&["0", "1", "-1"])
            ),
            11 => format!("strcat_array({}, {})", self.array(depth), literals::part(self.rng)),
            12 => format!("reverse({})", self.of(Text, depth)),
            13 => format!("tostring({}.{})", self.of_column(), self.rng.pick(&["a", "b", "a.b"])),
            14 => format!("tostring({})", self.of(Dynamic, depth)),
            15 => format!(
                "strcat_delim({}, {}, {})",
                literals::part(self.rng),
                self.of(Text, depth),
                self.of(Text, depth)
            ),
            16 => format!(
                "format_datetime({}, {})",
                self.of(Datetime, depth),
                self.rng.pick(&["'yyyy-MM-dd'", "'yyyy-MM-dd HH:mm:ss.fff'", "'HH:mm'", "'yy/M/d h:m:s'"])
            ),
            _ => format!("base64_encode_tostring({})", self.of(Text, depth)),
        }
    }

    /// An array of strings.
    pub fn array(&mut self, depth: usize) -> String {
        match self.rng.below(4) {
            0 => format!("split({}, {})", self.of(Text, depth), literals::part_not_empty(self.rng)),
            1 => format!("pack_array({}, {})", self.of(Text, depth), literal(self.rng, Text, false)),
            2 => format!("array_concat({}, {})", self.leaf_array(), self.leaf_array()),
            _ => self.leaf_array(),
        }
    }

    fn leaf_array(&mut self) -> String {
        (*self.rng.pick(&[
            "dynamic([])",
            "dynamic([\"a\",\"b\",\"abc\"])",
            "dynamic([\"foo\",\"FOO\",\"foo\"])",
            "dynamic([\"b\",\"a\"])",
        ]))
        .to_owned()
    }

    fn dynamic(&mut self, depth: usize) -> String {
        match self.rng.below(10) {
            0 => format!("parse_json({})", self.of(Text, 0)),
            1 => self.array(depth),
            2 => format!("pack_array({}, {}, {})", self.of(Long, depth), self.of(Text, depth), self.of(Dynamic, 0)),
            3 => format!("bag_pack(\"a\", {}, \"b\", {})", self.of(Long, depth), self.of(Text, depth)),
            4 => format!("{}.{}", self.of_column(), self.rng.pick(&["a", "b", "a.b"])),
            5 => format!("{}[{}]", self.of_column(), self.rng.pick(&["0", "1", "-1", "\"a\""])),
            6 => format!(
                "array_slice({}, {}, {})",
                self.array(depth),
                self.rng.below(2),
                self.rng.pick(&["1", "5", "-1"])
            ),
            7 => format!(
                "{}({}, {})",
                self.rng.pick(&["set_union", "set_intersect", "set_difference"]),
                self.array(depth),
                self.array(depth)
            ),
            8 => format!(
                "{}({})",
                self.rng.pick(&["array_sort_asc", "array_sort_desc", "array_reverse"]),
                self.array(depth)
            ),
            _ => format!("range({}, {}, {})", self.rng.below(3), self.rng.below(8), 1 + self.rng.below(3)),
        }
    }

    /// Something that a path can follow: a column, or a call.
    pub fn of_column(&mut self) -> String {
        let names: Vec<String> =
            self.columns.iter().filter(|column| column.1 == Dynamic).map(|column| column.0.clone()).collect();
        if names.is_empty() { format!("parse_json({})", self.of(Text, 0)) } else { self.rng.pick(&names).clone() }
    }
}
