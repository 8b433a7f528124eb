//! What is read, and what is said of mistakes.

use expect_test::{Expect, expect};
use interpreter::payload::Payload;

use super::{DescribeTables, DescribeTasks, Start, Stop};

fn check<T: std::fmt::Debug>(
    read: impl Fn(&Payload) -> Result<T, interpreter::failure::Failure>,
    parameters: &str,
    expected: &Expect,
) {
    let payload = Payload::parse(parameters).unwrap();
    let shown = match read(&payload) {
        Ok(read) => format!("{read:?}\n"),
        Err(failure) => format!(
            "{}: {}\n",
            failure.error.unwrap_or_default(),
            failure.cause.unwrap_or_default()
        ),
    };
    expected.assert_eq(&shown);
}

#[test]
fn a_start_says_from_where_to_where() {
    check(
        Start::read,
        r#"{"ReplicationTaskIdentifier": "orders", "Source": {"Url": "postgresql://ann:secret@db/shop"}, "Target": {"Endpoint": "copy"},
            "TableMappings": {"rules": []}, "ReplicationTaskSettings": "{}", "WaitFor": "CAUGHT_UP", "Publications": ["p"]}"#,
        &expect![[r#"
            Start { identifier: "orders", definition: Some(Definition { source: postgresql://ann:***@db/shop, target: copy, migration: FullLoadAndCdc, table_mappings: Some("{\"rules\":[]}"), settings: Some("{}"), slot: None, publications: ["p"] }), wait_for: Some(CaughtUp), start_type: Resume }
        "#]],
    );
    check(
        Start::read,
        r#"{"ReplicationTaskArn": "arn:aws:dms:us-east-1:000000000000:task:orders", "StartReplicationTaskType": "reload-target"}"#,
        &expect![[r#"
            Start { identifier: "orders", definition: None, wait_for: None, start_type: Reload }
        "#]],
    );
}

#[test]
fn what_can_t_be_started_is_named() {
    for (parameters, expected) in [
        (
            r#"{}"#,
            expect![[r#"
            Dms.InvalidParameterValueException: ReplicationTaskIdentifier is required but was missing
        "#]],
        ),
        (
            r#"{"ReplicationTaskIdentifier": "a b"}"#,
            expect![[r#"
            Dms.InvalidParameterValueException: The parameter ReplicationTaskIdentifier is "a b": it must contain 1 to 255 letters, digits, _ and -
        "#]],
        ),
        (
            r#"{"ReplicationTaskIdentifier": "a", "Speed": 9}"#,
            expect![[r#"
                States.Runtime: The Parameters 'startReplicationTask' could not be used to start the Task: [The field "Speed" is not supported by Step Functions]
            "#]],
        ),
        (
            r#"{"ReplicationTaskIdentifier": "a", "Source": {"Url": "x"}}"#,
            expect![[r#"
                Dms.InvalidParameterValueException: Source is given and Target is missing
            "#]],
        ),
        (
            r#"{"ReplicationTaskIdentifier": "a", "Source": "x", "Target": {"Url": "x"}}"#,
            expect![[r#"
                Dms.InvalidParameterValueException: Source must be {"Url": a connection URL} or {"Endpoint": a name of this server's configuration}
            "#]],
        ),
        (
            r#"{"ReplicationTaskIdentifier": "a", "MigrationType": "all"}"#,
            expect![[r#"
                Dms.InvalidParameterValueException: MigrationType is "all": it must be one of full-load, cdc, full-load-and-cdc
            "#]],
        ),
        (
            r#"{"ReplicationTaskIdentifier": "a", "WaitFor": "EVER"}"#,
            expect![[r#"
                Dms.InvalidParameterValueException: WaitFor is "EVER": it must be one of FULL_LOAD_COMPLETE, CAUGHT_UP, STOPPED
            "#]],
        ),
        (
            r#"{"ReplicationTaskIdentifier": "a", "SlotName": "s"}"#,
            expect![[r#"
                Dms.InvalidParameterValueException: SlotName describes a task, and so do Source and Target, which are missing. Leave all of them out to start a task that is known
            "#]],
        ),
    ] {
        check(Start::read, parameters, &expected);
    }
}

#[test]
fn stops_and_descriptions_name_their_tasks() {
    check(
        Stop::read,
        r#"{"ReplicationTaskIdentifier": "a", "SetSequences": true}"#,
        &expect![[r#"
            Stop { identifier: "a", sets_sequences: true }
        "#]],
    );
    check(
        Stop::read,
        r#"{"ReplicationTaskIdentifier": "a", "SetSequences": 1}"#,
        &expect![[r#"
            Dms.InvalidParameterValueException: SetSequences must be true or false
        "#]],
    );
    check(
        DescribeTasks::read,
        r#"{"Filters": [{"Name": "replication-task-id", "Values": ["a", "b"]}], "WithoutSettings": true}"#,
        &expect![[r#"
            DescribeTasks { identifiers: Some(["a", "b"]), without_settings: true, page: Page { limit: 100, after: None } }
        "#]],
    );
    check(
        DescribeTasks::read,
        r#"{"Filters": [{"Name": "colour", "Values": []}]}"#,
        &expect![[r#"
            Dms.InvalidParameterValueException: Filters is "colour": it must be one of replication-task-id, replication-task-arn
        "#]],
    );
    check(
        DescribeTables::read,
        r#"{"ReplicationTaskIdentifier": "a", "Filters": [{"Name": "table-name", "Values": ["t"]}]}"#,
        &expect![[r#"
            DescribeTables { identifier: "a", filters: [("table-name", ["t"])], page: Page { limit: 100, after: None } }
        "#]],
    );
}
