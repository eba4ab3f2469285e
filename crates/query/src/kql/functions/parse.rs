//! Taking structured text apart: URLs, paths, command lines, CSV, XML, versions, user agents of nothing.

use super::encode::unescaped;
use super::entry::{Function, Parameter};
use crate::kql::types::KqlType;
use crate::kql::value::{Json, Value};

const TEXT: &[Parameter] = &[Parameter::text("text")];
/// Elements of an XML document inside each other.
const XML_DEPTH_MAX: usize = 64;

/// The functions of this family.
pub const FUNCTIONS: &[Function] = &[
    Function::rows(
        "parse_url",
        TEXT,
        KqlType::Dynamic,
        [
            "Scheme, host, port, path, user, query parameters and fragment of a URL.",
            "parse_url('https://u:p@host:80/a/b?k=v#f').Host",
            "host",
        ],
        |_, values| parse_url(values[0].as_str()),
    )
    .also(&["parseurl"]),
    Function::rows(
        "parse_urlquery",
        TEXT,
        KqlType::Dynamic,
        ["The parameters of a URL's query.", "parse_urlquery('k1=v1&k2=v2')['Query Parameters'].k2", "v2"],
        |_, values| {
            let query = values[0].as_str();
            let query = query.split_once('?').map_or(query, |(_, query)| query);
            Value::Dynamic(Json::Object(
                [("Query Parameters".to_owned(), query_parameters(query))].into_iter().collect(),
            ))
        },
    )
    .also(&["parseurlquery"]),
    Function::rows(
        "parse_path",
        TEXT,
        KqlType::Dynamic,
        [
            "Scheme, root, directory, file name, extension and alternate stream of a path, Windows or not.",
            r"parse_path(@'C:\temp\file.txt').Filename",
            "file.txt",
        ],
        |_, values| parse_path(values[0].as_str()),
    ),
    Function::rows(
        "parse_command_line",
        &[Parameter::text("command_line"), Parameter::text("parser").constant()],
        KqlType::Dynamic,
        [
            "The arguments of a command line by the rules of Windows.",
            "parse_command_line('echo \"hello world!\" x', 'windows')",
            "[\"echo\",\"hello world!\",\"x\"]",
        ],
        |_, values| {
            let text = values[0].as_str();
            if !values[1].as_str().eq_ignore_ascii_case("windows") || text.trim().is_empty() {
                return Value::Null;
            }
            Value::Dynamic(windows_arguments(text).into_iter().map(Json::from).collect())
        },
    ),
    Function::rows(
        "parse_csv",
        TEXT,
        KqlType::Dynamic,
        ["The fields of the first line of CSV.", "parse_csv('a,\"b,c\",d')", "[\"a\",\"b,c\",\"d\"]"],
        |_, values| Value::Dynamic(csv_fields(values[0].as_str()).into_iter().map(Json::from).collect()),
    ),
    Function::rows(
        "parse_xml",
        TEXT,
        KqlType::Dynamic,
        ["An XML document as a dynamic; attributes begin with @.", "parse_xml('<a><b>1</b></a>').a.b", "1"],
        |_, values| parse_xml(values[0].as_str()).map_or(Value::Null, Value::dynamic),
    ),
    Function::rows(
        "parse_version",
        TEXT,
        KqlType::Decimal,
        [
            "A version of up to four parts as a number that sorts like it.",
            "parse_version('1.2') < parse_version('1.10')",
            "True",
        ],
        |_, values| {
            let parts: Option<Vec<f64>> =
                values[0].as_str().split('.').map(|part| part.parse::<u32>().ok().map(f64::from)).collect();
            match parts {
                // A real has 15 digits: four parts of up to four digits are told apart.
                Some(parts) if parts.len() <= 4 => {
                    let at = |idx: usize| parts.get(idx).copied().unwrap_or(0.0);
                    Value::Real(((at(0) * 1e4 + at(1)) * 1e4 + at(2)) * 1e4 + at(3))
                }
                _ => Value::Null,
            }
        },
    ),
    Function::rows(
        "parse_user_agent",
        &[Parameter::text("agent"), Parameter::any("look_for")],
        KqlType::Dynamic,
        ["Parts of a browser's name. Not analysed: an empty bag.", "parse_user_agent('x', 'browser')", "{}"],
        |_, _| Value::Dynamic(Json::Object(serde_json::Map::new())),
    )
    .warning("parse_user_agent: user agents are not analysed, the result is empty."),
];

