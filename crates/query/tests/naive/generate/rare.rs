//! Expressions that are made less often than those in `expressions`.

use kql::syntax::DataType;
use kql::syntax::DataType::{Bool, Datetime, Dynamic, Int, Long, Real, String as Text, Timespan};

use super::expressions::Expressions;
use super::literals;

impl Expressions<'_> {
    /// A rarer expression of a type; `None` when there is none.
    pub fn rare(&mut self, data_type: DataType, depth: usize) -> Option<String> {
        Some(match data_type {
            Bool => self.rare_bool(depth),
            Long => self.rare_long(depth),
            Real => self.rare_real(depth),
            Text => self.rare_string(depth),
            Dynamic => self.rare_dynamic(depth),
            Datetime => match self.rng.below(3) {
                2 => format!(
                    "bin_at({}, {}, {})",
                    self.of(Datetime, depth),
                    literals::size(self.rng),
                    self.of(Datetime, 0)
                ),
                0 => format!("unixtime_seconds_todatetime({})", self.rng.pick(&["0", "1709210096", "-1", "1e9"])),
                _ => format!("max_of({}, {})", self.of(Datetime, depth), self.of(Datetime, depth)),
            },
            Timespan => match self.rng.below(5) {
                3 => format!(
                    "bin_at({}, {}, {})",
                    self.of(Timespan, depth),
                    literals::size(self.rng),
                    self.of(Timespan, 0)
                ),
                4 => format!("({} / {})", self.of(Timespan, depth), self.rng.pick(&["2", "-3", "0", "1.5"])),
                0 => format!("abs({})", self.of(Timespan, depth)),
                1 => format!("min_of({}, {})", self.of(Timespan, depth), self.of(Timespan, depth)),
                _ => format!("({} % {})", self.of(Timespan, depth), literals::size(self.rng)),
            },
            Int | DataType::Decimal | DataType::Guid => return None,
        })
    }

    fn rare_bool(&mut self, depth: usize) -> String {
        match self.rng.below(7) {
            0 => format!("tobool({})", self.of(Text, depth)),
            1 => format!("bag_has_key({}, {})", self.of_column(), self.rng.pick(&["\"a\"", "\"b\"", "\"c\""])),
            2 => format!("({} == {})", self.of_column(), literals::part(self.rng)),
            3 => format!("({}.b == {})", self.of_column(), literals::part_not_empty(self.rng)),
            4 => format!("isascii({})", self.of(Text, depth)),
            5 => format!("({} == {})", self.of(Bool, depth), self.of(Bool, depth)),
            _ => format!("isnotempty({})", self.of(Long, depth)),
        }
    }

    fn rare_long(&mut self, depth: usize) -> String {
        match self.rng.below(16) {
            13 => {
                format!("bin_at({}, {}, {})", self.of(Long, depth), self.rng.pick(&["3", "7", "100"]), self.of(Long, 0))
            }
            14 => format!("bin({}, {})", self.of(Long, depth), self.of(Long, 0)),
            15 => format!("tolong({}{})", self.of_column(), literals::steps(self.rng)),
            11 => format!("extract(\"([0-9]+)\", 1, {}, typeof(long))", self.of(Text, depth)),
            12 => format!("extract_json(\"$.a\", {}, typeof(long))", self.of(Text, depth)),
            0 => format!("strcmp({}, {})", self.of(Text, depth), self.of(Text, depth)),
            1 => format!(
                "countof({}, {}, \"regex\")",
                self.of(Text, depth),
                self.rng.pick(&["\"[a-z]\"", "\"a.c\"", "\"o+\""])
            ),
            2 => format!("has_any_index({}, dynamic([\"foo\", \"abc\", \"cmd\"]))", self.of(Text, depth)),
            3 => format!("array_index_of({}, {})", self.array(depth), self.rng.pick(&["\"a\"", "\"foo\"", "\"\""])),
            4 => format!("binary_not({})", self.of(Long, depth)),
            5 => format!("binary_shift_left({}, {})", self.rng.below(100), self.rng.below(40)),
            6 => format!("binary_shift_right({}, {})", self.of(Long, depth), self.rng.below(40)),
            7 => format!("string_size({})", self.of(Text, depth)),
            8 => format!("tolong({})", self.of(Bool, depth)),
            9 => format!("array_length(bag_keys({}))", self.of_column()),
            _ => format!("iff({}, {}, {})", self.of(Bool, depth), self.of(Int, depth), self.of(Long, depth)),
        }
    }

    fn rare_real(&mut self, depth: usize) -> String {
        match self.rng.below(8) {
            0 => format!("ceiling({})", self.of(Real, depth)),
            1 => format!("sqrt(abs({}))", self.of(Real, depth)),
            2 => format!("pow({}, 2)", self.of(Real, depth)),
            3 => format!("sign({})", self.of(Real, depth)),
            4 => format!("round({})", self.of(Real, depth)),
            5 => format!("max_of({}, {})", self.of(Real, depth), self.of(Long, depth)),
            6 => format!("toreal({}.a)", self.of_column()),
            _ => format!("({} % {})", self.of(Real, depth), self.rng.pick(&["2.5", "real(-4)", "3"])),
        }
    }

    fn rare_string(&mut self, depth: usize) -> String {
        match self.rng.below(9) {
            8 => format!("tostring({}{})", self.of_column(), literals::steps(self.rng)),
            0 => format!("tohex({})", self.of(Long, depth)),
            1 => format!("gettype({})", self.of(Dynamic, depth)),
            2 => format!("translate(\"abc\", \"xy\", {})", self.of(Text, depth)),
            3 => format!("extract_json(\"$.a\", {})", self.of(Text, depth)),
            4 => format!("strcat({}, {})", self.of(Long, depth), self.of(Datetime, depth)),
            5 => format!("tostring(extract_all(\"([a-z])([0-9])?\", {}))", self.of(Text, depth)),
            6 => format!("strrep({}, {})", self.of(Text, depth), self.rng.below(3)),
            _ => format!("tostring(bag_pack(\"k\", {}, \"v\", {}))", self.of(Text, depth), self.of(Timespan, depth)),
        }
    }

    fn rare_dynamic(&mut self, depth: usize) -> String {
        match self.rng.below(9) {
            7 | 8 => format!("{}{}", self.of_column(), literals::steps(self.rng)),
            0 => format!("extract_all(\"([a-z]+)\", {})", self.of(Text, depth)),
            1 => format!("bag_keys({})", self.of(Dynamic, depth)),
            2 => format!("bag_merge({}, {})", self.of(Dynamic, depth), self.of(Dynamic, depth)),
            3 => format!("array_concat({}, {})", self.array(depth), self.array(depth)),
            4 => {
                format!("pack_array({}, {}, {})", self.of(Datetime, depth), self.of(Bool, depth), self.of(Real, depth))
            }
            5 => format!("todynamic({})", self.of(Dynamic, depth)),
            _ => format!("iff({}, {}, {})", self.of(Bool, depth), self.of(Dynamic, depth), self.of(Dynamic, depth)),
        }
    }
}
