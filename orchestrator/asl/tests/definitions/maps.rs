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
            1:34 { — SCHEMA_VALIDATION_FAILED /States/A: There should only be one of the following fields: [ItemProcessor, Iterator]
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
        1:34 { — SCHEMA_VALIDATION_FAILED /States/A: There should only be one of the following fields: [ItemSelector, Parameters]
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
            1:34 { — SCHEMA_VALIDATION_FAILED /States/A: There should only be one of the following fields: [MaxConcurrency, MaxConcurrencyPath]
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
fn the_distributed_mode_has_fields_of_its_own() {
    check_processor(
        r#""ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}"#,
        expect!["fine"],
    );
    check_map(
        r#""ToleratedFailureCount": 1, "Label": "l""#,
        expect![[r#"
            1:173 "l" — SCHEMA_VALIDATION_FAILED /States/A/Label: Field 'Label' is only supported for Map states in 'DISTRIBUTED' mode
        "#]],
    );
    check_distributed(
        r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "CSV", "MaxItems": 5}, "Parameters": {"Key.$": "$.key"}},
           "ItemBatcher": {"MaxItemsPerBatch": 5, "BatchInput": {"x": 1}}, "Label": "a-label", "ToleratedFailurePercentage": 2.5,
           "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {}, "WriterConfig": {"OutputType": "JSON"}}"#,
        expect!["fine"],
    );
    check_distributed(
        r#""ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b"}},
           "ResultWriter": {"WriterConfig": {"OutputType": "JSON", "Transformation": "FLATTEN"}}"#,
        expect!["fine"],
    );
    check_distributed(
        r#""ToleratedFailurePercentage": 101, "ToleratedFailureCount": 1, "ToleratedFailureCountPath": "$.n", "Label": "a label that is longer than forty characters",
           "ItemReader": {"ReaderConfig": {"InputType": 1, "MaxItems": 1, "MaxItemsPath": "$.n"}},
           "ItemBatcher": {"MaxItemsPerBatch": 0, "Size": 1},
           "ResultWriter": {"Prefix": "p", "WriterConfig": []}"#,
        expect![[r#"
            1:34 { — SCHEMA_VALIDATION_FAILED /States/A: There should only be one of the following fields: [ToleratedFailureCount, ToleratedFailureCountPath]
            1:249 101 — SCHEMA_VALIDATION_FAILED /States/A/ToleratedFailurePercentage: Maximum value is 100
            1:327 "a label that is longer than for — SCHEMA_VALIDATION_FAILED /States/A/Label: Label is longer than 40 characters
            2:26 { — SCHEMA_VALIDATION_FAILED /States/A/ItemReader: These fields are required: [Resource]
            2:43 { — SCHEMA_VALIDATION_FAILED /States/A/ItemReader/ReaderConfig: There should only be one of the following fields: [MaxItems, MaxItemsPath]
            2:57 1 — SCHEMA_VALIDATION_FAILED /States/A/ItemReader/ReaderConfig/InputType: Expected value of type String
            3:48 0 — SCHEMA_VALIDATION_FAILED /States/A/ItemBatcher/MaxItemsPerBatch: Minimum value is 1
            3:51 "Size" — SCHEMA_VALIDATION_FAILED /States/A/ItemBatcher: Field 'Size' is not supported
            4:29 "Prefix" — SCHEMA_VALIDATION_FAILED /States/A/ResultWriter: Field 'Prefix' is not supported
            4:60 [] — SCHEMA_VALIDATION_FAILED /States/A/ResultWriter/WriterConfig: Expected value of type Object
        "#]],
    );
    check_distributed(
        r#""Label": "a:b",
           "ItemReader": {"Resource": "arn:aws:states:::s3:getItem", "ReaderConfig": {"InputType": "XML", "CSVHeaderLocation": "GIVEN", "CSVHeaders": [], "ItemsPointer": "a"}},
           "ItemBatcher": {"BatchInput": 1},
           "ResultWriter": {"Parameters": {}}"#,
        expect![[r#"
            1:228 "a:b" — SCHEMA_VALIDATION_FAILED /States/A/Label: Label contains a character that is not allowed
            2:39 "arn:aws:states:::s3:getItem" — SCHEMA_VALIDATION_FAILED /States/A/ItemReader/Resource: The resource provided arn:aws:states:::s3:getItem is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.
            2:100 "XML" — SCHEMA_VALIDATION_FAILED /States/A/ItemReader/ReaderConfig/InputType: Value should be one of the following: [CSV, JSON, JSONL, PARQUET, MANIFEST]
            2:151 [] — SCHEMA_VALIDATION_FAILED /States/A/ItemReader/ReaderConfig/CSVHeaders: Value cannot be empty
            2:171 "a" — SCHEMA_VALIDATION_FAILED /States/A/ItemReader/ReaderConfig/ItemsPointer: Value is not a JSON Pointer: it does not start with '/'
            3:27 { — SCHEMA_VALIDATION_FAILED /States/A/ItemBatcher: One of these fields is required: [MaxItemsPerBatch, MaxItemsPerBatchPath, MaxInputBytesPerBatch, MaxInputBytesPerBatchPath]
            3:42 1 — SCHEMA_VALIDATION_FAILED /States/A/ItemBatcher/BatchInput: Expected value of type Object
            4:28 { — SCHEMA_VALIDATION_FAILED /States/A/ResultWriter: These fields are required: [Resource]
        "#]],
    );
    check_distributed(
        r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject"}, "ItemBatcher": {}, "ResultWriter": {}"#,
        expect![[r#"
            1:233 { — SCHEMA_VALIDATION_FAILED /States/A/ItemReader: These fields are required: [ReaderConfig]
            1:295 { — SCHEMA_VALIDATION_FAILED /States/A/ItemBatcher: One of these fields is required: [MaxItemsPerBatch, MaxItemsPerBatchPath, MaxInputBytesPerBatch, MaxInputBytesPerBatchPath]
            1:315 { — SCHEMA_VALIDATION_FAILED /States/A/ResultWriter: One of these fields is required: [Resource, WriterConfig]
        "#]],
    );
}

/// Checks a distributed Map with those fields.
fn check_distributed(fields: &str, expected: Expect) {
    let processor = r#"{"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}"#;
    check_state(
        &format!(r#""Type": "Map", "End": true, "ItemProcessor": {processor}, {fields}"#),
        expected,
    );
}
