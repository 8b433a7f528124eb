//! Things that jobs take from a store: licences, tokens, slots.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A store of something that jobs take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsumableResource {
    /// Its name.
    #[serde(rename = "consumableResourceName")]
    pub name: Arc<str>,
    /// Whether what a job took comes back.
    #[serde(rename = "resourceType")]
    pub kind: ConsumableKind,
    /// How much there is, what jobs hold included.
    pub total_quantity: i64,
    /// When it was made: milliseconds since 1970.
    pub created_at: i64,
    /// Tokens of the last updates with what they answered, so that a repeated update changes nothing. The newest is last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub client_tokens: Vec<(String, i64)>,
}

/// Whether what a job took comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConsumableKind {
    /// It does, when the job ends.
    #[default]
    Replenishable,
    /// It is used up.
    NonReplenishable,
}
