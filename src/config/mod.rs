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
use crate::domain::owners::Owners;

mod accounts;
mod budgets;
mod collect;
mod complaint;
mod document;
mod duration;
mod egress;
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
mod owners;
mod pattern;
mod problem;
mod reader;
mod receivers;
mod secret;
mod smtp;
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
pub use operator::{DEFAULT_WATCHDOG_EVERY, Operator, Watchdog};
pub use problem::{Place, Problem, Problems};
pub use receivers::alertmanager::DEFAULT_RESEND;
pub use receivers::email::Mailbox;
pub use receivers::fallback::{DEFAULT_FALLBACK_AFTER, Fallback};
pub use receivers::templates::TemplateTexts;
pub use receivers::way::Way;
pub use receivers::webhook::{DEFAULT_CONNECTIONS, PAGERDUTY_URL, WebhookFormat};
pub use receivers::{DEFAULT_GIVE_UP_AFTER, Receiver};
pub use secret::{SecretError, SecretFault, SecretFile, SecretSource, read_secret};
pub use smtp::{DEFAULT_SMTP_CONNECTIONS, DEFAULT_SMTP_TIMEOUT, Smtp, SmtpTls};
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
    /// The server that sends mail on; there where a receiver has email.
    pub smtp: Option<Smtp>,
    /// Whose the sub-users are.
    pub owners: Owners,
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
    /// The secrets that cannot be had now, or are not what they are for; each stops its own account, receiver, mail
    /// or watchdog only.
    #[must_use]
    pub fn unreadable_secrets(&self) -> Vec<Problem> {
        let accounts = self.accounts.values().map(|account| account.credential.secret());
        let mail = self.smtp.iter().filter_map(|smtp| smtp.credentials.as_ref());
        let secrets = accounts.chain(mail.map(|(_, password)| password));
        let secrets = secrets.filter_map(|secret| secret::problem(secret, |_| Ok(())));
        let receivers = self.receivers.values().flat_map(Receiver::secret_problems);
        let watchdog = self.operator.watchdog.iter().filter_map(Watchdog::secret_problem);
        secrets.chain(receivers).chain(watchdog).collect()
    }
}
