//! What looks at regular expressions and pictures before they are used: none of them may keep a core busy.

use jsonata_core::evaluator::EvaluatorError;
use jsonata_core::functions::string::{RegexMatches, build_regex};
use jsonata_core::value::JValue;

use super::bounds::finite;
use super::{Answer, State, argument, failure};

/// From how many bytes on a text is first looked through with the clock in hand.
const LONG: usize = 4096;

/// How many steps one search may take: the text's length times the expression's size.
const STEPS: usize = 1 << 28;

/// The largest regular expression, written out.
const LARGEST: usize = 1024;

/// The longest picture.
const LONGEST_PICTURE: usize = 1000;

/// The widest component of a date: `[Y,1-999]`.
const WIDEST: usize = 999;

/// The most digits of a year: a power of ten that is a 64-bit integer.
const WIDEST_YEAR: usize = 18;

/// An argument of a function that searches: which call, which argument, what becomes of matches, and the argument. The search is tried out
/// when all is known that the function must be refused for first.
pub(super) fn scanned(state: &State, arguments: &[JValue]) -> Answer {
    let number = |position| {
        let number = argument(arguments, position).as_i64();
        number
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(0)
    };
    let (site, position, matches) = (number(0), number(1), number(2));
    let value = argument(arguments, 3);
    let mut searches = state.searches.borrow_mut();
    if searches.len() <= site {
        searches.resize(site + 1, [JValue::Undefined, JValue::Undefined]);
    }
    let [text, pattern] = &mut searches[site];
    match position {
        0 => *text = value.clone(),
        1 => *pattern = value.clone(),
        _ => {}
    }
    let most = match matches {
        ITEMS => state.limits.sequence,
        _ => usize::MAX,
    };
    let last = if matches == REPLACED { 2 } else { 1 };
    if position == last
        && let (Some(text), JValue::Regex { pattern, flags }) = (text.as_str(), &*pattern)
    {
        scan(state, text, pattern, flags, most)?;
    }
    Ok(value.clone())
}

/// Matches become items.
const ITEMS: usize = 0;

/// Matches are replaced; a third argument says by what.
const REPLACED: usize = 2;

/// A text that is searched once, with the regular expression.
pub(super) fn searched(_: &State, arguments: &[JValue]) -> Answer {
    let value = argument(arguments, 0);
    if let JValue::Regex { pattern, .. } = argument(arguments, 1) {
        let size = written_out(pattern);
        match value.as_str() {
            Some(text) => check_steps(text, size)?,
            None => return Err(too_large()),
        }
    }
    Ok(value.clone())
}

/// Finds every match as the function will, and gives up in time.
fn scan(
    state: &State,
    text: &str,
    pattern: &str,
    flags: &str,
    most: usize,
) -> Result<(), EvaluatorError> {
    let size = written_out(pattern);
    if size > LARGEST {
        return Err(too_large());
    }
    check_steps(text, size)?;
    if text.len() < LONG {
        return Ok(());
    }
    let Ok(regex) = build_regex(pattern, flags) else {
        return Ok(());
    };
    let mut matches = RegexMatches::new(&regex, text);
    let mut count = 0;
    // What goes wrong here goes wrong there, too.
    while let Ok(Some(_)) = matches.next_match() {
        count += 1;
        if count > most {
            return Err(failure(
                "D2015",
                &format!("The maximum sequence length of {most} was exceeded."),
            ));
        }
        state.check_time()?;
    }
    Ok(())
}

fn check_steps(text: &str, size: usize) -> Result<(), EvaluatorError> {
    if text.len() >= LONG && text.len().saturating_mul(size) > STEPS {
        return Err(failure(
            "U1004",
            "The text is too long for so large a regular expression",
        ));
    }
    Ok(())
}

fn too_large() -> EvaluatorError {
    failure("U1004", "The regular expression is too large")
}

