//! Text of others on its way into somebody's markup: made harmless, and cut by characters with a mark (F39).
//!
//! Names come from vendors and may hold anything. What is told apart here: characters that no medium shows (controls,
//! marks that turn the direction of all that follows), and those that a medium reads as markup.

/// What stands where something was cut away.
pub const MARK: char = '…';

/// How a medium takes text.
#[derive(Clone, Copy, Debug)]
pub struct Medium {
    /// Writes a character so that it means itself.
    pub escape: fn(char, &mut String),
    /// How much a text counts against the medium's limits, as it is sent.
    pub size: fn(&str) -> usize,
}

impl Medium {
    /// The text as one line of at most `most`.
    #[must_use]
    pub fn line(&self, text: &str, most: usize) -> String {
        let room = most.saturating_sub(self.size_of(MARK));
        let (mut out, mut piece) = (String::new(), String::new());
        // Where to cut, should it turn out to be too long.
        let (mut size, mut cut) = (0, 0);
        for c in clean(text).chars().map(|c| if c == '\n' { ' ' } else { c }) {
            piece.clear();
            (self.escape)(c, &mut piece);
            size += (self.size)(&piece);
            if size > most {
                out.truncate(cut);
                out.push(MARK);
                return out;
            }
            out.push_str(&piece);
            if size <= room {
                cut = out.len();
            }
        }
        out
    }

    /// The text line by line, each of at most `each`, all with their breaks of at most `most`; the last says how many
    /// were left out. Empty lines are.
    #[must_use]
    pub fn lines(&self, text: &str, each: usize, most: usize) -> Vec<String> {
        let text = clean(text);
        let all: Vec<String> =
            text.lines().filter(|line| !line.trim().is_empty()).map(|line| self.line(line, each)).collect();
        let size = |line: &String| (self.size)(line) + 1;
        if all.iter().map(size).sum::<usize>() <= most {
            return all;
        }
        // The longest that the last line can be.
        let room = most.saturating_sub((self.size)(&more(all.len())) + 1);
        let mut used = 0;
        let kept = all.iter().take_while(|line| {
            used += size(line);
            used <= room
        });
        let mut kept: Vec<String> = kept.cloned().collect();
        kept.push(more(all.len() - kept.len()));
        kept
    }

    fn size_of(&self, c: char) -> usize {
        (self.size)(c.encode_utf8(&mut [0; 4]))
    }
}

fn more(count: usize) -> String {
    format!("{MARK} and {count} more")
}

/// Text without what no medium shows: controls, and marks that turn the direction of what follows them.
#[must_use]
pub fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let shown = text.chars().filter_map(|c| match c {
        '\n' | '\u{2028}' | '\u{2029}' | '\u{85}' => Some('\n'),
        '\t' | '\r' => Some(' '),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' => None,
        c if c.is_control() => None,
        c => Some(c),
    });
    shown.collect()
}

/// Nothing is markup; counted in characters.
pub const PLAIN: Medium = Medium { escape: |c, out| out.push(c), size: |text| text.chars().count() };

/// Nothing is markup; counted in bytes.
pub const BYTES: Medium = Medium { escape: |c, out| out.push(c), size: str::len };

/// Nothing is markup; counted as Slack and Discord may count, an emoji as two.
pub const UNITS: Medium = Medium { escape: |c, out| out.push(c), size: units };

/// Slack's mrkdwn: three characters make links and mentions, and an accent grave opens code across lines. Stars and
/// underscores stay, as Slack knows no escape for them; they make a name bold at worst.
///
/// Source: docs.slack.dev, "Formatting text for app surfaces".
pub const SLACK: Medium = Medium {
    escape: |c, out| match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '`' => out.push('\''),
        c => out.push(c),
    },
    size: units,
};

/// Discord's markdown, and mentions beside it.
pub const DISCORD: Medium = Medium {
    escape: |c, out| match c {
        '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '#' | '[' | ']' => out.extend(['\\', c]),
        // Nothing is mentioned by `@everyone` with something invisible in it.
        '@' => out.push_str("@\u{200b}"),
        c => out.push(c),
    },
    size: units,
};

/// The markdown of adaptive cards, in TextBlock and FactSet.
pub const TEAMS: Medium = Medium {
    escape: |c, out| match c {
        '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '#' | '[' | ']' | '!' => out.extend(['\\', c]),
        // Read as HTML's, and not by a backslash.
        '&' => out.push_str("&amp;"),
        c => out.push(c),
    },
    size: units,
};

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UGLY: &str = "<b>\"a\" & `b`</b> *c* [d](e) @everyone\n\u{202e}f\u{7}";

    #[test]
    fn f39_each_medium_has_its_own_escapes() {
        let lines = [PLAIN, SLACK, DISCORD, TEAMS].map(|medium| medium.line(UGLY, 200));
        assert_eq!(
            lines,
            [
                "<b>\"a\" & `b`</b> *c* [d](e) @everyone f",
                "&lt;b&gt;\"a\" &amp; 'b'&lt;/b&gt; *c* [d](e) @everyone f",
                "\\<b\\>\"a\" & \\`b\\`\\</b\\> \\*c\\* \\[d\\](e) @\u{200b}everyone f",
                "\\<b\\>\"a\" &amp; \\`b\\`\\</b\\> \\*c\\* \\[d\\](e) @everyone f",
            ]
        );
    }

    #[test]
    fn a_cut_is_marked_and_never_inside_an_escape() {
        for (medium, text, most, cut) in [
            (PLAIN, "abcdef", 6, "abcdef"),
            (PLAIN, "abcdef", 5, "abcd…"),
            (PLAIN, "日本語日本語", 4, "日本語…"),
            (SLACK, "a&&", 7, "a&amp;…"),
            (SLACK, "a&&", 6, "a…"),
            (UNITS, "🙂🙂🙂", 5, "🙂🙂…"),
            (BYTES, "日本語", 8, "日…"),
            (PLAIN, "abc", 0, "…"),
        ] {
            assert_eq!(medium.line(text, most), cut, "{text} in {most}");
        }
    }

    #[test]
    fn lines_that_do_not_fit_are_counted() {
        assert_eq!(PLAIN.lines("one\n\n two \nthree", 10, 20), ["one", " two ", "three"]);
        assert_eq!(PLAIN.lines("aaaa\nbbbb\ncccc\ndddd\neeee", 10, 24), ["aaaa", "bbbb", "… and 3 more"]);
        assert_eq!(PLAIN.lines("aaaaaaaaaaaaaaaaaaaa\nb", 10, 100), ["aaaaaaaaa…", "b"]);
    }

    proptest! {
        #[test]
        fn f39_nothing_is_longer_than_it_may_be(text in ".{0,60}", most in 1_usize..40) {
            for medium in [PLAIN, SLACK, DISCORD, TEAMS, UNITS] {
                prop_assert!((medium.size)(&medium.line(&text, most)) <= most);
            }
        }
    }
}
