//! The body of a request within its limits: read, unpacked, and taken apart into documents.

use std::io::Read;

use axum::body::{Body, Bytes};
use http::{HeaderMap, header};
use serde_json::Value;

use super::item::Reject;
use super::refusal::Refusal;
use crate::limits::{SHIP_BODY_BYTES_MAX, SHIP_UNPACKED_BYTES_MAX};

/// Reads and unpacks a body.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    let body = axum::body::to_bytes(body, SHIP_BODY_BYTES_MAX).await.map_err(|error| {
        // The only other cause is a client that went away, which reads no answer.
        tracing::debug!(%error, "body not read");
        Refusal::TooLarge(format!("a body of more than {SHIP_BODY_BYTES_MAX} bytes: send smaller batches"))
    })?;
    let encoding = headers.get(header::CONTENT_ENCODING).map(|it| it.to_str().unwrap_or("?").to_ascii_lowercase());
    match encoding.as_deref() {
        None | Some("" | "identity") => Ok(body),
        Some(_) => {
            let unpacked = tokio::task::spawn_blocking(move || unpack(&encoding.unwrap_or_default(), &body)).await;
            unpacked.map_err(|error| Refusal::Failed(anyhow::anyhow!("unpack task: {error}")))?
        }
    }
}

fn unpack(encoding: &str, body: &[u8]) -> Result<Bytes, Refusal> {
    let reader: Box<dyn Read> = match encoding {
        "gzip" | "x-gzip" => Box::new(flate2::read::MultiGzDecoder::new(body)),
        "deflate" => Box::new(flate2::read::ZlibDecoder::new(body)),
        "zstd" => Box::new(zstd::stream::read::Decoder::new(body).map_err(|error| bad(encoding, &error))?),
        _ => {
            let message = format!("content encoding {encoding:?}: take gzip, deflate, zstd or none");
            return Err(Refusal::Encoding(message));
        }
    };
    let mut unpacked = Vec::new();
    let n_max = SHIP_UNPACKED_BYTES_MAX as u64 + 1;
    reader.take(n_max).read_to_end(&mut unpacked).map_err(|error| bad(encoding, &error))?;
    if unpacked.len() > SHIP_UNPACKED_BYTES_MAX {
        let message = format!("a body of more than {SHIP_UNPACKED_BYTES_MAX} bytes unpacked: send smaller batches");
        return Err(Refusal::TooLarge(message));
    }
    Ok(unpacked.into())
}

fn bad(encoding: &str, error: &std::io::Error) -> Refusal {
    Refusal::NotUnderstood(format!("the body is no {encoding}: {error}"))
}

/// The JSON documents of a body: an array's elements, one document per line, or documents behind each other. What can't
/// be read is an error in its place, and the rest follows where it can be told where that begins.
pub(super) fn documents(body: &[u8]) -> Vec<Result<Value, Reject>> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    match body.first() {
        None => Vec::new(),
        Some(b'[') => match serde_json::from_slice::<Vec<Value>>(body) {
            Ok(values) => values.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(Reject::json(&error))],
        },
        Some(_) => {
            // One document over several lines has a first line that is none.
            let first = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let is_line = serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok();
            if is_line || body.first() != Some(&b'{') { lines(body) } else { behind_each_other(body) }
        }
    }
}

/// One document per line.
pub(super) fn lines(body: &[u8]) -> Vec<Result<Value, Reject>> {
    let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).map_err(|error| Reject::json(&error))).collect()
}

/// Documents with or without anything between them. After an error nobody can tell where the next one begins, unless it
/// is on a line of its own.
pub(super) fn behind_each_other(body: &[u8]) -> Vec<Result<Value, Reject>> {
    let mut values = Vec::new();
    let mut rest = body;
    loop {
        let mut stream = serde_json::Deserializer::from_slice(rest).into_iter::<Value>();
        let error = loop {
            match stream.next() {
                None => return values,
                Some(Ok(value)) => values.push(Ok(value)),
                Some(Err(error)) => break error,
            }
        };
        values.push(Err(Reject::json(&error)));
        let tail = &rest[stream.byte_offset()..];
        let next = tail.windows(2).position(|pair| pair == b"\n{");
        let Some(next) = next else { return values };
        rest = &tail[next + 1..];
    }
}

/// Events of a text: each `<Event>` element, or each line.
pub(super) fn texts(body: &[u8]) -> Vec<String> {
    const END: &str = "</Event>";
    let text = String::from_utf8_lossy(body);
    let trimmed = text.trim_start_matches('\u{feff}').trim();
    if !trimmed.starts_with("<Event") && !trimmed.starts_with("<?xml") {
        return trimmed.lines().map(str::trim_end).filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    }
    let mut texts = Vec::new();
    let mut rest = trimmed;
    while let Some(start) = rest.match_indices("<Event").map(|(at, _)| at).find(|at| is_event(&rest[*at..])) {
        let end = rest[start..].find(END).map_or(rest.len(), |end| start + end + END.len());
        texts.push(rest[start..end].to_owned());
        rest = &rest[end..];
    }
    texts
}

/// `<Events>` is what some put around them.
fn is_event(tag: &str) -> bool {
    tag["<Event".len()..].starts_with([' ', '>', '\r', '\n', '\t', '/'])
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn shape(items: &[Result<Value, Reject>]) -> String {
        items.iter().map(|item| item.as_ref().map_or("!".to_owned(), ToString::to_string)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn documents_in_every_arrangement() {
        for (body, expect) in [
            ("", ""),
            ("[1,2]", "1 2"),
            ("[1,", "!"),
            ("{\"a\":1}\n\n{\"a\":\n{\"a\":3}\r\n", "{\"a\":1} ! {\"a\":3}"),
            ("\u{feff}{\n \"a\": 1\n}", "{\"a\":1}"),
            ("{\n \"a\": 1\n}{\"a\":2}", "{\"a\":1} {\"a\":2}"),
            ("{\n x }\n{\"a\":2}{\"a\":3}", "! {\"a\":2} {\"a\":3}"),
            ("no json\n{\"a\":2}", "! {\"a\":2}"),
        ] {
            assert_eq!(shape(&documents(body.as_bytes())), expect, "{body:?}");
        }
        assert_eq!(shape(&behind_each_other(b"{\"a\":1}{\"a\":2} {\"a\":3}")), "{\"a\":1} {\"a\":2} {\"a\":3}");
        assert_eq!(shape(&behind_each_other(b"{\"a\":1}{\"a\":")), "{\"a\":1} !");
    }

    #[test]
    fn texts_by_element_or_line() {
        assert_eq!(texts(b" a\n\nb \r\n"), ["a", "b"]);
        assert_eq!(
            texts(b"<Events><Event x='1'>\n</Event><Event>b</Event></Events>"),
            ["<Event x='1'>\n</Event>", "<Event>b</Event>"]
        );
        assert!(texts(b"").is_empty());
    }

    #[test]
    fn a_bomb_is_refused_without_being_unpacked() {
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let zeros = vec![0; 1 << 20];
        for _ in 0..=SHIP_UNPACKED_BYTES_MAX >> 20 {
            bomb.write_all(&zeros).unwrap();
        }
        assert!(matches!(unpack("gzip", &bomb.finish().unwrap()), Err(Refusal::TooLarge(_))));
        assert!(matches!(unpack("gzip", b"no gzip"), Err(Refusal::NotUnderstood(_))));
        assert!(matches!(unpack("br", b""), Err(Refusal::Encoding(_))));
    }
}
