//! What is told to Prometheus: traffic as encoded segments, proxymeter's own health as instruments.
//!
//! `catalog` names every metric. Whoever has data writes the samples of each family with a [`SampleWriter`] and puts
//! the finished segments in the place of the account's former ones; the order of families, the headers and what is
//! given up when there are too many series are the exposition's.
//!
//! ```
//! use proxymeter::domain::account::AccountName;
//! use proxymeter::domain::units::Bytes;
//! use proxymeter::metrics::catalog::FamilyId;
//! use proxymeter::metrics::exposition::{Encoding, Exposition, Format, SampleWriter};
//!
//! let account = AccountName::new("acme-mobile").unwrap();
//! let mut traffic = SampleWriter::new(FamilyId::SubUserTraffic, "oxylabs", account.as_str());
//! traffic.sample(&["mobile", "scraper_1"], Bytes(92_456_000_000));
//!
//! let exposition = Exposition::new(1_000_000);
//! exposition.replace(&account, vec![traffic.finish()]);
//!
//! let own = String::new();
//! let page = exposition.scrape(Format::Text, Encoding::Identity, own).chunks.concat();
//! let line = "proxymeter_sub_user_traffic_bytes{provider=\"oxylabs\",account=\"acme-mobile\",product=\"mobile\",sub_user=\"scraper_1\"} 92456000000";
//! assert!(String::from_utf8(page).unwrap().lines().any(|found| found == line));
//! ```
//!
//! Encoding a hundred thousand series keeps a core busy for some 50 ms: do it off the runtime's workers.
//!
//! [`SampleWriter`]: exposition::SampleWriter

pub mod budgets;
pub mod catalog;
pub mod exposition;
pub mod own;
pub mod throttled;
pub mod traffic;
