//! How parts of an execution are stored that know no serde themselves.

use std::sync::Arc;

use asl::definition::StateId;
use expression::value::Value;
use expression::variables::Variables;

use crate::payload::Payload;

/// Stores a state's number; the definitions' crate knows no serde.
pub(crate) mod state_id {
    use super::StateId;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(id: &StateId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(id.0)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<StateId, D::Error> {
        u32::deserialize(deserializer).map(StateId)
    }
}

/// Stores variables as their scopes, innermost first, each value as its JSON text.
pub(crate) mod stored_variables {
    use super::{Arc, Payload, Value, Variables};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        variables: &Variables,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut scopes: Vec<Vec<(Arc<str>, Payload)>> = Vec::new();
        let mut next = (!variables.is_empty()).then_some(variables);
        while let Some(scope) = next {
            scopes.push(
                scope
                    .own()
                    .map(|(name, value)| (name.clone(), Payload::of(value.clone())))
                    .collect(),
            );
            next = scope.outer().map(|outer| &**outer);
        }
        scopes.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Variables, D::Error> {
        let scopes = Vec::<Vec<(Arc<str>, Payload)>>::deserialize(deserializer)?;
        let mut variables: Option<Variables> = None;
        for scope in scopes.into_iter().rev() {
            let own = scope
                .into_iter()
                .map(|(name, value)| (name, Value::clone(value.value())));
            variables = Some(Variables::from_parts(own, variables.map(Arc::new)));
        }
        Ok(variables.unwrap_or_default())
    }
}
