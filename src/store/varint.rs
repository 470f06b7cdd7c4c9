//! Whole numbers in as few bytes as they need: seven bits a byte, the lowest first.

/// Appends a number, 1 to 10 bytes.
pub(super) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads numbers one after another; nothing where the bytes end or a number does not fit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers<'a>(pub(super) &'a [u8]);

impl Numbers<'_> {
    /// The next number.
    pub(super) fn next(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return None;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// The next byte as it is.
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Whether all is read.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_numbers_take_one_byte_and_large_ones_ten() {
        for (number, length) in [(0, 1), (127, 1), (128, 2), (u64::from(u32::MAX), 5), (u64::MAX, 10)] {
            let mut out = Vec::new();
            put(&mut out, number);
            assert_eq!(out.len(), length, "{number}");
        }
    }

    #[test]
    fn what_does_not_fit_is_no_number() {
        assert_eq!(Numbers(&[0xff; 10]).next(), None);
        assert_eq!(Numbers(&[0x80; 11]).next(), None);
        assert_eq!(Numbers(&[0x80]).next(), None);
        assert_eq!(Numbers(&[]).next(), None);
    }

    proptest! {
        #[test]
        fn numbers_come_back(numbers: Vec<u64>) {
            let mut out = Vec::new();
            numbers.iter().for_each(|number| put(&mut out, *number));
            let mut read = Numbers(&out);
            let back: Vec<u64> = std::iter::from_fn(|| read.next()).collect();
            prop_assert_eq!(back, numbers);
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let mut read = Numbers(&bytes);
            while read.next().is_some() {}
        }
    }
}
