//! Reads a guid. Not a generator: `new_guid()` is.

/// A guid in any of its usual spellings (dashes or not, braces or not) as lower case with dashes.
pub fn parse_guid(text: &str) -> Option<String> {
    let text = text.trim();
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let inner = inner.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(inner);
    let digits: String = inner.chars().filter(|symbol| *symbol != '-').collect();
    let dashed = inner.len() == 36 && [8, 13, 18, 23].iter().all(|idx| inner.as_bytes()[*idx] == b'-');
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) || !(dashed || inner.len() == 32) {
        return None;
    }
    let digits = digits.to_ascii_lowercase();
    Some(format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]))
}
