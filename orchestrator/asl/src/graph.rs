//! A machine as a picture's data: nodes, edges and clusters, to be laid out by whoever draws it.
//!
//! ```text
//!   Start(block) ─start─▶ State ─next, rule n, default, catch n─▶ State ─end─▶ End(block)
//!                           └─branch n, processor─▶ Start(inner block)
//! ```

use std::fmt;

use crate::definition::{Block, BlockId, OnError, StateId, StateKind, StateMachine, Then};

/// Nodes and edges, and the clusters that nodes lie in. All are in document order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// What edges join.
    pub nodes: Vec<Node>,
    /// The ways between nodes.
    pub edges: Vec<Edge>,
    /// One for each block; the machine's own is the first.
    pub clusters: Vec<Cluster>,
}

/// A node's place in [`Graph::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// What edges join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// Where a block begins.
    Start(BlockId),
    /// A state.
    State(StateId),
    /// Where a block ends.
    End(BlockId),
}

/// A way from one node to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Where it leaves.
    pub from: NodeId,
    /// Where it arrives.
    pub to: NodeId,
    /// When it is taken.
    pub kind: EdgeKind,
}

/// When a way is taken. Numbers count from 0, as the definition's lists do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EdgeKind {
    /// When the block begins.
    Start,
    /// When the state is done.
    Next,
    /// When the state is done and its block with it.
    End,
    /// When that rule of a Choice holds.
    Rule(usize),
    /// When no rule of a Choice holds.
    Default,
    /// When that catcher matches.
    Catch(usize),
    /// Into that branch of a Parallel.
    Branch(usize),
    /// Into the processor of a Map.
    Processor,
}

/// The nodes of one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The block.
    pub block: BlockId,
    /// The Parallel or Map that it lies in.
    pub parent: Option<StateId>,
    /// How many clusters it lies in.
    pub depth: u32,
    /// Its nodes: its start, its states, its end.
    pub nodes: Vec<NodeId>,
}

impl fmt::Display for EdgeKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => formatter.write_str("start"),
            Self::Next => formatter.write_str("next"),
            Self::End => formatter.write_str("end"),
            Self::Rule(index) => write!(formatter, "rule {index}"),
            Self::Default => formatter.write_str("default"),
            Self::Catch(index) => write!(formatter, "catch {index}"),
            Self::Branch(index) => write!(formatter, "branch {index}"),
            Self::Processor => formatter.write_str("processor"),
        }
    }
}

impl Graph {
    /// The graph of a machine.
    #[must_use]
    pub fn of(machine: &StateMachine) -> Self {
        let mut builder = Builder {
            machine,
            states: vec![NodeId(0); machine.states.len()],
            starts: Vec::with_capacity(machine.blocks.len()),
            ends: Vec::with_capacity(machine.blocks.len()),
            graph: Self {
                nodes: Vec::new(),
                edges: Vec::new(),
                clusters: Vec::with_capacity(machine.blocks.len()),
            },
        };
        for (block, number) in machine.blocks.iter().zip(0..) {
            builder.add_cluster(BlockId(number), block);
        }
        for (block, number) in machine.blocks.iter().zip(0..) {
            builder.add_edges(BlockId(number), block);
        }
        builder.graph
    }

    /// The node with that number.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Node {
        self.nodes[id.0 as usize]
    }
}

struct Builder<'m> {
    machine: &'m StateMachine,
    states: Vec<NodeId>,
    starts: Vec<NodeId>,
    ends: Vec<NodeId>,
    graph: Graph,
}

impl Builder<'_> {
    fn add_cluster(&mut self, id: BlockId, block: &Block) {
        let start = self.add_node(Node::Start(id));
        let mut nodes = vec![start];
        for state in &block.states {
            let node = self.add_node(Node::State(*state));
            self.states[state.0 as usize] = node;
            nodes.push(node);
        }
        let end = self.add_node(Node::End(id));
        nodes.push(end);
        self.starts.push(start);
        self.ends.push(end);
        // A block's parent stands before it, so its cluster is there already.
        let depth = block.parent.map_or(0, |parent| {
            let outer = self.machine.state(parent).block;
            self.graph.clusters[outer.0 as usize].depth + 1
        });
        self.graph.clusters.push(Cluster {
            block: id,
            parent: block.parent,
            depth,
            nodes,
        });
    }

    fn add_node(&mut self, node: Node) -> NodeId {
        let id = NodeId(crate::json::count(self.graph.nodes.len()));
        self.graph.nodes.push(node);
        id
    }

    fn add_edges(&mut self, id: BlockId, block: &Block) {
        let start = self.starts[id.0 as usize];
        self.add_edge(start, self.state(block.start), EdgeKind::Start);
        for state in &block.states {
            self.add_edges_of(*state, self.ends[id.0 as usize]);
        }
    }

    fn add_edges_of(&mut self, id: StateId, end: NodeId) {
        let from = self.state(id);
        let state = self.machine.state(id);
        match &state.kind {
            StateKind::Task(task) => self.add_catches(from, &task.on_error),
            StateKind::Choice(choice) => {
                for (index, rule) in choice.rules.iter().enumerate() {
                    self.add_edge(from, self.state(rule.next), EdgeKind::Rule(index));
                }
                if let Some(default) = choice.default {
                    self.add_edge(from, self.state(default), EdgeKind::Default);
                }
                return;
            }
            StateKind::Parallel(parallel) => {
                for (index, branch) in parallel.branches.iter().enumerate() {
                    let start = self.starts[branch.0 as usize];
                    self.add_edge(from, start, EdgeKind::Branch(index));
                }
                self.add_catches(from, &parallel.on_error);
            }
            StateKind::Map(map) => {
                let start = self.starts[map.processor.0 as usize];
                self.add_edge(from, start, EdgeKind::Processor);
                self.add_catches(from, &map.on_error);
            }
            StateKind::Pass(_) | StateKind::Wait(_) | StateKind::Succeed | StateKind::Fail(_) => {}
        }
        match state.then {
            Then::Next(next) => self.add_edge(from, self.state(next), EdgeKind::Next),
            Then::End => self.add_edge(from, end, EdgeKind::End),
        }
    }

    fn add_catches(&mut self, from: NodeId, on_error: &OnError) {
        for (index, catcher) in on_error.catch.iter().enumerate() {
            self.add_edge(from, self.state(catcher.next), EdgeKind::Catch(index));
        }
    }

    fn add_edge(&mut self, from: NodeId, to: NodeId, kind: EdgeKind) {
        self.graph.edges.push(Edge { from, to, kind });
    }

    fn state(&self, id: StateId) -> NodeId {
        self.states[id.0 as usize]
    }
}
