//! ALBEF's cleaning of captions and questions (its dataset/utils.py), which TCL shares.

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prepare {
    /// `pre_caption`.
    Caption,
    /// `pre_question`.
    Question,
}

impl Prepare {
    /// Lower case without punctuation, hyphens and slashes as spaces, cut to `max_words`.
    ///
    /// A caption's runs of white space become one space, its ends are stripped, and `<person>` is a person; a question
    /// is only stripped of spaces at its end.
    pub fn apply(self, text: &str, max_words: usize) -> String {
        let mut clean: String = text
            .to_lowercase()
            .chars()
            .filter(|character| !",.'!?\"()*#:;~".contains(*character))
            .map(|character| {
                if "-/".contains(character) {
                    ' '
                } else {
                    character
                }
            })
            .collect();
        if self == Self::Caption {
            clean = collapsed(&clean.replace("<person>", "person"));
        }
        let clean = match self {
            Self::Caption => clean.trim_end_matches('\n').trim_matches(' '),
            Self::Question => clean.trim_end_matches(' '),
        };
        match clean.match_indices(' ').nth(max_words.max(1) - 1) {
            Some((end, _)) => clean[..end].to_string(),
            None => clean.to_string(),
        }
    }
}

/// `\s` of Python's `re`.
fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\x1c'..='\x1f').contains(&character)
}

/// Runs of two or more white space characters as one space; a single one stays what it is.
fn collapsed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = 0;
    for character in text.chars() {
        if is_space(character) {
            run += 1;
            match run {
                1 => out.push(character),
                2 => {
                    out.pop();
                    out.push(' ');
                }
                _ => {}
            }
        } else {
            run = 0;
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Prepare;

    #[test]
    fn as_albef_does() {
        let caption = |text| Prepare::Caption.apply(text, 5);
        assert_eq!(
            caption(" A <person>'s black-and/white  dog, (running)!\n"),
            "a persons black and white"
        );
        assert_eq!(caption("a\tb \t c"), "a\tb c");
        let question = |text| Prepare::Question.apply(text, 4);
        assert_eq!(question("What's  <person>  doing?? "), "whats  <person> ");
    }
}
