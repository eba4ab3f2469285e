//! Records of a chunk straight to events, without a text in between: each template of a chunk is compiled once, and a
//! record only fills in its values. Knows what Windows usually writes. Of anything else, damage above all, it says
//! nothing, and the reader takes the slow way through XML for the whole chunk; both ways give the same events.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use evtx::EvtxChunkData;

use crate::Event;
use crate::assemble::Assembler;
use crate::limits::EVENT_XML_BYTES_MAX;
use crate::time::push_time;

const CHUNK_HEADER_BYTES: usize = 512;
const RECORD_HEADER_BYTES: usize = 24;
/// A record's header, the shortest content and the copy of its size.
const RECORD_BYTES_MIN: usize = RECORD_HEADER_BYTES + 8;
/// Templates inside templates: Windows has two.
const NESTED_MAX: usize = 4;
/// Days from 1601 to 1970.
const DAYS_TO_1970: i64 = 134_774;
/// Times after the year 9999, which no clock shows.
const FILETIME_MAX: u64 = 2_650_467_744_000_000_000;

/// Not what Windows usually writes.
struct Unusual;

type Result<T> = std::result::Result<T, Unusual>;

/// All events of a chunk, in order; `None` when anything in it is unusual.
pub(super) fn events(chunk: &EvtxChunkData) -> Option<Vec<Event>> {
    let live_end = (chunk.header.free_space_offset as usize).min(chunk.data.len());
    let mut reader = Chunk { bytes: &chunk.data, names: HashMap::new(), templates: HashMap::new(), values: Vec::new() };
    let mut events = Vec::new();
    let mut at = CHUNK_HEADER_BYTES;
    while at < live_end {
        let (id, end) = record(&chunk.data, at, live_end)?;
        events.push(reader.event(at + RECORD_HEADER_BYTES, end - 4).ok()?);
        at = end;
        if id == chunk.header.last_event_record_id {
            return Some(events);
        }
    }
    None
}

/// Number and end of the record there.
fn record(bytes: &[u8], at: usize, live_end: usize) -> Option<(u64, usize)> {
    let header = bytes.get(at..at + RECORD_HEADER_BYTES)?;
    let size = u32_at(header, 4)? as usize;
    let end = at.checked_add(size)?;
    let time = u64_at(header, 16)?;
    let is_sound = header.starts_with(b"\x2a\x2a\0\0")
        && size >= RECORD_BYTES_MIN
        && end <= live_end
        && u32_at(bytes, end - 4)? as usize == size
        && time < FILETIME_MAX;
    is_sound.then_some((u64_at(header, 8)?, end))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

/// One step of a compiled template.
enum Step {
    /// An element begins. It is left out, up to the step `end`, when the value that it depends on is null.
    Start {
        name: Arc<str>,
        dependency: Option<u16>,
        end: usize,
    },
    /// `Name='…'` with a fixed text.
    Name(Arc<str>),
    /// Any other attribute.
    Attribute {
        name: Arc<str>,
        parts: Vec<Part>,
    },
    Text(Part),
    End,
}

enum Part {
    Fixed(String),
    /// By its number.
    Value(u16),
}

/// Where a value is.
#[derive(Clone, Copy)]
struct Value {
    ty: u8,
    at: usize,
    len: usize,
}

struct Chunk<'a> {
    bytes: &'a [u8],
    names: HashMap<u32, Arc<str>>,
    templates: HashMap<u32, Rc<[Step]>>,
    /// Values of the open instances, those of the innermost last.
    values: Vec<Value>,
}

