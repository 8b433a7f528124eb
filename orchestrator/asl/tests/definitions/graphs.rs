//! Machines as graphs.

use std::fmt::Write;

use asl::graph::{Graph, Node};
use expect_test::{Expect, expect};

use crate::machine;

fn check(definition: &str, expected: Expect) {
    let machine = machine(definition);
    let graph = Graph::of(&machine);
    let name = |node: Node| match node {
        Node::Start(block) => format!("start of {}", block.0),
        Node::State(state) => machine.state(state).name.to_string(),
        Node::End(block) => format!("end of {}", block.0),
    };
    let mut text = String::new();
    for cluster in &graph.clusters {
        let nodes: Vec<String> = cluster
            .nodes
            .iter()
            .map(|id| name(graph.node(*id)))
            .collect();
        let parent = cluster.parent.map(|id| machine.state(id).name.to_string());
        writeln!(
            text,
            "{} in {} at depth {}: {}",
            cluster.block.0,
            parent.as_deref().unwrap_or("nothing"),
            cluster.depth,
            nodes.join(", ")
        )
        .expect("a string takes any text");
    }
    for edge in &graph.edges {
        writeln!(
            text,
            "{} ─{}─▶ {}",
            name(graph.node(edge.from)),
            edge.kind,
            name(graph.node(edge.to))
        )
        .expect("a string takes any text");
    }
    expected.assert_eq(&text);
}

#[test]
fn every_way_is_an_edge_and_every_block_a_cluster() {
    check(
        r#"{"StartAt": "T", "States": {
            "T": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "C",
                  "Catch": [{"ErrorEquals": ["a"], "Next": "F"}, {"ErrorEquals": ["States.ALL"], "Next": "C"}]},
            "C": {"Type": "Choice", "Default": "S", "Choices": [
                {"Variable": "$.a", "IsNull": true, "Next": "P"},
                {"Variable": "$.b", "IsNull": true, "Next": "W"}
            ]},
            "P": {"Type": "Parallel", "Next": "S", "Catch": [{"ErrorEquals": ["a"], "Next": "F"}], "Branches": [
                {"StartAt": "B1", "States": {"B1": {"Type": "Pass", "End": true}}},
                {"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {
                    "StartAt": "I", "States": {"I": {"Type": "Succeed"}}
                }}}}
            ]},
            "W": {"Type": "Wait", "Seconds": 1, "Next": "T"},
            "S": {"Type": "Succeed"},
            "F": {"Type": "Fail"}
        }}"#,
        expect![[r#"
            0 in nothing at depth 0: start of 0, T, C, P, W, S, F, end of 0
            1 in P at depth 1: start of 1, B1, end of 1
            2 in P at depth 1: start of 2, M, end of 2
            3 in M at depth 2: start of 3, I, end of 3
            start of 0 ─start─▶ T
            T ─catch 0─▶ F
            T ─catch 1─▶ C
            T ─next─▶ C
            C ─rule 0─▶ P
            C ─rule 1─▶ W
            C ─default─▶ S
            P ─branch 0─▶ start of 1
            P ─branch 1─▶ start of 2
            P ─catch 0─▶ F
            P ─next─▶ S
            W ─next─▶ T
            S ─end─▶ end of 0
            F ─end─▶ end of 0
            start of 1 ─start─▶ B1
            B1 ─end─▶ end of 1
            start of 2 ─start─▶ M
            M ─processor─▶ start of 3
            M ─end─▶ end of 2
            start of 3 ─start─▶ I
            I ─end─▶ end of 3
        "#]],
    );
}
