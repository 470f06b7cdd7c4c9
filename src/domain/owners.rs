//! Owners: whom a sub-user's own budget news concern, by its name.

use std::sync::Arc;

use super::budget::selector::Selector;

/// Sub-users by their names, and the receivers of those who own them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners {
    rules: Vec<(Selector, Vec<Arc<str>>)>,
}

impl Owners {
    /// Owners by rules: names that a pattern fits, and the receivers.
    #[must_use]
    pub fn new(rules: Vec<(Selector, Vec<Arc<str>>)>) -> Self {
        Self { rules }
    }

    /// Whether nobody owns anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The receivers of those who own a sub-user: those of every rule that fits, each once, in the order of the rules.
    pub fn receivers_of<'a>(&'a self, sub_user: &str) -> impl Iterator<Item = &'a Arc<str>> {
        let fitting = self.rules.iter().filter(|(names, _)| names.fits(sub_user));
        let mut owners: Vec<&Arc<str>> = Vec::new();
        for receiver in fitting.flat_map(|(_, receivers)| receivers) {
            if !owners.contains(&receiver) {
                owners.push(receiver);
            }
        }
        owners.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_that_fits_the_whole_name_counts() {
        let rule = |pattern: &str, receivers: &[&str]| {
            let receivers = receivers.iter().map(|name| Arc::from(*name)).collect();
            (Selector::new(pattern).unwrap(), receivers)
        };
        let owners = Owners::new(vec![
            rule("scraper_.*", &["ops"]),
            rule("scraper_eu_.*", &["europe", "ops"]),
            rule("crawl", &["search"]),
        ]);
        for (sub_user, expected) in [
            ("scraper_1", &["ops"][..]),
            ("scraper_eu_1", &["ops", "europe"]),
            ("crawl", &["search"]),
            ("crawler", &[]),
            ("my_scraper_1", &[]),
        ] {
            let receivers: Vec<&str> = owners.receivers_of(sub_user).map(|name| &**name).collect();
            assert_eq!(receivers, expected, "{sub_user}");
        }
        assert!(Owners::default().is_empty() && !owners.is_empty());
    }
}
