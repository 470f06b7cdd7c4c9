//! An invoice against what the vendor's API says: whether they agree, and which gigabyte that implies (F19).

use std::str::FromStr;

use super::super::output::signed;
use crate::domain::units::{Bytes, Gigabyte, Size, UnitError};

/// An amount as it stands on an invoice.
#[derive(Clone, Debug)]
pub(super) struct Invoice {
    text: String,
    size: Size,
}

impl FromStr for Invoice {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let size: Size = text.parse()?;
        // What cannot be counted is refused here, so that both sizes can be had later.
        for gigabyte in Gigabyte::ALL {
            size.bytes(gigabyte)?;
        }
        Ok(Self { text: text.to_owned(), size })
    }
}

/// What follows from both amounts, each give or take 1 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The invoice is in bytes, and the API's figure is the same with a gigabyte of this size.
    Proves(Gigabyte),
    /// Both are in the vendor's gigabytes and the same number, which does not say how large one is.
    Agrees,
    /// They are the same amount if the invoice's gigabyte is the one and the API's the other.
    Mixed {
        /// On the invoice.
        invoice: Gigabyte,
        /// In the API's answers.
        api: Gigabyte,
    },
    /// No gigabyte explains it.
    Differs,
}

/// An invoice beside the API's figure.
#[derive(Clone, Debug)]
pub(super) struct Compared {
    pub(super) verdict: Verdict,
    /// The invoice in bytes, by the account's gigabyte.
    pub(super) invoice: Bytes,
    /// The invoice less the API's figure, in bytes by the account's gigabyte.
    pub(super) difference: i128,
    text: String,
    said: Bytes,
    gigabyte: Gigabyte,
    is_pinned: bool,
}

impl Invoice {
    /// Compares with `said`, which the API gave in gigabytes and which was read by the account's `gigabyte`.
    pub(super) fn compare(&self, said: Bytes, gigabyte: Gigabyte, is_pinned: bool) -> Compared {
        let on_invoice = |size| self.size.bytes(size).unwrap_or_default();
        let api = |size: Gigabyte| size.to_bytes(gigabyte.from_bytes(said)).unwrap_or_default();
        let same = |a: Gigabyte, b: Gigabyte| api(b).is_within_a_hundredth_of(on_invoice(a));
        let [decimal, binary] = Gigabyte::ALL;
        let is_exact = on_invoice(decimal) == on_invoice(binary);
        let verdict = if is_exact {
            let explains = [gigabyte, decimal, binary].into_iter().find(|size| same(*size, *size));
            explains.map_or(Verdict::Differs, Verdict::Proves)
        } else if same(gigabyte, gigabyte) {
            Verdict::Agrees
        } else if same(decimal, binary) {
            Verdict::Mixed { invoice: decimal, api: binary }
        } else if same(binary, decimal) {
            Verdict::Mixed { invoice: binary, api: decimal }
        } else {
            Verdict::Differs
        };
        let invoice = on_invoice(gigabyte);
        let difference = i128::from(invoice.0) - i128::from(said.0);
        Compared { verdict, invoice, difference, text: self.text.clone(), said, gigabyte, is_pinned }
    }
}

impl Compared {
    /// Whether nothing is to be done.
    pub(super) fn is_fine(&self) -> bool {
        match self.verdict {
            Verdict::Agrees => true,
            Verdict::Proves(gigabyte) => gigabyte == self.gigabyte,
            Verdict::Mixed { .. } | Verdict::Differs => false,
        }
    }

    /// The verdict in sentences; `since` is where the API's figure begins.
    pub(super) fn to_text(&self, since: &str) -> String {
        let Self { text, gigabyte, .. } = self;
        let said = format!("{} GB", gigabyte.from_bytes(self.said).round_dp(2).normalize());
        match self.verdict {
            Verdict::Agrees => format!(
                "the invoice's {text} and the API's {said} agree within 1 %. Both are in the vendor's own gigabytes, so this \
                 does not say how large one is; a line of the invoice in bytes or GiB would."
            ),
            Verdict::Proves(size) => format!(
                "the invoice's {text} and the API's {said} are the same within 1 % if a gigabyte is {}. {}",
                in_words(size),
                self.advice(size)
            ),
            Verdict::Mixed { invoice, api } => format!(
                "the invoice's {text} and the API's {said} are the same within 1 % if a gigabyte is {} on the invoice and {} \
                 in the API. {} Sizes in the configuration are then best written in GiB or bytes, which are exact.",
                in_words(invoice),
                in_words(api),
                self.advice(api)
            ),
            Verdict::Differs => format!(
                "the invoice's {text} is {} {} than the API's {said} since {since}, and no size of a gigabyte explains that. \
                 Is the invoice for this period, and for this account's product alone?",
                signed(self.difference.abs()),
                if self.difference < 0 { "less" } else { "more" }
            ),
        }
    }

