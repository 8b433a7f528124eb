use expect_test::{Expect, expect};
use proptest::prelude::{any, prop_assert, proptest};

use super::known::SETTINGS;
use super::*;

fn check_error(document: &str, expected: &Expect) {
    let error = TaskSettings::parse(document).expect_err("refused");
    expected.assert_eq(&error.to_string());
}

fn check_warnings(document: &str, expected: &Expect) {
    let settings = TaskSettings::parse(document).expect("accepted");
    expected.assert_eq(&settings.warnings.join("\n"));
}

#[test]
fn defaults() {
    let settings = TaskSettings::default();
    expect![[r#"
        TaskSettings {
            full_load: FullLoadSettings {
                prepare: DoNothing,
                sub_tasks: 8,
                stop_after_cached_changes: false,
                stop_after_load: false,
            },
            apply: Transactional,
            tuning: Tuning {
                batch_timeout_min: 1s,
                batch_timeout_max: 30s,
                batch_memory: 524288000,
                min_transaction_size: 1000,
                memory_total: 1073741824,
            },
            ddl: DdlPolicies {
                dropped: Apply,
                truncated: Apply,
                altered: Apply,
            },
            errors: ErrorBehavior {
                data: LogError,
                data_escalation: (
                    SuspendTable,
                    0,
                ),
                table: SuspendTable,
                table_escalation: (
                    StopTask,
                    0,
                ),
                insert: LogError,
                update: LogError,
                delete: IgnoreRecord,
                apply_escalation: (
                    LogError,
                    0,
                ),
                recoverable_count: None,
                recoverable_interval: 5s,
                recoverable_throttling_max: 1800s,
                fail_on_no_tables: true,
            },
            control_schema: "ratchet",
            replication: ReplicationSettings {
                apply_workers: 4,
                exact_boundaries: false,
                capture_ddls: true,
                streaming: true,
                two_phase: false,
                without_origin: false,
                heartbeat: Some(
                    10s,
                ),
                slot_lock_timeout: 10s,
                part_bytes: 268435456,
                synchronous_commit: true,
            },
            warnings: [],
        }
    "#]]
    .assert_debug_eq(&settings);
}

#[test]
fn what_is_given_is_taken() {
    let settings = TaskSettings::parse(
        r#"{
            "TargetMetadata": {"BatchApplyEnabled": true},
            "FullLoadSettings": {"TargetTablePrepMode": "DROP_AND_CREATE", "MaxFullLoadSubTasks": 2,
                "StopTaskCachedChangesApplied": true},
            "ChangeProcessingDdlHandlingPolicy": {"HandleSourceTableDropped": false, "HandleSourceTableAltered": "STOP"},
            "ErrorBehavior": {"ApplyErrorInsertPolicy": "INSERT_RECORD", "ApplyErrorUpdatePolicy": "UPDATE_RECORD",
                "RecoverableErrorCount": 6, "RecoverableErrorThrottling": false, "DataErrorEscalationCount": 3},
            "ChangeProcessingTuning": {"BatchApplyTimeoutMin": 0, "MemoryLimitTotal": 64},
            "ControlTablesSettings": {"ControlSchema": "ops"},
            "Replication": {"HeartbeatSeconds": 0, "ApplyWorkers": 1, "SynchronousCommit": false}
        }"#,
    )
    .expect("accepted");
    assert_eq!(settings.apply, ApplyMode::Batch);
    assert_eq!(settings.full_load.prepare, PrepareMode::DropAndCreate);
    assert_eq!(settings.full_load.sub_tasks, 2);
    assert!(settings.full_load.stop_after_cached_changes);
    assert_eq!(settings.ddl.dropped, DdlPolicy::Ignore);
    assert_eq!(settings.ddl.truncated, DdlPolicy::Apply);
    assert_eq!(settings.ddl.altered, DdlPolicy::Stop);
    assert_eq!(settings.errors.insert, ErrorPolicy::Upsert);
    assert_eq!(settings.errors.update, ErrorPolicy::Upsert);
    assert_eq!(settings.errors.recoverable_count, Some(6));
    assert_eq!(
        settings.errors.recoverable_throttling_max,
        Duration::from_secs(5)
    );
    assert_eq!(
        settings.errors.data_escalation,
        (ErrorPolicy::SuspendTable, 3)
    );
    assert_eq!(settings.tuning.batch_timeout_min, Duration::ZERO);
    assert_eq!(settings.tuning.memory_total, 64 << 20);
    assert_eq!(settings.control_schema, "ops");
    assert_eq!(settings.replication.heartbeat, None);
    assert_eq!(settings.replication.apply_workers, 1);
    assert!(!settings.replication.synchronous_commit);
    assert_eq!(settings.warnings, Vec::<String>::new());
}

#[test]
fn what_a_saved_task_has_is_accepted() {
    check_warnings(
        r#"{"Logging": {"EnableLogging": true, "LogComponents": [{"Id": "SOURCE_UNLOAD", "Severity": "LOGGER_SEVERITY_DEFAULT"}],
                "CloudWatchLogGroup": null},
            "StreamBufferSettings": {"StreamBufferCount": 3},
            "PostProcessingRules": null, "CharacterSetSettings": null, "BeforeImageSettings": null,
            "LoopbackPreventionSettings": null, "FailTaskWhenCleanTaskResourceFailed": false,
            "TargetMetadata": {"TargetSchema": "", "LobMaxSize": 32, "FullLobMode": false}}"#,
        &expect![""],
    );
}

