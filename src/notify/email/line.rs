//! Texts of others made fit for a header, an answer and a body (F39).

/// The most characters of a header that came from elsewhere.
const MOST_IN_HEADER: usize = 200;

/// Marks that change the direction in which the text around them is read, and the byte order mark.
const fn is_mark(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// One line without control characters and marks.
pub(super) fn single(text: &str) -> String {
    let clean: String =
        text.chars().filter(|c| !is_mark(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most so many characters, with a mark where there were more.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// What a header may say. What looks as if it were encoded already is set apart, else a reader would decode it.
pub(super) fn header(text: &str) -> String {
    cut(&single(text).replace("=?", "= ?"), MOST_IN_HEADER)
}

/// Several lines, ended by line feeds, without other control characters and marks.
pub(super) fn several(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .filter(|c| matches!(c, '\n' | '\t') || !(c.is_control() || is_mark(*c)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f39_what_others_named_stays_one_line_of_bounded_length() {
        assert_eq!(header("a\r\nBcc: b@example.com\0\u{202e}c"), "a Bcc: b@example.com c");
        assert_eq!(header("=?utf-8?q?=0D=0ABcc:_b?="), "= ?utf-8?q?=0D=0ABcc:_b?=");
        assert_eq!(header("\u{2028}ä\u{85}ö\u{200f}"), "ä ö");
        let long = header(&"ä".repeat(10_000));
        assert_eq!((long.chars().count(), long.ends_with("ä…")), (200, true));
        assert_eq!(header(&"b".repeat(200)), "b".repeat(200));
    }

    #[test]
    fn a_body_keeps_its_lines() {
        assert_eq!(several("a\r\n\tb\n\rc\u{202e}\u{7}\0\n"), "a\n\tb\nc\n");
    }
}
