//! `alertmanager`: alerts in an Alertmanager.

use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

use url::Url;

use super::super::complaint::Complaint;
use super::super::reader::Section;
use super::super::secret::{self, SecretKeys, SecretSource};
use super::authority;
use super::way::{DEFAULT_TIMEOUT, TIMEOUTS, Way};

/// How often what stands open is sent again when nothing is said.
pub const DEFAULT_RESEND: Duration = Duration::from_secs(60);

const SHAPE: &str = "an address such as \"http://127.0.0.1:9093\"";

const PASSWORD: SecretKeys = SecretKeys { inline: "password", file: "password_file" };

pub(super) fn read(section: &Section<'_>, folder: &Path) -> Option<Way> {
    let urls = urls(section);
    let resend = section.duration("resend", Duration::from_secs(10)..=Duration::from_secs(600));
    let timeout = section.duration("timeout", TIMEOUTS);
    let basic = basic(section, folder);
    let is_bare = urls.as_ref().is_some_and(|urls| urls.iter().all(|url| url.scheme() == "http"));
    let unwanted = is_bare.then(|| {
        let complaint = Complaint::new("over http:// nobody shows a certificate");
        complaint.advise("write https:// above, or take it out")
    });
    let ca_file = authority::read(section, folder, unwanted);
    Some(Way::Alertmanager {
        urls: urls?,
        resend: resend.unwrap_or(DEFAULT_RESEND),
        timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
        basic,
        ca_file,
    })
}

fn urls(section: &Section<'_>) -> Option<Vec<Url>> {
    match (section.has("url"), section.has("urls")) {
        (false, false) => {
            section.missing("url", "write: url = \"http://127.0.0.1:9093\", or urls = [\"…\", \"…\"]");
            None
        }
        (true, true) => {
            let complaint = Complaint::new("`url` is set as well").hiding();
            section.refuse("urls", complaint.advise("write all addresses into urls, and take url out"));
            None
        }
        (true, false) => section.parse("url", SHAPE, instance).map(|url| vec![url]),
        (false, true) => {
            let before = RefCell::new(Vec::new());
            let urls = section.list("urls", |text| {
                let url = instance(text).map_err(|complaint| {
                    let message = complaint.message.clone().or_else(|| Some(format!("expected {SHAPE}")));
                    Complaint { message, ..complaint }
                })?;
                if before.borrow().contains(&url) {
                    let complaint = Complaint::new("this address is here twice");
                    return Err(complaint.advise("take one of the two out"));
                }
                before.borrow_mut().push(url.clone());
                Ok(url)
            })?;
            if urls.is_empty() {
                let complaint = Complaint::new("this names no Alertmanager").hiding();
                section.refuse("urls", complaint.advise("write: urls = [\"http://127.0.0.1:9093\"]"));
                return None;
            }
            Some(urls)
        }
    }
}

/// The address of an instance; it may be in a private network and without encryption, as most are.
fn instance(text: &str) -> Result<Url, Complaint> {
    let may_hold_login = text.contains(['@', '?', '#']);
    let quiet = |complaint: Complaint| if may_hold_login { complaint.hiding() } else { complaint };
    let mut url = match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
        _ if !may_hold_login && Url::parse(&format!("http://{text}")).is_ok() && !text.contains("//") => {
            return Err(Complaint::shape().advise("write it with http:// or https:// in front"));
        }
        _ => return Err(quiet(Complaint::shape())),
    };
    if !url.username().is_empty() || url.password().is_some() {
        let complaint = Complaint::new("an address holds no login").hiding();
        return Err(
            complaint.advise("write it without \"user:password@\", and username and password_file beside it")
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        let complaint = Complaint::new("an address ends with its path").hiding();
        return Err(complaint.advise("write it without \"?\" and \"#\" and what follows"));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    if path.ends_with("/api/v2/alerts") {
        let complaint = Complaint::new("the path of the API is added to it");
        return Err(complaint.advise("write it without /api/v2/alerts"));
    }
    url.set_path(&path);
    Ok(url)
}

fn basic(section: &Section<'_>, folder: &Path) -> Option<(String, SecretSource)> {
    secret::with_name(section, "username", &PASSWORD, folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_has_no_slash_behind_its_path() {
        for (text, url) in [
            ("http://127.0.0.1:9093", Some("http://127.0.0.1:9093/")),
            ("https://am.example.com/alertmanager/", Some("https://am.example.com/alertmanager")),
            ("am:9093", None),
            ("", None),
            ("http://u:hunter2@am/", None),
            ("http://am/?token=hunter2", None),
            ("http://am/api/v2/alerts", None),
            ("ftp://am", None),
        ] {
            let read = instance(text);
            assert!(read.as_ref().is_ok_and(|_| true) || !format!("{read:?}").contains("hunter2"));
            assert_eq!(read.ok().map(String::from).as_deref(), url, "{text}");
        }
    }
}
