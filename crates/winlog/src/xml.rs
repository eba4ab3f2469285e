//! An event's XML to an [`Event`], in one pass over the tokens. Expands nothing but XML's five entities and character
//! references; a document type declaration is refused, so there are no entity bombs.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event as Token};

use crate::limits::{EVENT_XML_BYTES_MAX, FIELD_NAME_BYTES_MAX, FIELDS_MAX, XML_DEPTH_MAX};
use crate::time::parse_time_ns;
use crate::{Error, Event, Field};

/// Reads one `<Event>`.
///
/// ```
/// let event = winlog::parse(
///     "<Event><System><Provider Name='P'/><EventID>7</EventID></System><EventData><Data>a&amp;b</Data></EventData></Event>",
/// );
/// assert_eq!(event.unwrap().get("Data"), Some("a&b"));
/// ```
pub fn parse(xml: &str) -> Result<Event, Error> {
    if xml.len() > EVENT_XML_BYTES_MAX {
        return Err(Error::TooLarge(xml.len()));
    }
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut parser = Parser::default();
    loop {
        let token = match reader.read_event() {
            Ok(token) => token,
            Err(error) => {
                return Err(Error::Syntax { offset: reader.error_position(), message: error.to_string() });
            }
        };
        let done = match token {
            Token::Start(start) => parser.start(&start).map(|()| false),
            Token::End(_) => parser.end(),
            Token::Text(text) => parser.text(&text.decode().map_err(syntax)?).map(|()| false),
            Token::CData(text) => parser.text(&text.decode().map_err(syntax)?).map(|()| false),
            Token::GeneralRef(reference) => parser.reference(&reference).map(|()| false),
            Token::DocType(_) => Err(Error::Doctype),
            // The reader gives `Empty` as a start and an end.
            Token::Empty(_) | Token::Comment(_) | Token::Decl(_) | Token::PI(_) => Ok(false),
            Token::Eof => return Err(Error::NotAnEvent),
        }?;
        if done {
            break;
        }
    }
    if parser.event.provider.is_empty() {
        return Err(Error::NotAnEvent);
    }
    Ok(parser.event)
}

fn syntax(error: impl std::fmt::Display) -> Error {
    Error::Syntax { offset: 0, message: error.to_string() }
}

/// Which child of `<Event>` the reader is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    System,
    /// `EventData`, `UserData` or `ProcessingErrorData`: flattened.
    Data,
    /// `RenderingInfo`, which only repeats the rest as prose, or an unknown one.
    #[default]
    Other,
}

/// An open element below a section.
#[derive(Debug)]
struct Open {
    name: String,
    /// True when it has elements or attributes of its own: its text is then only layout, unless it is not blank.
    has_parts: bool,
}

#[derive(Debug, Default)]
struct Parser {
    event: Event,
    depth: usize,
    section: Section,
    open: Vec<Open>,
    /// Text of the innermost open element, since its last part.
    text: String,
}

