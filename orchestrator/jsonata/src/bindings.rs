//! What an expression can read: `$states` and the workflow variables.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

use expression::value::Value;
use expression::variables::Variables;
use jsonata_core::value::JValue;

use crate::convert;

/// The name of the variable that holds what a state is given.
const STATES: &str = "states";

/// `$states` and the variables, for all expressions of a state that read the same. What an expression needs is converted when it is first
/// read, and only once.
pub struct Bindings<'a> {
    states: Vec<(&'a str, Cow<'a, Value>)>,
    variables: Cow<'a, Variables>,
    converted_states: OnceCell<JValue>,
    converted_variables: RefCell<BTreeMap<String, JValue>>,
}

impl<'a> Bindings<'a> {
    /// The members of `$states`, in the order in which `{% $states %}` shows them (`input`, `context`, `result`, `errorOutput`), and the
    /// variables.
    #[must_use]
    pub fn new(states: &[(&'a str, &'a Value)], variables: &'a Variables) -> Self {
        let states = states
            .iter()
            .map(|(name, value)| (*name, Cow::Borrowed(*value)));
        Self {
            states: states.collect(),
            variables: Cow::Borrowed(variables),
            converted_states: OnceCell::new(),
            converted_variables: RefCell::default(),
        }
    }

    /// The same of values that it keeps itself; both kinds share what they are made of, so that this costs little.
    #[must_use]
    pub fn owned(states: Vec<(&'a str, Value)>, variables: Variables) -> Self {
        let states = states
            .into_iter()
            .map(|(name, value)| (name, Cow::Owned(value)));
        Self {
            states: states.collect(),
            variables: Cow::Owned(variables),
            converted_states: OnceCell::new(),
            converted_variables: RefCell::default(),
        }
    }

    /// The variable of that name as the language's implementation holds it.
    pub(crate) fn converted(&self, name: &str) -> Option<JValue> {
        if name == STATES {
            let states = self.converted_states.get_or_init(|| {
                convert::object(self.states.iter().map(|(name, value)| (*name, &**value)))
            });
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
            let members = self
                .states
                .iter()
                .map(|(name, value)| (*name, Value::clone(value)));
            return Some((Value::object(members), path));
        };
        let (_, value) = self.states.iter().find(|(name, _)| name == member)?;
        Some((Value::clone(value), rest))
    }
}
