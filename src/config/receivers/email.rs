//! `email`: mail to people.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use super::super::accounts::address::host_name;
use super::super::complaint::Complaint;
use super::super::reader::Section;
use super::way::Way;

/// More than anybody reads to; a list is for that.
const MOST_RECIPIENTS: usize = 100;

const SHAPE: &str = "an address such as \"ops@example.com\" or \"Ops <ops@example.com>\"";

/// Somebody's address, and perhaps their name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The name, where one is written; one line, without what addresses are made of.
    pub name: Option<String>,
    /// `name@host`, all of it ASCII.
    pub address: String,
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => f.pad(&self.address),
        }
    }
}

pub(super) fn read(section: &Section<'_>) -> Option<Way> {
    let to = recipients(section);
    if !section.has("from") {
        section.missing(
            "from",
            "write: from = \"proxymeter@example.com\", an address that your server lets send",
        );
    }
    let from = section.parse("from", SHAPE, mailbox);
    Some(Way::Email { to: to?, from: from? })
}

fn recipients(section: &Section<'_>) -> Option<Vec<Mailbox>> {
    if !section.has("to") {
        section.missing("to", "write: to = [\"ops@example.com\"]");
    }
    let before = RefCell::new(BTreeSet::new());
    let to = section.list("to", |text| {
        let mailbox = mailbox(text).map_err(|complaint| match complaint.message {
            Some(_) => complaint,
            None => Complaint { message: Some(format!("expected {SHAPE}")), ..complaint },
        })?;
        // The letters of a host are the same in either case, and those of a name at every server there is.
        if !before.borrow_mut().insert(mailbox.address.to_lowercase()) {
            return Err(Complaint::new("this address is here twice").advise("take one of the two out"));
        }
        Ok(mailbox)
    })?;
    let refuse = |message: &str, hint: &str| {
        section.refuse("to", Complaint::new(message).hiding().advise(hint));
        None
    };
    match to.len() {
        0 => refuse("mail goes to at least one address", "write: to = [\"ops@example.com\"]"),
        1..=MOST_RECIPIENTS => Some(to),
        _ => refuse("mail goes to at most 100 addresses", "write the address of a mailing list"),
    }
}

/// Reads `name@host`, or `Name <name@host>`.
fn mailbox(text: &str) -> Result<Mailbox, Complaint> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(Complaint::new("an address is on one line"));
    }
    let (name, address) = match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
        Some((name, address)) => (name.trim(), address),
        None => ("", text),
    };
    if let Some(c) = name.chars().find(|c| "()<>[]:;@\\,\"".contains(*c)) {
        let complaint = Complaint::new(format!("a name before an address has no {c:?}"));
        return Err(complaint.advise("write it without"));
    }
    let is_meant_as_many = text.matches('@').count() > 1 && text.contains([',', ';']);
    if is_meant_as_many {
        return Err(
            Complaint::new("these are several addresses in one text").advise("give each its own quotes")
        );
    }
    if !is_address(address) {
        return Err(Complaint::shape());
    }
    let name = (!name.is_empty()).then(|| name.to_owned());
    Ok(Mailbox { name, address: address.to_owned() })
}

/// Whether it is a name and a host as they are used; what else RFC 5321 has is in no use.
fn is_address(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    let of_name = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let is_name = (1..=64).contains(&name.len())
        && name.chars().all(of_name)
        && name.split('.').all(|part| !part.is_empty());
    let is_host = |label: &str| !label.contains('_') && !label.starts_with('-') && !label.ends_with('-');
    is_name && host_name(host).is_ok() && host.split('.').all(is_host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, name, address) in [
            ("ops@example.com", None, "ops@example.com"),
            ("Ops <ops@example.com>", Some("Ops"), "ops@example.com"),
            (" Operations Team  < ops@example.com>", None, ""),
            ("<ops@example.com>", None, "ops@example.com"),
            ("Büro Köln <o.p+s@mail.example.com>", Some("Büro Köln"), "o.p+s@mail.example.com"),
            ("root@localhost", None, "root@localhost"),
        ] {
            let read = mailbox(text).ok();
            let expected = (!address.is_empty())
                .then(|| Mailbox { name: name.map(str::to_owned), address: address.into() });
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ops",
            "@example.com",
            "ops@",
            "ops@exa mple.com",
            "o ps@example.com",
            "ops.@example.com",
            "ops@-example.com",
            "öps@example.com",
            "ops@example.com, b@example.com",
            "a@b@example.com",
            "Ops, Inc <ops@example.com>",
            "Ops <ops@example.com",
            "ops@example.com\r\nBcc: x@example.com",
            "Ops\n <ops@example.com>",
        ] {
            assert!(mailbox(text).is_err(), "{text:?}");
        }
    }
}
