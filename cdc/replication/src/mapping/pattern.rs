//! DMS's wildcards: `%` any characters, `_` any one, `[_]` that one, `[ab]` one of them, `[a-d]` one of a range.

/// A pattern of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    parts: Vec<Part>,
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// This character.
    One(char),
    /// Any one.
    AnyOne,
    /// One of these ranges, both ends included.
    OneOf(Vec<(char, char)>),
    /// Any number of any.
    Any,
}

impl Pattern {
    pub(super) fn exactly(text: &str) -> Self {
        Self {
            parts: text.chars().map(Part::One).collect(),
        }
    }

    /// Only `%` has a meaning.
    pub(super) fn with_percent(text: &str) -> Self {
        let part = |character| match character {
            '%' => Part::Any,
            other => Part::One(other),
        };
        Self {
            parts: text.chars().map(part).collect(),
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            rest = &rest[character.len_utf8()..];
            parts.push(match character {
                '%' => Part::Any,
                '_' => Part::AnyOne,
                '[' => match rest.split_once(']') {
                    Some((set, after)) if !set.is_empty() => {
                        rest = after;
                        Part::OneOf(ranges(set))
                    }
                    // A bracket that opens no set is a character like others.
                    Some(_) | None => Part::One('['),
                },
                other => Part::One(other),
            });
        }
        Self { parts }
    }

    /// The one text that it matches, if there is only one.
    pub(super) fn plain_text(&self) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::One(character) => Some(*character),
                Part::OneOf(ranges) => match ranges.as_slice() {
                    [(first, last)] if first == last => Some(*first),
                    _ => None,
                },
                Part::AnyOne | Part::Any => None,
            })
            .collect()
    }

    /// Whether the whole text is so. Where it fails after a `%`, that `%` takes one character more: only the last one needs to.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut part, mut at) = (0, 0);
        let mut retry = None;
        loop {
            match self.parts.get(part) {
                Some(Part::Any) => {
                    part += 1;
                    retry = Some((part, at));
                    continue;
                }
                Some(one) if at < text.len() && one.takes(text[at]) => {
                    part += 1;
                    at += 1;
                    continue;
                }
                None if at == text.len() => return true,
                Some(_) | None => {}
            }
            match retry {
                Some((after, from)) if from < text.len() => {
                    retry = Some((after, from + 1));
                    part = after;
                    at = from + 1;
                }
                Some(_) | None => return false,
            }
        }
    }
}

impl Part {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::One(one) => *one == character,
            Self::AnyOne | Self::Any => true,
            Self::OneOf(ranges) => ranges
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&character)),
        }
    }
}

/// `a-d` is a range; any other character stands for itself.
fn ranges(set: &str) -> Vec<(char, char)> {
    let characters: Vec<char> = set.chars().collect();
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        match characters[at..] {
            [first, '-', last, ..] => {
                ranges.push((first, last));
                at += 3;
            }
            [one, ..] => {
                ranges.push((one, one));
                at += 1;
            }
            [] => break,
        }
    }
    ranges
}
