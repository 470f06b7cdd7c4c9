//! What others have written, made harmless for a line of text: vendors let people name things as they like (F39).

/// `text` as one line of at most `most` characters.
///
/// What breaks a line or moves the cursor becomes a space; what turns the direction of reading, hides, or stands in no XML
/// is left out; what is too long loses its middle, since a name stands in front of its figures.
#[must_use]
pub(in crate::notify) fn line(text: &str, most: usize) -> String {
    let mut clean = String::with_capacity(text.len());
    for letter in text.chars().filter(|letter| !is_dropped(*letter)) {
        if !is_break(letter) {
            clean.push(letter);
        } else if !clean.ends_with(' ') {
            clean.push(' ');
        }
    }
    shortened(clean.trim(), most)
}

fn is_break(letter: char) -> bool {
    letter.is_control() || letter.is_whitespace()
}

/// Marks of direction, letters without a width, tags, and what is no character.
fn is_dropped(letter: char) -> bool {
    matches!(
        letter,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    ) || u32::from(letter) & 0xfffe == 0xfffe
}

/// `text` with at most `most` characters, without its middle and with a mark that says how much is gone.
#[must_use]
fn shortened(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let mark = format!(" … {} characters left out … ", length - most);
    let marked = mark.chars().count();
    if most < marked * 3 {
        return text.chars().take(most.saturating_sub(1)).chain(['…']).collect();
    }
    let head = (most - marked) / 2;
    let tail = most - marked - head;
    // Somewhat more is left out than the mark says: its own length.
    let mark = mark.replacen(&(length - most).to_string(), &(length - head - tail).to_string(), 1);
    let tail = text.chars().skip(length - tail);
    text.chars().take(head).chain(mark.chars()).chain(tail).take(most).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn f39_a_name_is_one_line_that_reads_from_the_left() {
        for (text, expected) in [
            ("first\r\nBcc: a@example.com\n\n.\n", "first Bcc: a@example.com ."),
            ("\u{202e}gnp.exe\u{2066}\u{200f}شبكة\u{2069}", "gnp.exeشبكة"),
            ("\0\u{1b}[31mred\u{7}\u{2028}\u{fffe}日本🙂", "[31mred 日本🙂"),
            ("a\u{200d}b\u{e0041}", "a\u{200d}b"),
            ("", ""),
        ] {
            assert_eq!(line(text, 100), expected, "{text:?}");
        }
    }

    #[test]
    fn f39_what_is_too_long_loses_its_middle() {
        let text = format!("{}, 40.70 GB used", "A".repeat(10_000));
        let expected =
            format!("{} … 9943 characters left out … {}, 40.70 GB used", "A".repeat(36), "A".repeat(21));
        assert_eq!(line(&text, 102), expected);
        assert_eq!(line("abcdefgh", 4), "abc…");
    }

    proptest! {
        #[test]
        fn f39_no_name_is_more_than_a_line(text: String, most in 1_usize..200) {
            let clean = line(&text, most);
            prop_assert!(clean.chars().count() <= most);
            prop_assert!(!clean.chars().any(|letter| letter.is_control() || is_dropped(letter)));
            prop_assert_eq!(line(&clean, most), clean);
        }
    }
}