#[test]
fn what_has_no_effect_is_told() {
    check_warnings(
        r#"{"TargetMetadata": {"ParallelLoadThreads": 4, "LobMaxSize": 64},
            "ValidationSettings": {"EnableValidation": true},
            "ControlTablesSettings": {"StatusTableEnabled": true}}"#,
        &expect![[r#"
            TargetMetadata.ParallelLoadThreads has no effect: tables are loaded in parallel parts; see Replication.PartBytes and FullLoadSettings.MaxFullLoadSubTasks
            TargetMetadata.LobMaxSize has no effect: values are always copied whole
            ValidationSettings.EnableValidation has no effect: validation is not supported yet
            ControlTablesSettings.StatusTableEnabled has no effect: progress and errors are in the control schema's own tables and in awsdms_apply_exceptions"#]],
    );
}

#[test]
fn mistakes_are_named() {
    let cases = [
        (
            "{",
            expect![
                "Invalid task settings document. Invalid json: EOF while parsing an object at line 1 column 1"
            ],
        ),
        (
            "[]",
            expect!["Invalid task settings document. It must be a JSON object, and is an array"],
        ),
        (
            r#"{"FullLoadSetting": {}}"#,
            expect!["unknown task setting FullLoadSetting; the nearest is FullLoadSettings"],
        ),
        (
            r#"{"FullLoadSettings": {"TargetTablePrepmode": "DO_NOTHING"}}"#,
            expect![
                "unknown task setting FullLoadSettings.TargetTablePrepmode; the nearest is FullLoadSettings.TargetTablePrepMode"
            ],
        ),
        (
            r#"{"Replication": {"Whatever": 1}}"#,
            expect!["unknown task setting Replication.Whatever"],
        ),
        (r#"{"xyz": 1}"#, expect!["unknown task setting xyz"]),
        (
            r#"{"FullLoadSettings": 7}"#,
            expect!["FullLoadSettings must be an object, and is a number"],
        ),
        (
            r#"{"FullLoadSettings": {"TargetTablePrepMode": "DROP"}}"#,
            expect![[
                r#"FullLoadSettings.TargetTablePrepMode must be one of DO_NOTHING, DROP_AND_CREATE, TRUNCATE_BEFORE_LOAD, and is "DROP""#
            ]],
        ),
        (
            r#"{"FullLoadSettings": {"MaxFullLoadSubTasks": 50}}"#,
            expect![
                "FullLoadSettings.MaxFullLoadSubTasks must be a whole number from 1 to 49, and is 50"
            ],
        ),
        (
            r#"{"FullLoadSettings": {"MaxFullLoadSubTasks": 1.5}}"#,
            expect![
                "FullLoadSettings.MaxFullLoadSubTasks must be a whole number from 1 to 49, and is 1.5"
            ],
        ),
        (
            r#"{"TargetMetadata": {"BatchApplyEnabled": "true"}}"#,
            expect![[r#"TargetMetadata.BatchApplyEnabled must be true or false, and is "true""#]],
        ),
        (
            r#"{"ErrorBehavior": {"TableErrorEscalationPolicy": "LOG_ERROR"}}"#,
            expect![[
                r#"ErrorBehavior.TableErrorEscalationPolicy must be "STOP_TASK", and is "LOG_ERROR""#
            ]],
        ),
        (
            r#"{"ChangeProcessingDdlHandlingPolicy": {"HandleSourceTableDropped": "ASK"}}"#,
            expect![[
                r#"ChangeProcessingDdlHandlingPolicy.HandleSourceTableDropped must be true (apply), false (ignore) or "STOP", and is "ASK""#
            ]],
        ),
        (
            r#"{"TargetMetadata": {"TargetSchema": "other"}}"#,
            expect![[
                r#"TargetMetadata.TargetSchema can't be "other": tables keep their schema at the target"#
            ]],
        ),
    ];
    for (document, expected) in cases {
        check_error(document, &expected);
    }
}

#[test]
fn every_default_is_allowed_and_named_once() {
    for (index, known) in SETTINGS.iter().enumerate() {
        assert!(
            SETTINGS[..index]
                .iter()
                .all(|other| other.path != known.path),
            "{}",
            known.path
        );
        if let known::Kind::Number(default, least, most) = known.kind {
            assert!((least..=most).contains(&default), "{}", known.path);
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_settings_or_an_error(text in any::<String>(), section in 0..SETTINGS.len(), value in any::<i64>()) {
        let _ = TaskSettings::parse(&text);
        let path = SETTINGS[section].path;
        let document = match path.split_once('.') {
            Some((section, name)) => format!(r#"{{"{section}": {{"{name}": {value}}}}}"#),
            None => format!(r#"{{"{path}": {value}}}"#),
        };
        if let Err(error) = TaskSettings::parse(&document) {
            prop_assert!(error.to_string().contains(path), "{error}");
        }
    }
}
