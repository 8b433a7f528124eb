//! A binding made ready for statements: names in quotes, types, and how each column's values can travel.

use std::collections::HashMap;
use std::sync::Arc;

use pgoutput::Value;
use replication::binding::{Binding, Key};

use crate::schema::quote::{identifier, relation};

/// Types whose equal values also look equal; others (numeric, float, interval, …) have several forms of one value.
const EXACT: &[u32] = &[
    16, 17, 18, 19, 20, 21, 23, 25, 26, 28, 29, 869, 650, 829, 1043, 1082, 1114, 1184, 1083, 2950,
    3220,
];
/// OIDs below are the same in every database.
const FIRST_OWN: u32 = 16384;
const TEXT: u32 = 25;
const TEXT_ARRAY: u32 = 1009;
const VARCHAR: u32 = 1043;

/// A binding made ready.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) binding: Arc<Binding>,
    /// The target table's name, quoted.
    pub(crate) table: String,
    /// By the **source's** columns.
    pub(crate) columns: Vec<RouteColumn>,
    /// The source columns that are written, in order.
    pub(crate) written: Vec<u32>,
    /// The source columns of the key.
    pub(crate) key: Vec<u32>,
    /// The source columns whose target columns are `GENERATED ALWAYS AS IDENTITY`: inserts may write them, updates may not.
    pub(crate) always: Vec<u32>,
    /// Those of them that are not in the key: an update finds its row by them, too, so that one that changes them is noticed.
    pub(crate) pinned: Vec<u32>,
    /// ` overriding system value`, if a column asks for it.
    pub(crate) overriding: &'static str,
}

/// A source column, and the target column that takes it.
#[derive(Debug)]
pub(crate) struct RouteColumn {
    /// The target column's name, quoted; empty if nothing is written.
    pub(crate) name: String,
    /// The target's type.
    pub(crate) type_name: String,
    pub(crate) type_id: u32,
    /// The type of binary values when it is another one than the target's.
    pub(crate) differs: Option<u32>,
    pub(crate) is_array: bool,
    pub(crate) comparable: bool,
    /// Whether equal values also look equal.
    pub(crate) exact: bool,
}

/// How a column's values come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Only nulls were seen.
    Null,
    Text,
    Binary,
}

/// How a column's values go into an array parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArrayForm {
    /// The parameter's type, to declare; 0 if the statement names it.
    pub(crate) array_id: u32,
    /// The elements' type, for the array's header.
    pub(crate) element_id: u32,
    /// What is appended to the parameter: `::type[]`, or nothing.
    pub(crate) parameter_cast: String,
    /// What is appended to the element: `::type`, or nothing.
    pub(crate) element_cast: String,
}

impl Route {
    pub(crate) fn new(binding: &Arc<Binding>) -> Self {
        let target = &binding.table;
        let mut overriding = "";
        let mut always = Vec::new();
        let mut written = Vec::new();
        let mut columns = Vec::new();
        for (index, (column, to)) in binding
            .relation
            .columns
            .iter()
            .zip(&binding.columns)
            .enumerate()
        {
            let Some(to) = to.map(|to| &target.columns[to]) else {
                columns.push(RouteColumn::nothing());
                continue;
            };
            if to.generated {
                columns.push(RouteColumn::nothing());
                continue;
            }
            let index = u32::try_from(index).expect("a table has at most 1600 columns");
            written.push(index);
            if to.identity_always {
                always.push(index);
                overriding = " overriding system value";
            }
            columns.push(RouteColumn {
                name: identifier(&to.name),
                type_name: without_length(&to.type_name),
                type_id: to.type_id,
                differs: differs(column.type_id, to.type_id),
                is_array: to.type_name.ends_with("[]"),
                comparable: to.comparable,
                exact: EXACT.contains(&to.type_id),
            });
        }
        let key: Vec<u32> = match &binding.key {
            Key::Unique(key) | Key::Row(key) => key
                .iter()
                // What the target computes may look different there.
                .filter(|&&column| !columns[column].is_nothing())
                .map(|&column| u32::try_from(column).expect("a table has at most 1600 columns"))
                .collect(),
            Key::None => Vec::new(),
        };
        let pinned = always.iter().copied();
        Self {
            pinned: pinned.filter(|column| !key.contains(column)).collect(),
            always,
            table: relation(&target.name),
            binding: Arc::clone(binding),
            columns,
            written,
            key,
            overriding,
        }
    }

