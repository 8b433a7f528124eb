//! The functions that Step Functions adds to JSONata or takes away, those that read time or chance, and those that look before something
//! grows.

mod bounds;
mod growth;
mod moment;
mod own;
mod patterns;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use jsonata_core::evaluator::{Evaluator, EvaluatorError};
use jsonata_core::value::JValue;

use crate::limits::{Limits, Surroundings};

/// `a & b` within the bounds.
pub(crate) const CONCATENATE: &str = "#concatenate";
/// A range, counted.
pub(crate) const BOUNDED: &str = "#bounded";
/// An argument of `$pad`: a width within the bounds.
pub(crate) const WIDTH: &str = "#width";
/// An argument of `$string`: a value whose text is within the bounds.
pub(crate) const TEXT: &str = "#text";
/// An argument of `$join` or `$replace`: which call, which function, which argument, and the argument.
pub(crate) const PART: &str = "#part";
/// The moment, whatever `$millis` is bound to.
pub(crate) const MILLIS: &str = "#millis";

/// A timestamp for `$toMillis`, with its picture.
pub(crate) const STAMP: &str = "#stamp";
/// A picture for `$toMillis`.
pub(crate) const PICTURE: &str = "#picture";
/// A value that keeps on being used, no larger than a value may be.
pub(crate) const SIZED: &str = "#sized";
/// An array or object that was just made, no larger than it may be.
pub(crate) const MADE: &str = "#made";
/// `$distinct`, without comparing each with each.
pub(crate) const DISTINCT: &str = "#distinct";
/// An argument of a function that searches: which call, which argument, and the argument.
pub(crate) const SCANNED: &str = "#scanned";
/// A text that a regular expression is called with, and the expression; without a text it is the expression that is too large for any.
pub(crate) const SEARCHED: &str = "#searched";
/// A picture, of bounded length and widths.
pub(crate) const FRAMED: &str = "#framed";
/// What a transformation is to change, and the whole that it is in.
pub(crate) const LOCATED: &str = "#located";
/// A number that is written in another form, so it must be one.
pub(crate) const FINITE: &str = "#finite";
/// A number that is added to another, small enough for the sum to be one.
pub(crate) const ADDEND: &str = "#addend";
/// An end of a range, which is a whole number or none.
pub(crate) const END: &str = "#end";
/// A time zone, as a number of no more digits than hours and minutes have.
pub(crate) const ZONE: &str = "#zone";
/// A text for `$parseInteger`, with its picture.
pub(crate) const LETTERS: &str = "#letters";
/// A number for `$formatInteger`, with its picture.
pub(crate) const NUMERAL: &str = "#numeral";

pub(crate) use patterns::written_out;

type Answer = Result<JValue, EvaluatorError>;
type Function = fn(&State, &[JValue]) -> Answer;

/// What the functions of one evaluation share.
pub(crate) struct State {
    surroundings: Surroundings,
    limits: Limits,
    drawn: Cell<u64>,
    spent: Cell<usize>,
    spent_on_arrays: Cell<usize>,
    began: Instant,
    sizes: RefCell<growth::Sizes>,
    /// The text that each call which searches is about to search, and for what.
    searches: RefCell<Vec<[JValue; 2]>>,
    /// How long the strings are that each call of `$join` and `$replace` is about to get, by the call and the argument.
    parts: RefCell<Vec<[usize; 3]>>,
}

impl State {
    pub(crate) fn new(surroundings: Surroundings, limits: Limits) -> Self {
        Self {
            surroundings,
            limits,
            drawn: Cell::new(surroundings.seed),
            spent: Cell::new(0),
            spent_on_arrays: Cell::new(0),
            began: now(),
            sizes: RefCell::default(),
            searches: RefCell::default(),
            parts: RefCell::default(),
        }
    }

