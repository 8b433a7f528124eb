//! The first pass: which blocks and states there are, numbered in document order, before anything inside them is read.
//!
//! With it, a `Next` can name a state further down, and the second pass is one flat loop over all states.

use std::collections::HashMap;
use std::fmt;

use crate::definition::{BlockId, StateId};
use crate::json::{Kind, Node, Span, count};

/// All blocks and states of a definition.
#[derive(Default)]
pub(crate) struct Outline<'t> {
    /// The blocks; the machine's own is the first.
    pub(crate) blocks: Vec<BlockOutline<'t>>,
    /// The states of all blocks.
    pub(crate) states: Vec<StateOutline<'t>>,
}

/// One object with `StartAt` and `States`.
pub(crate) struct BlockOutline<'t> {
    /// The object.
    pub(crate) node: &'t Node<'t>,
    /// The state that it belongs to, and the way from there.
    pub(crate) parent: Option<(StateId, Step)>,
    /// Its states.
    pub(crate) states: Vec<StateId>,
    /// Its states by name.
    pub(crate) names: HashMap<&'t str, StateId>,
    /// The variables that its states assign, and which state alone does, if one alone does.
    pub(crate) assigned: HashMap<&'t str, Option<StateId>>,
    /// Whether it runs in executions of its own, which see no variables of the states around.
    pub(crate) is_isolated: bool,
}

/// One member of a `States` object.
pub(crate) struct StateOutline<'t> {
    /// Its name.
    pub(crate) name: &'t str,
    /// Where the name stands.
    pub(crate) name_span: Span,
    /// What stands there; not always an object.
    pub(crate) node: &'t Node<'t>,
    /// The block that it stands in.
    pub(crate) block: BlockId,
    /// The blocks inside.
    pub(crate) children: Vec<BlockId>,
}

/// The way from a state to a block of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// `Branches[n]`
    Branch(usize),
    /// `ItemProcessor`
    ItemProcessor,
    /// `Iterator`
    Iterator,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Branch(index) => write!(formatter, "/Branches[{index}]"),
            Self::ItemProcessor => formatter.write_str("/ItemProcessor"),
            Self::Iterator => formatter.write_str("/Iterator"),
        }
    }
}

impl<'t> Outline<'t> {
    /// Looks through a definition.
    pub(crate) fn of(root: &'t Node<'t>) -> Self {
        let mut outline = Self::default();
        outline.add_block(root, None);
        outline
    }

    /// The block with that number.
    pub(crate) fn block(&self, id: BlockId) -> &BlockOutline<'t> {
        &self.blocks[id.0 as usize]
    }

    /// The state with that number.
    pub(crate) fn state(&self, id: StateId) -> &StateOutline<'t> {
        &self.states[id.0 as usize]
    }

    /// The number of every block.
    pub(crate) fn block_ids(&self) -> impl Iterator<Item = BlockId> + use<> {
        (0..count(self.blocks.len())).map(BlockId)
    }

    /// The number of every state.
    pub(crate) fn state_ids(&self) -> impl Iterator<Item = StateId> + use<> {
        (0..count(self.states.len())).map(StateId)
    }

    /// Whether a block around that one assigns the variable too, where both can be alive at once.
    ///
    /// What the Parallel or Map around sets itself, it sets after its blocks have ended: AWS lets them use the same name.
    pub(crate) fn is_assigned_outside(&self, id: BlockId, name: &str) -> bool {
        let mut block = self.block(id);
        while let Some((parent, _)) = block.parent.filter(|_| !block.is_isolated) {
            block = self.block(self.state(parent).block);
            if block
                .assigned
                .get(name)
                .is_some_and(|by| *by != Some(parent))
            {
                return true;
            }
        }
        false
    }

    /// Whether Express children of a Map Run run that block, or one around it.
    pub(crate) fn is_run_by_express(&self, id: BlockId) -> bool {
        let mut next = Some(id);
        while let Some(id) = next {
            let block = self.block(id);
            let config = block.node.get("ProcessorConfig");
            let child_type = config.and_then(|config| config.value.get("ExecutionType"));
            let is_express = child_type.and_then(|member| member.value.as_str()) == Some("EXPRESS");
            if block.is_isolated && is_express {
                return true;
            }
            next = block.parent.map(|(state, _)| self.state(state).block);
        }
        false
    }

    // This recursion, like every other here, is as deep as the document nests, which the reader bounds.
    fn add_block(&mut self, node: &'t Node<'t>, parent: Option<(StateId, Step)>) -> BlockId {
        let id = BlockId(count(self.blocks.len()));
        self.blocks.push(BlockOutline {
            node,
            parent,
            states: Vec::new(),
            names: HashMap::new(),
            assigned: HashMap::new(),
            is_isolated: is_distributed(node),
        });
        let states = node
            .get("States")
            .map_or(&[][..], |member| member.value.members());
        for member in states {
            let state = StateId(count(self.states.len()));
            self.states.push(StateOutline {
                name: &member.name,
                name_span: member.name_span,
                node: &member.value,
                block: id,
                children: Vec::new(),
            });
            let block = &mut self.blocks[id.0 as usize];
            block.states.push(state);
            block.names.insert(&member.name, state);
            for name in assigned(&member.value) {
                block
                    .assigned
                    .entry(name)
                    .and_modify(|by| *by = by.filter(|by| *by == state))
                    .or_insert(Some(state));
            }
            self.add_children(state, &member.value);
        }
        id
    }

    fn add_children(&mut self, state: StateId, node: &'t Node<'t>) {
        match node.get("Type").and_then(|member| member.value.as_str()) {
            Some("Parallel") => {
                let branches = node
                    .get("Branches")
                    .map_or(&[][..], |member| member.value.items());
                for (index, branch) in branches.iter().enumerate() {
                    self.add_child(state, branch, Step::Branch(index));
                }
            }
            Some("Map") => {
                let steps = [
                    ("ItemProcessor", Step::ItemProcessor),
                    ("Iterator", Step::Iterator),
                ];
                let found = steps
                    .iter()
                    .find_map(|(name, step)| Some((node.get(name)?, *step)));
                if let Some((member, step)) = found {
                    self.add_child(state, &member.value, step);
                }
            }
            _ => {}
        }
    }

    fn add_child(&mut self, state: StateId, node: &'t Node<'t>, step: Step) {
        if !matches!(node.kind, Kind::Object(_)) {
            return;
        }
        let block = self.add_block(node, Some((state, step)));
        self.states[state.0 as usize].children.push(block);
    }
}

/// The variables that a state assigns: by itself, by its catchers, and by its choice rules.
fn assigned<'t>(state: &'t Node<'t>) -> impl Iterator<Item = &'t str> {
    let inner = ["Catch", "Choices"]
        .into_iter()
        .filter_map(|name| state.get(name))
        .flat_map(|member| member.value.items());
    std::iter::once(state)
        .chain(inner)
        .filter_map(|node| node.get("Assign"))
        .flat_map(|member| member.value.members())
        .map(|member| variable_name(&member.name))
}

/// The variable that a member of `Assign` sets.
pub(crate) fn variable_name(member: &str) -> &str {
    member.strip_suffix(".$").unwrap_or(member)
}

fn is_distributed(block: &Node<'_>) -> bool {
    block
        .get("ProcessorConfig")
        .and_then(|config| config.value.get("Mode"))
        .and_then(|mode| mode.value.as_str())
        == Some("DISTRIBUTED")
}