    pub(crate) fn column(&self, index: u32) -> &RouteColumn {
        &self.columns[index as usize]
    }

    /// The names of columns, with commas.
    pub(crate) fn names(&self, columns: &[u32]) -> String {
        crate::target::sql::list(columns.iter().map(|&column| &self.column(column).name))
    }
}

impl RouteColumn {
    fn nothing() -> Self {
        Self {
            name: String::new(),
            type_name: String::new(),
            type_id: 0,
            differs: None,
            is_array: false,
            comparable: false,
            exact: false,
        }
    }

    /// Whether nothing is written for it.
    pub(crate) fn is_nothing(&self) -> bool {
        self.name.is_empty()
    }

    /// The type to declare a parameter with that takes values of this form.
    pub(crate) fn parameter_type(&self, form: Form) -> u32 {
        match (form, self.differs) {
            (Form::Binary, Some(type_id)) => type_id,
            (Form::Null | Form::Text | Form::Binary, _) => 0,
        }
    }

    /// How its values go into an array; none if they can't (an array of arrays is one array with more dimensions).
    pub(crate) fn array_form(
        &self,
        form: Form,
        array_types: &HashMap<u32, u32>,
    ) -> Option<ArrayForm> {
        match (form, self.differs) {
            // Every type has a text form, and `text[]` takes them as they are.
            (Form::Null | Form::Text, _) => Some(ArrayForm {
                array_id: TEXT_ARRAY,
                element_id: TEXT,
                parameter_cast: String::new(),
                element_cast: format!("::{}", self.type_name),
            }),
            (Form::Binary, Some(type_id)) => Some(ArrayForm {
                array_id: *array_types.get(&type_id)?,
                element_id: type_id,
                parameter_cast: String::new(),
                element_cast: format!("::{}", self.type_name),
            }),
            (Form::Binary, None) if self.is_array => None,
            (Form::Binary, None) => Some(ArrayForm {
                array_id: 0,
                element_id: self.type_id,
                parameter_cast: format!("::{}[]", self.type_name),
                element_cast: String::new(),
            }),
        }
    }
}

impl Form {
    pub(crate) fn of(value: Value<'_>) -> Self {
        match value {
            Value::Null | Value::Unchanged => Self::Null,
            Value::Text(_) => Self::Text,
            Value::Binary(_) => Self::Binary,
        }
    }
}

/// The source's type if its binary values are not those of the target's. Types of the user's have other OIDs in each database: they go by
/// name, and the target's column tells which.
fn differs(source: u32, target: u32) -> Option<u32> {
    let is_text = |id: u32| matches!(id, TEXT | VARCHAR);
    let same = source == target || source >= FIRST_OWN || (is_text(source) && is_text(target));
    (!same).then_some(source)
}

/// `character` and `bit` alone mean a length of one in SQL.
fn without_length(type_name: &str) -> String {
    let name = |name: &str| match name {
        "character" => "bpchar".to_owned(),
        "bit" => "\"bit\"".to_owned(),
        other => other.to_owned(),
    };
    match type_name.strip_suffix("[]") {
        Some(element) => format!("{}[]", name(element)),
        None => name(type_name),
    }
}

#[cfg(test)]
mod tests {
    use super::{differs, without_length};

    #[test]
    fn types_that_would_cut_their_values_are_named_otherwise() {
        assert_eq!(without_length("character"), "bpchar");
        assert_eq!(without_length("bit[]"), "\"bit\"[]");
        assert_eq!(without_length("character varying"), "character varying");
    }

    #[test]
    fn binary_values_pass_where_the_types_agree() {
        assert_eq!(differs(23, 23), None);
        assert_eq!(differs(23, 20), Some(23));
        assert_eq!(differs(1043, 25), None);
        assert_eq!(differs(16500, 17000), None);
        // A type of the user's that became a built-in one has the same bytes as text (an enum).
        assert_eq!(differs(16500, 25), None);
        assert_eq!(differs(25, 16500), Some(25));
    }
}
