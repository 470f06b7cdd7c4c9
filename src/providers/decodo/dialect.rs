//! What Decodo's generations do differently.

use crate::domain::account::FreezeBy;

/// A generation of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The published v1 contract, to the letter.
    Published,
    /// v1 as the vendor's own README and live clients show it.
    V1,
    /// v2: a static key, no user id in the paths.
    V2,
}

/// How a token is got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// Name and password in a JSON body.
    Json,
    /// Name and password as basic authentication, without a body.
    Basic,
}

/// Where a changed sub-user is put.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpdateRoute {
    /// `PUT …/sub-users/{id}`, as all of the vendor's own examples call it.
    #[default]
    ById,
    /// `PUT …/sub-users`, to the letter of the published contract, which names no sub-user: the vendor alone knows whom
    /// it changes. For commands by hand, and for that dialect only.
    Collection,
}

impl Dialect {
    /// The word in the configuration, and the label `dialect`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }

    /// How a sub-user is stopped.
    ///
    /// The published contract has no status, and does not say whether a limit cuts off. A status is documented for v2
    /// alone: at v1 a live client sends `active`, and nobody is known to send `disabled`.
    pub(super) const fn freeze_by(self) -> FreezeBy {
        match self {
            Self::Published => FreezeBy::Nothing,
            Self::V1 => FreezeBy::LimitAtCounter,
            Self::V2 => FreezeBy::Status,
        }
    }

    /// Whether a limit can be lifted: in the published contract it is a number, and `null` is none.
    pub(super) const fn can_lift(self) -> bool {
        !matches!(self, Self::Published)
    }

    /// Whether paths start with the user id.
    pub(super) const fn has_user_in_path(self) -> bool {
        !matches!(self, Self::V2)
    }
}
