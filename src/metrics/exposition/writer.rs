//! Writes the sample lines of one family.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher;
use std::io::Write;
use std::ops::Range;

use super::segment::Segment;
use crate::domain::units::Bytes;
use crate::metrics::catalog::FamilyId;

/// A sample's value. Integers are written in full: an `i128` holds every count of bytes and every difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Integer(i128),
    /// Any other; one that is not finite is no sample.
    Float(f64),
}

macro_rules! integers {
    ($($kind:ty)*) => {$(
        impl From<$kind> for Value {
            fn from(number: $kind) -> Self {
                Self::Integer(i128::from(number))
            }
        }
    )*};
}

integers!(u32 u64 i64 i128);

impl From<Bytes> for Value {
    fn from(bytes: Bytes) -> Self {
        bytes.0.into()
    }
}

impl From<usize> for Value {
    fn from(count: usize) -> Self {
        (count as u64).into()
    }
}

/// 1 for yes, 0 for no.
impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Integer(i128::from(yes))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

/// Writes the sample lines of one family and one account.
///
/// Two samples with the same labels would make Prometheus refuse the whole scrape, so the first stays and the others
/// are counted, see [`Segment::duplicates`].
#[derive(Debug)]
pub struct SampleWriter {
    family: FamilyId,
    /// The metric's name and the labels that all its samples share.
    head: Vec<u8>,
    labels: &'static [&'static str],
    text: Vec<u8>,
    seen: HashMap<u64, Range<usize>>,
    hasher: RandomState,
    series: usize,
    duplicates: usize,
}

impl SampleWriter {
    /// A writer for one of the families whose labels begin with `provider` and `account`.
    #[must_use]
    pub fn new(family: FamilyId, provider: &str, account: &str) -> Self {
        let mut writer = Self::global(family);
        let (shared, own) = writer.labels.split_at(writer.labels.len().min(2));
        debug_assert_eq!(shared, ["provider", "account"], "{family:?}");
        push_label(&mut writer.head, "provider", provider);
        writer.head.push(b',');
        push_label(&mut writer.head, "account", account);
        writer.labels = own;
        writer
    }

    /// A writer for a family that belongs to no account.
    pub(super) fn global(family: FamilyId) -> Self {
        Self {
            family,
            head: [family.family().name.as_bytes(), b"{"].concat(),
            labels: family.family().labels,
            text: Vec::new(),
            seen: HashMap::new(),
            hasher: RandomState::new(),
            series: 0,
            duplicates: 0,
        }
    }

    /// Adds a sample, whose labels without a value are left out; what is absent and what is empty is the same to
    /// Prometheus.
    pub fn sample_of_some(&mut self, labels: &[&str], value: impl Into<Value>) {
        self.write(labels, value.into(), true);
    }

    /// Adds a sample; `labels` are the values after `provider` and `account`, in the order of the catalog.
    pub fn sample(&mut self, labels: &[&str], value: impl Into<Value>) {
        self.write(labels, value.into(), false);
    }

    fn write(&mut self, labels: &[&str], value: Value, leaves_out: bool) {
        debug_assert_eq!(labels.len(), self.labels.len(), "{:?} has {:?}", self.family, self.labels);
        if matches!(value, Value::Float(number) if !number.is_finite()) {
            return;
        }
        let line = self.text.len();
        self.text.extend_from_slice(&self.head);
        let start = self.text.len();
        for (name, value) in self.labels.iter().zip(labels) {
            if leaves_out && value.is_empty() {
                continue;
            }
            if self.text.last() != Some(&b'{') {
                self.text.push(b',');
            }
            push_label(&mut self.text, name, value);
        }
        if self.is_known(start..self.text.len()) {
            self.text.truncate(line);
            self.duplicates += 1;
            return;
        }
        let written = match value {
            Value::Integer(number) => match u64::try_from(number) {
                Ok(small) => writeln!(self.text, "}} {small}"),
                Err(_) => writeln!(self.text, "}} {number}"),
            },
            Value::Float(number) => writeln!(self.text, "}} {number}"),
        };
        debug_assert!(written.is_ok(), "a Vec takes every write");
        self.series += 1;
    }

    /// The samples, encoded; costs a millisecond for some two thousand series.
    #[must_use]
    pub fn finish(self) -> (FamilyId, Segment) {
        (self.family, Segment::new(self.text, self.series, self.duplicates))
    }

