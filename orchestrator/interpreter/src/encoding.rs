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

/// Stores a scope's own variables, each value as its JSON text. The scopes around it are those of the thread that forked,
/// which a wide Map would store once for every item: [`crate::execution::Execution::restore`] puts them back.
pub(crate) mod own_variables {
    use super::{Arc, Payload, Value, Variables};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        variables: &Variables,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(
            variables
                .own()
                .map(|(name, value)| (name, Payload::of(value.clone())))
                .collect::<Vec<_>>(),
        )
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Variables, D::Error> {
        let own = Vec::<(Arc<str>, Payload)>::deserialize(deserializer)?;
        let own = own
            .into_iter()
            .map(|(name, value)| (name, Value::clone(value.value())));
        Ok(Variables::from_parts(own, None))
    }
}