    fn advice(&self, api: Gigabyte) -> String {
        let word = api.as_str();
        match (api == self.gigabyte, self.is_pinned) {
            (true, true) => format!("The account's gigabyte = \"{word}\" is right."),
            (_, false) => format!("Write: gigabyte = \"{word}\"."),
            (false, true) => format!(
                "The account says gigabyte = \"{}\"; write: gigabyte = \"{word}\".",
                self.gigabyte.as_str()
            ),
        }
    }
}

const fn in_words(gigabyte: Gigabyte) -> &'static str {
    match gigabyte {
        Gigabyte::Decimal => "decimal (1,000,000,000 bytes)",
        Gigabyte::Binary => "binary (1,073,741,824 bytes)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The API says 400 GB, whatever that is.
    fn compare(invoice: &str, gigabyte: Gigabyte) -> Compared {
        let said = gigabyte.to_bytes(400.into()).unwrap();
        invoice.parse::<Invoice>().unwrap().compare(said, gigabyte, true)
    }

    #[test]
    fn f19_the_invoice_implies_a_gigabyte() {
        use Gigabyte::{Binary, Decimal};
        for (invoice, verdict) in [
            ("400GB", Verdict::Agrees),
            ("403.9GB", Verdict::Agrees),
            ("0.4TB", Verdict::Agrees),
            ("429.5GB", Verdict::Mixed { invoice: Decimal, api: Binary }),
            ("372.5GB", Verdict::Mixed { invoice: Binary, api: Decimal }),
            ("400GiB", Verdict::Proves(Binary)),
            ("372.53GiB", Verdict::Proves(Decimal)),
            ("429496729600 bytes", Verdict::Proves(Binary)),
            ("500GB", Verdict::Differs),
            ("500GiB", Verdict::Differs),
            ("0GB", Verdict::Differs),
        ] {
            for read_as in Gigabyte::ALL {
                assert_eq!(compare(invoice, read_as).verdict, verdict, "{invoice}, read as {read_as:?}");
            }
        }
    }

    #[test]
    fn the_difference_is_by_the_accounts_gigabyte() {
        let compared = compare("350GB", Gigabyte::Decimal);
        assert_eq!((compared.invoice, compared.difference), (Bytes(350_000_000_000), -50_000_000_000));
        assert!(!compared.is_fine());
        insta::assert_snapshot!(compared.to_text("2026-01-01"), @"the invoice's 350GB is 50.00 GB less than the API's 400 GB since 2026-01-01, and no size of a gigabyte explains that. Is the invoice for this period, and for this account's product alone?");
    }

    #[test]
    fn the_verdict_says_what_to_write() {
        insta::assert_snapshot!(compare("400GB", Gigabyte::Decimal).to_text(""), @"the invoice's 400GB and the API's 400 GB agree within 1 %. Both are in the vendor's own gigabytes, so this does not say how large one is; a line of the invoice in bytes or GiB would.");
        insta::assert_snapshot!(compare("400GiB", Gigabyte::Decimal).to_text(""), @r#"the invoice's 400GiB and the API's 400 GB are the same within 1 % if a gigabyte is binary (1,073,741,824 bytes). The account says gigabyte = "decimal"; write: gigabyte = "binary"."#);
        insta::assert_snapshot!(compare("429.5GB", Gigabyte::Decimal).to_text(""), @r#"the invoice's 429.5GB and the API's 400 GB are the same within 1 % if a gigabyte is decimal (1,000,000,000 bytes) on the invoice and binary (1,073,741,824 bytes) in the API. The account says gigabyte = "decimal"; write: gigabyte = "binary". Sizes in the configuration are then best written in GiB or bytes, which are exact."#);
        assert!(compare("372.53GiB", Gigabyte::Decimal).is_fine());
        assert!(!compare("400GiB", Gigabyte::Decimal).is_fine());
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["400", "GB", "-1GB", "99999999999TB"] {
            assert!(text.parse::<Invoice>().is_err(), "{text}");
        }
    }
}
