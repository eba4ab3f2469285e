//! Whose token a request carries, in the header forms of all shippers.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use http::{HeaderMap, header};

use super::refusal::Refusal;

/// The token: `Bearer TOKEN`, `Splunk TOKEN`, `Basic` with the token as the password, `ApiKey` with the token as it is
/// or as the key of Elasticsearch's `base64(id:key)`.
pub(super) fn of(headers: &HeaderMap) -> Result<String, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(Refusal::NoToken)?;
    let value = value.to_str().map_err(|_| Refusal::BadHeader)?.trim();
    if values.next().is_some() || value.len() > 1_024 {
        return Err(Refusal::BadHeader);
    }
    let (scheme, rest) = value.split_once(' ').ok_or(Refusal::BadHeader)?;
    let rest = rest.trim();
    let token = match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "splunk" => Some(rest.to_owned()),
        "basic" => behind_colon(rest),
        "apikey" => behind_colon(rest).or_else(|| Some(rest.to_owned())),
        _ => None,
    };
    token.filter(|token| !token.is_empty()).ok_or(Refusal::BadHeader)
}

fn behind_colon(base64: &str) -> Option<String> {
    let bytes = STANDARD.decode(base64).or_else(|_| STANDARD_NO_PAD.decode(base64)).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    Some(text.split_once(':')?.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form() {
        for (value, expect) in [
            ("Bearer nrs_a-b", Some("nrs_a-b")),
            ("bearer  nrs_a ", Some("nrs_a")),
            ("Splunk nrs_a", Some("nrs_a")),
            ("Basic eDpucnNfYQ==", Some("nrs_a")),
            ("ApiKey eDpucnNfYQ==", Some("nrs_a")),
            ("ApiKey nrs_a", Some("nrs_a")),
            ("Basic nrs_a", None),
            ("Basic eDo=", None),
            ("Digest x", None),
            ("Bearer", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
            assert_eq!(of(&headers).ok().as_deref(), expect, "{value:?}");
        }
        assert!(matches!(of(&HeaderMap::new()), Err(Refusal::NoToken)));
    }
}
