//! One Alertmanager: what it was told, and the next that it is told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;

use super::OpenAlert;
use crate::notify::SecretReader;
use crate::notify::egress::{Egress, Post};
use crate::notify::error::NotifyError;

/// An alert ends by itself after so many re-sends without one.
const LASTS: i32 = 4;

/// What all Alertmanagers of a receiver have in common.
pub(super) struct Terms {
    pub(super) egress: Egress,
    pub(super) resend: Duration,
    pub(super) basic: Option<(String, SecretReader)>,
    pub(super) link: Option<String>,
}

/// An Alertmanager.
pub(super) struct Target {
    pub(super) recipient: Arc<str>,
    /// Where alerts are pushed to.
    url: Url,
    /// What it holds for open, by its labels. Locked over a push, so that an older one never follows a newer.
    told: Mutex<BTreeMap<BTreeMap<String, String>, OpenAlert>>,
}

impl Target {
    pub(super) fn new(recipient: Arc<str>, base: &Url) -> Self {
        let mut url = base.clone();
        url.set_path(&format!("{}/api/v2/alerts", base.path().trim_end_matches('/')));
        Self { recipient, url, told: Mutex::default() }
    }

    /// Tells all that is open, ends what it was told before and is no longer, and tells one that is open nowhere.
    pub(super) async fn push(
        &self,
        terms: &Terms,
        open: &[OpenAlert],
        own: Option<OpenAlert>,
        now: Timestamp,
    ) -> Result<String, NotifyError> {
        let mut told = self.told.lock().await;
        let open: BTreeMap<_, _> = open.iter().map(|alert| (alert.labels.clone(), alert.clone())).collect();
        let ended = told.iter().filter(|(labels, _)| !open.contains_key(*labels)).map(|(_, alert)| alert);
        let until =
            SignedDuration::try_from(terms.resend).unwrap_or(SignedDuration::MAX).saturating_mul(LASTS);
        let until = now.saturating_add(until).unwrap_or(now);
        let link = terms.link.as_deref();
        let mut alerts: Vec<Value> = open.values().map(|alert| posted(alert, until, link)).collect();
        alerts.extend(own.iter().map(|alert| posted(alert, until, link)));
        alerts.extend(ended.map(|alert| posted(alert, now, link)));
        let password =
            terms.basic.as_ref().map(|(_, read)| read()).transpose().map_err(NotifyError::later)?;
        let headers = match (&terms.basic, &password) {
            (Some((user, _)), Some(password)) => basic(user, password)?,
            _ => HeaderMap::new(),
        };
        let result = terms
            .egress
            .post(Post {
                url: &self.url,
                headers,
                body: Value::from(alerts).to_string().into_bytes(),
                secrets: &[password.as_ref().map_or("", ExposeSecret::expose_secret)],
                now,
            })
            .await;
        match &result {
            Ok(_) => *told = open,
            // It may have them all, and what was to be ended may stand there still; of those that it refuses as a whole
            // it takes the good ones.
            Err(NotifyError::Unknown(_) | NotifyError::Refused(_)) => told.extend(open),
            Err(NotifyError::Gone(_) | NotifyError::Later { .. }) => {}
        }
        result
    }
}

/// Source: Alertmanager's openapi.yaml, `postableAlert`.
fn posted(alert: &OpenAlert, until: Timestamp, link: Option<&str>) -> Value {
    let mut posted = json!({
        "labels": alert.labels,
        "annotations": alert.annotations,
        // Alertmanager refuses one that ends before it starts.
        "startsAt": alert.starts_at.min(until).to_string(),
        "endsAt": until.to_string(),
    });
    if let Some(link) = link {
        posted["generatorURL"] = link.into();
    }
    posted
}

fn basic(user: &str, password: &SecretString) -> Result<HeaderMap, NotifyError> {
    let pair = STANDARD.encode(format!("{user}:{}", password.expose_secret().trim_end_matches(['\r', '\n'])));
    let mut value = HeaderValue::from_str(&format!("Basic {pair}"))
        .map_err(|_| NotifyError::later("user and password cannot be sent"))?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}