fn bag<const N: usize>(members: [(&str, Json); N]) -> Json {
    Json::Object(members.into_iter().map(|(name, json)| (name.to_owned(), json)).collect())
}

fn query_parameters(query: &str) -> Json {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let members = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (unescaped(name), Json::from(unescaped(value)))
    });
    Json::Object(members.collect())
}

fn parse_url(text: &str) -> Value {
    let Some((scheme, rest)) = text.split_once("://") else { return empty_url() };
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match rest.find('/') {
        Some(at) => (&rest[..at], &rest[at..]),
        None => (rest, ""),
    };
    let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    // The last colon of an IPv6 address in brackets is part of it.
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
        _ => (host, ""),
    };
    url(scheme, host, port, path, [name, password], query_parameters(query), fragment)
}

fn empty_url() -> Value {
    url("", "", "", "", ["", ""], Json::Object(serde_json::Map::new()), "")
}

fn url(scheme: &str, host: &str, port: &str, path: &str, user: [&str; 2], query: Json, fragment: &str) -> Value {
    Value::Dynamic(bag([
        ("Scheme", scheme.into()),
        ("Host", host.into()),
        ("Port", port.into()),
        ("Path", path.into()),
        ("Username", user[0].into()),
        ("Password", user[1].into()),
        ("Query Parameters", query),
        ("Fragment", fragment.into()),
    ]))
}

fn parse_path(text: &str) -> Value {
    let (scheme, path) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme, rest),
        None => ("", text),
    };
    let is_slash = |char: char| char == '/' || char == '\\';
    let (directory, name) = match path.rfind(is_slash) {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => ("", path),
    };
    let (name, stream) = match name.split_once(':') {
        Some((name, stream)) if !name.is_empty() => (name, stream),
        _ => (name, ""),
    };
    let root = match directory.find(is_slash) {
        Some(0) | None if !directory.contains(':') => "",
        Some(at) => &directory[..at],
        None => directory,
    };
    let folder = directory.rsplit(is_slash).next().unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    Value::Dynamic(bag([
        ("Scheme", scheme.into()),
        ("RootPath", root.into()),
        ("DirectoryPath", directory.into()),
        ("DirectoryName", folder.into()),
        ("Filename", name.into()),
        ("Extension", extension.into()),
        ("AlternateDataStreamName", stream.into()),
    ]))
}

/// As `CommandLineToArgvW` splits (learn.microsoft.com, "Parsing C command-line arguments"): backslashes are ordinary
/// unless a quote follows; two of them before a quote are one.
pub fn windows_arguments(text: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut current = String::new();
    let mut begun = false;
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' => {
                let mut n_slashes = 1;
                while chars.next_if_eq(&'\\').is_some() {
                    n_slashes += 1;
                }
                begun = true;
                if chars.peek() != Some(&'"') {
                    current.extend(std::iter::repeat_n('\\', n_slashes));
                    continue;
                }
                current.extend(std::iter::repeat_n('\\', n_slashes / 2));
                if n_slashes % 2 == 1 {
                    current.extend(chars.next());
                }
            }
            '"' => {
                begun = true;
                if quoted && chars.next_if_eq(&'"').is_some() {
                    current.push('"');
                } else {
                    quoted = !quoted;
                }
            }
            ' ' | '\t' | '\n' | '\r' if !quoted => {
                if std::mem::take(&mut begun) {
                    arguments.push(std::mem::take(&mut current));
                }
            }
            other => {
                begun = true;
                current.push(other);
            }
        }
    }
    if begun {
        arguments.push(current);
    }
    arguments
}

fn csv_fields(text: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => field.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            '\r' | '\n' if !quoted => break,
            other => field.push(other),
        }
    }
    fields.push(field);
    fields
}

/// An element while it is read.
struct Element {
    name: String,
    members: serde_json::Map<String, Json>,
    text: String,
}

