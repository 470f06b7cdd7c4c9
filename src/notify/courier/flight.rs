//! One try on its way.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use jiff::Timestamp;

use super::take::Begun;
use super::{Receiver, SEND_LIMIT};
use crate::notify::Parcel;
use crate::notify::error::NotifyError;

/// What was sent, and how that went.
pub(super) type Flown = (Arc<Begun>, Result<String, NotifyError>);

/// One try, bounded whatever its notifier does.
pub(super) async fn fly(receiver: Arc<Receiver>, begun: Arc<Begun>, now: Timestamp) -> Flown {
    let Begun { delivery, body, .. } = &*begun;
    let parcel = Parcel { id: &delivery.notice, recipient: &delivery.recipient, body, now };
    let send = AssertUnwindSafe(receiver.notifier.send(&parcel)).catch_unwind();
    let result = match tokio::time::timeout(SEND_LIMIT, send).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(NotifyError::Unknown("sending broke off, which is a bug".to_owned())),
        Err(_) => Err(NotifyError::Unknown(format!("no end within {} s", SEND_LIMIT.as_secs()))),
    };
    (begun, result)
}