impl Chunk<'_> {
    fn event(&mut self, at: usize, end: usize) -> Result<Event> {
        let mut run = Run { assembler: Assembler::default(), budget: EVENT_XML_BYTES_MAX, is_done: false };
        self.values.clear();
        self.instance(at, end, 0, &mut run)?;
        if !run.is_done {
            return Err(Unusual);
        }
        run.assembler.finish().map_err(|_| Unusual)
    }

    fn u8(&self, at: usize) -> Result<u8> {
        self.bytes.get(at).copied().ok_or(Unusual)
    }

    fn u16(&self, at: usize) -> Result<u16> {
        u16_at(self.bytes, at).ok_or(Unusual)
    }

    fn u32(&self, at: usize) -> Result<u32> {
        u32_at(self.bytes, at).ok_or(Unusual)
    }

    /// A fragment that is one instance of a template.
    fn instance(&mut self, start: usize, end: usize, depth: usize, run: &mut Run) -> Result<()> {
        if depth >= NESTED_MAX || self.bytes.get(start..start + 6) != Some(&[0x0f, 1, 1, 0, 0x0c, 1]) {
            return Err(Unusual);
        }
        let template = self.u32(start + 10)?;
        let mut at = start + 14;
        if template as usize == at {
            at += 24 + self.u32(at + 20)? as usize;
        }
        let n_values = self.u32(at)? as usize;
        at += 4;
        let first = self.values.len();
        let mut value_at = at.checked_add(n_values.checked_mul(4).ok_or(Unusual)?).ok_or(Unusual)?;
        if value_at > end {
            return Err(Unusual);
        }
        for _ in 0..n_values {
            let (len, ty) = (self.u16(at)? as usize, self.u8(at + 2)?);
            self.values.push(Value { ty, at: value_at, len });
            at += 4;
            value_at += len;
        }
        // Behind the values is the end of the stream, or nothing.
        if value_at > end || (value_at < end && self.u8(value_at)? != 0) {
            return Err(Unusual);
        }
        let steps = self.template(template)?;
        self.run(&steps, first, n_values, depth, run)?;
        self.values.truncate(first);
        Ok(())
    }

    fn run(&mut self, steps: &[Step], first: usize, n_values: usize, depth: usize, run: &mut Run) -> Result<()> {
        let mut idx = 0;
        while let Some(step) = steps.get(idx) {
            idx += 1;
            run.spend(1)?;
            match step {
                Step::Start { name, dependency, end } => {
                    let value = dependency.map(|number| self.value(number, first, n_values)).transpose()?;
                    if value.is_some_and(|value| value.ty == 0) {
                        idx = *end;
                    } else {
                        run.assembler.start(name).map_err(|_| Unusual)?;
                    }
                }
                Step::Name(name) if run.assembler.is_in_data() => run.assembler.rename(name),
                Step::Name(name) => run.assembler.attribute("Name", name).map_err(|_| Unusual)?,
                Step::Attribute { name, parts } => {
                    if run.assembler.wants_attributes() {
                        let mut text = String::new();
                        for part in parts {
                            self.attribute_part(part, first, n_values, run, &mut text)?;
                        }
                        run.assembler.attribute(name, &text).map_err(|_| Unusual)?;
                    }
                }
                Step::Text(Part::Fixed(text)) => {
                    run.spend(text.len())?;
                    run.assembler.text(text);
                }
                Step::Text(Part::Value(number)) => {
                    let value = self.value(*number, first, n_values)?;
                    if value.ty == 0x21 {
                        if value.len > 0 {
                            self.instance(value.at, value.at + value.len, depth + 1, run)?;
                        }
                        continue;
                    }
                    run.spend(value.len)?;
                    if let Some(text) = run.assembler.text_mut() {
                        write(value.ty, &self.bytes[value.at..value.at + value.len], text)?;
                    }
                }
                Step::End => run.is_done = run.assembler.end().map_err(|_| Unusual)?,
            }
        }
        Ok(())
    }

    fn attribute_part(
        &self,
        part: &Part,
        first: usize,
        n_values: usize,
        run: &mut Run,
        text: &mut String,
    ) -> Result<()> {
        match part {
            Part::Fixed(fixed) => {
                run.spend(fixed.len())?;
                text.push_str(fixed);
                Ok(())
            }
            Part::Value(number) => {
                let value = self.value(*number, first, n_values)?;
                // An attribute without a value is no attribute, which only matters where each is a field.
                if (value.ty == 0 && run.assembler.is_in_data()) || value.ty == 0x21 {
                    return Err(Unusual);
                }
                run.spend(value.len)?;
                write(value.ty, &self.bytes[value.at..value.at + value.len], text)
            }
        }
    }

    fn value(&self, number: u16, first: usize, n_values: usize) -> Result<Value> {
        if usize::from(number) >= n_values {
            return Err(Unusual);
        }
        self.values.get(first + usize::from(number)).copied().ok_or(Unusual)
    }

    fn template(&mut self, at: u32) -> Result<Rc<[Step]>> {
        if let Some(steps) = self.templates.get(&at) {
            return Ok(Rc::clone(steps));
        }
        let start = at as usize;
        let len = self.u32(start.checked_add(20).ok_or(Unusual)?)? as usize;
        let end = (start + 24).checked_add(len).filter(|end| *end <= self.bytes.len()).ok_or(Unusual)?;
        let steps: Rc<[Step]> = self.compile(start + 24, end)?.into();
        self.templates.insert(at, Rc::clone(&steps));
        Ok(steps)
    }

    /// The tokens of a definition. Every one moves on, so this ends.
    fn compile(&mut self, start: usize, end: usize) -> Result<Vec<Step>> {
        let mut at = start;
        let mut steps = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        // An attribute whose value may follow.
        let mut in_attribute = false;
        while at < end {
            let token = self.u8(at)?;
            at += 1;
            match token {
                0x00 => break,
                0x0f => at += 3,
                0x01 | 0x41 => {
                    let dependency = Some(self.u16(at)?).filter(|number| *number != u16::MAX);
                    at += 6;
                    let name = self.name(&mut at)?;
                    if token == 0x41 {
                        at += 4;
                    }
                    open.push(steps.len());
                    steps.push(Step::Start { name, dependency, end: 0 });
                    in_attribute = false;
                }
                0x06 | 0x46 => {
                    let name = self.name(&mut at)?;
                    steps.push(Step::Attribute { name, parts: Vec::new() });
                    in_attribute = true;
                }
                0x02 => in_attribute = false,
                0x03 | 0x04 => {
                    in_attribute = false;
                    steps.push(Step::End);
                    let n_steps = steps.len();
                    match steps.get_mut(open.pop().ok_or(Unusual)?) {
                        Some(Step::Start { end, .. }) => *end = n_steps,
                        Some(_) | None => return Err(Unusual),
                    }
                }
                0x05 | 0x45 => {
                    if self.u8(at)? != 1 {
                        return Err(Unusual);
                    }
                    let len = usize::from(self.u16(at + 1)?) * 2;
                    let mut text = String::new();
                    write(1, self.bytes.get(at + 3..at + 3 + len).ok_or(Unusual)?, &mut text)?;
                    at += 3 + len;
                    add(&mut steps, in_attribute, Part::Fixed(text))?;
                }
                0x0d | 0x0e => {
                    let number = self.u16(at)?;
                    at += 3;
                    add(&mut steps, in_attribute, Part::Value(number))?;
                }
                _ => return Err(Unusual),
            }
        }
        if !open.is_empty() {
            return Err(Unusual);
        }
        Ok(steps.into_iter().filter_map(shorten).collect())
    }

    /// A name, which stands where it is used first.
    fn name(&mut self, at: &mut usize) -> Result<Arc<str>> {
        let name_at = self.u32(*at)?;
        *at += 4;
        let start = name_at as usize;
        let len = usize::from(self.u16(start.checked_add(6).ok_or(Unusual)?)?) * 2;
        if start == *at {
            *at += 10 + len;
        }
        if let Some(name) = self.names.get(&name_at) {
            return Ok(Arc::clone(name));
        }
        let units = self.bytes.get(start + 8..start + 8 + len).ok_or(Unusual)?.chunks_exact(2);
        let units = units.map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        let text: String = char::decode_utf16(units).collect::<std::result::Result<_, _>>().map_err(|_| Unusual)?;
        // A prefix would have to be told from the name, and anything else is damage.
        if text.is_empty() || !text.chars().all(|character| character.is_alphanumeric() || "_-.".contains(character)) {
            return Err(Unusual);
        }
        let name: Arc<str> = text.into();
        self.names.insert(name_at, Arc::clone(&name));
        Ok(name)
    }
}

