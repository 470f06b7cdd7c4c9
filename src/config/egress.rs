//! Where proxymeter sends by itself: encrypted and into the world, unless the operator says otherwise.
//!
//! Such an address is a secret at most services, so no complaint shows it. What a name stands for is looked up when
//! something is sent; here only addresses in digits can be judged.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::complaint::Complaint;

/// Reads an address to send to.
pub(super) fn read(text: &str, allow_private: bool) -> Result<Url, Complaint> {
    let shape = || {
        Complaint::new("this is no address such as https://example.com/path")
            .hiding()
            .advise("write all of it, as the service shows it")
    };
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(shape());
    }
    let url = Url::parse(text).map_err(|_| shape())?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(shape());
    }
    if url.scheme() == "http" && !allow_private {
        let complaint = Complaint::new("this would be sent unencrypted: the address begins with http://");
        let hint = "write https://, or allow_private = true beside it for a server in a network of your own";
        return Err(complaint.hiding().advise(hint));
    }
    if !allow_private && is_private(&url) {
        let complaint = Complaint::new("this is an address within a private network");
        let hint = "write allow_private = true beside it, if that is a server of your own";
        return Err(complaint.hiding().advise(hint));
    }
    Ok(url)
}

/// Whether a host says by itself that it is not out in the world.
fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_private_v4(address),
        Some(Host::Ipv6(address)) => is_private_v6(address),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        None => true,
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || first == 0
        // Addresses that providers share among their customers: RFC 6598.
        || first == 100 && (64..128).contains(&second)
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    if let Some(within) = address.to_ipv4_mapped() {
        return is_private_v4(within);
    }
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.is_multicast()
}

/// Whether a host is this machine itself.
pub(super) fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or(host == "localhost", |address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_world_is_sent_to_unless_the_operator_says_otherwise() {
        for (text, is_world) in [
            ("https://hooks.example.com/a?b=c", true),
            ("https://8.8.8.8/", true),
            ("https://[2001:4860:4860::8888]/", true),
            ("http://hooks.example.com/", false),
            ("https://127.0.0.1/", false),
            ("https://10.1.2.3/", false),
            ("https://192.168.1.1/", false),
            ("https://169.254.169.254/", false),
            ("https://100.64.0.1/", false),
            ("https://0.0.0.0/", false),
            ("https://2130706433/", false),
            ("https://0x7f.1/", false),
            ("https://[::1]/", false),
            ("https://[fd00::1]/", false),
            ("https://[fe80::1]/", false),
            ("https://[::ffff:10.0.0.1]/", false),
            ("https://localhost/", false),
            ("https://a.localhost./", false),
        ] {
            assert_eq!(read(text, false).is_ok(), is_world, "{text}");
            assert!(read(text, true).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_and_not_shown() {
        for text in ["", "hunter2", "ftp://hunter2/", "https://", "https://a b/hunter2", "mailto:hunter2@a.b"]
        {
            let complaint = read(text, true).unwrap_err();
            assert!(complaint.hides_value && !format!("{complaint:?}").contains("hunter2"), "{text}");
        }
    }
}
