//! Workflow variables: what `Assign` sets, in scopes that nest with Parallel branches and Map iterations.

use std::sync::Arc;

use crate::value::{Object, Value};

/// The variables that a state can read: its own scope's and every outer scope's.
///
/// An inner scope never shadows a name of an outer one (the parser refuses it), so a look-up goes outwards until it
/// finds the name. Clones share everything until one of them assigns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variables {
    own: Arc<Object>,
    outer: Option<Arc<Variables>>,
}

impl Variables {
    /// A new, empty scope inside this one.
    #[must_use]
    pub fn inner(&self) -> Self {
        // Empty scopes are skipped, so that a chain of Maps without variables costs nothing to walk.
        let outer = match (&self.outer, self.own.is_empty()) {
            (outer, true) => outer.clone(),
            _ => Some(Arc::new(self.clone())),
        };
        Self {
            own: Arc::default(),
            outer,
        }
    }

    /// The variable of that name, from the innermost scope that has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.own
            .get(name)
            .or_else(|| self.outer.as_deref()?.get(name))
    }

    /// Sets a variable in this scope.
    pub fn set(&mut self, name: Arc<str>, value: Value) {
        Arc::make_mut(&mut self.own).insert(name, value);
    }

    /// This scope's own variables, in the order of their first assignment.
    pub fn own(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.own.iter()
    }

    /// The scope outside this one, if it holds anything.
    #[must_use]
    pub fn outer(&self) -> Option<&Arc<Variables>> {
        self.outer.as_ref()
    }

    /// Puts a scope together again from what [`Self::own`] and [`Self::outer`] gave.
    #[must_use]
    pub fn from_parts(
        own: impl IntoIterator<Item = (Arc<str>, Value)>,
        outer: Option<Arc<Variables>>,
    ) -> Self {
        Self {
            own: Arc::new(own.into_iter().collect()),
            outer,
        }
    }

    /// Whether nothing can be read here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.outer.is_none()
    }
}
