//! Where states lead: targets that are not there, states that nothing leads to, and ways without an end.

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Bfs, Reversed, Walker};

use crate::definition::{BlockId, StateId, StateMachine};
use crate::diagnostic::Code;
use crate::json::count;
use crate::parser::findings::{Findings, Place, Pointer};
use crate::parser::outline::Outline;

/// Where one state leads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ways {
    /// The states that it names, those that are there.
    pub(crate) targets: Vec<StateId>,
    /// Whether it ends its block.
    pub(crate) is_end: bool,
    /// Whether it also names a state that is not there.
    pub(crate) is_dangling: bool,
    /// Whether it could not be read so far that its ways are known.
    pub(crate) is_unclear: bool,
}

/// Where a block begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// At that state.
    At(StateId),
    /// At a state that is not there.
    Missing,
    /// `StartAt` is absent or no string.
    Unclear,
}

/// The state of that name in a block; a finding when there is none. AWS says `'Next'` whatever the field is called.
pub(crate) fn target(
    outline: &Outline<'_>,
    block: BlockId,
    place: &Place<'_, '_>,
    name: &str,
    findings: &Findings,
) -> Option<StateId> {
    let found = outline.block(block).names.get(name).copied();
    if found.is_none() {
        findings.error(
            Code::MissingTransitionTarget,
            place.pointer,
            place.node.span,
            format!("Missing 'Next' target: {name}"),
        );
    }
    found
}

/// Checks every block whose start and whose states' ways are known.
pub(crate) fn check(outline: &Outline<'_>, starts: &[Start], ways: &[Ways], findings: &Findings) {
    for (block, start) in outline.block_ids().zip(starts) {
        let states = &outline.block(block).states;
        let is_clear = states.iter().all(|id| !ways[id.0 as usize].is_unclear);
        if is_clear && *start != Start::Unclear && !states.is_empty() {
            check_block(outline, block, *start, ways, findings);
        }
    }
}

fn check_block(
    outline: &Outline<'_>,
    block: BlockId,
    start: Start,
    ways: &[Ways],
    findings: &Findings,
) {
    let states = &outline.block(block).states;
    if !states.iter().any(|id| ways[id.0 as usize].is_end) {
        let is_dangling = states.iter().any(|id| ways[id.0 as usize].is_dangling);
        return without_end(outline, block, is_dangling, findings);
    }
    let graph = Ground::new(states, ways);
    let reached = match start {
        Start::At(id) => Some(graph.reached_from(id)),
        Start::Missing | Start::Unclear => None,
    };
    let ending = graph.leading_to_an_end(ways);
    for (index, id) in graph.graph.node_indices().zip(states) {
        let state = outline.state(*id);
        let pointer = Pointer::State(outline, *id);
        let is_reached = reached
            .as_ref()
            .is_none_or(|reached| reached[index.index()]);
        if start != Start::At(*id) && !graph.is_named_by_another(index) {
            findings.error(
                Code::UnreachableState,
                pointer,
                state.name_span,
                format!("State \"{}\" is not reachable.", state.name),
            );
        } else if !is_reached {
            // AWS counts a state as reachable when any state names it, even one that is itself out of reach.
            findings.warning(
                Code::UnreachableState,
                pointer,
                state.name_span,
                format!("State \"{}\" is not reachable.", state.name),
            );
        } else if !ending[index.index()] {
            findings.warning(
                Code::NoWayToAnEnd,
                pointer,
                state.name_span,
                format!("State \"{}\" leads to no terminal state.", state.name),
            );
        }
    }
}

/// AWS refuses a machine without any end, gives no place for it, and then says nothing of reachability. Of branches and
/// processors it is not known, so they get a warning, unless the end may be what a dangling name was meant for.
fn without_end(outline: &Outline<'_>, block: BlockId, is_dangling: bool, findings: &Findings) {
    const MESSAGE: &str = "Workflow has no terminal state";
    let span = outline.block(block).node.span;
    if block == StateMachine::ROOT {
        findings.error_without_place(Code::NoWayToAnEnd, span, MESSAGE);
    } else if !is_dangling {
        let pointer = Pointer::Block(outline, block);
        findings.warning(Code::NoWayToAnEnd, pointer, span, MESSAGE);
    }
}

/// One block as a graph; a node's index is the state's place in the block.
struct Ground<'b> {
    states: &'b [StateId],
    graph: DiGraph<(), ()>,
}

impl<'b> Ground<'b> {
    fn new(states: &'b [StateId], ways: &[Ways]) -> Self {
        let mut graph = DiGraph::with_capacity(states.len(), states.len());
        for _ in states {
            graph.add_node(());
        }
        let mut ground = Self { states, graph };
        for (from, id) in states.iter().enumerate() {
            for target in &ways[id.0 as usize].targets {
                ground
                    .graph
                    .add_edge(node(from), ground.node_of(*target), ());
            }
        }
        ground
    }

    /// Numbers grow with the place in the block, so the place is found by halving.
    fn node_of(&self, id: StateId) -> NodeIndex {
        let place = self
            .states
            .binary_search(&id)
            .expect("a target is looked up in its own block");
        node(place)
    }

    fn is_named_by_another(&self, index: NodeIndex) -> bool {
        self.graph
            .neighbors_directed(index, Direction::Incoming)
            .any(|from| from != index)
    }

    fn reached_from(&self, start: StateId) -> Vec<bool> {
        let mut reached = vec![false; self.states.len()];
        for index in Bfs::new(&self.graph, self.node_of(start)).iter(&self.graph) {
            reached[index.index()] = true;
        }
        reached
    }

    /// Which states an end can be reached from: one walk backwards from a node behind all ends. Where a dangling name was to
    /// lead is not known, so it counts as an end.
    fn leading_to_an_end(&self, ways: &[Ways]) -> Vec<bool> {
        let mut graph = self.graph.clone();
        let end = graph.add_node(());
        for (place, id) in self.states.iter().enumerate() {
            let ways = &ways[id.0 as usize];
            if ways.is_end || ways.is_dangling {
                graph.add_edge(node(place), end, ());
            }
        }
        let backwards = Reversed(&graph);
        let mut leading = vec![false; graph.node_count()];
        for index in Bfs::new(backwards, end).iter(backwards) {
            leading[index.index()] = true;
        }
        leading
    }
}

fn node(place: usize) -> NodeIndex {
    NodeIndex::new(count(place) as usize)
}