/// Adds a part to the attribute or text before it.
fn add(steps: &mut Vec<Step>, in_attribute: bool, part: Part) -> Result<()> {
    if !in_attribute {
        steps.push(Step::Text(part));
        return Ok(());
    }
    match steps.last_mut() {
        Some(Step::Attribute { parts, .. }) => {
            parts.push(part);
            Ok(())
        }
        Some(_) | None => Err(Unusual),
    }
}

/// What is the same in every record is done once. Steps must not move, so nothing is left out but by `None`.
fn shorten(step: Step) -> Option<Step> {
    match step {
        Step::Attribute { name, mut parts } if &*name == "Name" && matches!(parts.as_slice(), [Part::Fixed(_)]) => {
            match parts.pop() {
                Some(Part::Fixed(text)) => Some(Step::Name(text.into())),
                Some(Part::Value(_)) | None => None,
            }
        }
        // `xmlns` names no field.
        Step::Attribute { name, .. } if name.starts_with("xmlns") => Some(Step::Text(Part::Fixed(String::new()))),
        step => Some(step),
    }
}

/// An event in the making.
struct Run {
    assembler: Assembler,
    /// What it may still become larger by: templates in templates can multiply.
    budget: usize,
    is_done: bool,
}

impl Run {
    fn spend(&mut self, amount: usize) -> Result<()> {
        self.budget = self.budget.checked_sub(amount).ok_or(Unusual)?;
        Ok(())
    }
}

