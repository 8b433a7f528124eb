//! JSONata in a definition: single expressions, templates whose `{% … %}` strings are computed, and what they read.

use std::sync::Arc;

use expression::template::Template;
use expression::value::Value;
use jsonata::Expression;

/// One expression: what stands between `{%` and `%}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// It, compiled with the definition.
    pub expression: Expression,
}

impl Query {
    /// Its text, as error texts quote it.
    #[must_use]
    pub fn text(&self) -> &str {
        self.expression.text()
    }
}

/// A payload that a definition describes, in the language of its state.
#[derive(Clone, Debug, PartialEq)]
pub enum PayloadTemplate {
    /// Members whose names end with `.$` are computed.
    JsonPath(Template),
    /// Strings `{% … %}` are computed.
    Jsonata(QueryTemplate),
}

/// JSON whose `{% … %}` strings are computed.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryTemplate {
    /// Nothing in it is computed.
    Constant(Value),
    /// All of it is computed.
    Query(Query),
    /// An object with something computed somewhere below it.
    Object(Vec<(Arc<str>, QueryTemplate)>),
    /// An array with something computed somewhere below it.
    Array(Vec<QueryTemplate>),
}

impl QueryTemplate {
    /// Gives every expression, in the order of the text.
    pub fn each_query<'t>(&'t self, visit: &mut impl FnMut(&'t Query)) {
        match self {
            Self::Constant(_) => {}
            Self::Query(query) => visit(query),
            Self::Object(members) => {
                for (_, member) in members {
                    member.each_query(visit);
                }
            }
            Self::Array(items) => {
                for item in items {
                    item.each_query(visit);
                }
            }
        }
    }
}

/// Which members of `$states` a state's expressions read, so that nothing else is made for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// `$states.input`
    pub input: bool,
    /// `$states.result`
    pub result: bool,
    /// `$states.errorOutput`
    pub error_output: bool,
    /// `$states.context`
    pub context: bool,
}

impl Reads {
    /// Adds what one more expression reads.
    pub fn add(&mut self, query: &Query) {
        for member in &query.expression.references().states {
            match member.as_str() {
                "input" => self.input = true,
                "result" => self.result = true,
                "errorOutput" => self.error_output = true,
                "context" => self.context = true,
                "" => {
                    self.input = true;
                    self.result = true;
                    self.error_output = true;
                    self.context = true;
                }
                // There is no other, so that it reads nothing.
                _ => {}
            }
        }
    }
}
