//! XML, as far as services use it: elements, attributes and texts. What is read has bounds in depth; document types are refused.

/// How deep elements may nest.
const DEPTH: usize = 256;

/// An element that was read. Names are without prefixes.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    /// All of its own text.
    pub(crate) text: String,
}

impl Element {
    /// The first child of a name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of a name, without blanks around it.
    pub(crate) fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim())
    }
}

/// Reads a document.
///
/// # Errors
/// What is wrong, and at which byte.
pub(crate) fn parse(text: &str) -> Result<Element, String> {
    let mut reader = Reader { text, at: 0 };
    let mut open: Vec<Element> = Vec::new();
    loop {
        match reader.next()? {
            Token::End => return Err(reader.wrong("the document ends too early")),
            Token::Text(text) => match open.last_mut() {
                Some(element) => element.text.push_str(&text),
                None if text.trim().is_empty() => {}
                None => return Err(reader.wrong("there is text outside of the document")),
            },
            Token::Open(element, is_closed) => {
                if open.len() >= DEPTH {
                    return Err(reader.wrong("elements nest too deep"));
                }
                open.push(element);
                if is_closed && let Some(root) = close(&mut open) {
                    return Ok(root);
                }
            }
            Token::Close(name) => {
                if open.last().is_none_or(|element| element.name != name) {
                    return Err(reader.wrong("an element is closed that is not open"));
                }
                if let Some(root) = close(&mut open) {
                    return Ok(root);
                }
            }
        }
    }
}

/// Puts the last element into the one around it; gives it back when there is none.
fn close(open: &mut Vec<Element>) -> Option<Element> {
    let element = open.pop()?;
    match open.last_mut() {
        Some(parent) => {
            parent.children.push(element);
            None
        }
        None => Some(element),
    }
}

enum Token {
    Open(Element, bool),
    Close(String),
    Text(String),
    End,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn wrong(&self, what: &str) -> String {
        format!("{what} at byte {}", self.at)
    }

    /// Takes what is before a mark, and the mark.
    fn until(&mut self, mark: &str) -> Result<&'t str, String> {
        let rest = self.rest();
        let end = rest
            .find(mark)
            .ok_or_else(|| self.wrong(&format!("{mark} is missing")))?;
        self.at += end + mark.len();
        Ok(&rest[..end])
    }

    fn next(&mut self) -> Result<Token, String> {
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return Ok(Token::End);
            }
            if let Some(skipped) = rest.strip_prefix("<!--") {
                self.at = self.text.len() - skipped.len();
                self.until("-->")?;
            } else if rest.starts_with("<?") {
                self.until("?>")?;
            } else if let Some(data) = rest.strip_prefix("<![CDATA[") {
                self.at = self.text.len() - data.len();
                return Ok(Token::Text(self.until("]]>")?.to_owned()));
            } else if rest.starts_with("<!") {
                return Err(self.wrong("there is a document type"));
            } else if let Some(name) = rest.strip_prefix("</") {
                self.at = self.text.len() - name.len();
                return Ok(Token::Close(local(self.until(">")?.trim())));
            } else if let Some(tag) = rest.strip_prefix('<') {
                self.at = self.text.len() - tag.len();
                return self.tag();
            } else {
                let end = rest.find('<').unwrap_or(rest.len());
                self.at += end;
                return Ok(Token::Text(self.unescaped(&rest[..end])?));
            }
        }
    }

    fn tag(&mut self) -> Result<Token, String> {
        let mut element = Element {
            name: local(self.name()?),
            ..Element::default()
        };
        loop {
            self.blanks();
            let rest = self.rest();
            if rest.starts_with("/>") {
                self.at += 2;
                return Ok(Token::Open(element, true));
            }
            if rest.starts_with('>') {
                self.at += 1;
                return Ok(Token::Open(element, false));
            }
            let name = self.name()?.to_owned();
            self.blanks();
            if !self.rest().starts_with('=') {
                return Err(self.wrong("an attribute has no value"));
            }
            self.at += 1;
            self.blanks();
            let quote = match self.rest().chars().next() {
                Some(quote @ ('"' | '\'')) => quote,
                _ => return Err(self.wrong("an attribute's value has no quotes")),
            };
            self.at += 1;
            let value = self.until(&quote.to_string())?;
            let value = self.unescaped(value)?;
            element.attributes.push((local(&name), value));
        }
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn name(&mut self) -> Result<&'t str, String> {
        let rest = self.rest();
        let ends = |letter: char| letter.is_whitespace() || matches!(letter, '/' | '>' | '=' | '<');
        let end = rest.find(ends).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.wrong("a name is missing"));
        }
        self.at += end;
        Ok(&rest[..end])
    }

    fn unescaped(&self, text: &str) -> Result<String, String> {
        if !text.contains('&') {
            return Ok(text.to_owned());
        }
        let mut plain = String::with_capacity(text.len());
        let mut parts = text.split('&');
        plain.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let (name, rest) = part
                .split_once(';')
                .ok_or_else(|| self.wrong("an & stands alone"))?;
            plain.push(entity(name).ok_or_else(|| self.wrong("an entity is not known"))?);
            plain.push_str(rest);
        }
        Ok(plain)
    }
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or(name).to_owned()
}

