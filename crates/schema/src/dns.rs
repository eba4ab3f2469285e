//! Names of DNS record types, one table for every source of queries.

/// Types by their number (IANA's registry), those that programs ask for.
const TYPES: &[(u16, &str)] = &[
    (1, "A"),
    (2, "NS"),
    (5, "CNAME"),
    (6, "SOA"),
    (12, "PTR"),
    (15, "MX"),
    (16, "TXT"),
    (28, "AAAA"),
    (33, "SRV"),
    (39, "DNAME"),
    (41, "OPT"),
    (43, "DS"),
    (46, "RRSIG"),
    (48, "DNSKEY"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (255, "ANY"),
];

/// The name of a type, `TYPE62` for one without.
///
/// ```
/// assert_eq!(schema::dns::type_name(39), "DNAME");
/// assert_eq!(schema::dns::type_name(62), "TYPE62");
/// ```
pub fn type_name(code: u16) -> String {
    match TYPES.binary_search_by_key(&code, |(code, _)| *code) {
        Ok(idx) => TYPES[idx].1.to_owned(),
        Err(_) => format!("TYPE{code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_in_order() {
        assert!(TYPES.is_sorted_by(|(first, _), (second, _)| first < second));
    }
}