/// Elements, attributes, text, CDATA, the five entities and character references; no document types, so nothing grows.
fn parse_xml(text: &str) -> Option<Json> {
    let mut open: Vec<Element> = Vec::new();
    let mut root = serde_json::Map::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        if let Some(element) = open.last_mut() {
            element.text.push_str(&unescape_xml(&rest[..at]));
        }
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->")?.1;
        } else if let Some(data) = rest.strip_prefix("<![CDATA[") {
            let (data, after) = data.split_once("]]>")?;
            open.last_mut()?.text.push_str(data);
            rest = after;
        } else if rest.starts_with("<?") || rest.starts_with("<!") {
            rest = rest.split_once('>')?.1;
        } else if let Some(closing) = rest.strip_prefix("</") {
            let (name, after) = closing.split_once('>')?;
            let element = open.pop().filter(|element| element.name == name.trim())?;
            close(element, open.last_mut().map_or(&mut root, |parent| &mut parent.members));
            rest = after;
        } else {
            let end = tag_end(rest)?;
            let tag = &rest[1..end];
            rest = &rest[end + 1..];
            let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
            let element = begin(tag)?;
            if is_empty {
                close(element, open.last_mut().map_or(&mut root, |parent| &mut parent.members));
            } else if open.len() < XML_DEPTH_MAX {
                open.push(element);
            } else {
                return None;
            }
        }
    }
    (open.is_empty() && !root.is_empty()).then_some(Json::Object(root))
}

/// The `>` of a tag, outside of its attributes' values.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, char) in text.char_indices() {
        match (quote, char) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') => quote = Some(char),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
    }
    None
}

fn begin(tag: &str) -> Option<Element> {
    let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let mut members = serde_json::Map::new();
    while let Some((attribute, after)) = rest.trim_start().split_once('=') {
        let after = after.trim_start();
        let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, after) = after[1..].split_once(quote)?;
        members.insert(format!("@{}", attribute.trim()), Json::from(unescape_xml(value)));
        rest = after;
    }
    (!name.is_empty()).then(|| Element { name: name.to_owned(), members, text: String::new() })
}

fn close(element: Element, parent: &mut serde_json::Map<String, Json>) {
    let text = element.text.trim();
    let value = match (element.members.is_empty(), text.is_empty()) {
        (true, true) => Json::Null,
        (true, false) => Json::from(text),
        (false, true) => Json::Object(element.members),
        (false, false) => {
            let mut members = element.members;
            members.insert("#text".to_owned(), Json::from(text));
            Json::Object(members)
        }
    };
    // Several elements of one name are an array.
    match parent.get_mut(&element.name) {
        Some(Json::Array(members)) => members.push(value),
        Some(first) => *first = Json::Array(vec![first.take(), value]),
        None => {
            parent.insert(element.name, value);
        }
    }
}

fn unescape_xml(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let Some((name, after_name)) = after.split_once(';').filter(|(name, _)| name.len() <= 10) else {
            plain.push('&');
            rest = after;
            continue;
        };
        let char = match name {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => {
                let code = match name.strip_prefix("#x") {
                    Some(digits) => u32::from_str_radix(digits, 16).ok(),
                    None => name.strip_prefix('#').and_then(|digits| digits.parse().ok()),
                };
                code.and_then(char::from_u32)
            }
        };
        match char {
            Some(char) => plain.push(char),
            None => plain.push_str(&format!("&{name};")),
        }
        rest = after_name;
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_command_lines() {
        for (text, expected) in [
            (r#"a "b c" d"#, vec!["a", "b c", "d"]),
            (r#""C:\Program Files\x.exe" /a:"b c""#, vec![r"C:\Program Files\x.exe", "/a:b c"]),
            (r#"a \\server\share \"q\""#, vec!["a", r"\\server\share", "\"q\""]),
            (r#"a "b\\" c"#, vec!["a", r"b\", "c"]),
            (r#""""#, vec![""]),
        ] {
            assert_eq!(windows_arguments(text), expected, "{text}");
        }
    }

    #[test]
    fn xml_becomes_bags_and_arrays() {
        let xml =
            r#"<?xml version="1.0"?><e a="1 &gt; 0"><d n='x'>1</d><d>2</d><!-- no --><c/><t><![CDATA[<&]]></t></e>"#;
        let expected = r##"{"e":{"@a":"1 > 0","d":[{"@n":"x","#text":"1"},"2"],"c":null,"t":"<&"}}"##;
        assert_eq!(parse_xml(xml).map(|json| json.to_string()).as_deref(), Some(expected));
        for broken in ["", "text", "<a>", "<a></b>", "<a b></a", "<<>>"] {
            assert_eq!(parse_xml(broken), None, "{broken}");
        }
        assert_eq!(parse_xml(&"<a>".repeat(100_000)), None);
    }
}
