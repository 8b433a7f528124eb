//! What an expression can read: `$states` and the workflow variables.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

use expression::value::Value;
use expression::variables::Variables;
use jsonata_core::value::JValue;

use crate::convert;

/// The name of the variable that holds what a state is given.
const STATES: &str = "states";

/// `$states` and the variables, for all expressions of a state that read the same. It shares the values that it is made of; what an
/// expression needs is converted when it is first read, and only once.
pub struct Bindings {
    states: Vec<(&'static str, Value)>,
    variables: Variables,
    converted_states: OnceCell<JValue>,
    converted_variables: RefCell<BTreeMap<String, JValue>>,
}

impl Bindings {
    /// The members of `$states`, in the order in which `{% $states %}` shows them (`input`, `context`, `result`, `errorOutput`), and the
    /// variables.
    #[must_use]
    pub fn new(states: Vec<(&'static str, Value)>, variables: Variables) -> Self {
        Self {
            states,
            variables,
            converted_states: OnceCell::new(),
            converted_variables: RefCell::default(),
        }
    }

    /// The variable of that name as the language's implementation holds it.
    pub(crate) fn converted(&self, name: &str) -> Option<JValue> {
        if name == STATES {
            let members = self.states.iter().map(|(name, value)| (*name, value));
            let states = self
                .converted_states
                .get_or_init(|| convert::object(members));
            return Some(states.clone());
        }
        let value = self.variables.get(name)?;
        let mut converted = self.converted_variables.borrow_mut();
        if let Some(found) = converted.get(name) {
            return Some(found.clone());
        }
        let new = convert::value(value);
        converted.insert(name.to_owned(), new.clone());
        Some(new)
    }

    /// The variable of that name, or the member of `$states` where the path begins with one, and what of the path is left.
    pub(crate) fn resolve<'p>(
        &self,
        name: &str,
        path: &'p [String],
    ) -> Option<(Value, &'p [String])> {
        if name != STATES {
            return Some((self.variables.get(name)?.clone(), path));
        }
        let Some((member, rest)) = path.split_first() else {
            return Some((Value::object(self.states.iter().cloned()), path));
        };
        let (_, value) = self.states.iter().find(|(name, _)| name == member)?;
        Some((value.clone(), rest))
    }
}
