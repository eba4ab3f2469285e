//! Conditions before their parser sees them: it recurses for brackets and `not`, and a stack that overflows ends the
//! program.

use serde::Deserialize;
use yaml_serde::{Deserializer, Value};

use crate::limits::{CONDITION_BYTES_MAX, CONDITION_DEPTH_MAX};

/// Refuses a text with a condition that is too long or too deep. Broken YAML is left for the rule parser to name; the
/// YAML parser itself stops at 128 levels.
pub(crate) fn check(text: &str) -> Result<(), String> {
    for document in Deserializer::from_str(text) {
        let Ok(value) = Value::deserialize(document) else { return Ok(()) };
        check_value(&value)?;
    }
    Ok(())
}

fn check_value(value: &Value) -> Result<(), String> {
    match value {
        Value::Mapping(members) => {
            for (name, member) in members {
                if name.as_str() == Some("condition") {
                    check_condition(member)?;
                }
                check_value(member)?;
            }
            Ok(())
        }
        Value::Sequence(items) => items.iter().try_for_each(check_value),
        Value::Tagged(tagged) => check_value(&tagged.value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn check_condition(value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) => check_text(text),
        Value::Sequence(texts) => texts.iter().try_for_each(check_condition),
        // The condition of a correlation is a mapping; it is looked at like any other.
        Value::Mapping(_) | Value::Tagged(_) | Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn check_text(text: &str) -> Result<(), String> {
    if text.len() > CONDITION_BYTES_MAX {
        return Err(format!("condition with more than {CONDITION_BYTES_MAX} bytes"));
    }
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > CONDITION_DEPTH_MAX {
        return Err(format!("condition with brackets more than {CONDITION_DEPTH_MAX} deep"));
    }
    let mut n_nots = 0;
    for word in text.split(|it: char| it.is_whitespace() || it == '(') {
        match word {
            "" => {}
            _ if word.eq_ignore_ascii_case("not") => n_nots += 1,
            _ => n_nots = 0,
        }
        if n_nots > CONDITION_DEPTH_MAX {
            return Err(format!("condition with more than {CONDITION_DEPTH_MAX} times `not` in a row"));
        }
    }
    Ok(())
}
