//! CSV as RFC 4180 and spreadsheets write it: quotes, doubled quotes and line ends inside of them; records of bounded
//! size, one at a time.

use std::io::BufRead;

use crate::Error;
use crate::limits::{EVENT_XML_BYTES_MAX, FIELDS_MAX};

/// Reads the next record; `None` at the end. A record that is too large is an error, and is gone.
pub(crate) fn next_record(reader: &mut impl BufRead) -> std::io::Result<Option<Result<Vec<String>, Error>>> {
    let mut record = Vec::new();
    loop {
        let room = (EVENT_XML_BYTES_MAX + 1).saturating_sub(record.len());
        let n_read = std::io::Read::take(&mut *reader, room as u64).read_until(b'\n', &mut record)?;
        if record.len() > EVENT_XML_BYTES_MAX {
            skip_line(reader)?;
            return Ok(Some(Err(Error::TooLarge(record.len()))));
        }
        // An odd number of quotes: the line end is inside of a field.
        let is_open = record.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
        if n_read == 0 && record.is_empty() {
            return Ok(None);
        }
        if n_read == 0 || !is_open {
            break;
        }
    }
    let text = String::from_utf8_lossy(&record);
    Ok(Some(split(text.trim_end_matches(['\r', '\n']))))
}

fn skip_line(reader: &mut impl BufRead) -> std::io::Result<()> {
    let mut rest = Vec::new();
    while std::io::Read::take(&mut *reader, 64 << 10).read_until(b'\n', &mut rest)? > 0 && !rest.ends_with(b"\n") {
        rest.clear();
    }
    Ok(())
}

fn split(text: &str) -> Result<Vec<String>, Error> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == ',' && !is_quoted {
            if fields.len() >= FIELDS_MAX {
                return Err(Error::TooManyFields);
            }
            fields.push(String::new());
            continue;
        }
        if character == '"' {
            let is_double = is_quoted && characters.peek() == Some(&'"');
            if !is_double {
                is_quoted = !is_quoted;
                continue;
            }
            characters.next();
        }
        if let Some(field) = fields.last_mut() {
            field.push(character);
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_line_ends_and_what_is_too_large() {
        let text = format!("a,\"b, \"\"c\"\"\r\nd\",\r\n,é\n{}\nlast", "x".repeat(EVENT_XML_BYTES_MAX + 10));
        let mut reader = std::io::Cursor::new(text.into_bytes());
        let mut records = Vec::new();
        while let Some(record) = next_record(&mut reader).expect("memory can be read") {
            records.push(record.map_err(|error| error.name()));
        }
        let fields = |record: &[&str]| Ok(record.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            records,
            [fields(&["a", "b, \"c\"\r\nd", ""]), fields(&["", "é"]), Err("too_large"), fields(&["last"]),]
        );
    }
}
