//! What a token may be for: our own API by any of its names, and the names that clients written for MDE ask for.

/// The audience of tokens asked for by this server's own address.
pub const OWN: &str = "api://nenrin";

/// MDE's resources as clients name them: URIs, and application ids of the APIs behind them
/// (learn.microsoft.com, "Use Microsoft Defender for Endpoint APIs"; "Supported Microsoft Defender XDR APIs").
const ALIASES: &[&str] = &[
    "https://api.securitycenter.microsoft.com",
    "https://api.securitycenter.windows.com",
    "https://api.security.microsoft.com",
    "https://api-us.securitycenter.microsoft.com",
    "https://api-eu.securitycenter.microsoft.com",
    "https://api-uk.securitycenter.microsoft.com",
    "https://api-au.securitycenter.microsoft.com",
    "https://api-us.security.microsoft.com",
    "https://api-eu.security.microsoft.com",
    "https://api-uk.security.microsoft.com",
    "https://api-au.security.microsoft.com",
    "https://us.api.security.microsoft.com",
    "https://eu.api.security.microsoft.com",
    "https://uk.api.security.microsoft.com",
    "https://au.api.security.microsoft.com",
    "https://securitycenter.onmicrosoft.com/windowsatpservice",
    "https://graph.microsoft.com",
    // WindowsDefenderATP, with and without the prefix of application id URIs.
    "fc780465-2017-40d4-a0c5-307022471b92",
    "api://fc780465-2017-40d4-a0c5-307022471b92",
    // Microsoft Threat Protection.
    "8ee8fdad-f234-4243-8f3b-15c294843740",
    // Microsoft Graph.
    "00000003-0000-0000-c000-000000000000",
];

/// Host names that `--mde-hosts` adds to the server's certificate: where clients with fixed hosts connect to.
pub const MDE_HOSTS: &[&str] = &[
    "api.securitycenter.microsoft.com",
    "api.securitycenter.windows.com",
    "api.security.microsoft.com",
    "api-us.securitycenter.microsoft.com",
    "api-eu.securitycenter.microsoft.com",
    "api-uk.securitycenter.microsoft.com",
    "api-au.securitycenter.microsoft.com",
    "api-us.security.microsoft.com",
    "api-eu.security.microsoft.com",
    "api-uk.security.microsoft.com",
    "api-au.security.microsoft.com",
    "graph.microsoft.com",
    "login.microsoftonline.com",
    "login.microsoft.com",
    "login.windows.net",
    "sts.windows.net",
    "management.azure.com",
];

/// The audience for a resource that a client asks for, or `None` for one that is not ours. A trailing slash and upper
/// case make no difference, as in Azure.
pub fn audience_of(resource: &str, is_own_host: impl Fn(&str) -> bool) -> Option<&'static str> {
    let wanted = resource.trim_end_matches('/').to_ascii_lowercase();
    // First the aliases: with `--mde-hosts` they are names of ours too, and a client gets the audience that it asked for.
    if let Some(alias) = ALIASES.iter().copied().find(|alias| *alias == wanted) {
        return Some(alias);
    }
    (wanted == OWN || wanted.strip_prefix("https://").is_some_and(is_own_host)).then_some(OWN)
}

/// True for the audiences that our tokens have, exactly as written.
pub fn is_audience(audience: &str) -> bool {
    audience == OWN || ALIASES.contains(&audience)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_exactly() {
        let own = |host: &str| host == "nenrin.example:8443" || host == "graph.microsoft.com";
        for (resource, expect) in [
            ("https://api.securitycenter.microsoft.com", Some("https://api.securitycenter.microsoft.com")),
            ("https://API.securitycenter.microsoft.com/", Some("https://api.securitycenter.microsoft.com")),
            ("https://graph.microsoft.com", Some("https://graph.microsoft.com")),
            ("https://nenrin.example:8443/", Some(OWN)),
            ("http://nenrin.example:8443", None),
            ("https://nenrin.example", None),
            ("https://api.securitycenter.microsoft.com.evil.example", None),
            ("https://api.securitycenter.microsoft.com/x", None),
            ("", None),
        ] {
            assert_eq!(audience_of(resource, own), expect, "{resource}");
        }
        assert!(!is_audience("https://api.securitycenter.microsoft.com/"));
    }
}
