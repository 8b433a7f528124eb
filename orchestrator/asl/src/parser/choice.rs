//! Reads Choice states: rules, their nesting, and the 39 operators.

use crate::definition::{
    Choice, ChoiceRule, Comparison, Condition, Operand, Order, QueryLanguage, TypeTest,
};
use crate::json::Kind;
use crate::parser::fields::{self, Fields, Group, In, Known};
use crate::parser::findings::{Findings, Place};
use crate::parser::state::{COMMON, INPUT_AND_OUTPUT, Reader};

/// A Choice state's fields.
pub(crate) const FIELDS: Known = &[
    COMMON,
    INPUT_AND_OUTPUT,
    &[
        ("Choices", In::Both),
        ("Default", In::Both),
        ("Assign", In::Both),
    ],
];

const RULE: Known = &[
    &[
        ("Next", In::Both),
        ("Assign", In::Both),
        ("Output", In::Jsonata),
        ("Condition", In::Jsonata),
    ],
    TEST,
    &OPERATOR_FIELDS,
];

/// A rule inside another says only when, not whereto.
const INNER_RULE: Known = &[TEST, &OPERATOR_FIELDS];

const TEST: Group = &[
    ("Comment", In::Both),
    ("Variable", In::JsonPath),
    ("And", In::JsonPath),
    ("Or", In::JsonPath),
    ("Not", In::JsonPath),
];

/// What an operator compares.
#[derive(Clone, Copy)]
enum Family {
    String,
    Numeric,
    Timestamp,
    Boolean,
}

#[derive(Clone, Copy)]
enum Operator {
    /// With a value that is written down.
    With(Family, Order),
    /// With a value at a path.
    WithPath(Family, Order),
    Matches,
    Is(TypeTest),
}

use Family::{Boolean, Numeric, String, Timestamp};
use Operator::{Is, Matches, With, WithPath};
use Order::{Equals, GreaterThan, GreaterThanEquals, LessThan, LessThanEquals};

const OPERATORS: [(&str, Operator); 39] = [
    ("StringEquals", With(String, Equals)),
    ("StringEqualsPath", WithPath(String, Equals)),
    ("StringLessThan", With(String, LessThan)),
    ("StringLessThanPath", WithPath(String, LessThan)),
    ("StringLessThanEquals", With(String, LessThanEquals)),
    ("StringLessThanEqualsPath", WithPath(String, LessThanEquals)),
    ("StringGreaterThan", With(String, GreaterThan)),
    ("StringGreaterThanPath", WithPath(String, GreaterThan)),
    ("StringGreaterThanEquals", With(String, GreaterThanEquals)),
    (
        "StringGreaterThanEqualsPath",
        WithPath(String, GreaterThanEquals),
    ),
    ("StringMatches", Matches),
    ("NumericEquals", With(Numeric, Equals)),
    ("NumericEqualsPath", WithPath(Numeric, Equals)),
    ("NumericLessThan", With(Numeric, LessThan)),
    ("NumericLessThanPath", WithPath(Numeric, LessThan)),
    ("NumericLessThanEquals", With(Numeric, LessThanEquals)),
    (
        "NumericLessThanEqualsPath",
        WithPath(Numeric, LessThanEquals),
    ),
    ("NumericGreaterThan", With(Numeric, GreaterThan)),
    ("NumericGreaterThanPath", WithPath(Numeric, GreaterThan)),
    ("NumericGreaterThanEquals", With(Numeric, GreaterThanEquals)),
    (
        "NumericGreaterThanEqualsPath",
        WithPath(Numeric, GreaterThanEquals),
    ),
    ("TimestampEquals", With(Timestamp, Equals)),
    ("TimestampEqualsPath", WithPath(Timestamp, Equals)),
    ("TimestampLessThan", With(Timestamp, LessThan)),
    ("TimestampLessThanPath", WithPath(Timestamp, LessThan)),
    ("TimestampLessThanEquals", With(Timestamp, LessThanEquals)),
    (
        "TimestampLessThanEqualsPath",
        WithPath(Timestamp, LessThanEquals),
    ),
    ("TimestampGreaterThan", With(Timestamp, GreaterThan)),
    ("TimestampGreaterThanPath", WithPath(Timestamp, GreaterThan)),
    (
        "TimestampGreaterThanEquals",
        With(Timestamp, GreaterThanEquals),
    ),
    (
        "TimestampGreaterThanEqualsPath",
        WithPath(Timestamp, GreaterThanEquals),
    ),
    ("BooleanEquals", With(Boolean, Equals)),
    ("BooleanEqualsPath", WithPath(Boolean, Equals)),
    ("IsNull", Is(TypeTest::Null)),
    ("IsPresent", Is(TypeTest::Present)),
    ("IsNumeric", Is(TypeTest::Numeric)),
    ("IsString", Is(TypeTest::String)),
    ("IsBoolean", Is(TypeTest::Boolean)),
    ("IsTimestamp", Is(TypeTest::Timestamp)),
];

static OPERATOR_FIELDS: [(&str, In); 39] = operator_fields();

