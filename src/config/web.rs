//! `[web]`: where metrics and the page are served.

use std::net::{Ipv4Addr, SocketAddr};

use url::Url;

use super::complaint::Complaint;
use super::reader::Section;

/// Where proxymeter listens when nothing is said.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 10760);

/// The HTTP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web {
    /// The address and port to listen on; port 0 is any free one.
    pub listen: SocketAddr,
    /// Whether the page and `/api` may be reached beyond loopback without authentication.
    pub open: bool,
    /// Where people find the page, for links in messages; without a slash behind its path.
    pub external_url: Option<Url>,
}

pub(super) fn read(root: &Section<'_>) -> Web {
    let section = root.section("web");
    let listen = section.parse("listen", "an address and a port, such as \"127.0.0.1:10760\"", |text| {
        text.parse().map_err(|_| match listen_meant(text) {
            Some(meant) => Complaint::shape().write(meant.to_string()),
            None if text.contains(|c: char| c.is_ascii_alphabetic()) => {
                Complaint::shape().advise("names are not looked up: write an IP address and a port")
            }
            None => Complaint::shape(),
        })
    });
    let open = section.flag("open").unwrap_or_default();
    let external_url =
        section.parse("external_url", "an address such as \"https://proxymeter.example.com\"", link);
    Web { listen: listen.unwrap_or(DEFAULT_LISTEN), open, external_url }
}

/// Where people find the page: what is added to it is a path.
fn link(text: &str) -> Result<Url, Complaint> {
    let may_hold_login = text.contains(['@', '?', '#']);
    let shape = || if may_hold_login { Complaint::shape().hiding() } else { Complaint::shape() };
    let mut url = match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
        _ if !may_hold_login && !text.contains("//") && Url::parse(&format!("https://{text}")).is_ok() => {
            return Err(shape().write(format!("https://{text}")));
        }
        _ => return Err(shape()),
    };
    if !url.username().is_empty() || url.password().is_some() {
        let complaint = Complaint::new("this is shown in messages, so it holds no login").hiding();
        return Err(complaint.advise("write it without \"user:password@\""));
    }
    if url.query().is_some() || url.fragment().is_some() {
        let complaint = Complaint::new("an address ends with its path").hiding();
        return Err(complaint.advise("write it without \"?\" and \"#\" and what follows"));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// The address that a habit from elsewhere stands for.
fn listen_meant(text: &str) -> Option<SocketAddr> {
    let text = text.trim();
    let text = ["http://", "tcp://"].into_iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
    let text = text.trim_end_matches('/');
    let (host, port) = match text.rsplit_once(':') {
        _ if text.ends_with(']') => (text, "10760"),
        Some((host, port)) => (host, port),
        None if text.parse::<u16>().is_ok() => ("127.0.0.1", text),
        None => (text, "10760"),
    };
    let host = match host {
        "" | "*" => "0.0.0.0",
        "localhost" => "127.0.0.1",
        host => host,
    };
    format!("{host}:{port}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn habits_are_understood() {
        for (text, meant) in [
            (":9100", Some("0.0.0.0:9100")),
            ("*:80", Some("0.0.0.0:80")),
            ("localhost:80", Some("127.0.0.1:80")),
            ("8080", Some("127.0.0.1:8080")),
            ("0.0.0.0", Some("0.0.0.0:10760")),
            ("http://0.0.0.0:80/", Some("0.0.0.0:80")),
            ("[::]", Some("[::]:10760")),
            ("example.com:80", None),
        ] {
            assert_eq!(listen_meant(text).map(|meant| meant.to_string()).as_deref(), meant, "{text}");
        }
    }
}
