//! Looks for signatures of functions, `function($x)<s:s>{…}`, with letters that JSONata's implementation would cut in two.

/// Whether the text has a signature with anything but ASCII in it, which none may have.
pub(crate) fn is_cut(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    let mut scanner = Scanner {
        letters: text.chars().collect(),
        at: 0,
    };
    scanner.finds_one()
}

struct Scanner {
    letters: Vec<char>,
    at: usize,
}

impl Scanner {
    fn finds_one(&mut self) -> bool {
        // Whether each parenthesis that is open holds the parameters of a function.
        let mut open = Vec::new();
        let mut word = String::new();
        let (mut before, mut is_apart) = (' ', false);
        while let Some(letter) = self.next() {
            match letter {
                '"' | '\'' | '`' => self.skip_to(letter),
                '/' if self.peek() == Some('*') => self.skip_comment(),
                '/' if is_operator(before) => self.skip_to('/'),
                '(' => open.push(matches!(word.as_str(), "function" | "λ")),
                ')' if open.pop() == Some(true) && self.has_wrong_signature() => return true,
                letter if letter.is_whitespace() => {
                    is_apart = true;
                    continue;
                }
                _ => {}
            }
            if !is_of_word(letter) || !is_of_word(before) || is_apart {
                word.clear();
            }
            if is_of_word(letter) {
                word.push(letter);
            }
            (before, is_apart) = (letter, false);
        }
        false
    }

    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(letter)
    }

    fn skip_to(&mut self, end: char) {
        while let Some(letter) = self.next() {
            match letter {
                '\\' if end != '`' => self.at += 1,
                letter if letter == end => return,
                _ => {}
            }
        }
    }

    fn skip_comment(&mut self) {
        let mut before = ' ';
        while let Some(letter) = self.next() {
            if before == '*' && letter == '/' {
                return;
            }
            before = letter;
        }
    }

    /// Whether a signature comes next, from `<` to its `>`, with anything but ASCII in it.
    fn has_wrong_signature(&mut self) -> bool {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        if self.peek() != Some('<') {
            return false;
        }
        let mut depth = 0_usize;
        let mut is_wrong = false;
        while let Some(letter) = self.next() {
            is_wrong |= !letter.is_ascii();
            match letter {
                '<' => depth += 1,
                '>' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        is_wrong
    }
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$')
}

/// Whether an operand comes next, so that a slash begins a regular expression.
fn is_operator(before: char) -> bool {
    !(before.is_alphanumeric()
        || matches!(before, '_' | '$' | ')' | ']' | '}' | '"' | '\'' | '`' | '.'))
}

#[cfg(test)]
mod tests {
    use super::is_cut;

    #[test]
    fn signatures_are_told_from_all_else() {
        fn check(text: &str, expected: bool) {
            assert_eq!(is_cut(text), expected, "{text}");
        }
        check("function($x)<sß:s>{ $x }", true);
        check("λ($x, $y) <ß", true);
        check("f=function()<f<ß>:s>{1}", true);
        check("function($x)<s:s>{ 'ß' }", false);
        check("'function($x)<ß>'", false);
        check(r#""a\"function($x)<ß>""#, false);
        check("/* function($x)<ß> */ 1", false);
        check("/function()<ß>/", false);
        check("(a)<'ß'", false);
        check("$function(a)<ß", false);
        check("a.`function`(a)<ß", false);
        check("a function (b) <ß", true);
        check("a / (b) / function($x)<ß>", true);
        check("ß/2/function($x)<é:s>{1}", true);
    }
}
