//! Puts a machine around a lone state, with a stand-in for every state that it names.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::json::{Kind, Member, Members, Node, Span};

/// The definition of a machine of that state alone. The parts that are not in the text stand where the text begins.
pub(crate) fn machine<'t>(state: Node<'t>, name: &'t str) -> Node<'t> {
    let mut known = HashSet::from([name.to_owned()]);
    let mut states = Vec::new();
    for target in targets(&state) {
        if known.insert(target.to_owned()) {
            states.push(member(target.to_owned(), stand_in()));
        }
    }
    states.insert(0, member(name, state));
    object(vec![
        member("StartAt", string(name)),
        member("States", object(states)),
    ])
}

/// The names of states in a state's own members, its rules and its catchers.
fn targets<'n>(state: &'n Node<'_>) -> impl Iterator<Item = &'n str> {
    let inner = ["Choices", "Catch"]
        .into_iter()
        .filter_map(|name| state.get(name))
        .flat_map(|list| list.value.items());
    std::iter::once(state)
        .chain(inner)
        .flat_map(|node| [node.get("Next"), node.get("Default")])
        .filter_map(|member| member?.value.as_str())
}

fn stand_in<'t>() -> Node<'t> {
    object(vec![member("Type", string("Succeed"))])
}

fn member<'t>(name: impl Into<Cow<'t, str>>, value: Node<'t>) -> Member<'t> {
    Member {
        name: name.into(),
        name_span: Span::default(),
        value,
    }
}

fn string(text: &str) -> Node<'_> {
    node(Kind::String(text.into()))
}

fn object(list: Vec<Member<'_>>) -> Node<'_> {
    node(Kind::Object(Members {
        list,
        repeated: Vec::new(),
    }))
}

fn node(kind: Kind<'_>) -> Node<'_> {
    Node {
        span: Span::default(),
        kind,
    }
}
