//! Parallel and Map states.

use expect_test::{Expect, expect};

use asl::definition::StateKind;

use crate::{check_state, machine, machine_of};

const PROCESSOR: &str = r#"{"StartAt": "I", "States": {"I": {"Type": "Succeed"}}}"#;

fn check_map(members: &str, expected: Expect) {
    check_state(
        &format!(r#""Type": "Map", "End": true, "ItemProcessor": {PROCESSOR}, {members}"#),
        expected,
    );
}

fn check_processor(members: &str, expected: Expect) {
    check_state(
        &format!(
            r#""Type": "Map", "End": true, "ItemProcessor": {{"StartAt": "I", "States": {{"I": {{"Type": "Succeed"}}}}, {members}}}"#
        ),
        expected,
    );
}

#[test]
fn a_parallel_state_has_branches() {
    check_state(
        r#""Type": "Parallel", "End": true"#,
        expect![[r#"
        1:34 { — SCHEMA_VALIDATION_FAILED /States/A: These fields are required: [Branches]
    "#]],
    );
    check_state(
        r#""Type": "Parallel", "Branches": [], "End": true"#,
        expect![[r#"
            1:67 [] — SCHEMA_VALIDATION_FAILED /States/A/Branches: Value cannot be empty
        "#]],
    );
    check_state(
        r#""Type": "Parallel", "Branches": {}, "End": true"#,
        expect![[r#"
            1:67 {} — SCHEMA_VALIDATION_FAILED /States/A/Branches: Expected value of type Array
        "#]],
    );
    check_state(
        r#""Type": "Parallel", "Branches": [1, {}], "End": true"#,
        expect![[r#"
            1:68 1 — SCHEMA_VALIDATION_FAILED /States/A/Branches[0]: Expected value of type Object
            1:71 { — SCHEMA_VALIDATION_FAILED /States/A/Branches[1]: These fields are required: [States, StartAt]
        "#]],
    );
    check_state(
        r#""Type": "Parallel", "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Wait", "End": true}}}], "End": true"#,
        expect![[r#"
            1:101 { — SCHEMA_VALIDATION_FAILED /States/A/Branches[0]/States/B: Exactly one of these fields must be specified: [Seconds, SecondsPath, Timestamp, TimestampPath]
        "#]],
    );
}

#[test]
fn a_map_state_has_one_processor() {
    check_state(
        r#""Type": "Map", "End": true"#,
        expect![[r#"
        1:34 { — SCHEMA_VALIDATION_FAILED /States/A: These fields are required: [ItemProcessor]
    "#]],
    );
    check_state(
        r#""Type": "Map", "ItemProcessor": [], "End": true"#,
        expect![[r#"
            1:67 [] — SCHEMA_VALIDATION_FAILED /States/A/ItemProcessor: Expected value of type Object
        "#]],
    );
    check_state(
        &format!(r#""Type": "Map", "Iterator": {PROCESSOR}, "End": true"#),
        expect!["fine"],
    );
    check_state(
        &format!(r#""Type": "Map", "Iterator": {{}}, "ItemProcessor": {PROCESSOR}, "End": true"#),
        expect![[r#"
            1:34 { — SCHEMA_VALIDATION_FAILED /States/A: Only one of these fields can be specified: [ItemProcessor, Iterator]
        "#]],
    );
}

#[test]
fn the_processors_mode_is_known() {
    check_processor(r#""ProcessorConfig": {"Mode": "INLINE"}"#, expect!["fine"]);
    check_processor(r#""ProcessorConfig": {}"#, expect!["fine"]);
    check_processor(
        r#""ProcessorConfig": 1"#,
        expect![[r#"
        1:154 1 — SCHEMA_VALIDATION_FAILED /States/A/ItemProcessor/ProcessorConfig: Expected value of type Object
    "#]],
    );
    check_processor(
        r#""ProcessorConfig": {"Mode": "inline", "Type": 1}"#,
        expect![[r#"
            1:163 "inline" — SCHEMA_VALIDATION_FAILED /States/A/ItemProcessor/ProcessorConfig/Mode: Value should be one of the following: [INLINE, DISTRIBUTED]
            1:173 "Type" — SCHEMA_VALIDATION_FAILED /States/A/ItemProcessor/ProcessorConfig: Field 'Type' is not supported
        "#]],
    );
    check_processor(
        r#""ProcessorConfig": {"Mode": "DISTRIBUTED"}"#,
        expect![[r#"
            1:154 { — SCHEMA_VALIDATION_FAILED /States/A/ItemProcessor/ProcessorConfig: These fields are required: [ExecutionType]
        "#]],
    );
    check_processor(
        r#""ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "SLOW"}"#,
        expect![[r#"
            1:195 "SLOW" — SCHEMA_VALIDATION_FAILED /States/A/ItemProcessor/ProcessorConfig/ExecutionType: Value should be one of the following: [STANDARD, EXPRESS]
        "#]],
    );
}

#[test]
fn items_and_their_selection_are_read() {
    check_map(
        r#""ItemsPath": "$.rows", "ItemSelector": {"row.$": "$$.Map.Item.Value"}, "MaxConcurrency": 0, "ResultSelector": {"all.$": "$"}, "ResultPath": "$.rows""#,
        expect!["fine"],
    );
    check_map(
        r#""ItemSelector": {}, "Parameters": {}"#,
        expect![[r#"
        1:34 { — SCHEMA_VALIDATION_FAILED /States/A: Only one of these fields can be specified: [ItemSelector, Parameters]
    "#]],
    );
    check_map(
        r#""ItemsPath": "rows", "MaxConcurrency": -1"#,
        expect![[r#"
            1:149 "rows" — INVALID_EXPRESSION /States/A/ItemsPath: Value is not a Reference Path: Reference path didn't start with '$'
                a path must begin with '$'
            1:175 -1 — SCHEMA_VALIDATION_FAILED /States/A/MaxConcurrency: Minimum value is 0
        "#]],
    );
    check_map(
        r#""MaxConcurrency": 1, "MaxConcurrencyPath": "$.n""#,
        expect![[r#"
            1:34 { — SCHEMA_VALIDATION_FAILED /States/A: Only one of these fields can be specified: [MaxConcurrency, MaxConcurrencyPath]
        "#]],
    );
    let definition = machine_of(&format!(
        r#""Type": "Map", "End": true, "Iterator": {PROCESSOR}, "Parameters": {{"n.$": "$.n"}}, "MaxConcurrencyPath": "$.n""#
    ));
    let machine = machine(&definition);
    let StateKind::Map(map) = &machine.states[0].kind else {
        panic!("no map");
    };
    assert!(map.item_selector.is_some() && map.max_concurrency.is_some());
    assert_eq!(
        machine.block(map.processor).parent,
        Some(asl::definition::StateId(0))
    );
}

#[test]
fn the_distributed_mode_is_checked_and_not_there_yet() {
    check_processor(
        r#""ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}"#,
        expect![[r#"
            1:34 {"Type": "Map", "End": true, "It — NOT_SUPPORTED /States/A: Map state in DISTRIBUTED mode is not supported yet
        "#]],
    );
    check_map(
        r#""ToleratedFailureCount": 1, "Label": "l""#,
        expect![[r#"
        1:161 1 — NOT_SUPPORTED /States/A/ToleratedFailureCount: Map state in DISTRIBUTED mode is not supported yet
    "#]],
    );
    check_map(
        r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "CSV", "MaxItems": 5}, "Parameters": {"Key.$": "$.key"}},
           "ItemBatcher": {"MaxItemsPerBatch": 5, "BatchInput": {"x": 1}},
           "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {}, "WriterConfig": {"OutputType": "JSON"}}"#,
        expect![[r#"
            1:150 {"Resource": "arn:aws:states:::s — NOT_SUPPORTED /States/A/ItemReader: Map state in DISTRIBUTED mode is not supported yet
        "#]],
    );
    check_map(
        r#""ToleratedFailurePercentage": 101, "ToleratedFailureCount": 1, "ToleratedFailureCountPath": "$.n", "Label": "a label that is longer than forty characters",
           "ItemReader": {"ReaderConfig": {"InputType": 1, "MaxItems": 1, "MaxItemsPath": "$.n"}},
           "ItemBatcher": {"MaxItemsPerBatch": 0, "Size": 1},
           "ResultWriter": {"Prefix": "p", "WriterConfig": []}"#,
        expect![[r#"
            1:34 { — SCHEMA_VALIDATION_FAILED /States/A: Only one of these fields can be specified: [ToleratedFailureCount, ToleratedFailureCountPath]
            1:166 101 — SCHEMA_VALIDATION_FAILED /States/A/ToleratedFailurePercentage: Maximum value is 100
            1:244 "a label that is longer than for — SCHEMA_VALIDATION_FAILED /States/A/Label: Label is longer than 40 characters
            2:26 { — SCHEMA_VALIDATION_FAILED /States/A/ItemReader: These fields are required: [Resource]
            2:43 { — SCHEMA_VALIDATION_FAILED /States/A/ItemReader/ReaderConfig: Only one of these fields can be specified: [MaxItems, MaxItemsPath]
            2:57 1 — SCHEMA_VALIDATION_FAILED /States/A/ItemReader/ReaderConfig/InputType: Expected value of type String
            3:48 0 — SCHEMA_VALIDATION_FAILED /States/A/ItemBatcher/MaxItemsPerBatch: Minimum value is 1
            3:51 "Size" — SCHEMA_VALIDATION_FAILED /States/A/ItemBatcher: Field 'Size' is not supported
            4:29 "Prefix" — SCHEMA_VALIDATION_FAILED /States/A/ResultWriter: Field 'Prefix' is not supported
            4:60 [] — SCHEMA_VALIDATION_FAILED /States/A/ResultWriter/WriterConfig: Expected value of type Object
        "#]],
    );
}
