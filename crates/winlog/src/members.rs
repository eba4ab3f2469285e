//! The members of one JSON object, AdditionalFields above all: a few, in their order, written once.

use std::borrow::Cow;

use serde_json::Value;

/// A member's value: a text of the event as it is there, or any JSON.
enum Member<'a> {
    Text(Cow<'a, str>),
    Json(Value),
}

/// Members in the order in which they were set first.
#[derive(Default)]
pub(crate) struct Members<'a>(Vec<(Cow<'a, str>, Member<'a>)>);

impl<'a> Members<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets a member, replacing an earlier value.
    pub(crate) fn set(&mut self, name: Cow<'a, str>, value: Value) {
        self.put(name, Member::Json(value));
    }

    /// The same for a text.
    pub(crate) fn set_text(&mut self, name: Cow<'a, str>, value: Cow<'a, str>) {
        self.put(name, Member::Text(value));
    }

    fn put(&mut self, name: Cow<'a, str>, member: Member<'a>) {
        match self.find(&name) {
            Some(idx) => self.0[idx].1 = member,
            None => self.0.push((name, member)),
        }
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|(other, _)| other == name)
    }

    /// Adds a text; with what is there under its name it becomes an array.
    pub(crate) fn add_text(&mut self, name: Cow<'a, str>, value: Cow<'a, str>) {
        let Some(idx) = self.find(&name) else {
            self.0.push((name, Member::Text(value)));
            return;
        };
        let value = Value::String(value.into_owned());
        let member = &mut self.0[idx].1;
        match member {
            Member::Json(Value::Array(values)) => values.push(value),
            Member::Json(first) => *first = Value::Array(vec![first.take(), value]),
            Member::Text(first) => {
                let first = Value::String(std::mem::take(first).into_owned());
                *member = Member::Json(Value::Array(vec![first, value]));
            }
        }
    }

    /// The object as text.
    pub(crate) fn to_json(&self) -> String {
        let len: usize = self.0.iter().map(|(name, member)| name.len() + member.len_about() + 8).sum();
        let mut json = String::with_capacity(len + 2);
        json.push('{');
        for (idx, (name, member)) in self.0.iter().enumerate() {
            if idx > 0 {
                json.push(',');
            }
            push_text(&mut json, name);
            json.push(':');
            match member {
                Member::Text(text) => push_text(&mut json, text),
                Member::Json(value) => json.push_str(&value.to_string()),
            }
        }
        json.push('}');
        json
    }
}

impl Member<'_> {
    fn len_about(&self) -> usize {
        match self {
            Member::Text(text) => text.len() + text.len() / 16,
            Member::Json(_) => 16,
        }
    }
}

/// A text in quotes. Runs without anything to escape are copied whole.
pub(crate) fn push_text(json: &mut String, text: &str) {
    json.push('"');
    let mut done = 0;
    for (idx, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..0x20 => "",
            _ => continue,
        };
        json.push_str(&text[done..idx]);
        if escape.is_empty() {
            json.push_str(&format!("\\u{byte:04x}"));
        } else {
            json.push_str(escape);
        }
        done = idx + 1;
    }
    json.push_str(&text[done..]);
    json.push('"');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_come_back_as_they_were() {
        let all: String = (0..0x250_u32).chain([0x2028, 0x1f600, 0xfffd]).filter_map(char::from_u32).collect();
        for text in [all.as_str(), "", "\\", "\"", "C:\\a\tb", "\u{1f}x"] {
            let mut json = String::new();
            push_text(&mut json, text);
            assert_eq!(json, serde_json::to_string(text).expect("a text"));
        }
    }

    #[test]
    fn members_in_order_and_arrays() {
        let mut members = Members::default();
        members.set_text("b".into(), "1".into());
        members.set("a".into(), json!({ "x": [1] }));
        members.add_text("b".into(), "2".into());
        members.add_text("b".into(), "3".into());
        members.add_text("c".into(), "4".into());
        members.set_text("a".into(), "5".into());
        assert_eq!(members.to_json(), r#"{"b":["1","2","3"],"a":"5","c":"4"}"#);
    }
}
