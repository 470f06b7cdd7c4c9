//! The vendors, and the keys that only one of them has.

use super::Complaint;
use super::Section;

/// Oxylabs' own address.
pub const OXYLABS_BASE_URL: &str = "https://residential-api.oxylabs.io/v2";

/// Decodo's own address for the dialects `published` and `v1`.
pub const DECODO_V1_BASE_URL: &str = "https://api.decodo.com/v1";

/// Decodo's own address for the dialect `v2`.
pub const DECODO_V2_BASE_URL: &str = "https://api.decodo.com/v2";

/// A vendor, with what only that vendor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// Oxylabs.
    Oxylabs,
    /// Decodo.
    Decodo {
        /// Which of its APIs is spoken.
        dialect: DecodoDialect,
        /// How a token is had.
        login: DecodoLogin,
        /// What stands before the token in `Authorization`.
        auth_scheme: AuthScheme,
        /// Where a changed sub-user is put.
        update_route: UpdateRoute,
    },
}

/// Which of Decodo's APIs is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DecodoDialect {
    /// The published v1 contract.
    #[default]
    Published,
    /// v1 as it really answers.
    V1,
    /// v2, with a static key.
    V2,
}

/// How a token is had from Decodo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodoLogin {
    /// Username and password as a JSON body.
    Json,
    /// Username and password as Basic authentication.
    Basic,
    /// Not at all: the key is the token.
    None,
}

/// What stands before the token in `Authorization`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthScheme {
    /// Nothing.
    Raw,
    /// `Token`.
    Token,
    /// `Bearer`.
    Bearer,
}

/// Where a changed sub-user is put.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpdateRoute {
    /// At its id.
    #[default]
    Id,
    /// At the list of all, to the letter of the published contract, which names no sub-user: for commands by hand.
    Collection,
}

impl Vendor {
    /// The label `provider`.
    #[must_use]
    pub const fn provider(&self) -> &'static str {
        match self {
            Self::Oxylabs => "oxylabs",
            Self::Decodo { .. } => "decodo",
        }
    }

    /// The label `dialect`; Oxylabs has one only, its v2.
    #[must_use]
    pub const fn dialect(&self) -> &'static str {
        match self {
            Self::Oxylabs => "v2",
            Self::Decodo { dialect: DecodoDialect::Published, .. } => "published",
            Self::Decodo { dialect: DecodoDialect::V1, .. } => "v1",
            Self::Decodo { dialect: DecodoDialect::V2, .. } => "v2",
        }
    }

    /// The vendor's own address, without a slash at its end.
    #[must_use]
    pub const fn default_base_url(&self) -> &'static str {
        match self {
            Self::Oxylabs => OXYLABS_BASE_URL,
            Self::Decodo { dialect: DecodoDialect::V2, .. } => DECODO_V2_BASE_URL,
            Self::Decodo { .. } => DECODO_V1_BASE_URL,
        }
    }

    /// The vendor's name as people write it.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Oxylabs => "Oxylabs",
            Self::Decodo { .. } => "Decodo",
        }
    }

    /// Whether a change says whose it is; without that, no budget changes anything.
    #[must_use]
    pub const fn names_changed(&self) -> bool {
        !matches!(self, Self::Decodo { update_route: UpdateRoute::Collection, .. })
    }

    /// Whether a static key stands in for a login.
    pub(super) const fn has_static_key(&self) -> bool {
        matches!(self, Self::Decodo { login: DecodoLogin::None, .. })
    }
}

#[derive(Clone, Copy)]
enum Name {
    Oxylabs,
    Decodo,
}

/// The keys that Oxylabs accounts have and others do not.
const OXYLABS_ONLY: [&str; 1] = ["entry"];

/// The keys that Decodo accounts have and others do not.
const DECODO_ONLY: [&str; 6] = ["dialect", "login", "auth_scheme", "update_route", "api_key", "api_key_file"];

pub(super) fn read(section: &Section<'_>) -> Option<Vendor> {
    if !section.has("provider") {
        section.missing("provider", "write: provider = \"oxylabs\", or provider = \"decodo\"");
    }
    let name = section.choice("provider", &[("oxylabs", Name::Oxylabs), ("decodo", Name::Decodo)]);
    let decodo = read_decodo(section, matches!(name, Some(Name::Oxylabs)));
    let (vendor, foreign, owner) = match name? {
        Name::Oxylabs => (Vendor::Oxylabs, &DECODO_ONLY[..], "Decodo"),
        Name::Decodo => (decodo, &OXYLABS_ONLY[..], "Oxylabs"),
    };
    for key in foreign.iter().filter(|key| section.has(key)) {
        let message = format!("`{key}` is for accounts of {owner}, this one is of {}", vendor.title());
        section.refuse(key, Complaint::new(message).hiding().advise("take it out"));
    }
    Some(vendor)
}

/// The keys of a dialect; at another vendor's account only their presence counts.
fn read_decodo(section: &Section<'_>, is_foreign: bool) -> Vendor {
    fn word<T: Copy>(
        section: &Section<'_>,
        is_foreign: bool,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        if is_foreign { None } else { section.choice(key, words) }
    }
    let dialect = word(
        section,
        is_foreign,
        "dialect",
        &[("published", DecodoDialect::Published), ("v1", DecodoDialect::V1), ("v2", DecodoDialect::V2)],
    );
    let login = word(
        section,
        is_foreign,
        "login",
        &[("json", DecodoLogin::Json), ("basic", DecodoLogin::Basic), ("none", DecodoLogin::None)],
    );
    let auth_scheme = word(
        section,
        is_foreign,
        "auth_scheme",
        &[("raw", AuthScheme::Raw), ("token", AuthScheme::Token), ("bearer", AuthScheme::Bearer)],
    );
    let update_route = word(
        section,
        is_foreign,
        "update_route",
        &[("id", UpdateRoute::Id), ("collection", UpdateRoute::Collection)],
    );
    let dialect = dialect.unwrap_or_default();
    if update_route == Some(UpdateRoute::Collection) && dialect != DecodoDialect::Published {
        let complaint = Complaint::new("only dialect \"published\" has a route without an id").hiding();
        section.refuse("update_route", complaint.write("id"));
    }
    let (usual_login, usual_scheme) = match dialect {
        DecodoDialect::Published => (DecodoLogin::Json, AuthScheme::Raw),
        DecodoDialect::V1 => (DecodoLogin::Basic, AuthScheme::Token),
        DecodoDialect::V2 => (DecodoLogin::None, AuthScheme::Raw),
    };
    Vendor::Decodo {
        dialect,
        login: login.unwrap_or(usual_login),
        auth_scheme: auth_scheme.unwrap_or(usual_scheme),
        update_route: update_route.unwrap_or_default(),
    }
}
