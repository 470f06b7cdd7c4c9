//! Whom a budget concerns: anchored regular expressions over names.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// The memory that one pattern may take, so that a slip such as `(a{1000}){1000}` is refused at once.
const MAX_COMPILED: usize = 1 << 20;

/// A regular expression that must fit a whole name.
#[derive(Clone, Debug)]
pub struct Selector {
    text: Box<str>,
    shape: Shape,
    regex: Regex,
}

/// What patterns mostly are; a comparison of texts costs a tenth of the automaton, and a pass makes one for each sub-user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A name as it is.
    Name,
    /// So many bytes as they are, and `.*`.
    Beginning(usize),
    /// Anything else.
    Other,
}

impl Shape {
    fn of(text: &str) -> Self {
        let beginning = text.strip_suffix(".*").unwrap_or(text);
        let is_plain = beginning.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        match (is_plain, beginning.len() == text.len()) {
            (true, true) => Self::Name,
            (true, false) => Self::Beginning(beginning.len()),
            (false, _) => Self::Other,
        }
    }
}

/// Why a pattern is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a regular expression: {0}")]
pub struct SelectorError(String);

impl Selector {
    /// A pattern that fits whole names.
    ///
    /// # Errors
    /// What is no regular expression, or one that would take more than a megabyte.
    pub fn new(text: &str) -> Result<Self, SelectorError> {
        // On its own first: `a)(b` is wrong, though it would be right between the brackets of the anchor.
        let build = |pattern: &str| {
            let built = RegexBuilder::new(pattern).size_limit(MAX_COMPILED).build();
            built.map_err(|error| {
                let text = error.to_string();
                let last = text.lines().next_back().unwrap_or_default();
                SelectorError(last.trim_start_matches("error: ").to_owned())
            })
        };
        build(text)?;
        Ok(Self { text: text.into(), shape: Shape::of(text), regex: build(&format!("^(?:{text})$"))? })
    }

    /// Whether it fits the whole of `name`.
    #[must_use]
    pub fn fits(&self, name: &str) -> bool {
        match self.shape {
            Shape::Name => name == &*self.text,
            // A dot is anything but the end of a line.
            Shape::Beginning(bytes) => {
                let rest = self.text.get(..bytes).and_then(|beginning| name.strip_prefix(beginning));
                rest.is_some_and(|rest| !rest.contains('\n'))
            }
            Shape::Other => self.regex.is_match(name),
        }
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Selector {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Selector {}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// The selectors of a budget; one that is not written fits everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selectors {
    /// The vendor.
    pub provider: Option<Selector>,
    /// The account by the operator's name.
    pub account: Option<Selector>,
    /// The product.
    pub product: Option<Selector>,
    /// The sub-user's name.
    pub sub_user: Option<Selector>,
    /// The domain.
    pub target: Option<Selector>,
    /// The plan's name.
    pub subscription: Option<Selector>,
}

/// Whether a selector, where there is one, fits.
#[must_use]
pub fn fits(selector: Option<&Selector>, name: &str) -> bool {
    selector.is_none_or(|selector| selector.fits(name))
}

impl Selectors {
    /// Whether anything of this account is meant.
    #[must_use]
    pub fn fits_account(&self, provider: &str, account: &str) -> bool {
        fits(self.provider.as_ref(), provider) && fits(self.account.as_ref(), account)
    }

    /// Whether this sub-user is meant.
    #[must_use]
    pub fn fits_sub_user(&self, product: &str, name: &str) -> bool {
        fits(self.product.as_ref(), product) && fits(self.sub_user.as_ref(), name)
    }

    /// Whether only some of the sub-users are meant, so that an account's total would say too much.
    #[must_use]
    pub fn chooses_sub_users(&self) -> bool {
        self.product.is_some() || self.sub_user.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_selector_fits_whole_names_only() {
        let selector = Selector::new("scraper_.*|crawl").unwrap();
        for (name, fits) in
            [("scraper_1", true), ("crawl", true), ("my_scraper_1", false), ("crawler", false), ("", false)]
        {
            assert_eq!(selector.fits(name), fits, "{name}");
        }
        assert!(!Selector::new("a").unwrap().fits("a\n"));
    }

    #[test]
    fn what_is_no_pattern_is_refused_in_one_line() {
        for text in ["(", "a)(b", "[", "(a{1000}){1000}", "*"] {
            let error = Selector::new(text).unwrap_err().to_string();
            assert!(error.starts_with("not a regular expression: ") && error.lines().count() == 1, "{error}");
        }
    }

    #[test]
    fn selectors_that_are_not_written_fit_everything() {
        let all = Selectors::default();
        assert!(all.fits_account("oxylabs", "acme") && all.fits_sub_user("", "x"));
        let some = Selectors { sub_user: Some(Selector::new("a.*").unwrap()), ..Selectors::default() };
        assert!(some.fits_sub_user("mobile", "ab") && !some.fits_sub_user("mobile", "b"));
        assert!(some.chooses_sub_users() && !all.chooses_sub_users());
    }

    proptest! {
        #[test]
        fn a_comparison_says_what_the_automaton_says(
            text in "[abé_-]{0,3}(\\.\\*)?", name in "[abé_-]{0,4}\n?[ab]?",
        ) {
            let selector = Selector::new(&text).unwrap();
            prop_assert_ne!(selector.shape, Shape::Other);
            prop_assert_eq!(selector.fits(&name), selector.regex.is_match(&name), "{:?} {:?}", text, name);
        }
    }
}
