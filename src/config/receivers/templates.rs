//! `[templates]` and a receiver's own: what stands instead of proxymeter's texts.

use std::path::Path;

use super::super::complaint::Complaint;
use super::super::problem::quote_path;
use super::super::reader::Section;

/// How long a template is at most, in bytes.
const LONGEST: usize = 256 << 10;

/// The texts of templates, each where one is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateTexts {
    /// The one line that says what matters.
    pub title: Option<String>,
    /// Everything, as text.
    pub text: Option<String>,
    /// Everything, as the HTML of a mail.
    pub html: Option<String>,
}

impl TemplateTexts {
    /// These, and those below where there is none here.
    pub(super) fn over(self, below: &Self) -> Self {
        Self {
            title: self.title.or_else(|| below.title.clone()),
            text: self.text.or_else(|| below.text.clone()),
            html: self.html.or_else(|| below.html.clone()),
        }
    }
}

/// The keys of each: as it is, and by a file.
const KEYS: [[&str; 2]; 3] = [["title", "title_file"], ["text", "text_file"], ["html", "html_file"]];

/// Those for all receivers.
pub(super) fn of_all(root: &Section<'_>, folder: &Path, has_email: bool) -> TemplateTexts {
    let unwanted = (!has_email).then_some("only mail has HTML, and no receiver has email");
    read(&root.section("templates"), folder, unwanted)
}

/// Whether there is a title or a text below a section's `templates`; HTML, which is mail's alone, has its own message.
pub(super) fn has_words(of: &Section<'_>) -> bool {
    let section = of.section("templates");
    KEYS[..2].iter().flatten().any(|key| section.has(key))
}

/// Those of one receiver.
pub(super) fn of_receiver(receiver: &Section<'_>, folder: &Path) -> TemplateTexts {
    let unwanted = (!receiver.has("email")).then_some("only mail has HTML");
    read(&receiver.section("templates"), folder, unwanted)
}

/// `without_html` says why there is to be no HTML.
fn read(section: &Section<'_>, folder: &Path, without_html: Option<&str>) -> TemplateTexts {
    if let Some(why) = without_html {
        for key in KEYS[2] {
            section.refuse(key, Complaint::new(why).hiding().advise("take it out"));
        }
    }
    let [title, text, html] = KEYS.map(|keys| template(section, keys, folder));
    TemplateTexts { title, text, html }
}

fn template(section: &Section<'_>, [inline, file]: [&'static str; 2], folder: &Path) -> Option<String> {
    match (section.has(inline), section.has(file)) {
        (true, true) => {
            let complaint = Complaint::new(format!("`{inline}` is set as well")).hiding();
            section.refuse(file, complaint.advise("take one of the two out"));
            None
        }
        (_, false) => section
            .parse(inline, "a text", |text| checked(text).map_err(|fault| Complaint::new(fault).hiding())),
        (false, true) => {
            let path = folder.join(section.text(file)?);
            let read = std::fs::read(&path).map_err(|error| format!("cannot be read: {error}"));
            let read =
                read.and_then(|bytes| String::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_owned()));
            let fault = match read.and_then(|text| checked(&text)) {
                Ok(text) => return Some(text),
                Err(fault) => fault,
            };
            let message = format!("{}: {fault}", quote_path(&path));
            section.refuse(file, Complaint::new(message).hiding());
            None
        }
    }
}

/// A template that can be read as one; whether it can be filled in, its first message shows.
fn checked(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("this template is empty".to_owned());
    }
    if text.len() > LONGEST {
        return Err("a template has at most 256 KiB".to_owned());
    }
    match minijinja::Environment::new().template_from_str(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => {
            let fault = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
            Err(format!("line {}: {fault}", error.line().unwrap_or(1)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_checked_before_it_is_needed() {
        for (text, fault) in [
            ("{{ title }}", None),
            ("no variable", None),
            (" \n", Some("this template is empty")),
            ("a\n{{ title", Some("line 2: ")),
            ("{% if x %}", Some("line 1: ")),
        ] {
            let said = checked(text).err();
            assert_eq!(said.is_some(), fault.is_some(), "{text}");
            assert!(said.unwrap_or_default().starts_with(fault.unwrap_or_default()), "{text}");
        }
    }

    #[test]
    fn a_receivers_own_lie_over_those_of_all() {
        let text = |text: &str| Some(text.to_owned());
        let all = TemplateTexts { title: text("all"), text: text("all"), html: None };
        let own = TemplateTexts { title: text("own"), ..TemplateTexts::default() };
        assert_eq!(own.over(&all), TemplateTexts { title: text("own"), text: text("all"), html: None });
    }
}
