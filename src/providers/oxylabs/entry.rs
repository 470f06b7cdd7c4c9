//! An operator's own name for the entry node: a CNAME to Oxylabs' (source: the published contract, "Backconnect Entry IPs").

use hickory_resolver::TokioResolver;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::{Name, RData, RecordType};

/// The vendor's entry node.
const ENTRY_NODE: &str = "pr.oxylabs.io.";

/// Names that may lie between; a longer chain is taken for one that never ends.
const LONGEST_CHAIN: usize = 8;

/// Whether `name` is a CNAME, directly or by way of others, to the vendor's entry node.
///
/// # Errors
/// The DNS does not answer, which says nothing about the name.
pub async fn is_valid(resolver: &TokioResolver, name: &str) -> Result<bool, NetError> {
    let node = Name::from_ascii(ENTRY_NODE)?;
    let mut name = Name::from_utf8(name)?;
    name.set_fqdn(true);
    for _ in 0..LONGEST_CHAIN {
        let answer = match resolver.lookup(name.clone(), RecordType::CNAME).await {
            Ok(answer) => answer,
            // The DNS does answer: there is no such name, or it is no CNAME.
            Err(error) if error.is_no_records_found() || error.is_nx_domain() => return Ok(false),
            Err(error) => return Err(error),
        };
        let next = answer.answers().iter().find_map(|record| match &record.data {
            RData::CNAME(target) => Some(target.0.clone()),
            _ => None,
        });
        match next {
            Some(next) if next == node => return Ok(true),
            Some(next) => name = next,
            None => return Ok(false),
        }
    }
    Ok(false)
}
