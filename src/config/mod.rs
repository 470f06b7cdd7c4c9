//! Configuration as a small compiler: a file and an environment in, plain checked values or every mistake out.
//!
//! `document` parses the file once and keeps the position of each key; `environment` reads variables as raw text;
//! `layers` has figment lay one over the other; `reader` walks the result with typed getters and collects problems;
//! a module a section turns it into values. A new section is a file like `log`, and a line in `load::read`.
//! Deliberately absent: serde, a stop at the first mistake, and the source line in a message, which may hold a secret.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::account::AccountName;
use crate::domain::budget::Budget;

mod accounts;
mod budgets;
mod collect;
mod complaint;
mod document;
mod duration;
mod environment;
mod field;
mod guard;
mod later;
mod layers;
mod lines;
mod load;
mod log;
mod name;
mod nearest;
mod operator;
mod pattern;
mod problem;
mod reader;
mod receivers;
mod secret;
mod store;
mod switch;
mod syntax;
mod web;

pub use accounts::credential::CredentialSource;
pub use accounts::schedule::{DEFAULT_SCHEDULE, DEFAULT_SUBSCRIPTIONS_SCHEDULE};
pub use accounts::vendor::{
    AuthScheme, DECODO_V1_BASE_URL, DECODO_V2_BASE_URL, DecodoDialect, DecodoLogin, OXYLABS_BASE_URL,
    UpdateRoute, Vendor,
};
pub use accounts::{AccountConfig, DEFAULT_REQUESTS_PER_SECOND, DEFAULT_TIMEOUT, MAX_REQUESTS_PER_SECOND};
pub use collect::{
    Collect, DEFAULT_LAG, DEFAULT_LOOK_AGAIN_FLOOR, DEFAULT_MAX_BODY, DEFAULT_MAX_SERIES,
    DEFAULT_RETENTION_DAYS, DEFAULT_TARGETS_TOP,
};
pub use duration::parse as parse_duration;
pub use load::{load, load_text};
pub use log::{Log, LogFormat};
pub use operator::Operator;
pub use problem::{Place, Problem, Problems};
pub use receivers::{Receiver, ReceiverKind};
pub use secret::{SecretError, SecretFault, SecretFile, SecretSource, read_secret};
pub use store::{Store, StoreLocation};
pub use web::{DEFAULT_LISTEN, Web};

/// A configuration without a mistake in it.
#[derive(Clone, Debug)]
pub struct Config {
    /// The HTTP server.
    pub web: Web,
    /// What holds for the collectors of all accounts.
    pub collect: Collect,
    /// Whether no limit is lowered anywhere, whatever else is written.
    pub writes_off: bool,
    /// The accounts; at least one.
    pub accounts: BTreeMap<AccountName, AccountConfig>,
    /// The budgets, in the order of their names.
    pub budgets: Vec<Budget>,
    /// Where the standing cap of each budget that has one is written: whether it can be kept, sub-users alone show.
    pub standing_caps: BTreeMap<Arc<str>, Place>,
    /// Who can be told, by name.
    pub receivers: BTreeMap<Arc<str>, Receiver>,
    /// Where decisions and history are kept.
    pub store: Store,
    /// The log.
    pub log: Log,
    /// The people who run proxymeter.
    pub operator: Operator,
    /// The file that was read, as it was named.
    pub file: PathBuf,
}

impl Config {
    /// The secrets that cannot be had now; each stops its own account only.
    #[must_use]
    pub fn unreadable_secrets(&self) -> Vec<Problem> {
        let secrets = self.accounts.values().map(|account| account.credential.secret());
        secrets.filter_map(secret::problem).collect()
    }
}
