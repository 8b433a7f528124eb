//! Things that jobs take from a store: licences, tokens, slots.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::check;
use crate::error::{Error, Result};
use crate::request::{CreateConsumableResource, UpdateConsumableResource};

/// How many tokens of updates are remembered.
const TOKENS: usize = 20;

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

impl ConsumableResource {
    /// The store that a request makes.
    ///
    /// # Errors
    /// When the request breaks a rule of AWS Batch.
    pub fn create(request: &CreateConsumableResource, now: i64) -> Result<Self> {
        check::name("consumableResourceName", &request.consumable_resource_name)?;
        if let Some(tags) = &request.tags {
            check::tags(tags)?;
        }
        let total_quantity = request.total_quantity.unwrap_or(0);
        check::at_least("totalQuantity", total_quantity, 0)?;
        Ok(Self {
            name: request.consumable_resource_name.as_str().into(),
            kind: request.resource_type.unwrap_or_default(),
            total_quantity,
            created_at: now,
            client_tokens: Vec::new(),
        })
    }

    /// The store after an update; as it is if the update's token is known.
    ///
    /// # Errors
    /// When the operation is unknown, the quantity is missing or negative, or more is removed than there is.
    pub fn updated(&self, request: &UpdateConsumableResource) -> Result<Self> {
        let token = request.client_token.as_deref();
        if self
            .client_tokens
            .iter()
            .any(|(known, _)| Some(known.as_str()) == token)
        {
            return Ok(self.clone());
        }
        if token.is_some_and(|token| token.is_empty() || token.len() > 64) {
            return Err(Error::client("clientToken must be 1 to 64 characters"));
        }
        let Some(quantity) = request.quantity else {
            return Err(Error::client("quantity must be given"));
        };
        check::at_least("quantity", quantity, 0)?;
        let total = self.total_quantity;
        let total = match request.operation.as_deref().unwrap_or("SET") {
            "SET" => Some(quantity),
            "ADD" => total.checked_add(quantity),
            "REMOVE" => total.checked_sub(quantity).filter(|left| *left >= 0),
            other => {
                let other = check::shown(other);
                return Err(Error::Client(format!(
                    "operation must be SET, ADD or REMOVE, not {other}"
                )));
            }
        };
        let Some(total) = total else {
            let name = &self.name;
            return Err(Error::Client(format!(
                "quantity {quantity} does not fit the {} that {name} has",
                self.total_quantity
            )));
        };
        let mut updated = self.clone();
        updated.total_quantity = total;
        if let Some(token) = token {
            updated.client_tokens.push((token.to_owned(), total));
            let surplus = updated.client_tokens.len().saturating_sub(TOKENS);
            updated.client_tokens.drain(..surplus);
        }
        Ok(updated)
    }
}
