//! An event's XML to an [`Event`], in one pass over the tokens. Expands nothing but XML's five entities and character
//! references; a document type declaration is refused, so there are no entity bombs.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event as Token};

use crate::assemble::Assembler;
use crate::limits::EVENT_XML_BYTES_MAX;
use crate::{Error, Event};

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
    let mut assembler = Assembler::default();
    loop {
        let token = match reader.read_event() {
            Ok(token) => token,
            Err(error) => {
                return Err(Error::Syntax { offset: reader.error_position(), message: error.to_string() });
            }
        };
        let done = match token {
            Token::Start(element) => start(&mut assembler, &element).map(|()| false),
            Token::End(_) => assembler.end(),
            Token::Text(part) => text(&mut assembler, &part.decode().map_err(syntax)?).map(|()| false),
            Token::CData(part) => text(&mut assembler, &part.decode().map_err(syntax)?).map(|()| false),
            Token::GeneralRef(part) => reference(&mut assembler, &part).map(|()| false),
            Token::DocType(_) => Err(Error::Doctype),
            // The reader gives `Empty` as a start and an end.
            Token::Empty(_) | Token::Comment(_) | Token::Decl(_) | Token::PI(_) => Ok(false),
            Token::Eof => return Err(Error::NotAnEvent),
        }?;
        if done {
            return assembler.finish();
        }
    }
}

fn syntax(error: impl std::fmt::Display) -> Error {
    Error::Syntax { offset: 0, message: error.to_string() }
}

fn start(assembler: &mut Assembler, element: &BytesStart<'_>) -> Result<(), Error> {
    let name = String::from_utf8_lossy(element.local_name().into_inner());
    assembler.start(&name.into())?;
    if assembler.wants_attributes() {
        for attribute in element.attributes().with_checks(false) {
            let attribute = attribute.map_err(syntax)?;
            let value = attribute.unescape_value().map_err(attribute_error)?;
            if !attribute.key.as_ref().starts_with(b"xmlns") {
                assembler.attribute(&String::from_utf8_lossy(attribute.key.local_name().as_ref()), &value)?;
            }
        }
    }
    Ok(())
}

fn text(assembler: &mut Assembler, part: &str) -> Result<(), Error> {
    if assembler.is_outside() && !part.trim().is_empty() && part != "\u{feff}" {
        return Err(Error::NotAnEvent);
    }
    assembler.text(part);
    Ok(())
}

fn reference(assembler: &mut Assembler, reference: &BytesRef<'_>) -> Result<(), Error> {
    if let Some(character) = reference.resolve_char_ref().map_err(syntax)? {
        assembler.text(character.encode_utf8(&mut [0; 4]));
        return Ok(());
    }
    let name = reference.decode().map_err(syntax)?;
    match quick_xml::escape::resolve_xml_entity(&name) {
        Some(part) => {
            assembler.text(part);
            Ok(())
        }
        None => Err(Error::Entity(name.chars().take(32).collect())),
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

#[cfg(test)]
mod tests {
    use super::*;

    const SYSTEM: &str = "<System><Provider Name='P'/><EventID>1</EventID></System>";

    fn fields(data: &str) -> Vec<(String, String)> {
        let event = parse(&format!("<Event>{SYSTEM}{data}</Event>")).expect("an event");
        event.data.into_iter().map(|field| (field.name.to_string(), field.value)).collect()
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
