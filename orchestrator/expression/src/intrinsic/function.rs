//! The functions' names, how many arguments each takes, and what carries it out.

use crate::intrinsic::{array, encoding, number, text};
use crate::scope::Random;
use crate::value::Value;

/// What a function answers with, or why it refuses.
pub(super) type Answer = Result<Value, String>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Array,
    ArrayContains,
    ArrayGetItem,
    ArrayLength,
    ArrayPartition,
    ArrayRange,
    ArrayUnique,
    Base64Decode,
    Base64Encode,
    Format,
    Hash,
    JsonMerge,
    JsonToString,
    MathAdd,
    MathRandom,
    StringSplit,
    StringToJson,
    Uuid,
}

/// Each function's name with the least and the greatest number of its arguments.
const TABLE: [(&str, Function, usize, usize); 18] = [
    ("States.Array", Function::Array, 0, usize::MAX),
    ("States.ArrayContains", Function::ArrayContains, 2, 2),
    ("States.ArrayGetItem", Function::ArrayGetItem, 2, 2),
    ("States.ArrayLength", Function::ArrayLength, 1, 1),
    ("States.ArrayPartition", Function::ArrayPartition, 2, 2),
    ("States.ArrayRange", Function::ArrayRange, 3, 3),
    ("States.ArrayUnique", Function::ArrayUnique, 1, 1),
    ("States.Base64Decode", Function::Base64Decode, 1, 1),
    ("States.Base64Encode", Function::Base64Encode, 1, 1),
    ("States.Format", Function::Format, 1, usize::MAX),
    ("States.Hash", Function::Hash, 2, 2),
    ("States.JsonMerge", Function::JsonMerge, 3, 3),
    ("States.JsonToString", Function::JsonToString, 1, 1),
    ("States.MathAdd", Function::MathAdd, 2, 2),
    ("States.MathRandom", Function::MathRandom, 2, 3),
    ("States.StringSplit", Function::StringSplit, 2, 2),
    ("States.StringToJson", Function::StringToJson, 1, 1),
    ("States.UUID", Function::Uuid, 0, 0),
];

impl Function {
    /// The function of that name, with the range of its number of arguments.
    pub(super) fn named(name: &str) -> Option<(Self, std::ops::RangeInclusive<usize>)> {
        let (_, function, least, most) = TABLE.iter().find(|(known, ..)| *known == name)?;
        Some((*function, *least..=*most))
    }

    /// Carries the function out. The number of arguments was checked when the call was parsed.
    pub(super) fn call(self, arguments: &[Value], random: &dyn Random) -> Answer {
        match self {
            Self::Array => Ok(Value::array(arguments.iter().cloned())),
            Self::ArrayContains => array::contains(arguments),
            Self::ArrayGetItem => array::get_item(arguments),
            Self::ArrayLength => array::length(arguments),
            Self::ArrayPartition => array::partition(arguments),
            Self::ArrayRange => array::range(arguments),
            Self::ArrayUnique => array::unique(arguments),
            Self::Base64Decode => encoding::base64_decode(arguments),
            Self::Base64Encode => encoding::base64_encode(arguments),
            Self::Format => text::format(arguments),
            Self::Hash => encoding::hash(arguments),
            Self::JsonMerge => text::json_merge(arguments),
            Self::JsonToString => text::json_to_string(arguments),
            Self::MathAdd => number::add(arguments),
            Self::MathRandom => number::random(arguments, random),
            Self::StringSplit => text::split(arguments),
            Self::StringToJson => text::string_to_json(arguments),
            Self::Uuid => Ok(number::uuid(random)),
        }
    }
}

/// All names, for tests.
#[cfg(test)]
pub(super) fn names() -> Vec<&'static str> {
    TABLE.iter().map(|(name, ..)| *name).collect()
}
