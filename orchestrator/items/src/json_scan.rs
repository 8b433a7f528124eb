//! Finds where a JSON value ends in text that comes in pieces, without building it.

/// Walks over one value.
#[derive(Debug, Default)]
pub(crate) struct ValueScan {
    depth: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    #[default]
    Begin,
    /// In a number or a word.
    Bare,
    String,
    Escape,
    Inside,
}

/// What a byte is to the value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    /// It belongs to the value, which goes on.
    Part,
    /// It is the value's last byte.
    Last,
    /// It comes after the value.
    After,
}

impl ValueScan {
    /// Takes the next byte; the first must be no whitespace. Brackets are counted, not matched: who parses the value sees what is wrong.
    pub(crate) fn byte(&mut self, byte: u8) -> Step {
        match self.state {
            State::Begin => self.begin(byte),
            State::Bare => match byte {
                b',' | b']' | b'}' | b':' | b'"' | b' ' | b'\t' | b'\n' | b'\r' => Step::After,
                _ => Step::Part,
            },
            State::Escape => {
                self.state = State::String;
                Step::Part
            }
            State::String => match byte {
                b'\\' => {
                    self.state = State::Escape;
                    Step::Part
                }
                b'"' => {
                    self.state = State::Inside;
                    self.part_or_last()
                }
                _ => Step::Part,
            },
            State::Inside => match byte {
                b'"' => {
                    self.state = State::String;
                    Step::Part
                }
                b'[' | b'{' => {
                    self.depth += 1;
                    Step::Part
                }
                b']' | b'}' => {
                    self.depth -= 1;
                    self.part_or_last()
                }
                _ => Step::Part,
            },
        }
    }

    fn begin(&mut self, byte: u8) -> Step {
        self.state = match byte {
            b'"' => State::String,
            b'[' | b'{' => {
                self.depth = 1;
                State::Inside
            }
            // Nothing begins with it; taken as the whole value, it is refused when it is parsed.
            b',' | b']' | b'}' | b':' => return Step::Last,
            _ => State::Bare,
        };
        Step::Part
    }

    fn part_or_last(&self) -> Step {
        if self.depth == 0 {
            Step::Last
        } else {
            Step::Part
        }
    }
}
