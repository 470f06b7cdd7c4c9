//! What every store does, whatever the engine.
//!
//! An engine brings a [`Fixture`]; the macro makes a test of each function for it.

pub(super) mod actions;
pub(super) mod decisions;
pub(super) mod history;
pub(super) mod outbox;
pub(super) mod requests;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use proxymeter::domain::account::AccountName;
use proxymeter::domain::snapshot::SubUserKey;
use proxymeter::domain::traffic::{Usage, Window};
use proxymeter::domain::units::Bytes;
use proxymeter::store::Store;
use proxymeter::store::readings::{Figure, PassReadings, Subject};

/// A place for one store, gone with the test.
#[async_trait]
pub(super) trait Fixture: Send + Sync {
    /// The store as its owner, made at the first call.
    async fn own(&self) -> Arc<dyn Store>;
    /// The store for a command that asks the owner.
    async fn ask(&self) -> Arc<dyn Store>;
    /// The store for a command that reads.
    async fn read(&self) -> Arc<dyn Store>;
}

macro_rules! contract {
    ($module:ident: $($name:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $name() {
            super::contract::$module::$name(&fixture()).await;
        }
    )+};
}
pub(super) use contract;

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn account(name: &str) -> AccountName {
    AccountName::new(name).unwrap()
}

pub(super) fn sub_user(name: &str) -> Subject {
    Subject::SubUser(SubUserKey(name.into()))
}

pub(super) fn usage(traffic: u64) -> Usage {
    Usage { traffic: Bytes(traffic), requests: Some(traffic / 1000), window: Window::Period }
}

/// A pass in which each of these used so much.
pub(super) fn pass(observed: &str, changed: &[(&Subject, u64)]) -> PassReadings {
    let figure = |(subject, used): &(&Subject, u64)| Figure {
        subject: (*subject).clone(),
        usage: usage(*used),
        used: Bytes(*used),
    };
    PassReadings { observed: at(observed), changed: changed.iter().map(figure).collect(), standing: vec![] }
}
