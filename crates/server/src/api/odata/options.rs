//! The query options of a request.

use super::filter::Filter;
use super::schema::{Kind, Schema};
use super::{Fault, lower_bound};
use crate::limits::{ODATA_ORDER_KEYS_MAX, ODATA_PAGE_MAX, ODATA_QUERY_BYTES_MAX, ODATA_TOP_MAX};

/// What a request asks for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `$filter`.
    pub filter: Option<Filter>,
    /// `$top`.
    pub top: Option<usize>,
    /// `$skip`.
    pub skip: usize,
    /// `$skiptoken`: only entities up to this number, so that new ones don't shift the pages.
    pub upto: Option<i64>,
    /// `$orderby`: property, and whether the largest comes first.
    pub order: Vec<(&'static str, bool)>,
    /// `$select`; empty means all.
    pub select: Vec<&'static str>,
    /// `$expand=evidence` or whatever the type has to expand.
    pub expand: bool,
    /// `$count=true`.
    pub count: bool,
    /// Entities of a page at most.
    pub page: usize,
    /// `$top` is the size of a page, and all pages are linked, as in Graph; in MDE there is no page after `$top`.
    pub is_paged: bool,
    /// The other options as they were sent, for the next link.
    sent: Vec<(String, String)>,
}

impl Options {
    /// Reads a query string.
    ///
    /// # Errors
    /// What is wrong with which option.
    pub fn parse(query: Option<&str>, schema: &'static Schema, expandable: &str) -> Result<Self, Fault> {
        let query = query.unwrap_or_default();
        if query.len() > ODATA_QUERY_BYTES_MAX {
            return Err(Fault::new(format!("the query string is longer than {ODATA_QUERY_BYTES_MAX} bytes")));
        }
        let mut options = Self { page: ODATA_PAGE_MAX, ..Self::default() };
        let mut seen: Vec<String> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            // Options without a dollar are the client's own, such as api-version.
            if !name.starts_with('$') {
                continue;
            }
            let name = name.to_ascii_lowercase();
            if seen.contains(&name) {
                return Err(Fault::new(format!("Query option '{name}' was specified more than once")));
            }
            options.set(&name, &value, schema, expandable)?;
            if !matches!(name.as_str(), "$skip" | "$skiptoken") {
                options.sent.push((name.clone(), value));
            }
            seen.push(name);
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str, schema: &'static Schema, expandable: &str) -> Result<(), Fault> {
        match name {
            "$filter" if value.trim().is_empty() => Err(Fault::new("$filter: is empty: leave it out")),
            "$filter" => {
                self.filter = Some(Filter::parse(value, schema)?);
                Ok(())
            }
            "$top" => {
                let top = number(name, value)?;
                if top > ODATA_TOP_MAX {
                    let message = format!("The limit of '{ODATA_TOP_MAX}' for Top query has been exceeded");
                    return Err(Fault::new(message));
                }
                self.top = Some(top);
                Ok(())
            }
            "$skip" => {
                self.skip = number(name, value)?;
                Ok(())
            }
            "$skiptoken" => {
                let bad = || Fault::new("$skiptoken: not one that this server gave");
                self.upto = Some(value.parse().ok().filter(|upto| *upto >= 0).ok_or_else(bad)?);
                Ok(())
            }
            "$count" => {
                self.count = match value {
                    "true" => true,
                    "false" => false,
                    _ => return Err(Fault::new("$count: must be true or false")),
                };
                Ok(())
            }
            "$expand" => {
                let inner = value.trim().to_ascii_lowercase();
                if expandable.is_empty() || inner.trim_end_matches("($select=*)") != expandable {
                    return Err(Fault::new(format!("$expand: {value:?} can't be expanded")));
                }
                self.expand = true;
                Ok(())
            }
            "$select" => self.set_select(value, schema),
            "$orderby" => self.set_order(value, schema),
            _ => Err(Fault::new(format!("The query option '{name}' is not supported"))),
        }
    }

    fn set_select(&mut self, value: &str, schema: &'static Schema) -> Result<(), Fault> {
        for name in value.split(',').map(str::trim) {
            if name == "*" {
                continue;
            }
            let property = schema.property(name).ok_or_else(|| {
                Fault::new(format!("$select: could not find a property named '{name}' on type '{}'", schema.name))
            })?;
            if !self.select.contains(&property.name) {
                self.select.push(property.name);
            }
        }
        Ok(())
    }

    fn set_order(&mut self, value: &str, schema: &'static Schema) -> Result<(), Fault> {
        for key in value.split(',') {
            let words: Vec<&str> = key.split_whitespace().collect();
            let (name, largest_first) = match words.as_slice() {
                [name] => (*name, false),
                [name, word] if word.eq_ignore_ascii_case("asc") => (*name, false),
                [name, word] if word.eq_ignore_ascii_case("desc") => (*name, true),
                _ => return Err(Fault::new(format!("$orderby: {key:?} is not a property with asc or desc"))),
            };
            let property = schema.property(name).ok_or_else(|| {
                Fault::new(format!("$orderby: could not find a property named '{name}' on type '{}'", schema.name))
            })?;
            if matches!(property.kind, Kind::Texts | Kind::Entities(_) | Kind::Entity(_)) {
                return Err(Fault::new(format!("$orderby: {name} has no order")));
            }
            self.order.push((property.name, largest_first));
            if self.order.len() > ODATA_ORDER_KEYS_MAX {
                return Err(Fault::new(format!("$orderby: more than {ODATA_ORDER_KEYS_MAX} properties")));
            }
        }
        Ok(())
    }

    /// The same with `$top` as the size of pages, at most `n_rows`.
    #[must_use]
    pub fn in_pages_of(self, n_rows: usize) -> Self {
        Self { page: n_rows, is_paged: true, ..self }
    }

    /// The earliest time that the filter lets a property have.
    pub fn lower_bound(&self, property: &str) -> Option<i64> {
        lower_bound(self.filter.as_ref()?, property)
    }

    /// The query string of the page that begins at `skip`. Written anew, so that nothing is encoded twice.
    pub fn next(&self, skip: usize, upto: i64) -> String {
        let mut query = String::new();
        for (name, value) in &self.sent {
            query.push_str(&format!("{name}={}&", encode(value)));
        }
        query.push_str(&format!("$skip={skip}&$skiptoken={upto}"));
        query
    }
}

fn number(name: &str, value: &str) -> Result<usize, Fault> {
    let valid = !value.is_empty() && value.len() <= 9 && value.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.parse().ok().filter(|_| valid);
    number.ok_or_else(|| Fault::new(format!("{name}: must be a whole number from 0, not {value:?}")))
}

/// Percent-decodes a part of a query string; `+` is a space, as every client writes it.
fn decode(text: &str) -> Result<String, Fault> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next(), rest.next()];
                let [Some(high), Some(low)] = digits.map(|it| it.and_then(|it| char::from(it).to_digit(16))) else {
                    return Err(Fault::new("the query string has a % without two hexadecimal digits"));
                };
                bytes.push((high * 16 + low) as u8);
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).map_err(|_| Fault::new("the query string is not UTF-8"))
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b',' | b'(' | b')' | b'\'' | b':' => {
                encoded.push(char::from(byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}
