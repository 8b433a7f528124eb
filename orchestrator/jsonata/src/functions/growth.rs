//! What looks at values after they were made: how many they hold, counted as often as they are shared, and how deep they nest.
//!
//! Values share their parts, so that a few steps make one that stands for more than fits into any memory; then whatever looks through it
//! (`=`, `**`, `$distinct`, a condition) never comes to its end. So no such value comes into being.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use expression::value::MAX_DEPTH;
use jsonata_core::evaluator::EvaluatorError;
use jsonata_core::functions::array::values_equal;
use jsonata_core::value::JValue;

use super::{Answer, State, argument, failure};

/// How many values one value may hold, for each item that an array may have.
const NODES_PER_ITEM: usize = 5;

/// From which part of the longest array on an array that is made counts as memory.
const LONG: usize = 64;

/// How many times [`crate::limits::Limits::memory`] the arrays that are made may take together. They live shorter than strings do: a loop that
/// appends makes a new one each time.
const ARRAYS: usize = 8;

/// How many bytes a member of an object takes, with a short name.
const MEMBER: usize = size_of::<JValue>() + size_of::<String>() + 32;

/// How many values a value holds at least whose size is remembered.
const REMEMBERED: usize = 64;

/// How many sizes are remembered.
const MEMORY: usize = 4096;

/// How often a transformation may compare: a few tenths of a second.
const MOST_COMPARISONS: usize = 50_000_000;

/// How many values two that are the same are looked through for.
const HASHED: usize = 64;

/// The sizes of large values. Each keeps its value alive, so that its place is nobody else's.
#[derive(Default)]
pub(super) struct Sizes(BTreeMap<usize, (Size, JValue)>);

/// How large a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Size {
    nodes: usize,
    depth: usize,
}

/// A value whose size was looked at.
pub(super) fn sized(state: &State, arguments: &[JValue]) -> Answer {
    let value = argument(arguments, 0);
    check(state, value)?;
    Ok(value.clone())
}

/// The same for something that was just made, which takes memory.
pub(super) fn made(state: &State, arguments: &[JValue]) -> Answer {
    let value = argument(arguments, 0);
    let most = state.limits.sequence;
    let is_long = |length: usize| length > most / LONG;
    match value {
        JValue::Array(items) if items.len() > most => {
            return Err(failure(
                "D2015",
                &format!("The maximum sequence length of {most} was exceeded."),
            ));
        }
        JValue::Array(items) if is_long(items.len()) => {
            state.spend_on_arrays(items.len() * size_of::<JValue>(), ARRAYS)?;
        }
        JValue::Object(members) if is_long(members.len()) => {
            state.spend_on_arrays(members.len() * MEMBER, ARRAYS)?;
        }
        JValue::String(text) if is_long(text.len()) => state.spend(text.len())?,
        _ => {}
    }
    check(state, value)?;
    Ok(value.clone())
}

/// What the operator `|…|…|` is to change, and the whole that it is in: it compares each part of the whole with each of them.
pub(super) fn located(state: &State, arguments: &[JValue]) -> Answer {
    let (located, whole) = (argument(arguments, 0), argument(arguments, 1));
    let count = match located {
        JValue::Array(items) => items.len(),
        JValue::Undefined | JValue::Null => 0,
        _ => 1,
    };
    let parts = check(state, whole)?.nodes;
    if count.saturating_mul(parts) > MOST_COMPARISONS {
        return Err(failure("U1004", "There is too much to transform"));
    }
    Ok(located.clone())
}

fn check(state: &State, value: &JValue) -> Result<Size, EvaluatorError> {
    if !matches!(value, JValue::Array(_) | JValue::Object(_)) {
        return Ok(Size { nodes: 1, depth: 0 });
    }
    let most = state.limits.sequence.saturating_mul(NODES_PER_ITEM);
    let size = measure(&mut state.sizes.borrow_mut(), value, most)?;
    if size.nodes > most {
        return Err(too_large(most));
    }
    if size.depth > MAX_DEPTH {
        return Err(too_deep());
    }
    Ok(size)
}

fn too_large(most: usize) -> EvaluatorError {
    failure("D2015", &format!("A value holds more than {most} values"))
}

fn too_deep() -> EvaluatorError {
    failure(
        "D1011",
        &format!("A value nests deeper than {MAX_DEPTH} levels"),
    )
}

/// A container that is being looked through.
struct Open<'v> {
    value: &'v JValue,
    next: usize,
    size: Size,
}

