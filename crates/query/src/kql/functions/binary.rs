//! Bits of longs.

use super::entry::{Function, Parameter};
use crate::kql::types::KqlType;
use crate::kql::value::Value;

const PAIR: &[Parameter] = &[Parameter::long("left"), Parameter::long("right")];

fn pair(values: &[Value], work_out: fn(i64, i64) -> i64) -> Value {
    match (values[0].as_long(), values[1].as_long()) {
        (Some(left), Some(right)) => Value::Long(work_out(left, right)),
        _ => Value::Null,
    }
}

/// The functions of this family.
pub const FUNCTIONS: &[Function] = &[
    Function::rows("binary_and", PAIR, KqlType::Long, ["Bits set in both.", "binary_and(12, 10)", "8"], |_, values| {
        pair(values, |left, right| left & right)
    }),
    Function::rows("binary_or", PAIR, KqlType::Long, ["Bits set in one.", "binary_or(12, 10)", "14"], |_, values| {
        pair(values, |left, right| left | right)
    }),
    Function::rows(
        "binary_xor",
        PAIR,
        KqlType::Long,
        ["Bits set in only one.", "binary_xor(12, 10)", "6"],
        |_, values| pair(values, |left, right| left ^ right),
    ),
    Function::rows(
        "binary_not",
        &[Parameter::long("value")],
        KqlType::Long,
        ["All bits the other way.", "binary_not(0)", "-1"],
        |_, values| values[0].as_long().map_or(Value::Null, |long| Value::Long(!long)),
    ),
    Function::rows(
        "binary_shift_left",
        PAIR,
        KqlType::Long,
        ["Shifted left, modulo 64.", "binary_shift_left(1, 4)", "16"],
        |_, values| pair(values, |left, right| left.wrapping_shl(right.rem_euclid(64) as u32)),
    ),
    Function::rows(
        "binary_shift_right",
        PAIR,
        KqlType::Long,
        ["Shifted right, modulo 64.", "binary_shift_right(16, 4)", "1"],
        |_, values| pair(values, |left, right| left.wrapping_shr(right.rem_euclid(64) as u32)),
    ),
    Function::rows(
        "bitset_count_ones",
        &[Parameter::long("value")],
        KqlType::Long,
        ["How many bits are set.", "bitset_count_ones(42)", "3"],
        |_, values| values[0].as_long().map_or(Value::Null, |long| Value::Long(i64::from(long.count_ones()))),
    ),
];
