//! Which properties an entity has, and of what type.

/// The type of a property.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Text; comparisons see upper and lower case.
    Text,
    /// One of some words; upper and lower case are the same.
    Word(&'static [&'static str]),
    /// An instant.
    Time,
    /// A whole number.
    Number,
    /// True or false.
    Flag,
    /// A list of texts.
    Texts,
    /// A list of entities.
    Entities(&'static Schema),
    /// An entity of its own.
    Entity(&'static Schema),
}

/// A property.
#[derive(Debug)]
pub struct Property {
    /// As the JSON has it.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
}

/// An entity's type.
#[derive(Debug)]
pub struct Schema {
    /// For error messages.
    pub name: &'static str,
    /// Its properties in the order of the JSON.
    pub properties: &'static [Property],
}

impl Schema {
    /// The property of that name: case makes no difference, for the documentation itself writes `InvestigationId`.
    pub fn property(&self, name: &str) -> Option<&'static Property> {
        self.properties.iter().find(|property| property.name.eq_ignore_ascii_case(name))
    }
}