/// The size of a value; an error as soon as it is too large.
fn measure(sizes: &mut Sizes, value: &JValue, most: usize) -> Result<Size, EvaluatorError> {
    if let Some(known) = sizes.of(value).or_else(|| flat(value)) {
        return Ok(known);
    }
    let mut open = vec![Open::new(value)];
    loop {
        let deepest = open.len();
        let top = open.last_mut().expect("the value itself ends the loop");
        if let Some(child) = child(top.value, top.next) {
            top.next += 1;
            if !matches!(child, JValue::Array(_) | JValue::Object(_)) {
                top.size.nodes += 1;
            } else if let Some(known) = sizes.of(child).or_else(|| flat(child)) {
                top.size.take(known);
            } else if deepest > MAX_DEPTH {
                return Err(too_deep());
            } else {
                open.push(Open::new(child));
                continue;
            }
            if top.size.nodes > most {
                return Err(too_large(most));
            }
            continue;
        }
        let done = open.pop().expect("it is the last one");
        sizes.remember(done.value, done.size);
        match open.last_mut() {
            Some(parent) => parent.size.take(done.size),
            None => return Ok(done.size),
        }
    }
}

/// The size of a value that holds no arrays or objects, as most that are long do.
fn flat(value: &JValue) -> Option<Size> {
    let holds = |item: &JValue| matches!(item, JValue::Array(_) | JValue::Object(_));
    let (length, holds_any) = match value {
        JValue::Array(items) => (items.len(), items.iter().any(holds)),
        JValue::Object(members) => (members.len(), members.values().any(holds)),
        _ => (0, false),
    };
    (!holds_any).then_some(Size {
        nodes: length + 1,
        depth: 1,
    })
}

impl<'v> Open<'v> {
    fn new(value: &'v JValue) -> Self {
        let size = Size { nodes: 1, depth: 1 };
        Self {
            value,
            next: 0,
            size,
        }
    }
}

impl Size {
    fn take(&mut self, part: Self) {
        self.nodes = self.nodes.saturating_add(part.nodes);
        self.depth = self.depth.max(part.depth + 1);
    }
}

impl Sizes {
    fn of(&self, value: &JValue) -> Option<Size> {
        if self.0.is_empty() {
            return None;
        }
        Some(self.0.get(&place(value)?)?.0)
    }

    fn remember(&mut self, value: &JValue, size: Size) {
        if size.nodes < REMEMBERED {
            return;
        }
        if self.0.len() >= MEMORY {
            self.0.clear();
        }
        if let Some(place) = place(value) {
            self.0.insert(place, (size, value.clone()));
        }
    }
}

/// Where a container lies; two that are there at once lie in two places.
fn place(value: &JValue) -> Option<usize> {
    match value {
        JValue::Array(items) => Some(items.as_ptr().addr()),
        JValue::Object(members) => Some(std::rc::Rc::as_ptr(members).addr()),
        _ => None,
    }
}

fn child(value: &JValue, index: usize) -> Option<&JValue> {
    match value {
        JValue::Array(items) => items.get(index),
        JValue::Object(members) => members.get_index(index).map(|(_, member)| member),
        _ => None,
    }
}

/// `$distinct(array)`: the first of those that are the same, in their order. Unlike the implementation's own it does not compare each with each.
pub(super) fn distinct(state: &State, arguments: &[JValue]) -> Answer {
    let value = argument(arguments, 0);
    let JValue::Array(items) = value else {
        return Ok(value.clone());
    };
    if items.len() <= 1 {
        return Ok(value.clone());
    }
    let mut kept: Vec<JValue> = Vec::new();
    let mut alike: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for item in items.iter() {
        let candidates = alike.entry(hash(item)).or_default();
        let mut is_known = false;
        for &candidate in candidates.iter() {
            state.check_time()?;
            is_known |= values_equal(item, &kept[candidate]);
            if is_known {
                break;
            }
        }
        if !is_known {
            candidates.push(kept.len());
            kept.push(item.clone());
        }
    }
    Ok(match items.sequence {
        true => JValue::sequence(kept),
        false => JValue::array(kept),
    })
}

/// The same number for values that are the same. Only the beginning of a large value is looked at, and of an object the members and what is
/// right in them, in whatever order.
fn hash(value: &JValue) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut left = vec![value];
    let mut looked_at = 0;
    while let Some(value) = left.pop() {
        looked_at += 1;
        if looked_at > HASHED {
            break;
        }
        match value {
            JValue::Array(items) => {
                items.len().hash(&mut hasher);
                left.extend(items.iter().take(HASHED));
            }
            JValue::Object(members) => {
                let members = members.iter().map(|(name, member)| {
                    let mut hasher = DefaultHasher::new();
                    name.hash(&mut hasher);
                    of_scalar(member, &mut hasher);
                    hasher.finish()
                });
                members.fold(0, u64::wrapping_add).hash(&mut hasher);
            }
            scalar => of_scalar(scalar, &mut hasher),
        }
    }
    hasher.finish()
}

fn of_scalar(value: &JValue, hasher: &mut DefaultHasher) {
    match value {
        JValue::Bool(value) => value.hash(hasher),
        // Nought is nought, whatever its sign.
        JValue::Number(number) => (number + 0.0).to_bits().hash(hasher),
        JValue::String(text) => text.hash(hasher),
        _ => 0.hash(hasher),
    }
}
