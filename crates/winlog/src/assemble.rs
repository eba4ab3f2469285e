//! Elements, attributes and texts to an [`Event`], whatever they were read from: XML or the binary XML of a log file.

use std::sync::Arc;

use crate::limits::{FIELD_NAME_BYTES_MAX, FIELDS_MAX, XML_DEPTH_MAX};
use crate::time::parse_time_ns;
use crate::{Error, Event, Field};

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
    name: Arc<str>,
    /// True when it has elements or attributes of its own: its text is then only layout, unless it is not blank.
    has_parts: bool,
}

/// An event in the making.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    event: Event,
    depth: usize,
    section: Section,
    open: Vec<Open>,
    /// Text of the innermost open element, since its last part.
    text: String,
}

impl Assembler {
    /// An element begins; its attributes follow, then what is in it.
    pub(crate) fn start(&mut self, name: &Arc<str>) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > XML_DEPTH_MAX {
            return Err(Error::TooDeep);
        }
        match self.depth {
            1 if &**name == "Event" => Ok(()),
            1 => Err(Error::NotAnEvent),
            2 => {
                self.section = match &**name {
                    "System" => Section::System,
                    "EventData" | "UserData" | "ProcessingErrorData" | "DebugData" | "BinaryEventData" => Section::Data,
                    _ => Section::Other,
                };
                Ok(())
            }
            _ => {
                match self.section {
                    Section::System => self.text.clear(),
                    Section::Data => self.flush_parent_text()?,
                    Section::Other => return Ok(()),
                }
                self.open.push(Open { name: Arc::clone(name), has_parts: false });
                Ok(())
            }
        }
    }

    /// False where attributes say nothing.
    pub(crate) fn wants_attributes(&self) -> bool {
        self.depth > 2 && self.section != Section::Other
    }

    /// True where every attribute becomes a field.
    pub(crate) fn is_in_data(&self) -> bool {
        self.depth > 2 && self.section == Section::Data
    }

    /// True before the first and after the last element.
    pub(crate) fn is_outside(&self) -> bool {
        self.depth == 0
    }

    /// An attribute of the element that has just begun, by its local name; no `xmlns`.
    pub(crate) fn attribute(&mut self, key: &str, value: &str) -> Result<(), Error> {
        if !self.wants_attributes() {
            return Ok(());
        }
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        if self.section == Section::System {
            let element = Arc::clone(&open.name);
            self.system_attribute(&element, key, value);
            return Ok(());
        }
        match key {
            "Name" => open.name = value.into(),
            "Type" => {}
            key => {
                open.has_parts = true;
                self.push(key.into(), value.to_owned())?;
            }
        }
        Ok(())
    }

    /// Names the element that has just begun, without a copy: `<Data Name='…'>` is `Name`.
    pub(crate) fn rename(&mut self, name: &Arc<str>) {
        if let Some(open) = self.open.last_mut() {
            open.name = Arc::clone(name);
        }
    }

    fn system_attribute(&mut self, element: &str, key: &str, value: &str) {
        let event = &mut self.event;
        match (element, key) {
            ("Provider", "Name") => value.clone_into(&mut event.provider),
            ("Provider", "EventSourceName") if event.provider.is_empty() => value.clone_into(&mut event.provider),
            ("TimeCreated", "SystemTime") => event.time_ns = parse_time_ns(value).unwrap_or(0),
            ("Correlation", "ActivityID") => event.activity_id = guid(value),
            ("Correlation", "RelatedActivityID") => event.related_activity_id = guid(value),
            ("Execution", "ProcessID") => event.process_id = number(value),
            ("Execution", "ThreadID") => event.thread_id = number(value),
            ("Security", "UserID") => event.user_sid = Some(value.to_owned()).filter(|sid| !sid.is_empty()),
            _ => {}
        }
    }

    /// An element inside another: text before it is a field of its own when it is more than layout.
    fn flush_parent_text(&mut self) -> Result<(), Error> {
        if let Some(parent) = self.open.last_mut() {
            parent.has_parts = true;
            if !self.text.trim().is_empty() {
                let (name, value) = (Arc::clone(&parent.name), std::mem::take(&mut self.text));
                self.push(name, value)?;
            }
        }
        self.text.clear();
        Ok(())
    }

    fn push(&mut self, mut name: Arc<str>, value: String) -> Result<(), Error> {
        if self.event.data.len() >= FIELDS_MAX {
            return Err(Error::TooManyFields);
        }
        if name.len() > FIELD_NAME_BYTES_MAX {
            name = name[..name.floor_char_boundary(FIELD_NAME_BYTES_MAX)].into();
        }
        self.event.data.push(Field { name, value });
        Ok(())
    }

    /// An element ends; true at the end of the event.
    pub(crate) fn end(&mut self) -> Result<bool, Error> {
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

    /// Text inside an element.
    pub(crate) fn text(&mut self, text: &str) {
        if !self.open.is_empty() {
            self.text.push_str(text);
        }
    }

    /// Where the text goes, `None` where it goes nowhere.
    pub(crate) fn text_mut(&mut self) -> Option<&mut String> {
        if self.open.is_empty() { None } else { Some(&mut self.text) }
    }

    /// The event, when it is one.
    pub(crate) fn finish(self) -> Result<Event, Error> {
        if self.event.provider.is_empty() { Err(Error::NotAnEvent) } else { Ok(self.event) }
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
