//! Constants → text.

use std::fmt::Write;

use super::Printer;
use crate::literal::{TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND, civil_from_days};
use crate::syntax::{Dynamic, Literal};

/// Units a timespan is printed in, largest first.
const UNITS: &[(&str, i64)] = &[
    ("d", TICKS_PER_DAY),
    ("h", TICKS_PER_HOUR),
    ("m", TICKS_PER_MINUTE),
    ("s", TICKS_PER_SECOND),
    ("ms", 10_000),
    ("microseconds", 10),
    ("ticks", 1),
];

impl Printer {
    pub(super) fn literal(&mut self, literal: &Literal) {
        match literal {
            Literal::Bool(Some(value)) => self.text(if *value { "true" } else { "false" }),
            Literal::Int(Some(value)) => self.write(format_args!("int({value})")),
            Literal::Long(Some(value)) => self.write(format_args!("{value}")),
            Literal::Real(Some(value)) => self.real(*value),
            Literal::Decimal(Some(value)) => self.write(format_args!("decimal({value})")),
            Literal::Datetime(Some(ticks)) => self.datetime(*ticks),
            Literal::Timespan(Some(ticks)) => self.timespan(*ticks),
            Literal::Guid(Some(value)) => self.write(format_args!("guid({value})")),
            Literal::String { value, is_hidden } => self.string(value, *is_hidden),
            Literal::Dynamic(value) => {
                self.text("dynamic(");
                self.dynamic(value);
                self.text(")");
            }
            Literal::Bool(None)
            | Literal::Int(None)
            | Literal::Long(None)
            | Literal::Real(None)
            | Literal::Decimal(None)
            | Literal::Datetime(None)
            | Literal::Timespan(None)
            | Literal::Guid(None) => self.write(format_args!("{}(null)", literal.data_type().name())),
        }
    }

    fn write(&mut self, arguments: std::fmt::Arguments<'_>) {
        self.out.write_fmt(arguments).expect("a String takes everything");
    }

    fn real(&mut self, value: f64) {
        if value.is_nan() {
            self.text("real(nan)");
        } else if value.is_infinite() {
            self.text(if value > 0.0 { "real(+inf)" } else { "real(-inf)" });
        } else {
            // `{:?}` always has a point or an exponent.
            self.write(format_args!("{value:?}"));
        }
    }

    fn datetime(&mut self, ticks: i64) {
        let (year, month, day) = civil_from_days(ticks.div_euclid(TICKS_PER_DAY));
        let of_day = ticks.rem_euclid(TICKS_PER_DAY);
        self.write(format_args!("datetime({year:04}-{month:02}-{day:02}"));
        if of_day != 0 {
            let seconds = of_day / TICKS_PER_SECOND;
            let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
            self.write(format_args!("T{hours:02}:{minutes:02}:{seconds:02}"));
            if of_day % TICKS_PER_SECOND != 0 {
                self.write(format_args!(".{:07}", of_day % TICKS_PER_SECOND));
            }
            self.text("Z");
        }
        self.text(")");
    }

    fn timespan(&mut self, ticks: i64) {
        let fits = |unit: i64| ticks % unit == 0;
        let (unit, length) = if ticks == 0 {
            ("s", TICKS_PER_SECOND)
        } else {
            UNITS.iter().copied().find(|(_, length)| fits(*length)).unwrap_or(("ticks", 1))
        };
        self.write(format_args!("{}{unit}", ticks / length));
    }

    pub(super) fn string(&mut self, value: &str, is_hidden: bool) {
        self.text(if is_hidden { "h\"" } else { "\"" });
        for character in value.chars() {
            match character {
                '"' => self.text("\\\""),
                '\\' => self.text("\\\\"),
                '\n' => self.text("\\n"),
                '\r' => self.text("\\r"),
                '\t' => self.text("\\t"),
                control if control.is_control() => self.write(format_args!("\\u{:04x}", u32::from(control))),
                other => self.out.push(other),
            }
        }
        self.text("\"");
    }

    fn dynamic(&mut self, value: &Dynamic) {
        match value {
            Dynamic::Null => self.text("null"),
            Dynamic::Bool(value) => self.text(if *value { "true" } else { "false" }),
            Dynamic::Long(value) => self.write(format_args!("{value}")),
            // JSON has no word for it; a number too large is read as infinite.
            Dynamic::Real(value) if value.is_infinite() => self.text(if *value > 0.0 { "1e999" } else { "-1e999" }),
            Dynamic::Real(value) => self.real(*value),
            Dynamic::String(value) => self.string(value, false),
            Dynamic::Scalar(literal) => self.literal(literal),
            Dynamic::Array(items) => {
                self.text("[");
                self.list(items, Self::dynamic);
                self.text("]");
            }
            Dynamic::Object(properties) => {
                self.text("{");
                self.list(properties, |printer, (name, value)| {
                    printer.string(name, false);
                    printer.text(": ");
                    printer.dynamic(value);
                });
                self.text("}");
            }
        }
    }
}