/// Writes a text between elements.
pub(crate) fn push_text(target: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => target.push_str("&amp;"),
            '<' => target.push_str("&lt;"),
            '>' => target.push_str("&gt;"),
            // A reader makes another line end of it.
            '\r' => target.push_str("&#13;"),
            letter => target.push(letter),
        }
    }
}

/// Writes an attribute's value, without its quotes.
pub(crate) fn push_attribute(target: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => target.push_str("&amp;"),
            '<' => target.push_str("&lt;"),
            '>' => target.push_str("&gt;"),
            '"' => target.push_str("&quot;"),
            '\r' => target.push_str("&#13;"),
            '\n' => target.push_str("&#10;"),
            '\t' => target.push_str("&#09;"),
            letter => target.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{parse, push_text};

    fn shown(text: &str) -> String {
        fn show(element: &super::Element) -> String {
            let attributes: Vec<String> = element
                .attributes
                .iter()
                .map(|(name, value)| format!(" {name}={value}"))
                .collect();
            let children: Vec<String> = element.children.iter().map(show).collect();
            format!(
                "{}{}({:?}{})",
                element.name,
                attributes.concat(),
                element.text,
                children.concat()
            )
        }
        match parse(text) {
            Ok(element) => show(&element),
            Err(error) => error,
        }
    }

    #[test]
    fn documents_are_read() {
        for (text, expected) in [
            (
                "<?xml version=\"1.0\"?>\n<!-- hi --><a xmlns='u'><n:b t=\"1 &lt; 2\">x &amp; &#233;<![CDATA[<y>]]></n:b><c/></a>\n",
                "a xmlns=u(\"\"b t=1 < 2(\"x & é<y>\")c(\"\"))",
            ),
            ("<a> <b> </b> </a>", "a(\"  \"b(\" \"))"),
            (
                "<a><b></a>",
                "an element is closed that is not open at byte 10",
            ),
            ("<a", "a name is missing at byte 2"),
            ("<a>&nope;</a>", "an entity is not known at byte 9"),
            (
                "<!DOCTYPE a [<!ENTITY x 'y'>]><a/>",
                "there is a document type at byte 0",
            ),
            ("", "the document ends too early at byte 0"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        let deep = "<a>".repeat(1000);
        assert_eq!(shown(&deep), "elements nest too deep at byte 771");
    }

    proptest! {
        #[test]
        fn no_bytes_stop_the_reader(text in "[<>/?!&;='\"a-c\\[\\] -]{0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_written_is_read(text in "[^\r\u{0}]{0,40}") {
            let mut document = "<a>".to_owned();
            push_text(&mut document, &text);
            document.push_str("</a>");
            prop_assert_eq!(parse(&document).unwrap().text, text);
        }
    }
}
