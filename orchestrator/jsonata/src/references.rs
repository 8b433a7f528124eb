//! What an expression refers to that it does not make itself: names that are read from no value, and members of `$states`.

use jsonata_core::ast::AstNode;

use crate::walk;

/// What an expression refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// Names that are read where there is no value to read them from, each once, in the order of the text. There is none at the
    /// beginning of an expression: `$states.input.name` is right and `name` is not. `$`, `$$`, `*` and `**` stand here as such.
    pub top_level: Vec<String>,
    /// The members of `$states` that are read, each once; the empty text where all of it is read.
    pub states: Vec<String>,
}

impl References {
    /// Looks through an expression.
    pub(crate) fn of(root: &AstNode) -> Self {
        let mut references = Self::default();
        let mut left = vec![(root, Context::Nothing)];
        while let Some((node, context)) = left.pop() {
            references.see(node, context);
            let below = walk::children(node);
            let skipped = match states_member(node) {
                Some(member) => {
                    add(&mut references.states, member);
                    1
                }
                None => 0,
            };
            // Only a path's first step sees what the path sees; filters, the terms of a sort and a group see its items.
            let keeps = match node {
                AstNode::Path { .. } | AstNode::Sort { .. } | AstNode::ObjectTransform { .. } => 1,
                AstNode::Transform { .. } | AstNode::FunctionApplication(_) => 0,
                _ => below.len(),
            };
            let below = below.into_iter().enumerate().skip(skipped).rev();
            left.extend(below.map(|(position, child)| match position < keeps {
                true => (child, context),
                false => (child, Context::Given),
            }));
        }
        references
    }

    fn see(&mut self, node: &AstNode, context: Context) {
        let name = match node {
            AstNode::Variable(name) if name == "states" => {
                add(&mut self.states, "");
                return;
            }
            AstNode::ParentVariable(_) => {
                add(&mut self.top_level, "$$");
                return;
            }
            AstNode::Variable(name) if name.is_empty() => "$",
            AstNode::Name(name) => name,
            AstNode::Wildcard => "*",
            AstNode::Descendant => "**",
            _ => return,
        };
        if context == Context::Nothing {
            add(&mut self.top_level, name);
        }
    }
}

/// What names are read from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Nothing,
    Given,
}

/// The member that a path reads from `$states`, if it begins so.
fn states_member(node: &AstNode) -> Option<&str> {
    let AstNode::Path { steps } = node else {
        return None;
    };
    let [first, second, ..] = steps.as_slice() else {
        return None;
    };
    match (&first.node, &second.node) {
        (AstNode::Variable(variable), AstNode::Name(member))
            if variable == "states" && first.stages.is_empty() =>
        {
            Some(member)
        }
        _ => None,
    }
}

fn add(list: &mut Vec<String>, name: &str) {
    if !list.iter().any(|known| known == name) {
        list.push(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::References;

    fn check(text: &str, top_level: &[&str], states: &[&str]) {
        let tree = jsonata_core::parser::parse(text).unwrap();
        let references = References::of(&tree);
        assert_eq!(references.top_level, top_level, "{text}");
        assert_eq!(references.states, states, "{text}");
    }

    #[test]
    fn what_has_nothing_to_be_read_from_is_found() {
        check("$states.input.name", &[], &["input"]);
        check("$states.input.items[price > 3].name", &[], &["input"]);
        check(
            "$states.input.items^(>price).{'n': name, 'p': $}",
            &[],
            &["input"],
        );
        check("$states.input.items{kind: $sum(price)}", &[], &["input"]);
        check("$states.input ~> |rows|{'seen': n}|", &[], &["input"]);
        check("$states", &[], &[""]);
        check("$states.*", &[], &[""]);
        check("$keys($states.context) ~> $count()", &[], &["context"]);
        check(
            "$states.result.Payload & $states.input.a",
            &[],
            &["result", "input"],
        );
        check("phone", &["phone"], &[]);
        check("phone.number & name", &["phone", "name"], &[]);
        check("$x[a = 1]", &[], &[]);
        check("{'a': a, 'b': [b, a]}", &["a", "b"], &[]);
        check("a ? b : $c", &["a", "b"], &[]);
        check("$", &["$"], &[]);
        check("$$.x", &["$$"], &[]);
        check("$states.input.($.a)", &[], &["input"]);
        check("($x := y; $x)", &["y"], &[]);
        check("$sum(prices)", &["prices"], &[]);
    }
}
