//! DNS messages (RFC 1035 §4) as far as a timeline needs them: id, question, code, answers.
//! Hostile input: names are bounded in length and jumps, records in number.

use std::net::{Ipv4Addr, Ipv6Addr};

const HEADER_BYTES: usize = 12;
/// RFC 1035 §2.3.4.
const NAME_BYTES_MAX: usize = 255;
/// A legal name has at most 127 labels; each pointer must lead somewhere new.
const JUMPS_MAX: usize = 16;
/// More answers than that are counted, not listed.
const ANSWERS_MAX: usize = 64;

/// What one message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Matches an answer with its question.
    pub id: u16,
    /// It is an answer.
    pub is_response: bool,
    /// Response code.
    pub code: u8,
    /// Name asked for, without the final dot.
    pub name: String,
    /// Type asked for, for example `AAAA`.
    pub query_type: String,
    /// The answers' data, in order.
    pub answers: Vec<String>,
}

/// Reads a message; `None` when it is not DNS. A message that ends early keeps the answers read so far.
pub fn parse(bytes: &[u8]) -> Option<Message> {
    let flags = word(bytes, 2)?;
    let questions = word(bytes, 4)?;
    let n_answers = word(bytes, 6)?;
    if bytes.len() < HEADER_BYTES || questions != 1 {
        return None;
    }
    let (name, mut at) = name(bytes, HEADER_BYTES)?;
    let query_type = schema::dns::type_name(word(bytes, at)?);
    at += 4;
    let mut answers = Vec::new();
    for _ in 0..usize::from(n_answers).min(ANSWERS_MAX) {
        let Some((answer, next)) = answer(bytes, at) else { break };
        answers.push(answer);
        at = next;
    }
    Some(Message {
        id: word(bytes, 0)?,
        is_response: flags & 0x8000 != 0,
        code: (flags & 15) as u8,
        name,
        query_type,
        answers,
    })
}

/// The name of a response code (IANA DNS parameters), `NOERROR` for 0.
pub fn code_name(code: u8) -> String {
    const NAMES: [&str; 6] = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];
    NAMES.get(usize::from(code)).map_or_else(|| format!("RCODE{code}"), |name| (*name).to_owned())
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at.checked_add(1)?)?]))
}

/// The name at `at` and the offset behind it.
fn name(bytes: &[u8], mut at: usize) -> Option<(String, usize)> {
    let mut name = String::new();
    let mut end = None;
    let mut n_jumps = 0;
    loop {
        let len = usize::from(*bytes.get(at)?);
        match len {
            0 => return Some((name, end.unwrap_or(at + 1))),
            1..=63 => {
                let label = bytes.get(at + 1..at + 1 + len)?;
                if !name.is_empty() {
                    name.push('.');
                }
                name.push_str(&super::escape(label));
                if name.len() > NAME_BYTES_MAX * 4 {
                    return None;
                }
                at += 1 + len;
            }
            64..=191 => return None,
            _ => {
                n_jumps += 1;
                if n_jumps > JUMPS_MAX {
                    return None;
                }
                end.get_or_insert(at + 2);
                at = usize::from(word(bytes, at)? & 0x3fff);
            }
        }
    }
}

/// The data of the record at `at` and the offset behind it.
fn answer(bytes: &[u8], at: usize) -> Option<(String, usize)> {
    let (_, at) = name(bytes, at)?;
    let kind = word(bytes, at)?;
    let len = usize::from(word(bytes, at + 8)?);
    let start = at + 10;
    let data = bytes.get(start..start + len)?;
    let text = match (kind, data.len()) {
        (1, 4) => Ipv4Addr::new(data[0], data[1], data[2], data[3]).to_string(),
        (28, 16) => Ipv6Addr::from(<[u8; 16]>::try_from(data).ok()?).to_string(),
        (2 | 5 | 12 | 39, _) => name(bytes, start)?.0,
        (15, 3..) => format!("{} {}", word(bytes, start)?, name(bytes, start + 2)?.0),
        (16, _) => super::escape(data.get(1..)?),
        (33, 7..) => format!("{}:{}", name(bytes, start + 6)?.0, word(bytes, start + 4)?),
        _ => format!("{} ({len} bytes)", schema::dns::type_name(kind)),
    };
    Some((text, start + len))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"\x12\x34\x81\x80\0\x01\0\x02\0\0\0\0\x03www\x07example\x04test\0\0\x01\0\x01\
        \xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x04\x01a\xc0\x10\xc0\x2e\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x07";

    #[test]
    fn reads_answers_with_compression() {
        let message = parse(ANSWER).expect("a whole message");
        assert_eq!((message.id, message.is_response, message.code), (0x1234, true, 0));
        assert_eq!((message.name.as_str(), message.query_type.as_str()), ("www.example.test", "A"));
        assert_eq!(message.answers, ["a.example.test", "192.0.2.7"]);
    }

    #[test]
    fn never_panics_on_a_cut_or_changed_message() {
        for len in 0..ANSWER.len() {
            parse(&ANSWER[..len]);
            for value in [0, 63, 64, 192, 255] {
                let mut bytes = ANSWER.to_vec();
                bytes[len] = value;
                parse(&bytes);
            }
        }
        // A name that points at itself.
        assert_eq!(parse(b"\0\0\0\0\0\x01\0\0\0\0\0\0\xc0\x0c\0\x01\0\x01"), None);
    }
}