    /// The next 64 bits: SplitMix64.
    fn draw(&self) -> u64 {
        let state = self.drawn.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.drawn.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Counts what was made.
    fn spend(&self, bytes: usize) -> Result<(), EvaluatorError> {
        let spent = self.spent.get().saturating_add(bytes);
        self.spent.set(spent);
        if spent > self.limits.memory {
            let most = self.limits.memory;
            return Err(failure(
                "U1004",
                &format!("The strings and ranges take more than {most} bytes"),
            ));
        }
        Ok(())
    }

    /// Counts arrays that were made, which may take that many times as much.
    fn spend_on_arrays(&self, bytes: usize, times: usize) -> Result<(), EvaluatorError> {
        let spent = self.spent_on_arrays.get().saturating_add(bytes);
        self.spent_on_arrays.set(spent);
        let most = self.limits.memory.saturating_mul(times);
        if spent > most {
            return Err(failure(
                "U1004",
                &format!("The arrays take more than {most} bytes"),
            ));
        }
        Ok(())
    }

    /// Ends what goes on within one function for too long.
    fn check_time(&self) -> Result<(), EvaluatorError> {
        if now().duration_since(self.began) > self.limits.time {
            let most = self.limits.time.as_millis();
            return Err(failure(
                "D1012",
                &format!("Evaluation timeout after {most} milliseconds"),
            ));
        }
        Ok(())
    }

    /// Refuses a string of that many bytes, if it has as many characters, too.
    fn check_length(&self, bytes: usize) -> Result<(), EvaluatorError> {
        if bytes > self.limits.string {
            let most = self.limits.string;
            return Err(failure(
                "U1004",
                &format!("The string is longer than {most} characters"),
            ));
        }
        Ok(())
    }
}

/// The function of that name, if it is one of these.
fn function(name: &str) -> Option<Function> {
    Some(match name {
        "partition" => own::partition,
        "range" => own::range,
        "hash" => own::hash,
        "random" => own::random,
        "uuid" => own::uuid,
        "parse" => own::parse,
        "eval" => |_, _| Err(failure("T1006", "Attempted to invoke a non-function")),
        "now" => moment::now,
        "millis" | MILLIS => moment::millis,
        "shuffle" => own::shuffle,
        CONCATENATE => bounds::concatenate,
        BOUNDED => bounds::bounded,
        STAMP => moment::stamp,
        PICTURE => moment::picture,
        WIDTH => bounds::width,
        TEXT => bounds::text,
        PART => bounds::part,
        SIZED => growth::sized,
        MADE => growth::made,
        DISTINCT => growth::distinct,
        SCANNED => patterns::scanned,
        SEARCHED => patterns::searched,
        FRAMED => patterns::framed,
        NUMERAL => patterns::numeral,
        LOCATED => growth::located,
        FINITE => bounds::finite,
        ADDEND => bounds::addend,
        END => bounds::end,
        ZONE => bounds::zone,
        LETTERS => bounds::letters,
        _ => return None,
    })
}

/// Whether a name is that of a function of this module.
pub(crate) fn is_ours(name: &str) -> bool {
    function(name).is_some()
}

/// Lets an evaluation call the function of that name.
pub(crate) fn register(name: &str, evaluator: &mut Evaluator, state: &Rc<State>) {
    let Some(function) = function(name) else {
        return;
    };
    let state = Rc::clone(state);
    evaluator
        .register_fn_override(name, move |arguments: &[JValue]| {
            function(&state, arguments)
        })
        .expect("none of these functions is inlined by the compiler");
}

/// The clock, for the limit of time and nothing else.
#[expect(
    clippy::disallowed_methods,
    reason = "how long an evaluation may take is the one thing that a clock decides"
)]
fn now() -> Instant {
    Instant::now()
}

fn failure(code: &str, message: &str) -> EvaluatorError {
    EvaluatorError::EvaluationError(format!("{code}: {message}"))
}

/// JSONata's words for an argument of the wrong type.
fn mismatch(position: usize, function: &str) -> EvaluatorError {
    failure(
        "T0410",
        &format!(
            "Argument {position} of function \"{function}\" does not match function signature"
        ),
    )
}

fn argument(arguments: &[JValue], position: usize) -> &JValue {
    arguments.get(position).unwrap_or(&JValue::Undefined)
}

/// A whole number, which JSON's numbers may be.
fn integer(arguments: &[JValue], position: usize, function: &str) -> Result<i64, EvaluatorError> {
    let number = argument(arguments, position).as_f64();
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    number
        .filter(|number| number.fract() == 0.0 && number.abs() < 9.2e18)
        .map(|number| number as i64)
        .ok_or_else(|| mismatch(position + 1, function))
}