/// A value as Windows writes it in XML.
fn write(ty: u8, bytes: &[u8], text: &mut String) -> Result<()> {
    let number = |len: usize| -> Result<u64> {
        if bytes.len() != len {
            return Err(Unusual);
        }
        let mut all = [0; 8];
        all[..len].copy_from_slice(bytes);
        Ok(u64::from_le_bytes(all))
    };
    match ty {
        0x00 => {}
        0x01 => utf16(bytes, text)?,
        0x04 => decimal(number(1)?, text),
        0x06 => decimal(number(2)?, text),
        0x08 => decimal(number(4)?, text),
        0x0a => decimal(number(8)?, text),
        0x03 => signed(i64::from(number(1)? as i8), text),
        0x05 => signed(i64::from(number(2)? as i16), text),
        0x07 => signed(i64::from(number(4)? as i32), text),
        0x09 => signed(number(8)?.cast_signed(), text),
        0x0d => match number(4)? {
            0 => text.push_str("false"),
            1 => text.push_str("true"),
            _ => return Err(Unusual),
        },
        0x0e => bytes.iter().for_each(|byte| hex(*byte, b"0123456789ABCDEF", text)),
        0x0f => guid(bytes, text)?,
        0x10 if bytes.len() == 4 => hex_number(number(4)?, text),
        0x10 | 0x15 => hex_number(number(8)?, text),
        0x14 => hex_number(number(4)?, text),
        0x11 => filetime(number(8)?, text)?,
        0x13 => sid(bytes, text)?,
        _ => return Err(Unusual),
    }
    Ok(())
}

/// UTF-16 up to the first zero. Blocks of ASCII are copied; from the first other character on, one by one.
fn utf16(bytes: &[u8], text: &mut String) -> Result<()> {
    if !bytes.len().is_multiple_of(2) {
        return Err(Unusual);
    }
    text.reserve(bytes.len() / 2);
    let mut rest = bytes;
    while !rest.is_empty() {
        let (block, after) = rest.split_at(rest.len().min(64));
        let is_plain = |all: bool, pair: &[u8]| all & (pair[1] == 0) & (pair[0] >= 0x20) & (pair[0] < 0x80);
        if !block.chunks_exact(2).fold(true, is_plain) {
            return utf16_slowly(rest, text);
        }
        let mut plain = [0; 32];
        for (to, pair) in plain.iter_mut().zip(block.chunks_exact(2)) {
            *to = pair[0];
        }
        text.push_str(std::str::from_utf8(&plain[..block.len() / 2]).map_err(|_| Unusual)?);
        rest = after;
    }
    Ok(())
}

fn utf16_slowly(bytes: &[u8], text: &mut String) -> Result<()> {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    for character in char::decode_utf16(units) {
        match character.map_err(|_| Unusual)? {
            '\0' => return Ok(()),
            character @ ('\t' | '\r' | '\n') => text.push(character),
            // XML has no way to write these; Windows writes `_`.
            '\u{1}'..' ' | '\u{fffe}' | '\u{ffff}' => text.push('_'),
            character => text.push(character),
        }
    }
    Ok(())
}

fn decimal(mut number: u64, text: &mut String) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    digits[at..].iter().for_each(|digit| text.push(char::from(*digit)));
}

fn signed(number: i64, text: &mut String) {
    if number < 0 {
        text.push('-');
    }
    decimal(number.unsigned_abs(), text);
}

fn hex(byte: u8, digits: &[u8; 16], text: &mut String) {
    text.push(char::from(digits[usize::from(byte >> 4)]));
    text.push(char::from(digits[usize::from(byte & 15)]));
}

fn hex_number(number: u64, text: &mut String) {
    text.push_str("0x");
    let n_digits = (64 - number.leading_zeros()).div_ceil(4).max(1);
    for idx in (0..n_digits).rev() {
        text.push(char::from(b"0123456789abcdef"[(number >> (4 * idx)) as usize & 15]));
    }
}

/// The first three groups are numbers, the lowest byte first.
fn guid(bytes: &[u8], text: &mut String) -> Result<()> {
    const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let bytes: &[u8; 16] = bytes.try_into().map_err(|_| Unusual)?;
    text.push('{');
    for (idx, from) in ORDER.into_iter().enumerate() {
        if matches!(idx, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        hex(bytes[from], b"0123456789abcdef", text);
    }
    text.push('}');
    Ok(())
}

fn sid(bytes: &[u8], text: &mut String) -> Result<()> {
    let (Some(&[revision, n_subs]), Some(authority)) = (bytes.get(..2), bytes.get(2..8)) else { return Err(Unusual) };
    let subs = bytes.get(8..8 + 4 * usize::from(n_subs)).ok_or(Unusual)?;
    text.push_str("S-");
    decimal(u64::from(revision), text);
    text.push('-');
    decimal(authority.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)), text);
    for sub in subs.chunks_exact(4) {
        text.push('-');
        decimal(u64::from(u32::from_le_bytes([sub[0], sub[1], sub[2], sub[3]])), text);
    }
    Ok(())
}

/// RFC 3339 with the seven digits that it has.
fn filetime(ticks: u64, text: &mut String) -> Result<()> {
    if ticks >= FILETIME_MAX {
        return Err(Unusual);
    }
    let (seconds, ticks) = (ticks.cast_signed() / 10_000_000, ticks.cast_signed() % 10_000_000);
    push_time(text, seconds - DAYS_TO_1970 * 86_400, (ticks, 7));
    Ok(())
}