const fn operator_fields() -> [(&'static str, In); 39] {
    let mut fields = [("", In::JsonPath); 39];
    let mut index = 0;
    while index < fields.len() {
        fields[index].0 = OPERATORS[index].0;
        index += 1;
    }
    fields
}

impl<'t> Reader<'_, 't> {
    /// A Choice state's own part.
    pub(crate) fn choice(&self, fields: &Fields<'_, 't>) -> Option<Choice> {
        fields.require(&["Choices"]);
        let default = self.target(fields, "Default");
        let Some(place) = fields.get("Choices") else {
            self.lose_way();
            return None;
        };
        if fields::filled_array(&place, self.findings).is_none() {
            self.lose_way();
        }
        let rules = place
            .items()
            .filter_map(|rule| self.rule(rule, fields.language))
            .collect();
        Some(Choice { rules, default })
    }

    fn rule(&self, place: Place<'_, 't>, language: QueryLanguage) -> Option<ChoiceRule> {
        let Some(fields) = Fields::new(place, self.findings, language, RULE) else {
            self.lose_way();
            return None;
        };
        let next = self.next(&fields);
        let assign = self.assign(&fields);
        let output = fields.payload("Output");
        let condition = match language {
            QueryLanguage::JsonPath => {
                fields.require(&["Next"]);
                condition(&fields)
            }
            QueryLanguage::Jsonata => {
                fields.require(&["Condition", "Next"]);
                jsonata_condition(&fields)
            }
        };
        Some(ChoiceRule {
            condition: condition?,
            next: next?,
            assign,
            output,
        })
    }
}

fn jsonata_condition(fields: &Fields<'_, '_>) -> Option<Condition> {
    let place = fields.get("Condition")?;
    if let Kind::Bool(value) = place.node.kind {
        return Some(Condition::Constant(value));
    }
    if fields.is_jsonata("Condition") {
        return fields.query("Condition").map(Condition::Query);
    }
    fields.findings.schema(
        &place,
        "Expected value of type Boolean or JSONata expression",
    );
    None
}

/// The one condition of a rule.
fn condition(fields: &Fields<'_, '_>) -> Option<Condition> {
    let members = fields.place.node.members();
    let given = members.iter().filter(|member| {
        matches!(&*member.name, "And" | "Or" | "Not") || operator(&member.name).is_some()
    });
    let given: Vec<&str> = given.map(|member| &*member.name).collect();
    let &[name] = given.as_slice() else {
        fields.at_object("Exactly one comparison or one of [And, Or, Not] must be specified");
        return None;
    };
    let place = fields.get(name)?;
    if let Some(operator) = operator(name) {
        fields.require(&["Variable"]);
        let variable = fields.location("Variable");
        let comparison = comparison(operator, &place, fields.findings);
        return Some(Condition::Test {
            variable: variable?,
            comparison: comparison?,
        });
    }
    if let Some(variable) = fields.place.node.get("Variable") {
        fields.at_member(variable, "Field 'Variable' is not supported");
    }
    match name {
        "Not" => inner(place, fields.findings).map(|inner| Condition::Not(Box::new(inner))),
        "And" => all(&place, fields.findings).map(Condition::And),
        _ => all(&place, fields.findings).map(Condition::Or),
    }
}

fn all(list: &Place<'_, '_>, findings: &Findings) -> Option<Vec<Condition>> {
    fields::filled_array(list, findings)?;
    let conditions: Vec<Option<Condition>> =
        list.items().map(|place| inner(place, findings)).collect();
    conditions.into_iter().collect()
}

fn inner(place: Place<'_, '_>, findings: &Findings) -> Option<Condition> {
    let fields = Fields::new(place, findings, QueryLanguage::JsonPath, INNER_RULE)?;
    condition(&fields)
}

fn operator(name: &str) -> Option<Operator> {
    let found = OPERATORS.iter().find(|(operator, _)| *operator == name);
    found.map(|(_, operator)| *operator)
}

fn comparison(
    operator: Operator,
    place: &Place<'_, '_>,
    findings: &Findings,
) -> Option<Comparison> {
    match operator {
        With(family, order) => {
            let operand = Operand::Literal(literal(family, place, findings)?);
            Some(compare(family, order, operand))
        }
        WithPath(family, order) => {
            let operand = Operand::Path(fields::location(place, findings)?);
            Some(compare(family, order, operand))
        }
        Matches => {
            let pattern = fields::string(place, findings)?;
            Some(Comparison::Matches(pattern.into()))
        }
        Is(test) => {
            let expected = typed(place, "Boolean", findings, |kind| match kind {
                Kind::Bool(value) => Some(*value),
                _ => None,
            });
            Some(Comparison::Is(test, expected?))
        }
    }
}

fn compare(family: Family, order: Order, operand: Operand) -> Comparison {
    match family {
        String => Comparison::String(order, operand),
        Numeric => Comparison::Numeric(order, operand),
        Timestamp => Comparison::Timestamp(order, operand),
        Boolean => Comparison::Boolean(operand),
    }
}

/// A value of the operator's type.
fn literal(
    family: Family,
    place: &Place<'_, '_>,
    findings: &Findings,
) -> Option<expression::value::Value> {
    match family {
        String => fields::string(place, findings).map(drop),
        Timestamp => fields::timestamp(place, findings).map(drop),
        Numeric => typed(place, "Number", findings, |kind| {
            matches!(kind, Kind::Number(_)).then_some(())
        }),
        Boolean => typed(place, "Boolean", findings, |kind| {
            matches!(kind, Kind::Bool(_)).then_some(())
        }),
    }?;
    Some(place.node.to_value())
}

fn typed<T>(
    place: &Place<'_, '_>,
    name: &str,
    findings: &Findings,
    read: impl FnOnce(&Kind<'_>) -> Option<T>,
) -> Option<T> {
    let value = read(&place.node.kind);
    if value.is_none() {
        findings.schema(place, format!("Expected value of type {name}"));
    }
    value
}