/// How long a regular expression is with what it repeats written out: `(ab){1,9}` has 18 characters.
pub(crate) fn written_out(pattern: &str) -> usize {
    // The length of each group that is open, and of the last thing in it, which a repetition is about.
    let mut open = vec![(0_usize, 0_usize)];
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        let depth = open.len();
        let (length, last) = open.last_mut().expect("the whole expression stays open");
        match letter {
            '(' => open.push((0, 0)),
            ')' if depth > 1 => {
                let (inner, _) = open.pop().expect("there are two");
                let (length, last) = open.last_mut().expect("there were two");
                *last = inner.max(1);
                *length = length.saturating_add(*last);
            }
            '{' => {
                let mut bounds = String::new();
                while let Some(inner) =
                    letters.next_if(|inner| inner.is_ascii_digit() || *inner == ',')
                {
                    bounds.push(inner);
                }
                let times = bounds
                    .split(',')
                    .filter_map(|bound| bound.parse::<usize>().ok())
                    .max();
                let more = times.unwrap_or(1).saturating_sub(1);
                *length = length.saturating_add(last.saturating_mul(more));
                *last = last.saturating_mul(more.saturating_add(1));
            }
            '[' => {
                let mut is_first = true;
                while let Some(inner) = letters.next() {
                    match inner {
                        '\\' => drop(letters.next()),
                        ']' if !is_first => break,
                        _ => {}
                    }
                    is_first = false;
                }
                (*length, *last) = (length.saturating_add(1), 1);
            }
            '*' | '+' | '?' | '}' => {}
            '\\' => {
                letters.next();
                (*length, *last) = (length.saturating_add(1), 1);
            }
            _ => (*length, *last) = (length.saturating_add(1), 1),
        }
    }
    open.iter()
        .fold(0, |all, (length, _)| all.saturating_add(*length))
}

/// A picture of a number, an integer or a date that is not too long, and asks for nothing that is.
pub(super) fn framed(_: &State, arguments: &[JValue]) -> Answer {
    let picture = argument(arguments, 0);
    if let Some(text) = picture.as_str() {
        check_picture(text)?;
    }
    Ok(picture.clone())
}

pub(super) fn check_picture(picture: &str) -> Result<(), EvaluatorError> {
    if picture.len() > LONGEST_PICTURE {
        return Err(failure(
            "U1004",
            &format!("The picture is longer than {LONGEST_PICTURE} characters"),
        ));
    }
    // White space in a component means nothing.
    let picture: String = picture.split_whitespace().collect();
    for component in picture.split('[').skip(1) {
        let component = component.split(']').next().unwrap_or_default();
        if let Some(unknown) = component.chars().next().filter(|first| !first.is_ascii()) {
            let why = format!("Unknown component specifier {unknown} in date/time picture string");
            return Err(failure("D3132", &why));
        }
        let (shape, widths) = component.rsplit_once(',').unwrap_or((component, ""));
        let is_year = shape.trim_start().starts_with('Y');
        let widest = if is_year { WIDEST_YEAR } else { WIDEST };
        let digits = shape.chars().filter(|letter| letter.is_numeric());
        if is_year && digits.count() > WIDEST_YEAR {
            return Err(too_wide(WIDEST_YEAR));
        }
        for width in widths.split('-') {
            let width = width.trim();
            let is_number = !width.is_empty() && width.bytes().all(|byte| byte.is_ascii_digit());
            if is_number && width.parse().is_ok_and(|width: usize| width <= widest) {
                continue;
            }
            if is_number {
                return Err(too_wide(widest));
            }
        }
    }
    Ok(())
}

fn too_wide(widest: usize) -> EvaluatorError {
    let why = format!("A component of the picture is wider than {widest} characters");
    failure("U1004", &why)
}

/// A number that `$formatInteger` writes by a picture: in Roman numerals each thousand is a letter.
pub(super) fn numeral(state: &State, arguments: &[JValue]) -> Answer {
    let number = finite(state, arguments)?;
    let picture = argument(arguments, 1);
    if let (JValue::Number(number), Some(picture)) = (&number, picture.as_str()) {
        let format = picture.split(';').next().unwrap_or_default().trim();
        if matches!(format, "I" | "i") {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a cast saturates, and no bound is as large"
            )]
            let thousands = (number.abs() / 1000.0) as usize;
            state.check_length(thousands)?;
        }
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::{check_picture, written_out};

    #[test]
    fn repetitions_are_written_out() {
        fn check(pattern: &str, expected: usize) {
            assert_eq!(written_out(pattern), expected, "{pattern}");
        }
        check("abc", 3);
        check("a*b+c?", 3);
        check("(ab){1,9}", 18);
        check("((a|b|ab){1,50}){1,50}c", 15001);
        check("[abc]{3}", 3);
        check("[]abc{9}]{3}x", 4);
        check(r"\d{4}-\d{2}", 7);
        check("a{2}{3}", 6);
        check("a{,}", 1);
        check("a{18446744073709551615}b{9}", usize::MAX);
        check("(((", 0);
        check(")(", 1);
    }

    #[test]
    fn pictures_have_bounds() {
        fn check(picture: &str, is_right: bool) {
            assert_eq!(check_picture(picture).is_ok(), is_right, "{picture}");
        }
        check("[Y0001]-[M01]-[D01]", true);
        check("[Y,2-4] [MNn,3-3] [f,*-3]", true);
        check("[Y,1-100000000]", false);
        check("[Y,99999999999999999999999]", false);
        check("100000000 [Y]", true);
        check(&"0".repeat(1001), false);
    }
}
