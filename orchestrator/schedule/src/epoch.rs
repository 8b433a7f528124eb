//! Instants of documents: seconds since 1970 there, with or without a fraction; milliseconds here.

use serde::{Deserialize, Deserializer, Serializer};

/// Writes seconds.
pub(crate) fn serialize<S: Serializer>(
    instant: &Option<i64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match instant {
        None => serializer.serialize_none(),
        Some(milliseconds) if milliseconds % 1000 == 0 => {
            serializer.serialize_i64(milliseconds / 1000)
        }
        // A double has room for milliseconds of some hundred thousand years.
        Some(milliseconds) => serializer.serialize_f64(*milliseconds as f64 / 1000.0),
    }
}

/// Reads seconds.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    let seconds = Option::<f64>::deserialize(deserializer)?;
    // A cast of a float saturates.
    Ok(seconds.map(|seconds| (seconds * 1000.0).round() as i64))
}