impl Parser {
    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > XML_DEPTH_MAX {
            return Err(Error::TooDeep);
        }
        let name = start.local_name();
        match self.depth {
            1 if name.as_ref() == b"Event" => Ok(()),
            1 => Err(Error::NotAnEvent),
            2 => {
                self.section = match name.as_ref() {
                    b"System" => Section::System,
                    b"EventData" | b"UserData" | b"ProcessingErrorData" | b"DebugData" | b"BinaryEventData" => {
                        Section::Data
                    }
                    _ => Section::Other,
                };
                Ok(())
            }
            _ => match self.section {
                Section::System => self.start_system(start),
                Section::Data => self.start_data(start),
                Section::Other => Ok(()),
            },
        }
    }

    fn start_system(&mut self, start: &BytesStart<'_>) -> Result<(), Error> {
        self.text.clear();
        let element = start.local_name();
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(syntax)?;
            let value = attribute.unescape_value().map_err(attribute_error)?;
            let event = &mut self.event;
            match (element.as_ref(), attribute.key.local_name().as_ref()) {
                (b"Provider", b"Name") => value.clone_into_string(&mut event.provider),
                (b"Provider", b"EventSourceName") if event.provider.is_empty() => {
                    value.clone_into_string(&mut event.provider);
                }
                (b"TimeCreated", b"SystemTime") => event.time_ns = parse_time_ns(&value).unwrap_or(0),
                (b"Correlation", b"ActivityID") => event.activity_id = guid(&value),
                (b"Correlation", b"RelatedActivityID") => event.related_activity_id = guid(&value),
                (b"Execution", b"ProcessID") => event.process_id = number(&value),
                (b"Execution", b"ThreadID") => event.thread_id = number(&value),
                (b"Security", b"UserID") => event.user_sid = Some(value.into_owned()).filter(|sid| !sid.is_empty()),
                _ => {}
            }
        }
        let name = String::from_utf8_lossy(element.as_ref()).into_owned();
        self.open.push(Open { name, has_parts: false });
        Ok(())
    }

    fn start_data(&mut self, start: &BytesStart<'_>) -> Result<(), Error> {
        self.flush_parent_text()?;
        let mut name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
        let mut parts = Vec::new();
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(syntax)?;
            let value = attribute.unescape_value().map_err(attribute_error)?;
            match attribute.key.as_ref() {
                b"Name" => value.clone_into_string(&mut name),
                b"Type" => {}
                key if key.starts_with(b"xmlns") => {}
                _ => {
                    let key = String::from_utf8_lossy(attribute.key.local_name().as_ref()).into_owned();
                    parts.push((key, value.into_owned()));
                }
            }
        }
        let has_parts = !parts.is_empty();
        for (name, value) in parts {
            self.push(name, value)?;
        }
        self.open.push(Open { name, has_parts });
        Ok(())
    }

    /// An element inside another: text before it is a field of its own when it is more than layout.
    fn flush_parent_text(&mut self) -> Result<(), Error> {
        if let Some(parent) = self.open.last_mut() {
            parent.has_parts = true;
            if !self.text.trim().is_empty() {
                let (name, value) = (parent.name.clone(), std::mem::take(&mut self.text));
                self.push(name, value)?;
            }
        }
        self.text.clear();
        Ok(())
    }

    fn push(&mut self, mut name: String, value: String) -> Result<(), Error> {
        if self.event.data.len() >= FIELDS_MAX {
            return Err(Error::TooManyFields);
        }
        if name.len() > FIELD_NAME_BYTES_MAX {
            name.truncate(name.floor_char_boundary(FIELD_NAME_BYTES_MAX));
        }
        self.event.data.push(Field { name, value });
        Ok(())
    }

    /// True at the end of the event.
    fn end(&mut self) -> Result<bool, Error> {
        self.depth = self.depth.saturating_sub(1);
        if let Some(open) = self.open.pop() {
            match self.section {
                Section::System => self.end_system(&open.name),
                Section::Data if !open.has_parts || !self.text.trim().is_empty() => {
                    let value = std::mem::take(&mut self.text);
                    self.push(open.name, value)?;
                }
                Section::Data | Section::Other => {}
            }
            self.text.clear();
        }
        Ok(self.depth == 0)
    }

    fn end_system(&mut self, element: &str) {
        let text = self.text.trim();
        let event = &mut self.event;
        match element {
            "EventID" => event.event_id = number(text),
            "Version" => event.version = number(text),
            "Level" => event.level = number(text),
            "Task" => event.task = number(text),
            "Opcode" => event.opcode = number(text),
            "Keywords" => text.clone_into(&mut event.keywords),
            "EventRecordID" => event.record_id = number(text),
            "Channel" => text.clone_into(&mut event.channel),
            "Computer" => text.clone_into(&mut event.computer),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Error> {
        if self.depth == 0 && !text.trim().is_empty() && text != "\u{feff}" {
            return Err(Error::NotAnEvent);
        }
        if !self.open.is_empty() {
            self.text.push_str(text);
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Error> {
        if let Some(character) = reference.resolve_char_ref().map_err(syntax)? {
            self.text.push(character);
            return Ok(());
        }
        let name = reference.decode().map_err(syntax)?;
        match quick_xml::escape::resolve_xml_entity(&name) {
            Some(text) => {
                self.text.push_str(text);
                Ok(())
            }
            None => Err(Error::Entity(name.chars().take(32).collect())),
        }
    }
}

/// `clone_into` for a `Cow`, which would otherwise allocate twice.
trait CloneIntoString {
    fn clone_into_string(self, target: &mut String);
}

impl CloneIntoString for std::borrow::Cow<'_, str> {
    fn clone_into_string(self, target: &mut String) {
        *target = self.into_owned();
    }
}

fn attribute_error(error: quick_xml::Error) -> Error {
    use quick_xml::escape::EscapeError;
    match error {
        quick_xml::Error::Escape(EscapeError::UnrecognizedEntity(_, name)) => {
            Error::Entity(name.chars().take(32).collect())
        }
        error => syntax(error),
    }
}

/// A number in decimal or, with `0x`, in hexadecimal digits; 0 for what is none or too large.
fn number<N: TryFrom<u64> + Default>(text: &str) -> N {
    let number = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    number.ok().and_then(|number| N::try_from(number).ok()).unwrap_or_default()
}

/// A GUID in lower case and without braces, as every source writes it differently.
fn guid(text: &str) -> Option<String> {
    let guid = text.trim().trim_start_matches('{').trim_end_matches('}').to_ascii_lowercase();
    (!guid.is_empty()).then_some(guid)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYSTEM: &str = "<System><Provider Name='P'/><EventID>1</EventID></System>";

    fn fields(data: &str) -> Vec<(String, String)> {
        let event = parse(&format!("<Event>{SYSTEM}{data}</Event>")).expect("an event");
        event.data.into_iter().map(|field| (field.name, field.value)).collect()
    }

    fn check(data: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(fields(data), expected, "{data}");
    }

    #[test]
    fn system_part() {
        let event = parse(
            "\u{feff}<?xml version='1.0'?>\r\n<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>\
             <Provider Name='Microsoft-Windows-PowerShell' Guid='{A0C1853B-5C40-4B15-8766-3CF1C58F985A}'/>\
             <EventID Qualifiers='0'>4103</EventID><Version>1</Version><Level>4</Level><Task>106</Task><Opcode>20</Opcode>\
             <Keywords>0x0</Keywords><TimeCreated SystemTime='2020-05-02T02:56:00.123456700Z'/>\
             <EventRecordID>18446744073709551615</EventRecordID>\
             <Correlation ActivityID='{38068009-512D-0000-88AC-20382D51D701}' RelatedActivityID='{AB}'/>\
             <Execution ProcessID='4048' ThreadID='1148'/><Channel>Microsoft-Windows-PowerShell/Operational</Channel>\
             <Computer>WS5.example.test</Computer><Security UserID='S-1-5-18'/></System><EventData/></Event>",
        );
        let expected = Event {
            provider: "Microsoft-Windows-PowerShell".to_owned(),
            event_id: 4103,
            version: 1,
            level: 4,
            channel: "Microsoft-Windows-PowerShell/Operational".to_owned(),
            computer: "WS5.example.test".to_owned(),
            record_id: u64::MAX,
            time_ns: 1_588_388_160_123_456_700,
            process_id: 4048,
            thread_id: 1148,
            activity_id: Some("38068009-512d-0000-88ac-20382d51d701".to_owned()),
            related_activity_id: Some("ab".to_owned()),
            user_sid: Some("S-1-5-18".to_owned()),
            task: 106,
            opcode: 20,
            keywords: "0x0".to_owned(),
            data: Vec::new(),
        };
        assert_eq!(event, Ok(expected));
    }

    #[test]
    fn named_unnamed_and_user_data() {
        check(
            "<EventData><Data Name='A'>1</Data><Data Name='B'/><Data>x</Data><Data>y</Data><Binary>00FF</Binary></EventData>",
            &[("A", "1"), ("B", ""), ("Data", "x"), ("Data", "y"), ("Binary", "00FF")],
        );
        check(
            "<UserData><LogFileCleared xmlns='http://x'>\n <SubjectUserName>ann</SubjectUserName>\n <Channel>Security</Channel>\n</LogFileCleared></UserData>",
            &[("SubjectUserName", "ann"), ("Channel", "Security")],
        );
        check(
            "<UserData><Cert subject='s'><Usage oid='1.2'/>t</Cert></UserData>",
            &[("subject", "s"), ("oid", "1.2"), ("Cert", "t")],
        );
        check("<RenderingInfo Culture='en-US'><Message>prose</Message></RenderingInfo>", &[]);
    }

    #[test]
    fn texts_are_unescaped_and_kept_whole() {
        check(
            "<EventData><Data>a&lt;&amp;&#x41;&#66;&quot;\r\n <![CDATA[<b>&amp;]]> </Data></EventData>",
            &[("Data", "a<&AB\"\r\n <b>&amp; ")],
        );
        check("<EventData><Data Name='a&amp;b'>日本 \u{202e}evil</Data></EventData>", &[("a&b", "日本 \u{202e}evil")]);
    }

    #[test]
    fn numbers_that_are_none_are_zero() {
        let event = parse(
            "<Event><System><Provider Name='P'/><EventID>x</EventID><Version>300</Version><Level>-1</Level>\
             <Execution ProcessID='0x1F4' ThreadID='99999999999'/><TimeCreated SystemTime='1601-01-01T00:00:00Z'/></System></Event>",
        )
        .expect("an event");
        assert_eq!((event.event_id, event.version, event.level), (0, 0, 0));
        assert_eq!((event.process_id, event.thread_id, event.time_ns), (500, 0, 0));
    }

    #[test]
    fn hostile_documents_are_refused() {
        let refused = |xml: &str| parse(xml).expect_err("an error").name();
        assert_eq!(refused("<!DOCTYPE x [<!ENTITY a 'aa'>]><Event/>"), "doctype");
        assert_eq!(refused(&format!("<Event>{SYSTEM}<EventData><Data>&a;</Data></EventData></Event>")), "entity");
        assert_eq!(refused(&format!("<Event>{SYSTEM}<EventData><Data Name='&a;'/></EventData></Event>")), "entity");
        assert_eq!(refused(&format!("<Event>{SYSTEM}<UserData>{}", "<a>".repeat(100_000))), "too_deep");
        assert_eq!(refused(&format!("<Event>{SYSTEM}<EventData>{}", "<Data/>".repeat(3_000))), "too_many_fields");
        assert_eq!(refused(&"x".repeat(EVENT_XML_BYTES_MAX + 1)), "too_large");
        for xml in ["", "hello", "<html/>", "<Event/>", "<Event><System/></Event>", "<Event><System>", "\0\0"] {
            assert_eq!(refused(xml), "not_an_event", "{xml}");
        }
        for xml in ["<Event></System>", "<Event><System", "<Event><a b=></a></Event"] {
            assert_eq!(refused(xml), "bad_xml", "{xml}");
        }
    }

    /// A cut anywhere is an error or an event, never a panic.
    #[test]
    fn every_cut_and_every_changed_byte() {
        let xml =
            format!("<Event a='b'>{SYSTEM}<EventData><Data Name='&lt;é'>&#65;<!-- c --></Data></EventData></Event>");
        for end in 0..xml.len() {
            if let Some(cut) = xml.get(..end) {
                assert!(parse(cut).is_err(), "{cut}");
            }
        }
        for idx in 0..xml.len() {
            for byte in [0, b'<', b'>', b'&', b'\'', b'/', b'!', b'?', b'[', 0xff] {
                let mut bytes = xml.clone().into_bytes();
                bytes[idx] = byte;
                drop(parse(&String::from_utf8_lossy(&bytes)));
            }
        }
    }
}