    /// Whether these label bytes were written before; they are remembered.
    fn is_known(&mut self, labels: Range<usize>) -> bool {
        match self.seen.entry(self.hasher.hash_one(&self.text[labels.clone()])) {
            Entry::Vacant(free) => {
                free.insert(labels);
                false
            }
            // Equal hashes alone would lose a series once in 2⁶⁴ pairs.
            Entry::Occupied(taken) => self.text[taken.get().clone()] == self.text[labels],
        }
    }
}

/// Appends `name="value"`; a backslash, a quote and a line break are escaped, all else stands as it is.
fn push_label(text: &mut Vec<u8>, name: &str, value: &str) {
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(b"=\"");
    let mut rest = value.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\\' | b'"' | b'\n')) {
        text.extend_from_slice(&rest[..at]);
        text.extend_from_slice(if rest[at] == b'\n' {
            b"\\n"
        } else if rest[at] == b'"' {
            b"\\\""
        } else {
            b"\\\\"
        });
        rest = &rest[at + 1..];
    }
    text.extend_from_slice(rest);
    text.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads the label values back out of a line, by the format's own rules.
    fn values(line: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut chars = line.chars();
        while chars.by_ref().any(|c| c == '"') {
            let mut value = String::new();
            loop {
                match chars.next().unwrap() {
                    '"' => break,
                    '\\' => value.push(match chars.next().unwrap() {
                        'n' => '\n',
                        escaped => escaped,
                    }),
                    plain => value.push(plain),
                }
            }
            found.push(value);
        }
        found
    }

    fn text(family: FamilyId, write: impl FnOnce(&mut SampleWriter)) -> String {
        let mut writer = SampleWriter::new(family, "oxylabs", "acme");
        write(&mut writer);
        String::from_utf8(writer.finish().1.text().to_vec()).unwrap()
    }

    #[test]
    fn every_kind_of_value_is_written() {
        let written = text(FamilyId::SubUserTraffic, |writer| {
            writer.sample(&["m", "a"], Bytes(u64::MAX));
            writer.sample(&["m", "b"], -5_i128);
            writer.sample(&["m", "c"], 0.25);
            writer.sample(&["m", "d"], true);
            writer.sample(&["m", "e"], 3_usize);
            writer.sample(&["m", "f"], f64::NAN);
            writer.sample(&["m", "f"], f64::INFINITY);
        });
        insta::assert_snapshot!(written, @r#"
        proxymeter_sub_user_traffic_bytes{provider="oxylabs",account="acme",product="m",sub_user="a"} 18446744073709551615
        proxymeter_sub_user_traffic_bytes{provider="oxylabs",account="acme",product="m",sub_user="b"} -5
        proxymeter_sub_user_traffic_bytes{provider="oxylabs",account="acme",product="m",sub_user="c"} 0.25
        proxymeter_sub_user_traffic_bytes{provider="oxylabs",account="acme",product="m",sub_user="d"} 1
        proxymeter_sub_user_traffic_bytes{provider="oxylabs",account="acme",product="m",sub_user="e"} 3
        "#);
    }

    #[test]
    fn a_family_without_labels_of_its_own_is_written() {
        let written = text(FamilyId::AccountTraffic, |writer| writer.sample(&[], 1_u64));
        assert_eq!(written, "proxymeter_account_traffic_bytes{provider=\"oxylabs\",account=\"acme\"} 1\n");
    }

    #[test]
    fn of_two_samples_with_the_same_labels_the_first_stays() {
        let mut writer = SampleWriter::new(FamilyId::SubUserTraffic, "oxylabs", "acme");
        writer.sample(&["m", "a"], 1_u64);
        writer.sample(&["m", "a"], 2_u64);
        writer.sample(&["m", "b"], 3_u64);
        let (_, segment) = writer.finish();
        assert_eq!((segment.series(), segment.duplicates()), (2, 1));
        assert!(!segment.text().windows(4).any(|bytes| bytes == b"} 2\n"));
    }

    #[test]
    fn names_that_look_alike_once_joined_are_not_duplicates() {
        let mut writer = SampleWriter::new(FamilyId::SubUserTraffic, "oxylabs", "acme");
        writer.sample(&["a\",sub_user=\"b", "c"], 1_u64);
        writer.sample(&["a", "b\",sub_user=\"c"], 1_u64);
        assert_eq!(writer.finish().1.duplicates(), 0);
    }

    proptest! {
        #[test]
        fn f39_any_name_survives_the_way_through_one_line(product in any::<String>(), name in any::<String>()) {
            let written = text(FamilyId::SubUserTraffic, |writer| writer.sample(&[&product, &name], 1_u64));
            prop_assert_eq!(written.matches('\n').count(), 1);
            prop_assert_eq!(values(&written), ["oxylabs", "acme", product.as_str(), name.as_str()]);
        }
    }
}
