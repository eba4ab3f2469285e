//! Why an event cannot be read. Whoever imports counts these by [`Error::name`].

/// What is wrong with one event's XML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More bytes than `EVENT_XML_BYTES_MAX`.
    #[error("event of {0} bytes is too large")]
    TooLarge(usize),
    /// Elements nested deeper than `XML_DEPTH_MAX`.
    #[error("elements are nested too deep")]
    TooDeep,
    /// More fields than `FIELDS_MAX`.
    #[error("too many fields")]
    TooManyFields,
    /// A document type declaration, which no event has and which entity bombs need.
    #[error("document type declaration is not allowed")]
    Doctype,
    /// An entity other than XML's five and character references.
    #[error("entity `&{0};` is not allowed")]
    Entity(String),
    /// Not well-formed.
    #[error("bad XML at byte {offset}: {message}")]
    Syntax {
        /// Where, counted from the start of the event.
        offset: u64,
        /// What the XML reader says.
        message: String,
    },
    /// Well-formed, but no `<Event>` with a `<System>` that names a provider.
    #[error("not a Windows event")]
    NotAnEvent,
}

impl Error {
    /// A stable word for counting.
    pub fn name(&self) -> &'static str {
        match self {
            Error::TooLarge(_) => "too_large",
            Error::TooDeep => "too_deep",
            Error::TooManyFields => "too_many_fields",
            Error::Doctype => "doctype",
            Error::Entity(_) => "entity",
            Error::Syntax { .. } => "bad_xml",
            Error::NotAnEvent => "not_an_event",
        }
    }
}
