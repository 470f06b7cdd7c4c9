//! Addresses: a vendor's API, and the name of an entry node.

use url::{Host, Url};

use super::Complaint;

/// A vendor's API: `http` or `https`, with nothing in it but host, port and path.
pub(super) fn base_url(text: &str) -> Result<Url, Complaint> {
    // An address with a login in it is shown in no message.
    let quiet =
        |complaint: Complaint| if text.contains(['@', '?', '#']) { complaint.hiding() } else { complaint };
    let mut url = Url::parse(text).map_err(|error| {
        let complaint = quiet(Complaint::shape());
        match error {
            url::ParseError::RelativeUrlWithoutBase
                if !text.contains(['@', '?', '#']) && !text.is_empty() =>
            {
                complaint.write(format!("https://{text}"))
            }
            _ => complaint,
        }
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Complaint::new("an address holds no login")
            .hiding()
            .advise("write it without \"user:password@\", and the login as username and password_file"));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(quiet(Complaint::shape()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        let complaint = Complaint::new("an address ends with its path").hiding();
        return Err(complaint.advise("write it without \"?\" and \"#\" and what follows"));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        let encrypted = format!("https{}", &url.as_str()[4..]);
        return Err(Complaint::new("the credentials would travel unencrypted").write(encrypted));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// A host name alone.
pub(in crate::config) fn host_name(text: &str) -> Result<String, Complaint> {
    let of_label = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let labels = text.split('.').all(|label| !label.is_empty() && label.chars().all(of_label));
    if labels && text.len() <= 253 {
        return Ok(text.to_ascii_lowercase());
    }
    let meant = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("https://{text}")) };
    match meant.as_ref().ok().and_then(Url::host_str) {
        Some(host) if !text.contains('@') && host.contains('.') => Err(Complaint::shape().write(host)),
        _ => Err(Complaint::shape()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_no_slash_behind_its_path() {
        for (text, url) in [
            ("https://api.example.com/v1/", "https://api.example.com/v1"),
            ("https://api.example.com", "https://api.example.com/"),
            ("http://127.0.0.1:10800/decodo//", "http://127.0.0.1:10800/decodo"),
            ("http://[::1]:1", "http://[::1]:1/"),
            ("http://localhost:1/a", "http://localhost:1/a"),
        ] {
            assert_eq!(base_url(text).unwrap().as_str(), url);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in
            ["", "api.example.com", "ftp://a", "https://u:p@a/", "https://a?k=v", "https://a#b", "http://a/"]
        {
            assert!(base_url(text).is_err(), "{text}");
        }
        for text in ["", "a b", "a..b", "https://a.b/", "a.b:80"] {
            assert!(host_name(text).is_err(), "{text}");
        }
    }
}
