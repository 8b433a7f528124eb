//! Arithmetic, random numbers and random identifiers.

use crate::intrinsic::argument;
use crate::intrinsic::function::Answer;
use crate::java;
use crate::scope::Random;
use crate::value::Value;

/// Each operand is rounded before the addition.
pub(super) fn add(arguments: &[Value]) -> Answer {
    let first = argument::integer(arguments, 0)?;
    let second = argument::integer(arguments, 1)?;
    first
        .checked_add(second)
        .map(Value::from)
        .ok_or_else(|| format!("the sum of {first} and {second} does not fit into 64 bits"))
}

/// With a seed this is what `java.util.Random` draws first; without one it draws from the scope.
pub(super) fn random(arguments: &[Value], random: &dyn Random) -> Answer {
    let start = argument::integer(arguments, 0)?;
    let end = argument::integer(arguments, 1)?;
    let seed = match arguments.len() {
        3 => Some(argument::integer(arguments, 2)?),
        _ => None,
    };
    if start >= end {
        return Err(format!("the start {start} must be less than the end {end}"));
    }
    let width = end
        .checked_sub(start)
        .and_then(|width| u32::try_from(width).ok())
        .filter(|width| *width < 1 << 31)
        .ok_or_else(|| format!("the range from {start} to {end} is wider than 31 bits"))?;
    let offset = match seed {
        Some(seed) => u64::from(java::Random::new(seed).next_int(width)),
        // The high half of the product is even over the range, but for a bias below one in four thousand millions.
        None => ((random.next() >> 32) * u64::from(width)) >> 32,
    };
    let offset = i64::try_from(offset).expect("the offset is less than 31 bits wide");
    Ok(Value::from(start + offset))
}

/// A version 4 UUID of 122 random bits.
pub(super) fn uuid(random: &dyn Random) -> Value {
    let high = random.next() & !0xf000 | 0x4000;
    let low = random.next() & !(0b11 << 62) | 0b10 << 62;
    let text = format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff,
    );
    text.into()
}
